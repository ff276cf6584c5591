//! The keys of a schema file, format KTS 1.

use std::collections::BTreeSet;

use anyhow::Context;
use jiff::civil::date;
use ktel_model::standard;

use super::format::{Format, Key, Mapping, UNKNOWN, closed, key, mapping, quoted};

pub(super) const FORMAT: Format = Format {
    page: "docs/reference/schema-file.md",
    json_schema: Some("crates/cli/src/editor/schema.json"),
    mappings: &MAPPINGS,
    known,
};

/// Reads the words from the finding about the unknown one, which lists them in backticks.
fn known(text: &str) -> anyhow::Result<BTreeSet<String>> {
    let findings = standard::check(text, "probe.yaml", date(2026, 1, 1)).err();
    let findings = findings.context("the parser accepts the probe")?;
    let unknown = format!("`{UNKNOWN}`");
    let about = findings.iter().find(|finding| finding.message.contains(&unknown));
    Ok(quoted(&about.context("the parser complains about something else")?.fix))
}

const MAPPINGS: [Mapping; 21] = [
    mapping("file", "{zzz: 1}", FILE),
    mapping("purpose", "{purpose: {zzz: 1}}", PURPOSE),
    mapping("decision", "{purpose: {decisions: [{zzz: 1}]}}", DECISION),
    mapping("cadence", "{cadence: {zzz: 1}}", CADENCE),
    mapping("access-resources", "{access: [{zzz: 1}]}", ACCESS_RESOURCES),
    mapping("access-paths", "{access: [{paths: [/version], zzz: 1}]}", ACCESS_PATHS),
    mapping("retention", "{retention: {zzz: 1}}", RETENTION),
    mapping("field", "{fields: {a: {type: bool, zzz: 1}}}", FIELD),
    mapping("expires", "{fields: {a: {type: bool, expires: {zzz: 1}}}}", EXPIRES),
    own("enum", "{fields: {a: {type: enum, zzz: 1}}}", WORDS),
    own("list", "{fields: {a: {type: list, zzz: 1}}}", WORDS),
    own("count", "{fields: {a: {type: count, zzz: 1}}}", COUNT),
    own("duration", "{fields: {a: {type: duration, zzz: 1}}}", DURATION),
    own("ratio", "{fields: {a: {type: ratio, zzz: 1}}}", RATIO),
    own("version", "{fields: {a: {type: version, zzz: 1}}}", VERSION),
    own("date", "{fields: {a: {type: date, zzz: 1}}}", DATE),
    own("command_path", "{fields: {a: {type: command_path, zzz: 1}}}", COMMAND_PATH),
    own("map", "{fields: {a: {type: map, zzz: 1}}}", MAP),
    own("record", "{fields: {a: {type: record, zzz: 1}}}", RECORD),
    mapping("collect", "{fields: {a: {type: count, collect: {zzz: 1}}}}", COLLECT),
    mapping("source", "{fields: {a: {type: count, collect: {count: {zzz: 1}}}}}", SOURCE),
];

/// Further tables, of one mapping each.
const fn own(name: &'static str, probe: &'static str, keys: &'static [Key]) -> Mapping {
    Mapping { name, probe, keys, also: FIELD }
}

const FILE: &[Key] = &[
    key("kts", "`1`, required", "The version of the format."),
    key(
        "schema",
        "`VENDOR/NAME`, required",
        "Who is responsible, and the name of the section. Both are kebab-case.",
    ),
    key(
        "version",
        "`MODEL.REVISION.ADDITION`, required",
        "Raise `MODEL` when a field is removed or its type changes, `REVISION` when a meaning changes, `ADDITION` when an optional field is added.",
    ),
    closed(
        "kind",
        "`job`, `event` or `stats`; required",
        "A section of a report, an event, or numbers that are sent periodically.",
        "{kind: zzz}",
    ),
    key("title", "text, required", "A few words for lists."),
    key("purpose", "mapping, required", "Why the data is collected."),
    key("owner", "text, required", "The team to ask."),
    key(
        "review",
        "text; required if `stability` is `stable`",
        "A link to the review of the schema.",
    ),
    closed(
        "stability",
        "`development`, `stable` or `deprecated`; required",
        "How much may still change.",
        "{stability: zzz}",
    ),
    key("cadence", "mapping", "How often it may be sent."),
    closed(
        "consent",
        "`ambient` or `explicit`; required",
        "`explicit`: a user runs the command that sends it. `ambient`: a program sends it by itself, if consent is given.",
        "{consent: zzz}",
    ),
    key(
        "collector",
        "text",
        "The built-in code that fills the fields. Without it, each field of a job has `collect`.",
    ),
    key(
        "access",
        "list, required",
        "What must be read. RBAC roles are generated from it. `[]`: nothing is read.",
    ),
    key("retention", "mapping, required", "How long a receiver may keep the data."),
    key("fields", "mapping from name to field, 1 to 64; required", "The values that may be sent."),
];

