//! Numbers: jobs of the catalog, and objects counted by a value of theirs.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use ktel_model::standard::schema::{Reads, Source};
use serde_json::{Map, Value};

use super::file::Group;
use crate::cluster::Cluster;
use crate::context::Context;
use crate::error::Error;
use crate::limits;

/// Counts the objects of all groups; objects that several groups look at are read once.
///
/// A kind that the server does not have leaves its fields out: that is not the same as none.
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
        let mut pages = cx.pages::<Value>(source, Reads::Object, limits::PAGE);
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
        for (target, count) in self.0 {
            let mut place = &mut fields;
            let mut parts = target.split('.').peekable();
            while let Some(part) = parts.next() {
                if parts.peek().is_none() {
                    place.insert(part.to_owned(), count.into());
                    break;
                }
                let inner = place.entry(part).or_insert_with(|| Value::Object(Map::new()));
                let Value::Object(inner) = inner else { break };
                place = inner;
            }
        }
        fields
    }
}

/// Gives the time to the next numbers: the period, a little shorter or longer.
pub(super) fn pause(period: Duration, luck: f64) -> Duration {
    period.mul_f64(1.0 - limits::STATS_JITTER + 2.0 * limits::STATS_JITTER * luck.clamp(0.0, 1.0))
}

/// Gives the time to the first numbers: the delay, or what is left of the period that a restart cut.
pub(super) fn first(period: Duration, delay: Duration, sent_at: u64, now: Duration) -> Duration {
    let since = now.checked_sub(Duration::from_secs(sent_at)).filter(|_| sent_at > 0);
    since.map_or(delay, |since| delay.max(period.saturating_sub(since)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::super::file::Group;
    use super::{Counts, first, pause};
    use crate::declared::path::Path;
    use ktel_model::standard::schema::Source;

    fn group(path: &str, sum: Option<&str>, into: &[(&str, &str)], other: Option<&str>) -> Group {
        let (group, resource) = ("kamaji.clastix.io".into(), "tenantcontrolplanes".into());
        Group {
            source: Source { group, resource, namespace: None, labels: None, path: None },
            by: Path::compile(path).unwrap(),
            sum: sum.map(|path| Path::compile(path).unwrap()),
            into: into.iter().map(|(word, field)| ((*word).into(), (*field).into())).collect(),
            other: other.map(str::to_owned),
        }
    }

    #[track_caller]
    fn check(groups: &[Group], objects: &[Value], expected: &Value) {
        let groups: Vec<&Group> = groups.iter().collect();
        let mut counts = Counts::of(&groups);
        for object in objects {
            groups.iter().for_each(|group| counts.add(group, object));
        }
        assert_eq!(&Value::Object(counts.into_fields()), expected);
    }

    #[test]
    fn objects_are_counted_by_their_status_and_everything_else_together() {
        let into = [("Sleeping", "sleeping"), ("NotReady", "not_ready")];
        let groups = [group(".status.phase", None, &into, Some("running"))];
        let phase = |phase: &str| json!({"status": {"phase": phase}});
        let objects = [phase("Ready"), phase("Sleeping"), json!({}), phase("Sleeping")];
        check(&groups, &objects, &json!({"not_ready": 0, "running": 2, "sleeping": 2}));
        check(&groups, &[], &json!({"not_ready": 0, "running": 0, "sleeping": 0}));
    }

    #[test]
    fn the_nested_form_of_the_ancestor_comes_out() {
        let drivers = [("etcd", "datastores.etcd.count")];
        let used = [("etcd", "datastores.etcd.used_by_count")];
        let groups = [
            group(".spec.driver", None, &drivers, None),
            group(".spec.driver", Some(".status.usedBy[*]"), &used, None),
        ];
        let store = |by: &[&str]| json!({"spec": {"driver": "etcd"}, "status": {"usedBy": by}});
        let objects = [store(&["a", "b"]), store(&["c"]), json!({"spec": {"driver": "Own"}})];
        check(
            &groups,
            &objects,
            &json!({"datastores": {"etcd": {"count": 2, "used_by_count": 3}}}),
        );
    }

    #[test]
    fn a_restart_neither_repeats_numbers_nor_skips_them() {
        let (hour, minute) = (Duration::from_secs(3600), Duration::from_secs(60));
        for (sent_at, now, expected) in [
            (0, 100_000, minute),
            (100_000 - 600, 100_000, hour - Duration::from_secs(600)),
            (100_000 - 7200, 100_000, minute),
            (200_000, 100_000, minute),
        ] {
            let pause = first(hour, minute, sent_at, Duration::from_secs(now));
            assert_eq!(pause, expected, "sent at {sent_at}, now {now}");
        }
    }

    #[test]
    fn a_period_varies_by_a_tenth() {
        let period = Duration::from_secs(100);
        for (luck, expected) in [(0.0, 90), (0.5, 100), (1.0, 110)] {
            assert_eq!(pause(period, luck), Duration::from_secs(expected));
        }
    }
}
