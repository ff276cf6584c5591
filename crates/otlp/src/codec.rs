//! The codecs of single fields, named as protobuf names them.

use std::marker::PhantomData;

use crate::element::{Codec, Element, Oneof, Shape};
use crate::wire::{
    self, BYTES, FIXED32, FIXED64, FoundField, VARINT, put_bytes, put_key, put_varint,
};

/// Key and content of a number, at most.
const NUMBER_GUESS: usize = 9;

/// Declares the codec of a number: its type, its shape, and both directions.
macro_rules! number {
    ($name:ident: $type:ty, $wire:ident, |$value:ident, $out:ident| $put:expr, |$bits:ident| $get:expr) => {
        #[derive(Debug, Clone, Copy)]
        pub(crate) struct $name;

        impl<'a> Codec<'a> for $name {
            type Value = $type;
            const SHAPE: Shape = Shape::$name;

            fn is_absent(value: &$type) -> bool {
                *value == <$type>::default()
            }

            fn append(value: &$type, number: u32, out: &mut Vec<u8>) {
                put_key(out, number, $wire);
                let ($value, $out) = (*value, out);
                $put;
            }

            fn guess(value: &$type) -> usize {
                if Self::is_absent(value) { 0 } else { NUMBER_GUESS }
            }

            fn read(value: &mut $type, field: &FoundField<'a>) {
                let $bits = field.bits();
                *value = $get;
            }
        }
    };
}

number!(Fixed64: u64, FIXED64, |value, out| out.extend_from_slice(&value.to_le_bytes()), |bits| bits);
number!(Sfixed64: i64, FIXED64, |value, out| out.extend_from_slice(&value.to_le_bytes()), |bits| {
    bits.cast_signed()
});
number!(Int64: i64, VARINT, |value, out| put_varint(out, value.cast_unsigned()), |bits| {
    bits.cast_signed()
});
number!(Bool: bool, VARINT, |value, out| put_varint(out, value.into()), |bits| bits != 0);
number!(Uint32: u32, VARINT, |value, out| put_varint(out, value.into()), |bits| bits as u32);
number!(Fixed32: u32, FIXED32, |value, out| out.extend_from_slice(&value.to_le_bytes()), |bits| {
    bits as u32
});
number!(Sint32: i32, VARINT, |value, out| put_varint(out, wire::zigzag(value).into()), |bits| {
    wire::unzigzag(bits as u32)
});
// Negative numbers are extended to 64 bits; what is longer is cut, as protobuf has it.
number!(Int32: i32, VARINT, |value, out| put_varint(out, i64::from(value).cast_unsigned()), |bits| {
    bits as i32
});

/// `double`: minus zero is not the absent value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Double;

impl<'a> Codec<'a> for Double {
    type Value = f64;
    const SHAPE: Shape = Shape::Double;

    fn is_absent(value: &f64) -> bool {
        value.to_bits() == 0
    }

    fn append(value: &f64, number: u32, out: &mut Vec<u8>) {
        put_key(out, number, FIXED64);
        out.extend_from_slice(&value.to_bits().to_le_bytes());
    }

    fn guess(_: &f64) -> usize {
        NUMBER_GUESS
    }

    fn read(value: &mut f64, field: &FoundField<'a>) {
        *value = f64::from_bits(field.bits());
    }
}

/// `optional double`: zero is a value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OptionalDouble;

impl<'a> Codec<'a> for OptionalDouble {
    type Value = Option<f64>;
    const SHAPE: Shape = Shape::Double;

    fn is_absent(value: &Option<f64>) -> bool {
        value.is_none()
    }

    fn append(value: &Option<f64>, number: u32, out: &mut Vec<u8>) {
        Double::append(&value.unwrap_or_default(), number, out);
    }

    fn guess(_: &Option<f64>) -> usize {
        NUMBER_GUESS
    }

    fn read(value: &mut Option<f64>, field: &FoundField<'a>) {
        *value = Some(f64::from_bits(field.bits()));
    }
}

/// An enum, which keeps the numbers that it does not know.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Enum<E>(PhantomData<E>);

impl<'a, E: Copy + From<i32> + Into<i32>> Codec<'a> for Enum<E> {
    type Value = E;
    const SHAPE: Shape = Shape::Int32;

    fn is_absent(value: &E) -> bool {
        let number: i32 = (*value).into();
        number == 0
    }

    fn append(value: &E, number: u32, out: &mut Vec<u8>) {
        Int32::append(&(*value).into(), number, out);
    }

    fn guess(_: &E) -> usize {
        2
    }

