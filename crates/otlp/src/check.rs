//! Checks all bytes of a message once: nothing that is read from it later can be wrong.

use crate::element::{Element, FieldInfo, Role, Shape, find};
use crate::error::{Budgeted, Error, Fault};
use crate::limits::Limits;
use crate::wire::{BYTES, FIXED32, FIXED64, FoundField, Payload, VARINT, fields, varint};

/// A message that may be there once, and is there again: protobuf merges the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Again {
    at: usize,
    field: &'static str,
}

impl From<Again> for Error {
    fn from(Again { at, field }: Again) -> Self {
        Self::Malformed { at, field, fault: Fault::Repeated }
    }
}

/// Checks a message, and finds the first within it that is there again.
pub(crate) fn check<'a, M: Element<'a>>(
    bytes: &[u8],
    limits: &Limits,
) -> Result<Option<Again>, Error> {
    let mut check = Check { limits, values: 0, items: 0, again: None };
    check.message(bytes, 0, M::table(), Place { name: "request", depth: 0 })?;
    Ok(check.again)
}

struct Check<'l> {
    limits: &'l Limits,
    values: usize,
    items: usize,
    again: Option<Again>,
}

/// Which message is checked.
#[derive(Clone, Copy)]
struct Place {
    name: &'static str,
    depth: usize,
}

impl Check<'_> {
    fn message(
        &mut self,
        bytes: &[u8],
        base: usize,
        table: &'static [FieldInfo],
        place: Place,
    ) -> Result<(), Error> {
        let mut seen = 0_u64;
        for field in fields(bytes) {
            let field = field.map_err(|(at, fault)| Error::Malformed {
                at: base + at,
                field: place.name,
                fault,
            })?;
            // What is not known here may be known to newer senders.
            let Some(info) = find(table, field.number) else { continue };
            let fault =
                |fault| Error::Malformed { at: base + field.start, field: info.name, fault };
            content(&field, info).map_err(fault)?;
            let Shape::Message(inner, role) = info.shape else { continue };
            let bit = 1_u64.checked_shl(field.number).unwrap_or_default();
            if !info.repeated && seen & bit != 0 {
                let again = Again { at: base + field.start, field: info.name };
                self.again.get_or_insert(again);
            }
            seen |= bit;
            let place = Place { name: info.name, depth: self.enter(role, place.depth)? };
            let base = base + field.end - field.bytes().len();
            self.message(field.bytes(), base, inner(), place)?;
        }
        Ok(())
    }

    /// Counts a message, and gives how deep it is.
    fn enter(&mut self, role: Role, depth: usize) -> Result<usize, Error> {
        let Limits { depth: depth_max, values, items } = *self.limits;
        let too_much = |of, max| Err(Error::TooMuch { of, max });
        match role {
            Role::Plain => Ok(depth),
            Role::Value if depth == depth_max => too_much(Budgeted::Depth, depth_max),
            Role::Value => {
                self.values += 1;
                if self.values > values {
                    too_much(Budgeted::Values, values)
                } else {
                    Ok(depth + 1)
                }
            }
            Role::Item => {
                self.items += 1;
                if self.items > items { too_much(Budgeted::Items, items) } else { Ok(depth) }
            }
        }
    }
}

/// Checks what a field holds, save the content of messages.
fn content(field: &FoundField<'_>, info: &FieldInfo) -> Result<(), Fault> {
    let expected = info.wire_type;
    let found = match field.payload {
        Payload::Varint(_) => VARINT,
        Payload::Fixed64(_) => FIXED64,
        Payload::Bytes(_) => BYTES,
        Payload::Fixed32(_) => FIXED32,
    };
    let bytes = field.bytes();
    match info.shape {
        _ if found == BYTES && expected != BYTES && info.repeated => packed(bytes, expected),
        _ if found != expected => Err(Fault::WireType),
        // Nearly all texts are ASCII, and a short one is known to be that in a few steps.
        Shape::Text if !bytes.is_ascii() && std::str::from_utf8(bytes).is_err() => Err(Fault::Utf8),
        _ => Ok(()),
    }
}

fn packed(mut bytes: &[u8], wire_type: u8) -> Result<(), Fault> {
    if wire_type == FIXED64 {
        return if bytes.len().is_multiple_of(8) { Ok(()) } else { Err(Fault::Length) };
    }
    while !bytes.is_empty() {
        let (_, length) = varint(bytes).ok_or(Fault::Varint)?;
        bytes = bytes.get(length..).unwrap_or_default();
    }
    Ok(())
}

#[cfg(test)]
mod tests;
