//! Why a command fails: the error, what to do next, and the exit code.

use std::io;

use crate::exit::Exit;

/// Why a command ended early.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: anyhow::Error,
    pub(crate) hint: Option<String>,
    pub(crate) exit: Exit,
}

impl Failure {
    /// Something that the user can fix.
    pub(crate) fn usage(error: impl Into<anyhow::Error>, hint: Option<impl Into<String>>) -> Self {
        Self { error: error.into(), hint: hint.map(Into::into), exit: Exit::Usage }
    }

    /// Tells whether the reader of the output has closed the pipe. This is not a failure.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        self.error.chain().any(|error| {
            let error = error.downcast_ref::<io::Error>();
            error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
        })
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self { error: error.into(), hint: None, exit: Exit::Usage }
    }
}

impl From<ktel::catalog::Error> for Failure {
    fn from(error: ktel::catalog::Error) -> Self {
        let hint = error.hint();
        Self::usage(error, hint)
    }
}

impl From<ktel::outbox::Error> for Failure {
    fn from(error: ktel::outbox::Error) -> Self {
        Self::usage(error, None::<String>)
    }
}
