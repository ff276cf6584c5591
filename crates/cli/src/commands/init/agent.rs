//! `ktel init agent`: an agent file, its schemas, its roles and values for the chart, from the definition of a resource.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use clap::Args;
use jiff::civil::Date;
use ktel::agent::AgentFile;
use ktel_model::standard::Finding;

use super::super::agent::roles;
use super::ask::{self, Question, Questions};
use super::crd::{Kind, ValueKind};
use super::job::{capital, failure, not_proposed};
use super::propose::{self, Field, Head, Proposal, snake};
use super::source::SourceArguments;
use super::values::values;
use super::write::{self, quoted};
use crate::clock;
use crate::editor::EditorFile;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;

#[derive(Debug, Args)]
pub(crate) struct AgentArguments {
    /// The name of the product
    product: Option<String>,
    #[command(flatten)]
    source: SourceArguments,
    /// Where reports go (repeatable); without one, the agent only previews
    #[arg(long = "report-server", visible_alias = "server", value_name = "URL")]
    servers: Vec<String>,
    /// The namespace of the product, for the key and the lease of the agent
    #[arg(short, long, value_name = "NAME")]
    namespace: Option<String>,
    /// The directory for the files
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
}

/// What the definition does not say, as YAML.
struct Place {
    servers: String,
    namespace: String,
}

const PRODUCT: Question<'_> = Question {
    text: "Name of the product, in lower-case words joined by `-`",
    argument: "PRODUCT",
    default: None,
};
const SERVERS: Question<'_> = Question {
    text: "Where reports go, such as http://127.0.0.1:8090/v1/reports",
    argument: "--report-server",
    default: Some(""),
};
const NAMESPACE: Question<'_> =
    Question { text: "Namespace of the product", argument: "--namespace", default: Some("") };

pub(super) fn run(arguments: &AgentArguments, printer: &mut Printer) -> Result<Exit, Failure> {
    let AgentArguments { product, source, servers, namespace, dir } = arguments;
    let today = clock::today();
    let mut questions = Questions::on_terminal(printer);
    let product = questions.answer(product.as_deref(), &PRODUCT, ask::product)?;
    let kind = source.kind(&mut questions)?;
    let schemas = propose(&kind, &product, today).map_err(|findings| failure(&findings))?;
    let servers = match servers.as_slice() {
        [] => questions.answer(None, &SERVERS, |answer| Ok(ask::list(answer)))?,
        servers => servers.to_vec(),
    };
    let namespace = questions.answer(namespace.as_deref(), &NAMESPACE, ask::any)?;
    let printer = questions.done();
    let place = Place {
        servers: list(&servers),
        namespace: match namespace.as_str() {
            "" => format!("# namespace: {product}-system"),
            namespace => format!("namespace: {}", quoted(namespace)),
        },
    };
    let agent = agent_file(&kind, &product, &place, &schemas);
    let texts: BTreeMap<String, &str> = schemas
        .iter()
        .map(|proposal| (format!("{}.yaml", proposal.schema.name), proposal.text.as_str()))
        .collect();
    let beside = |name: &str| {
        texts.get(name).map(|text| (*text).to_owned()).ok_or_else(|| io::ErrorKind::NotFound.into())
    };
    // The same check as when it is run.
    let parsed = AgentFile::parse(&agent, "agent.yaml", &beside).map_err(|error| {
        let hint = error.hint();
        Failure::usage(error, hint)
    })?;
    let rbac = roles(&parsed, &format!("{product}-agent"))?;
    let values = values(&agent, &texts)?;
    let (config, rbac_file, values_file) =
        (dir.join("agent.yaml"), dir.join("agent-rbac.yaml"), dir.join("agent-values.yaml"));
    let mut written =
        vec![(config.clone(), agent), (rbac_file.clone(), rbac), (values_file.clone(), values)];
    written.extend(texts.iter().map(|(name, text)| (dir.join(name), (*text).to_owned())));
    write::all(&written, "name another directory with `--dir`")?;
    let paths: Vec<String> =
        written.iter().map(|(path, _)| format!("`{}`", path.display())).collect();
    let config = config.display();
    let more = match servers.is_empty() {
        true => format!("\n  # name a server under `servers` in {config}, then:"),
        false => String::new(),
    };
    let schemas: String =
        texts.keys().map(|name| format!(" --schema {}", dir.join(name).display())).collect();
    printer.say(&format!(
        "{} are written.{} Next:
  ktel serve{schemas}     # a server that accepts it{more}
  ktel agent run --config {config} --preview      # prints what would be sent
  ktel agent run --config {config}                # sends it
  helm install {product}-telemetry CHART --values {}      # runs it in a cluster
  kubectl apply -f {}      # without the chart: roles for its service account",
        paths.join(", "),
        not_proposed(&kind),
        values_file.display(),
        rbac_file.display(),
    ));
    Ok(Exit::Done)
}

