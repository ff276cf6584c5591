//! Reads the `key=value` pairs of a line with the types that its schema declares.

use ktel_model::Schema;
use ktel_model::names::{COMMAND_PATH, SIGNAL};
use ktel_model::standard::schema::Type;
use serde_json::{Map, Number, Value};

use super::builder::ItemBuilder;
use super::context::{Context, Read, Reason, TransportDefaults, is_product};
use super::items::{collected, day_of};
use super::line::{Line, Message, parse};
use crate::record::Source;

/// Lines whose signal is not the name of their product: the signal, its schema and the product.
const SIGNALS: [(&str, &str, &str); 3] = [
    ("kic-ping", "ktel/kic-ping", "kong-ingress-controller"),
    ("kic-start", "ktel/kic-ping", "kong-ingress-controller"),
    ("kongctl", "ktel/kongctl", "kongctl"),
];

/// Reads a line.
///
/// # Errors
/// When nothing of it can be stored.
pub fn line(context: Context<'_>, line: &[u8]) -> Result<Read, Reason> {
    let Line { program, message } = parse(line).ok_or(Reason::Malformed)?;
    match message {
        Message::Json(text) => {
            let item: Map<String, Value> =
                serde_json::from_str(text).map_err(|_| Reason::Malformed)?;
            collected(
                context,
                TransportDefaults { source: Source::Line, product: program, day: None },
                &item,
            )
        }
        Message::Pairs { signal, pairs } => self::pairs(context, &signal, &pairs),
    }
}

/// Reads a signal with its pairs: those of a schema that the signal names, those of one command, or
/// those of sections, which are prefixes of the names.
fn pairs(context: Context<'_>, signal: &str, pairs: &[(String, String)]) -> Result<Read, Reason> {
    let known = SIGNALS.iter().find(|(known, ..)| *known == signal);
    let product = known.map_or(signal, |(_, _, product)| product);
    let product = context.product(Some(product).filter(|product| is_product(product)))?;
    let mut builder = ItemBuilder::new(context, pairs.len())?;
    let mut day = None;
    let flat = match known {
        Some((_, schema, _)) => context.catalog.find(schema, None),
        None if pairs.iter().any(|(name, _)| name == COMMAND_PATH) => {
            context.catalog.events(product.as_deref())
        }
        None => None,
    };
    if let Some(entry) = flat {
        let signal = (SIGNAL.to_owned(), signal.to_owned());
        let declares_signal = entry.schema.fields.contains_key(SIGNAL);
        let pairs = pairs.iter().chain(declares_signal.then_some(&signal));
        let pairs = pairs.map(|(name, text)| (name.as_str(), text.as_str()));
        let item = typed(&entry.schema, pairs);
        day = day_of(&item);
        builder.add(0, Some(entry), Some(&item));
    } else {
        for (part, (section, pairs)) in sections(pairs).into_iter().enumerate() {
            match context.catalog.job(section) {
                Some(entry) => {
                    let section = typed(&entry.schema, pairs.into_iter());
                    builder.add(part, Some(entry), Some(&section));
                }
                None => builder.omitted.note(ktel_model::standard::Reason::Undeclared),
            }
        }
    }
    if builder.sections.is_empty() && builder.rejected.is_empty() {
        return Err(Reason::UnknownSchema);
    }
    builder.finish(context, (Source::Line, day.unwrap_or(context.today), None), product)
}

/// A section and its pairs.
type Group<'p> = (&'p str, Vec<(&'p str, &'p str)>);

/// Groups pairs by what stands before the first dot of their names.
fn sections(pairs: &[(String, String)]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for (name, text) in pairs {
        let (section, name) = name.split_once('.').unwrap_or((name, ""));
        match groups.iter_mut().find(|(known, _)| *known == section) {
            Some((_, pairs)) => pairs.push((name, text)),
            None => groups.push((section, vec![(name, text)])),
        }
    }
    groups
}

/// Converts texts to values. Undeclared names stay texts and are omitted later; of two pairs with one
/// name the first counts.
fn typed<'p>(
    schema: &Schema,
    pairs: impl Iterator<Item = (&'p str, &'p str)>,
) -> Map<String, Value> {
    let mut item = Map::new();
    for (name, text) in pairs {
        let value = match schema.field(name) {
            Some(field) => value(&field.of, text),
            None => text.into(),
        };
        match name.split_once('.') {
            Some((record, name)) if schema.fields.contains_key(record) => {
                let record = item.entry(record).or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(record) = record {
                    record.entry(name).or_insert(value);
                }
            }
            _ => drop(item.entry(name).or_insert(value)),
        }
    }
    item
}

/// Converts a text to the type of its field; a text that does not fit stays a text.
fn value(of: &Type, text: &str) -> Value {
    let fitting = match of {
        Type::Bool => text.parse().ok().map(Value::Bool),
        Type::Count(_) | Type::Duration(_) | Type::Ratio(_) => number(text),
        Type::List(_) => Some(list(text)),
        Type::Map(..) => map(text),
        Type::Enum(_)
        | Type::Version(_)
        | Type::Date(_)
        | Type::Id
        | Type::CommandPath(_)
        | Type::Record(_) => None,
    };
    fitting.unwrap_or_else(|| text.into())
}

fn number(text: &str) -> Option<Value> {
    serde_json::from_str::<Number>(text).ok().map(Value::Number)
}

/// Reads `["a","b"]`, `[a b]`, `a|b` and `a,b`.
fn list(text: &str) -> Value {
    if let Ok(list) = serde_json::from_str::<Vec<Value>>(text) {
        return Value::Array(list);
    }
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let words = inner.split([',', '|', ' ']).filter(|word| !word.is_empty());
    words.map(Value::from).collect()
}

