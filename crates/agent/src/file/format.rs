//! The format of an agent file: parsed, then checked value by value.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use std::{fmt, io};

use indexmap::IndexMap;
use ktel_model::Schema;
use ktel_model::standard::schema::{Kind as SchemaKind, Source};
use serde::de::{self, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer};
use sha2::{Digest, Sha256};

use super::error::{Error, Wrong, hinted};
use super::metrics::RawMetrics;
use super::types::{AgentFile, Destination, Fact, Form, Group, Stats, Watched};
use crate::lifecycle::Kind;
use crate::{extract, limits};
use ktel_destination::ReportServer;
use ktel_jobs::{Catalog, JsonPath};
use ktel_usage::product_name::ProductName;
use ktel_usage::yaml;

/// A configuration as it is written: in a file, or by the code of a controller.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Draft {
    ktel: u64,
    pub(crate) product: ProductName,
    pub(crate) namespace: Option<String>,
    pub(crate) selector: Option<String>,
    #[serde(default)]
    pub(crate) servers: Vec<RawServer>,
    pub(crate) state: Option<PathBuf>,
    #[serde(default)]
    telemetry: RawTelemetry,
    #[serde(default)]
    pub(crate) schemas: Vec<String>,
    #[serde(default)]
    pub(crate) facts: BTreeMap<String, String>,
    pub(crate) stats: Option<RawStats>,
    #[serde(default)]
    lifecycle: Vec<RawWatched>,
    /// The schemas of the events that a controller emits itself; a file has no key for them.
    #[serde(skip)]
    pub(crate) emitted: BTreeMap<String, BTreeMap<Kind, String>>,
    /// Whether code reports something, too.
    #[serde(skip)]
    pub(crate) embedded: bool,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTelemetry {
    #[serde(default)]
    disabled: bool,
}

/// A URL, or one with a form.
pub(crate) struct RawServer {
    url: String,
    form: RawForm,
}

impl RawServer {
    /// Names a server that gets envelopes.
    pub(crate) fn at(url: &str) -> Self {
        Self { url: url.to_owned(), form: RawForm::Envelope }
    }
}

