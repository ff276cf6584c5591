//! The categories of what goes wrong with tasks and with a network.

use std::error::Error;

use ktel_destination::line::{LineError, UnknownDialect};
use ktel_model::error_category::{ErrorCategory, find};

/// Errors that have a category of their own.
pub(super) fn known(error: &(dyn Error + 'static)) -> Option<ErrorCategory> {
    if let Some(error) = find::<hyper::Error>(error) {
        return of_hyper(error);
    }
    if let Some(error) = find::<ktel_destination::Error>(error) {
        return error.is_in_url().then_some(ErrorCategory::InvalidInput);
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
    let is_about_input = find::<http::uri::InvalidUri>(error).is_some()
        || find::<LineError>(error).is_some()
        || find::<UnknownDialect>(error).is_some();
    is_about_input.then_some(ErrorCategory::InvalidInput)
}

/// Errors that wrap others. They decide only if no cause has a category.
pub(super) fn wrapper(error: &(dyn Error + 'static)) -> Option<ErrorCategory> {
    if let Some(error) = find::<hyper_util::client::legacy::Error>(error) {
        return error.is_connect().then_some(ErrorCategory::Network);
    }
    None
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
