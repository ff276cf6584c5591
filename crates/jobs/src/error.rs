//! What can go wrong while a job reads, and what to do about it.

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

/// Why a job gave no section.
#[derive(Debug, Clone, Error)]
pub enum Error {
    /// The API server refused: the role lacks a rule.
    #[error("may not {verb} `{what}`")]
    Forbidden {
        /// `get` or `list`.
        verb: &'static str,
        /// `resource.group`, or a path.
        what: String,
    },
    /// The API server does not know the caller.
    #[error("the API server does not accept these credentials")]
    Unauthorized,
    /// The job or the whole workflow took too long.
    #[error("gave up after {} s", after.as_secs_f32())]
    Timeout {
        /// The limit that was reached.
        after: Duration,
    },
    /// No answer came.
    #[error("no answer from the API server")]
    Unreachable {
        /// What the transport says.
        source: Arc<kube::Error>,
    },
    /// An answer broke off or is longer than [`limits::ANSWER_BYTES_MAX`](crate::limits::ANSWER_BYTES_MAX).
    #[error("the answer for `{what}` is cut off or too long")]
    Cut {
        /// What was asked for.
        what: String,
        /// What the transport says.
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// An answer is not what the API documents.
    #[error("the answer for `{what}` cannot be read")]
    Malformed {
        /// What was asked for.
        what: String,
        /// Where it stops making sense.
        source: Arc<serde_json::Error>,
    },
    /// The objects changed faster than they could be paged through, twice.
    #[error("`{what}` changed faster than it could be read")]
    Expired {
        /// What was asked for.
        what: String,
    },
    /// Any other refusal.
    #[error("the API server answered {code} for `{what}`: {message}")]
    Refused {
        /// What was asked for.
        what: String,
        /// The HTTP status.
        code: u16,
        /// What the server says.
        message: String,
    },
    /// A job that this one needs gave no section.
    #[error("needs `{job}`, which gave no section")]
    Needs {
        /// The job it waits for.
        job: String,
    },
    /// The job's code panicked.
    #[error("the job panicked")]
    Panicked,
    /// The product's own workload is not known.
    #[error("the product's own workload was not found")]
    NoProduct {
        /// The selector that found nothing; `None` when there was nothing to look for.
        selector: Option<String>,
    },
    /// More was found than may be remembered.
    #[error("more than {limit} different values of `{what}`")]
    TooMany {
        /// What was counted.
        what: String,
        /// The limit.
        limit: usize,
    },
    /// A job of an embedder failed in its own way.
    #[error("the job failed")]
    Failed {
        /// What it says.
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
}

/// The closed list of reasons for which a section is absent; this, and no text, is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// A role lacks a rule.
    Forbidden,
    /// The credentials are not accepted.
    Unauthorized,
    /// It took too long.
    Timeout,
    /// No answer came, or it broke off.
    Unreachable,
    /// An answer was refused or made no sense.
    BadAnswer,
    /// A needed job is absent.
    Needs,
    /// The job's code failed.
    Failed,
    /// The product's workload is not known.
    NoProduct,
    /// A limit was reached.
    TooMany,
}

impl Reason {
    /// Gives the word that is sent.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Forbidden => "forbidden",
            Self::Unauthorized => "unauthorized",
            Self::Timeout => "timeout",
            Self::Unreachable => "unreachable",
            Self::BadAnswer => "bad-answer",
            Self::Needs => "needs",
            Self::Failed => "failed",
            Self::NoProduct => "no-product",
            Self::TooMany => "too-many",
        }
    }
}

impl Error {
    /// Wraps the failure of an embedder's job.
    pub fn failed(source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Failed { source: Arc::new(source) }
    }

    /// Gives the reason that is sent.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::Forbidden { .. } => Reason::Forbidden,
            Self::Unauthorized => Reason::Unauthorized,
            Self::Timeout { .. } => Reason::Timeout,
            Self::Unreachable { .. } | Self::Cut { .. } => Reason::Unreachable,
            Self::Malformed { .. } | Self::Refused { .. } | Self::Expired { .. } => {
                Reason::BadAnswer
            }
            Self::Needs { .. } => Reason::Needs,
            Self::Panicked | Self::Failed { .. } => Reason::Failed,
            Self::NoProduct { .. } => Reason::NoProduct,
            Self::TooMany { .. } => Reason::TooMany,
        }
    }

    /// Says what to do next about the failure of `job`, where that is known.
    #[must_use]
    pub fn hint(&self, job: &str) -> Option<String> {
        Some(match self {
            Self::Forbidden { .. } => format!(
                "`ktel jobs rbac --jobs {job} | kubectl apply -f -` makes the role; bind it to who runs this"
            ),
            Self::Unauthorized => {
                "the token or certificate has expired or belongs to another cluster; log in again"
                    .into()
            }
            Self::Timeout { .. } => "allow more with `--timeout` or `--job-timeout`".into(),
            Self::Unreachable { .. } => {
                "is the API server of this kubeconfig up, and reachable from here?".into()
            }
            Self::NoProduct { selector: None } => {
                "name the product with `--product` or `--product-selector`, or set POD_NAMESPACE and POD_NAME".into()
            }
            Self::NoProduct { selector: Some(selector) } => {
                format!("`kubectl get deployments,daemonsets,statefulsets -A -l {selector}` shows what matches")
            }
            Self::Panicked => "this is a fault in the job; please report it".into(),
            Self::Cut { .. }
            | Self::Malformed { .. }
            | Self::Expired { .. }
            | Self::Refused { .. }
            | Self::Needs { .. }
            | Self::TooMany { .. }
            | Self::Failed { .. } => return None,
        })
    }
}
