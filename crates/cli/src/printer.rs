//! The one door to standard output and standard error.

use std::io::{self, IsTerminal, Write};

use crate::exit::Exit;
use crate::failure::Failure;

/// Prints for a user or a pipe.
pub(crate) struct Printer {
    quiet: bool,
}

impl Printer {
    pub(crate) fn new(quiet: bool) -> Self {
        Self { quiet }
    }

    /// Prints what was asked for.
    pub(crate) fn out(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes.as_ref())?;
        stdout.flush()
    }

    /// Gives standard error to a library that shows a notice.
    pub(crate) fn stderr(&mut self) -> impl Write + use<> {
        io::stderr()
    }

    /// Says something beside it.
    #[expect(clippy::print_stderr, reason = "this is the door")]
    pub(crate) fn say(&mut self, text: &str) {
        if !self.quiet {
            eprintln!("{text}");
        }
    }

    /// Says something that should not be missed, and stops nothing.
    #[expect(clippy::print_stderr, reason = "this is the door")]
    pub(crate) fn warn(&mut self, text: &str) {
        eprintln!("warning: {text}");
    }

    /// Says why a command ended early.
    pub(crate) fn failure(&mut self, failure: &Failure) {
        self.error(&format!("{:#}", failure.error), failure.hint.as_deref());
    }

    /// Says what went wrong and what to do next.
    #[expect(clippy::print_stderr, reason = "this is the door")]
    pub(crate) fn error(&mut self, text: &str, hint: Option<&str>) {
        eprintln!("error: {text}");
        if let Some(hint) = hint {
            eprintln!("  hint: {hint}");
        }
    }

    /// Tells whether somebody watches who would like to see progress.
    pub(crate) fn is_watched(&self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }

    /// Replaces the line that shows progress.
    #[expect(clippy::print_stderr, reason = "this is the door")]
    pub(crate) fn progress(&mut self, line: &str) {
        // Back to the first column, and clear to the end of the line.
        eprint!("\r\x1b[K{line}");
    }
}

/// Lets the parser print help, version or what is wrong with the words.
pub(crate) fn usage(error: &clap::Error) -> Exit {
    // Nobody is left to tell when this fails.
    drop(error.print());
    if error.use_stderr() { Exit::Usage } else { Exit::Done }
}
