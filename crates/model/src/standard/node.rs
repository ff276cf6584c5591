//! A YAML document as a tree with line numbers.

use std::collections::{BTreeMap, HashSet};

use granit_parser::{Event, Parser, ScalarStyle};
use serde_json::{Number, Value};

use crate::limits::{SCHEMA_DEPTH_MAX, SCHEMA_FILE_BYTES_MAX};

/// A value and its line.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) line: usize,
    pub(crate) content: Content,
}

/// The value of a [`Node`].
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Content {
    Scalar { text: String, plain: bool },
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key, its line, and its value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) line: usize,
    pub(crate) value: Node,
}

/// Why a text cannot be read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fault {
    pub(crate) line: usize,
    pub(crate) message: String,
    pub(crate) fix: &'static str,
}

impl Node {
    /// The scalar's text, unless it is another kind of value or null.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Scalar { text, plain } if !(*plain && is_null(text)) => Some(text),
            _ => None,
        }
    }

    /// Whether nothing was written.
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.content, Content::Scalar { text, plain: true } if is_null(text))
    }

    /// The value as JSON. Plain scalars are read as YAML defines them.
    pub(crate) fn to_json(&self) -> Value {
        match &self.content {
            Content::Scalar { text, plain: true } => plain_scalar(text),
            Content::Scalar { text, .. } => Value::String(text.clone()),
            Content::List(items) => Value::Array(items.iter().map(Node::to_json).collect()),
            Content::Map(entries) => {
                entries.iter().map(|entry| (entry.key.clone(), entry.value.to_json())).collect()
            }
        }
    }
}

fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null")
}

fn plain_scalar(text: &str) -> Value {
    let starts_like_a_number = text.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        text if is_null(text) => Value::Null,
        text if starts_like_a_number => number(text).unwrap_or_else(|| text.into()),
        text => text.into(),
    }
}

fn number(text: &str) -> Option<Value> {
    let whole = text.parse::<i64>().map(Number::from);
    let whole = whole.or_else(|_| text.parse::<u64>().map(Number::from));
    whole.ok().or_else(|| Number::from_f64(text.parse().ok()?)).map(Value::Number)
}

/// Which line a path such as `fields.provider.why` or `access.0.verbs` stands on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Lines(BTreeMap<String, usize>);

impl Lines {
    /// The line of the path, or of the nearest thing around it that exists.
    pub(crate) fn of(&self, path: &str) -> usize {
        let mut path = path;
        loop {
            if let Some(line) = self.0.get(path) {
                return *line;
            }
            match path.rsplit_once('.') {
                Some((around, _)) => path = around,
                None => return 1,
            }
        }
    }

    /// Whether the path itself exists.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    /// Notes every line of a document.
    pub(crate) fn of_document(root: &Node) -> Self {
        let mut lines = Self::default();
        lines.note(root, "");
        lines
    }

    fn note(&mut self, node: &Node, path: &str) {
        let under = |name: &str| match path {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        };
        match &node.content {
            Content::Scalar { .. } => {}
            Content::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    let path = under(&index.to_string());
                    self.note(item, &path);
                    self.0.insert(path, item.line);
                }
            }
            Content::Map(entries) => {
                for entry in entries {
                    let path = under(&entry.key);
                    self.note(&entry.value, &path);
                    self.0.insert(path, entry.line);
                }
            }
        }
    }
}

/// A list or a mapping that is still open.
struct Open {
    node: Node,
    key: Option<(String, usize)>,
    keys: HashSet<String>,
}

/// Reads one YAML document. Aliases and tags are errors: a reviewer should see every value in its place.
pub(crate) fn parse(text: &str) -> Result<Node, Fault> {
    if text.len() > SCHEMA_FILE_BYTES_MAX {
        let message =
            format!("the file has {} bytes, more than {SCHEMA_FILE_BYTES_MAX}", text.len());
        return Err(Fault { line: 1, message, fix: "one file describes one job or event" });
    }
    let mut open: Vec<Open> = Vec::new();
    let mut root = None;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| Fault {
            line: error.marker().line(),
            message: format!("not YAML: {} at column {}", error.info(), error.marker().col() + 1),
            fix: "correct the syntax; a text with `: ` or ` #` in it needs quotes",
        })?;
        let line = span.start.line();
        let fault = |message: &str, fix| Fault { line, message: message.to_owned(), fix };
        let node = match event {
            Event::Alias(_) => return Err(fault("an alias is not allowed", "write it out")),
            Event::Scalar(_, _, _, Some(_))
            | Event::SequenceStart(_, _, Some(_))
            | Event::MappingStart(_, _, Some(_)) => {
                return Err(fault("a tag is not allowed", "remove what begins with `!`"));
            }
            Event::DocumentStart(..) if root.is_some() => {
                return Err(fault("a second document begins", "give it a file of its own"));
            }
            Event::Scalar(text, style, ..) => {
                let plain = style == ScalarStyle::Plain;
                Node { line, content: Content::Scalar { text: text.into_owned(), plain } }
            }
            Event::SequenceStart(..) | Event::MappingStart(..) => {
                if open.len() >= SCHEMA_DEPTH_MAX {
                    return Err(fault("nested too deep", "no file of the standard needs this"));
                }
                let content = match event {
                    Event::SequenceStart(..) => Content::List(Vec::new()),
                    _ => Content::Map(Vec::new()),
                };
                let node = Node { line, content };
                open.push(Open { node, key: None, keys: HashSet::new() });
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                open.pop().expect("the parser closes only what it opened").node
            }
            _ => continue,
        };
        match open.last_mut() {
            None => root = Some(node),
            Some(around) => around.take(node)?,
        }
    }
    root.ok_or(Fault { line: 1, message: "the file is empty".into(), fix: "begin with `kts: 1`" })
}

impl Open {
    /// Puts a complete value into the list or mapping around it.
    fn take(&mut self, node: Node) -> Result<(), Fault> {
        match (&mut self.node.content, self.key.take()) {
            (Content::List(items), _) => items.push(node),
            (Content::Map(entries), Some((key, line))) => {
                entries.push(Entry { key, line, value: node });
            }
            (_, _) => {
                let line = node.line;
                let fault = |message, fix| Fault { line, message, fix };
                let Content::Scalar { text, .. } = node.content else {
                    return Err(fault("a key must be a word".into(), "use a plain word"));
                };
                if !self.keys.insert(text.clone()) {
                    let message = format!("`{text}` is given twice");
                    return Err(fault(message, "remove one of the two"));
                }
                self.key = Some((text, line));
            }
        }
        Ok(())
    }
}
