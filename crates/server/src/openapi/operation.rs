//! One route with one method, and how it is described.

use ktel_process::health;
use serde_json::{Map, Value, json};

use super::schemas::reference;

/// The authentication of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Security {
    None,
    /// An `ingest` token.
    Sender,
    /// The same, in the scheme of Splunk's clients.
    Splunk,
    /// A `reader` or `admin` token, unless charts are public.
    Charts,
    /// A `reader` or `admin` token.
    Reader,
    /// An `admin` token.
    Admin,
}

/// One route with one method.
pub(super) struct Operation {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) summary: &'static str,
    pub(super) security: Security,
    pub(super) parameters: Vec<Value>,
    pub(super) body: Option<Value>,
    /// The responses with status 200, by media type.
    pub(super) answers: Vec<(&'static str, Value)>,
    /// Whether it leads to another page.
    pub(super) redirects: bool,
    /// The statuses of errors.
    pub(super) errors: &'static [u16],
    /// The schema of errors.
    pub(super) error_schema: &'static str,
}

/// The errors of every route that uses the store.
pub(super) const STORE: &[u16] = &[503];
pub(super) const HTML: &str = "text/html";
pub(super) const SVG: &str = "image/svg+xml";
pub(super) const JSON: &str = "application/json";
pub(super) const LINES: &str = "application/x-ndjson";
pub(super) const CSV: &str = "text/csv";
pub(super) const TEXT: &str = "text/plain";
pub(super) const OPENMETRICS: &str = "application/openmetrics-text";
pub(super) const PROTOBUF: &str = "application/x-protobuf";

impl Operation {
    pub(super) fn described(&self) -> Value {
        let Self {
            summary,
            security,
            parameters,
            body,
            answers,
            redirects,
            errors,
            error_schema,
            ..
        } = self;
        let content: Map<String, Value> = answers
            .iter()
            .map(|(media, schema)| ((*media).into(), json!({"schema": schema})))
            .collect();
        let mut responses = Map::new();
        if !content.is_empty() {
            responses.insert("200".to_owned(), json!({"description": "Done", "content": content}));
        }
        if *redirects {
            responses.insert("303".to_owned(), json!({"description": reason(303)}));
        }
        for number in *errors {
            let schema = json!({"$ref": format!("#/components/schemas/{error_schema}")});
            let error =
                json!({"description": reason(*number), "content": {JSON: {"schema": schema}}});
            responses.insert(number.to_string(), error);
        }
        let is_unguarded = self.path == health::HEALTHZ;
        if !errors.contains(&429) && !is_unguarded {
            // Requests without an ingest token share the rate limit of their subnet.
            let schema = reference("Rejection");
            let error = json!({"description": reason(429), "content": {JSON: {"schema": schema}}});
            responses.insert("429".to_owned(), error);
        }
        let mut described =
            json!({"summary": summary, "operationId": self.id(), "responses": responses});
        if !parameters.is_empty() {
            described["parameters"] = json!(parameters);
        }
        if let Some(body) = body {
            described["requestBody"] = json!({"required": true, "content": body});
        }
        described["security"] = match security {
            Security::None => json!([]),
            Security::Sender => json!([{"sender": []}]),
            Security::Splunk => json!([{"splunk": []}]),
            Security::Charts => json!([{"reader": []}, {"browser": []}, {}]),
            Security::Reader => json!([{"reader": []}, {"browser": []}]),
            Security::Admin => json!([{"admin": []}, {"browser": []}]),
        };
        described
    }

    fn id(&self) -> String {
        let path: Vec<&str> =
            self.path.split(['/', '{', '}', '.']).filter(|part| !part.is_empty()).collect();
        [&[self.method], &path[..]].concat().join("_")
    }
}

/// The operation of an HTML page, the base of all GET operations.
pub(super) fn page(path: &'static str, summary: &'static str, security: Security) -> Operation {
    Operation {
        method: "get",
        path,
        summary,
        security,
        parameters: Vec::new(),
        body: None,
        answers: vec![(HTML, json!({"type": "string"}))],
        redirects: false,
        errors: &[],
        error_schema: "Rejection",
    }
}

fn reason(number: u16) -> &'static str {
    http::StatusCode::from_u16(number).ok().and_then(|it| it.canonical_reason()).unwrap_or("Error")
}
