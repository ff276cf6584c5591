//! Made-up installations of a gateway: what each of them sends, week by week, while upgrades are under way.
//!
//! The same dice fall in every run; only the weeks depend on the day.

use jiff::ToSpan;
use jiff::civil::Date;
use ktel_server::tally::week;
use serde_json::{Map, Value, json};

use crate::limits::{DEMO_INSTALLATIONS, DEMO_WEEKS};

/// The schemas of the gateway.
pub(super) const GATEWAY: &str = "example/gateway";
pub(super) const UPGRADE: &str = "example/upgrade";

/// The versions of the gateway, and how many weeks ago each was released.
const RELEASES: [(&str, i64); 5] =
    [("1.4.2", 70), ("1.5.1", 22), ("1.6.0", 11), ("1.6.3", 8), ("1.7.0", 4)];
/// The versions of Kubernetes.
const KUBERNETES: [(&str, i64); 4] =
    [("v1.31.4", 90), ("v1.32.3", 40), ("v1.33.2", 18), ("v1.34.1", 6)];
/// Words with their shares of a hundred.
const PROVIDERS: [(&str, u64); 5] =
    [("eks", 38), ("gke", 24), ("aks", 18), ("openshift", 7), ("on-premises", 13)];
const INSTALLS: [(&str, u64); 4] = [("helm", 58), ("argocd", 24), ("flux", 11), ("olm", 7)];
const NODES: [i64; 10] = [1, 1, 3, 3, 5, 8, 14, 30, 80, 260];

/// What one installation sends at once.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sent {
    /// The day.
    pub(super) day: Date,
    /// The number of the installation.
    pub(super) installation: u64,
    /// Its sections, by schema.
    pub(super) sections: Vec<(String, Map<String, Value>)>,
}

/// Gives what all installations send until today. Some of them send the report of the built-in jobs, too,
/// which is that of the demonstration's cluster, made larger or smaller.
pub(super) fn all(today: Date, report: &Map<String, Value>) -> impl Iterator<Item = Sent> {
    let weeks = (0..DEMO_WEEKS).rev();
    weeks.flat_map(move |back| {
        (0..DEMO_INSTALLATIONS).filter_map(move |number| sent(today, number, back, report))
    })
}

/// The random id of an installation.
pub(super) fn id(installation: u64) -> String {
    let [one, two] = [dice(installation, "id"), dice(installation, "more of the id")];
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        one >> 32,
        one >> 16 & 0xffff,
        one & 0xfff,
        two >> 48 & 0xfff,
        two & 0xffff_ffff_ffff
    )
}

fn sent(today: Date, number: u64, back: i64, report: &Map<String, Value>) -> Option<Sent> {
    // Three in four were there from the beginning; the others came later.
    let came = i64::try_from(dice(number, "came") % 100).ok()? - 75;
    if came > 0 && back > DEMO_WEEKS - 1 - came / 2 {
        return None;
    }
    // Some miss a week.
    if dice(number + 1000 * u64::try_from(back).ok()?, "missed") % 100 < 4 {
        return None;
    }
    let monday = week(today).checked_sub(back.weeks()).ok()?;
    let day = monday.checked_add(i64::try_from(number % 7).ok()?.days()).ok()?;
    if day > today {
        return None;
    }
    let mut sections = vec![(GATEWAY.to_owned(), gateway(number, back))];
    let [before, now] = [back + 1, back].map(|back| version(number, &RELEASES, "release", back));
    if before != now {
        sections.push((
            UPGRADE.to_owned(),
            object(&json!({"old_version": before, "new_version": now})),
        ));
    }
    if number.is_multiple_of(3) {
        sections.extend(jobs(number, back, report));
    }
    Some(Sent { day, installation: number, sections })
}

fn gateway(number: u64, back: i64) -> Map<String, Value> {
    let version_now = version(number, &RELEASES, "release", back);
    let is_new = version_now.starts_with("1.6") || version_now.starts_with("1.7");
    let chance =
        |what, percent: i64| i64::try_from(dice(number, what) % 100).is_ok_and(|it| it < percent);
    let elapsed = DEMO_WEEKS - back;
    let features = [
        ("gateway-api", chance("gateway-api", 28 + 3 * elapsed)),
        ("rate-limiting", chance("rate-limiting", 56)),
        ("mtls", chance("mtls", 38 + elapsed)),
        ("wasm", is_new && chance("wasm", 34)),
    ];
    let features: Vec<&str> =
        features.into_iter().filter(|(_, is_used)| *is_used).map(|(name, _)| name).collect();
    object(&json!({
        "id": id(number),
        "version": version_now,
        "kubernetes_version": version(number, &KUBERNETES, "kubernetes", back),
        "provider": word(number, "provider", &PROVIDERS),
        "install": word(number, "install", &INSTALLS),
        "nodes": nodes(number),
        "features": features,
    }))
}

fn nodes(number: u64) -> i64 {
    let at = usize::try_from(dice(number, "nodes") % 10).unwrap_or(0);
    NODES.get(at).copied().unwrap_or(1)
}

