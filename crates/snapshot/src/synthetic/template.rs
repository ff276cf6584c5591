//! Text with places to fill in: one object of a kind, as JSON.

use serde_json::Value;

/// What is filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Name,
    Namespace,
    App,
    Service,
    Hash,
    Uid,
    Owner,
    Revision,
    Created,
    Node,
    NodeIp,
    Ip,
    Zone,
    Kubelet,
    /// A whole JSON array, in place of the string that names it.
    Endpoints,
}

impl Field {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "name" => Self::Name,
            "namespace" => Self::Namespace,
            "app" => Self::App,
            "service" => Self::Service,
            "hash" => Self::Hash,
            "uid" => Self::Uid,
            "owner" => Self::Owner,
            "revision" => Self::Revision,
            "created" => Self::Created,
            "node" => Self::Node,
            "nodeip" => Self::NodeIp,
            "ip" => Self::Ip,
            "zone" => Self::Zone,
            "kubelet" => Self::Kubelet,
            "endpoints" => Self::Endpoints,
            _ => return None,
        })
    }
}

#[derive(Debug)]
enum Piece {
    Text(String),
    Field(Field),
}

/// A text with fields in it.
#[derive(Debug)]
pub(super) struct Text(Vec<Piece>);

impl Text {
    fn parse(json: &str) -> Self {
        let json = json.replace("\"${endpoints}\"", "${endpoints}");
        let mut parts = json.split("${");
        let mut pieces = vec![Piece::Text(parts.next().unwrap_or_default().to_owned())];
        for part in parts {
            let (name, text) = part.split_once('}').expect("every place in a template is closed");
            pieces.push(Piece::Field(Field::parse(name).expect("a template names known fields")));
            pieces.push(Piece::Text(text.to_owned()));
        }
        Self(pieces)
    }

    /// Fills in the fields.
    pub(super) fn fill(&self, mut field: impl FnMut(Field, &mut String)) -> String {
        let mut out = String::with_capacity(4 << 10);
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Field(one) => field(*one, &mut out),
            }
        }
        out
    }
}

/// An object: its metadata, and the fields beside it without braces.
#[derive(Debug)]
pub(super) struct Template {
    pub(super) metadata: Text,
    pub(super) rest: Text,
}

impl Template {
    /// Takes a template apart.
    pub(super) fn new(object: &Value) -> Self {
        let metadata = object.get("metadata").map(Value::to_string).unwrap_or_default();
        let rest: Vec<String> = object
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(name, _)| *name != "metadata")
            .map(|(name, value)| format!("{}:{value}", Value::from(name.as_str())))
            .collect();
        Self { metadata: Text::parse(&metadata), rest: Text::parse(&rest.join(",")) }
    }
}
