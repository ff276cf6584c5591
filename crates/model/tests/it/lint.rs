//! A good file, one edit, and exactly the finding that it must cause.

use jiff::civil::date;
use ktel_model::Schema;
use ktel_model::standard::{Finding, Severity, check};
use proptest::prelude::*;

use super::sample::{TEXT, TODAY};

const COLLECT: &str = include_str!("../samples/collect.yaml");

/// The finding's message, and the text of the line that it points at.
fn findings(text: &str) -> Vec<(String, String)> {
    let describe = |finding: Finding| {
        let line = text.lines().nth(finding.line - 1).unwrap_or_default().trim().to_owned();
        assert_eq!(finding.file, "x.yaml");
        assert!(!finding.fix.is_empty(), "{finding}");
        (finding.message, line)
    };
    match check(text, "x.yaml", TODAY) {
        Ok(checked) => checked.warnings.into_iter().map(describe).collect(),
        Err(findings) => findings.into_iter().map(describe).collect(),
    }
}

#[track_caller]
fn finds_in(sample: &str, (from, to): (&str, &str), line: &str, message: &str) {
    assert!(sample.contains(from), "the sample has no `{from}`");
    let text = sample.replacen(from, to, 1);
    assert_eq!(findings(&text), [(message.to_owned(), line.to_owned())], "{to}");
}

/// Edits the sample that has every type.
#[track_caller]
fn finds(from: &str, to: &str, line: &str, message: &str) {
    finds_in(TEXT, (from, to), line, message);
}

/// Edits the sample whose fields say how they are filled.
#[track_caller]
fn collect(from: &str, to: &str, line: &str, message: &str) {
    finds_in(COLLECT, (from, to), line, message);
}

#[test]
fn good_files_have_no_findings() {
    assert_eq!(findings(TEXT), []);
    assert_eq!(findings(COLLECT), []);
}

#[test]
fn what_is_missing_is_named_at_its_place() {
    finds("owner: acme-team\n", "", "kts: 1", "the schema has no `owner`");
    finds("owner: acme-team", "owner: \"\"", "owner: \"\"", "the schema has no `owner`");
    finds("owner: acme-team", "owner:", "owner:", "the schema has no `owner`");
    finds("consent: explicit\n", "", "kts: 1", "the schema has no `consent`");
    let value = "  value_to_you: Every kind of value is tested before you ever send one.\n";
    finds(value, "", "purpose:", "the purpose has no `value_to_you`");
    finds(
        "  question: Which values can a report hold?\n",
        "",
        "purpose:",
        "the purpose has no `question`",
    );
    finds(
        "retention: {raw: 90d, aggregate: 25mo}\n",
        "",
        "kts: 1",
        "the schema has no `retention`",
    );
    let at = "retention: {raw: 90d}";
    finds("retention: {raw: 90d, aggregate: 25mo}", at, at, "the retention has no `aggregate`");
    finds("    why: Shows restarts.\n", "", "uptime:", "field `uptime` has no `why`");
    finds("    example: 600-3599\n", "", "uptime:", "field `uptime` has no `example`");
    let uptime = "    sensitivity: technical\n    why: Shows restarts.\n";
    finds(uptime, "    why: Shows restarts.\n", "uptime:", "field `uptime` has no `sensitivity`");
    let ends = "example: 600-3599\n    since: 0.1.0\n    expires: 2027-11-01\n";
    finds(
        ends,
        "example: 600-3599\n    since: 0.1.0\n",
        "uptime:",
        "field `uptime` has no `expires`",
    );
    finds("        why: Shows which are used.\n", "", "driver:", "field `driver` has no `why`");
    finds("kts: 1\n", "", "schema: acme/everything", "the schema has no `kts`");
}

#[test]
fn everything_that_is_missing_is_reported_at_once() {
    let text = TEXT.replace("owner: acme-team\n", "").replacen("    why: Shows restarts.\n", "", 1);
    let messages: Vec<String> = findings(&text).into_iter().map(|(message, _)| message).collect();
    assert_eq!(messages, ["the schema has no `owner`", "field `uptime` has no `why`"]);
}

