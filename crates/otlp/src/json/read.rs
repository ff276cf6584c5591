//! JSON to protobuf.

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use crate::base64;
use crate::codec::wire_type;
use crate::element::{Element, FieldInfo, Shape};
use crate::error::Error;
use crate::hex;
use crate::wire::{self, BYTES, FIXED32, FIXED64, put_bytes, put_key, put_varint, zigzag};

use super::{names, unreadable};

/// Makes protobuf of a message in JSON, to be read as any other.
///
/// It takes time in proportion to the text, and makes at most four times its bytes: a `0,` in a list of
/// buckets is eight. Brackets may be nested 128 deep.
///
/// ```
/// use ktel_otlp::{Limits, LogsData, json};
///
/// let text = br#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"x"}}]}]}]}"#;
/// let bytes = json::to_protobuf::<LogsData>(text)?;
/// assert_eq!(LogsData::read(&bytes, &Limits::default())?.to_json().as_bytes(), text);
/// # Ok::<(), ktel_otlp::Error>(())
/// ```
///
/// # Errors
///
/// When it is no JSON, or not of this message.
pub fn to_protobuf<'a, M: Element<'a>>(text: &[u8]) -> Result<Vec<u8>, Error> {
    let mut out = Vec::with_capacity(text.len() / 2);
    let mut json = serde_json::Deserializer::from_slice(text);
    Message { table: M::table(), out: &mut out }
        .deserialize(&mut json)
        .and_then(|()| json.end())
        .map_err(|error| unreadable(&error))?;
    Ok(out)
}

/// Reads an object as the fields of a message.
struct Message<'o> {
    table: &'static [FieldInfo],
    out: &'o mut Vec<u8>,
}

impl<'de> DeserializeSeed<'de> for Message<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Message<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(info) = map.next_key_seed(Key(self.table))? {
            match info {
                Some(info) => {
                    map.next_value_seed(Field { info, out: self.out, place: Place::Field })?
                }
                // What is not known here may be known to newer receivers.
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// Finds the field that a key names.
struct Key(&'static [FieldInfo]);

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Option<&'static FieldInfo>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Key {
    type Value = Option<&'static FieldInfo>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(find(self.0, key))
    }
}

fn find(table: &'static [FieldInfo], key: &str) -> Option<&'static FieldInfo> {
    table.iter().find_map(|info| match info.shape {
        Shape::Oneof(inner) => find(inner(), key),
        _ => names(key, info.name).then_some(info),
    })
}

/// Where a value of JSON stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Field,
    List,
    /// A list whose numbers stand in one field.
    Packed,
}

/// Reads the value of a field.
struct Field<'o> {
    info: &'static FieldInfo,
    out: &'o mut Vec<u8>,
    place: Place,
}

impl<'de> DeserializeSeed<'de> for Field<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Field<'_> {
    fn number<E: serde::de::Error>(self, bits: u64) -> Result<(), E> {
        if self.info.repeated && self.place == Place::Field {
            return Err(E::custom(format_args!("`{}` is a list", self.info.name)));
        }
        let wire_type = wire_type(self.info.shape);
        if self.place == Place::Field {
            put_key(self.out, self.info.number, wire_type);
        }
        match wire_type {
            FIXED64 => self.out.extend_from_slice(&bits.to_le_bytes()),
            FIXED32 => self.out.extend_from_slice(&(bits as u32).to_le_bytes()),
            _ => put_varint(self.out, bits),
        }
        Ok(())
    }

    fn whole<E: serde::de::Error>(self, number: i128) -> Result<(), E> {
        let bits = match self.info.shape {
            Shape::Double => Some((number as f64).to_bits()),
            Shape::Fixed64 | Shape::Uint64 => u64::try_from(number).ok(),
            Shape::Sfixed64 | Shape::Int64 => i64::try_from(number).ok().map(i64::cast_unsigned),
            Shape::Uint32 | Shape::Fixed32 => u32::try_from(number).ok().map(u64::from),
            Shape::Sint32 => i32::try_from(number).ok().map(|number| zigzag(number).into()),
            Shape::Int32 => {
                i32::try_from(number).ok().map(|number| i64::from(number).cast_unsigned())
            }
            _ => None,
        };
        match bits {
            Some(bits) => self.number(bits),
            None => Err(self.wrong(&number)),
        }
    }

    fn wrong<E: serde::de::Error>(&self, found: &dyn fmt::Display) -> E {
        E::custom(format_args!("`{}` cannot be {found}", self.info.name))
    }

    fn bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<(), E> {
        if self.info.repeated && self.place == Place::Field {
            return Err(E::custom(format_args!("`{}` is a list", self.info.name)));
        }
        put_bytes(self.out, self.info.number, bytes);
        Ok(())
    }
}

impl<'de> Visitor<'de> for Field<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "what `{}` holds", self.info.name)
    }

    /// A null is an absent field; a list has none.
    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        if self.place == Place::Field { Ok(()) } else { Err(self.wrong(&"null in a list")) }
    }

    fn visit_bool<E: serde::de::Error>(self, truth: bool) -> Result<(), E> {
        match self.info.shape {
            Shape::Bool => self.number(truth.into()),
            _ => Err(self.wrong(&truth)),
        }
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<(), E> {
        self.whole(number.into())
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<(), E> {
        self.whole(number.into())
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<(), E> {
        match self.info.shape {
            Shape::Double => self.number(number.to_bits()),
            _ if number.fract() == 0.0 && number.abs() < 1e19 => self.whole(number as i128),
            _ => Err(self.wrong(&number)),
        }
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        match self.info.shape {
            Shape::Text => self.bytes(text.as_bytes()),
            Shape::Bytes => match base64::decode(text) {
                Some(bytes) => self.bytes(&bytes),
                None => Err(self.wrong(&"anything but base64")),
            },
            Shape::Id => match hex::decode(text) {
                Some(bytes) => self.bytes(&bytes),
                None => Err(self.wrong(&"anything but hexadecimal digits")),
            },
            Shape::Double => match double(text) {
                Some(number) => self.number(number.to_bits()),
                None => Err(self.wrong(&"a text that is no number")),
            },
            Shape::Bool | Shape::Message(..) | Shape::Oneof(_) => Err(self.wrong(&"a text")),
            _ => match text.parse() {
                Ok(number) => self.whole(number),
                Err(_) => Err(self.wrong(&"a text that is no whole number")),
            },
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Self { info, out, place } = self;
        if !info.repeated || place != Place::Field {
            return Err(A::Error::custom(format_args!("`{}` is no list", info.name)));
        }
        if wire_type(info.shape) == BYTES {
            while list.next_element_seed(Field { info, out, place: Place::List })?.is_some() {}
            return Ok(());
        }
        let packed = wire::open(out, info.number, 0);
        while list.next_element_seed(Field { info, out, place: Place::Packed })?.is_some() {}
        wire::close(out, packed);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let Self { info, out, place } = self;
        let Shape::Message(inner, _) = info.shape else {
            return Err(A::Error::custom(format_args!("`{}` is no object", info.name)));
        };
        if info.repeated && place == Place::Field {
            return Err(A::Error::custom(format_args!("`{}` is a list", info.name)));
        }
        let message = wire::open(out, info.number, 0);
        Message { table: inner(), out }.visit_map(map)?;
        wire::close(out, message);
        Ok(())
    }
}

fn double(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => text.parse().ok().filter(|number: &f64| number.is_finite()),
    }
}
