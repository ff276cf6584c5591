//! Fields that are there many times: given as a slice, or still encoded.

use std::fmt;
use std::marker::PhantomData;

use crate::codec::{append_element, wire_type};
use crate::element::{Codec, Element, Shape};
use crate::wire::{
    BYTES, FIXED64, Fields, FoundField, Payload, VARINT, fields, put_key, put_varint, varint,
    varint_length,
};

/// The fields of one number, where they stand in their message.
#[derive(Debug, Clone, Copy, Default)]
struct Region<'a> {
    message: &'a [u8],
    start: usize,
    end: usize,
    number: u32,
    /// Other fields stand between them.
    mixed: bool,
}

impl<'a> Region<'a> {
    #[inline]
    fn add(&mut self, field: &FoundField<'a>) {
        if self.end == 0 {
            *self = Self {
                message: field.message,
                start: field.start,
                end: field.end,
                number: field.number,
                mixed: false,
            };
        } else {
            self.mixed |= self.end != field.start;
            self.end = field.end;
        }
    }

    fn bytes(&self) -> &'a [u8] {
        self.message.get(self.start..self.end).unwrap_or_default()
    }

    fn fields(&self) -> RegionFields<'a> {
        RegionFields { fields: fields(self.bytes()), number: self.number }
    }

    /// Appends the fields under another number, or the same.
    fn append(&self, number: u32, wire_type: u8, out: &mut Vec<u8>) {
        if number == self.number && !self.mixed {
            out.extend_from_slice(self.bytes());
            return;
        }
        for field in self.fields() {
            let whole = field.message.get(field.start..field.end).unwrap_or_default();
            let key = varint(whole).map_or(0, |(_, length)| length);
            let wire_type = if let Payload::Bytes(_) = field.payload { BYTES } else { wire_type };
            put_key(out, number, wire_type);
            out.extend_from_slice(whole.get(key..).unwrap_or_default());
        }
    }
}

#[derive(Debug, Clone)]
struct RegionFields<'a> {
    fields: Fields<'a>,
    number: u32,
}

impl<'a> Iterator for RegionFields<'a> {
    type Item = FoundField<'a>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let field = self.fields.next()?.ok()?;
            if field.number == self.number {
                return Some(field);
            }
        }
    }
}

/// Many messages, or texts: a slice of them to write, or bytes that were checked, to read or to pass on.
///
/// ```
/// use ktel_otlp::{AnyValue, KeyValue, Repeated};
///
/// let pairs = [KeyValue { key: "a", value: Some(AnyValue::Int(1)) }];
/// let repeated: Repeated<KeyValue> = (&pairs).into();
/// assert_eq!(repeated.iter().next(), Some(pairs[0]));
/// ```
#[derive(Clone, Copy)]
pub struct Repeated<'a, T>(Content<'a, T>);

#[derive(Clone, Copy)]
enum Content<'a, T> {
    Slice(&'a [T]),
    Encoded(Region<'a>),
}

impl<'a, T: Element<'a>> Repeated<'a, T> {
    /// Takes what was encoded here, under one number.
    pub(crate) fn encoded(message: &'a [u8], number: u32) -> Self {
        let region = Region { message, start: 0, end: message.len(), number, mixed: false };
        Self(Content::Encoded(region))
    }

    /// Iterates over the elements.
    #[must_use]
    pub fn iter(&self) -> Iter<'a, T> {
        Iter(match self.0 {
            Content::Slice(slice) => IterContent::Slice(slice.iter()),
            Content::Encoded(region) => IterContent::Encoded(region.fields()),
        })
    }

    /// Says whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self.0 {
            Content::Slice(slice) => slice.is_empty(),
            Content::Encoded(region) => region.start == region.end,
        }
    }
}

impl<T> Default for Repeated<'_, T> {
    fn default() -> Self {
        Self(Content::Slice(&[]))
    }
}

impl<'a, T> From<&'a [T]> for Repeated<'a, T> {
    fn from(slice: &'a [T]) -> Self {
        Self(Content::Slice(slice))
    }
}

impl<'a, T, const N: usize> From<&'a [T; N]> for Repeated<'a, T> {
    fn from(slice: &'a [T; N]) -> Self {
        Self(Content::Slice(slice))
    }
}

