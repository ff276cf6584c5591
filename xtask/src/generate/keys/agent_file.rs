//! The keys of an agent file.

use std::collections::BTreeSet;
use std::io;

use ktel::agent::AgentFile;

use super::format::{Format, Key, Mapping, closed, key, mapping, named_by_serde};

pub(super) const FORMAT: Format = Format {
    page: "docs/reference/agent-file.md",
    json_schema: Some("crates/cli/src/editor/agent.json"),
    mappings: &MAPPINGS,
    known,
};

fn known(text: &str) -> anyhow::Result<BTreeSet<String>> {
    let nothing = |_: &str| Err(io::ErrorKind::NotFound.into());
    let parsed = AgentFile::parse(text, "probe.yaml", &nothing);
    named_by_serde(parsed.err().map(|error| error.to_string()))
}

const MAPPINGS: [Mapping; 9] = [
    mapping("file", "{ktel: 1, product: acme, zzz: 1}", FILE),
    mapping("server", "{ktel: 1, product: acme, servers: [{url: x, zzz: 1}]}", SERVER),
    mapping("telemetry", "{ktel: 1, product: acme, telemetry: {zzz: 1}}", TELEMETRY),
    mapping("stats", "{ktel: 1, product: acme, stats: {zzz: 1}}", STATS),
    mapping("group", "{ktel: 1, product: acme, stats: {groups: [{zzz: 1}]}}", GROUP),
    mapping("metrics", "{ktel: 1, product: acme, stats: {metrics: {zzz: 1}}}", METRICS),
    mapping("series", "{ktel: 1, product: acme, stats: {metrics: {series: [{zzz: 1}]}}}", SERIES),
    mapping("lifecycle", "{ktel: 1, product: acme, lifecycle: [{zzz: 1}]}", LIFECYCLE),
    mapping(
        "step",
        "{ktel: 1, product: acme, lifecycle: [{resource: x, fields: {a: {zzz: 1}}}]}",
        STEP,
    ),
];

const FILE: &[Key] = &[
    key("ktel", "`1`, required", "The version of the format."),
    key(
        "product",
        "text, required",
        "The name of the product: lower-case letters, digits and `-`.",
    ),
    key(
        "namespace",
        "text; default: the namespace of the agent",
        "The namespace of the product. The key and the lease of the agent are there.",
    ),
    key("selector", "label selector", "The labels that find the workload of the product."),
    key(
        "servers",
        "list, at most 8; default: none",
        "Where reports go: a URL, or a mapping with `url` and `form`.",
    ),
    key(
        "state",
        "path",
        "A directory on a volume. The agent stores there what it has seen and what is not delivered yet.",
    ),
    key("telemetry", "mapping", "Whether the agent does anything at all."),
    key(
        "schemas",
        "list of file names, at most 32",
        "Further schema files, in the directory of this file.",
    ),
    key(
        "facts",
        "mapping from field to source",
        "Values that any event or stats document may contain: `JOB.FIELD`, `installation` (the identity of the installation) or `=VALUE`.",
    ),
    key("stats", "mapping", "What is counted and sent once per period."),
    key(
        "lifecycle",
        "list, at most 16",
        "Which resources are watched, and which events are sent about them.",
    ),
];

const SERVER: &[Key] = &[
    key("url", "URL, required", "A [report server](report-servers.md)."),
    closed(
        "form",
        "`envelope` or `kamaji`; default: `envelope`",
        "`envelope`: signed envelopes. `kamaji`: documents without an envelope, for the endpoints `/stats`, `/create`, `/update` and `/delete` of Kamaji's receiver.",
        "{ktel: 1, product: acme, servers: [{url: 'https://example.com', form: zzz}]}",
    ),
];

const TELEMETRY: &[Key] = &[key(
    "disabled",
    "boolean; default: `false`",
    "`true`: the agent sends nothing, watches nothing and makes no request.",
)];

