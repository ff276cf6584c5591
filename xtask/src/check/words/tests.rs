use super::*;

const SAMPLE: [Word; 3] = [
    Word { scope: Scope::Names, pattern: "Look|Turns?", instead: "entry" },
    Word { scope: Scope::Anywhere, pattern: "(?i)neighbou?rhood", instead: "subnet" },
    Word { scope: Scope::Anywhere, pattern: r"--floor\b", instead: "--min-group-size" },
];

fn places(path: &str, text: &str) -> Vec<String> {
    let words = compiled(&SAMPLE).unwrap();
    find(path, text, &words).into_iter().map(|(place, _)| place).collect()
}

#[test]
fn a_name_is_found_in_code_and_not_in_comments_texts_or_longer_names() {
    let text = "// Look, Turn\n/// Look\nfn f() { \"Look\"; LookUp; look }\n";
    assert_eq!(places("a.rs", text), [""; 0]);
    let text = "// Look\nfn f(look: Look) -> m::Turns {}\n#[test] fn g() { g!(Turn) }\n";
    let expected =
        ["a.rs:2: the name `Look`", "a.rs:3: the name `Turn`", "a.rs:2: the name `Turns`"];
    assert_eq!(places("a.rs", text), expected);
    assert_eq!(places("a.md", "Look at `Turns`.\n"), [""; 0]);
}

#[test]
fn a_word_is_found_anywhere_also_in_the_name_of_a_file() {
    let expected = [
        "docs/neighborhood.md: `neighborhood` in the name of the file",
        "docs/neighborhood.md:2: `Neighbourhood`",
        "docs/neighborhood.md:3: `--floor`",
    ];
    assert_eq!(
        places("docs/neighborhood.md", "# A\nNeighbourhoods\n--floor 3, --floors\n--floors\n"),
        expected
    );
}

#[test]
fn every_word_compiles_and_says_what_to_use() {
    compiled(&WORDS).unwrap();
    assert!(WORDS.iter().all(|word| !word.instead.is_empty()));
}

#[test]
fn an_exception_is_the_beginning_or_the_end_of_a_path() {
    assert!(is_exception("CHANGELOG.md"));
    assert!(is_exception("crates/delivery/fuzz/Cargo.lock"));
    assert!(!is_exception("docs/CHANGELOG.md"));
    assert!(!is_exception("docs/server.md"));
    assert!(is_exception("tests/it/a.snap"));
    assert!(!is_exception("tests/it/a.snap.rs"));
}

#[test]
fn ordinary_english_is_left_alone() {
    let words = compiled(&WORDS).unwrap();
    let text = "the ways in which it comes; on its way in, and out. Look at it in turn, pass it on, \
                use the trail; connection refused; indoors\n# What comes next is\n";
    let found = find("docs/a.md", text, &words);
    let found: Vec<&str> = found.iter().map(|(place, _)| place.as_str()).collect();
    assert_eq!(found, ["docs/a.md:2: `# What comes`"]);
}
