//! Lints one field: its form, its end, its example.

use std::collections::HashSet;

use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::super::blur::blur;
use super::super::finding::Severity;
use super::super::omitted::Omitted;
use super::super::reader::Reader;
use super::super::schema::{DatePart, Expiry, Field, Form, Identifiability, MapValue, Type, Words};
use super::name;
use crate::limits::{
    BUCKETS_MAX, COMMAND_VOCABULARY_MAX, EXPIRY_MONTHS_MAX, WORD_BYTES_MAX, WORDS_MAX,
};

/// Early enough for a release.
const EXPIRY_WARNING_DAYS: i64 = 30;

pub(super) fn lint(reader: &mut Reader, at: &str, path: &str, field: &Field, today: Option<Date>) {
    name::wire(reader, at, path, field.semconv.as_deref());
    if let Some(semconv) = &field.semconv {
        name::semconv(reader, at, semconv);
    }
    of(reader, at, path, &field.of);
    pseudonym(reader, at, path, field);
    // A field of a record inherits its end; findings are noted at the record.
    if let Some(today) = today.filter(|_| reader.lines.has(&format!("{at}.expires"))) {
        expiry(reader, at, path, &field.expires, today);
    }
    if reader.lines.has(&format!("{at}.example")) {
        example(reader, at, path, field);
    }
    if !is_release(&field.since) {
        let message = format!("`{}` is not the version that first sent `{path}`", field.since);
        reader.error_at(&format!("{at}.since"), message, "write `since: 0.1.0`");
    }
}

fn is_release(since: &str) -> bool {
    let parts: Vec<&str> = since.split('.').collect();
    parts.len() == 3 && parts.iter().all(|part| part.parse::<u32>().is_ok())
}

fn of(reader: &mut Reader, at: &str, path: &str, of: &Type) {
    match of {
        Type::Enum(form) | Type::List(form) => {
            words(reader, at, path, "values", form);
            if form.values.is_empty() {
                let message = format!("field `{path}` has no values");
                reader.error_at(&format!("{at}.values"), message, "list the words it can have");
            }
        }
        Type::Map(form, value) => {
            words(reader, at, path, "keys", form);
            if let MapValue::Count(count) = value {
                buckets(reader, at, path, &count.buckets);
            }
        }
        Type::Count(form) => buckets(reader, at, path, &form.buckets),
        Type::Duration(form) => buckets(reader, at, path, &form.buckets),
        Type::Version(form) => {
            let finer = form.exact.is_none_or(|exact| exact > form.coarse);
            parts(reader, at, path, finer);
        }
        Type::Date(form) => {
            let finer = form.exact.is_none_or(|exact| exact > form.coarse);
            parts(reader, at, path, finer);
            if (form.exact, form.coarse) == (Some(DatePart::Week), DatePart::Month) {
                let message = format!("a week of field `{path}` can lie in two months");
                reader.error_at(&format!("{at}.coarse"), message, "use `exact: day`");
            }
        }
        Type::CommandPath(list) => command_words(reader, at, path, list),
        Type::Bool | Type::Ratio(_) | Type::Id | Type::Record(_) => {}
    }
}

fn words(reader: &mut Reader, at: &str, path: &str, key: &str, words: &Words) {
    let Words { values, other } = words;
    let at_key = format!("{at}.{key}");
    if values.len() > WORDS_MAX {
        let message = format!("field `{path}` has {} words, more than {WORDS_MAX}", values.len());
        reader.error_at(&at_key, message, "keep those that decide something; the rest is `other`");
    }
    if values.contains(other) {
        let message = format!("`{other}` of field `{path}` is a value and stands for all others");
        let fix = format!("remove `{other}` from `{key}`, or name another word under `other`");
        reader.error_at(&at_key, message, fix);
    }
    let mut seen = HashSet::new();
    for word in values.iter().chain([other]) {
        let printable = word.chars().all(|c| c.is_ascii_graphic() || c == ' ');
        if word.trim() != word || word.is_empty() || word.len() > WORD_BYTES_MAX || !printable {
            let message = format!("field `{path}` cannot have the word `{word}`");
            reader.error_at(&at_key, message, "use 1 to 64 printable ASCII characters");
        }
    }
    if let Some(twice) = values.iter().find(|word| !seen.insert(*word)) {
        let message = format!("field `{path}` has the word `{twice}` twice");
        reader.error_at(&at_key, message, "remove one of the two");
    }
}

fn command_words(reader: &mut Reader, at: &str, path: &str, words: &[String]) {
    let at = format!("{at}.words");
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let bad = |word: &&String| word.is_empty() || !word.chars().all(allowed);
    if let Some(word) = words.iter().find(bad) {
        let message = format!("`{word}` of field `{path}` is not a word of a command");
        reader.error_at(&at, message, "use letters, digits, `-` and `_`");
    }
    if words.is_empty() || words.len() > COMMAND_VOCABULARY_MAX {
        let message = format!("field `{path}` has {} words", words.len());
        reader.error_at(&at, message, "list 1 to 256 words of the command");
    }
}

