//! Declares messages: of one table for each, these macros make a struct, its encoder, its decoder, and the table
//! that the check, the merge and the JSON go by.

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
                    wire_type: $crate::codec::wire_type(<$codec as $crate::element::Codec>::SHAPE),
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
                    wire_type: $crate::codec::wire_type(<$codec as $crate::element::Codec>::SHAPE),
                    repeated: false,
                } ),* ] }
            }

            #[inline]
            #[allow(clippy::manual_range_patterns, reason = "the numbers of some have no gap")]
            fn takes(number: u32) -> bool {
                matches!(number, $($number)|*)
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
