//! Numbers: jobs of the catalog, and objects counted by a value of theirs.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use ktel_model::standard::schema::{Reads, Source};
use serde_json::{Map, Value};

use crate::file::Group;
use crate::limits;
use ktel_jobs::Cluster;
use ktel_jobs::Context;
use ktel_jobs::Error;

/// Counts the objects of all groups; objects that several groups look at are read once.
///
/// The fields of a kind that the server does not have are omitted: that is not the same as none.
pub(super) async fn count(
    cluster: &Cluster,
    groups: &[Group],
    now: Timestamp,
) -> Result<Map<String, Value>, Error> {
    let cx = Context::new(cluster.clone(), now);
    let mut sources: Vec<&Source> = Vec::new();
    for group in groups {
        if !sources.contains(&&group.source) {
            sources.push(&group.source);
        }
    }
    let mut counts = Counts::default();
    for source in sources {
        let groups: Vec<&Group> = groups.iter().filter(|group| group.source == *source).collect();
        let mut these = Counts::of(&groups);
        let mut pages = cx.pages::<Value>(source, Reads::Object, ktel_jobs::limits::PAGE);
        while let Some(page) = pages.next().await? {
            if page.restarted {
                these = Counts::of(&groups);
            }
            for object in &page.items {
                groups.iter().for_each(|group| these.add(group, object));
            }
        }
        if pages.served() {
            counts.0.extend(these.0);
        }
    }
    Ok(counts.into_fields())
}

/// Counts by the path of their field.
#[derive(Debug, Default)]
struct Counts<'a>(BTreeMap<&'a str, u64>);

impl<'a> Counts<'a> {
    /// Begins with 0 everywhere: that nothing was found is a finding.
    fn of(groups: &[&'a Group]) -> Self {
        let targets = groups.iter().flat_map(|group| group.into.values().chain(&group.other));
        Self(targets.map(|target| (target.as_str(), 0)).collect())
    }

    fn add(&mut self, group: &'a Group, object: &Value) {
        let word = group.by.values(object).into_iter().find_map(Value::as_str);
        let target = word.and_then(|word| group.into.get(word)).or(group.other.as_ref());
        let more = group.sum.as_ref().map_or(1, |path| path.values(object).len() as u64);
        if let Some(target) = target {
            *self.0.entry(target).or_default() += more;
        }
    }

    fn into_fields(self) -> Map<String, Value> {
        let mut fields = Map::new();
        self.0.into_iter().for_each(|(target, count)| put(&mut fields, target, count.into()));
        fields
    }
}

/// Puts a value at a dotted path.
pub(super) fn put(fields: &mut Map<String, Value>, target: &str, value: Value) {
    let mut place = fields;
    let mut parts = target.split('.').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            place.insert(part.to_owned(), value);
            return;
        }
        let inner = place.entry(part).or_insert_with(|| Value::Object(Map::new()));
        let Value::Object(inner) = inner else { return };
        place = inner;
    }
}

/// Gives the time to the next numbers: the period, a little shorter or longer.
pub(super) fn pause(period: Duration, jitter: f64) -> Duration {
    period.mul_f64(1.0 - limits::STATS_JITTER + 2.0 * limits::STATS_JITTER * jitter.clamp(0.0, 1.0))
}

/// Gives the time to the first numbers: the delay, or what is left of the period that a restart cut.
pub(super) fn first(period: Duration, delay: Duration, sent_at: u64, now: Duration) -> Duration {
    let since = now.checked_sub(Duration::from_secs(sent_at)).filter(|_| sent_at > 0);
    since.map_or(delay, |since| delay.max(period.saturating_sub(since)))
}

#[cfg(test)]
mod tests;
