//! A new user: a home with nothing in it, the programs of the page, and one terminal.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use ktel_testkit::api_server::ApiServer;
use ktel_testkit::ports::TcpPort;
use ktel_testkit::real;

use crate::metrics::Metrics;
use crate::page::{Run, Step, steps};
use crate::program::program;
use crate::shown::{Words, complete, matches};
use crate::tests::REPOSITORY;

/// Ends a hang.
const SOON: Duration = Duration::from_secs(180);
/// How long a new user has for a page, from nothing to the goal.
const PAGE_WITHIN: Duration = Duration::from_secs(600);
/// Where `ktel serve` listens by default.
const SERVER: &str = "127.0.0.1:8090";
/// Where pages let programs listen. Tests that run at the same time need ports of their own, so these have other numbers
/// while a page is run.
const LISTENERS: [&str; 2] = [SERVER, "127.0.0.1:8092"];

/// The chart, in a clone of the repository.
const CHART: &str = "deploy/chart";
/// What needs a cluster.
const OF_A_CLUSTER: [&str; 4] = ["workflows run", "kubectl", "helm install", "ktel agents"];

/// What stands for programs of the page that would build ktel again: `cargo run` is the debug
/// program, and of `make` it is checked that the target exists.
const CARGO: &str = "#!/bin/sh
case \"$*\" in
'run --release -- '*) shift 3; exec ktel \"$@\" ;;
'install --locked --path crates/cli') exec test -f REPOSITORY/crates/cli/Cargo.toml ;;
*) echo \"the test of pages does not know cargo $*\"; exit 99 ;;
esac
";
const MAKE: &str = "#!/bin/sh
exec /usr/bin/make --directory=REPOSITORY --dry-run \"$@\" >/dev/null
";

pub(crate) struct User {
    home: tempfile::TempDir,
    /// Outside of the home, which is empty for the page.
    desk: tempfile::TempDir,
    /// One for each of `LISTENERS`.
    ports: [TcpPort; 2],
    cluster: Option<ApiServer>,
    metrics: Option<Metrics>,
    words: Words,
    running: Vec<Terminal>,
}

impl User {
    pub(crate) fn new() -> Self {
        let (home, desk) =
            (tempfile::tempdir().expect("a home"), tempfile::tempdir().expect("a place"));
        let programs = desk.path().join("bin");
        fs::create_dir(&programs).expect("a directory");
        for name in ["ktel", "kubectl-ktel"] {
            symlink(program(), programs.join(name)).expect("a link");
        }
        let [kubectl, helm] = real::require(["kubectl", "helm"]);
        for (name, program) in [("kubectl", kubectl), ("helm", helm)] {
            symlink(program, programs.join(name)).expect("a link");
        }
        for (name, text) in [("cargo", CARGO), ("make", MAKE)] {
            let path = programs.join(name);
            fs::write(&path, text.replace("REPOSITORY", REPOSITORY)).expect("a script");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a program");
        }
        let variables = format!(
            "export PATH='{}:/usr/bin:/bin' HOME='{}' LANG=C.UTF-8\n",
            programs.display(),
            home.path().display(),
        );
        fs::write(desk.path().join("variables"), variables).expect("variables");
        fs::write(desk.path().join("directory"), home.path().display().to_string())
            .expect("a file");
        let ports = LISTENERS.map(|_| TcpPort::hold().expect("a free port"));
        let (cluster, metrics) = (None, None);
        Self { home, desk, ports, cluster, metrics, words: Words::new(), running: Vec::new() }
    }

    /// Does what a page says.
    ///
    /// # Errors
    /// With the line of the page, and how it differs from what happened.
    pub(crate) fn follow(mut self, page: &str) -> Result<(), String> {
        self.metrics = Metrics::of(page);
        let deadline = Instant::now() + PAGE_WITHIN;
        if page.contains(CHART) {
            // As much of a clone of the repository as pages name.
            symlink(Path::new(REPOSITORY).join("deploy"), self.home.path().join("deploy"))
                .expect("a link");
        }
        for step in steps(page)? {
            match step {
                Step::Save { file, text } => {
                    let text = complete(&text, &self.words)?;
                    let path = self.directory().join(file);
                    fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
                    fs::write(path, self.here(&text)).expect("it can be saved");
                }
                Step::Run(run) => {
                    let line = run.line;
                    self.run(&run).map_err(|error| format!("{line}: {error}"))?;
                }
            }
            if Instant::now() > deadline {
                return Err(format!("it takes more than {} minutes", PAGE_WITHIN.as_secs() / 60));
            }
        }
        Ok(())
    }