/// The version of an installation so many weeks ago. One that was slow once is slow again.
fn version(number: u64, releases: &[(&'static str, i64)], what: &str, back: i64) -> &'static str {
    let slow = dice(number, "slow") % 100;
    let has = |released: i64, name: &str| {
        let own = dice(number, &format!("{what} {name}")) % 100;
        let slow = i64::try_from((3 * slow + own) / 4).unwrap_or(0);
        released - slow * slow / 330 >= back
    };
    let first = releases.first().map_or("", |(name, _)| name);
    let newest = releases.iter().rev().find(|(name, released)| has(*released, name));
    newest.map_or(first, |(name, _)| name)
}

/// The sections of the built-in jobs: of another cluster.
fn jobs(number: u64, back: i64, report: &Map<String, Value>) -> Vec<(String, Map<String, Value>)> {
    let size = nodes(number);
    let of_job = |(job, section): (&String, &Value)| {
        let mut section = section.as_object()?.clone();
        for (field, value) in &mut section {
            vary(value, &format!("{job} {field}"), number, size);
        }
        match job.as_str() {
            "identify-platform" => {
                let own = json!(version(number, &KUBERNETES, "kubernetes", back));
                section.insert("kubernetes_version".to_owned(), own);
            }
            "identify-deployment" => {
                let own = json!(version(number, &RELEASES, "release", back));
                section.insert("version".to_owned(), own);
                let own = json!(word(number, "install", &INSTALLS));
                section.insert("lifecycle".to_owned(), own);
            }
            _ => {}
        }
        Some((format!("ktel/{job}"), section))
    };
    report.iter().filter_map(of_job).collect()
}

/// Makes a value that of another cluster.
fn vary(value: &mut Value, name: &str, number: u64, size: i64) {
    let roll = dice(number, name) % 100;
    match value {
        Value::Number(count) => {
            let count = count.as_i64().unwrap_or(0);
            let larger = count.saturating_mul(size) * i64::try_from(50 + roll).unwrap_or(0) / 100;
            *value = json!(if roll < 12 { 0 } else { larger });
        }
        Value::Bool(flag) => *flag = if roll < 30 { !*flag } else { *flag },
        Value::Array(list) => {
            list.retain(|one| dice(number, &format!("{name} {one}")) % 100 < 70);
        }
        Value::Object(map) => {
            for (key, value) in map {
                vary(value, &format!("{name} {key}"), number, size);
            }
        }
        Value::Null | Value::String(_) => {}
    }
}

fn word(number: u64, what: &str, words: &[(&'static str, u64)]) -> &'static str {
    let mut roll = dice(number, what) % 100;
    for (word, share) in words {
        if roll < *share {
            return word;
        }
        roll -= share;
    }
    words.first().map_or("", |(word, _)| word)
}

/// Throws dice that fall the same in every run: FNV-1a with the finisher of splitmix64.
fn dice(number: u64, what: &str) -> u64 {
    let bytes = number.to_le_bytes().into_iter().chain(what.bytes());
    let mut hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use jiff::civil::date;
    use ktel_server::tally::week;
    use serde_json::{Map, json};

    use super::{GATEWAY, UPGRADE, all, id};
    use crate::limits::{DEMO_INSTALLATIONS, DEMO_WEEKS};

    #[test]
    fn upgrades_are_under_way_in_every_week_and_nothing_is_of_tomorrow() {
        for today in [date(2026, 11, 16), date(2026, 11, 22), date(2027, 1, 1)] {
            let sent: Vec<_> = all(today, &Map::new()).collect();
            assert!(sent.iter().all(|sent| sent.day <= today));
            let weeks: BTreeSet<_> = sent.iter().map(|sent| week(sent.day)).collect();
            assert_eq!(i64::try_from(weeks.len()).unwrap(), DEMO_WEEKS);
            let installations: BTreeSet<_> = sent.iter().map(|sent| sent.installation).collect();
            assert!(installations.len() > 280, "{}", installations.len());
            let mut newest: BTreeMap<_, usize> = BTreeMap::new();
            for one in &sent {
                let (_, gateway) = one.sections.iter().find(|(name, _)| name == GATEWAY).unwrap();
                *newest.entry(week(one.day)).or_default() +=
                    usize::from(gateway["version"] == "1.7.0");
            }
            let newest: Vec<usize> = newest.into_values().collect();
            assert_eq!(newest[0], 0, "it is not released yet");
            assert!(newest[11] > 50 && newest[11] > newest[9], "{newest:?}");
            let upgrades =
                sent.iter().flat_map(|sent| &sent.sections).filter(|(name, _)| name == UPGRADE);
            assert!(upgrades.count() > 300);
        }
    }

    #[test]
    fn installations_are_the_same_in_every_run_and_differ() {
        let ids: BTreeSet<_> = (0..DEMO_INSTALLATIONS).map(id).collect();
        assert_eq!(ids.len(), 300);
        let today = date(2026, 11, 22);
        let report = json!({"cluster-state": {"pods": 10}}).as_object().unwrap().clone();
        let [one, two] = [(); 2].map(|()| all(today, &report).collect::<Vec<_>>());
        assert_eq!(one, two);
        let pods: BTreeSet<_> = one
            .iter()
            .flat_map(|sent| &sent.sections)
            .filter(|(name, _)| name == "ktel/cluster-state")
            .map(|(_, section)| section["pods"].to_string())
            .collect();
        assert!(pods.len() > 20, "{pods:?}");
    }
}
