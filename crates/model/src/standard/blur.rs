//! Brings one value into the form in which its field is sent.
//!
//! Blurring a value twice gives the same as blurring it once.

pub(crate) mod bucket;
mod date;
pub(crate) mod version;
pub(crate) mod words;

use indexmap::IndexMap;
use jiff::civil::Date;
use serde_json::{Map, Value};

use super::omitted::{Omitted, Reason};
use super::schema::{Field, Form, RatioForm, Type};

/// Blurs the fields of a section or of a record, and counts the values that it omits.
pub(crate) fn fields(
    declared: &IndexMap<String, Field>,
    raw: &Map<String, Value>,
    form: Form,
    today: Date,
    omitted: &mut Omitted,
) -> Map<String, Value> {
    for _ in raw.keys().filter(|name| !declared.contains_key(*name)) {
        omitted.note(Reason::Undeclared);
    }
    let mut sent = Map::new();
    for (name, field) in declared {
        let Some(value) = raw.get(name) else { continue };
        if field.expires.is_past(today) {
            omitted.note(Reason::Expired);
            continue;
        }
        match blur(&field.of, value, form, today, omitted) {
            Ok(value) => {
                sent.insert(name.clone(), value);
            }
            Err(reason) => omitted.note(reason),
        }
    }
    sent
}

/// Blurs a value. Values within it that are omitted are counted; after an error all of it is omitted.
pub(crate) fn blur(
    of: &Type,
    raw: &Value,
    form: Form,
    today: Date,
    omitted: &mut Omitted,
) -> Result<Value, Reason> {
    let exactly = |declared: bool| declared && form == Form::Exact;
    let blurred = match of {
        Type::Bool => raw.as_bool().map(Value::Bool),
        Type::Enum(words) => raw.as_str().map(|text| words::word(words, text).into()),
        Type::Count(count) => bucket::count(&count.buckets, exactly(count.exact), raw),
        Type::Duration(duration) => {
            bucket::duration(&duration.buckets, exactly(duration.exact), raw)
        }
        Type::Ratio(ratio) => blur_ratio(ratio, exactly(ratio.exact), raw),
        Type::Version(version) => {
            let part = version.exact.filter(|_| form == Form::Exact).unwrap_or(version.coarse);
            raw.as_str().and_then(|text| version::normalize(text, part)).map(Value::String)
        }
        Type::Date(date) => {
            let exact = date.exact.filter(|_| form == Form::Exact);
            raw.as_str()
                .and_then(|text| date::truncate(text, exact, date.coarse))
                .map(Value::String)
        }
        Type::Id => raw.as_str().filter(|text| is_id(text)).map(Value::from),
        Type::CommandPath(words) => return words::command_path(words, raw),
        Type::List(words) => words::list(words, raw, omitted),
        Type::Map(words, of) => words::map(words, of, form, raw, omitted),
        Type::Record(declared) => {
            raw.as_object().map(|raw| Value::Object(fields(declared, raw, form, today, omitted)))
        }
    };
    blurred.ok_or(Reason::WrongType)
}

fn blur_ratio(form: &RatioForm, exact: bool, raw: &Value) -> Option<Value> {
    let ratio = raw.as_f64().filter(|ratio| (0.0..=1.0).contains(ratio))?.abs();
    if exact {
        return Some(ratio.into());
    }
    let stepped = (ratio / form.step).round() * form.step;
    // Steps are at least 0.01; this only removes what the multiplication added.
    let clean = (stepped * 1e6).round() / 1e6;
    Some(clean.clamp(0.0, 1.0).into())
}

/// A random identifier: 26 letters of base32, or a UUID. Anything else could be a name.
pub(crate) const ID_PATTERN: &str =
    "^([a-z2-7]{26}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$";

fn is_id(text: &str) -> bool {
    let base32 = |c: u8| c.is_ascii_lowercase() || (b'2'..=b'7').contains(&c);
    let hex = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
    match text.len() {
        26 => text.bytes().all(base32),
        36 => text.bytes().enumerate().all(|(index, c)| match index {
            8 | 13 | 18 | 23 => c == b'-',
            _ => hex(c),
        }),
        _ => false,
    }
}
