//! Reads one field and its type.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::super::node::{Content, Node};
use super::super::reader::{Keys, Reader, nearest_or_list};
use super::super::schema::{
    CountForm, DateForm, DatePart, DurationForm, Expiry, Field, Identifiability, MapValue,
    RatioForm, Sensitivity, Type, VersionForm, VersionPart, Words,
};
use super::super::word::Word;
use super::collect;
use crate::limits::FIELDS_MAX;

const KEYS: &[&str] = &[
    "type",
    "semconv",
    "sensitivity",
    "identifiability",
    "why",
    "example",
    "since",
    "expires",
    "required",
    "against",
    "collect",
];
const TYPES: &[(&str, &[&str])] = &[
    ("bool", &[]),
    ("enum", &["values", "other"]),
    ("count", &["exact", "coarse"]),
    ("version", &["exact", "coarse"]),
    ("duration", &["exact", "coarse"]),
    ("ratio", &["exact", "coarse"]),
    ("date", &["exact", "coarse"]),
    ("id", &[]),
    ("command_path", &["words"]),
    ("map", &["keys", "other", "of", "exact", "coarse"]),
    ("list", &["values", "other"]),
    ("record", &["fields"]),
];
/// 0, 1, 2-5, 6-20, 21-100, 101-1000, 1001+
const COUNT_BUCKETS: [u64; 7] = [0, 1, 2, 6, 21, 101, 1001];
/// Up to a second, ten seconds, a minute, ten minutes, an hour, a day, and more.
pub(in crate::standard) const DURATION_BUCKETS: [u64; 7] = [0, 1, 10, 60, 600, 3_600, 86_400];
const RATIO_STEP: f64 = 0.05;
/// The word for an enum without a word for other values. It is an error.
const NO_OTHER: &str = "none";

/// What the fields of a record inherit from it.
pub(super) struct Inherited {
    sensitivity: Option<Sensitivity>,
    since: Option<String>,
    expires: Option<Expiry>,
}

/// Reads a field; `record` is what it inherits from its record.
pub(super) fn read(
    reader: &mut Reader,
    name: &str,
    node: &Node,
    line: usize,
    record: Option<&Inherited>,
) -> Option<Field> {
    let keys = Keys::open(reader, node, line, format!("field `{name}`"))?;
    let semconv = keys.optional_text(reader, "semconv");
    let sensitivity = match (keys.get("sensitivity"), record) {
        (None, Some(record)) => record.sensitivity,
        _ => keys.word(reader, "sensitivity"),
    };
    let identifiability = match keys.get("identifiability") {
        None => Some(Identifiability::None),
        Some(_) => keys.word(reader, "identifiability"),
    };
    let why = keys.text(reader, "why");
    let since = match (keys.get("since"), record) {
        (None, Some(record)) => record.since.clone(),
        _ => keys.text(reader, "since"),
    };
    let expires = match (keys.get("expires"), record) {
        (None, Some(record)) => record.expires.clone(),
        _ => expiry(reader, &keys),
    };
    let required = keys.flag(reader, "required");
    let against = keys.optional_text(reader, "against");
    // The type is read last, so that a wrong type does not hide other findings.
    let type_word = keys.text(reader, "type")?;
    let known = TYPES.iter().find(|(word, _)| *word == type_word);
    let Some((_, type_keys)) = known.filter(|(word, _)| *word != "record" || record.is_none())
    else {
        wrong_type(reader, &keys, &type_word, record.is_some());
        return None;
    };
    keys.only(reader, &[KEYS, type_keys]);
    let inherited = Inherited { sensitivity, since: since.clone(), expires: expires.clone() };
    let of = of(reader, &keys, &type_word, &inherited);
    let example = of.as_ref().and_then(|of| example(reader, &keys, of));
    let step = keys.get("collect").zip(of.as_ref());
    let collect = match step {
        None => None,
        Some(((node, line), of)) => Some(collect::read(reader, node, line, name, of)?),
    };
    Some(Field {
        semconv,
        of: of?,
        sensitivity: sensitivity?,
        identifiability: identifiability?,
        why: why?,
        example: example?,
        since: since?,
        expires: expires?,
        required,
        against,
        collect,
    })
}

