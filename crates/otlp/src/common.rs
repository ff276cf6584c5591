//! What all signals share: values, attributes, resources and scopes.

use crate::codec::{Always, Bool, Bytes, Double, Int64, One, Text, Uint32};
use crate::element::{Element, FieldInfo, Oneof, Role, Shape};
use crate::message::{message, oneof};
use crate::repeated::{Many, Repeated};
use crate::wire::{BYTES, checked};

oneof! {
    /// A value of any kind.
    AnyValue<'a> {
        /// `string`
        1 string_value String(&'a str as Text),
        /// `bool`
        2 bool_value Bool(bool as Bool),
        /// `int64`
        3 int_value Int(i64 as Int64),
        /// `double`
        4 double_value Double(f64 as Double),
        /// A list of values.
        5 array_value Array(ArrayValue<'a> as Always<ArrayValue<'a>>),
        /// A map from names to values.
        6 kvlist_value KeyValues(KeyValueList<'a> as Always<KeyValueList<'a>>),
        /// `bytes`
        7 bytes_value Bytes(&'a [u8] as Bytes),
    }
}

impl<'a> Element<'a> for AnyValue<'a> {
    const SHAPE: Shape = Shape::Message(<Self as Element<'a>>::table, Role::Value);

    fn append(&self, out: &mut Vec<u8>) {
        Oneof::append(self, out);
    }

    fn guess(&self) -> usize {
        Oneof::guess(self)
    }

    fn view(bytes: &'a [u8]) -> Self {
        checked(bytes).filter_map(|field| Oneof::view(&field)).last().unwrap_or_default()
    }

    fn table() -> &'static [FieldInfo] {
        const {
            &[FieldInfo {
                number: 1,
                name: "value",
                shape: Shape::Oneof(<Self as Oneof<'a>>::table),
                wire_type: BYTES,
                repeated: false,
            }]
        }
    }
}

impl<'a> From<&'a str> for AnyValue<'a> {
    fn from(text: &'a str) -> Self {
        Self::String(text)
    }
}

impl From<bool> for AnyValue<'_> {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<i64> for AnyValue<'_> {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<f64> for AnyValue<'_> {
    fn from(number: f64) -> Self {
        Self::Double(number)
    }
}

impl<'a> From<&'a [u8]> for AnyValue<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

message! {
    /// A list of values.
    ArrayValue<'a> {
        /// The values of the list.
        1 values: Repeated<'a, AnyValue<'a>> as Many<AnyValue<'a>>,
    }
}

message! {
    /// A map; senders should not repeat a key.
    KeyValueList<'a> {
        /// The entries of the map.
        1 values: Repeated<'a, KeyValue<'a>> as Many<KeyValue<'a>>,
    }
}

message! {
    /// An attribute, or an entry of a map.
    KeyValue<'a> {
        /// The name of the attribute.
        1 key: &'a str as Text,
        /// The value; absent and empty are the same.
        2 value: Option<AnyValue<'a>> as One<AnyValue<'a>>,
    }
}

message! {
    /// The code that makes telemetry: a library or a package.
    InstrumentationScope<'a> {
        /// The name of the library.
        1 name: &'a str as Text,
        /// The version of the library.
        2 version: &'a str as Text,
        /// Further attributes of the scope.
        3 attributes: Repeated<'a, KeyValue<'a>> as Many<KeyValue<'a>>,
        /// How many attributes the sender dropped.
        4 dropped_attributes_count: u32 as Uint32,
    }
}

message! {
    /// What telemetry is about: a service, a process, a host.
    Resource<'a> {
        /// The attributes of the resource, such as `service.name`.
        1 attributes: Repeated<'a, KeyValue<'a>> as Many<KeyValue<'a>>,
        /// How many attributes the sender dropped.
        2 dropped_attributes_count: u32 as Uint32,
        /// The entities that it consists of.
        3 entity_refs: Repeated<'a, EntityRef<'a>> as Many<EntityRef<'a>>,
    }
}

message! {
    /// An entity of a resource: which of the attributes identify and which describe it.
    EntityRef<'a> {
        /// The address of its schema.
        1 schema_url: &'a str as Text,
        /// Its type, such as `service`.
        2 r#type: &'a str as Text,
        /// The names of the attributes that identify it.
        3 id_keys: Repeated<'a, &'a str> as Many<&'a str>,
        /// The names of the attributes that describe it.
        4 description_keys: Repeated<'a, &'a str> as Many<&'a str>,
    }
}
