//! Programs on a terminal, and a user who types.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Ends a hang.
const SOON: Duration = Duration::from_secs(60);

/// The command that runs another on a terminal of its own, in its environment.
fn script(command: &Command) -> Command {
    let quoted = |word: &OsStr| format!("'{}'", word.to_str().expect("plain words"));
    let words: Vec<String> =
        [command.get_program()].into_iter().chain(command.get_args()).map(quoted).collect();
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command", &words.join(" "), "/dev/null"]);
    script.env_clear().env("PATH", "/usr/bin:/bin").env("TERM", "xterm");
    script.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(directory) = command.get_current_dir() {
        script.current_dir(directory);
    }
    script
}

/// Runs a command on a terminal of its own, on which nobody types; gives what that terminal shows.
pub(crate) fn on_terminal(command: &Command) -> String {
    let output = script(command).stdin(Stdio::null()).output().expect("script runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A command on a terminal of its own, on which a user types. It ends with the test, also with one that fails.
pub(crate) struct Terminal {
    script: Child,
    keyboard: ChildStdin,
    screen: Receiver<Vec<u8>>,
    shown: String,
}

impl Terminal {
    pub(crate) fn open(command: &Command) -> Self {
        let mut script = script(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("script runs");
        let keyboard = script.stdin.take().expect("it was piped");
        let mut output = script.stdout.take().expect("it was piped");
        let (send, screen) = channel();
        // The thread ends when the command has ended, or when nobody reads the screen any more.
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(length @ 1..) = output.read(&mut bytes) {
                if send.send(bytes[..length].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { script, keyboard, screen, shown: String::new() }
    }

    pub(crate) fn type_in(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).expect("the terminal is there");
        self.keyboard.flush().expect("the terminal is there");
    }

    /// Waits until a text is shown, behind what was waited for before.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str) {
        let deadline = Instant::now() + SOON;
        loop {
            if let Some(at) = self.shown.find(text) {
                self.shown.drain(..at + text.len());
                return;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match self.screen.recv_timeout(left) {
                Ok(bytes) => self.shown.push_str(&String::from_utf8_lossy(&bytes)),
                Err(error) => panic!("`{text}` is not shown ({error}): {:?}", self.shown),
            }
        }
    }

    /// Waits for the end; gives its exit code.
    pub(crate) fn end(mut self) -> Option<i32> {
        self.script.wait().expect("it ends").code()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // `script` passes SIGTERM on to the command. It may have ended already.
        let id = self.script.id().to_string();
        if matches!(self.script.try_wait(), Ok(None)) {
            drop(Command::new("kill").arg(id).status());
            drop(self.script.wait());
        }
    }
}