fn buckets(reader: &mut Reader, at: &str, path: &str, buckets: &[u64]) {
    let ascending = buckets.is_sorted_by(|low, high| low < high);
    let enough = (2..=BUCKETS_MAX).contains(&buckets.len());
    if buckets.first() != Some(&0) || !ascending || !enough {
        let message = format!("the buckets of field `{path}` do not ascend from 0");
        reader.error_at(&format!("{at}.coarse"), message, "write `coarse: [0, 1, 2, 6, 21]`");
    }
}

fn parts(reader: &mut Reader, at: &str, path: &str, exact_is_finer: bool) {
    if !exact_is_finer {
        let message = format!("the exact form of field `{path}` is no finer than the coarse one");
        reader.error_at(&format!("{at}.exact"), message, "remove `exact`, or blur more");
    }
}

fn pseudonym(reader: &mut Reader, at: &str, path: &str, field: &Field) {
    let is_id = field.of == Type::Id;
    let at = format!("{at}.identifiability");
    if is_id && field.identifiability != Identifiability::Pseudonym {
        let message = format!("field `{path}` is an id and does not say that it is a pseudonym");
        reader.error_at(&at, message, "add `identifiability: pseudonym`");
    }
    if !is_id && field.identifiability == Identifiability::Pseudonym {
        let message = format!("field `{path}` is a pseudonym, which only an `id` may be");
        reader.error_at(&at, message, "blur it, or use `type: id`");
    }
}

fn expiry(reader: &mut Reader, at: &str, path: &str, expiry: &Expiry, today: Date) {
    let Expiry::On(date) = expiry else { return };
    let at = format!("{at}.expires");
    let latest = today.saturating_add(EXPIRY_MONTHS_MAX.months());
    if expiry.is_past(today) {
        let message = format!("field `{path}` ended on {date}");
        reader.error_at(&at, message, "remove the field, or renew it with a reviewer");
    } else if *date > latest {
        let message = format!("field `{path}` ends in more than {EXPIRY_MONTHS_MAX} months");
        let fix = format!("write {latest} or earlier, or `{{never: reason}}`");
        reader.error_at(&at, message, fix);
    } else if *date <= today.saturating_add(EXPIRY_WARNING_DAYS.days()) {
        let message = format!("field `{path}` ends on {date}");
        let fix = "remove the field, or renew it with a reviewer".to_owned();
        reader.note(Severity::Warning, reader.lines.of(&at), message, fix);
    }
}

fn example(reader: &mut Reader, at: &str, path: &str, field: &Field) {
    let mut omitted = Omitted::default();
    let sent = blur(&field.of, &field.example, Form::Exact, Date::MIN, &mut omitted);
    let at = format!("{at}.example");
    match sent {
        Ok(sent) if sent == field.example && omitted.is_empty() => {}
        Ok(sent) if omitted.is_empty() => {
            let message = format!("the example of field `{path}` is not what would be sent");
            reader.error_at(&at, message, format!("write `example: {sent}`"));
        }
        _ => {
            let message = format!("the example of field `{path}` is not of its type");
            let fix =
                format!("write a value as it is sent, such as `example: {}`", such_as(&field.of));
            reader.error_at(&at, message, fix);
        }
    }
}

/// A value of the type, as it is sent.
fn such_as(of: &Type) -> Value {
    let raw = raw(of);
    let sent = blur(of, &raw, Form::Exact, Date::MIN, &mut Omitted::default());
    // A type that is wrong itself, such as one without words, has no value.
    sent.unwrap_or(raw)
}

/// A value of the type, as it is measured.
fn raw(of: &Type) -> Value {
    let first = |words: &Words| words.values.first().unwrap_or(&words.other).clone();
    match of {
        Type::Bool => true.into(),
        Type::Enum(words) => first(words).into(),
        Type::List(words) => json!([first(words)]),
        Type::Count(_) => 3.into(),
        Type::Duration(_) => 30.into(),
        Type::Ratio(_) => json!(0.5),
        Type::Version(_) => "v1.23.4".into(),
        Type::Date(_) => "2026-11-27T08:30:00Z".into(),
        Type::Id => "56279633-3131-836b-b8f2-9008a49a2f12".into(),
        Type::CommandPath(words) => words.first().cloned().unwrap_or_default().into(),
        Type::Map(words, MapValue::Bool) => json!({ first(words): true }),
        Type::Map(words, MapValue::Count(_)) => json!({ first(words): 3 }),
        Type::Record(fields) => {
            fields.iter().map(|(name, field)| (name.clone(), raw(&field.of))).collect()
        }
    }
}