impl<'de> Deserialize<'de> for RawServer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Full {
            url: String,
            #[serde(default)]
            form: RawForm,
        }
        struct Server;
        impl<'de> Visitor<'de> for Server {
            type Value = RawServer;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("the URL of a report server, or `{url: URL, form: kamaji}`")
            }

            fn visit_str<E: de::Error>(self, url: &str) -> Result<RawServer, E> {
                Ok(RawServer { url: url.to_owned(), form: RawForm::Envelope })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawServer, A::Error> {
                let Full { url, form } = Full::deserialize(MapAccessDeserializer::new(map))?;
                Ok(RawServer { url, form })
            }
        }
        deserializer.deserialize_any(Server)
    }
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RawForm {
    #[default]
    Envelope,
    Kamaji,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawStats {
    pub(crate) period: Option<String>,
    pub(crate) initial_delay: Option<String>,
    #[serde(default)]
    jobs: Vec<String>,
    pub(crate) schema: Option<String>,
    #[serde(default)]
    groups: Vec<RawGroup>,
    metrics: Option<RawMetrics>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawGroup {
    resource: String,
    namespace: Option<String>,
    labels: Option<String>,
    path: String,
    sum: Option<String>,
    #[serde(default)]
    into: BTreeMap<String, String>,
    other: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWatched {
    resource: String,
    namespace: Option<String>,
    labels: Option<String>,
    #[serde(default)]
    fields: IndexMap<String, extract::Raw>,
    created: Option<String>,
    updated: Option<String>,
    deleted: Option<String>,
}

impl Draft {
    /// Begins with nothing.
    pub(crate) fn of(product: ProductName) -> Self {
        Self {
            ktel: 1,
            product,
            namespace: None,
            selector: None,
            servers: Vec::new(),
            state: None,
            telemetry: RawTelemetry::default(),
            schemas: Vec::new(),
            facts: BTreeMap::new(),
            stats: None,
            lifecycle: Vec::new(),
            emitted: BTreeMap::new(),
            embedded: false,
        }
    }

    /// Parses a configuration; its values are not checked yet.
    pub(crate) fn read(text: &str, file: &str) -> Result<Self, Error> {
        let wrong = |message| Error::Format { file: file.to_owned(), message, hint: None };
        let draft: Self = yaml::parse(text).map_err(|error| wrong(yaml::explain(text, &error)))?;
        if draft.ktel != 1 {
            let format = draft.ktel;
            return Err(wrong(format!("it is of format {format}, and only `ktel: 1` is known")));
        }
        Ok(draft)
    }

    /// Checks every value, and reads the schemas.
    pub(crate) fn check(
        self,
        file: &str,
        read: &dyn Fn(&str) -> io::Result<String>,
    ) -> Result<AgentFile, Error> {
        let wrong =
            |Wrong(message, hint): Wrong| Error::Format { file: file.to_owned(), message, hint };
        let schemas = schemas(&self.schemas, file, read, &wrong)?;
        build(self, schemas).map_err(wrong)
    }
}

fn schemas(
    names: &[String],
    file: &str,
    read: &dyn Fn(&str) -> io::Result<String>,
    wrong: &dyn Fn(Wrong) -> Error,
) -> Result<BTreeMap<String, Schema>, Error> {
    if names.len() > limits::AGENT_SCHEMAS_MAX {
        return Err(wrong(
            format!("it has more than {} schemas", limits::AGENT_SCHEMAS_MAX).into(),
        ));
    }
    let mut schemas: BTreeMap<String, Schema> = ktel_model::built_in::DOCUMENTS
        .iter()
        .map(|file| (file.name.to_owned(), file.schema()))
        .collect();
    for name in names {
        let (file, schema) = (file.to_owned(), name.clone());
        let text = read(name).map_err(|source| Error::SchemaFile {
            file: file.clone(),
            schema: schema.clone(),
            source,
        })?;
        let parsed = Schema::parse(&text, name).map_err(|source| Error::Schema {
            file,
            schema,
            source: Box::new(source),
        })?;
        schemas.insert(parsed.name.clone(), parsed);
    }
    Ok(schemas)
}

fn build(raw: Draft, schemas: BTreeMap<String, Schema>) -> Result<AgentFile, Wrong> {
    // Exhaustive on purpose: a new key does not compile until it is used here.
    let Draft {
        ktel: _,
        product,
        namespace,
        selector,
        servers,
        state,
        telemetry: RawTelemetry { disabled },
        schemas: _,
        facts,
        stats,
        lifecycle,
        emitted,
        embedded,
    } = raw;
    if stats.is_none() && lifecycle.is_empty() && emitted.is_empty() && !embedded {
        let hint = "configure what is counted under `stats`, or what is watched under `lifecycle`";
        return Err(hinted("it configures nothing to report".into(), hint));
    }
    if servers.len() > limits::SERVERS_MAX || lifecycle.len() > limits::WATCHES_MAX {
        let message = format!(
            "it has more than {} servers or {} watches",
            limits::SERVERS_MAX,
            limits::WATCHES_MAX
        );
        return Err(message.into());
    }
    let catalog = Catalog::built_in();
    let servers = servers.into_iter().map(destination).collect::<Result<_, _>>()?;
    let facts = facts
        .into_iter()
        .map(|(name, text)| Ok((name.clone(), fact(&name, &text, &catalog)?)))
        .collect::<Result<_, Wrong>>()?;
    let stats = stats.map(|raw| self::stats(raw, &schemas, &catalog)).transpose()?;
    let lifecycle: Vec<Watched> =
        lifecycle.into_iter().map(|raw| watched(raw, &schemas)).collect::<Result<_, _>>()?;
    let mut names: Vec<String> = lifecycle.iter().map(Watched::name).collect();
    names.sort();
    if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(format!("`{}` stands twice under `lifecycle`", pair[0]).into());
    }
    for name in emitted.values().flat_map(BTreeMap::values) {
        find(&schemas, name, SchemaKind::Event)?;
    }
    Ok(AgentFile {
        product,
        namespace,
        selector,
        servers,
        state,
        disabled,
        schemas,
        facts,
        stats,
        lifecycle,
        emitted,
    })
}

fn destination(RawServer { url, form }: RawServer) -> Result<Destination, Wrong> {
    let server: ReportServer = url.parse().map_err(|error: ktel_destination::Error| {
        let hint = error.hint();
        Wrong(error.to_string(), hint)
    })?;
    let form = match form {
        RawForm::Envelope => Form::Envelope,
        RawForm::Kamaji => Form::Kamaji,
    };
    let plain = url.starts_with("https://") || url.starts_with("http://");
    if form == Form::Kamaji && (!plain || url.contains('?')) {
        let message = format!("`{url}` cannot be the base URL of Kamaji's endpoints");
        return Err(hinted(message, "write `https://HOST`, without options"));
    }
    Ok(Destination { server, form })
}

fn fact(name: &str, text: &str, catalog: &Catalog) -> Result<Fact, Wrong> {
    if text == "installation" {
        return Ok(Fact::Installation);
    }
    if let Some(value) = text.strip_prefix('=') {
        return Ok(Fact::Value(value.to_owned()));
    }
    let hint = "write `JOB.FIELD`, `installation`, or `=VALUE`";
    let Some((job, field)) = text.split_once('.') else {
        return Err(hinted(format!("fact `{name}` has the source `{text}`, which is none"), hint));
    };
    let found = catalog.find(job).map_err(|error| {
        Wrong(format!("fact `{name}`: {error}"), error.hint().map(str::to_owned))
    })?;
    if found.schema().field(field).is_none() {
        let known: Vec<&str> = found.schema().fields.keys().map(String::as_str).collect();
        let message = format!("fact `{name}`: job `{job}` has no field `{field}`");
        return Err(hinted(message, format!("it has {}", known.join(", "))));
    }
    Ok(Fact::Job { job: job.to_owned(), field: field.to_owned() })
}

fn stats(
    raw: RawStats,
    schemas: &BTreeMap<String, Schema>,
    catalog: &Catalog,
) -> Result<Stats, Wrong> {
    let RawStats { period, initial_delay, jobs, schema, groups, metrics } = raw;
    let period = duration("stats.period", period.as_deref())?.unwrap_or(limits::STATS_PERIOD);
    if period < limits::STATS_PERIOD_MIN {
        let message =
            format!("`stats.period` is shorter than {} s", limits::STATS_PERIOD_MIN.as_secs());
        return Err(hinted(message, "write `period: 24h`, or omit it"));
    }
    let initial_delay = duration("stats.initial_delay", initial_delay.as_deref())?
        .unwrap_or(limits::STATS_INITIAL_DELAY);
    for job in &jobs {
        catalog.find(job).map_err(|error| {
            Wrong(format!("`stats.jobs`: {error}"), error.hint().map(str::to_owned))
        })?;
    }
    if let Some(name) = &schema {
        find(schemas, name, SchemaKind::Stats)?;
    }
    if groups.len() > limits::GROUPS_MAX {
        return Err(format!("`stats.groups` has more than {} entries", limits::GROUPS_MAX).into());
    }
    let declared = |asks: &str| {
        let hint = "name the schema that declares the fields under `stats.schema`";
        let found = schema.as_ref().and_then(|name| schemas.get(name));
        found.ok_or_else(|| hinted(format!("`stats.{asks}` fills no schema"), hint))
    };
    let groups = groups
        .into_iter()
        .map(|raw| group(raw, declared("groups")?))
        .collect::<Result<_, Wrong>>()?;
    let metrics = metrics.map(|raw| raw.check(declared("metrics")?)).transpose()?;
    Ok(Stats { period, initial_delay, jobs, schema, groups, metrics })
}

fn group(raw: RawGroup, schema: &Schema) -> Result<Group, Wrong> {
    let RawGroup { resource, namespace, labels, path, sum, into, other } = raw;
    let compile = |path: &str| {
        JsonPath::compile(path).map_err(|error| Wrong(format!("`stats.groups`: {error}"), None))
    };
    let (by, sum) = (compile(&path)?, sum.as_deref().map(compile).transpose()?);
    for target in into.values().chain(&other) {
        if !fits(schema, target) {
            let message = format!("schema `{}` has no field `{target}`", schema.name);
            return Err(hinted(message, "declare it there as a count, or as a key of a map"));
        }
    }
    let source = source(&resource, namespace, labels);
    Ok(Group { source, by, sum, into, other })
}

/// Tells whether a schema declares a field, a field of a record, or a key of a map in either.
fn fits(schema: &Schema, target: &str) -> bool {
    let key = || {
        let (map, key) = target.rsplit_once('.')?;
        Some(schema.words(map)?.values.iter().any(|word| word == key))
    };
    schema.field(target).is_some() || key() == Some(true)
}

fn watched(raw: RawWatched, schemas: &BTreeMap<String, Schema>) -> Result<Watched, Wrong> {
    let RawWatched { resource, namespace, labels, fields, created, updated, deleted } = raw;
    let at = format!("`{resource}` under `lifecycle`");
    if fields.len() > limits::WATCHED_FIELDS_MAX {
        return Err(format!("{at} has more than {} fields", limits::WATCHED_FIELDS_MAX).into());
    }
    let written = format!("{fields:?}");
    let digest = Sha256::digest(written.as_bytes());
    let digest = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let mut compiled = IndexMap::new();
    for (name, raw) in fields {
        let extract = raw
            .compile()
            .map_err(|message| Wrong(format!("field `{name}` of {at} {message}"), None))?;
        compiled.insert(name, extract);
    }
    let mut named = BTreeMap::new();
    for (kind, name) in
        [(Kind::Created, created), (Kind::Updated, updated), (Kind::Deleted, deleted)]
    {
        let Some(name) = name else { continue };
        let schema = find(schemas, &name, SchemaKind::Event)?;
        let changes = |name: &str| {
            ["old_", "new_"]
                .iter()
                .any(|side| name.strip_prefix(side).is_some_and(|name| compiled.contains_key(name)))
        };
        if kind == Kind::Updated && !schema.fields.keys().any(|name| changes(name)) {
            let message = format!("schema `{name}` of {at} has no field for a change");
            return Err(hinted(message, "declare `old_FIELD` and `new_FIELD` there"));
        }
        named.insert(kind, name);
    }
    if named.is_empty() {
        let hint = "name a schema under `created`, `updated` or `deleted`";
        return Err(hinted(format!("{at} sends nothing"), hint));
    }
    let source = source(&resource, namespace, labels);
    Ok(Watched { source, fields: compiled, digest, schemas: named })
}

fn find<'s>(
    schemas: &'s BTreeMap<String, Schema>,
    name: &str,
    kind: SchemaKind,
) -> Result<&'s Schema, Wrong> {
    let Some(schema) = schemas.get(name) else {
        let known: Vec<&str> = schemas.keys().map(String::as_str).collect();
        let message = format!("no schema is called `{name}`");
        let hint = format!("known are {}; `schemas` adds files", known.join(", "));
        return Err(hinted(message, hint));
    };
    if schema.kind != kind {
        let word = if kind == SchemaKind::Stats { "stats" } else { "event" };
        let message = format!("schema `{name}` is of another kind");
        return Err(hinted(message, format!("this place needs one of `kind: {word}`")));
    }
    Ok(schema)
}

fn source(resource: &str, namespace: Option<String>, labels: Option<String>) -> Source {
    let (resource, group) = resource.split_once('.').unwrap_or((resource, ""));
    let (resource, group) = (resource.to_owned(), group.to_owned());
    Source { group, resource, namespace, labels, path: None }
}

fn duration(key: &str, text: Option<&str>) -> Result<Option<Duration>, Wrong> {
    let Some(text) = text else { return Ok(None) };
    let parsed: Option<jiff::SignedDuration> = text.parse().ok(); // the hint says all there is
    let parsed = parsed.and_then(|parsed| Duration::try_from(parsed).ok());
    let wrong = || {
        hinted(
            format!("`{key}` is not a duration: `{text}`"),
            "write it with its unit, as in 30s or 24h",
        )
    };
    parsed.map(Some).ok_or_else(wrong)
}
