//! Proposes schemas for a kind of resource. Each field is kept only if the linter accepts it.

use jiff::ToSpan;
use jiff::civil::Date;
use ktel_model::Schema;
use ktel_model::standard::{Finding, check};

use super::crd::{Candidate, Kind, ValueKind};
use super::write::quoted;
use crate::editor::EditorFile;

/// The word for every value that is not declared. It must not be one of the values.
const OTHERS: [&str; 2] = ["other", "something_else"];
/// How long a proposed field is sent. The standard allows a month more.
const MONTHS: i64 = 12;

/// A field as it stands in a file.
pub(super) struct Field {
    pub(super) name: String,
    /// Its lines, without those that every field has.
    pub(super) lines: String,
}

/// What a schema says before its fields.
pub(super) struct Head<'h> {
    pub(super) vendor: &'h str,
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) title: String,
    pub(super) question: String,
    /// `access`, as YAML in one line.
    pub(super) access: String,
}

/// A schema, as text and checked.
pub(super) struct Proposal {
    pub(super) text: String,
    pub(super) schema: Schema,
}

/// Writes a schema of the fields that the linter accepts.
pub(super) fn schema(
    head: &Head<'_>,
    fields: Vec<Field>,
    today: Date,
) -> Result<Proposal, Vec<Finding>> {
    let file = format!("{}.yaml", head.name);
    let mut kept: Vec<Field> = Vec::new();
    let mut last = Err(Vec::new());
    for field in fields {
        kept.push(field);
        let text = text(head, &kept, today);
        match check(&text, &file, today) {
            Ok(checked) => last = Ok(Proposal { text, schema: checked.schema }),
            Err(findings) => {
                kept.pop();
                if kept.is_empty() {
                    last = Err(findings);
                }
            }
        }
    }
    last
}

fn text(head: &Head<'_>, fields: &[Field], today: Date) -> String {
    let Head { vendor, name, kind, title, question, access } = head;
    let consent = match *kind {
        // Somebody runs the command that sends it.
        "job" => "explicit",
        _ => "ambient",
    };
    let mut text = format!(
        "{}# A proposal: remove what decides nothing, and say why the rest is collected.
# All keys: docs/reference/schema-file.md. `ktel schema lint {name}.yaml` checks it
kts: 1
schema: {vendor}/{name}
version: 1.0.0
kind: {kind}
title: {}
purpose:
  question: {}
  # What the person who sends it gets from it
  value_to_you: What is used is tested and kept.
  used_for: [prioritisation]
owner: {vendor}-team
stability: development
# explicit: a person runs the command that sends it; ambient: a program sends it, if consent is given
consent: {consent}
access: {access}
retention: {{raw: 90d, aggregate: 25mo}}
fields:
",
        EditorFile::Schema.modeline(),
        quoted(title),
        quoted(question),
    );
    let expires = today.saturating_add(MONTHS.months());
    for Field { name, lines } in fields {
        text.push_str(&format!(
            "  {name}:\n{lines}    since: {}\n    expires: {expires}\n",
            env!("CARGO_PKG_VERSION"),
        ));
    }
    text
}

/// The number of objects, and how it is filled, if by a job.
pub(super) fn count(kind: &Kind, collect: bool) -> Field {
    let name = snake(&kind.plural);
    let mut lines = format!(
        "    type: count
    exact: true
    sensitivity: technical
    why: Shows how many {} there are.
    example: 3
",
        kind.plural
    );
    if collect {
        lines.push_str(&format!("    collect: {{count: {}}}\n", source(kind, None)));
    }
    Field { name, lines }
}

