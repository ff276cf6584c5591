//! Merges messages as protobuf does: one that may be there once, and is there several times, is the
//! concatenation of them all. No sender of OTLP writes that, so that reading does not pay for it.

use crate::element::{FieldInfo, Shape, find};
use crate::wire::{self, FoundField, checked};

/// Writes bytes that were checked so that every such message is there once.
pub(crate) fn merge(bytes: &[u8], table: &'static [FieldInfo]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    message(&[bytes], table, &mut out);
    out
}

/// Writes one message, given in parts.
fn message(parts: &[&[u8]], table: &'static [FieldInfo], out: &mut Vec<u8>) {
    for field in fields(parts) {
        let info = table.iter().find(|info| match info.shape {
            Shape::Oneof(inner) => find(inner(), field.number).is_some(),
            _ => info.number == field.number,
        });
        match info {
            Some(FieldInfo { shape: Shape::Message(inner, _), repeated: true, .. }) => {
                nested(&[field.bytes()], field.number, inner(), out);
            }
            // These are written below, once.
            Some(FieldInfo { shape: Shape::Message(..) | Shape::Oneof(_), .. }) => {}
            // Of a number or a text, the last counts, as it does for the reader.
            _ => copy(&field, out),
        }
    }
    for info in table {
        match info.shape {
            Shape::Oneof(inner) => one_of(parts, inner(), out),
            Shape::Message(inner, _) if !info.repeated => {
                let found = fields(parts).filter(|field| field.number == info.number);
                let mut found = found.map(|field| field.bytes()).peekable();
                if found.peek().is_some() {
                    let found: Vec<&[u8]> = found.filter(|part| !part.is_empty()).collect();
                    nested(&found, info.number, inner(), out);
                }
            }
            _ => {}
        }
    }
}

/// Writes the last of several fields. What there was of it before another one took its place is gone.
fn one_of(parts: &[&[u8]], table: &'static [FieldInfo], out: &mut Vec<u8>) {
    let mut last: Option<(FoundField<'_>, &FieldInfo)> = None;
    let mut found: Vec<&[u8]> = Vec::new();
    for field in fields(parts) {
        let Some(info) = find(table, field.number) else { continue };
        if last.is_some_and(|(last, _)| last.number != field.number) {
            found.clear();
        }
        if !field.bytes().is_empty() {
            found.push(field.bytes());
        }
        last = Some((field, info));
    }
    match last {
        Some((field, FieldInfo { shape: Shape::Message(inner, _), .. })) => {
            nested(&found, field.number, inner(), out);
        }
        Some((field, _)) => copy(&field, out),
        None => {}
    }
}

/// Writes a message, given in parts, as a field.
fn nested(parts: &[&[u8]], number: u32, table: &'static [FieldInfo], out: &mut Vec<u8>) {
    let content = wire::open(out, number, parts.iter().map(|part| part.len()).sum());
    message(parts, table, out);
    wire::close(out, content);
}

fn fields<'a>(parts: &[&'a [u8]]) -> impl Iterator<Item = FoundField<'a>> {
    parts.iter().flat_map(|part| checked(part))
}

/// Copies a field as it stands.
fn copy(field: &FoundField<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(field.message.get(field.start..field.end).unwrap_or_default());
}
