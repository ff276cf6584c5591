//! Numbers that a controller counts itself.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use futures::future::BoxFuture;
use serde::Serialize;
use serde_json::{Map, Value};
use thiserror::Error;
use tokio::time::timeout;

use ktel_jobs::Reason;

type Cause = Box<dyn std::error::Error + Send + Sync>;
type Function = dyn Fn() -> BoxFuture<'static, Result<Value, Cause>> + Send + Sync;

/// A function of a controller, called once a period.
pub(super) struct Numbers(Box<Function>);

/// Why a controller's function gave no numbers.
#[derive(Debug, Error)]
pub(super) enum Error {
    /// It says so.
    #[error("the controller's function failed")]
    Failed {
        /// What it says.
        source: Cause,
    },
    #[error("the controller's function panicked")]
    Panicked,
    /// It did not end.
    #[error("the controller's function gave nothing for {} s", ktel_jobs::limits::JOB_TIMEOUT.as_secs())]
    Timeout,
    /// What it gave has no fields.
    #[error("the controller's function gave no fields")]
    NoFields,
}

impl Error {
    /// Gives the word that is sent; no text is.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Self::Timeout => Reason::Timeout.word(),
            Self::Failed { .. } | Self::Panicked | Self::NoFields => Reason::Failed.word(),
        }
    }
}

impl Numbers {
    pub(super) fn of<F, Future, Fields, Fault>(function: F) -> Self
    where
        F: Fn() -> Future + Send + Sync + 'static,
        Future: std::future::Future<Output = Result<Fields, Fault>> + Send + 'static,
        Fields: Serialize,
        Fault: Into<Cause>,
    {
        Self(Box::new(move || {
            let counted = function();
            async move { Ok(serde_json::to_value(counted.await.map_err(Into::into)?)?) }.boxed()
        }))
    }

    /// Counts once. The fields are judged by nobody yet.
    pub(super) async fn count(&self) -> Result<Map<String, Value>, Error> {
        let counting = AssertUnwindSafe(async { (self.0)().await }).catch_unwind();
        match timeout(ktel_jobs::limits::JOB_TIMEOUT, counting).await {
            Ok(Ok(Ok(Value::Object(fields)))) => Ok(fields),
            Ok(Ok(Ok(_))) => Err(Error::NoFields),
            Ok(Ok(Err(source))) => Err(Error::Failed { source }),
            Ok(Err(panic)) => {
                let _: Box<dyn Any + Send> = panic; // the panic hook has said it already
                Err(Error::Panicked)
            }
            Err(_) => Err(Error::Timeout),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::Numbers;

    async fn count(act: fn() -> Value) -> Result<Value, String> {
        let numbers = Numbers::of(move || async move { Ok::<_, io::Error>(act()) });
        numbers.count().await.map(Value::Object).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_function_that_fails_or_panics_is_a_failure_and_nothing_more() {
        assert_eq!(count(|| json!({"lit": 3})).await, Ok(json!({"lit": 3})));
        assert!(count(|| json!(3)).await.unwrap_err().contains("no fields"));
        assert!(count(|| panic!("on purpose")).await.unwrap_err().contains("panicked"));
        let failing = Numbers::of(|| async { Err::<(), _>(io::Error::other("no")) });
        assert_eq!(failing.count().await.unwrap_err().reason(), "failed");
        let panicking = Numbers::of(|| -> std::future::Ready<Result<(), io::Error>> {
            panic!("before there is a future")
        });
        assert_eq!(panicking.count().await.unwrap_err().reason(), "failed");
    }

    #[tokio::test(start_paused = true)]
    async fn a_function_that_hangs_is_given_up() {
        let hanging = Numbers::of(|| async {
            tokio::time::sleep(Duration::from_secs(100_000)).await;
            Ok::<_, io::Error>(())
        });
        assert_eq!(hanging.count().await.unwrap_err().reason(), "timeout");
    }
}
