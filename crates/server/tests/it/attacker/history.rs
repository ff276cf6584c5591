//! What senders do in some weeks: reports of several products and schemas, of earlier weeks too, new releases,
//! installations that change their minds or are forgotten, and an attacker who makes up senders.

use std::sync::LazyLock;

use ktel_model::Schema;
use ktel_server::Catalog;
use proptest::prelude::*;
use serde_json::{Value, json};

pub(super) const PRODUCTS: [&str; 3] = ["alpha", "beta", "gamma"];
/// A job, a schema that identifies installations, one with pairs of versions, one of events, and one of our own.
pub(super) const SCHEMAS: [&str; 5] = [
    "ktel/cluster-state",
    "ktel/kamaji-stats",
    "ktel/kamaji-update",
    "ktel/command",
    "acme/things",
];

/// A list, an enum, and two sizes that are counted together.
const THINGS: &str = "
kts: 1
schema: acme/things
version: 1.0.0
kind: stats
title: Things of a cluster
purpose:
  question: Do answers become slow where there are many things?
  value_to_you: Releases are measured at the sizes that there really are.
  used_for: [capacity-tests]
owner: thing-makers
stability: development
consent: ambient
cadence: {max: once/24h, jitter: 1h}
access: []
retention: {raw: 90d, aggregate: 25mo}
fields:
  things:
    {type: count, sensitivity: technical, why: Shows sizes., example: 6-20, since: 0.1.0, expires: 2027-11-01}
  slow:
    {type: count, against: things, sensitivity: technical, why: Shows where it is slow., example: 21-100,
    since: 0.1.0, expires: 2027-11-01}
  kinds:
    {type: list, values: [brass, glass, steel], sensitivity: technical, why: Shows what they are made of.,
    example: [glass], since: 0.1.0, expires: 2027-11-01}
";

/// Read once: the standard takes long to parse.
pub(super) static CATALOG: LazyLock<Catalog> =
    LazyLock::new(|| Catalog::new([Schema::parse(THINGS, "things.yaml").unwrap()]).unwrap());

#[derive(Debug, Clone)]
pub(super) enum Deed {
    /// So many senders of a product report the same, each with a token of one of so many groups.
    Report {
        product: usize,
        senders: u8,
        groups: u8,
        weeks_ago: u8,
        values: u8,
    },
    /// Some installations report, perhaps something else than before.
    Install {
        product: usize,
        first: u8,
        installations: u8,
        values: u8,
    },
    Forget {
        installation: u8,
    },
    /// A release: what is reported from now on has a new version.
    Release {
        product: usize,
    },
    /// The attacker makes up senders and installations with his token.
    MakeUp {
        product: usize,
        senders: u8,
        weeks_ago: u8,
        values: u8,
    },
    /// The attacker makes up senders without a secret.
    Lines {
        product: usize,
        senders: u8,
        values: u8,
    },
    /// The reader looks at everything.
    View,
    NextWeek,
}

pub(super) fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let product = || 0..PRODUCTS.len();
    let report = (product(), 1..14_u8, 1..14_u8, 0..3_u8, any::<u8>());
    let install = (product(), 0..20_u8, 1..14_u8, any::<u8>());
    let make_up = (product(), 1..40_u8, 0..3_u8, any::<u8>());
    let one = prop_oneof![
        16 => report.prop_map(|(product, senders, groups, weeks_ago, values)| {
            Deed::Report { product, senders, groups, weeks_ago, values }
        }),
        6 => install.prop_map(|(product, first, installations, values)| {
            Deed::Install { product, first, installations, values }
        }),
        2 => (0..34_u8).prop_map(|installation| Deed::Forget { installation }),
        2 => product().prop_map(|product| Deed::Release { product }),
        4 => make_up.prop_map(|(product, senders, weeks_ago, values)| {
            Deed::MakeUp { product, senders, weeks_ago, values }
        }),
        3 => (product(), 1..40_u8, any::<u8>()).prop_map(|(product, senders, values)| {
            Deed::Lines { product, senders, values }
        }),
        3 => Just(Deed::View),
        2 => Just(Deed::NextWeek),
    ];
    proptest::collection::vec(one, 20..60)
}

/// What a sender reports: a schema, and the values of a section or of each event.
pub(super) type Section = (&'static str, Vec<Value>);

/// The words of a report. There are few, so that many senders share them.
pub(super) fn sections(values: u8, release: u32) -> Vec<Section> {
    let pick = |choices: [u32; 3], at: u8| choices[usize::from(values >> at) % choices.len()];
    let version = format!("v0.{release}.{}", values % 4);
    let mut all = vec![(
        "ktel/cluster-state",
        vec![json!({"pods": pick([7, 70, 700], 0), "nodes": pick([1, 3, 3], 1)})],
    )];
    if values.is_multiple_of(2) {
        let kinds = [json!(["glass"]), json!(["brass", "glass"]), json!(["steel"])];
        all.push((
            "acme/things",
            vec![json!({
                "things": pick([7, 70, 7], 2), "slow": pick([50, 50, 5000], 3),
                "kinds": kinds[usize::from(values >> 4) % 3],
            })],
        ));
    }
    if values.is_multiple_of(3) {
        all.push((
            "ktel/kamaji-update",
            vec![json!({
                "kamaji_version": version, "kubernetes_version": format!("v1.{}.0", pick([27, 28, 29], 1)),
                "old_tcp_version": format!("v1.{}.1", pick([25, 26, 26], 2)), "new_tcp_version": "v1.27.0",
            })],
        ));
    }
    if values.is_multiple_of(5) {
        let event = |path: &str| {
            json!({
                "schema_version": 1, "timestamp": "2026-11-20T14:30:45Z", "command_path": path,
                "version": version.trim_start_matches('v'), "os": "linux", "arch": "amd64",
            })
        };
        all.push(("ktel/command", vec![event("plan"), event("apply"), event("plan")]));
    }
    all
}

/// What an installation reports.
pub(super) fn of_installation(values: u8, release: u32) -> Vec<Section> {
    let stats = json!({
        "kamaji_version": format!("v0.{release}.0"), "kubernetes_version": format!("v1.{}.0", 27 + values % 3),
        "running": values % 2,
    });
    vec![("ktel/kamaji-stats", vec![stats])]
}
