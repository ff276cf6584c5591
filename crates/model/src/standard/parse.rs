//! Reads a file of the standard (YAML, format KTS 1) into a [`Schema`].

mod access;
mod collect;
mod field;

pub(super) use field::DURATION_BUCKETS;

use indexmap::IndexMap;
use jiff::civil::Date;

use super::finding::{Error, Finding, Severity};
use super::node::{self, Content, Lines, Node};
use super::reader::{Keys, Reader};
use super::schema::{
    Cadence, ConsentMode, Decision, Kind, Purpose, Retention, Schema, SchemaVersion, Stability,
};
use super::{lint, period};
use crate::limits::FIELDS_MAX;

const KEYS: &[&str] = &[
    "kts",
    "schema",
    "version",
    "kind",
    "title",
    "purpose",
    "owner",
    "review",
    "stability",
    "cadence",
    "consent",
    "collector",
    "access",
    "retention",
    "fields",
];

impl Schema {
    /// Reads a file of the standard without checking dates.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong; [`check`] gives all.
    pub fn parse(text: &str, file: &str) -> Result<Self, Error> {
        let checked = examine(text, file, None);
        checked.map(|checked| checked.schema).map_err(|mut findings| {
            findings.retain(|finding| finding.severity == Severity::Error);
            Error { first: findings.swap_remove(0) }
        })
    }
}

/// A valid file of the standard.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// The schema.
    pub schema: Schema,
    /// Findings that do not make it invalid.
    pub warnings: Vec<Finding>,
}

/// Reads and lints a file of the standard.
///
/// # Errors
///
/// All findings, in the order of lines; at least one is an error.
pub fn check(text: &str, file: &str, today: Date) -> Result<Checked, Vec<Finding>> {
    examine(text, file, Some(today))
}

fn examine(text: &str, file: &str, today: Option<Date>) -> Result<Checked, Vec<Finding>> {
    let mut reader =
        Reader { file: file.to_owned(), lines: Lines::default(), findings: Vec::new() };
    let schema = match node::parse(text) {
        Err(fault) => {
            reader.error(fault.line, fault.message, fault.fix);
            None
        }
        Ok(root) => {
            reader.lines = Lines::of_document(&root);
            read(&mut reader, &root)
        }
    };
    if let Some((schema, complete)) = &schema {
        lint::lint(schema, *complete, today, &mut reader);
    }
    let mut findings = reader.findings;
    findings.sort_by_key(|finding| finding.line);
    match schema {
        Some((schema, _)) if findings.iter().all(|f| f.severity == Severity::Warning) => {
            Ok(Checked { schema, warnings: findings })
        }
        _ => Err(findings),
    }
}

/// Reads what can be read. Missing values are noted and left empty, so that lints can check the rest.
/// The flag says whether all fields and all access could be read.
fn read(reader: &mut Reader, root: &Node) -> Option<(Schema, bool)> {
    let keys = Keys::open(reader, root, root.line, "the schema".into())?;
    keys.only(reader, &[KEYS]);
    if let Some((node, line)) = keys.required(reader, "kts")
        && node.text() != Some("1")
    {
        reader.error(line, "the format is not KTS 1".into(), "begin the file with `kts: 1`");
    }
    let (vendor, name) = schema_name(reader, &keys).unwrap_or_default();
    let version = schema_version(reader, &keys);
    let kind = keys.word(reader, "kind").unwrap_or(Kind::Job);
    let title = keys.text(reader, "title").unwrap_or_default();
    let purpose = purpose(reader, &keys).unwrap_or_else(|| Purpose {
        question: String::new(),
        value_to_you: String::new(),
        used_for: Vec::new(),
        decisions: Vec::new(),
    });
    let owner = keys.text(reader, "owner").unwrap_or_default();
    let review = keys.optional_text(reader, "review");
    let stability = keys.word(reader, "stability").unwrap_or(Stability::Development);
    let cadence = cadence(reader, &keys);
    let consent = keys.word(reader, "consent").unwrap_or(ConsentMode::Explicit);
    let before = reader.findings.len();
    let access = access::read(reader, &keys);
    let retention = retention(reader, &keys).unwrap_or_default();
    let collector = keys.optional_text(reader, "collector");
    let fields = fields(reader, &keys);
    let complete = reader.findings.len() == before;
    let schema = Schema {
        vendor,
        name,
        version,
        kind,
        title,
        purpose,
        owner,
        review,
        stability,
        cadence,
        consent,
        access,
        retention,
        collector,
        fields,
    };
    Some((schema, complete))
}

fn schema_name(reader: &mut Reader, keys: &Keys<'_>) -> Option<(String, String)> {
    let text = keys.text(reader, "schema")?;
    if let Some((vendor, name)) = text.split_once('/') {
        return Some((vendor.to_owned(), name.to_owned()));
    }
    let message = format!("`{text}` does not name its vendor");
    reader.error_at("schema", message, format!("write `schema: VENDOR/{text}`"));
    None
}

