//! The categories of errors that come up while jobs read a cluster.

use std::error::Error;

use ktel_model::error_category::{Classifier, ErrorCategory, find, of_status};

use crate::error::Error as JobError;
use crate::{catalog, merge};

/// Classifies the errors of jobs, of their catalog, and of the Kubernetes client.
#[derive(Debug, Clone, Copy, Default)]
pub struct JobErrors;

impl Classifier for JobErrors {
    fn category(&self, error: &(dyn Error + 'static)) -> Option<ErrorCategory> {
        if let Some(error) = find::<kube::Error>(error) {
            let kube::Error::Api(status) = error else { return None };
            return of_status(status.code);
        }
        if let Some(error) = find::<JobError>(error) {
            return of_job(error);
        }
        let input =
            find::<catalog::Error>(error).is_some() || find::<merge::Error>(error).is_some();
        input.then_some(ErrorCategory::InvalidInput)
    }

    fn fallback(&self, error: &(dyn Error + 'static)) -> Option<ErrorCategory> {
        if let Some(error) = find::<JobError>(error) {
            let lost = matches!(error, JobError::Unreachable { .. } | JobError::Cut { .. });
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
}

fn of_job(error: &JobError) -> Option<ErrorCategory> {
    match error {
        JobError::Forbidden { .. } | JobError::Unauthorized => Some(ErrorCategory::Auth),
        JobError::Timeout { .. } => Some(ErrorCategory::Timeout),
        JobError::Expired { .. } => Some(ErrorCategory::Conflict),
        JobError::UnexpectedStatus { code, .. } => of_status(*code),
        JobError::Panicked => Some(ErrorCategory::Internal),
        JobError::NoProduct { .. } | JobError::Needs { .. } => Some(ErrorCategory::NotFound),
        JobError::TooMany { .. } => Some(ErrorCategory::InvalidInput),
        // The server's answer, not the user's input.
        JobError::Malformed { .. } | JobError::NoValue => Some(ErrorCategory::Internal),
        JobError::Unreachable { .. } | JobError::Cut { .. } | JobError::Failed { .. } => None,
    }
}
