//! A message as serde sees it: a map with the names of JSON as its keys.

use std::cell::Cell;

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::error::Malformed;
use super::fields::{Field, Message, Of};
use super::wire::{Fields, Payload};
use crate::limits;

/// How many values may still be read. An empty object takes two bytes of an answer, and a hundred of memory.
pub(super) struct Budget(Cell<usize>);

impl Default for Budget {
    fn default() -> Self {
        Self(Cell::new(limits::PROTOBUF_VALUES_MAX))
    }
}

impl Budget {
    fn spend(&self) -> Result<(), Malformed> {
        let limit = limits::PROTOBUF_VALUES_MAX;
        let left = self.0.get().checked_sub(1).ok_or(Malformed::TooMany { limit })?;
        self.0.set(left);
        Ok(())
    }
}

/// Gives serde the declared fields of a message.
pub(super) struct Reader<'de, 'b> {
    bytes: &'de [u8],
    message: &'static Message,
    budget: &'b Budget,
}

impl<'de, 'b> Reader<'de, 'b> {
    pub(super) fn new(bytes: &'de [u8], message: &'static Message, budget: &'b Budget) -> Self {
        Self { bytes, message, budget }
    }
}

impl<'de> Deserializer<'de> for Reader<'de, '_> {
    type Error = Malformed;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        let Self { bytes, message, budget } = self;
        visitor.visit_map(Entries { bytes, rest: message.0.iter(), value: None, budget })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_some(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The fields of a message that are declared and there.
struct Entries<'de, 'b> {
    bytes: &'de [u8],
    rest: std::slice::Iter<'static, Field>,
    value: Option<Value<'de, 'b>>,
    budget: &'b Budget,
}

impl<'de, 'b> Entries<'de, 'b> {
    /// Finds a field. Of several the last one counts, as protobuf says.
    fn find(&self, field: &'static Field) -> Result<Option<Value<'de, 'b>>, Malformed> {
        let mut last = None;
        for found in Fields::of(self.bytes) {
            let (number, payload) = found?;
            if number == field.number {
                last = Some(payload);
            }
        }
        let Some(payload) = last else { return Ok(None) };
        let of = match field.of {
            Of::Text => Content::Text(text(field, payload)?),
            Of::Bytes => Content::Bytes(bytes(field, payload)?),
            Of::Integer => match payload {
                Payload::Integer(bits) => Content::Integer(i64::from_ne_bytes(bits.to_ne_bytes())),
                _ => return Err(wrong(field, "an integer")),
            },
            Of::One(message) => Content::One(bytes(field, payload)?, message),
            Of::Many(message) => Content::Many(Fields::of(self.bytes), field, message),
            Of::Texts => Content::Texts(Fields::of(self.bytes), field),
        };
        Ok(Some(Value { of, budget: self.budget }))
    }
}

fn wrong(field: &Field, expected: &'static str) -> Malformed {
    Malformed::Type { number: field.number, name: field.name, expected }
}

fn bytes<'de>(field: &Field, payload: Payload<'de>) -> Result<&'de [u8], Malformed> {
    match payload {
        Payload::Bytes(bytes) => Ok(bytes),
        _ => Err(wrong(field, "bytes with a length")),
    }
}

fn text<'de>(field: &Field, payload: Payload<'de>) -> Result<&'de str, Malformed> {
    std::str::from_utf8(bytes(field, payload)?).map_err(|_| wrong(field, "UTF-8"))
}

/// Gives the content of the next field that has the number of `field`.
fn next<'de>(rest: &mut Fields<'de>, field: &Field) -> Result<Option<&'de [u8]>, Malformed> {
    for found in rest {
        match found? {
            (number, payload) if number == field.number => return bytes(field, payload).map(Some),
            _ => {}
        }
    }
    Ok(None)
}

impl<'de> MapAccess<'de> for Entries<'de, '_> {
    type Error = Malformed;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Malformed> {
        while let Some(field) = self.rest.next() {
            if let Some(value) = self.find(field)? {
                self.budget.spend()?;
                self.value = Some(value);
                let name: StrDeserializer<'_, Malformed> = field.name.into_deserializer();
                return seed.deserialize(name).map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Malformed> {
        let value = self.value.take();
        let none = || Malformed::Value("a value was asked for before its key".into());
        seed.deserialize(value.ok_or_else(none)?)
    }
}

/// The value of a field.
struct Value<'de, 'b> {
    of: Content<'de>,
    budget: &'b Budget,
}

enum Content<'de> {
    Text(&'de str),
    Bytes(&'de [u8]),
    Integer(i64),
    One(&'de [u8], &'static Message),
    Many(Fields<'de>, &'static Field, &'static Message),
    Texts(Fields<'de>, &'static Field),
}

impl<'de> Deserializer<'de> for Value<'de, '_> {
    type Error = Malformed;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        let Self { of, budget } = self;
        match of {
            Content::Text(text) => visitor.visit_borrowed_str(text),
            Content::Bytes(bytes) => visitor.visit_borrowed_bytes(bytes),
            Content::Integer(integer) => visitor.visit_i64(integer),
            Content::One(bytes, message) => {
                Reader::new(bytes, message, budget).deserialize_any(visitor)
            }
            Content::Many(rest, field, message) => {
                visitor.visit_seq(Messages { rest, field, message, budget })
            }
            Content::Texts(rest, field) => {
                visitor.visit_map(Pairs { rest, field, value: "", budget })
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_some(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The messages of a repeated field.
struct Messages<'de, 'b> {
    rest: Fields<'de>,
    field: &'static Field,
    message: &'static Message,
    budget: &'b Budget,
}

impl<'de> SeqAccess<'de> for Messages<'de, '_> {
    type Error = Malformed;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Malformed> {
        let Some(bytes) = next(&mut self.rest, self.field)? else { return Ok(None) };
        self.budget.spend()?;
        seed.deserialize(Reader::new(bytes, self.message, self.budget)).map(Some)
    }
}

/// The entries of a `map<string, string>`: messages with a key and a value.
struct Pairs<'de, 'b> {
    rest: Fields<'de>,
    field: &'static Field,
    value: &'de str,
    budget: &'b Budget,
}

impl<'de> MapAccess<'de> for Pairs<'de, '_> {
    type Error = Malformed;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Malformed> {
        let Some(entry) = next(&mut self.rest, self.field)? else { return Ok(None) };
        self.budget.spend()?;
        let mut key = "";
        self.value = "";
        for found in Fields::of(entry) {
            match found? {
                (1, payload) => key = text(self.field, payload)?,
                (2, payload) => self.value = text(self.field, payload)?,
                _ => {}
            }
        }
        let key: StrDeserializer<'_, Malformed> = key.into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Malformed> {
        seed.deserialize(Value { of: Content::Text(self.value), budget: self.budget })
    }
}
