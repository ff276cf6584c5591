//! The standard in words, for the users whose data is sent.

mod document;
mod english;

use std::fmt::Write;

use jiff::civil::Date;
use serde_json::Value;

use super::blur::blur;
use super::omitted::Omitted;
use super::period;
use super::schema::{
    ConsentMode, Expiry, Field, Form, Identifiability, Schema, Sensitivity, Stability,
};
use super::word::Word;

const INTRODUCTION: &str = "\
# What is collected

This is everything that can be sent, to the last field. What is not listed here is not sent, except \
what you pipe in yourself, which stays marked as yours.

Each field says why it is collected, what it looks like, and until when it is sent; after that day it \
is no longer sent. With `--coarse` every value is sent in its blurred form.

What stands around it is listed at the end: [the envelope](#around-a-report), [the batch of \
events](#around-events), [headers](#headers) and [what other protocols add](#other-protocols).
";

pub use document::{document, document_field};

/// A label and what is said about it.
pub type Line = (&'static str, String);

/// The whole standard as one Markdown document.
pub fn dictionary(schemas: &[&Schema]) -> String {
    let mut text = INTRODUCTION.to_owned();
    text.push_str("\n| section | what |\n|---|---|\n");
    for schema in schemas {
        let (name, title) = (&schema.name, &schema.title);
        text += &format!("| [`{name}`](#{name}) | {title} |\n");
    }
    for schema in schemas {
        markdown(&mut text, schema).expect("writing to a string cannot fail");
    }
    text
}

fn markdown(text: &mut String, schema: &Schema) -> std::fmt::Result {
    let (name, title, question) = (&schema.name, &schema.title, &schema.purpose.question);
    writeln!(text, "\n## {name}\n\n**{title}.** {question}\n")?;
    for (label, line) in about(schema) {
        writeln!(text, "- **{label}:** {line}")?;
    }
    for (path, field) in schema.all_fields() {
        writeln!(text, "\n### `{}` / `{path}`\n\n{}\n", schema.name, field.why)?;
        for (label, line) in lines_of_field(field, "`") {
            writeln!(text, "- **{label}:** {line}")?;
        }
    }
    Ok(())
}

/// One schema as plain text.
pub fn describe(schema: &Schema) -> String {
    let mut text = format!("{}: {}\n\n{}\n", schema.name, schema.title, schema.purpose.question);
    text.push('\n');
    plain(&mut text, &about(schema));
    text.push_str("\nFields:\n");
    for (path, field) in schema.all_fields() {
        text.push('\n');
        text += &field_text(&path, field);
    }
    text
}

/// One field, or a field of a record (`record.field`), as plain text.
pub fn describe_field(schema: &Schema, path: &str) -> Option<String> {
    schema.field(path).map(|field| field_text(&format!("{}.{path}", schema.name), field))
}

fn field_text(path: &str, field: &Field) -> String {
    let mut text = format!("  {path}\n");
    let mut lines = vec![("Why", field.why.clone())];
    lines.extend(about_field(field));
    plain(&mut text, &lines);
    text
}

/// Labels of one width, and texts beside them.
fn plain(text: &mut String, lines: &[Line]) {
    let width = lines.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
    for (label, line) in lines {
        *text += &format!("    {label:width$}  {line}\n");
    }
}

/// What is said about a schema as a whole.
pub fn about(schema: &Schema) -> Vec<Line> {
    let purpose = &schema.purpose;
    let mut lines = vec![
        ("What you get from it", purpose.value_to_you.clone()),
        ("Sent", sent(schema)),
        ("Kept", kept(schema)),
        ("Read for it", english::access(&schema.access)),
    ];
    if !purpose.used_for.is_empty() {
        lines.push(("Used for", purpose.used_for.join(", ").replace('-', " ")));
    }
    for decision in &purpose.decisions {
        let link = decision.link.as_ref().map(|link| format!(" ({link})")).unwrap_or_default();
        lines.push(("It has led to", format!("{} on {}{link}", decision.what, decision.date)));
    }
    lines.push(("Ask", schema.owner.clone()));
    if let Some(review) = &schema.review {
        lines.push(("Discussed at", review.clone()));
    }
    let change = match schema.stability {
        Stability::Development => "may still change",
        Stability::Stable => "only additions",
        Stability::Deprecated => "will go",
    };
    let stability = schema.stability.word();
    lines.push(("Version", format!("{} ({stability}: {change})", schema.version)));
    lines
}

fn sent(schema: &Schema) -> String {
    let mut sent = match schema.consent {
        ConsentMode::Explicit => "only when you run the command that sends it".to_owned(),
        ConsentMode::Ambient => "by itself, unless you say no in any of the usual ways".to_owned(),
    };
    if let Some(cadence) = &schema.cadence {
        let every = cadence.max.strip_prefix("once/").unwrap_or(&cadence.max);
        sent += &format!(", at most once in {}", period::words(every));
    }
    sent
}

fn kept(schema: &Schema) -> String {
    let raw = period::words(&schema.retention.raw);
    let aggregate = period::words(&schema.retention.aggregate);
    format!("single reports for {raw}, sums over many for {aggregate}")
}

/// What is said about a field, beside why it is collected.
pub fn about_field(field: &Field) -> Vec<Line> {
    lines_of_field(field, "")
}

fn lines_of_field(field: &Field, quote: &str) -> Vec<Line> {
    let mut lines = vec![("What", english::of(&field.of))];
    let shown = |value: &Value| match value {
        Value::String(text) => format!("{quote}{text}{quote}"),
        value => format!("{quote}{value}{quote}"),
    };
    // A record is explained by its fields.
    if field.record().is_none() {
        let coarse =
            blur(&field.of, &field.example, Form::Coarse, Date::MIN, &mut Omitted::default());
        lines.push(("Example", shown(&field.example)));
        match coarse {
            Ok(coarse) if coarse != field.example => lines.push(("With --coarse", shown(&coarse))),
            _ => lines.push(("With --coarse", "the same".to_owned())),
        }
    }
    match field.sensitivity {
        Sensitivity::Technical => {}
        Sensitivity::Interaction => lines.push(("Note", "it is about what you do".to_owned())),
        Sensitivity::StoredContent => {
            lines.push(("Note", "it is about what you wrote".to_owned()));
        }
    }
    match field.identifiability {
        Identifiability::None => {}
        Identifiability::Weak => {
            let text = "together with other values it could help to tell installations apart";
            lines.push(("Note", text.to_owned()));
        }
        Identifiability::Pseudonym => {
            let text = "it tells installations apart, without a name";
            lines.push(("Note", text.to_owned()));
        }
    }
    if let Some(other) = &field.against {
        lines.push(("Counted with", format!("{quote}{other}{quote}")));
    }
    let until = match &field.expires {
        Expiry::On(date) => date.to_string(),
        Expiry::Never(reason) => format!("no end: {reason}"),
    };
    lines.push(("Until", until));
    lines
}
