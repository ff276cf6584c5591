//! Reads that are made once per run. The first caller reads, and the others wait for the result.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex};

use tokio::sync::OnceCell;

use crate::error::Error;

/// A read that is made once per run. A failure is kept too: asking again within the run would
/// double the load on a server that is in trouble.
pub(crate) type Once<T> = OnceCell<Result<T, Error>>;

/// Reads that are made once per run and key.
pub(crate) struct OncePerKey<K, T>(Mutex<HashMap<K, Arc<Once<T>>>>);

impl<K, T> Default for OncePerKey<K, T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Hash + Eq, T: Clone> OncePerKey<K, T> {
    pub(crate) async fn get_or(
        &self,
        key: K,
        read: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let cell = {
            let mut cells = self.0.lock().expect("no code panics while it holds this lock");
            Arc::clone(cells.entry(key).or_default())
        };
        cell.get_or_init(|| read).await.clone()
    }
}