#[test]
fn what_is_not_known_is_an_error() {
    finds("owner:", "ownr: x\nowner:", "ownr: x", "the schema has no key `ownr`");
    finds("kts: 1", "kts: 2", "kts: 2", "the format is not KTS 1");
    finds("kind: job", "kind: jobs", "kind: jobs", "`kind` of the schema cannot be `jobs`");
    finds("version: 1.2.3", "version: 1.2", "version: 1.2", "`1.2` is not a schema version");
    let at = "schema: everything";
    finds("schema: acme/everything", at, at, "`everything` does not name its vendor");
    finds(
        "max: once/24h",
        "max: daily",
        "cadence: {max: daily, jitter: 1h}",
        "`daily` does not say how often",
    );
    finds(
        "raw: 90d",
        "raw: long",
        "retention: {raw: long, aggregate: 25mo}",
        "`long` is not a period",
    );
    finds(
        "type: bool",
        "type: string",
        "type: string",
        "field `openshift` is free text, which could carry anything",
    );
    finds(
        "type: bool",
        "type: boolean",
        "type: boolean",
        "field `openshift` has no type `boolean`",
    );
    finds(
        "type: bool",
        "type: bool\n    values: [a]",
        "values: [a]",
        "field `openshift` has no key `values`",
    );
    finds(
        "coarse: 0.1",
        "coarse: 2",
        "coarse: 2",
        "`coarse` of field `cache_hits` must be a step from 0.01 to 0.5",
    );
    finds(
        "date: 2026-09-01",
        "date: soon",
        "- {date: soon, what: kept bool, link: \"https://example.com/123\"}",
        "`soon` is not a date",
    );
}

#[test]
fn broken_yaml_is_one_finding_with_line_and_column() {
    let text = "kts: 1\nowner: [a\nkind: job\n";
    let found = findings(text);
    assert_eq!(found.len(), 1);
    assert!(
        found[0].0.starts_with("not YAML: ") && found[0].0.contains(" at column "),
        "{found:?}"
    );
    finds("kind: job", "kind: job\nkind: job", "kind: job", "`kind` is given twice");
    finds("kind: job", "kind: !x job", "kind: !x job", "a tag is not allowed");
    assert_eq!(findings("")[0].0, "the file is empty");
    assert_eq!(findings(&format!("{TEXT}---\nkts: 1\n"))[0].0, "a second document begins");
    assert_eq!(
        findings(&format!("{}{}", "[".repeat(100), "]".repeat(100)))[0].0,
        "nested too deep"
    );
    let huge = "#".repeat(300 * 1024);
    assert_eq!(findings(&huge)[0].0, "the file has 307200 bytes, more than 262144");
}

#[test]
fn a_field_ends_within_13_months_or_says_why_not() {
    let at = |date: &str| format!("expires: {date}");
    let ends = "example: 120\n    since: 0.1.0\n    expires: 2027-11-01";
    let edit = |date: &str| ends.replace("2027-11-01", date);
    finds(ends, &edit("2026-11-20"), &at("2026-11-20"), "field `pods` ended on 2026-11-20");
    finds(ends, &edit("2027-12-21"), &at("2027-12-21"), "field `pods` ends in more than 13 months");
    finds(ends, &edit("soon"), &at("soon"), "`expires` of field `pods` is not a date");
    finds(ends, &edit("{never: }"), &at("{never: }"), "`expires` of field `pods` has no `never`");
    finds(ends, &edit("2026-12-01"), &at("2026-12-01"), "field `pods` ends on 2026-12-01");
    let text = TEXT.replacen(ends, &edit("2026-12-01"), 1);
    let warnings = check(&text, "x.yaml", TODAY).unwrap().warnings;
    assert_eq!(warnings[0].severity, Severity::Warning);
}

#[test]
fn without_a_day_nothing_has_ended() {
    let text = TEXT.replace("2027-11-01", "2020-01-01");
    assert!(Schema::parse(&text, "x.yaml").is_ok());
    assert!(check(&text, "x.yaml", date(2026, 11, 20)).is_err());
}

