//! Runs the container of a Pod template as a kubelet would have it run: with its very arguments,
//! files, environment and token, as its user, in a root that this user cannot write.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ktel_testkit::api_server::ApiServer;
use serde_json::Value;

use crate::program::program;

/// Where pods find their token.
const ACCOUNT: &str = "var/run/secrets/kubernetes.io/serviceaccount";

const AUTHORITIES: &str = "etc/ssl/certs/ca-certificates.crt";

/// A container, ready to be started any number of times; its volumes last as long.
pub(crate) struct Container {
    root: tempfile::TempDir,
    user: u32,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
}

impl Container {
    /// Prepares the only container of a Pod template.
    pub(crate) fn of(server: &ApiServer, namespace: &str, template: &Value) -> Self {
        let spec = &template["spec"];
        let [container] = spec["containers"].as_array().expect("containers").as_slice() else {
            panic!("one container: {spec}");
        };
        assert!(container.get("command").is_none(), "the image's own entry point");
        let user = spec["securityContext"]["runAsUser"].as_u64().expect("a user");
        let user = u32::try_from(user).expect("a user id");
        let words = |value: &Value| value.as_str().expect("a word").to_owned();
        let arguments =
            container["args"].as_array().expect("arguments").iter().map(words).collect();
        let place = tempfile::tempdir().expect("a root");
        let mut made = Self { root: place, user, arguments, environment: Vec::new() };
        made.bring_program();
        let cluster = Cluster { server, namespace };
        for variable in container["env"].as_array().into_iter().flatten() {
            let from = &variable["valueFrom"];
            let value = match from["fieldRef"]["fieldPath"].as_str() {
                Some("metadata.name") => "pod-of-a-test".to_owned(),
                Some("metadata.namespace") => namespace.to_owned(),
                Some(other) => panic!("the field {other}"),
                None if from.is_null() => words(&variable["value"]),
                None => cluster.secret(&from["secretKeyRef"]),
            };
            made.environment.push((words(&variable["name"]), value));
        }
        for mount in container["volumeMounts"].as_array().into_iter().flatten() {
            let mut volumes = spec["volumes"].as_array().into_iter().flatten();
            let volume = volumes.find(|volume| volume["name"] == mount["name"]);
            made.mount(&cluster, mount, volume.expect("a volume of this name"));
        }
        // As in any pod, whether or not it has a token.
        let port = server.port().to_string();
        let variables = [("HOST", "127.0.0.1"), ("PORT", &port)];
        let of =
            |(name, value): (&str, &str)| (format!("KUBERNETES_SERVICE_{name}"), value.to_owned());
        made.environment.extend(variables.map(of));
        if spec["automountServiceAccountToken"] == true {
            let account = words(&spec["serviceAccountName"]);
            let token = server.token_for_service_account(namespace, &account).expect("a token");
            let files = [
                ("token", token),
                ("ca.crt", server.ca_pem()),
                ("namespace", namespace.to_owned()),
            ];
            for (name, text) in files {
                made.write(&Path::new(ACCOUNT).join(name), text.as_bytes());
            }
        }
        made
    }

    /// Brings the program and the libraries that a build for this machine needs.
    fn bring_program(&self) {
        open_to_all(self.root.path(), 0o755);
        let program = program();
        let to = self.root.path().join("ktel");
        // A link, where it may be one: the program is large.
        fs::hard_link(program, &to).or_else(|_| fs::copy(program, &to).map(drop)).expect("a copy");
        // What else the image has.
        let authorities = fs::read(Path::new("/").join(AUTHORITIES)).expect("Debian's authorities");
        self.write(Path::new(AUTHORITIES), &authorities);
        let libraries = Command::new("ldd").arg(program).output().expect("there is ldd");
        let libraries = String::from_utf8(libraries.stdout).expect("text");
        for library in libraries.split_whitespace().filter(|word| word.starts_with('/')) {
            self.write(Path::new(library), &fs::read(library).expect("a library"));
        }
    }

