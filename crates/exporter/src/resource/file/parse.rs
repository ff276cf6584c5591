//! Reads a file of YAML documents.

use std::collections::{BTreeMap, HashSet};

use granit_parser::{Event, Parser, Span};

use super::node::{Content, Entry, Node};
use super::place::Place;
use super::scalar::Scalar;
use crate::limits::{EXPORTER_FILE_BYTES_MAX, FILE_DEPTH_MAX, FILE_NODES_MAX};

/// Why a file cannot be read, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// Where.
    pub place: Place,
    /// What is wrong.
    pub message: String,
}

/// A list or a mapping that is still open.
struct Open {
    node: Node,
    anchor: usize,
    key: Option<(String, Place)>,
    keys: HashSet<String>,
}

/// What was read so far.
#[derive(Default)]
struct Reader {
    open: Vec<Open>,
    anchors: BTreeMap<usize, Node>,
    documents: Vec<Node>,
    nodes: usize,
}

/// Reads a file of YAML documents; empty ones are omitted.
///
/// # Errors
/// When it is not YAML, has a key twice, or is too large or too deep.
pub fn parse(text: &str) -> Result<Vec<Node>, Fault> {
    if text.len() > EXPORTER_FILE_BYTES_MAX {
        let message =
            format!("the file has {} bytes, more than {EXPORTER_FILE_BYTES_MAX}", text.len());
        return Err(Fault { place: Place::on_line(1, 1, 1), message });
    }
    let mut reader = Reader::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| Fault {
            place: Place::on_line(error.marker().line(), error.marker().col() + 1, 1),
            message: format!("not YAML: {}", error.info()),
        })?;
        reader.read(event, place(span))?;
    }
    Ok(reader.documents)
}

fn place(span: Span) -> Place {
    Place {
        line: span.start.line(),
        column: span.start.col() + 1,
        end_line: span.end.line(),
        end_column: span.end.col() + 1,
    }
}

impl Reader {
    fn read(&mut self, event: Event<'_>, place: Place) -> Result<(), Fault> {
        let fault = |message: &str| Fault { place, message: message.to_owned() };
        let (anchor, content) = match event {
            Event::DocumentStart(..) => {
                self.anchors.clear();
                return Ok(());
            }
            Event::Scalar(text, style, anchor, _) => {
                (anchor, Content::Scalar(Scalar { text: text.into_owned(), style }))
            }
            Event::SequenceStart(_, anchor, _) => {
                return self.begin(Content::List(Vec::new()), anchor, place);
            }
            Event::MappingStart(_, anchor, _) => {
                return self.begin(Content::Map(Vec::new()), anchor, place);
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let open = self
                    .open
                    .pop()
                    .ok_or_else(|| fault("not YAML: something ends that did not begin"))?;
                return self.add(open.node, open.anchor);
            }
            Event::Alias(id) => {
                let target =
                    self.anchors.get(&id).ok_or_else(|| fault("the alias has no anchor"))?;
                let copy = Node { place, content: target.content.clone() };
                self.nodes += size(&copy);
                return self.add(copy, 0);
            }
            _ => return Ok(()),
        };
        self.add(Node { place, content }, anchor)
    }

    fn begin(&mut self, content: Content, anchor: usize, place: Place) -> Result<(), Fault> {
        if self.open.len() >= FILE_DEPTH_MAX {
            let message = format!("nested deeper than {FILE_DEPTH_MAX} levels");
            return Err(Fault { place, message });
        }
        let node = Node { place, content };
        self.open.push(Open { node, anchor, key: None, keys: HashSet::new() });
        Ok(())
    }

    fn add(&mut self, node: Node, anchor: usize) -> Result<(), Fault> {
        self.nodes += 1;
        if self.nodes > FILE_NODES_MAX {
            let message = format!("the file has more than {FILE_NODES_MAX} values");
            return Err(Fault { place: node.place, message });
        }
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            let is_empty =
                matches!(&node.content, Content::Scalar(scalar) if scalar.to_json().is_null());
            if !is_empty {
                self.documents.push(node);
            }
            return Ok(());
        };
        match (&mut open.node.content, open.key.take()) {
            (Content::List(items), _) => items.push(node),
            (Content::Map(entries), Some((key, place))) => {
                entries.push(Entry { key, place, value: node })
            }
            (Content::Map(_), None) => {
                let Content::Scalar(scalar) = node.content else {
                    let message = "a key must be a text".to_owned();
                    return Err(Fault { place: node.place, message });
                };
                if scalar.text == "<<" {
                    let message =
                        "merge keys (`<<`) cannot be checked; write the fields out".to_owned();
                    return Err(Fault { place: node.place, message });
                }
                if !open.keys.insert(scalar.text.clone()) {
                    let message = format!("the key `{}` is given twice", scalar.text);
                    return Err(Fault { place: node.place, message });
                }
                open.key = Some((scalar.text, node.place));
            }
            (Content::Scalar(_), _) => {}
        }
        Ok(())
    }
}

fn size(node: &Node) -> usize {
    1 + match &node.content {
        Content::Scalar(_) => 0,
        Content::List(items) => items.iter().map(size).sum(),
        Content::Map(entries) => entries.iter().map(|entry| size(&entry.value)).sum(),
    }
}
