//! The keys of a product file.

use std::collections::BTreeSet;
use std::io;

use ktel::product_file::ProductFile;

use super::format::{Format, Key, Mapping, closed, key, mapping, named_by_serde};

pub(super) const FORMAT: Format = Format {
    page: "docs/reference/product-file.md",
    json_schema: Some("crates/cli/src/editor/product.json"),
    mappings: &MAPPINGS,
    known,
};

fn known(text: &str) -> anyhow::Result<BTreeSet<String>> {
    let nothing = |_: &str| Err(io::ErrorKind::NotFound.into());
    let parsed = ProductFile::parse(text, "probe.yaml", &nothing);
    named_by_serde(parsed.err().map(|error| error.to_string()))
}

const MAPPINGS: [Mapping; 3] = [
    mapping("file", "{ktel: 1, name: acme, consent: opt-in, zzz: 1}", FILE),
    mapping("notice", "{ktel: 1, name: acme, consent: opt-in, notice: {zzz: 1}}", NOTICE),
    mapping("stood", "{ktel: 1, name: acme, consent: opt-in, notice: {stood: {zzz: 1}}}", STOOD),
];

const FILE: &[Key] = &[
    key("ktel", "`1`, required", "The version of the format."),
    key(
        "name",
        "text, required",
        "The name of the product: lower-case letters, digits and `-`. A file that is found by name must have this name.",
    ),
    key(
        "binary",
        "text; default: `name`",
        "The name of the program. It is removed from the beginning of a command.",
    ),
    closed(
        "consent",
        "`opt-in`, `opt-out` or `off`; required",
        "What applies while the user has not decided.",
        "{ktel: 1, name: acme, consent: zzz}",
    ),
    key(
        "server",
        "URL",
        "Where events go. Without it, nothing is sent. The URL must not contain a user name or a password.",
    ),
    key(
        "key",
        "text",
        "The product key, which the server requires. It is public: whoever has the file can read it. `ktel token add --role events` creates one.",
    ),
    key(
        "policy",
        "absolute path",
        "The policy file of an organisation for this product, in addition to `/etc/ktel/policy.yaml`.",
    ),
    key(
        "default_profile",
        "text; default: `default`",
        "The profile of the configuration that is in use if the user names none.",
    ),
    key(
        "profiles",
        "list of texts; default: every section at the root",
        "The profiles of the configuration. Each of them can turn telemetry off, also if it is not in use. `[]` if the configuration has no profiles.",
    ),
    key(
        "commands",
        "list of texts; default: none",
        "The commands that events may contain, such as `get apis`. Other commands are sent as `plugin`.",
    ),
    key(
        "event_version",
        "`1` or `2`; default: `1`",
        "The version of the event. Version 2 adds the outcome, the error category and the duration.",
    ),
    key(
        "direct",
        "boolean; default: `false`",
        "`true`: each command sends its event itself, within 50 ms, and no event is stored on the machine.",
    ),
    key(
        "auto_upload",
        "boolean; default: `true`",
        "`false`: recording an event never starts an upload. `ktel events upload` sends the events.",
    ),
    key(
        "schemas",
        "list of file names, at most 16",
        "Further schema files, in the directory of this file.",
    ),
    key(
        "notice",
        "mapping",
        "What users see before the first event is sent. Required for `opt-out`, with a `text` or a `url`.",
    ),
];

const NOTICE: &[Key] = &[
    key(
        "text",
        "text, at most 16 lines and 2000 characters",
        "The notice in the words of the product.",
    ),
    key("url", "text", "Where users can read more."),
    key("off", "text", "The command that turns telemetry off, such as `acme telemetry off`."),
    key("stood", "mapping", "Where the notice was shown to users who have no terminal."),
];

const STOOD: &[Key] = &[
    closed(
        "place",
        "`installer`, `chart-notes` or `documentation`; required",
        "Where it was shown.",
        "{ktel: 1, name: acme, consent: opt-in, notice: {stood: {place: zzz, reference: x}}}",
    ),
    key("reference", "text, required", "The page, the file or the URL."),
];
