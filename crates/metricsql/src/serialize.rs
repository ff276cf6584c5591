//! Expressions, stores and matchers as text, for formats of other people.
//!
//! An expression is the query that is sent, and is parsed within the default limits when it is read.

use std::fmt::Display;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Duration, Expr, Matcher, Selector, Store, Version};

fn from_text<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr,
    T::Err: Display,
{
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(D::Error::custom)
}

macro_rules! as_text {
    ($type:ty, $text:expr) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let text: fn(&$type) -> String = $text;
                serializer.serialize_str(&text(self))
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                from_text(deserializer)
            }
        }
    };
}

as_text!(Expr, Expr::wire);
as_text!(Selector, Selector::wire);
as_text!(Duration, ToString::to_string);
as_text!(Store, ToString::to_string);
as_text!(Version, ToString::to_string);

/// A matcher as it is written: a label with values, or with a regular expression.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MatcherForm {
    label: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    values: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pattern: Option<String>,
}

impl Serialize for Matcher {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let form = MatcherForm {
            label: self.label().to_owned(),
            values: self.values().to_vec(),
            pattern: self.pattern().map(str::to_owned),
        };
        form.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Matcher {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let MatcherForm { label, values, pattern } = MatcherForm::deserialize(deserializer)?;
        match (values.is_empty(), pattern) {
            (true, Some(pattern)) => Self::matching(label, pattern).map_err(D::Error::custom),
            (_, None) => Self::one_of(label, values).map_err(D::Error::custom),
            (false, Some(_)) => {
                Err(D::Error::custom("a matcher has values or a pattern, not both"))
            }
        }
    }
}
