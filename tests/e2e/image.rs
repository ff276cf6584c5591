//! The container image, made of a static build: taken by a tool that no one here wrote, and run as
//! itself, by nobody in particular in a root with nothing else.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ktel_testkit::real;
use serde_json::Value;

use crate::kubelet::{chroot, is_root};
use crate::program::program;

/// Where cargo puts what it builds for the image.
const TARGET: &str = "x86_64-unknown-linux-musl";

fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").expect("tests run under cargo"));
    cargo.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    cargo
}

/// Gives a program that needs no library: the one of a release that `KTEL_STATIC` names, as in CI, or
/// else a debug build, which is ready much sooner.
fn built() -> PathBuf {
    if let Some(program) = std::env::var_os("KTEL_STATIC") {
        return program.into();
    }
    let words = ["build", "--quiet", "--package", "ktel-cli", "--target", TARGET];
    assert!(cargo().args(words).status().expect("cargo can be started").success());
    let target = program().ancestors().nth(2).expect("target");
    target.join(TARGET).join("debug/ktel")
}

/// Makes an image; gives what was said of a mistake.
fn make(binary: &Path, output: &Path) -> Result<(), String> {
    let words = ["run", "--quiet", "--package", "xtask", "--", "image"];
    let output = cargo()
        .args(words)
        .arg("--binary")
        .arg(binary)
        .arg("--output")
        .arg(output)
        .output()
        .expect("cargo can be started");
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

#[track_caller]
fn done(command: &mut Command) -> String {
    let output = command.output().expect("it can be started");
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// Reads the file of a digest.
fn blob(layout: &Path, descriptor: &Value) -> PathBuf {
    let digest = descriptor["digest"].as_str().expect("a digest");
    layout.join("blobs/sha256").join(digest.strip_prefix("sha256:").expect("SHA-256"))
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).expect("a file")).expect("JSON")
}

#[test]
fn the_image_is_one_layer_that_runs_as_nobody_with_nothing_else_and_the_same_twice() {
    let [skopeo, _] = real::require(["skopeo", "musl-gcc"]);
    let place = tempfile::tempdir().expect("a place");
    let binary = built();
    let layout = place.path().join("image");
    make(&binary, &layout).expect("the image can be made");
    let said = make(&binary, &layout).expect_err("what is there is not written over");
    assert!(said.contains("make the directory"), "{said}");
    let said = make(program(), &place.path().join("other")).expect_err("it is not static");
    assert!(said.contains("wants libraries that the image does not have"), "{said}");

    let again = place.path().join("again");
    make(&binary, &again).expect("the image can be made");
    done(Command::new("diff").arg("--recursive").arg(&layout).arg(&again));

    // Copying reads every blob and compares it with its digest.
    let image = format!("oci:{}:{}", layout.display(), env!("CARGO_PKG_VERSION"));
    let copy = format!("dir:{}", place.path().join("copy").display());
    done(Command::new(&skopeo).args(["copy", "--insecure-policy", &image, &copy]));
    let config = done(Command::new(&skopeo).args(["inspect", "--config", &image]));
    let config: Value = serde_json::from_str(&config).expect("JSON");
    assert_eq!(config["config"]["User"], "65532:65532");
    assert_eq!(config["config"]["Entrypoint"], serde_json::json!(["/ktel"]));
    assert_eq!((&config["os"], &config["architecture"]), (&"linux".into(), &"amd64".into()));

    let index = json(&layout.join("index.json"));
    let manifest = json(&blob(&layout, &index["manifests"][0]));
    let layers = manifest["layers"].as_array().expect("layers");
    assert_eq!(layers.len(), 1);
    let layer = blob(&layout, &layers[0]);
    let digest = format!("gzip -dc {} | sha256sum", layer.display());
    let digest = done(Command::new("sh").args(["-c", &digest]));
    let expected = config["rootfs"]["diff_ids"][0].as_str().expect("a digest");
    assert_eq!(format!("sha256:{}", digest.split(' ').next().expect("a digest")), expected);
    lists_five_and_runs_alone(&layer);
}

#[track_caller]
fn lists_five_and_runs_alone(layer: &Path) {
    let listed = done(Command::new("tar").args(["--utc", "--full-time", "-tvzf"]).arg(layer));
    let listed: Vec<Vec<&str>> =
        listed.lines().map(|line| line.split_whitespace().collect()).collect();
    let of = |mode: &'static str, name: &'static str| (mode, "0/0", "1970-01-01", name);
    let expected = [
        of("drwxr-xr-x", "etc/"),
        of("drwxr-xr-x", "etc/ssl/"),
        of("drwxr-xr-x", "etc/ssl/certs/"),
        of("-rw-r--r--", "etc/ssl/certs/ca-certificates.crt"),
        of("-rwxr-xr-x", "ktel"),
    ];
    let listed: Vec<_> = listed.iter().map(|row| (row[0], row[1], row[3], row[5])).collect();
    assert_eq!(listed, expected);

    let root = tempfile::tempdir().expect("a root");
    done(Command::new("chmod").arg("755").arg(root.path()));
    done(Command::new("tar").arg("-xzf").arg(layer).arg("-C").arg(root.path()));
    let run =
        |words: &[&str]| done(chroot(root.path(), 65532).env_clear().arg("/ktel").args(words));
    assert_eq!(run(&["--version"]).trim(), format!("ktel {}", env!("CARGO_PKG_VERSION")));
    // All of it, the bundled database included, which wants nothing but the store's folder.
    assert!(run(&["jobs", "list"]).contains("identify-platform"));
    if is_root() {
        let mut command = chroot(root.path(), 65532);
        command.env_clear().args(["/ktel", "token", "list", "--store", "/store"]);
        let refused = command.output().expect("it can be started");
        assert_eq!(refused.status.code(), Some(2), "the root is not its own: {refused:?}");
    }
}
