//! The work that a body costs is counted in fields, so that a busy machine does not matter.

use crate::common::{AnyValue, KeyValue};
use crate::limits::Limits;
use crate::logs::LogsData;
use crate::repeated::Repeated;
use crate::wire::{put_bytes, put_key, put_varint, work};

fn field(number: u32, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    put_bytes(&mut out, number, content);
    out
}

fn request(records: &[u8]) -> Vec<u8> {
    field(1, &field(2, records))
}

/// A field that no version of OTLP has.
fn unknown() -> Vec<u8> {
    let mut out = Vec::new();
    put_key(&mut out, 4000, 0);
    put_varint(&mut out, 1);
    out
}

/// A value that holds another, so many levels deep.
fn deep(levels: usize) -> Vec<u8> {
    (1..levels).fold(field(1, b"x"), |inner, _| field(5, &field(1, &inner)))
}

/// A body in which a part is repeated so often.
type Body = fn(usize) -> Vec<u8>;

/// Bodies that make a reader work: each is given by how often its part is repeated.
fn hostile() -> Vec<(&'static str, Body)> {
    vec![
        ("unknown fields", |times| unknown().repeat(times)),
        ("empty resources", |times| field(1, b"").repeat(times)),
        ("empty records", |times| request(&field(2, b"").repeat(times))),
        ("empty values", |times| {
            request(&field(2, &field(5, &field(5, &field(1, b"").repeat(times)))))
        }),
        ("deep values", |times| {
            let one = field(6, &field(2, &deep(Limits::default().depth)));
            request(&field(2, &one.repeat(times)))
        }),
        ("attributes between other fields", |times| {
            request(&field(2, &[field(6, b""), unknown()].concat().repeat(times)))
        }),
        ("bodies that are there again", |times| {
            request(&field(2, &field(5, &field(5, &field(1, &field(1, b"x")))).repeat(times)))
        }),
    ]
}

fn walk_value(value: AnyValue<'_>) {
    match value {
        AnyValue::Array(list) => list.values.iter().for_each(walk_value),
        AnyValue::KeyValues(map) => walk_pairs(map.values),
        _ => {}
    }
}

fn walk_pairs(pairs: Repeated<'_, KeyValue<'_>>) {
    pairs.iter().filter_map(|pair| pair.value).for_each(walk_value);
}

fn walk(data: LogsData<'_>) {
    let scopes = data.resource_logs.iter().flat_map(|resource| resource.scope_logs);
    for record in scopes.flat_map(|scope| scope.log_records) {
        record.body.into_iter().for_each(walk_value);
        walk_pairs(record.attributes);
    }
}

#[test]
fn a_hostile_body_costs_no_more_than_its_length() {
    let limits = Limits::default();
    for (name, body) in hostile() {
        for times in [1, 100, 5_000] {
            let bytes = body(times);
            let checked = work::of(|| drop(LogsData::read(&bytes, &limits)));
            // The smallest field has two bytes, and those at the top are walked once more for the view.
            assert!(checked <= bytes.len(), "{name}, {} bytes: {checked} fields", bytes.len());
            let mut merged = Vec::new();
            let all =
                work::of(|| walk(LogsData::read_merged(&bytes, &limits, &mut merged).unwrap()));
            // Checked, viewed within its parent, iterated; the merge looks for each field of a message.
            let most = 4 * bytes.len();
            assert!(all <= most, "{name}, {} bytes: {all} fields", bytes.len());
        }
    }
}