impl<'a, T> From<&'a Vec<T>> for Repeated<'a, T> {
    fn from(all: &'a Vec<T>) -> Self {
        Self(Content::Slice(all))
    }
}

impl<'a, T: Element<'a>> IntoIterator for Repeated<'a, T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<'a, T: Element<'a> + PartialEq> PartialEq for Repeated<'a, T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<'a, T: Element<'a> + fmt::Debug> fmt::Debug for Repeated<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// What is repeated, one after another.
#[derive(Debug, Clone)]
pub struct Iter<'a, T>(IterContent<'a, T>);

#[derive(Debug, Clone)]
enum IterContent<'a, T> {
    Slice(std::slice::Iter<'a, T>),
    Encoded(RegionFields<'a>),
}

impl<'a, T: Element<'a>> Iterator for Iter<'a, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        match &mut self.0 {
            IterContent::Slice(slice) => slice.next().copied(),
            IterContent::Encoded(fields) => fields.next().map(|field| T::view(field.bytes())),
        }
    }
}

/// The codec of a repeated field.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Many<T>(PhantomData<T>);

/// What a slice's element is guessed to have: the length of two words and their frames.
const ELEMENT_GUESS: usize = 24;

impl<'a, T: Element<'a> + 'a> Codec<'a> for Many<T> {
    type Value = Repeated<'a, T>;
    const SHAPE: Shape = T::SHAPE;
    const REPEATED: bool = true;

    fn is_absent(value: &Self::Value) -> bool {
        value.is_empty()
    }

    fn append(value: &Self::Value, number: u32, out: &mut Vec<u8>) {
        match value.0 {
            Content::Slice(slice) => {
                for element in slice {
                    append_element(element, number, out);
                }
            }
            Content::Encoded(region) => region.append(number, BYTES, out),
        }
    }

    fn guess(value: &Self::Value) -> usize {
        match value.0 {
            Content::Slice(slice) => slice.len() * ELEMENT_GUESS,
            Content::Encoded(region) => region.end - region.start,
        }
    }

    fn read(value: &mut Self::Value, field: &FoundField<'a>) {
        let mut region = match value.0 {
            Content::Encoded(region) => region,
            Content::Slice(_) => Region::default(),
        };
        region.add(field);
        value.0 = Content::Encoded(region);
    }
}

impl<'a> Element<'a> for &'a str {
    const SHAPE: Shape = Shape::Text;

    fn append(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_bytes());
    }

    fn guess(&self) -> usize {
        self.len()
    }

    fn view(bytes: &'a [u8]) -> Self {
        std::str::from_utf8(bytes).unwrap_or_default()
    }
}

/// How the numbers of a packed field are encoded. Only this crate implements it.
pub trait PackedNumber {
    /// The type of the numbers.
    type Number: Copy + PartialEq + fmt::Debug;
    #[doc(hidden)]
    const SHAPE: Shape;
    #[doc(hidden)]
    fn to_bits(number: Self::Number) -> u64;
    #[doc(hidden)]
    fn from_bits(bits: u64) -> Self::Number;
}

/// Numbers of eight bytes each.
#[derive(Debug, Clone, Copy)]
pub enum FixedNumbers {}

impl PackedNumber for FixedNumbers {
    type Number = u64;
    const SHAPE: Shape = Shape::Fixed64;

    fn to_bits(number: u64) -> u64 {
        number
    }

    fn from_bits(bits: u64) -> u64 {
        bits
    }
}

/// Numbers of variable length.
#[derive(Debug, Clone, Copy)]
pub enum VarintNumbers {}

impl PackedNumber for VarintNumbers {
    type Number = u64;
    const SHAPE: Shape = Shape::Uint64;

    fn to_bits(number: u64) -> u64 {
        number
    }

    fn from_bits(bits: u64) -> u64 {
        bits
    }
}

/// Floating-point numbers.
#[derive(Debug, Clone, Copy)]
pub enum DoubleNumbers {}

impl PackedNumber for DoubleNumbers {
    type Number = f64;
    const SHAPE: Shape = Shape::Double;

    fn to_bits(number: f64) -> u64 {
        number.to_bits()
    }

    fn from_bits(bits: u64) -> f64 {
        f64::from_bits(bits)
    }
}

/// Many numbers: a slice to write, or bytes that were checked.
pub struct Packed<'a, P: PackedNumber>(PackedContent<'a, P>);