#[test]
fn names_say_what_is_meant() {
    for name in ["uptime_seconds", "uptime-ms", "uptime_bytes", "uptime_total"] {
        let unit = name.rsplit(['_', '-']).next().unwrap();
        let message = format!("the name of field `{name}` ends in the unit `{unit}`");
        finds("  uptime:", &format!("  {name}:"), &format!("{name}:"), &message);
    }
    let given = "  uptime_total:\n    semconv: acme.uptime";
    assert_eq!(findings(&TEXT.replacen("  uptime:", given, 1)), []);
    finds("  uptime:", "  up time:", "up time:", "`up time` cannot be the name of a field");
    finds("  pods:", "  startups:", "startup:", "`startup` is too similar to `startups`");
    finds(
        "  pods:",
        "  last_update:",
        "last-update:",
        "`last-update` is too similar to `last_update`",
    );
    let at = "schema: acme/Every_thing";
    finds("schema: acme/everything", at, at, "`Every_thing` is not kebab-case");
    finds(
        "used_for: [tests]",
        "used_for: [Tests]",
        "used_for: [Tests]",
        "`Tests` is not kebab-case",
    );
}

#[test]
fn only_single_words_stand_against_each_other() {
    let pods = "  pods:\n    type: count\n    exact: true\n";
    for other in ["namespaces", "startup", "load", "provider", "openshift", "kubernetes_version"] {
        let text = TEXT.replacen(pods, &format!("{pods}    against: {other}\n"), 1);
        assert_eq!(findings(&text), [], "{other}");
    }
    for (other, wrong) in [
        ("pod", "`pod`, which is no field"),
        ("pods", "itself"),
        ("by_mesh", "`by_mesh`, which is no single word"),
        ("installation", "`installation`, which is no single word"),
        ("last-update", "`last-update`, which is no single word"),
    ] {
        let line = format!("against: {other}");
        let message = format!("field `pods` stands against {wrong}");
        finds(pods, &format!("{pods}    {line}\n"), &line, &message);
    }
    let text = TEXT.replacen(pods, &format!("{pods}    against: namespace\n"), 1);
    let fix = check(&text, "x.yaml", TODAY).unwrap_err().remove(0).fix;
    assert!(fix.contains("namespaces") && !fix.contains("startup"), "{fix}");
    let mesh = "  by_mesh:\n    type: map\n";
    let message = "field `by_mesh` stands against `pods`, and is no single word";
    finds(mesh, &format!("{mesh}    against: pods\n"), "against: pods", message);
    let both = "  namespaces:\n    type: count\n";
    let text = TEXT.replacen(pods, &format!("{pods}    against: namespaces\n"), 1);
    let text = text.replacen(both, &format!("{both}    against: pods\n"), 1);
    let found: Vec<String> = findings(&text).into_iter().map(|(message, _)| message).collect();
    let twice = |one, other| {
        format!("field `{one}` stands against `{other}`, which stands against it already")
    };
    assert_eq!(found, [twice("pods", "namespaces"), twice("namespaces", "pods")]);
}

#[test]
fn canonical_names_identify_nobody() {
    let semconv = "semconv: ktel.cluster.version";
    for name in
        ["k8s.cluster.uid", "k8s.cluster.name", "host.name", "k8s.pod.label.app", "a.annotation.b"]
    {
        let message = format!("`{name}` names what identifies a cluster or what users wrote");
        finds(semconv, &format!("semconv: {name}"), &format!("semconv: {name}"), &message);
    }
    finds(semconv, "semconv: Version", "semconv: Version", "`Version` is not a canonical name");
    finds(
        semconv,
        "semconv: a.b_seconds",
        "semconv: a.b_seconds",
        "`a.b_seconds` ends in the unit `seconds`",
    );
}

#[test]
fn vocabularies_are_closed_and_short() {
    for nothing in ["none", "", "\"\""] {
        let to = format!("other: {nothing}");
        finds("other: UNKNOWN", &to, to.trim(), "field `provider` has no word for everything else");
    }
    let values = "values: [GKE, AWS]";
    let message = "`UNKNOWN` of field `provider` is a value and stands for all others";
    finds(values, "values: [GKE, UNKNOWN]", "values: [GKE, UNKNOWN]", message);
    finds(
        values,
        "values: [GKE, GKE]",
        "values: [GKE, GKE]",
        "field `provider` has the word `GKE` twice",
    );
    let many: Vec<String> = (0..64).map(|number| format!("w{number}")).collect();
    let many = format!("values: [GKE, {}]", many.join(", "));
    finds(values, &many, &many, "field `provider` has 65 words, more than 64");
    let words = "words: [get, apply, plugins]";
    let bad = "words: [get, plugins, a/b]";
    finds(words, bad, bad, "`a/b` of field `command` is not a word of a command");
}

