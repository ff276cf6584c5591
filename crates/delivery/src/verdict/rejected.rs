//! Reads which items a receiver rejected of those it took: `{"rejected": [{"message": …}, …]}`.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// What was read. It is counted while reading, so that an answer that was cut counts up to the cut.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Rejected {
    /// How many items were rejected.
    pub(super) count: u64,
    /// Why the first one was rejected.
    pub(super) why: Option<String>,
}

impl Rejected {
    /// Reads an answer. One of another format rejects nothing.
    pub(super) fn read(body: &[u8]) -> Self {
        let mut rejected = Self::default();
        let mut answer = serde_json::Deserializer::from_slice(body);
        // An error after some entries does not undo their count.
        drop(answer.deserialize_map(InAnswer(&mut rejected)));
        rejected
    }

    fn note(&mut self, item: &Value) {
        if self.count == 0 {
            let text = |name| item.get(name).and_then(Value::as_str);
            self.why = text("message").or_else(|| text("code")).map(ToOwned::to_owned);
        }
        self.count += 1;
    }
}

struct InAnswer<'r>(&'r mut Rejected);

impl<'de> Visitor<'de> for InAnswer<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an answer")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            if name == "rejected" {
                return map.next_value_seed(InList(self.0));
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

struct InList<'r>(&'r mut Rejected);

impl<'de> DeserializeSeed<'de> for InList<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, list: D) -> Result<(), D::Error> {
        list.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for InList<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(item) = list.next_element::<Value>()? {
            if !item.is_object() {
                return Err(A::Error::custom("an entry that is no object"));
            }
            self.0.note(&item);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Rejected;

    #[track_caller]
    fn check(body: &str, count: u64, why: Option<&str>) {
        let expected = Rejected { count, why: why.map(Into::into) };
        assert_eq!(Rejected::read(body.as_bytes()), expected, "{body:.200}");
    }

    #[test]
    fn each_entry_counts_and_the_first_says_why() {
        let two = r#"{"stored":1,"rejected":[
            {"code":"expired","message":"too old","item":0,"part":1},{"code":"empty"}],"receipts":[7]}"#;
        check(two, 2, Some("too old"));
        check(r#"{"rejected":[{"code":"empty"},{"message":"later"}]}"#, 2, Some("empty"));
        check(r#"{"rejected":[{}]}"#, 1, None);
        check(r#"{"stored":1,"repeated":0,"rejected":[]}"#, 0, None);
    }

    #[test]
    fn an_answer_of_another_kind_rejects_nothing() {
        for body in [
            "",
            "OK",
            "<html>",
            "[]",
            "null",
            r#""rejected""#,
            "{}",
            r#"{"rejected":null}"#,
            r#"{"rejected":18446744073709551615}"#,
            r#"{"rejected":"all of it"}"#,
            r#"{"rejected":{"0":{"message":"no list"}}}"#,
            r#"{"rejected":[1,2,3]}"#,
            r#"{"rejected":[[]]}"#,
            r#"{"below":{"rejected":[{}]}}"#,
        ] {
            check(body, 0, None);
        }
    }

    #[test]
    fn an_answer_that_is_cut_counts_up_to_the_cut() {
        let whole = r#"{"stored":9,"rejected":[{"message":"one"},{"message":"two"}]}"#;
        let ends: Vec<usize> = whole.match_indices('}').map(|(at, _)| at + 1).collect();
        for cut in 0..=whole.len() {
            let count = ends[..2].iter().filter(|end| **end <= cut).count() as u64;
            check(whole.get(..cut).unwrap(), count, (count > 0).then_some("one"));
        }
    }

    #[test]
    fn a_hostile_answer_does_no_harm() {
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
            let deep = format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
            check(&deep, 0, None);
            check(&format!(r#"{{"a":{deep},"rejected":[{{}}]}}"#), 1, None);
            check(&format!(r#"{{"rejected":[{{"a":{deep}}}]}}"#), 0, None);
        }
    }
}
