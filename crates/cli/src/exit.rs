//! Exit codes and what they mean.

use std::process::ExitCode;

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Success.
    Done,
    /// Some jobs failed; the report was printed and sent without them.
    JobsFailed,
    /// The user can fix it.
    Usage,
    /// Some server did not get the report.
    NotDelivered,
    /// A signal ended the command.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::JobsFailed => 1,
            Exit::Usage => 2,
            Exit::NotDelivered => 3,
            Exit::Interrupted => 130,
        })
    }
}