#[test]
fn forms_are_well_formed() {
    let coarse = "coarse: [0, 1, 2, 6]";
    for bad in ["coarse: [1, 2, 6]", "coarse: [0, 6, 2]", "coarse: [0]"] {
        let text = TEXT.replacen(coarse, bad, 1);
        let message = "the buckets of field `namespaces` do not ascend from 0";
        assert!(findings(&text).contains(&(message.into(), bad.into())), "{bad}");
    }
    let at = "coarse: many";
    finds(
        coarse,
        at,
        at,
        "`coarse` of field `namespaces` must list the lowest value of each bucket",
    );
    let message = "the exact form of field `kubernetes_version` is no finer than the coarse one";
    let text = TEXT.replacen("coarse: minor", "coarse: full", 1);
    assert_eq!(findings(&text), [(message.to_owned(), "exact: patch".to_owned())]);
}

#[test]
fn an_example_is_what_would_be_sent() {
    let message = "the example of field `kubernetes_version` is not what would be sent";
    finds("example: v1.23.4", "example: v1.23.4-gke", "example: v1.23.4-gke", message);
    finds(
        "example: 120",
        "example: many",
        "example: many",
        "the example of field `pods` is not of its type",
    );
    let at = "example: [istio, 3]";
    finds(
        "example: [istio, linkerd]",
        at,
        at,
        "the example of field `deployed` is not of its type",
    );
    finds(
        "        example: etcd",
        "        example: 3.5",
        "example: 3.5",
        "the example of field `datastores.driver` is not what would be sent",
    );
}

#[test]
fn nobody_can_be_told_from_others() {
    let at = "why: Decides whether routes stay.\n    identifiability: pseudonym";
    let message = "field `openshift` is a pseudonym, which only an `id` may be";
    finds("why: Decides whether routes stay.", at, "identifiability: pseudonym", message);
    let message = "field `installation` is an id and does not say that it is a pseudonym";
    finds("    identifiability: pseudonym\n", "", "installation:", message);
    let mut text = TEXT.to_owned();
    for field in ["build", "provider", "openshift", "pods"] {
        let weak = format!("  {field}:\n    identifiability: weak\n");
        text = text.replacen(&format!("  {field}:\n"), &weak, 1);
    }
    let message = "5 fields could help to tell installations apart, more than 4";
    assert_eq!(findings(&text), [(message.to_owned(), "pods:".to_owned())]);
}

#[test]
fn what_is_stable_was_reviewed() {
    let message = "the schema is stable, and nobody can read why";
    finds("stability: development", "stability: stable", "stability: stable", message);
}

#[test]
fn access_is_neither_wider_nor_narrower_than_what_is_read() {
    let services = "resources: [services], verbs: [list], scope: cluster, reads: object";
    let line = |rule: &str| format!("- {{group: \"\", {rule}, calls: pages}}");
    let wide = services.replace("[services]", "[services, secrets]");
    collect(services, &wide, &line(&wide), "no field needs `secrets`");
    let wide = services.replace("[list]", "[list, watch]");
    collect(services, &wide, &line(&wide), "no field needs to watch `services`");
    let narrow = services.replace("[list]", "[]");
    collect(
        services,
        &narrow,
        &line(&narrow),
        "field `kinds` lists `services`, which is not allowed",
    );
    let narrow = services.replace("object", "metadata");
    collect(
        services,
        &narrow,
        &line(&narrow),
        "field `kinds` looks into `services`, beyond its metadata",
    );
    let gateways = "  - {group: acme.io, resources: [gateways], verbs: [list], scope: cluster, reads: metadata, calls: 1}\n";
    let message = "field `gateways` reads `gateways.acme.io`, which `access` does not declare";
    collect(gateways, "", "collect: {count: {group: acme.io, resource: gateways}}", message);
    let wide = gateways.replace("metadata", "object");
    collect(gateways, &wide, wide.trim(), "no field looks into `gateways`");
    let line = line(services);
    let at = "path: $.metadata.generateName";
    collect("path: $.spec.type", at, &line, "no field looks into `services`");
    let wide = format!("{gateways}  - {{paths: [/metrics]}}\n");
    collect(gateways, &wide, "- {paths: [/metrics]}", "no field needs `/metrics`");
}