    fn mount(&self, cluster: &Cluster<'_>, mount: &Value, volume: &Value) {
        let path = mount["mountPath"].as_str().expect("a path");
        let files = if let Some(name) = volume["configMap"]["name"].as_str() {
            cluster.files("configmap", name)
        } else if let Some(name) = volume["secret"]["secretName"].as_str() {
            cluster.files("secret", name)
        } else {
            if let Some(claim) = volume["persistentVolumeClaim"]["claimName"].as_str() {
                cluster.get("persistentvolumeclaim", claim);
            }
            let folder = self.inside(Path::new(path));
            fs::create_dir_all(&folder).expect("a folder");
            if is_root() {
                chown(&folder, Some(self.user), Some(self.user)).expect("root may");
            }
            return;
        };
        assert_eq!(mount["readOnly"], true, "{mount}");
        for (name, content) in files {
            self.write(&Path::new(path).join(name), &content);
        }
    }

    fn inside(&self, path: &Path) -> PathBuf {
        self.root.path().join(path.strip_prefix("/").unwrap_or(path))
    }

    fn write(&self, path: &Path, content: &[u8]) {
        let path = self.inside(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, content).expect("a file");
        open_to_all(&path, 0o755);
    }

    /// Gives its command, which somebody else may still change.
    pub(crate) fn command(&self) -> Command {
        let mut command = chroot(self.root.path(), self.user);
        command.env_clear().env("HOME", "/").envs(self.environment.iter().cloned());
        command.arg("/ktel").args(&self.arguments);
        command
    }

    pub(crate) fn start(&self) -> Started {
        let mut command = self.command();
        command.stdin(Stdio::null()).stdout(Stdio::null());
        Started(command.spawn().expect("it can be started"))
    }

    /// Runs it to its end.
    pub(crate) fn finish(&self) -> Output {
        self.command().stdin(Stdio::null()).output().expect("it can be started")
    }
}

/// A container that runs; it ends with the test.
pub(crate) struct Started(Child);

impl Started {
    /// Asks it to end, and gives its exit code.
    pub(crate) fn stop(mut self) -> Option<i32> {
        let pid = self.0.id().to_string();
        let status = Command::new("kill").args(["-s", "TERM", &pid]).status();
        assert!(status.expect("every unix has kill").success());
        self.0.wait().expect("it ends").code()
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        self.0.kill().ok(); // it may have ended
        self.0.wait().ok();
    }
}

/// Makes a command that another root and another user belong to.
pub(crate) fn chroot(root: &Path, user: u32) -> Command {
    const CHROOT: &str = "/usr/sbin/chroot";
    if is_root() {
        let mut command = Command::new(CHROOT);
        command.arg(format!("--userspec={user}:{user}")).arg("--groups=").arg(root);
        return command;
    }
    let mut command = Command::new("/usr/bin/unshare");
    command.args(["--user", "--map-root-user", CHROOT]).arg(root);
    command
}

pub(crate) fn is_root() -> bool {
    fs::metadata("/proc/self").expect("a process").uid() == 0
}

fn open_to_all(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
}

/// The objects that a pod may name.
struct Cluster<'a> {
    server: &'a ApiServer,
    namespace: &'a str,
}

impl Cluster<'_> {
    #[track_caller]
    fn get(&self, kind: &str, name: &str) -> Value {
        let words = ["get", kind, name, "--namespace", self.namespace, "--output=json"];
        let text = self.server.kubectl(words).expect("it is there");
        serde_json::from_str(&text).expect("JSON")
    }

    fn files(&self, kind: &str, name: &str) -> Vec<(String, Vec<u8>)> {
        let object = self.get(kind, name);
        let data = object["data"].as_object().expect("data");
        let bytes = |value: &Value| {
            let text = value.as_str().expect("text");
            match kind {
                "secret" => BASE64_STANDARD.decode(text).expect("base64"),
                _ => text.as_bytes().to_vec(),
            }
        };
        data.iter().map(|(name, value)| (name.clone(), bytes(value))).collect()
    }

    fn secret(&self, reference: &Value) -> String {
        let name = reference["name"].as_str().expect("the name of a Secret");
        let files = self.files("secret", name);
        let found = files.into_iter().find(|(key, _)| *key == reference["key"]);
        String::from_utf8(found.expect("the key of the Secret").1).expect("text")
    }
}
