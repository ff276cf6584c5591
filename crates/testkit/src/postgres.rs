//! A real `PostgreSQL` of the distribution, with a new database for each test.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, bail, ensure};

use crate::certificates::Identity;
use crate::ports::TcpPort;
use crate::real;
use crate::running::{log_in, loopback};
use crate::wait;
use crate::watched::{Launch, Stop, Watched};

/// Starts take about a second; two busy cores multiply that.
const START_WITHIN: Duration = Duration::from_secs(60);
/// Who runs the server where we are root, as whom it does not run.
const USERS: [&str; 2] = ["postgres", "nobody"];
/// Says that a server that has crashed is to be started again.
const AGAIN: &str = "again";

/// Runs the server `$2…` in the folder `$1`, again after a crash that was asked for; told to end,
/// it takes the server with it, which so removes its shared memory.
const SUPERVISOR: &str = r#"
cd "$1" || exit 1; shift
stopped=
trap 'stopped=1; kill -QUIT $server' TERM
while :; do
  "$@" & server=$!
  wait $server
  [ -z "$stopped" ] && rm again 2>/dev/null || break
done
wait $server
"#;

/// A running server; it ends when it is dropped or this process ends.
#[derive(Debug)]
pub struct Postgres {
    process: Watched,
    directory: PathBuf,
    programs: PathBuf,
    port: TcpPort,
    databases: AtomicUsize,
}

impl Postgres {
    /// Gives the server that all tests of this process share.
    ///
    /// # Panics
    ///
    /// It is missing or does not start.
    #[must_use]
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        let [program] = real::require(["postgres"]);
        let start = || Self::start_with(&program).expect("a real PostgreSQL starts");
        SHARED.get_or_init(start)
    }

    /// Starts a server of one's own, which may be made to crash.
    ///
    /// # Panics
    ///
    /// As [`Postgres::shared`].
    #[must_use]
    pub fn start() -> Self {
        let [program] = real::require(["postgres"]);
        Self::start_with(&program).expect("a real PostgreSQL starts")
    }

    fn start_with(program: &Path) -> anyhow::Result<Self> {
        let programs = program.parent().context("find the folder of the programs")?.to_owned();
        let directory = tempfile::Builder::new().prefix("ktel-postgres-").tempdir();
        let directory = directory.context("make a directory")?;
        let data = directory.path().join("data").display().to_string();
        let becoming = becoming(directory.path())?;
        let initdb = programs.join("initdb").display().to_string();
        let words = ["-D", &data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale"];
        let words = words.map(str::to_owned).into_iter().chain(["--no-sync".to_owned()]);
        let words: Vec<String> = becoming.iter().cloned().chain([initdb]).chain(words).collect();
        run(Command::new(&words[0]).args(&words[1..]).current_dir(directory.path()))?;

        let port = TcpPort::hold()?; // it does not take port 0, and keeps its port after a crash
        let folder = directory.path().display().to_string();
        let server = [program.display().to_string(), "-D".into(), data, "-p".into()];
        let settings = [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "dynamic_shared_memory_type=mmap", // in its folder, which is swept
            "shared_buffers=32MB",
        ];
        let settings = settings.iter().flat_map(|it| ["-c".to_owned(), (*it).to_owned()]);
        let arguments: Vec<String> = ["-c", SUPERVISOR, "supervisor", &folder]
            .map(str::to_owned)
            .into_iter()
            .chain(becoming)
            .chain(server)
            .chain([port.number().to_string()])
            .chain(settings)
            .collect();
        let log = log_in(directory.path());
        let (sweep, stop) = (Some(directory.path()), Stop::Terminate);
        let program = Path::new("sh");
        let launch = Launch { program, arguments: &arguments, log, sweep, stop };
        let process = Watched::start(launch)?;
        let directory = directory.keep(); // the watchdog removes it from now on
        let databases = AtomicUsize::new(0);
        let mut started = Self { process, directory, programs, port, databases };
        started.wait()?;
        Ok(started)
    }

    /// Waits until it takes connections.
    fn wait(&mut self) -> anyhow::Result<()> {
        let mut ask = self.client("pg_isready");
        let is_ready = || ask.output().is_ok_and(|output| output.status.success());
        self.process.wait_until(START_WITHIN, is_ready).context("start PostgreSQL")
    }

    fn client(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        let port = self.port.number().to_string();
        command.args(["-h", "127.0.0.1", "-p", &port, "-U", "postgres"]);
        command
    }

    /// Gives where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        loopback(self.port.number())
    }

    /// Makes a database, and gives its URL.
    ///
    /// # Panics
    ///
    /// It cannot be made.
    #[must_use]
    pub fn database(&self) -> String {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("fresh_{number}");
        run(self.client("createdb").arg(&name)).expect("a database can be made");
        format!("postgres://postgres@127.0.0.1:{}/{name}", self.port.number())
    }

    /// Makes it take TLS, too, with a certificate that such a client trusts.
    ///
    /// # Panics
    ///
    /// It cannot be told so.
    pub fn secure(&self, identity: &Identity) {
        self.secure_with(identity).expect("a server can be given a certificate");
    }

    fn secure_with(&self, identity: &Identity) -> anyhow::Result<()> {
        let data = self.directory.join("data");
        let owner = fs::metadata(&data).context("look at the data")?;
        let files = identity.write(&data, "server")?;
        for file in [&files.certificate, &files.key] {
            chown(file, Some(owner.uid()), Some(owner.gid())).context("give a file away")?;
            fs::set_permissions(file, fs::Permissions::from_mode(0o600)).context("hide a file")?;
        }
        for (name, value) in
            [("ssl_cert_file", "server.pem"), ("ssl_key_file", "server.key"), ("ssl", "on")]
        {
            let set = format!("ALTER SYSTEM SET {name} = '{value}'");
            run(self.client("psql").args(["-v", "ON_ERROR_STOP=1", "-c", &set]))?;
        }
        run(self.client("psql").args(["-c", "SELECT pg_reload_conf()"]))
    }

    /// Ends it as a crash does, leaving what is not written unwritten, and starts it again.
    ///
    /// # Panics
    ///
    /// It does not start again.
    pub fn crash(&mut self) {
        let folder = &self.directory;
        let id = || {
            let text = fs::read_to_string(folder.join("data/postmaster.pid")).ok()?;
            text.lines().next().map(str::to_owned)
        };
        let old = id().expect("it runs");
        fs::write(folder.join(AGAIN), "").expect("its folder can be written");
        run(Command::new("kill").args(["-QUIT", &old])).expect("it can be ended");
        wait::until("it is started again", START_WITHIN, || id().is_some_and(|new| new != old));
        self.wait().expect("it starts again");
    }
}

