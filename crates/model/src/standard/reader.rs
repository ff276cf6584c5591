//! Reads the keys of a mapping. It notes errors and goes on.

use super::finding::{Finding, Severity};
use super::node::{Content, Entry, Lines, Node};
use super::word::Word;

/// Collects the findings of one file.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) file: String,
    pub(crate) lines: Lines,
    pub(crate) findings: Vec<Finding>,
}

impl Reader {
    /// Notes an error at a line.
    pub(crate) fn error(&mut self, line: usize, message: String, fix: impl Into<String>) {
        self.note(Severity::Error, line, message, fix.into());
    }

    /// Notes an error at a path, see [`Lines::of`].
    pub(crate) fn error_at(&mut self, path: &str, message: String, fix: impl Into<String>) {
        self.note(Severity::Error, self.lines.of(path), message, fix.into());
    }

    pub(crate) fn note(&mut self, severity: Severity, line: usize, message: String, fix: String) {
        self.findings.push(Finding { file: self.file.clone(), line, severity, message, fix });
    }
}

/// A mapping that is being read.
#[derive(Debug, Clone)]
pub(crate) struct Keys<'n> {
    entries: &'n [Entry],
    pub(crate) line: usize,
    /// Names the mapping in findings: ``field `provider` ``.
    pub(crate) what: String,
}

impl<'n> Keys<'n> {
    /// Opens a mapping. `None`, and a finding, when the value is something else.
    pub(crate) fn open(
        reader: &mut Reader,
        node: &'n Node,
        line: usize,
        what: String,
    ) -> Option<Self> {
        match &node.content {
            Content::Map(entries) => Some(Self { entries, line, what }),
            _ => {
                let message = format!("{what} must be a mapping");
                reader.error(line, message, "write `key: value` lines under it");
                None
            }
        }
    }

    /// Notes every key that is not known here.
    pub(crate) fn only(&self, reader: &mut Reader, known: &[&[&str]]) {
        let known: Vec<&str> = known.iter().flat_map(|keys| keys.iter().copied()).collect();
        for entry in self.entries.iter().filter(|entry| !known.contains(&entry.key.as_str())) {
            let message = format!("{} has no key `{}`", self.what, entry.key);
            reader.error(entry.line, message, nearest_or_list(&entry.key, &known));
        }
    }

    /// All entries, for mappings whose keys are free.
    pub(crate) fn entries(&self) -> &'n [Entry] {
        self.entries
    }

    /// The value of a key and the key's line.
    pub(crate) fn get(&self, key: &str) -> Option<(&'n Node, usize)> {
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        Some((&entry.value, entry.line))
    }

    /// The value of a key that must be there.
    pub(crate) fn required(&self, reader: &mut Reader, key: &str) -> Option<(&'n Node, usize)> {
        let found = self.get(key);
        if found.is_none() {
            self.missing(reader, key, self.line);
        }
        found
    }

    fn missing(&self, reader: &mut Reader, key: &str, line: usize) {
        reader.error(line, format!("{} has no `{key}`", self.what), advice(key));
    }

    /// A text that must be there and not be empty.
    pub(crate) fn text(&self, reader: &mut Reader, key: &str) -> Option<String> {
        let (node, line) = self.required(reader, key)?;
        match node.text().map(str::trim) {
            Some("") => self.missing(reader, key, line),
            Some(text) => return Some(text.to_owned()),
            None if node.is_null() => self.missing(reader, key, line),
            None => {
                let message = format!("`{key}` of {} must be a text", self.what);
                reader.error(line, message, advice(key));
            }
        }
        None
    }

    pub(crate) fn optional_text(&self, reader: &mut Reader, key: &str) -> Option<String> {
        self.get(key).and_then(|_| self.text(reader, key))
    }

    /// A list of texts that must be there; a single text counts as a list of one.
    pub(crate) fn texts(&self, reader: &mut Reader, key: &str) -> Option<Vec<String>> {
        let (node, line) = self.required(reader, key)?;
        if let Some(text) = node.text() {
            return Some(vec![text.to_owned()]);
        }
        let Content::List(items) = &node.content else {
            reader.error(line, format!("`{key}` of {} must be a list", self.what), advice(key));
            return None;
        };
        let texts: Option<Vec<String>> =
            items.iter().map(|item| item.text().map(str::to_owned)).collect();
        if texts.is_none() {
            let message = format!("`{key}` of {} must be a list of words", self.what);
            reader.error(line, message, advice(key));
        }
        texts
    }

    /// A word of a closed set that must be there.
    pub(crate) fn word<W: Word>(&self, reader: &mut Reader, key: &str) -> Option<W> {
        let text = self.text(reader, key)?;
        let found = W::from_word(&text);
        if found.is_none() {
            let (_, line) = self.get(key)?;
            let message = format!("`{key}` of {} cannot be `{text}`", self.what);
            let known: Vec<&str> = W::WORDS.iter().map(|(_, word)| *word).collect();
            reader.error(line, message, nearest_or_list(&text, &known));
        }
        found
    }

    /// `true` or `false`; false by default.
    pub(crate) fn flag(&self, reader: &mut Reader, key: &str) -> bool {
        let Some((node, line)) = self.get(key) else { return false };
        match node.text() {
            Some("true") => true,
            Some("false") => false,
            _ => {
                let message = format!("`{key}` of {} must be true or false", self.what);
                reader.error(line, message, format!("write `{key}: true` or leave it out"));
                false
            }
        }
    }
}