/// Reads `{"a":1}`, `map[a:1 b:2]` and `a1,b2`.
fn map(text: &str) -> Option<Value> {
    if let Ok(map) = serde_json::from_str::<Map<String, Value>>(text) {
        return Some(Value::Object(map));
    }
    let inner = text.strip_prefix("map[").and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let mut map = Map::new();
    for pair in inner.split([',', ' ']).filter(|pair| !pair.is_empty()) {
        let (word, value) = pair.split_once(':').unwrap_or_else(|| {
            let digits = pair.trim_end_matches(|c: char| c.is_ascii_digit()).len();
            pair.split_at(digits)
        });
        map.insert(word.to_owned(), serde_json::from_str(value).ok()?);
    }
    Some(Value::Object(map))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::super::context::{Context, Read, Reason, Sender};
    use super::{line, list, map};
    use crate::catalog::Catalog;
    use crate::record::Source;

    fn read(text: &[u8]) -> Result<Read, Reason> {
        thread_local!(static CATALOG: Catalog = Catalog::built_in());
        CATALOG.with(|catalog| {
            let today = date(2026, 11, 21);
            let (token_product, key, signer) = (None, None, None);
            line(Context { catalog, today, token_product, sender: Sender::Line, key, signer }, text)
        })
    }

    /// Gives the tables that a line fills, its product and how many values were omitted.
    #[track_caller]
    fn check(text: &str, tables: &[&str], product: Option<&str>, omitted: &Value) -> Read {
        let read = read(text.as_bytes()).unwrap_or_else(|reason| panic!("{text}: {reason:?}"));
        let names: Vec<_> =
            read.record.sections.iter().map(|section| section.table.name.as_str()).collect();
        assert_eq!((names.as_slice(), read.record.product.as_deref()), (tables, product), "{text}");
        assert_eq!(json!(read.omitted), *omitted, "{text}");
        assert_eq!((read.record.source, read.record.authenticated), (Source::Line, false));
        assert!(read.record.key.id.starts_with("unsigned-"), "{text}");
        read
    }

    #[test]
    fn a_line_is_stored_by_the_schema_that_it_names() {
        let ping = "<14>signal=kic-ping;db=off;k8s_arch=linux/arm64;v=v3.5.1;hn=alice;";
        let kic = Some("kong-ingress-controller");
        let read = check(ping, &["ktel_kic_ping_v1"], kic, &json!({"undeclared": 1}));
        assert_eq!(read.record.tally.version.as_deref(), Some("v3.5"));
        let usage = "<14>signal=kongctl;arch=arm64;command_path=\"get apis\";os=darwin;\
                     schema_version=1;timestamp=2026-11-19T14:30:45Z;version=0.4.0\n";
        let read = check(usage, &["ktel_kongctl_v1"], Some("kongctl"), &json!({}));
        assert_eq!(read.record.key.day, date(2026, 11, 19));
        let other = usage.replace("signal=kongctl", "signal=acme");
        check(&other, &["ktel_command_v1"], Some("acme"), &json!({}));
        let report = "<14>signal=shop;cluster-state.pods=7;mesh-detect.services_total=\"6-20\";\
                      mine.x=1";
        let tables = ["ktel_cluster_state_v1", "ktel_mesh_detect_v1"];
        check(report, &tables, Some("shop"), &json!({"undeclared": 1}));
        let json = "<14>1 - - shop - - - {\"cluster-state\": {\"pods\": 7}}";
        check(json, &["ktel_cluster_state_v1"], Some("shop"), &json!({}));
    }

    #[test]
    fn a_line_that_names_no_schema_is_rejected() {
        for (text, reason) in [
            ("hello", Reason::Malformed),
            ("<14>{\"a\":", Reason::Malformed),
            ("<14>signal=who;name=alice;", Reason::UnknownSchema),
            ("<14>{\"message\":\"alice\"}", Reason::UnknownSchema),
            ("<14>signal=kongctl;hn=alice", Reason::Empty),
        ] {
            assert_eq!(read(text.as_bytes()), Err(reason), "{text}");
        }
    }

    #[test]
    fn nobody_speaks_in_a_line_for_an_installation_that_signs() {
        let ping = |id: &str| format!("signal=kic-ping;id={id};v=v3.5.0;");
        let random = "56279633-3131-436b-b8f2-9008a49a2f12";
        assert!(read(ping(random).as_bytes()).is_ok());
        let of_a_key = "56279633-3131-836b-b8f2-9008a49a2f12";
        assert_eq!(read(ping(of_a_key).as_bytes()), Err(Reason::Signature));
    }

    #[test]
    fn lists_and_maps_are_read_as_each_dialect_writes_them() {
        for text in ["[\"a\",\"b\"]", "[a b]", "a|b", "a,b"] {
            assert_eq!(list(text), json!(["a", "b"]), "{text}");
        }
        for text in ["{\"a\":1,\"b\":22}", "map[a:1 b:22]", "a1,b22"] {
            assert_eq!(map(text), Some(json!({"a": 1, "b": 22})), "{text}");
        }
        assert_eq!(map("a"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn no_line_is_too_strange(
            head in "(<14>)?(signal=(kic-ping|kongctl|shop))?",
            rest in r#"(;(cluster-state\.|mesh-detect\.)?(pods|mdist|mdep|id|x|command_path)=["\[\]{}:,|a-z0-9 é\\]{0,12}){0,5}"#,
        ) {
            let read = read(format!("{head}{rest}").as_bytes());
            prop_assert!(read.is_err() || !read.unwrap().record.authenticated);
        }
    }
}
