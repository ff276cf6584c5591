//! One edit gives exactly the changes that a reviewer must see, and another digest.

use ktel_model::Schema;
use ktel_model::standard::diff::{Impact, diff};

use super::sample::{TEXT, everything};

const COLLECT: &str = include_str!("../samples/collect.yaml");

fn schema(text: &str) -> Schema {
    Schema::parse(text, "x.yaml").unwrap()
}

#[track_caller]
fn check_in(sample: &str, from: &str, to: &str, expected: &[(Impact, &str)]) {
    assert!(sample.contains(from), "the sample has no `{from}`");
    let (old, new) = (schema(sample), schema(&sample.replacen(from, to, 1)));
    let changes = diff(&old, &new);
    let changes: Vec<(Impact, &str)> =
        changes.iter().map(|change| (change.severity, change.what.as_str())).collect();
    assert_eq!(changes, expected, "{to}");
    assert_ne!(old.digest(), new.digest(), "{to}");
}

#[track_caller]
fn check(from: &str, to: &str, expected: &[(Impact, &str)]) {
    check_in(TEXT, from, to, expected);
}

use Impact::{Breaking, Narrowed, Widened, Wording};

#[test]
fn nothing_changed_is_no_change() {
    assert_eq!(diff(everything(), everything()), []);
}

#[test]
fn comments_layout_and_defaults_make_no_difference() {
    let text = TEXT.replace(
        "    sensitivity: technical\n    why: Shows slow starts.\n",
        "
    # moved
    why: \"Shows slow starts.\"
    identifiability: none
    sensitivity:   technical
    coarse: [0, 1, 10, 60, 600, 3600, 86400]
",
    );
    assert_ne!(text, TEXT);
    let other = schema(&text);
    assert_eq!(other.digest(), everything().digest());
    assert_eq!(diff(everything(), &other), []);
    assert!(other.digest().starts_with("sha256:") && other.digest().len() == 71);
}

#[test]
fn a_wider_document_comes_first() {
    let what = "it goes out by itself, not only when a user asks for it";
    check("consent: explicit", "consent: ambient", &[(Widened, what)]);
    check("raw: 90d", "raw: 1y", &[(Widened, "single reports are kept 1y, not 90d")]);
    check("25mo", "12mo", &[(Narrowed, "sums are kept 12mo, not 25mo")]);
    let what = "it may be sent once/1h, not once/24h";
    check("once/24h", "once/1h", &[(Widened, what)]);
    check(
        "cadence: {max: once/24h, jitter: 1h}\n",
        "",
        &[(Widened, "it may be sent without a limit, not once/24h")],
    );
    check("jitter: 1h", "jitter: 2h", &[(Wording, "the cadence is worded differently")]);
    check("owner: acme-team", "owner: other", &[(Wording, "the owner is worded differently")]);
    check("what: kept bool", "what: kept enum", &[(Wording, "the purpose is worded differently")]);
    check(
        "schema: acme/",
        "schema: acne/",
        &[(Breaking, "`acme/everything` is called `acne/everything`")],
    );
    check(
        "version: 1.2.3",
        "version: 1.2.2",
        &[(Breaking, "the version went back from 1.2.3 to 1.2.2")],
    );
}

#[test]
fn wider_access_is_seen() {
    check("verbs: [list]", "verbs: [list, watch]", &[(Widened, "on `nodes` it may `watch`")]);
    check("[nodes]", "[nodes, pods]", &[(Widened, "it reads `pods`")]);
    check(
        "scope: cluster",
        "scope: namespace",
        &[(Narrowed, "it reads `nodes` in its own namespace")],
    );
    check(
        "reads: object",
        "reads: metadata",
        &[(Narrowed, "it reads `nodes` only their metadata")],
    );
    check("[/version]", "[/version, /metrics]", &[(Widened, "it reads `/metrics`")]);
    check("calls: pages", "calls: 1", &[(Wording, "the same access is declared differently")]);
}

#[test]
fn a_new_field_is_an_addition_and_a_lost_one_a_model() {
    let field = "  uptime2:
    type: bool
    sensitivity: technical
    why: Because.
    example: true
    since: 0.2.0
    expires: 2027-11-01
";
    let added = format!("{field}  pods:\n");
    let new = (Widened, "field `uptime2` is new");
    let raise = (Breaking, "field `uptime2` is new; raise ADDITION");
    check("  pods:\n", &added, &[new, raise]);
    let (old, raised) = (TEXT.to_owned(), TEXT.replacen("1.2.3", "1.2.4", 1));
    let changes = diff(&schema(&old), &schema(&raised.replacen("  pods:\n", &added, 1)));
    assert!(changes.iter().all(|change| change.severity != Breaking), "{changes:?}");

    let with = TEXT.replacen("  pods:\n", &added, 1);
    let gone = (Narrowed, "field `uptime2` is gone");
    check_in(&with, field, "", &[(Breaking, "field `uptime2` is gone; raise MODEL"), gone]);
    let changes = diff(&schema(&with), &schema(&TEXT.replacen("1.2.3", "2.0.0", 1)));
    assert!(changes.iter().all(|change| change.severity != Breaking), "{changes:?}");
}

