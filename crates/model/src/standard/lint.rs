//! Lints for files of the standard: what a reviewer would object to.

mod access;
mod field;
mod name;
mod place;

use jiff::civil::Date;

use super::reader::{Reader, nearest_or_list};
use super::schema::{Field, Identifiability, Kind, Schema, Stability};
use crate::limits::WEAK_FIELDS_MAX;
use place::line_path;

/// Notes findings about a schema. If `complete` is false, fields that could not be read are missing,
/// and lints that need all fields do not run. Without a date, the end of fields is not checked.
pub(super) fn lint(schema: &Schema, complete: bool, today: Option<Date>, reader: &mut Reader) {
    kebab_case(reader, "schema", &schema.vendor);
    kebab_case(reader, "schema", &schema.name);
    for word in &schema.purpose.used_for {
        kebab_case(reader, "purpose.used_for", word);
    }
    if schema.stability == Stability::Stable && schema.review.is_none() {
        let message = "the schema is stable, and nobody can read why".into();
        reader.error_at("stability", message, "add `review:` with a link to the discussion");
    }
    weak_fields(schema, reader);
    name::too_similar(reader, "fields", schema.fields.keys());
    for (path, field) in schema.all_fields() {
        let line_path = line_path(&path);
        field::lint(reader, &line_path, &path, field, today);
        filled_once(schema, reader, &line_path, &path, field);
        if complete {
            against(schema, reader, &line_path, &path, field);
        }
        if let Some(fields) = field.record() {
            name::too_similar(reader, &format!("{line_path}.fields"), fields.keys());
        }
    }
    if complete && schema.collector.is_none() && schema.kind == Kind::Job {
        access::lint(schema, reader);
    }
}

fn kebab_case(reader: &mut Reader, path: &str, word: &str) {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let edges = word.starts_with(|c: char| c.is_ascii_lowercase()) && !word.ends_with('-');
    // A missing word was noted while reading.
    if word.is_empty() || (edges && word.chars().all(allowed) && !word.contains("--")) {
        return;
    }
    let fix = "use lower-case words joined by `-`, as in `identify-platform`";
    reader.error_at(path, format!("`{word}` is not kebab-case"), fix);
}

fn weak_fields(schema: &Schema, reader: &mut Reader) {
    let weak = |field: &Field| field.identifiability == Identifiability::Weak;
    let weak: Vec<String> =
        schema.all_fields().filter(|(_, field)| weak(field)).map(|(path, _)| path).collect();
    if let Some(first_too_many) = weak.get(WEAK_FIELDS_MAX) {
        let message = format!(
            "{} fields could help to tell installations apart, more than {WEAK_FIELDS_MAX}",
            weak.len()
        );
        let fix = "remove one, or blur it until it is shared by very many";
        reader.error_at(&line_path(first_too_many), message, fix);
    }
}

/// Only fields with a single value per section can be counted together.
fn against(schema: &Schema, reader: &mut Reader, at: &str, path: &str, field: &Field) {
    let Some(other) = &field.against else { return };
    let wrong = match schema.field(other) {
        None => format!("`{other}`, which is no field"),
        Some(_) if other == path => "itself".to_owned(),
        Some(_) if !field.says_one_word() => format!("`{other}`, and is no single word"),
        Some(named) if !named.says_one_word() => format!("`{other}`, which is no single word"),
        Some(named) if named.against.as_deref() == Some(path) => {
            format!("`{other}`, which stands against it already")
        }
        Some(_) => return,
    };
    let message = format!("field `{path}` stands against {wrong}");
    let others = schema.all_fields().filter(|(name, other)| name != path && other.says_one_word());
    let others: Vec<String> = others.map(|(name, _)| name).collect();
    let others: Vec<&str> = others.iter().map(String::as_str).collect();
    let fix = match schema.field(other) {
        None => nearest_or_list(other, &others),
        Some(_) => "name another bool, enum, count, version, duration or ratio".to_owned(),
    };
    reader.error_at(&format!("{at}.against"), message, fix);
}

/// A job's field is filled by the collector or by a step of its own, and not by both.
fn filled_once(schema: &Schema, reader: &mut Reader, at: &str, path: &str, field: &Field) {
    let filled_by_fields = field.record().is_some();
    match (&schema.collector, &field.collect) {
        (Some(_), Some(_)) => {
            let message = format!("field `{path}` is filled by the collector and by `collect`");
            reader.error_at(&format!("{at}.collect"), message, "remove one of the two");
        }
        (None, Some(_)) if filled_by_fields => {
            let message = format!("field `{path}` is a record, which its own fields fill");
            reader.error_at(&format!("{at}.collect"), message, "give `collect` to its fields");
        }
        (None, None) if schema.kind == Kind::Job && !filled_by_fields => {
            let fix = "add `collect: {count: {group: \"\", resource: pods}}`, or a `collector`";
            reader.error_at(at, format!("nothing fills field `{path}`"), fix);
        }
        _ => {}
    }
}