/// How many objects have each value. Only closed sets can be grouped.
pub(super) fn groups(kind: &Kind, value: &Candidate, collect: bool) -> Field {
    let words = words(&value.of);
    let keys: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    let example = keys.first().cloned().unwrap_or_default();
    let mut lines = format!(
        "    type: map
    keys: [{}]
    other: {}
    of: count
    sensitivity: interaction
    why: Shows which values of {} are used.
    example: {{{example}: \"1\"}}
",
        keys.join(", "),
        other(&words),
        value.path,
    );
    if collect {
        let source = source(kind, Some(&value.path));
        lines.push_str(&format!("    collect: {{group_count: {source}}}\n"));
    }
    Field { name: format!("{}_by_{}", snake(&kind.plural), value.name), lines }
}

/// The value of one object, for an event.
pub(super) fn of_object(value: &Candidate, prefix: &str) -> Field {
    let lines = match &value.of {
        ValueKind::Bool => "    type: bool\n    example: true\n".to_owned(),
        ValueKind::Words(words) => {
            let values: Vec<String> = words.iter().map(|word| quoted(word)).collect();
            format!(
                "    type: enum\n    values: [{}]\n    other: {}\n    example: {}\n",
                values.join(", "),
                other(words),
                values.first().cloned().unwrap_or_default(),
            )
        }
    };
    let why = format!(
        "    sensitivity: interaction\n    why: Shows which values of {} are used.\n",
        value.path
    );
    Field { name: format!("{prefix}{}", value.name), lines: lines + &why }
}

/// The version of Kubernetes, from a job of the catalog.
pub(super) fn kubernetes_version() -> Field {
    let lines = "    type: version
    exact: patch
    coarse: minor
    sensitivity: technical
    why: Decides with which versions of Kubernetes the product is tested.
    example: v1.33.2
";
    Field { name: "kubernetes_version".to_owned(), lines: lines.to_owned() }
}

/// The words of a value that a schema can have.
pub(super) fn words(of: &ValueKind) -> Vec<String> {
    match of {
        ValueKind::Bool => vec!["true".to_owned(), "false".to_owned()],
        ValueKind::Words(words) => words.clone(),
    }
}

fn other(words: &[String]) -> &'static str {
    let is_free = |other: &&str| !words.iter().any(|word| word == other);
    OTHERS.into_iter().find(is_free).unwrap_or(OTHERS[0])
}

fn source(kind: &Kind, path: Option<&str>) -> String {
    let path = path.map_or_else(String::new, |path| format!(", path: ${path}"));
    format!("{{group: {}, resource: {}{path}}}", quoted(&kind.group), kind.plural)
}

pub(super) fn snake(name: &str) -> String {
    name.replace(['-', '.'], "_")
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::crd::{Candidate, Kind, ValueKind};
    use super::{Field, Head, groups, of_object, schema};

    fn head() -> Head<'static> {
        Head {
            vendor: "acme",
            name: "lamps".to_owned(),
            kind: "event",
            title: "Lamps".to_owned(),
            question: "Which lamps are there?".to_owned(),
            access: "[]".to_owned(),
        }
    }

    fn value(name: &str, words: &[&str]) -> Candidate {
        let of = ValueKind::Words(words.iter().map(|word| (*word).to_owned()).collect());
        Candidate { path: format!(".spec.{name}"), name: name.to_owned(), of }
    }

    fn kept(values: &[Candidate]) -> Vec<String> {
        let fields: Vec<Field> = values.iter().map(|value| of_object(value, "")).collect();
        let proposal = schema(&head(), fields, date(2026, 1, 1));
        proposal.map(|it| it.schema.fields.keys().cloned().collect()).unwrap_or_default()
    }

    #[test]
    fn a_field_that_the_linter_rejects_is_left_out() {
        let long = "x".repeat(65);
        let values = [
            value("colour", &["Red", "yes", "1.20"]),
            value("colours", &["Red"]),       // too similar
            value("timeout_seconds", &["1"]), // a unit
            value("words", &[&long]),
            value("none", &[]),
            value("fallback", &["other"]),
        ];
        assert_eq!(kept(&values), ["colour", "fallback"]);
        assert!(kept(&[value("none", &[])]).is_empty());
    }

    #[test]
    fn words_are_quoted_so_that_yaml_does_not_read_something_else() {
        let kind = Kind {
            group: "acme.example".to_owned(),
            plural: "lamps".to_owned(),
            singular: "lamp".to_owned(),
            versions: vec!["v1".to_owned()],
            values: Vec::new(),
            texts: Vec::new(),
        };
        let field = groups(&kind, &value("colour", &["on", "1.20"]), true);
        let head = Head { kind: "job", access: "[{group: acme.example, resources: [lamps], verbs: [list], scope: cluster, reads: object, calls: pages}]".to_owned(), ..head() };
        let proposal = schema(&head, vec![field], date(2026, 1, 1));
        let proposal = proposal.map_err(|findings| format!("{findings:?}")).unwrap();
        let words = proposal.schema.words("lamps_by_colour").unwrap();
        assert_eq!(words.values, ["on", "1.20"]);
    }
}
