use serde_json::json;

use super::parse;
use crate::resource::path::FieldPath;

fn shown(text: &str, path: &FieldPath, part: Option<&str>) -> String {
    let documents = parse(text).expect("it is YAML");
    let value = path.steps().iter().fold(documents[0].to_json(), |value, step| match step {
        crate::resource::path::Step::Field(name) => value[name.as_ref()].clone(),
        crate::resource::path::Step::Item(index) => value[*index].clone(),
    });
    let bytes = part.map(|part| {
        let start = value.as_str().and_then(|text| text.find(part)).expect("it is in the text");
        start..start + part.len()
    });
    let place = documents[0].place_of(text, path, bytes);
    let shown = place.show("f", text);
    shown.lines().skip(2).collect::<Vec<_>>().join("\n")
}

fn path(names: &[&'static str]) -> FieldPath {
    names.iter().fold(FieldPath::root(), |path, name| path.field(*name))
}

#[test]
fn values_are_read_as_kubectl_reads_them() {
    let text = "a: [off, 'off', 5, 0x10, 010, 1_000, 1.5, ~, '', 5s, 2026-08-01T00:00:00Z, \"q\\u0041\", Yes]";
    let documents = parse(text).expect("it is YAML");
    let expected = json!({"a": [false, "off", 5, 16, 8, 1000, 1.5, null, "", "5s", "2026-08-01T00:00:00Z", "qA", true]});
    assert_eq!(documents[0].to_json(), expected);
}

#[test]
fn documents_aliases_and_empty_documents_are_read() {
    let documents =
        parse("---\n---\na: &x [1]\nb: *x\n---\n# nothing\n---\nc: 1\n").expect("it is YAML");
    let values: Vec<_> = documents.iter().map(super::Node::to_json).collect();
    assert_eq!(values, [json!({"a": [1], "b": [1]}), json!({"c": 1})]);
}

#[test]
fn a_part_of_a_text_is_found_in_every_notation() {
    let table = [
        ("a: {b: say x}\n", "x", "1 | a: {b: say x}\n  |            ^"),
        ("a:\n  b: 'it''s x'\n", "x", "2 |   b: 'it''s x'\n  |             ^"),
        ("a:\n  b: \"\\u0041\\n x\"\n", "x", "2 |   b: \"\\u0041\\n x\"\n  |                ^"),
        ("a:\n  b: |\n    one\n      two x y\n", "x y", "4 |       two x y\n  |           ^^^"),
        ("a:\n  b: |-\n\n    one x\n", "x", "4 |     one x\n  |         ^"),
        ("a:\n  b: |2\n      one x\n", "x", "3 |       one x\n  |           ^"),
        // Folded lines have no one place: the key is shown.
        ("a:\n  b: >\n    one\n    x\n", "x", "2 |   b: >\n  |   ^"),
    ];
    for (text, part, expected) in table {
        assert_eq!(shown(text, &path(&["a", "b"]), Some(part)), expected, "{text}");
    }
}

#[test]
fn what_is_missing_is_missing_in_what_is_around_it() {
    let text = "a:\n  b: {}\n";
    assert_eq!(shown(text, &path(&["a", "b", "c", "d"]), None), "2 |   b: {}\n  |   ^");
    assert_eq!(shown(text, &path(&["z"]), None), "1 | a:\n  | ^");
}

#[test]
fn a_bomb_is_rejected() {
    let mut text = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for level in 1..12 {
        let before = format!("*a{}", level - 1);
        text += &format!("a{level}: &a{level} [{}]\n", [before.as_str(); 9].join(","));
    }
    let fault = parse(&text).expect_err("it is too large");
    assert!(fault.message.contains("more than 1000000 values"), "{fault}");
    let deep = "[".repeat(100) + &"]".repeat(100);
    let fault = parse(&deep).expect_err("it is too deep");
    assert!(fault.message.contains("nested deeper"), "{fault}");
}

#[test]
fn faults_have_their_place() {
    for (text, line, message) in [
        ("a: 1\nb: 2\na: 3\n", 3, "given twice"),
        ("a: *gone\n", 1, ""),
        ("a: [1\nb: 2\n", 2, "not YAML"),
        ("<<: {a: 1}\n", 1, "merge keys"),
    ] {
        let fault = parse(text).expect_err("it is rejected");
        assert_eq!(fault.place.line, line, "{text}: {fault}");
        assert!(fault.message.contains(message), "{fault}");
    }
}
