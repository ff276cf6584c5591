//! Files that cannot be read, and what to do about it.

use std::error::Error;
use std::io;

/// Gives the hint for an error whose cause is a file that cannot be read.
pub(crate) fn hint<'e>(error: &'e (dyn Error + 'static)) -> Option<&'static str> {
    let mut causes = std::iter::successors(Some(error), |error| {
        let error: &'e (dyn Error + 'static) = *error;
        error.source()
    });
    match causes.find_map(|cause| cause.downcast_ref::<io::Error>())?.kind() {
        io::ErrorKind::NotFound => Some("there is no such file; check its path"),
        io::ErrorKind::IsADirectory => Some("this is a directory; name a file in it"),
        io::ErrorKind::PermissionDenied => Some("you may not read this file"),
        io::ErrorKind::InvalidData => Some("the file is not text in UTF-8"),
        _ => None,
    }
}
