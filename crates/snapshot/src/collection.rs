//! All objects of one kind, in the order of the API server's keys.

use std::sync::Arc;

use crate::key::KeyRange;
use crate::object::{Item, Stored};
use crate::synthetic::Series;

/// A key and what was put under it; `None` hides an object of the series.
#[derive(Debug, Clone)]
struct Change {
    key: Arc<str>,
    object: Option<Arc<Stored>>,
}

/// The objects of one kind: a series made on demand, and what was put over it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Collection {
    series: Option<Series>,
    /// Sorted by key, each key once.
    changes: Vec<Change>,
}

impl Collection {
    /// Puts what was kept over a series.
    pub(crate) fn over(kept: &Self, series: Series) -> Self {
        Self { series: Some(series), changes: kept.changes.clone() }
    }

    pub(crate) fn get(&self, key: &str) -> Option<Item> {
        match self.find(key) {
            Ok(at) => self.changes[at].object.clone().map(Item::Stored),
            Err(_) => self
                .series
                .as_ref()
                .and_then(|series| series.find(key).map(|index| Item::Made(series.clone(), index))),
        }
    }

    /// Puts an object in place and returns the one that was there.
    pub(crate) fn put(&mut self, key: &str, object: Arc<Stored>) -> Option<Item> {
        let before = self.get(key);
        match self.find(key) {
            Ok(at) => self.changes[at].object = Some(object),
            Err(at) => {
                self.changes.insert(at, Change { key: key.into(), object: Some(object) });
            }
        }
        before
    }

    /// Removes an object and returns it.
    pub(crate) fn remove(&mut self, key: &str) -> Option<Item> {
        let before = self.get(key)?;
        let in_series = self.series.as_ref().is_some_and(|series| series.find(key).is_some());
        match (self.find(key), in_series) {
            (Ok(at), true) => self.changes[at].object = None,
            (Ok(at), false) => {
                self.changes.remove(at);
            }
            (Err(at), _) => self.changes.insert(at, Change { key: key.into(), object: None }),
        }
        Some(before)
    }

    /// Counts the objects of a range in time logarithmic in the series.
    pub(crate) fn count(&self, range: &KeyRange) -> usize {
        let (changes_from, changes_to) = self.changed(range);
        let changes = &self.changes[changes_from..changes_to];
        let Some(series) = &self.series else { return changes.len() };
        let (from, to) = series_range(series, range);
        let hidden = changes.iter().filter(|change| series.find(&change.key).is_some()).count();
        let kept = changes.iter().filter(|change| change.object.is_some()).count();
        to - from - hidden + kept
    }

    /// Walks over the objects of a range in the order of their keys.
    pub(crate) fn walk(self: &Arc<Self>, range: &KeyRange) -> Walk {
        let (change, change_end) = self.changed(range);
        let (made, made_end) = match &self.series {
            Some(series) => series_range(series, range),
            None => (0, 0),
        };
        Walk { collection: Arc::clone(self), change, change_end, made, made_end }
    }

    fn find(&self, key: &str) -> Result<usize, usize> {
        self.changes.binary_search_by(|change| (*change.key).cmp(key))
    }

    fn changed(&self, range: &KeyRange) -> (usize, usize) {
        let from = self.changes.partition_point(|change| *change.key < *range.start);
        let to = match &range.end {
            Some(end) => self.changes.partition_point(|change| *change.key < **end),
            None => self.changes.len(),
        };
        (from, to.max(from))
    }
}

fn series_range(series: &Series, range: &KeyRange) -> (usize, usize) {
    let from = series.position(&range.start);
    let to = range.end.as_ref().map_or(series.len(), |end| series.position(end));
    (from, to.max(from))
}

/// A walk over a range, which yields each object with its key.
#[derive(Debug)]
pub(crate) struct Walk {
    collection: Arc<Collection>,
    change: usize,
    change_end: usize,
    made: usize,
    made_end: usize,
}

impl Iterator for Walk {
    type Item = (Arc<str>, Item);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let made = (self.made < self.made_end)
                .then(|| self.collection.series.as_ref().map(|series| series.key(self.made)))
                .flatten();
            let change =
                (self.change < self.change_end).then(|| &self.collection.changes[self.change]);
            let (change, covers) = match (made, change) {
                (None, None) => return None,
                (Some(made), change) if change.is_none_or(|change| *made < *change.key) => {
                    let series = self.collection.series.clone()?;
                    let item = Item::Made(series, self.made);
                    self.made += 1;
                    return Some((made.into(), item));
                }
                (made, Some(change)) => (change, made.is_some_and(|made| *made == *change.key)),
                (Some(_), None) => return None, // taken by the arm above
            };
            self.change += 1;
            self.made += usize::from(covers);
            if let Some(object) = &change.object {
                return Some((Arc::clone(&change.key), Item::Stored(Arc::clone(object))));
            }
        }
    }
}