/// Gives the words before a command that run it as a user who may, and gives the folder to that
/// user.
fn becoming(directory: &Path) -> anyhow::Result<Vec<String>> {
    let own = fs::metadata(directory).context("look at the directory")?.uid();
    if own != 0 {
        return Ok(Vec::new());
    }
    for user in USERS {
        let (Some(uid), Some(gid)) = (id_of(user, "-u")?, id_of(user, "-g")?) else { continue };
        chown(directory, Some(uid), Some(gid)).context("give the directory away")?;
        let (user, group) = (format!("--reuid={uid}"), format!("--regid={gid}"));
        return Ok(vec!["setpriv".into(), user, group, "--clear-groups".into()]);
    }
    bail!("there is no user to run a server as: {USERS:?}")
}

fn id_of(user: &str, which: &str) -> anyhow::Result<Option<u32>> {
    let output = Command::new("id").args([which, user]).output().context("run `id`")?;
    let text = String::from_utf8_lossy(&output.stdout).trim().parse().ok();
    Ok(text.filter(|_| output.status.success()))
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let output: io::Result<_> = command.output();
    let output = output.with_context(|| format!("run {command:?}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {said}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    fn answers(url: &str, programs: &Path) -> String {
        let mut command = Command::new(programs.join("psql"));
        let output = command.args([url, "-Atc", "SELECT count(*) FROM kept"]).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        String::from_utf8_lossy(&said).trim().to_owned()
    }

    #[test]
    fn a_database_is_fresh_survives_a_crash_and_goes_with_its_server() {
        let mut postgres = Postgres::start();
        let (one, other) = (postgres.database(), postgres.database());
        let programs = postgres.programs.clone();
        run(Command::new(programs.join("psql")).args([&one, "-c", "CREATE TABLE kept ()"]))
            .unwrap();
        assert_eq!(answers(&one, &programs), "0");
        assert!(answers(&other, &programs).contains("does not exist"));
        postgres.crash();
        assert_eq!(answers(&one, &programs), "0");
        let (address, directory) = (postgres.address(), postgres.directory.clone());
        drop(postgres);
        assert!(TcpStream::connect(address).is_err() && !directory.exists());
    }
}