#[test]
fn telemetry_never_writes() {
    let verbs = "verbs: [list], scope: cluster, reads: object, calls: pages}";
    for verb in ["create", "delete", "'*'"] {
        let text = COLLECT.replacen(verbs, &verbs.replace("list", verb), 1);
        let verb = verb.trim_matches('\'');
        assert_eq!(findings(&text)[0].0, format!("`{verb}` is not a verb that reads"));
    }
    let text = COLLECT.replacen("resources: [services]", "resources: ['*']", 1);
    assert_eq!(findings(&text)[0].0, "`*` does not name a resource");
}

#[test]
fn a_step_suits_its_field() {
    let count = "collect: {count: {group: acme.io, resource: gateways}}";
    let at = "collect: {values: {group: acme.io, resource: gateways, path: $.a}}";
    collect(count, at, at, "`values` cannot fill field `gateways`");
    for verb in ["group_count", "written_versions", "served_versions", "newest_change"] {
        let at = count.replace("{count", &format!("{{{verb}"));
        collect(count, &at, &at, &format!("`{verb}` cannot fill field `gateways`"));
    }
    let at = "collect: {count: {group: acme.io, resource: gateways, path: $.a}}";
    collect(count, at, at, "`count` takes no `path`");
    let at = "collect: {matches: {group: acme.io, resource: gateways}}";
    collect(count, at, at, "the source of `matches` has no `path`");
    let at = "collect: {}";
    collect(count, at, at, "`collect` of field `gateways` needs exactly one verb");
    let at = "collect: {count: []}";
    collect(count, at, at, "`count` needs 1 to 16 sources");
    collect(&format!("    {count}\n"), "", "gateways:", "nothing fills field `gateways`");
    let with_collector = COLLECT.replacen("consent:", "collector: x\nconsent:", 1);
    let message = "field `gateways` is filled by the collector and by `collect`";
    assert_eq!(findings(&with_collector)[0], (message.to_owned(), count.to_owned()));
}

#[test]
fn a_finding_reads_like_a_compiler_s() {
    let text = TEXT.replacen("    why: Shows restarts.\n", "", 1);
    let findings = check(&text, "telemetry/x.yaml", TODAY).unwrap_err();
    let line = text.lines().position(|line| line == "  uptime:").unwrap() + 1;
    let expected = format!(
        "telemetry/x.yaml:{line}: error: field `uptime` has no `why`\n  \
         fix: add `why:`, one sentence that says what this very value decides"
    );
    assert_eq!(findings[0].to_string(), expected);
    let error = Schema::parse(&text, "telemetry/x.yaml").unwrap_err();
    assert_eq!(error.to_string(), format!("telemetry/x.yaml:{line}: field `uptime` has no `why`"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Lines are lost, repeated and overwritten; what comes out is a schema or errors with places.
    #[test]
    fn no_damage_to_a_file_makes_the_reader_fall_over(
        damage in prop::collection::vec((0_usize..220, 0_u8..3, "[ \\-{}\\[\\]:\"'#a-z0-9~&*!|>,\u{e9}]{0,20}"), 1..6),
    ) {
        let mut lines: Vec<String> = TEXT.lines().map(str::to_owned).collect();
        for (at, how, text) in damage {
            let at = at % lines.len();
            match how {
                0 => drop(lines.remove(at)),
                1 => lines.insert(at, lines[at].clone()),
                _ => lines[at].push_str(&text),
            }
        }
        let text = lines.join("\n");
        match check(&text, "x.yaml", TODAY) {
            Ok(checked) => {
                let sent = checked.schema.json_schema();
                prop_assert!(jsonschema::meta::is_valid(&sent));
            }
            Err(findings) => {
                prop_assert!(findings.iter().any(|finding| finding.severity == Severity::Error));
                prop_assert!(findings.iter().all(|finding| (1..=lines.len() + 1).contains(&finding.line)));
            }
        }
    }
}