#[test]
fn finer_forms_are_wider() {
    let finer = (Widened, "the exact form of field `kubernetes_version` keeps more");
    check("exact: patch", "exact: full", &[finer]);
    let coarser = (Narrowed, "the coarse form of field `kubernetes_version` keeps less");
    check("coarse: minor", "coarse: major", &[coarser]);
    let finer = (Widened, "the coarse form of field `last-update` keeps more");
    check("coarse: week", "coarse: day", &[finer]);
    check(
        "coarse: 0.1",
        "coarse: 0.05",
        &[(Widened, "the coarse form of field `cache_hits` keeps more")],
    );
    let text = TEXT.replace("example: 2-5", "example: 6+");
    let narrower = (Widened, "field `namespaces` has narrower buckets");
    check_in(&text, "[0, 1, 2, 6]", "[0, 1, 2, 4, 6]", &[narrower]);
    let wider = (Narrowed, "field `namespaces` has wider buckets");
    check_in(&text, "[0, 1, 2, 6]", "[0, 1, 6]", &[wider]);
    let exact = TEXT.replacen("exact: true\n    sensitivity: technical\n    why: Decides how large the benches are.\n    example: 120", "sensitivity: technical\n    why: Decides how large the benches are.\n    example: 101-1000", 1);
    let changes = diff(&schema(&exact), everything());
    assert_eq!(changes[0].to_string(), "WIDENED   the exact form of field `pods` keeps more");
}

#[test]
fn vocabularies_grow_and_shrink_in_the_open() {
    check("[GKE, AWS]", "[GKE, AWS, OKE]", &[(Widened, "field `provider` can say `OKE`")]);
    check("[GKE, AWS]", "[GKE]", &[(Narrowed, "field `provider` no longer says `AWS`")]);
    let what = "field `provider` says `REST` for all others, not `UNKNOWN`";
    check("UNKNOWN", "REST", &[(Breaking, what)]);
    check(
        "[get, apply, plugins]",
        "[get, apply, plugins, logs]",
        &[(Widened, "field `command` can say `logs`")],
    );
    check(
        "[etcd, sqlite]",
        "[etcd, sqlite, mysql]",
        &[(Widened, "field `datastores.driver` can say `mysql`")],
    );
}

#[test]
fn what_is_promised_about_a_field_is_compared() {
    let ends = "example: 120\n    since: 0.1.0\n    expires: 2027-11-01";
    let later = ends.replace("2027-11-01", "2027-12-01");
    check(ends, &later, &[(Widened, "field `pods` ends on 2027-12-01, not on 2027-11-01")]);
    let never = ends.replace("2027-11-01", "{never: because}");
    check(ends, &never, &[(Widened, "field `pods` never ends")]);
    check(
        "sensitivity: interaction",
        "sensitivity: technical",
        &[(Narrowed, "field `command` is technical, not interaction")],
    );
    let what = "field `kubernetes_version` has the identifiability none, not weak";
    check("identifiability: weak", "identifiability: none", &[(Narrowed, what)]);
    check(
        "required: true",
        "required: false",
        &[(Breaking, "field `kubernetes_version` is optional; raise MODEL")],
    );
    let what = "why field `openshift` is collected is worded differently";
    check("Decides whether routes stay.", "Because.", &[(Wording, what)]);
}

#[test]
fn two_fields_that_are_counted_together_say_more() {
    let alone = "type: count\n    exact: true\n    sensitivity: technical\n    why: Decides how";
    let against = |other: &str| {
        alone.replacen("exact: true", &format!("exact: true\n    against: {other}"), 1)
    };
    let what = "field `pods` is counted together with `namespaces`";
    check(alone, &against("namespaces"), &[(Widened, what)]);
    let sample = TEXT.replacen(alone, &against("namespaces"), 1);
    let what = "field `pods` is counted together with `uptime`";
    check_in(&sample, &against("namespaces"), &against("uptime"), &[(Widened, what)]);
    let what = "field `pods` is counted by itself only";
    check_in(&sample, &against("namespaces"), alone, &[(Narrowed, what)]);
}

#[test]
fn another_type_needs_another_model() {
    let old = "type: bool\n    sensitivity: technical\n    why: Decides whether routes stay.\n    example: true";
    let new = "type: id\n    identifiability: pseudonym\n    sensitivity: technical\n    why: Decides whether routes stay.\n    example: abcdefghijklmnopqrstuvwxyz";
    check(
        old,
        new,
        &[
            (Widened, "field `openshift` has another type"),
            (Widened, "field `openshift` has the identifiability pseudonym, not none"),
            (Breaking, "field `openshift` has another type; raise MODEL"),
            (Wording, "the example of field `openshift` is worded differently"),
        ],
    );
}

#[test]
fn what_is_collected_is_compared() {
    let what = "field `kinds` is collected in another way";
    check_in(COLLECT, "$.spec.type", "$.spec.clusterIP", &[(Widened, what)]);
    check_in(COLLECT, "labels: app=acme", "labels: app=other", &[(Widened, what)]);
}

#[test]
fn the_order_of_fields_is_worth_a_word() {
    let (head, fields) = TEXT.split_once("fields:\n").unwrap();
    let (first, rest) = fields.split_once("  build:\n").unwrap();
    let (build, after) = rest.split_once("  provider:\n").unwrap();
    let text = format!("{head}fields:\n  build:\n{build}{first}  provider:\n{after}");
    let changes = diff(everything(), &schema(&text));
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].to_string(), "wording   the fields stand in another order");
    assert_ne!(schema(&text).digest(), everything().digest());
}
