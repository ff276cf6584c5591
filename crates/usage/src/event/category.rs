//! The category of an error, from the chain of its causes.

use std::error::Error;
use std::io;
use std::sync::Arc;

use ktel_model::error_category::{Classifier, ErrorCategory, find};

use crate::limits::CAUSES_MAX;

#[cfg(feature = "upload")]
mod network;
#[cfg(feature = "upload")]
use network::wrapper;

/// Without a network, no error wraps another one.
#[cfg(not(feature = "upload"))]
fn wrapper(_: &(dyn Error + 'static)) -> Option<ErrorCategory> {
    None
}

/// Finds the category of an error. The outermost error of the chain that has one decides.
///
/// It knows the errors of the standard library, of this crate and of the crates that this one uses.
/// [`categorize_with`] is for other errors.
#[must_use]
pub fn categorize(error: &(dyn Error + 'static)) -> ErrorCategory {
    categorize_with(error, &|_: &(dyn Error + 'static)| None)
}

/// Finds the category of an error. `own` is asked first, for each error of the chain.
#[must_use]
pub fn categorize_with(error: &(dyn Error + 'static), own: &dyn Classifier) -> ErrorCategory {
    let chain = || std::iter::successors(Some(error), |error| cause(*error)).take(CAUSES_MAX);
    chain()
        .find_map(|error| own.category(error))
        .or_else(|| chain().find_map(known))
        .or_else(|| chain().find_map(|error| own.fallback(error).or_else(|| wrapper(error))))
        .unwrap_or(ErrorCategory::Other)
}

/// The next error of the chain, also if an error holds another one without calling it its source.
fn cause<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    if let Some(error) = find::<io::Error>(error)
        && let Some(inner) = error.get_ref()
    {
        return Some(inner);
    }
    let cause = error.source()?;
    // The source of a pointer is the source of the error that it holds: the held error is skipped.
    match cause.downcast_ref::<Arc<dyn Error + Send + Sync>>() {
        Some(shared) => Some(&**shared),
        None => Some(cause),
    }
}

/// Errors that have a category of their own.
fn known(error: &(dyn Error + 'static)) -> Option<ErrorCategory> {
    if let Some(error) = find::<io::Error>(error) {
        return of_io(error.kind());
    }
    if let Some(error) = find::<crate::product_file::ProductFileError>(error) {
        return of_product_file(error);
    }
    #[cfg(feature = "upload")]
    if let Some(category) = network::known(error) {
        return Some(category);
    }
    is_about_input(error).then_some(ErrorCategory::InvalidInput)
}

/// Errors about the input of a user.
fn is_about_input(error: &(dyn Error + 'static)) -> bool {
    let json = find::<serde_json::Error>(error).is_some_and(|error| !error.is_io());
    json || find::<serde_saphyr::Error>(error).is_some()
        || find::<std::num::ParseIntError>(error).is_some()
        || find::<std::num::ParseFloatError>(error).is_some()
        || find::<std::str::Utf8Error>(error).is_some()
        || find::<std::string::FromUtf8Error>(error).is_some()
        || find::<jiff::Error>(error).is_some()
        || find::<crate::product_name::InvalidName>(error).is_some()
        || find::<super::InvalidVocabulary>(error).is_some()
        || find::<super::Rejected>(error).is_some()
        || find::<ktel_model::standard::Error>(error).is_some()
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
        // The others hold a more specific error, or are too general.
        _ => return None,
    })
}

fn of_product_file(error: &crate::product_file::ProductFileError) -> Option<ErrorCategory> {
    use crate::product_file::ProductFileError as File;
    match error {
        File::NotFound { .. } => Some(ErrorCategory::NotFound),
        // Their sources are more specific.
        File::Read { .. } | File::SchemaFile { .. } => None,
        File::Name { .. }
        | File::Format { .. }
        | File::OtherName { .. }
        | File::Commands { .. }
        | File::Schema { .. } => Some(ErrorCategory::InvalidInput),
    }
}