enum PackedContent<'a, P: PackedNumber> {
    Slice(&'a [P::Number]),
    Encoded(Region<'a>),
}

impl<'a, P: PackedNumber> Packed<'a, P> {
    /// Gives one number after another.
    pub fn iter(&self) -> impl Iterator<Item = P::Number> + use<'a, P> {
        let (slice, region) = match self.0 {
            PackedContent::Slice(slice) => (slice, Region::default()),
            PackedContent::Encoded(region) => (&[][..], region),
        };
        let encoded = region.fields().flat_map(|field| numbers(P::SHAPE, field.payload));
        slice.iter().copied().chain(encoded.map(P::from_bits))
    }

    /// Says whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }
}

/// Gives the bits of the numbers in a field: of one, or of as many as it packs.
pub(crate) fn numbers(shape: Shape, payload: Payload<'_>) -> impl Iterator<Item = u64> {
    let (single, mut packed) = match payload {
        Payload::Bytes(bytes) => (None, bytes),
        Payload::Varint(bits) | Payload::Fixed64(bits) => (Some(bits), &[][..]),
        Payload::Fixed32(bits) => (Some(bits.into()), &[][..]),
    };
    let next = move || {
        let (bits, length) = if wire_type(shape) == FIXED64 {
            (u64::from_le_bytes(*packed.first_chunk()?), 8)
        } else {
            varint(packed)?
        };
        packed = packed.get(length..).unwrap_or_default();
        Some(bits)
    };
    single.into_iter().chain(std::iter::from_fn(next))
}

impl<P: PackedNumber> Clone for Packed<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P: PackedNumber> Copy for Packed<'_, P> {}

impl<P: PackedNumber> Clone for PackedContent<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P: PackedNumber> Copy for PackedContent<'_, P> {}

impl<P: PackedNumber> Default for Packed<'_, P> {
    fn default() -> Self {
        Self(PackedContent::Slice(&[]))
    }
}

impl<'a, P: PackedNumber> From<&'a [P::Number]> for Packed<'a, P> {
    fn from(slice: &'a [P::Number]) -> Self {
        Self(PackedContent::Slice(slice))
    }
}

impl<'a, P: PackedNumber, const N: usize> From<&'a [P::Number; N]> for Packed<'a, P> {
    fn from(slice: &'a [P::Number; N]) -> Self {
        Self(PackedContent::Slice(slice))
    }
}

impl<P: PackedNumber> PartialEq for Packed<'_, P> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<P: PackedNumber> fmt::Debug for Packed<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// The codec of a packed field.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ManyNumbers<P>(PhantomData<P>);

impl<'a, P: PackedNumber + 'a> Codec<'a> for ManyNumbers<P> {
    type Value = Packed<'a, P>;
    const SHAPE: Shape = P::SHAPE;
    const REPEATED: bool = true;

    fn is_absent(value: &Self::Value) -> bool {
        match value.0 {
            PackedContent::Slice(slice) => slice.is_empty(),
            PackedContent::Encoded(region) => region.start == region.end,
        }
    }

    fn append(value: &Self::Value, number: u32, out: &mut Vec<u8>) {
        match value.0 {
            PackedContent::Slice(slice) if wire_type(P::SHAPE) == VARINT => {
                let lengths = slice.iter().map(|&number| varint_length(P::to_bits(number)));
                put_key(out, number, BYTES);
                put_varint(out, lengths.sum::<usize>() as u64);
                slice.iter().for_each(|&number| put_varint(out, P::to_bits(number)));
            }
            PackedContent::Slice(slice) => {
                put_key(out, number, BYTES);
                put_varint(out, 8 * slice.len() as u64);
                out.extend(slice.iter().flat_map(|&number| P::to_bits(number).to_le_bytes()));
            }
            PackedContent::Encoded(region) => region.append(number, wire_type(P::SHAPE), out),
        }
    }

    fn guess(value: &Self::Value) -> usize {
        match value.0 {
            PackedContent::Slice(slice) => 8 * slice.len() + 3,
            PackedContent::Encoded(region) => region.end - region.start,
        }
    }

    fn read(value: &mut Self::Value, field: &FoundField<'a>) {
        let mut region = match value.0 {
            PackedContent::Encoded(region) => region,
            PackedContent::Slice(_) => Region::default(),
        };
        region.add(field);
        value.0 = PackedContent::Encoded(region);
    }
}