fn schema_version(reader: &mut Reader, keys: &Keys<'_>) -> SchemaVersion {
    let first = SchemaVersion { model: 1, revision: 0, addition: 0 };
    let Some(text) = keys.text(reader, "version") else { return first };
    let numbers: Option<Vec<u32>> = text.split('.').map(|part| part.parse().ok()).collect();
    match numbers.as_deref() {
        Some(&[model, revision, addition]) => SchemaVersion { model, revision, addition },
        _ => {
            let message = format!("`{text}` is not a schema version");
            reader.error_at("version", message, "write MODEL.REVISION.ADDITION, as in `1.0.0`");
            first
        }
    }
}

fn purpose(reader: &mut Reader, keys: &Keys<'_>) -> Option<Purpose> {
    let (node, line) = keys.required(reader, "purpose")?;
    let keys = Keys::open(reader, node, line, "the purpose".into())?;
    keys.only(reader, &[&["question", "value_to_you", "used_for", "decisions"]]);
    let question = keys.text(reader, "question").unwrap_or_default();
    let value_to_you = keys.text(reader, "value_to_you").unwrap_or_default();
    let used_for = keys.texts(reader, "used_for").unwrap_or_default();
    let mut decisions = Vec::new();
    match keys.get("decisions").map(|(node, line)| (&node.content, line)) {
        None => {}
        Some((Content::List(items), _)) => {
            for item in items {
                decisions.extend(decision(reader, item));
            }
        }
        Some((_, line)) => {
            let fix = "write `- {date: 2026-09-01, what: kept 1.28 for two releases}`";
            reader.error(line, "`decisions` must be a list".into(), fix);
        }
    }
    Some(Purpose { question, value_to_you, used_for, decisions })
}

fn decision(reader: &mut Reader, node: &Node) -> Option<Decision> {
    let keys = Keys::open(reader, node, node.line, "the decision".into())?;
    keys.only(reader, &[&["date", "what", "link"]]);
    let date = keys.text(reader, "date").and_then(|text| {
        let date = text.parse();
        if date.is_err() {
            reader.error(node.line, format!("`{text}` is not a date"), "write YYYY-MM-DD");
        }
        date.ok()
    });
    let what = keys.text(reader, "what");
    let link = keys.optional_text(reader, "link");
    Some(Decision { date: date?, what: what?, link })
}

fn cadence(reader: &mut Reader, keys: &Keys<'_>) -> Option<Cadence> {
    let (node, line) = keys.get("cadence")?;
    let keys = Keys::open(reader, node, line, "the cadence".into())?;
    keys.only(reader, &[&["max", "jitter"]]);
    let max = keys.text(reader, "max")?;
    if period::of_cadence(&max).is_none() {
        let message = format!("`{max}` does not say how often");
        reader.error(line, message, "write `max: once/24h`");
    }
    let jitter = keys.optional_text(reader, "jitter");
    if let Some(jitter) = jitter.as_deref().filter(|jitter| period::seconds(jitter).is_none()) {
        reader.error(line, format!("`{jitter}` is not a period"), "write `jitter: 1h`");
    }
    Some(Cadence { max, jitter })
}

fn retention(reader: &mut Reader, keys: &Keys<'_>) -> Option<Retention> {
    let (node, line) = keys.required(reader, "retention")?;
    let keys = Keys::open(reader, node, line, "the retention".into())?;
    keys.only(reader, &[&["raw", "aggregate"]]);
    let mut period = |key| {
        let text = keys.text(reader, key)?;
        if period::seconds(&text).is_none() {
            let fix = "write a number and a unit, as in `90d`, `25mo`, `2y`";
            reader.error(line, format!("`{text}` is not a period"), fix);
        }
        Some(text)
    };
    let (raw, aggregate) = (period("raw"), period("aggregate"));
    Some(Retention { raw: raw?, aggregate: aggregate? })
}

fn fields(reader: &mut Reader, keys: &Keys<'_>) -> IndexMap<String, super::schema::Field> {
    let Some((node, line)) = keys.required(reader, "fields") else { return IndexMap::new() };
    let Some(keys) = Keys::open(reader, node, line, "`fields`".into()) else {
        return IndexMap::new();
    };
    if keys.entries().is_empty() || keys.entries().len() > FIELDS_MAX {
        let message = format!("a schema has 1 to {FIELDS_MAX} fields");
        reader.error(line, message, "split it, or remove it");
        return IndexMap::new();
    }
    let mut fields = IndexMap::new();
    for entry in keys.entries() {
        let field = field::read(reader, &entry.key, &entry.value, entry.line, None);
        fields.extend(field.map(|field| (entry.key.clone(), field)));
    }
    fields
}