fn wrong_type(reader: &mut Reader, keys: &Keys<'_>, word: &str, in_record: bool) {
    let line = keys.get("type").map_or(keys.line, |(_, line)| line);
    let words: Vec<&str> = TYPES.iter().map(|(word, _)| *word).collect();
    let (message, fix) = match word {
        "record" if in_record => {
            (format!("{} is a record in a record", keys.what), "move it one level up".to_owned())
        }
        "string" | "text" | "str" => (
            format!("{} is free text, which could carry anything", keys.what),
            "choose a closed type: `enum` or `list` with `values`, `version`, `date`, \
             `command_path` with `words`, or count what matters"
                .to_owned(),
        ),
        word => (format!("{} has no type `{word}`", keys.what), nearest_or_list(word, &words)),
    };
    reader.error(line, message, fix);
}

fn expiry(reader: &mut Reader, keys: &Keys<'_>) -> Option<Expiry> {
    let (node, line) = keys.required(reader, "expires")?;
    if let Content::Map(_) = &node.content {
        let keys = Keys::open(reader, node, line, format!("`expires` of {}", keys.what))?;
        keys.only(reader, &[&["never"]]);
        return keys.text(reader, "never").map(Expiry::Never);
    }
    match node.text().and_then(|text| text.parse().ok()) {
        Some(date) => Some(Expiry::On(date)),
        None => {
            let message = format!("`expires` of {} is not a date", keys.what);
            reader.error(
                line,
                message,
                "write `YYYY-MM-DD` within 13 months, or `{never: reason}`",
            );
            None
        }
    }
}

/// The example as JSON. For types that are sent as text it is taken literally, so that `1.20` needs no
/// quotes.
fn example(reader: &mut Reader, keys: &Keys<'_>, of: &Type) -> Option<Value> {
    if let (Type::Record(fields), None) = (of, keys.get("example")) {
        let example = |(name, field): (&String, &Field)| (name.clone(), field.example.clone());
        return Some(Value::Object(fields.iter().map(example).collect::<Map<_, _>>()));
    }
    let (node, _) = keys.required(reader, "example")?;
    let as_text = matches!(
        of,
        Type::Enum(_) | Type::Version(_) | Type::Date(_) | Type::Id | Type::CommandPath(_)
    );
    match node.text().filter(|_| as_text) {
        Some(text) => Some(text.into()),
        None => Some(node.to_json()),
    }
}

fn of(reader: &mut Reader, keys: &Keys<'_>, word: &str, inherited: &Inherited) -> Option<Type> {
    match word {
        "bool" => Some(Type::Bool),
        "id" => Some(Type::Id),
        "enum" => words(reader, keys, "values").map(Type::Enum),
        "list" => words(reader, keys, "values").map(Type::List),
        "count" => count(reader, keys).map(Type::Count),
        "duration" => {
            let buckets = buckets(reader, keys, &DURATION_BUCKETS)?;
            Some(Type::Duration(DurationForm { buckets, exact: keys.flag(reader, "exact") }))
        }
        "ratio" => ratio(reader, keys).map(Type::Ratio),
        "version" => {
            let (exact, coarse) = parts::<VersionPart>(reader, keys)?;
            Some(Type::Version(VersionForm { exact, coarse }))
        }
        "date" => {
            let (exact, coarse) = parts::<DatePart>(reader, keys)?;
            Some(Type::Date(DateForm { exact, coarse }))
        }
        "command_path" => keys.texts(reader, "words").map(Type::CommandPath),
        "map" => map(reader, keys),
        "record" => record(reader, keys, inherited).map(Type::Record),
        _ => None,
    }
}

