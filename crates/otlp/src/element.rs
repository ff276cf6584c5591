//! What messages are made of: one table for each message says which fields it has, and the macros here make
//! of it a struct, its encoder, its decoder, and what the JSON and the check go by.

use crate::wire::FoundField;

/// A field of a message, as the walkers see it.
#[derive(Debug)]
pub struct FieldInfo {
    pub(crate) number: u32,
    /// The name in the `.proto` file.
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
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
    fn table() -> &'static [FieldInfo];
    fn is_absent(&self) -> bool;
    fn append(&self, out: &mut Vec<u8>);
    fn guess(&self) -> usize;
    fn view(field: &FoundField<'a>) -> Option<Self>;
}

/// Finds a field by its number, within what is one of several, too.
pub(crate) fn find(table: &'static [FieldInfo], number: u32) -> Option<&'static FieldInfo> {
    table.iter().find_map(|info| match info.shape {
        Shape::Oneof(inner) => find(inner(), number),
        _ => (info.number == number).then_some(info),
    })
}

/// Declares messages. A row is a number, a name, a type, and the codec between the two.
macro_rules! message {
    ($(#[$doc:meta])* $name:ident<$life:lifetime> $(as $role:ident)? { $($rows:tt)* }) => {
        message!(@make [$(#[$doc])*] $name [<$life>] $life [$($role)?] { $($rows)* });
    };
    ($(#[$doc:meta])* $name:ident $(as $role:ident)? { $($rows:tt)* }) => {
        message!(@make [$(#[$doc])*] $name [] 'a [$($role)?] { $($rows)* });
    };
    (@role) => { $crate::element::Role::Plain };
    (@role $role:ident) => { $crate::element::Role::$role };
    (@make [$($doc:tt)*] $name:ident [$($generic:tt)*] $life:lifetime [$($role:ident)?] { $(
        $(#[$field_doc:meta])* $number:literal $field:ident: $type:ty as $codec:ty,
    )* }) => {
        $($doc)*
        #[derive(Debug, Clone, Copy, PartialEq, Default)]
        pub struct $name $($generic)* {
            $( $(#[$field_doc])* pub $field: $type, )*
        }

        impl<$life> $crate::element::Element<$life> for $name $($generic)* {
            const SHAPE: $crate::element::Shape = $crate::element::Shape::Message(
                <Self as $crate::element::Element<$life>>::table,
                message!(@role $($role)?),
            );

            fn append(&self, out: &mut Vec<u8>) {
                $( if !<$codec as $crate::element::Codec<$life>>::is_absent(&self.$field) {
                    <$codec as $crate::element::Codec<$life>>::append(&self.$field, $number, out);
                } )*
            }

            fn guess(&self) -> usize {
                0 $( + <$codec as $crate::element::Codec<$life>>::guess(&self.$field) )*
            }

            fn view(bytes: &$life [u8]) -> Self {
                let mut message = Self::default();
                for field in $crate::wire::checked(bytes) {
                    $( if <$codec as $crate::element::Codec<$life>>::takes($number, field.number) {
                        <$codec as $crate::element::Codec<$life>>::read(&mut message.$field, &field);
                        continue;
                    } )*
                }
                message
            }

            fn table() -> &'static [$crate::element::FieldInfo] {
                const { &[ $( $crate::element::FieldInfo {
                    number: $number,
                    name: stringify!($field),
                    shape: <$codec as $crate::element::Codec>::SHAPE,
                    repeated: <$codec as $crate::element::Codec>::REPEATED,
                } ),* ] }
            }
        }

        #[allow(non_upper_case_globals, reason = "they are named as the `.proto` files name them")]
        impl<$life> $name $($generic)* {
            $(
                #[doc = concat!("The number of the field `", stringify!($field), "`.")]
                pub const $field: u32 = $number;
            )*

            /// Reads it from protobuf, within limits.
            ///
            /// All of the bytes are checked here, so that nothing can be wrong with what is read from
            /// them later.
            ///
            /// # Errors
            ///
            /// When they are something else, hold more than the limits say, or hold a message again that
            /// may be there once; see [`read_merged`](Self::read_merged).
            pub fn read(bytes: &$life [u8], limits: &$crate::Limits) -> Result<Self, $crate::Error> {
                match $crate::check::check::<Self>(bytes, limits)? {
                    Some(again) => Err(again.into()),
                    None => Ok(<Self as $crate::element::Element<$life>>::view(bytes)),
                }
            }

            /// Reads it from protobuf, within limits, as every parser of protobuf has to: a message that may
            /// be there once and is there again is merged with the one before.
            ///
            /// No sender of OTLP writes that. When somebody does, the bytes are written anew into `merged`,
            /// where they are no longer than before; else it stays as it is. The limits hold for the bytes as
            /// they were sent.
            ///
            /// # Errors
            ///
            /// When the bytes are something else, or hold more than the limits say.
            pub fn read_merged(
                bytes: &$life [u8],
                limits: &$crate::Limits,
                merged: &$life mut Vec<u8>,
            ) -> Result<Self, $crate::Error> {
                use $crate::element::Element;
                let again = $crate::check::check::<Self>(bytes, limits)?;
                Ok(<Self as Element<$life>>::view(if again.is_some() {
                    *merged = $crate::merge::merge(bytes, <Self as Element<$life>>::table());
                    merged
                } else {
                    bytes
                }))
            }

            /// Appends it as protobuf.
            pub fn append_to(&self, out: &mut Vec<u8>) {
                $crate::element::Element::append(self, out);
            }

            /// Gives it as protobuf.
            #[must_use]
            pub fn to_vec(&self) -> Vec<u8> {
                let mut out = Vec::with_capacity($crate::element::Element::guess(self));
                self.append_to(&mut out);
                out
            }

            /// Gives it as OTLP/JSON.
            #[must_use]
            pub fn to_json(&self) -> String {
                $crate::json::write(self)
            }
        }
    };
}

/// Declares fields of which there is one.
macro_rules! oneof {
    ($(#[$doc:meta])* $name:ident<$life:lifetime> { $($rows:tt)* }) => {
        oneof!(@make [$(#[$doc])*] $name [<$life>] $life { $($rows)* });
    };
    ($(#[$doc:meta])* $name:ident { $($rows:tt)* }) => {
        oneof!(@make [$(#[$doc])*] $name [] 'a { $($rows)* });
    };
    (@make [$($doc:tt)*] $name:ident [$($generic:tt)*] $life:lifetime { $(
        $(#[$field_doc:meta])* $number:literal $field:ident $variant:ident($type:ty as $codec:ty),
    )* }) => {
        $($doc)*
        #[derive(Debug, Clone, Copy, PartialEq, Default)]
        pub enum $name $($generic)* {
            /// None of them is there.
            #[default]
            Empty,
            $( $(#[$field_doc])* $variant($type), )*
        }

        #[allow(non_upper_case_globals, reason = "they are named as the `.proto` files name them")]
        impl<$life> $name $($generic)* {
            $(
                #[doc = concat!("The number of the field `", stringify!($field), "`.")]
                pub const $field: u32 = $number;
            )*
        }

        impl<$life> $crate::element::Oneof<$life> for $name $($generic)* {
            fn table() -> &'static [$crate::element::FieldInfo] {
                const { &[ $( $crate::element::FieldInfo {
                    number: $number,
                    name: stringify!($field),
                    shape: <$codec as $crate::element::Codec>::SHAPE,
                    repeated: false,
                } ),* ] }
            }

            fn is_absent(&self) -> bool {
                matches!(self, Self::Empty)
            }

            fn append(&self, out: &mut Vec<u8>) {
                match self {
                    Self::Empty => {}
                    $( Self::$variant(value) => {
                        <$codec as $crate::element::Codec<$life>>::append(value, $number, out);
                    } )*
                }
            }

            fn guess(&self) -> usize {
                match self {
                    Self::Empty => 0,
                    $( Self::$variant(value) =>
                        <$codec as $crate::element::Codec<$life>>::guess(value), )*
                }
            }

            fn view(field: &$crate::wire::FoundField<$life>) -> Option<Self> {
                match field.number {
                    $( $number => {
                        let mut value = <$type>::default();
                        <$codec as $crate::element::Codec<$life>>::read(&mut value, field);
                        Some(Self::$variant(value))
                    } )*
                    _ => None,
                }
            }
        }
    };
}

pub(crate) use {message, oneof};
