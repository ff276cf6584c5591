//! Values that hold from a moment on. Pure.

use std::collections::BTreeMap;
use std::ops::Bound;

use serde::{Deserialize, Serialize};

use crate::time::Millis;

/// Values, each of which holds from its moment on until the next one.
///
/// It is written as a list of pairs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(Millis, T)>", into = "Vec<(Millis, T)>")]
#[serde(bound(serialize = "T: Clone + Serialize"))]
pub struct Since<T>(BTreeMap<Millis, T>);

impl<T> Default for Since<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T> From<Vec<(Millis, T)>> for Since<T> {
    fn from(values: Vec<(Millis, T)>) -> Self {
        Self(values.into_iter().collect())
    }
}

impl<T> From<Since<T>> for Vec<(Millis, T)> {
    fn from(Since(values): Since<T>) -> Self {
        values.into_iter().collect()
    }
}

impl<T> Since<T> {
    /// Says whether there is no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Says how many values there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Gives the value that holds at a moment.
    pub(crate) fn at(&self, moment: Millis) -> Option<&T> {
        self.0.range(..=moment).next_back().map(|(_, value)| value)
    }

    /// Gives the next moment from which on another value holds.
    pub(crate) fn until(&self, moment: Millis) -> Option<Millis> {
        let after = (Bound::Excluded(moment), Bound::Unbounded);
        self.0.range(after).next().map(|(moment, _)| *moment)
    }

    /// Sets the values from a moment on.
    pub(crate) fn set(&mut self, from: Millis, values: impl IntoIterator<Item = (Millis, T)>) {
        self.0.split_off(&from);
        self.0.extend(values);
    }

    /// Forgets what held before a moment, and what holds at it if that is nothing special.
    pub(crate) fn forget(&mut self, before: Millis, is_usual: impl Fn(&T) -> bool) {
        let holds = self.0.range(..=before).next_back().map(|(moment, _)| *moment);
        let Some(holds) = holds else { return };
        self.0 = self.0.split_off(&holds);
        if self.0.get(&holds).is_some_and(is_usual) {
            self.0.remove(&holds);
        }
    }

    pub(crate) fn retain(&mut self, is_kept: impl Fn(&T) -> bool) {
        self.0.retain(|_, value| is_kept(value));
    }
}
