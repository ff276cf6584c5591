//! What kind of error a command ended with: one word of a closed list, never a text.

use std::error::Error;
use std::io;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Causes of causes that are looked at; real chains have fewer than ten.
const CHAIN_MAX: usize = 64;

/// The kinds of errors that are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorCategory {
    /// A server could not be reached, or could not answer.
    Network,
    /// Somebody is not known, or may not do it.
    Auth,
    /// Something is not there.
    NotFound,
    /// Something is there already, or has changed meanwhile.
    Conflict,
    /// What was given makes no sense.
    InvalidInput,
    /// It took too long.
    Timeout,
    /// It was called off.
    Cancelled,
    /// It should not happen.
    Internal,
    /// Everything else.
    Other,
}

impl ErrorCategory {
    /// Every category.
    pub const ALL: [Self; 9] = [
        Self::Network,
        Self::Auth,
        Self::NotFound,
        Self::Conflict,
        Self::InvalidInput,
        Self::Timeout,
        Self::Cancelled,
        Self::Internal,
        Self::Other,
    ];

    /// Gives the word that is sent.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Auth => "auth",
            Self::NotFound => "not-found",
            Self::Conflict => "conflict",
            Self::InvalidInput => "invalid-input",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
            Self::Internal => "internal",
            Self::Other => "other",
        }
    }
}