/// Suggests the nearest known word, or lists them all.
pub(crate) fn nearest_or_list(word: &str, known: &[&str]) -> String {
    let nearest = known
        .iter()
        .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
        .max_by(|(left, _), (right, _)| left.total_cmp(right));
    match nearest {
        Some((likeness, candidate)) if likeness > 0.85 => format!("did you mean `{candidate}`?"),
        _ => format!("use one of {}", quoted(known)),
    }
}

/// `a`, `b`, `c`
pub(crate) fn quoted<S: AsRef<str>>(words: &[S]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{}`", word.as_ref())).collect();
    words.join(", ")
}

/// How to fix a key that is missing or wrong.
fn advice(key: &str) -> &'static str {
    match key {
        "kts" => "begin the file with `kts: 1`",
        "schema" => "add `schema: VENDOR/NAME`, as in `ktel/cluster-state`",
        "version" => "add `version: 1.0.0` (MODEL.REVISION.ADDITION)",
        "kind" => "add `kind: job`, `event` or `stats`",
        "title" => "add `title:`, a few words for lists",
        "purpose" => "add `purpose:` with `question`, `value_to_you` and `used_for`",
        "question" => "add `question:`, the question that the data answers",
        "value_to_you" => "add `value_to_you:`, what the user who sends the data gets from it",
        "used_for" => "add `used_for: [support-matrix]`, what the answer is used for",
        "owner" => "add `owner:`, the team to ask",
        "review" => "add `review:`, the link to where the schema was discussed",
        "stability" => "add `stability: development`, `stable` or `deprecated`",
        "consent" => "add `consent: explicit` (a command sends it) or `ambient` (it sends itself)",
        "access" => "add `access:`, a list of what must be read; `access: []` for nothing",
        "retention" => "add `retention: {raw: 90d, aggregate: 25mo}`",
        "raw" => "add `raw: 90d`, how long single reports are kept",
        "aggregate" => "add `aggregate: 25mo`, how long sums over many are kept",
        "fields" => "add `fields:` with one entry for each value that may be sent",
        "type" => "add `type:`, one of the closed types",
        "values" | "keys" => "list the words that may be sent, as in `[http, grpc]`",
        "of" => "add `of: count` or `of: bool`",
        "words" => "list the command's words that may be sent, as in `[get, apply]`",
        "coarse" => "add `coarse:`, what is kept of the value in the blurred form",
        "sensitivity" => "add `sensitivity: technical`, `interaction` or `stored_content`",
        "why" => "add `why:`, one sentence that says what this very value decides",
        "example" => "add `example:`, a value as it is sent",
        "since" => "add `since: 0.1.0`, the version that first sends it",
        "expires" => "add `expires: YYYY-MM-DD` within 13 months, or `{never: reason}`",
        "group" => "add `group:`; `\"\"` is the core group",
        "resource" | "resources" => "name the plural, as in `pods`",
        "verbs" => "add `verbs: [list]`",
        "scope" => "add `scope: cluster` or `namespace`",
        "reads" => "add `reads: metadata` or `object`",
        "calls" => "add `calls: 1`, or `calls: pages` where a run asks once a page",
        "paths" => "list paths such as `/version`",
        "path" => "add `path:`, where in the object the value stands, as in `$.spec.type`",
        "never" => "say why the field never ends",
        "max" => "add `max: once/24h`",
        "date" => "add `date: YYYY-MM-DD`",
        "what" => "say what was decided",
        _ => "write it as the guide shows",
    }
}
