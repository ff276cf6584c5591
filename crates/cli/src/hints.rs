//! What to do when the connection to the cluster fails. Such a failure affects all jobs.

use std::error::Error;
use std::io;

use ktel::{Failure, Reason};
use rustls::CertificateError;

/// Decides whether all jobs failed because of the connection. Then the error is printed once, not
/// per job.
pub(crate) fn common(failures: &[Failure], jobs: usize) -> Option<&ktel::Error> {
    let first = failures.first()?;
    let of_connection = |failure: &Failure| {
        matches!(failure.error.reason(), Reason::Unauthorized | Reason::Unreachable)
    };
    let of_jobs = failures.iter().filter(|failure| failure.field.is_none()).count();
    (of_jobs == jobs && failures.iter().all(of_connection)).then_some(&first.error)
}

/// Gives the hint for a known cause of the error, else the hint for the job.
pub(crate) fn of(error: &ktel::Error, job: &str) -> Option<String> {
    let deeper = match error {
        ktel::Error::Unreachable { source } => causes(source.as_ref()).find_map(of_cause),
        _ => None,
    };
    deeper.map(str::to_owned).or_else(|| error.hint(job))
}

fn of_cause(cause: &(dyn Error + 'static)) -> Option<&'static str> {
    if let Some(error) = cause.downcast_ref::<rustls::Error>() {
        return Some(match error {
            rustls::Error::InvalidCertificate(
                CertificateError::Expired | CertificateError::ExpiredContext { .. },
            ) => "the API server's certificate has expired",
            // The second one occurs when two authorities have the same name.
            rustls::Error::InvalidCertificate(
                CertificateError::UnknownIssuer | CertificateError::BadSignature,
            ) => {
                "the API server's certificate is not from the authority in the kubeconfig; is it the kubeconfig of this cluster?"
            }
            rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            ) => "the API server's certificate is not valid for this address",
            rustls::Error::InvalidCertificate(_) => "the API server's certificate is not valid",
            rustls::Error::InvalidMessage(_) => {
                "this port does not speak TLS; is it that of an API server? For plain HTTP, write `http://` in the kubeconfig"
            }
            _ => "the TLS connection failed; is this the port of an API server?",
        });
    }
    match cause.downcast_ref::<io::Error>()?.kind() {
        io::ErrorKind::ConnectionRefused => Some(
            "nothing listens there; is the API server running, and the address in the kubeconfig right?",
        ),
        io::ErrorKind::TimedOut => Some("no answer in time; is the cluster reachable from here?"),
        _ => None,
    }
}

/// Gives all causes. I/O errors hide the error that they wrap, so they need `get_ref`.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| {
        let error: &'a (dyn Error + 'static) = *error;
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        }
    })
}

/// Writes an error with its causes. A cause that an outer error has already printed is omitted.
pub(crate) fn text(error: &ktel::Error) -> String {
    let mut text = error.to_string();
    for cause in causes(error).skip(1) {
        // The client library's names of its own layers tell a user nothing.
        let cause = cause.to_string();
        let cause = cause.strip_prefix("ServiceError: ").unwrap_or(&cause);
        let cause = match cause.split_once("client error (") {
            Some(("", rest)) => rest.split_once("): ").map_or("", |(_, cause)| cause),
            _ => cause,
        };
        if !text.contains(cause) {
            text.push_str(": ");
            text.push_str(cause);
        }
    }
    text
}