const STATS: &[Key] = &[
    key(
        "period",
        "duration, at least 60 s; default: `24h`",
        "The time between two reports. It varies by up to 10 %.",
    ),
    key(
        "initial_delay",
        "duration; default: `10m`",
        "The time from the start to the first report.",
    ),
    key("jobs", "list of job names", "Jobs of the catalog whose sections are part of the report."),
    key("schema", "schema name", "The schema of kind `stats` that `groups` and `metrics` fill."),
    key("groups", "list, at most 16", "Counts of resources."),
    key("metrics", "mapping", "Numbers from the Prometheus endpoint of the product."),
];

const GROUP: &[Key] = &[
    key(
        "resource",
        "text, required",
        "The plural name and the API group: `lamps.example.com`, or `pods`.",
    ),
    key("namespace", "text; default: all", "Only objects in this namespace."),
    key("labels", "label selector; default: all", "Only objects with these labels."),
    key("path", "JSONPath, required", "The value by which objects are grouped."),
    key("sum", "JSONPath", "Adds the number of values at this path, instead of 1 for each object."),
    key(
        "into",
        "mapping from value to field",
        "The field that counts the objects with this value.",
    ),
    key(
        "other",
        "field",
        "The field that counts objects with any other value. Without it, they are not counted.",
    ),
];

const METRICS: &[Key] = &[
    key(
        "from",
        "URL or `service/NAMESPACE/NAME:PORT/PATH`, required",
        "The endpoint. The second form reads a Service through the API server.",
    ),
    key(
        "token_file",
        "path",
        "A file with a bearer token. It is read before each request. Not for `service/…`.",
    ),
    key("ca_file", "path", "A file with certificate authorities in PEM. Not for `service/…`."),
    key("series", "list, at most 32, required", "The metrics that are read."),
];

const SERIES: &[Key] = &[
    key(
        "gauge",
        "metric name",
        "Sends the value of the gauge. One of `gauge`, `counter` and `histogram` is required.",
    ),
    key(
        "counter",
        "metric name",
        "Sends by how much the counter grew since the last reading. A restart of the product does not count as a decrease.",
    ),
    key(
        "histogram",
        "metric name",
        "Sends quantiles of the observations since the last reading, from classic buckets.",
    ),
    key("where", "mapping from label to value", "Only samples with these labels."),
    closed(
        "per",
        "`second`, `minute`, `hour` or `day`; default: `second`",
        "The unit of time of a counter.",
        "{ktel: 1, product: acme, stats: {metrics: {from: x, series: [{counter: a, per: zzz, into: b}]}}}",
    ),
    key(
        "times",
        "number above 0; default: `1`",
        "Multiplies the value: `1000` turns seconds into milliseconds.",
    ),
    key(
        "by",
        "label",
        "Groups samples by the value of this label. Without it, all samples are added up.",
    ),
    key(
        "into",
        "field or mapping, required",
        "The field. With `by`: a mapping from label value to field. With `histogram`: a mapping such as `{p50: FIELD, p99: FIELD}`.",
    ),
    key("other", "field", "With `by`: the field for samples with any other label value."),
];

const LIFECYCLE: &[Key] = &[
    key(
        "resource",
        "text, required",
        "The plural name and the API group of the resource that is watched.",
    ),
    key("namespace", "text; default: all", "Only objects in this namespace."),
    key("labels", "label selector; default: all", "Only objects with these labels."),
    key(
        "fields",
        "mapping from field to value, at most 16",
        "Where the value of a field is: a JSONPath, a step, or a list of at most 16 steps.",
    ),
    key(
        "created",
        "schema name",
        "The schema of the event when an object is created. Without it, no event is sent.",
    ),
    key(
        "updated",
        "schema name",
        "The schema of the event when a field changes. It declares `old_FIELD` and `new_FIELD`.",
    ),
    key("deleted", "schema name", "The schema of the event when an object is deleted."),
];

const STEP: &[Key] = &[
    key("path", "JSONPath", "The value at this path. If nothing is there, the next step is tried."),
    key(
        "words",
        "mapping from value to word",
        "With `path`: the word for the value. If the value has no word, the next step is tried.",
    ),
    key(
        "is",
        "text",
        "Alone: this word. With `path`: this word, if there is anything at the path.",
    ),
    key(
        "exists",
        "boolean",
        "With `path`: `true` or `false`, depending on whether there is anything at the path.",
    ),
];
