//! The only place that writes to standard output and standard error.

use std::io::{self, IsTerminal, Write};

use clap::builder::styling::{AnsiColor, Style};

use crate::exit::Exit;
use crate::failure::Failure;

/// The colours of clap's own messages, so that all errors look alike. `NO_COLOR`, `CLICOLOR` and the
/// terminal decide whether they are written.
const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Green.on_default();

/// Prints to a terminal or a pipe.
pub(crate) struct Printer {
    quiet: bool,
    verbose: bool,
}

impl Printer {
    pub(crate) fn new(quiet: bool) -> Self {
        Self { quiet, verbose: false }
    }

    /// Prints notes too, as `--verbose` asks.
    pub(crate) fn verbose(mut self, verbose: bool) -> Self {
        self.verbose = verbose;
        self
    }

    /// Prints a message that only a person who watches wants: on a terminal, or with `--verbose`.
    pub(crate) fn note(&mut self, text: &str) {
        if self.verbose || self.is_watched() {
            self.say(text);
        }
    }

    /// Prints the result of a command to standard output.
    pub(crate) fn out(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes.as_ref())?;
        stdout.flush()
    }

    /// Gives standard error to a library that shows a notice.
    pub(crate) fn stderr(&mut self) -> impl Write + use<> {
        io::stderr()
    }

    /// Prints a message to standard error, unless `--quiet` is set.
    #[expect(clippy::print_stderr, reason = "this is the only place that prints")]
    pub(crate) fn say(&mut self, text: &str) {
        if !self.quiet {
            eprintln!("{text}");
        }
    }

    /// Prints a question; the answer is typed behind it.
    #[expect(clippy::print_stderr, reason = "this is the only place that prints")]
    pub(crate) fn question(&mut self, text: &str) {
        eprint!("{text}");
    }

    /// Prints a warning; the command goes on.
    pub(crate) fn warn(&mut self, text: &str) {
        anstream::eprintln!("{WARNING}warning:{WARNING:#} {text}");
    }

    /// Prints why a command failed.
    pub(crate) fn failure(&mut self, failure: &Failure) {
        self.error(&format!("{:#}", failure.error), failure.hint.as_deref());
    }

    /// Prints an error, and what to do next.
    pub(crate) fn error(&mut self, text: &str, hint: Option<&str>) {
        anstream::eprintln!("{ERROR}error:{ERROR:#} {text}");
        if let Some(hint) = hint {
            anstream::eprintln!("  {HINT}hint:{HINT:#} {hint}");
        }
    }

    /// Tells whether to show progress: standard error is a terminal, and `--quiet` is not set.
    pub(crate) fn is_watched(&self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }

    /// Replaces the line that shows progress.
    #[expect(clippy::print_stderr, reason = "this is the only place that prints")]
    pub(crate) fn progress(&mut self, line: &str) {
        // Back to the first column, and clear to the end of the line.
        eprint!("\r\x1b[K{line}");
    }
}

/// Lets the parser print help, the version, or what is wrong with the arguments.
pub(crate) fn usage(error: &clap::Error) -> Exit {
    // If this fails, an error cannot be printed either.
    drop(error.print());
    if error.use_stderr() { Exit::Usage } else { Exit::Done }
}