fn list(servers: &[String]) -> String {
    let servers: Vec<String> = servers.iter().map(|server| quoted(server)).collect();
    format!("[{}]", servers.join(", "))
}

fn propose(kind: &Kind, product: &str, today: Date) -> Result<Vec<Proposal>, Vec<Finding>> {
    let Kind { plural, singular, .. } = kind;
    let head = |name: String, of: &'static str, title: String, question: String| Head {
        vendor: product,
        name,
        kind: of,
        title,
        question,
        access: "[]".to_owned(),
    };
    // Only texts can be grouped by an agent.
    let grouped = kind.values.iter().filter(|value| matches!(value.of, ValueKind::Words(_)));
    let mut fields = vec![propose::kubernetes_version(), propose::count(kind, false)];
    fields.extend(grouped.clone().map(|value| propose::groups(kind, value, false)));
    let stats = propose::schema(
        &head(
            format!("{product}-stats"),
            "stats",
            format!("Numbers of {product}"),
            format!("How many {plural} are there, and how are they used?"),
        ),
        fields,
        today,
    )?;
    let event = |name: &str, happened: &str, prefixes: &[&str]| {
        let mut fields = vec![propose::kubernetes_version()];
        let of_value = kind
            .values
            .iter()
            .flat_map(|value| prefixes.iter().map(move |prefix| propose::of_object(value, prefix)));
        fields.extend(of_value.collect::<Vec<Field>>());
        propose::schema(
            &head(
                format!("{singular}-{name}"),
                "event",
                format!("A {singular} was {name}"),
                format!("Which {plural} are {happened}?"),
            ),
            fields,
            today,
        )
    };
    let mut schemas = vec![stats, event("created", "created", &[""])?];
    let changes = event("updated", "changed, and how", &["old_", "new_"])?;
    if changes.schema.fields.len() > 1 {
        schemas.push(changes);
    }
    schemas.push(event("deleted", "deleted", &[""])?);
    Ok(schemas)
}

fn agent_file(kind: &Kind, product: &str, place: &Place, schemas: &[Proposal]) -> String {
    let Place { servers, namespace } = place;
    let resource = format!("{}.{}", kind.plural, kind.group);
    let names: Vec<String> =
        schemas.iter().map(|proposal| format!("{}.yaml", proposal.schema.name)).collect();
    let has = |name: &str, field: &str| {
        let mut all = schemas.iter().map(|proposal| &proposal.schema);
        all.any(|schema| schema.name == name && schema.field(field).is_some())
    };
    let stats = format!("{product}-stats");
    let count = snake(&kind.plural);
    let mut groups =
        format!("  - {{resource: {resource}, path: .metadata.name, other: {count}}}\n");
    for value in &kind.values {
        let field = format!("{count}_by_{}", value.name);
        if !has(&stats, &field) {
            continue;
        }
        // A dot would separate the key from its field.
        let into: Vec<String> = propose::words(&value.of)
            .iter()
            .filter(|word| !word.contains('.'))
            .map(|word| format!("{}: {}", quoted(word), quoted(&format!("{field}.{word}"))))
            .collect();
        groups.push_str(&format!(
            "  - {{resource: {resource}, path: {}, into: {{{}}}}}\n",
            value.path,
            into.join(", ")
        ));
    }
    let created = format!("{}-created", kind.singular);
    let fields: String = kind
        .values
        .iter()
        .filter(|value| has(&created, &value.name))
        .map(|value| format!("    {}: {}\n", value.name, value.path))
        .collect();
    let fields = if fields.is_empty() { String::new() } else { format!("  fields:\n{fields}") };
    let events: String = schemas
        .iter()
        .filter_map(|proposal| {
            let name = &proposal.schema.name;
            let happened = name.strip_prefix(&format!("{}-", kind.singular))?;
            Some(format!("  {happened}: {name}\n"))
        })
        .collect();
    format!(
        "{}# What the agent of {product} counts and watches. All keys: docs/reference/agent-file.md
ktel: 1
product: {product}
# Where the key and the lease of the agent are [default: its own namespace]
{namespace}
# Where reports go, such as https://telemetry.example.com/v1/reports
servers: {servers}
# A directory on a volume, so that a restart loses nothing
# state: /var/lib/ktel
schemas: [{}]
# Values that every document may contain
facts:
  kubernetes_version: identify-platform.kubernetes_version
stats:
  period: 24h
  schema: {stats}
  groups:
{groups}# {}: what an event says, and which schema declares it
lifecycle:
- resource: {resource}
{fields}{events}",
        EditorFile::Agent.modeline(),
        names.join(", "),
        capital(&kind.plural),
    )
}