/// Tells the category of an error from itself or from its causes; the outermost that can tell does.
#[must_use]
pub fn categorize(error: &(dyn Error + 'static)) -> ErrorCategory {
    categorize_with(error, &|_| None)
}

/// Tells the category of an error; what `own` says of it or of a cause comes before all else.
#[must_use]
pub fn categorize_with(
    error: &(dyn Error + 'static),
    own: &dyn Fn(&(dyn Error + 'static)) -> Option<ErrorCategory>,
) -> ErrorCategory {
    let chain = || std::iter::successors(Some(error), |error| cause(*error)).take(CHAIN_MAX);
    let known = || chain().find_map(known);
    chain()
        .find_map(own)
        .or_else(known)
        .or_else(|| chain().find_map(wrapper))
        .unwrap_or(ErrorCategory::Other)
}

/// Tells the category that a status of HTTP stands for; `None` for one that is no error.
#[must_use]
pub fn of_status(status: u16) -> Option<ErrorCategory> {
    Some(match status {
        401 | 403 | 407 | 511 => ErrorCategory::Auth,
        404 | 410 => ErrorCategory::NotFound,
        409 | 412 => ErrorCategory::Conflict,
        408 | 504 => ErrorCategory::Timeout,
        // The server cannot answer now; it may later.
        429 | 502 | 503 => ErrorCategory::Network,
        400..=499 => ErrorCategory::InvalidInput,
        500..=599 => ErrorCategory::Internal,
        _ => return None,
    })
}

/// Finds an error behind the pointers in which chains keep them.
fn find<'e, T: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e T> {
    let shared = || error.downcast_ref::<Arc<T>>().map(|error| &**error);
    let boxed = || error.downcast_ref::<Box<T>>().map(|error| &**error);
    error.downcast_ref().or_else(shared).or_else(boxed)
}

/// The next error of the chain. Errors that hold another one without calling it their source are
/// opened.
fn cause<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    if let Some(error) = find::<io::Error>(error)
        && let Some(inner) = error.get_ref()
    {
        return Some(inner);
    }
    match error.downcast_ref::<crate::Error>() {
        // Their own source would skip what is shared.
        Some(crate::Error::Unreachable { source }) => return Some(&**source),
        Some(crate::Error::Cut { source, .. } | crate::Error::Failed { source }) => {
            return Some(&**source);
        }
        _ => {}
    }
    error.source()
}

/// Errors that say what they are.
fn known(error: &(dyn Error + 'static)) -> Option<ErrorCategory> {
    if let Some(error) = find::<io::Error>(error) {
        return of_io(error.kind());
    }
    if let Some(error) = find::<kube::Error>(error) {
        let kube::Error::Api(status) = error else { return None };
        return of_status(status.code);
    }
    if let Some(error) = find::<crate::Error>(error) {
        return of_job(error);
    }
    if let Some(error) = find::<hyper::Error>(error) {
        return of_hyper(error);
    }
    if let Some(error) = find::<crate::server::Error>(error) {
        return error.is_in_url().then_some(ErrorCategory::InvalidInput);
    }
    if let Some(error) = find::<crate::product_file::Error>(error) {
        return of_product_file(error);
    }
    if let Some(error) = find::<tokio::task::JoinError>(error) {
        let cancelled = error.is_cancelled();
        return Some(if cancelled { ErrorCategory::Cancelled } else { ErrorCategory::Internal });
    }
    if find::<tokio::time::error::Elapsed>(error).is_some() {
        return Some(ErrorCategory::Timeout);
    }
    if find::<futures::future::Aborted>(error).is_some() {
        return Some(ErrorCategory::Cancelled);
    }
    is_about_input(error).then_some(ErrorCategory::InvalidInput)
}

/// Errors about what somebody wrote.
fn is_about_input(error: &(dyn Error + 'static)) -> bool {
    let json = find::<serde_json::Error>(error).is_some_and(|error| !error.is_io());
    json || find::<serde_saphyr::Error>(error).is_some()
        || find::<http::uri::InvalidUri>(error).is_some()
        || find::<std::num::ParseIntError>(error).is_some()
        || find::<std::num::ParseFloatError>(error).is_some()
        || find::<std::str::Utf8Error>(error).is_some()
        || find::<std::string::FromUtf8Error>(error).is_some()
        || find::<jiff::Error>(error).is_some()
        || find::<crate::catalog::Error>(error).is_some()
        || find::<crate::merge::Error>(error).is_some()
        || find::<crate::line::Refused>(error).is_some()
        || find::<crate::line::UnknownDialect>(error).is_some()
        || find::<crate::product_name::InvalidName>(error).is_some()
        || find::<super::InvalidVocabulary>(error).is_some()
        || find::<super::Rejected>(error).is_some()
        || find::<ktel_model::standard::Error>(error).is_some()
}

/// Errors that only say that something went wrong within, for when nothing within says what.
fn wrapper(error: &(dyn Error + 'static)) -> Option<ErrorCategory> {
    if let Some(error) = find::<hyper_util::client::legacy::Error>(error) {
        return error.is_connect().then_some(ErrorCategory::Network);
    }
    if let Some(error) = find::<crate::Error>(error) {
        let lost = matches!(error, crate::Error::Unreachable { .. } | crate::Error::Cut { .. });
        return lost.then_some(ErrorCategory::Network);
    }
    match find::<kube::Error>(error)? {
        kube::Error::Service(_) | kube::Error::HyperError(_) | kube::Error::ReadEvents(_) => {
            Some(ErrorCategory::Network)
        }
        kube::Error::Auth(_) => Some(ErrorCategory::Auth),
        kube::Error::InferConfig(_) | kube::Error::InferKubeconfig(_) => {
            Some(ErrorCategory::InvalidInput)
        }
        _ => None,
    }
}

fn of_io(kind: io::ErrorKind) -> Option<ErrorCategory> {
    use io::ErrorKind as Kind;
    Some(match kind {
        Kind::ConnectionRefused
        | Kind::ConnectionReset
        | Kind::ConnectionAborted
        | Kind::NotConnected
        | Kind::AddrNotAvailable
        | Kind::HostUnreachable
        | Kind::NetworkUnreachable
        | Kind::NetworkDown => ErrorCategory::Network,
        Kind::TimedOut => ErrorCategory::Timeout,
        Kind::PermissionDenied => ErrorCategory::Auth,
        Kind::NotFound => ErrorCategory::NotFound,
        Kind::AlreadyExists | Kind::AddrInUse => ErrorCategory::Conflict,
        Kind::InvalidFilename | Kind::IsADirectory | Kind::NotADirectory => {
            ErrorCategory::InvalidInput
        }
        Kind::Interrupted => ErrorCategory::Cancelled,
        Kind::OutOfMemory => ErrorCategory::Internal,
        // The others hold something that knows more, or say too little.
        _ => return None,
    })
}

fn of_product_file(error: &crate::product_file::Error) -> Option<ErrorCategory> {
    use crate::product_file::Error as File;
    match error {
        File::NotFound { .. } => Some(ErrorCategory::NotFound),
        // Their sources tell more.
        File::Read { .. } | File::SchemaFile { .. } => None,
        File::Name { .. }
        | File::Format { .. }
        | File::OtherName { .. }
        | File::Commands { .. }
        | File::Schema { .. } => Some(ErrorCategory::InvalidInput),
    }
}

fn of_hyper(error: &hyper::Error) -> Option<ErrorCategory> {
    if error.is_timeout() {
        Some(ErrorCategory::Timeout)
    } else if error.is_canceled() {
        Some(ErrorCategory::Cancelled)
    } else if error.is_incomplete_message() || error.is_closed() {
        Some(ErrorCategory::Network)
    } else {
        None
    }
}

fn of_job(error: &crate::Error) -> Option<ErrorCategory> {
    use crate::Error as Job;
    match error {
        Job::Forbidden { .. } | Job::Unauthorized => Some(ErrorCategory::Auth),
        Job::Timeout { .. } => Some(ErrorCategory::Timeout),
        Job::Expired { .. } => Some(ErrorCategory::Conflict),
        Job::Refused { code, .. } => of_status(*code),
        Job::Panicked => Some(ErrorCategory::Internal),
        Job::NoProduct { .. } | Job::Needs { .. } => Some(ErrorCategory::NotFound),
        Job::TooMany { .. } => Some(ErrorCategory::InvalidInput),
        // The server's answer, not the user's input.
        Job::Malformed { .. } => Some(ErrorCategory::Internal),
        Job::Unreachable { .. } | Job::Cut { .. } | Job::Failed { .. } => None,
    }
}