    fn run(&mut self, run: &Run) -> Result<(), String> {
        if OF_A_CLUSTER.iter().any(|words| run.command.contains(words)) {
            self.join_a_cluster();
        }
        let command = self.here(&complete(&run.command, &self.words)?);
        let mut terminal = Terminal::open(&self.script(&command, run.goes_on));
        let deadline = Instant::now() + SOON;
        let mut printed: Vec<String> = Vec::new();
        loop {
            // What goes on has said what the page shows, and may say more.
            if run.goes_on && self.is_shown(run, &printed) {
                self.running.push(terminal);
                return Ok(());
            }
            match terminal.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => printed.push(self.there(&line)),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    return Err(mismatch(
                        "did not end, or not print what is shown; it printed",
                        &command,
                        &printed,
                    ));
                }
            }
        }
        let code = terminal.code();
        if run.goes_on || code != run.code {
            return Err(mismatch(&format!("ended with {code}, and printed"), &command, &printed));
        }
        if !self.is_shown(run, &printed) {
            return Err(mismatch("printed", &command, &printed));
        }
        Ok(())
    }

    /// Whether these lines are those of the page, if it shows any. Takes note of abbreviated words.
    fn is_shown(&mut self, run: &Run, printed: &[String]) -> bool {
        let lines: Vec<&str> = printed.iter().map(String::as_str).collect();
        run.shown.is_empty() || matches(&run.shown, &lines, &mut self.words)
    }

    /// A shell per command, which goes on where the last one ended.
    fn script(&self, command: &str, goes_on: bool) -> String {
        let desk = self.desk.path().display();
        let begin = format!(
            ". '{desk}/variables'\ncd \"$(cat '{desk}/directory')\"\nexport KTEL_LISTEN='{}'\n",
            self.here(SERVER)
        );
        if goes_on {
            // In place of the shell, so that it can be ended.
            return format!("{begin}exec {command}");
        }
        format!(
            "{begin}{command}\ncode=$?\nexport -p > '{desk}/variables'\npwd > '{desk}/directory'\nexit $code"
        )
    }

    fn directory(&self) -> PathBuf {
        let path = fs::read_to_string(self.desk.path().join("directory")).expect("it was written");
        path.trim_end().into()
    }

    /// Gives the user the kubeconfig of a real API server.
    fn join_a_cluster(&mut self) {
        if self.cluster.is_some() {
            return;
        }
        let cluster = ApiServer::start();
        let folder = self.home.path().join(".kube");
        fs::create_dir(&folder).expect("a directory");
        fs::copy(cluster.admin_kubeconfig(), folder.join("config")).expect("a kubeconfig");
        self.cluster = Some(cluster);
    }

    /// Writes the addresses that the page's servers have while the page is run.
    fn here(&self, text: &str) -> String {
        self.places().fold(text.to_owned(), |text, (page, here)| text.replace(page, &here))
    }

    /// The reverse, and the user's home in short.
    fn there(&self, text: &str) -> String {
        let text = text.replace(&*self.home.path().to_string_lossy(), "~");
        self.places().fold(text, |text, (page, here)| text.replace(&here, page))
    }

    /// Gives each address of a page, and the one that it has here.
    fn places(&self) -> impl Iterator<Item = (&'static str, String)> {
        let address = |port: &TcpPort| format!("127.0.0.1:{}", port.number());
        let listeners = LISTENERS.into_iter().zip(self.ports.iter().map(address));
        listeners.chain(self.metrics.iter().flat_map(Metrics::places))
    }
}

fn mismatch(what: &str, command: &str, printed: &[String]) -> String {
    format!("`{command}` {what}:\n{}", printed.join("\n"))
}

/// A running command; it ends with the page.
struct Terminal {
    child: Child,
    lines: Receiver<String>,
}

impl Terminal {
    fn open(script: &str) -> Self {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        let mut command = Command::new("/bin/bash");
        command.env_clear().args(["-c", script]).stdin(Stdio::null());
        command.stdout(writer.try_clone().expect("a pipe")).stderr(writer);
        let child = command.spawn().expect("bash can be started");
        drop(command); // it holds the pipe open
        let (send, lines) = channel();
        // It ends with the command, or with whoever listens.
        std::thread::spawn(move || {
            let lines = BufReader::new(reader).lines().map_while(Result::ok);
            lines.take_while(|line| send.send(line.clone()).is_ok()).count()
        });
        Self { child, lines }
    }

    fn code(&mut self) -> i32 {
        self.child.wait().expect("it ends").code().unwrap_or(-1)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended already; that is what is wanted.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