fn words(reader: &mut Reader, keys: &Keys<'_>, key: &str) -> Option<Words> {
    let values = keys.texts(reader, key);
    let other = match keys.get("other") {
        None => Some("other".to_owned()),
        Some((node, line)) => {
            let text = node.text().filter(|text| !text.trim().is_empty() && *text != NO_OTHER);
            if text.is_none() {
                let message = format!("{} has no word for everything else", keys.what);
                reader.error(line, message, "remove `other` to get `other`, or name a word");
            }
            text.map(str::to_owned)
        }
    };
    Some(Words { values: values?, other: other? })
}

fn count(reader: &mut Reader, keys: &Keys<'_>) -> Option<CountForm> {
    let buckets = buckets(reader, keys, &COUNT_BUCKETS)?;
    Some(CountForm { buckets, exact: keys.flag(reader, "exact") })
}

fn buckets(reader: &mut Reader, keys: &Keys<'_>, default: &[u64]) -> Option<Vec<u64>> {
    let Some((node, line)) = keys.get("coarse") else { return Some(default.to_vec()) };
    let edges = match &node.content {
        Content::List(items) => items.iter().map(|item| item.text()?.parse().ok()).collect(),
        _ => None,
    };
    if edges.is_none() {
        let message =
            format!("`coarse` of {} must list the lowest value of each bucket", keys.what);
        reader.error(line, message, "write `coarse: [0, 1, 2, 6, 21]`, or leave it out");
    }
    edges
}

fn ratio(reader: &mut Reader, keys: &Keys<'_>) -> Option<RatioForm> {
    let exact = keys.flag(reader, "exact");
    let Some((node, line)) = keys.get("coarse") else {
        return Some(RatioForm { step: RATIO_STEP, exact });
    };
    let step: Option<f64> = node.text().and_then(|text| text.parse().ok());
    // Finer steps would hide nothing, coarser ones would say nothing.
    let step = step.filter(|step| (0.01..=0.5).contains(step));
    if step.is_none() {
        let message = format!("`coarse` of {} must be a step from 0.01 to 0.5", keys.what);
        reader.error(line, message, "write `coarse: 0.05`, or leave it out");
    }
    Some(RatioForm { step: step?, exact })
}

fn parts<P: Word>(reader: &mut Reader, keys: &Keys<'_>) -> Option<(Option<P>, P)> {
    let coarse = keys.word(reader, "coarse");
    let exact = match keys.get("exact") {
        None => None,
        Some(_) => Some(keys.word(reader, "exact")?),
    };
    Some((exact, coarse?))
}

fn map(reader: &mut Reader, keys: &Keys<'_>) -> Option<Type> {
    let words = words(reader, keys, "keys");
    let of = keys.text(reader, "of")?;
    let value = match of.as_str() {
        "count" => MapValue::Count(count(reader, keys)?),
        "bool" => MapValue::Bool,
        _ => {
            let line = keys.get("of").map_or(keys.line, |(_, line)| line);
            let message = format!("`of` of {} cannot be `{of}`", keys.what);
            reader.error(line, message, "write `of: count` or `of: bool`");
            return None;
        }
    };
    Some(Type::Map(words?, value))
}

fn record(
    reader: &mut Reader,
    keys: &Keys<'_>,
    inherited: &Inherited,
) -> Option<IndexMap<String, Field>> {
    let (node, line) = keys.required(reader, "fields")?;
    let keys = Keys::open(reader, node, line, format!("`fields` of {}", keys.what))?;
    let count = keys.entries().len();
    if count == 0 || count > FIELDS_MAX {
        let message = format!("a record has 1 to {} fields", FIELDS_MAX);
        reader.error(line, message, "list what stands in the record");
        return None;
    }
    let mut fields = IndexMap::new();
    for entry in keys.entries() {
        let field = read(reader, &entry.key, &entry.value, entry.line, Some(inherited));
        fields.extend(field.map(|field| (entry.key.clone(), field)));
    }
    (fields.len() == count).then_some(fields)
}