const PURPOSE: &[Key] = &[
    key("question", "text, required", "The question that the data answers."),
    key("value_to_you", "text, required", "What the user who sends the data gets from it."),
    key("used_for", "list of kebab-case words, required", "What the answer is used for."),
    key("decisions", "list", "What was decided because of the data."),
];

const DECISION: &[Key] = &[
    key("date", "`YYYY-MM-DD`, required", "When it was decided."),
    key("what", "text, required", "What was decided."),
    key("link", "text", "Where it can be read."),
];

const CADENCE: &[Key] = &[
    key("max", "text, required", "The highest frequency, such as `once/24h`."),
    key("jitter", "period", "The random part of the interval, such as `1h`."),
];

const ACCESS_RESOURCES: &[Key] = &[
    key("group", "text, required", "The API group. `\"\"` is the core group."),
    key("resources", "list of texts, required", "Plural names, such as `pods`."),
    key(
        "verbs",
        "list of `get`, `list` and `watch`; required",
        "What is done. There are no writing verbs.",
    ),
    closed(
        "scope",
        "`cluster` or `namespace`; required",
        "The whole cluster, or the namespace of the product.",
        "{access: [{scope: zzz}]}",
    ),
    closed(
        "reads",
        "`metadata` or `object`; required",
        "How much of each object is read.",
        "{access: [{reads: zzz}]}",
    ),
    key(
        "calls",
        "number or `pages`, required",
        "The number of requests of a run. `pages`: one for each page of objects.",
    ),
];

const ACCESS_PATHS: &[Key] =
    &[key("paths", "list of texts, required", "Paths that are not resources, such as `/version`.")];

const RETENTION: &[Key] = &[
    key("raw", "period, required", "How long single reports are kept, such as `90d`."),
    key("aggregate", "period, required", "How long weekly counts are kept, such as `25mo`."),
];

const FIELD: &[Key] = &[
    closed(
        "type",
        "`bool`, `enum`, `count`, `version`, `duration`, `ratio`, `date`, `id`, `command_path`, `map`, `list` or `record`; required",
        "Which values are possible. There is no type for free text.",
        "{fields: {a: {type: zzz}}}",
    ),
    key("semconv", "text", "The name in semantic conventions, such as `host.arch`."),
    closed(
        "sensitivity",
        "`technical`, `interaction` or `stored_content`; required",
        "About machines and versions, about what users do, or about what users wrote.",
        "{fields: {a: {sensitivity: zzz, type: bool}}}",
    ),
    closed(
        "identifiability",
        "`none`, `weak` or `pseudonym`; default: `none`",
        "Whether the value could help to recognise an installation. At most 4 fields of a schema are `weak`.",
        "{fields: {a: {identifiability: zzz, type: bool}}}",
    ),
    key("why", "text, required", "Why this field is needed."),
    key("example", "value, required", "A value as it is sent."),
    key("since", "`X.Y.Z`, required", "The version of ktel that sent it first."),
    key(
        "expires",
        "`YYYY-MM-DD` or mapping, required",
        "The day from which it is omitted, at most 13 months ahead.",
    ),
    key("required", "boolean; default: `false`", "Whether a section without it is incomplete."),
    key(
        "against",
        "field",
        "Another field of the schema. The receiver counts both together and charts one against the other.",
    ),
    key("collect", "mapping", "How the field is filled. Required in a job without `collector`."),
];

const EXPIRES: &[Key] =
    &[key("never", "text, required", "The reason why the field does not expire.")];

const WORDS: &[Key] = &[
    key("values", "list of texts, required", "The words that may be sent, at most 64."),
    key("other", "text; default: `other`", "The word that is sent for every other value."),
];

