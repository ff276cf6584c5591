//! Logs on standard error, for people by default and as JSON lines where a machine reads them.
//!
//! `KTEL_LOG` (directives as in `ktel=debug,hyper=warn`) wins over the command line's `-v`.

use std::io::{self, IsTerminal};

use thiserror::Error;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

/// The variable whose directives replace the verbosity of the command line.
pub const FILTER_VARIABLE: &str = "KTEL_LOG";

/// How a log line is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// One line of text, coloured on a terminal.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// How much is logged. Our own crates log one level more than their dependencies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Errors only.
    Quiet,
    /// Warnings and errors.
    #[default]
    Normal,
    /// Changes of state as well.
    Info,
    /// What was decided, per batch.
    Debug,
    /// Everything, from dependencies too.
    Trace,
}

/// Why logging could not be set up.
#[derive(Debug, Error)]
pub enum Error {
    /// The user's directives do not parse.
    #[error("`{FILTER_VARIABLE}` is not a log filter: `{directives}`")]
    Filter {
        /// What the user wrote.
        directives: String,
        /// Why it does not parse.
        source: ParseError,
    },
    /// A logger is already installed in this process.
    #[error("logging is already set up")]
    AlreadySet,
}

impl Verbosity {
    /// Reads the flags of a command line; `--quiet` beats any number of `-v`.
    #[must_use]
    pub fn from_flags(verbose: u8, quiet: bool) -> Self {
        match (quiet, verbose) {
            (true, _) => Self::Quiet,
            (false, 0) => Self::Normal,
            (false, 1) => Self::Info,
            (false, 2) => Self::Debug,
            (false, _) => Self::Trace,
        }
    }

    fn directives(self) -> &'static str {
        match self {
            // kube logs failures that its caller reports anyway.
            Self::Quiet => "error,kube_client=off",
            Self::Normal => "warn,kube_client=off",
            Self::Info => "warn,ktel=info",
            Self::Debug => "info,ktel=debug",
            Self::Trace => "debug,ktel=trace",
        }
    }
}

/// Sends this process's logs to standard error from now on.
///
/// # Errors
///
/// The directives in `KTEL_LOG` do not parse, or logging was set up before.
pub fn init(verbosity: Verbosity, format: Format) -> Result<(), Error> {
    let directives = std::env::var(FILTER_VARIABLE).ok();
    let color = colored(std::env::var("NO_COLOR").ok().as_deref(), io::stderr().is_terminal());
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter(directives.as_deref(), verbosity)?)
        .with_writer(io::stderr)
        .with_ansi(color);
    let set = match format {
        Format::Text => builder.with_target(false).try_init(),
        Format::Json => builder.json().flatten_event(true).try_init(),
    };
    set.map_err(|_already| Error::AlreadySet)
}

fn filter(directives: Option<&str>, verbosity: Verbosity) -> Result<EnvFilter, Error> {
    match directives.map(str::trim) {
        None | Some("") => Ok(EnvFilter::new(verbosity.directives())),
        Some(theirs) => EnvFilter::try_new(theirs)
            .map_err(|source| Error::Filter { directives: theirs.to_owned(), source }),
    }
}

/// Follows no-color.org: any non-empty `NO_COLOR` forbids colour.
fn colored(no_color: Option<&str>, terminal: bool) -> bool {
    terminal && no_color.is_none_or(str::is_empty)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_beats_verbose_and_more_is_never_less() {
        let table = [
            (0, true, Verbosity::Quiet),
            (3, true, Verbosity::Quiet),
            (0, false, Verbosity::Normal),
            (1, false, Verbosity::Info),
            (2, false, Verbosity::Debug),
            (3, false, Verbosity::Trace),
            (u8::MAX, false, Verbosity::Trace),
        ];
        for (verbose, quiet, expected) in table {
            assert_eq!(Verbosity::from_flags(verbose, quiet), expected, "-v {verbose} -q {quiet}");
        }
    }

    #[test]
    fn the_users_directives_win_unless_empty() {
        let table = [
            (None, "warn,ktel=info"),
            (Some(""), "warn,ktel=info"),
            (Some("  "), "warn,ktel=info"),
            (Some("hyper=trace"), "hyper=trace"),
        ];
        for (directives, expected) in table {
            // A filter prints its directives in its own order; compare as it prints them.
            let expected = EnvFilter::new(expected).to_string();
            let got = filter(directives, Verbosity::Info).unwrap().to_string();
            assert_eq!(got, expected, "{directives:?}");
        }
    }

    #[test]
    fn a_bad_filter_is_named() {
        let error = filter(Some("ktel=loud"), Verbosity::Normal).unwrap_err();
        assert_eq!(error.to_string(), "`KTEL_LOG` is not a log filter: `ktel=loud`");
    }

    #[test]
    fn color_needs_a_terminal_and_nobody_against_it() {
        let table = [
            (None, true, true),
            (Some(""), true, true),
            (Some("1"), true, false),
            (Some("0"), true, false),
            (None, false, false),
        ];
        for (no_color, terminal, expected) in table {
            assert_eq!(colored(no_color, terminal), expected, "{no_color:?} {terminal}");
        }
    }
}
