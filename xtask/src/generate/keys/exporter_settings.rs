//! The keys of the exporter's settings.

use std::collections::BTreeSet;

use ktel_exporter::settings::Settings;

use super::format::{Format, Key, Mapping, closed, key, mapping, named_by_serde};

pub(super) const FORMAT: Format = Format {
    page: "docs/reference/exporter-settings.md",
    json_schema: None,
    mappings: &MAPPINGS,
    known,
};

fn known(text: &str) -> anyhow::Result<BTreeSet<String>> {
    let parsed = Settings::parse(text, "probe.yaml");
    named_by_serde(parsed.err().map(|error| error.to_string()))
}

const MAPPINGS: [Mapping; 8] = [
    mapping("file", "{ktel: 1, zzz: 1}", FILE),
    mapping("store", "{ktel: 1, store: {zzz: 1}}", STORE),
    mapping("tenancy", "{ktel: 1, tenancy: {zzz: 1}}", TENANCY),
    mapping("resources", "{ktel: 1, resources: {zzz: 1}}", RESOURCES),
    mapping("egress", "{ktel: 1, egress: {zzz: 1}}", EGRESS),
    mapping("reading", "{ktel: 1, reading: {zzz: 1}}", READING),
    mapping("limits", "{ktel: 1, limits: {zzz: 1}}", LIMITS),
    mapping("tenant", "{ktel: 1, limits: {tenant: {zzz: 1}}}", TENANT),
];

const FILE: &[Key] = &[
    key("ktel", "`1`, required", "The version of the format."),
    key("store", "mapping, required", "Where metrics are read."),
    key("tenancy", "mapping, required", "Whose data is whose."),
    key("resources", "mapping", "How a resource stands on its metrics, and what may be selected."),
    key("egress", "mapping", "What a sink may reach."),
    key("reading", "mapping", "How windows of time are read."),
    key("limits", "mapping", "How much of everything."),
];

const STORE: &[Key] = &[
    closed(
        "kind",
        "`victoria-metrics`, `prometheus` or `other`, required",
        "`victoria-metrics`: read by `/api/v1/export`. `prometheus`: read by `remote_read`. `other`: anything that answers `/api/v1/query`.",
        "{ktel: 1, store: {kind: zzz}}",
    ),
    key(
        "version",
        "text; required for `victoria-metrics`, absent otherwise",
        "Its version, such as `\"1.145\"`. A query that this version does not survive is not sent.",
    ),
    key(
        "url",
        "URL, required",
        "Where the API begins. `{tenant}` in the path is replaced by `tenancy.path`.",
    ),
    key(
        "authorization_file",
        "path; default: none",
        "A file with the value of the header `Authorization`.",
    ),
    key(
        "ca_file",
        "path; default: the system's authorities",
        "A file with the authorities to trust, as PEM.",
    ),
    key(
        "query_bytes_max",
        "number from 1024 to 1048576; default: 16384",
        "The longest query that the store takes: `-search.maxQueryLen` of VictoriaMetrics.",
    ),
];

const TENANCY: &[Key] = &[
    key(
        "labels",
        "mapping from label to [value](#values-of-a-tenant)",
        "What every series has to carry.",
    ),
    key("path", "[value](#values-of-a-tenant)", "What `{tenant}` in `store.url` stands for."),
    key(
        "single_tenant",
        "boolean; default: `false`",
        "`true`: all data belongs to one tenant, and nothing is enforced. Then `labels` and `path` are absent.",
    ),
];

const RESOURCES: &[Key] = &[
    key("group", "text; default: `service_name`", "The label with the API group."),
    key("core_group", "text; default: empty", "The value of this label for the core group."),
    key("kind", "text; default: `resource_kind`", "The label with the kind."),
    key("namespace", "text; default: `resource_namespace`", "The label with the namespace."),
    key("name", "text; default: `resource_name`", "The label with the name."),
    key(
        "label_prefix",
        "text; default: `label_`",
        "Stands before the key of a label of the resource.",
    ),
    closed(
        "label_keys",
        "`underscores` or `exact`; default: `underscores`",
        "`underscores`: what is neither a letter, a digit nor `_` in the key becomes `_`. `exact`: the key as it is.",
        "{ktel: 1, resources: {label_keys: zzz}}",
    ),
    closed(
        "resolve",
        "`metrics` or `objects`; default: `metrics`",
        "`metrics`: metrics carry the labels of their resources. `objects`: the exporter watches the selected kinds and selects by name.",
        "{ktel: 1, resources: {resolve: zzz}}",
    ),
    closed(
        "namespaces",
        "`own`, `tenant` or `all`; default: `own`",
        "Which namespaces an Exporter may select: its own, those of its tenant, or all. The tenant's labels are enforced in each case.",
        "{ktel: 1, resources: {namespaces: zzz}}",
    ),
];

const EGRESS: &[Key] = &[
    key("allow_http", "boolean; default: `false`", "Whether a sink may be reached without TLS."),
    key(
        "allowed_networks",
        "list of networks; default: none",
        "Networks that are allowed although they are not public, such as `10.20.0.0/16`. They win over `denied_networks`.",
    ),
    key(
        "denied_networks",
        "list of networks; default: none",
        "Networks that are denied although they are public, such as public addresses of the cluster.",
    ),
    key("ports", "list of ports; default: all", "Ports that are allowed."),
    key(
        "proxy_from_environment",
        "boolean; default: `false`",
        "`true`: `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` count. The proxy resolves names then, and networks are not checked here.",
    ),
];

const READING: &[Key] = &[
    key("window", "duration from `1s` to `10m`; default: `30s`", "How long a window is."),
    key(
        "lag",
        "duration up to `24h`; default: `15s`",
        "How long after its end a window is read, where a source has no `minLag`.",
    ),
    key(
        "lag_min",
        "duration up to `24h`; default: `5s`",
        "The least that `minLag` of a source may say.",
    ),
];

const LIMITS: &[Key] = &[
    key(
        "memory",
        "bytes from `16Mi` to `64Gi`; default: `64Mi`",
        "Samples and requests in memory. A sink's requests may have an eighth of it.",
    ),
    key(
        "store_requests_max",
        "number from 1 to 1024; default: 8",
        "Requests to the store at once, of all tenants.",
    ),
    key("tenant", "mapping", "What one tenant may use."),
];

const TENANT: &[Key] = &[
    key(
        "series_max",
        "number; default: 1000000",
        "Series in a window of a source. A source with more is not read: its status says so, and it goes on where it stopped once it selects less or this is larger.",
    ),
    key("points_per_second", "number; default: 100000", "Points that are sent to a sink."),
    key("bytes_per_second", "bytes; default: `32Mi`", "Bytes that are read from the store."),
    key(
        "query_bytes_max",
        "number from 1024 to 1048576; default: 16384",
        "The longest query that is sent for it. Long sets of names are divided below it.",
    ),
    key(
        "store_requests_max",
        "number from 1 to 1024; default: 2",
        "Requests to the store at once.",
    ),
];