    fn read(value: &mut E, field: &FoundField<'a>) {
        *value = E::from(field.bits() as i32);
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Text;

impl<'a> Codec<'a> for Text {
    type Value = &'a str;
    const SHAPE: Shape = Shape::Text;

    fn is_absent(value: &&'a str) -> bool {
        value.is_empty()
    }

    fn append(value: &&'a str, number: u32, out: &mut Vec<u8>) {
        put_bytes(out, number, value.as_bytes());
    }

    fn guess(value: &&'a str) -> usize {
        value.len() + 2
    }

    fn read(value: &mut &'a str, field: &FoundField<'a>) {
        *value = Element::view(field.bytes());
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Bytes;

impl<'a> Codec<'a> for Bytes {
    type Value = &'a [u8];
    const SHAPE: Shape = Shape::Bytes;

    fn is_absent(value: &&'a [u8]) -> bool {
        value.is_empty()
    }

    fn append(value: &&'a [u8], number: u32, out: &mut Vec<u8>) {
        put_bytes(out, number, value);
    }

    fn guess(value: &&'a [u8]) -> usize {
        value.len() + 2
    }

    fn read(value: &mut &'a [u8], field: &FoundField<'a>) {
        *value = field.bytes();
    }
}

/// The id of a trace or a span: bytes that JSON writes in hexadecimal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Id;

impl<'a> Codec<'a> for Id {
    type Value = &'a [u8];
    const SHAPE: Shape = Shape::Id;

    fn is_absent(value: &&'a [u8]) -> bool {
        value.is_empty()
    }

    fn append(value: &&'a [u8], number: u32, out: &mut Vec<u8>) {
        put_bytes(out, number, value);
    }

    fn guess(value: &&'a [u8]) -> usize {
        value.len() + 2
    }

    fn read(value: &mut &'a [u8], field: &FoundField<'a>) {
        *value = field.bytes();
    }
}

/// A message, or none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct One<M>(PhantomData<M>);

impl<'a, M: Element<'a>> Codec<'a> for One<M> {
    type Value = Option<M>;
    const SHAPE: Shape = M::SHAPE;

    fn is_absent(value: &Option<M>) -> bool {
        value.is_none()
    }

    fn append(value: &Option<M>, number: u32, out: &mut Vec<u8>) {
        Always::append(&value.unwrap_or_default(), number, out);
    }

    fn guess(value: &Option<M>) -> usize {
        value.as_ref().map_or(0, Always::guess)
    }

    fn read(value: &mut Option<M>, field: &FoundField<'a>) {
        *value = Some(M::view(field.bytes()));
    }
}

/// A message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Always<M>(PhantomData<M>);

impl<'a, M: Element<'a>> Codec<'a> for Always<M> {
    type Value = M;
    const SHAPE: Shape = M::SHAPE;

    fn is_absent(_: &M) -> bool {
        false
    }

    fn append(value: &M, number: u32, out: &mut Vec<u8>) {
        append_element(value, number, out);
    }

    fn guess(value: &M) -> usize {
        value.guess() + 3
    }

    fn read(value: &mut M, field: &FoundField<'a>) {
        *value = M::view(field.bytes());
    }
}

/// Appends a message or a text as a field.
pub(crate) fn append_element<'a, E: Element<'a>>(element: &E, number: u32, out: &mut Vec<u8>) {
    let message = wire::open(out, number, element.guess());
    element.append(out);
    wire::close(out, message);
}

/// One of several fields.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OneOf<O>(PhantomData<O>);

impl<'a, O: Oneof<'a>> Codec<'a> for OneOf<O> {
    type Value = O;
    const SHAPE: Shape = Shape::Oneof(O::table);

    #[inline]
    fn takes(_: u32, found: u32) -> bool {
        O::takes(found)
    }

    fn is_absent(value: &O) -> bool {
        value.is_absent()
    }

    fn append(value: &O, _: u32, out: &mut Vec<u8>) {
        value.append(out);
    }

    fn guess(value: &O) -> usize {
        value.guess()
    }

    fn read(value: &mut O, field: &FoundField<'a>) {
        *value = O::view(field).unwrap_or_default();
    }
}

/// The wire type of single fields of a shape.
pub(crate) const fn wire_type(shape: Shape) -> u8 {
    match shape {
        Shape::Fixed64 | Shape::Sfixed64 | Shape::Double => FIXED64,
        Shape::Fixed32 => FIXED32,
        Shape::Int64
        | Shape::Uint64
        | Shape::Bool
        | Shape::Uint32
        | Shape::Sint32
        | Shape::Int32 => VARINT,
        Shape::Text | Shape::Bytes | Shape::Id | Shape::Message(..) | Shape::Oneof(_) => BYTES,
    }
}