const COUNT: &[Key] = &[
    key(
        "exact",
        "boolean; default: `false`",
        "`true`: the number itself is sent, unless the coarse form is asked for.",
    ),
    key(
        "coarse",
        "list of numbers; default: `[0, 1, 2, 6, 21, 101, 1001]`",
        "The lowest value of each bucket. The first is 0.",
    ),
];

const DURATION: &[Key] = &[
    key(
        "exact",
        "boolean; default: `false`",
        "`true`: the seconds are sent, unless the coarse form is asked for.",
    ),
    key(
        "coarse",
        "list of numbers; default: `[0, 1, 10, 60, 600, 3600, 86400]`",
        "The lowest value of each bucket, in seconds. The first is 0.",
    ),
];

const RATIO: &[Key] = &[
    key(
        "exact",
        "boolean; default: `false`",
        "`true`: the number itself is sent, unless the coarse form is asked for.",
    ),
    key(
        "coarse",
        "number from 0.01 to 0.5; default: `0.05`",
        "The step to which the ratio is rounded.",
    ),
];

const VERSION: &[Key] = &[
    closed(
        "exact",
        "`major`, `minor`, `patch` or `full`",
        "What is kept of the version. Without it, the coarse form is always sent.",
        "{fields: {a: {type: version, coarse: minor, exact: zzz}}}",
    ),
    closed(
        "coarse",
        "`major`, `minor`, `patch` or `full`; required",
        "What is kept of the version in the coarse form.",
        "{fields: {a: {type: version, coarse: zzz}}}",
    ),
];

const DATE: &[Key] = &[
    closed(
        "exact",
        "`month`, `week`, `day`, `second` or `timestamp`",
        "What is kept of the date. Without it, the coarse form is always sent.",
        "{fields: {a: {type: date, coarse: day, exact: zzz}}}",
    ),
    closed(
        "coarse",
        "`month`, `week`, `day`, `second` or `timestamp`; required",
        "What is kept of the date in the coarse form.",
        "{fields: {a: {type: date, coarse: zzz}}}",
    ),
];

const COMMAND_PATH: &[Key] =
    &[key("words", "list of texts, 1 to 256; required", "The words of commands that may be sent.")];

const MAP: &[Key] = &[
    key("keys", "list of texts, required", "The keys that may be sent, at most 64."),
    key("other", "text; default: `other`", "The key for everything else."),
    key("of", "`count` or `bool`; required", "The type of the values."),
    key("exact", "boolean; default: `false`", "As of a `count`."),
    key("coarse", "list of numbers", "As of a `count`."),
];

const RECORD: &[Key] = &[key(
    "fields",
    "mapping from name to field, 1 to 64; required",
    "Fields within the field, one level deep. They take over `sensitivity`, `since` and `expires`.",
)];

const COLLECT: &[Key] = &[
    key(
        "count",
        "source or list of sources",
        "The number of objects, in one request. Fills a `count`.",
    ),
    key(
        "matches",
        "source with `path`",
        "The number of values at the path in all objects. Fills a `count`.",
    ),
    key(
        "value",
        "source with `path`",
        "The value at the path in the first object that has one, by namespace and name. Fills any type but `map`, `list`, `record` and `id`.",
    ),
    key("values", "source with `path`", "The distinct values at the path. Fills a `list`."),
    key(
        "group_count",
        "source with `path`",
        "The number of times that each value is at the path. Fills a `map` of `count`.",
    ),
    key(
        "written_versions",
        "source",
        "The API versions with which the objects were last written. Fills a `list`.",
    ),
    key(
        "served_versions",
        "source",
        "All API versions in which the API server has the kind. No object is read. Fills a `list`.",
    ),
    key(
        "newest_change",
        "source",
        "When one of the objects was last changed. Changes of `status` do not count. Fills a `date`.",
    ),
];

const SOURCE: &[Key] = &[
    key("group", "text, required", "The API group. `\"\"` is the core group."),
    key("resource", "text, required", "The plural name, such as `pods`."),
    key("namespace", "text; default: all", "Only objects in this namespace."),
    key("labels", "label selector; default: all", "Only objects with these labels."),
    key(
        "path",
        "JSONPath",
        "The value in the object. Required by `matches`, `value`, `values` and `group_count`, not allowed otherwise.",
    ),
];
