//! Writes values and attributes one after another, without building them.

use crate::common::{AnyValue, ArrayValue, KeyValue, KeyValueList};
use crate::element::Element;
use crate::metrics::NumberDataPoint;
use crate::repeated::Repeated;
use crate::wire::{self, BYTES, put_bytes, put_key, put_varint, varint_length};

/// What can be written as a value: a string, a boolean, a number, bytes, any [`AnyValue`], or a closure that
/// is given a [`ValueWriter`].
pub trait WriteValue {
    /// Writes it as one value.
    fn write(self, out: ValueWriter<'_>);

    /// Gives the text, if it is one: its length is known before it is written.
    #[doc(hidden)]
    fn text(&self) -> Option<&str> {
        None
    }
}

impl WriteValue for &str {
    fn write(self, out: ValueWriter<'_>) {
        out.value(&self.into());
    }

    fn text(&self) -> Option<&str> {
        Some(self)
    }
}

macro_rules! write_value {
    ($($type:ty),*) => { $(
        impl WriteValue for $type {
            fn write(self, out: ValueWriter<'_>) {
                out.value(&self.into());
            }
        }
    )* };
}

write_value!(bool, i64, f64, &[u8], AnyValue<'_>);

impl<F: FnOnce(ValueWriter<'_>)> WriteValue for F {
    fn write(self, out: ValueWriter<'_>) {
        self(out);
    }
}

/// Writes one value. When it is dropped unused, the value is empty.
#[derive(Debug)]
pub struct ValueWriter<'w> {
    out: &'w mut Vec<u8>,
}

impl ValueWriter<'_> {
    /// Writes a value that was built before.
    pub fn value(self, value: &AnyValue<'_>) {
        value.append(self.out);
    }

    /// Writes a list.
    pub fn array(self, write: impl FnOnce(&mut ArrayWriter<'_>)) {
        let list = wire::open(self.out, AnyValue::array_value, 0);
        write(&mut ArrayWriter { out: self.out });
        wire::close(self.out, list);
    }

    /// Writes a map.
    pub fn key_values(self, write: impl FnOnce(&mut KeyValueWriter<'_>)) {
        let list = wire::open(self.out, AnyValue::kvlist_value, 0);
        write(&mut KeyValueWriter { out: self.out, number: KeyValueList::values });
        wire::close(self.out, list);
    }
}

/// Writes the values of a list.
#[derive(Debug)]
pub struct ArrayWriter<'w> {
    out: &'w mut Vec<u8>,
}

impl ArrayWriter<'_> {
    /// Adds a value to the list.
    pub fn push(&mut self, value: impl WriteValue) -> &mut Self {
        append_value(self.out, ArrayValue::values, value);
        self
    }
}

/// Writes the pairs of a map.
#[derive(Debug)]
pub struct KeyValueWriter<'w> {
    out: &'w mut Vec<u8>,
    number: u32,
}

impl KeyValueWriter<'_> {
    /// Adds an entry to the map.
    pub fn push(&mut self, key: &str, value: impl WriteValue) -> &mut Self {
        if let Some(text) = value.text() {
            put_text_pair(self.out, self.number, key, text);
            return self;
        }
        let pair = wire::open(self.out, self.number, key.len());
        put_bytes(self.out, KeyValue::key, key.as_bytes());
        append_value(self.out, KeyValue::value, value);
        wire::close(self.out, pair);
        self
    }
}

/// Writes a pair whose value is a text from front to back.
fn put_text_pair(out: &mut Vec<u8>, number: u32, key: &str, text: &str) {
    let field = |length: usize| 1 + varint_length(length as u64) + length;
    let value = field(text.len());
    let pair = field(key.len()) + field(value);
    out.reserve(pair + FRAME_GUESS);
    put_key(out, number, BYTES);
    put_varint(out, pair as u64);
    put_bytes(out, KeyValue::key, key.as_bytes());
    put_key(out, KeyValue::value, BYTES);
    put_varint(out, value as u64);
    put_bytes(out, AnyValue::string_value, text.as_bytes());
}

/// Key and length of a field, at most.
const FRAME_GUESS: usize = 15;

fn append_value(out: &mut Vec<u8>, number: u32, value: impl WriteValue) {
    let message = wire::open(out, number, 0);
    value.write(ValueWriter { out });
    wire::close(out, message);
}

/// Attributes that are encoded once and written many times, into any message.
///
/// Into [`NumberDataPoint`], [`SummaryDataPoint`](crate::SummaryDataPoint) and
/// [`Exemplar`](crate::Exemplar) they are copied as they stand; elsewhere, their field numbers change.
///
/// ```
/// use ktel_otlp::{Attributes, KeyValue, NumberDataPoint, NumberValue};
///
/// let mut attributes = Attributes::new();
/// attributes.push("job", "api").push("codes", |value: ktel_otlp::ValueWriter<'_>| {
///     value.array(|codes| {
///         codes.push(200_i64).push(204_i64);
///     });
/// });
/// let point = NumberDataPoint {
///     time_unix_nano: 1_790_000_000_000_000_000,
///     value: NumberValue::Int(3),
///     attributes: attributes.view(),
///     ..NumberDataPoint::default()
/// };
/// assert_eq!(point.attributes.iter().next().unwrap().key, "job");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Attributes(Vec<u8>);

impl Attributes {
    /// Makes an empty set of attributes.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds an attribute.
    pub fn push(&mut self, key: &str, value: impl WriteValue) -> &mut Self {
        KeyValueWriter { out: &mut self.0, number: NumberDataPoint::attributes }.push(key, value);
        self
    }

    /// Removes all attributes, and keeps the memory for the next.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Gives the attributes as a field of a message.
    #[must_use]
    pub fn view(&self) -> Repeated<'_, KeyValue<'_>> {
        Repeated::encoded(&self.0, NumberDataPoint::attributes)
    }

    /// Says how many bytes were written.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Says whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Gives the bytes of those attributes that were written between two lengths: equal ones are equal bytes.
    #[must_use]
    pub fn bytes_between(&self, from: usize, to: usize) -> &[u8] {
        self.0.get(from..to).unwrap_or_default()
    }

    /// Gives those attributes that were written between two lengths, for many sets in one buffer.
    ///
    /// ```
    /// let mut attributes = ktel_otlp::Attributes::new();
    /// let from = attributes.push("job", "a").len();
    /// let to = attributes.push("job", "b").len();
    /// assert_eq!(attributes.view_between(from, to).iter().count(), 1);
    /// ```
    #[must_use]
    pub fn view_between(&self, from: usize, to: usize) -> Repeated<'_, KeyValue<'_>> {
        Repeated::encoded(self.bytes_between(from, to), NumberDataPoint::attributes)
    }

    /// Gives the attributes as one value, a map.
    #[must_use]
    pub fn as_value(&self) -> AnyValue<'_> {
        AnyValue::KeyValues(KeyValueList { values: self.view() })
    }
}
