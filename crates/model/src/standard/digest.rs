//! A fingerprint of everything that a schema declares.

use std::fmt::Write;

use indexmap::IndexMap;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::schema::{
    Access, Cadence, Calls, Collect, CountForm, Decision, Expiry, Field, MapValue, Purpose,
    Retention, Schema, Source, Type, Words,
};
use super::word::Word;

impl Schema {
    /// Identifies what the schema declares, as `sha256:` and hexadecimal digits.
    ///
    /// Comments, layout and explicit defaults do not change it. Everything that matters to a reader or
    /// a receiver does, the order of fields too.
    pub fn digest(&self) -> String {
        let mut digest = "sha256:".to_owned();
        for byte in Sha256::digest(self.canonical().to_string()) {
            write!(digest, "{byte:02x}").expect("writing to a string cannot fail");
        }
        digest
    }

    /// Everything that is declared, in a canonical form. Structs are destructured, so that the compiler
    /// finds a new declaration that is missing here.
    fn canonical(&self) -> Value {
        let Self {
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
        } = self;
        let Purpose { question, value_to_you, used_for, decisions } = purpose;
        let decision =
            |Decision { date, what, link }: &Decision| json!([date.to_string(), what, link]);
        let cadence = cadence.as_ref().map(|Cadence { max, jitter }| json!([max, jitter]));
        let Retention { raw, aggregate } = retention;
        json!({
            "kts": 1,
            "schema": [vendor, name],
            "version": version.to_string(),
            "kind": kind.word(),
            "title": title,
            "purpose": [question, value_to_you, used_for, decisions.iter().map(decision).collect::<Vec<_>>()],
            "owner": owner,
            "review": review,
            "stability": stability.word(),
            "cadence": cadence,
            "consent": consent.word(),
            "access": access.iter().map(canonical_access).collect::<Vec<_>>(),
            "retention": [raw, aggregate],
            "collector": collector,
            "fields": canonical_fields(fields),
        })
    }
}

fn canonical_access(access: &Access) -> Value {
    match access {
        Access::Paths { paths } => json!({ "paths": paths }),
        Access::Resources { group, resources, verbs, scope, reads, calls } => {
            let verbs: Vec<&str> = verbs.iter().map(|verb| verb.word()).collect();
            let calls = match calls {
                Calls::Fixed(number) => json!(number),
                Calls::Pages => json!("pages"),
            };
            json!([group, resources, verbs, scope.word(), reads.word(), calls])
        }
    }
}

fn canonical_fields(fields: &IndexMap<String, Field>) -> Value {
    fields.iter().map(|(name, field)| json!([name, canonical_field(field)])).collect()
}

fn canonical_field(field: &Field) -> Value {
    let Field {
        semconv,
        of,
        sensitivity,
        identifiability,
        why,
        example,
        since,
        expires,
        required,
        against,
        collect,
    } = field;
    let expires = match expires {
        Expiry::On(date) => json!(date.to_string()),
        Expiry::Never(reason) => json!({ "never": reason }),
    };
    let mut canonical = json!({
        "semconv": semconv,
        "type": canonical_type(of),
        "sensitivity": sensitivity.word(),
        "identifiability": identifiability.word(),
        "why": why,
        "example": sorted(example),
        "since": since,
        "expires": expires,
        "required": required,
        "collect": collect.as_ref().map(canonical_collect),
    });
    // Without `against`, a field has the digest that it had before this key was introduced.
    if let Some(against) = against {
        canonical["against"] = json!(against);
    }
    canonical
}

fn canonical_type(of: &Type) -> Value {
    let words = |Words { values, other }: &Words| json!([values, other]);
    let count = |CountForm { buckets, exact }: &CountForm| json!([buckets, exact]);
    match of {
        Type::Bool => json!(["bool"]),
        Type::Enum(form) => json!(["enum", words(form)]),
        Type::Count(form) => json!(["count", count(form)]),
        Type::Version(form) => {
            json!(["version", form.exact.map(Word::word), form.coarse.word()])
        }
        Type::Duration(form) => json!(["duration", form.buckets, form.exact]),
        Type::Ratio(form) => json!(["ratio", form.step, form.exact]),
        Type::Date(form) => json!(["date", form.exact.map(Word::word), form.coarse.word()]),
        Type::Id => json!(["id"]),
        Type::CommandPath(list) => json!(["command_path", list]),
        Type::Map(form, MapValue::Count(value)) => json!(["map", words(form), count(value)]),
        Type::Map(form, MapValue::Bool) => json!(["map", words(form), "bool"]),
        Type::List(form) => json!(["list", words(form)]),
        Type::Record(fields) => json!(["record", canonical_fields(fields)]),
    }
}

fn canonical_collect(Collect { verb, from }: &Collect) -> Value {
    let source = |Source { group, resource, namespace, labels, path }: &Source| {
        json!([group, resource, namespace, labels, path])
    };
    json!([verb.word(), from.iter().map(source).collect::<Vec<_>>()])
}

/// The order of keys in an example does not matter.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            let entries = entries.into_iter().map(|(key, value)| (key.clone(), sorted(value)));
            Value::Object(entries.collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        scalar => scalar.clone(),
    }
}
