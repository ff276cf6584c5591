//! Files of the standard: linted, shown, compared, run.

use insta::assert_snapshot;

use crate::support::{CLUSTER, command, ktel, run};

fn file(name: &str) -> String {
    format!("{}/tests/it/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn a_broken_file_is_mended_line_by_line() {
    assert_snapshot!(ktel(&format!("schema lint {}", file("broken.yaml"))));
}

#[test]
fn the_built_in_files_pass() {
    let telemetry = concat!(env!("CARGO_MANIFEST_DIR"), "/../../telemetry");
    let (code, stdout, stderr) = run(command(&format!("schema lint {telemetry}")), b"");
    assert_eq!((code, stdout.as_str()), (0, ""), "{stderr}");
}

#[test]
fn what_widens_the_collection_comes_first() {
    let words = format!("schema diff {} {}", file("pods.yaml"), file("pods-wider.yaml"));
    assert_snapshot!(ktel(&words));
}

#[test]
fn a_schema_is_shown_as_its_users_read_it() {
    assert_snapshot!(ktel("schema show plugin-usage"));
}

#[test]
fn a_job_from_a_file_runs_and_is_blurred_like_any_other() {
    let words = format!("workflows run --snapshot {CLUSTER} --jobs-from {}", file("pods.yaml"));
    assert_snapshot!(ktel(&words));
}

#[test]
fn the_example_of_the_guide_passes_the_linter() {
    let guide = include_str!("../../../../docs/how-to/add-a-job.md");
    let example = guide
        .split("```yaml\n")
        .map(|rest| rest.split("```").next().unwrap_or_default())
        .find(|block| block.starts_with("kts:"))
        .unwrap();
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("queue-usage.yaml");
    std::fs::write(&path, example).unwrap();
    let (code, stdout, _) = run(command(&format!("schema lint {}", path.display())), b"");
    assert_eq!((code, stdout.as_str()), (0, ""));
}

#[test]
fn a_product_declares_its_own_flags_for_the_built_in_collector() {
    let words = format!(
        "workflows run --snapshot {CLUSTER} --product example-gateway --jobs-from {}",
        file("flags.yaml")
    );
    assert_snapshot!(ktel(&words));
}
