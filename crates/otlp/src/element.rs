//! What messages are made of: what a field holds, how it is written and read, and the table of each message that
//! the check, the merge and the JSON go by.

use crate::wire::FoundField;

/// A field of a message, as the walkers see it.
#[derive(Debug)]
pub struct FieldInfo {
    pub(crate) number: u32,
    /// The name in the `.proto` file.
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    /// The wire type of its shape, known before anything is read.
    pub(crate) wire_type: u8,
    pub(crate) repeated: bool,
}

/// What a field holds.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// `fixed64`
    Fixed64,
    /// `sfixed64`
    Sfixed64,
    /// `int64`
    Int64,
    /// `uint64`
    Uint64,
    /// `double`
    Double,
    /// `bool`
    Bool,
    /// `uint32`
    Uint32,
    /// `fixed32`
    Fixed32,
    /// `sint32`
    Sint32,
    /// `int32`, or an enum: enums of OTLP are open.
    Int32,
    /// `string`
    Text,
    /// `bytes`
    Bytes,
    /// `bytes` that JSON writes in hexadecimal: the ids of traces and spans.
    Id,
    /// A message: its table is given by a function, because messages hold messages of their own kind.
    Message(fn() -> &'static [FieldInfo], Role),
    /// One of several fields.
    Oneof(fn() -> &'static [FieldInfo]),
}

/// What a message counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Nothing.
    Plain,
    /// A value: of an attribute, of a body, in a list.
    Value,
    /// A log record, a span or a data point.
    Item,
}

/// What a repeated field holds: a message, or a text. Only this crate implements it.
pub trait Element<'a>: Copy + Default {
    #[doc(hidden)]
    const SHAPE: Shape;
    /// Appends the content, without key and length.
    #[doc(hidden)]
    fn append(&self, out: &mut Vec<u8>);
    /// About as many bytes as the content has; what is cheap to know.
    #[doc(hidden)]
    fn guess(&self) -> usize;
    /// Reads content that was checked.
    #[doc(hidden)]
    fn view(bytes: &'a [u8]) -> Self;
    #[doc(hidden)]
    #[must_use]
    fn table() -> &'static [FieldInfo] {
        &[]
    }
}

/// How a field of a struct is written and read.
pub(crate) trait Codec<'a> {
    type Value;
    const SHAPE: Shape;
    const REPEATED: bool = false;

    /// Says whether a field of the wire is this one.
    fn takes(number: u32, found: u32) -> bool {
        number == found
    }

    /// Says whether the value is that of an absent field.
    fn is_absent(value: &Self::Value) -> bool;
    /// Appends the field, also when it is absent.
    fn append(value: &Self::Value, number: u32, out: &mut Vec<u8>);
    /// About as many bytes as the field has.
    fn guess(value: &Self::Value) -> usize;
    /// Reads a field that was checked.
    fn read(value: &mut Self::Value, field: &FoundField<'a>);
}

/// One of several fields, as an enum.
pub(crate) trait Oneof<'a>: Copy + Default {
    /// Says whether a field of the wire is one of these.
    fn takes(number: u32) -> bool;
    fn table() -> &'static [FieldInfo];
    fn is_absent(&self) -> bool;
    fn append(&self, out: &mut Vec<u8>);
    fn guess(&self) -> usize;
    fn view(field: &FoundField<'a>) -> Option<Self>;
}

/// Finds a field by its number, within what is one of several, too.
///
/// Tables are in the order of numbers, so that a field stands at its number or before it, mostly near.
#[inline]
pub(crate) fn find(table: &'static [FieldInfo], number: u32) -> Option<&'static FieldInfo> {
    let table = match table {
        // A value is one of several and nothing else.
        [FieldInfo { shape: Shape::Oneof(inner), .. }] => inner(),
        _ => table,
    };
    // Most messages have no gap in their numbers.
    match table.get((number as usize).wrapping_sub(1)) {
        Some(info) if info.number == number && !matches!(info.shape, Shape::Oneof(_)) => Some(info),
        _ => search(table, number),
    }
}

fn search(table: &'static [FieldInfo], number: u32) -> Option<&'static FieldInfo> {
    let until = table.len().min(number as usize);
    table.get(..until).unwrap_or_default().iter().rev().find_map(|info| match info.shape {
        Shape::Oneof(inner) => find(inner(), number),
        _ => (info.number == number).then_some(info),
    })
}
