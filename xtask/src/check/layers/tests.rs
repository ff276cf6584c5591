use super::*;

const LOW: Row = Row { name: "low", uses: &[], may_use: &["lower"] };
const HIGH: Row = Row { name: "high", uses: &["low"], may_use: &[] };

fn all(pairs: &[(&str, &[&str])]) -> Dependencies {
    pairs
        .iter()
        .map(|(name, used)| ((*name).into(), used.iter().map(ToString::to_string).collect()))
        .collect()
}

fn compared(all: &Dependencies) -> Vec<String> {
    compare(&all.keys().cloned().collect(), all, &[LOW, HIGH])
}

#[test]
fn crates_that_keep_to_the_table_have_no_finding() {
    assert_eq!(compared(&all(&[("low", &[]), ("high", &["low"])])), [""; 0]);
}

#[test]
fn a_row_waits_for_its_crate() {
    assert_eq!(compared(&all(&[("high", &[])])), [""; 0]);
}

#[test]
fn a_dependency_that_the_table_does_not_have_is_found() {
    let found = compared(&all(&[("low", &["high"]), ("high", &["low"])]));
    assert_eq!(found, ["`low` must not use `high`; move what it needs of it to a lower crate"]);
}

#[test]
fn a_row_that_says_more_than_is_true_is_found() {
    let found = compared(&all(&[("low", &[]), ("high", &[])]));
    assert_eq!(
        found,
        ["`high` does not use `low` any more; take it out of xtask/src/check/layers.rs"]
    );
}

#[test]
fn a_crate_without_a_row_is_found_unless_it_is_for_tests_alone() {
    let found = compared(&all(&[("new", &[]), ("ktel-benches", &[])]));
    assert_eq!(found, ["`new` has no row in xtask/src/check/layers.rs; add one"]);
    let found = compared(&all(&[("low", &[]), ("ktel-benches", &["low"])]));
    assert_eq!(found, ["`ktel-benches` has no row in xtask/src/check/layers.rs; add one"]);
}

#[test]
fn what_must_not_be_reached_is_found_with_the_way_there() {
    let all =
        all(&[("usage", &["a", "b"]), ("a", &["usage"]), ("b", &["a", "kube"]), ("kube", &[])]);
    assert_eq!(
        reached(&all, "usage", &["kube"]),
        Some("`usage` must not reach `kube`, and does: usage -> b -> kube".into())
    );
    assert_eq!(reached(&all, "usage", &["tokio-postgres"]), None);
}

#[test]
fn what_only_an_upload_needs_is_found_where_nothing_is_uploaded() {
    let compiled = |names: &[&str]| superfluous(&names.iter().map(ToString::to_string).collect());
    assert_eq!(compiled(&["ktel-usage", "ktel-delivery", "serde"]), [""; 0]);
    let found = compiled(&["ktel-usage", "rustls", "serde"]);
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("`ktel-usage` compiles `rustls` without"), "{found:?}");
}

#[test]
fn no_row_uses_a_crate_above_it() {
    for (at, row) in TABLE.iter().enumerate() {
        for used in row.uses.iter().chain(row.may_use) {
            let below = TABLE[..at].iter().any(|row| row.name == *used);
            assert!(below, "{} uses {used}, which has no row above its own", row.name);
        }
    }
}

#[test]
fn dev_dependencies_are_no_imports() {
    let metadata = serde_json::json!({
        "workspace_members": ["1"],
        "packages": [{"id": "1", "name": "one"}, {"id": "2", "name": "two"}, {"id": "3", "name": "three"}],
        "resolve": {"nodes": [
            {"id": "1", "deps": [
                {"pkg": "2", "dep_kinds": [{"kind": "dev"}, {"kind": null}]},
                {"pkg": "3", "dep_kinds": [{"kind": "dev"}, {"kind": "build"}]},
            ]},
            {"id": "2", "deps": []},
            {"id": "3", "deps": []},
        ]},
    });
    assert_eq!(ours(&metadata).unwrap(), BTreeSet::from(["one".into()]));
    let expected = all(&[("one", &["two"]), ("two", &[]), ("three", &[])]);
    assert_eq!(dependencies(&metadata).unwrap(), expected);
}
