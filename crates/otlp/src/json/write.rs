//! Protobuf to JSON.

use crate::base64;
use crate::codec::wire_type;
use crate::element::{Element, FieldInfo, Shape, find};
use crate::hex;
use crate::repeated::numbers;
use crate::wire::{BYTES, FoundField, checked, unzigzag};

use super::camel_case;

/// Writes a message as JSON.
pub(crate) fn write<'a, E: Element<'a>>(element: &E) -> String {
    let mut bytes = Vec::with_capacity(element.guess());
    element.append(&mut bytes);
    let mut out = String::with_capacity(3 * bytes.len());
    message(&mut out, &bytes, E::table());
    out
}

/// Writes what is there, in the order of the table; a pass over the message first says what that is.
fn message(out: &mut String, bytes: &[u8], table: &'static [FieldInfo]) {
    let mut present = 0_u64;
    for field in checked(bytes) {
        present |= bit(field.number);
    }
    out.push('{');
    let mut separate = separator();
    for info in table {
        match info.shape {
            Shape::Oneof(inner) => {
                let known = checked(bytes)
                    .filter_map(|field| find(inner(), field.number).map(|info| (field, info)));
                // The last of them counts, and no other.
                if let Some((field, info)) = known.last() {
                    separate(out);
                    name(out, info);
                    value(out, &field, info);
                }
            }
            _ if present & bit(info.number) == 0 => {}
            _ => {
                separate(out);
                name(out, info);
                let fields = checked(bytes).filter(|field| field.number == info.number);
                if info.repeated {
                    list(out, fields, info);
                } else if let Some(field) = fields.last() {
                    value(out, &field, info);
                }
            }
        }
    }
    out.push('}');
}

fn bit(number: u32) -> u64 {
    1_u64.checked_shl(number).unwrap_or_default()
}

/// Writes a comma before all but the first.
fn separator() -> impl FnMut(&mut String) {
    let mut first = true;
    move |out| {
        if !std::mem::replace(&mut first, false) {
            out.push(',');
        }
    }
}

fn name(out: &mut String, info: &FieldInfo) {
    out.push('"');
    out.extend(camel_case(info.name));
    out.push_str("\":");
}

fn list<'a>(
    out: &mut String,
    fields: impl Iterator<Item = FoundField<'a>>,
    info: &'static FieldInfo,
) {
    let mut separate = separator();
    out.push('[');
    for field in fields {
        if wire_type(info.shape) == BYTES {
            separate(out);
            value(out, &field, info);
            continue;
        }
        for bits in numbers(info.shape, field.payload) {
            separate(out);
            number(out, bits, info.shape);
        }
    }
    out.push(']');
}

fn value(out: &mut String, field: &FoundField<'_>, info: &'static FieldInfo) {
    let bytes = field.bytes();
    match info.shape {
        Shape::Message(inner, _) => message(out, bytes, inner()),
        Shape::Text => text(out, Element::view(bytes)),
        Shape::Bytes => quoted(out, &base64::encode(bytes)),
        Shape::Id => quoted(out, &hex::encode(bytes)),
        shape => number(out, field.bits(), shape),
    }
}

/// Writes a number; those of 64 bits are texts, because JavaScript's numbers have 53.
fn number(out: &mut String, bits: u64, shape: Shape) {
    match shape {
        Shape::Fixed64 | Shape::Uint64 => quoted(out, &bits.to_string()),
        Shape::Sfixed64 | Shape::Int64 => quoted(out, &bits.cast_signed().to_string()),
        Shape::Double => double(out, f64::from_bits(bits)),
        Shape::Bool => out.push_str(if bits == 0 { "false" } else { "true" }),
        Shape::Sint32 => out.push_str(&unzigzag(bits as u32).to_string()),
        Shape::Int32 => out.push_str(&(bits as i32).to_string()),
        _ => out.push_str(&(bits as u32).to_string()),
    }
}

fn double(out: &mut String, number: f64) {
    if number.is_nan() {
        out.push_str("\"NaN\"");
    } else if number.is_infinite() {
        out.push_str(if number > 0.0 { "\"Infinity\"" } else { "\"-Infinity\"" });
    } else {
        out.push_str(&serde_json::Value::from(number).to_string());
    }
}

fn quoted(out: &mut String, plain: &str) {
    out.push('"');
    out.push_str(plain);
    out.push('"');
}

fn text(out: &mut String, text: &str) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            letter if letter < ' ' => out.push_str(&format!("\\u{:04x}", letter as u32)),
            letter => out.push(letter),
        }
    }
    out.push('"');
}
