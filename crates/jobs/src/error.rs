//! Why a job gave no section, and what to do about it.

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

/// Why a job gave no section.
#[derive(Debug, Clone, Error)]
pub enum Error {
    /// The role lacks a rule (403).
    #[error("may not {verb} `{what}`")]
    Forbidden {
        /// `get` or `list`.
        verb: &'static str,
        /// `resource.group`, or a path.
        what: String,
    },
    /// The API server does not accept the credentials (401).
    #[error("the API server does not accept these credentials")]
    Unauthorized,
    /// The job or the whole workflow took too long.
    #[error("timed out after {} s", after.as_secs_f32())]
    Timeout {
        /// The limit that was reached.
        after: Duration,
    },
    /// No answer came.
    #[error("no answer from the API server")]
    Unreachable {
        /// The error of the transport.
        source: Arc<kube::Error>,
    },
    /// An answer was cut off, or is longer than
    /// [`limits::ANSWER_BYTES_MAX`](crate::limits::ANSWER_BYTES_MAX).
    #[error("the answer for `{what}` is cut off or too long")]
    Cut {
        /// What was asked for.
        what: String,
        /// The error of the transport.
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// An answer is not what the API documents.
    #[error("the answer for `{what}` cannot be read")]
    Malformed {
        /// What was asked for.
        what: String,
        /// Where and why.
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// A required field has no value that its schema allows.
    #[error("the field is required, and no value of its type was found")]
    NoValue,
    /// The continue token expired, twice.
    #[error("`{what}` changed faster than it could be read")]
    Expired {
        /// What was asked for.
        what: String,
    },
    /// Any other answer without success.
    #[error("the API server answered {code} for `{what}`: {message}")]
    UnexpectedStatus {
        /// What was asked for.
        what: String,
        /// The HTTP status.
        code: u16,
        /// The message of the server.
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
        /// The selector that matched nothing; `None` when no selector is known.
        selector: Option<String>,
        /// The namespace and the name of the pod that leads to no workload.
        own_pod: Option<(String, String)>,
    },
    /// A limit of what is kept in memory was reached.
    #[error("more than {limit} different values of `{what}`")]
    TooMany {
        /// What was counted.
        what: String,
        /// The limit.
        limit: usize,
    },
    /// A job of an embedder failed with an error of its own.
    #[error("the job failed")]
    Failed {
        /// Its error.
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
}

/// Why a section is absent. Reports have this word, and no text of the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// A role lacks a rule.
    Forbidden,
    /// The credentials are not accepted.
    Unauthorized,
    /// It took too long.
    Timeout,
    /// No answer came, or it was cut off.
    Unreachable,
    /// The server answered without success, or its answer cannot be read.
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
            Self::Malformed { .. }
            | Self::NoValue
            | Self::UnexpectedStatus { .. }
            | Self::Expired { .. } => Reason::BadAnswer,
            Self::Needs { .. } => Reason::Needs,
            Self::Panicked | Self::Failed { .. } => Reason::Failed,
            Self::NoProduct { .. } => Reason::NoProduct,
            Self::TooMany { .. } => Reason::TooMany,
        }
    }

    /// Says what to do about the failure of `job`, if this is known.
    #[must_use]
    pub fn hint(&self, job: &str) -> Option<String> {
        Some(match self {
            Self::Forbidden { .. } => format!(
                "`ktel jobs rbac --jobs {job} | kubectl apply -f -` makes the role; then bind it to the account that runs ktel"
            ),
            Self::Unauthorized => {
                "the token or certificate has expired, or belongs to another cluster; log in again"
                    .into()
            }
            Self::Timeout { .. } => "set a longer `--timeout` or `--job-timeout`".into(),
            Self::Unreachable { .. } => {
                "is the API server of this kubeconfig up, and reachable from here?".into()
            }
            Self::NoProduct { selector: None, own_pod: None } => {
                "name the product with `--product` or `--product-selector`, or set POD_NAMESPACE and POD_NAME".into()
            }
            Self::NoProduct { selector: None, own_pod: Some((namespace, pod)) } => {
                format!("the pod `{pod}` in namespace `{namespace}` belongs to no Deployment, DaemonSet or StatefulSet, nor does the release in its label app.kubernetes.io/instance; name the product with `--product` or `--product-selector`")
            }
            Self::NoProduct { selector: Some(selector), .. } => {
                format!("`kubectl get deployments,daemonsets,statefulsets -A -l {selector}` shows what matches")
            }
            Self::Panicked => "this is a bug in the job; please report it".into(),
            Self::Cut { .. }
            | Self::Malformed { .. }
            | Self::NoValue
            | Self::Expired { .. }
            | Self::UnexpectedStatus { .. }
            | Self::Needs { .. }
            | Self::TooMany { .. }
            | Self::Failed { .. } => return None,
        })
    }
}
