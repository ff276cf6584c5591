//! Regular expressions, as we understand them and as Go does.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::Write;
use std::process::{Command, Stdio};

use ktel_metricsql::{Filter, FilterOperator};
use ktel_testkit::real;
use serde_json::json;

/// Pieces that make patterns, many of them invalid alone or together.
const PIECES: [&str; 78] = [
    "a",
    "b",
    "k",
    "s",
    "1",
    "_",
    "é",
    " ",
    "-",
    "]",
    ".",
    ".",
    "\n",
    "^",
    "$",
    "|",
    "|",
    "(",
    "(?:",
    "(?i)",
    "(?i:",
    "(?s)",
    "(?-s)",
    "(?m)",
    "(?U)",
    "(?-i:",
    "(?P<n>",
    "(?<n>",
    ")",
    ")",
    ")",
    "*",
    "+",
    "?",
    "*?",
    "{2}",
    "{1,2}",
    "{,2}",
    "{2,}",
    "{0}",
    "{",
    "}",
    "[a",
    "[^a",
    "[ab]",
    "[a-z]",
    "[^a-z]",
    "[]a]",
    "[a-]",
    "[[:alpha:]]",
    "[^[:^space:]]",
    "[[:word:]b]",
    r"[\d\s]",
    r"[^\W]",
    r"[\-a]",
    "[a&&b]",
    "[+--]",
    r"\d",
    r"\D",
    r"\s",
    r"\S",
    r"\w",
    r"\W",
    r"\b",
    r"\B",
    r"\A",
    r"\z",
    r"\pL",
    r"\p{Greek}",
    r"\PN",
    r"\p{^Lu}",
    r"\x61",
    r"\x{e9}",
    r"\101",
    r"\Qa.",
    r"\E",
    r"\.",
    r"\n",
];

/// Values made of what the pieces match.
const VALUES: [&str; 30] = [
    "", "a", "b", "k", "K", "\u{212a}", "s", "S", "ſ", "1", "٣", "_", "é", "É", "α", " ", "\t",
    "\u{b}", "\u{a0}", "\n", "-", "]", "ab", "aa", "ba", "a.", "a\nb", "éa", "a1", "{,2}",
];

const PATTERNS: usize = 20_000;

/// A generator of numbers, since a test must be able to say what it was fed with.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits") % end
    }
}

#[test]
fn go_matches_the_same_values() {
    let [program] = real::require(["regexp"]);
    let seed = RandomState::new().build_hasher().finish() | 1;
    let mut numbers = Numbers(seed);
    let patterns: Vec<String> = (0..PATTERNS)
        .map(|_| {
            let count = 1 + numbers.below(6);
            (0..count).map(|_| PIECES[numbers.below(PIECES.len())]).collect()
        })
        .collect();
    let mut go = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program can be started");
    let mut stdin = go.stdin.take().expect("it was piped");
    let asked: Vec<String> = patterns
        .iter()
        .map(|pattern| json!({"Pattern": pattern, "Values": VALUES}).to_string() + "\n")
        .collect();
    let writer = std::thread::spawn(move || stdin.write_all(asked.concat().as_bytes()));
    let output = go.wait_with_output().expect("the program ends");
    writer.join().expect("the writer does not panic").expect("the program reads all");
    let answers = String::from_utf8(output.stdout).expect("JSON is UTF-8");
    assert_eq!(answers.lines().count(), PATTERNS);
    let mut valid = 0;
    for (pattern, answer) in patterns.iter().zip(answers.lines()) {
        let theirs: Option<Vec<bool>> = serde_json::from_str(answer).expect("it is JSON");
        let filter = Filter::new("label", FilterOperator::Matches, pattern.as_str());
        let ours =
            filter.as_ref().ok().map(|filter| VALUES.map(|value| filter.holds(value)).to_vec());
        assert_eq!(ours, theirs, "`{pattern}`: {filter:?}, seed {seed}");
        valid += usize::from(theirs.is_some());
    }
    assert!(valid > PATTERNS / 10, "only {valid} of the patterns are valid");
}
