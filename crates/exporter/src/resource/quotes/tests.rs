use proptest::prelude::*;

use super::Query;

#[test]
fn the_query_of_the_requirement_becomes_one_that_parses() {
    let written = "{service_name=“networking.datumapis.com”, resource_kind=\"Gateway\", __name__=~”network_bytes_.*”}\n";
    let query = Query::new(written);
    let text = r#"{service_name="networking.datumapis.com", resource_kind="Gateway", __name__=~"network_bytes_.*"}"#;
    assert_eq!(query.text().trim_end(), text);
    assert_eq!(query.replaced(), 4);
    assert!(ktel_metricsql::parse(query.text()).is_ok());
}

#[test]
fn quotes_are_replaced_outside_of_strings_only() {
    let table = [
        ("{a=“b”}", r#"{a="b"}"#),
        ("{a=”b”}", r#"{a="b"}"#),
        ("{a=‘b’}", "{a='b'}"),
        // Mixed by half an editor.
        ("{a=“b\"}", r#"{a="b"}"#),
        // Within ASCII quotes they are text.
        ("{a=\"say “hi”\"}", "{a=\"say “hi”\"}"),
        ("{a='it’s'}", "{a='it’s'}"),
        ("{a=`“b”`}", "{a=`“b”`}"),
        ("{a=\"\\\"“\"}", "{a=\"\\\"“\"}"),
        ("{a=`\\`, b=“c”}", "{a=`\\`, b=\"c\"}"),
        // An apostrophe within typographic double quotes is text.
        ("{a=“it’s”}", "{a=\"it’s\"}"),
        // A comment is no code.
        ("up # “a\n{b=“c”}", "up # “a\n{b=\"c\"}"),
        ("up # it's\n{b=“c”}", "up # it's\n{b=\"c\"}"),
    ];
    for (written, expected) in table {
        assert_eq!(Query::new(written).text(), expected, "{written}");
    }
}

#[test]
fn a_place_in_the_query_leads_to_the_place_as_it_was_written() {
    let written = "{a=“b”, c=d}";
    let query = Query::new(written);
    let at = query.text().find("d}").expect("it is there");
    let range = query.as_written(at..at + 1);
    assert_eq!(written.get(range), Some("d"));
    assert_eq!(query.first_replaced().and_then(|range| written.get(range)), Some("“"));
}

proptest! {
    #[test]
    fn what_has_no_typographic_quotes_stays(text in "[^“”‘’]*") {
        let query = Query::new(&text);
        prop_assert_eq!(query.text(), text.as_str());
    }

    #[test]
    fn text_within_ascii_quotes_is_never_touched(
        before in "[a-z{}=, ]{0,8}",
        body in r#"([a-z“”‘’']|\\["\\n]){0,12}"#,
        after in "[a-z{}=, “”‘’]{0,8}",
    ) {
        let string = format!("\"{body}\"");
        let query = Query::new(&format!("{before}{string}{after}"));
        prop_assert!(query.text().starts_with(&format!("{before}{string}")), "{}", query.text());
    }

    #[test]
    fn a_replaced_text_has_nothing_left_to_replace(text in "[a-z{}=“”‘’\"'`\\\\#\n]{0,24}") {
        let once = Query::new(&text);
        prop_assert_eq!(Query::new(once.text()).replaced(), 0);
    }

    #[test]
    fn every_place_maps_to_the_same_character(text in "[a-z{}=“”‘’\"'`\\\\#\n]{0,24}") {
        let query = Query::new(&text);
        for (at, c) in query.text().char_indices() {
            let written = text.get(query.as_written(at..at + c.len_utf8())).and_then(|text| text.chars().next());
            prop_assert_eq!(written.map(super::ascii), Some(super::ascii(c)));
        }
    }
}
