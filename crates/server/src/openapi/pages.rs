//! The operations of pages and charts.

use serde_json::{Value, json};

use super::operation::{CSV, JSON, LINES, Operation, STORE, SVG, Security, page};
use super::schemas::reference;
use crate::anonymity::Population;
use crate::dashboard::address::Scale;
use crate::limits::{NEXT_BYTES_MAX, PERIOD_WEEKS_MAX};

const FORM: &str = "application/x-www-form-urlencoded";

/// The pages and numbers of charts.
pub(super) fn reading() -> Vec<Operation> {
    let query = |name: &str, schema: &Value| json!({"name": name, "in": "query", "schema": schema});
    let word = json!({"type": "string", "maxLength": 128});
    let example = |name: &str, word: &str| {
        let schema = json!({"type": "string", "maxLength": 128});
        json!({"name": name, "in": "query", "schema": schema, "example": word})
    };
    let view = [
        query("population", &json!({"enum": Population::ALL.map(Population::as_str)})),
        query("product", &word),
        query("version", &word),
        query("weeks", &json!({"type": "integer", "minimum": 1, "maximum": PERIOD_WEEKS_MAX})),
        query("from", &json!({"type": "string", "format": "date"})),
        query("to", &json!({"type": "string", "format": "date"})),
    ];
    let mut all = view.to_vec();
    all.push(query("q", &word));
    let mut counted = view.to_vec();
    counted.push(example("schema", "ktel/cluster-state"));
    counted.push(example("field", "pods"));
    let mut drawn = counted.clone();
    drawn.push(query("scale", &json!({"enum": Scale::ALL.map(Scale::as_str)})));
    let mut compared = drawn.clone();
    compared.push(query("compare", &word));
    compared.push(query("compare_version", &word));
    counted.push(query("format", &json!({"enum": ["json", "csv"]})));
    let numbers = |path, summary, schema| Operation {
        parameters: counted.clone(),
        answers: vec![(JSON, reference(schema)), (CSV, json!({"type": "string"}))],
        errors: &[400, 401, 404, 503],
        ..page(path, summary, Security::Charts)
    };
    let chart = |path, summary, parameters: &[Value]| Operation {
        parameters: parameters.to_vec(),
        errors: &[400, 401, 404, 503],
        ..page(path, summary, Security::Charts)
    };
    vec![
        Operation {
            parameters: all,
            errors: &[400, 401, 404, 503],
            ..page("/", "The dashboard", Security::Charts)
        },
        chart("/chart", "One chart", &compared),
        Operation {
            answers: vec![(SVG, json!({"type": "string"}))],
            ..chart("/chart.svg", "One chart as a picture", &drawn)
        },
        chart("/embed", "One chart for a frame of another page", &drawn),
        numbers("/v1/counts", "The numbers of one chart", "Counts"),
        numbers("/v1/series", "The numbers of one chart by week", "Series"),
    ]
}

/// The pages that need no token, and queries.
pub(super) fn documents() -> Vec<Operation> {
    vec![
        page("/dictionary", "The dictionary: every collected field and its reason", Security::None),
        Operation {
            errors: STORE,
            ..page(
                "/transparency",
                "The transparency page: retention, data usage and decisions",
                Security::None,
            )
        },
        Operation {
            method: "post",
            body: Some(json!({JSON: {
                "schema": reference("Question"),
                "example": {"sql": "SELECT * FROM by_week", "purpose": "planning"},
            }})),
            answers: vec![
                (JSON, reference("Answer")),
                (CSV, json!({"type": "string"})),
                (LINES, json!({"type": "string"})),
            ],
            errors: &[400, 401, 403, 406, 408, 413, 415, 422, 503],
            ..page(
                "/v1/query",
                "Run SQL over published tables; for administrators over all groups",
                Security::Reader,
            )
        },
    ]
}

/// Pages for everybody, where there are some.
pub(super) fn public() -> Vec<Operation> {
    let product = json!({"name": "product", "in": "path", "required": true,
        "schema": {"type": "string", "pattern": "^[a-z0-9_.-]+$"}});
    let of = |path, summary| Operation {
        parameters: vec![product.clone()],
        errors: &[404, 503],
        ..page(path, summary, Security::None)
    };
    vec![
        of("/public/{product}", "The page of a product for everybody, with `--public-page`"),
        Operation {
            answers: vec![(CSV, json!({"type": "string"}))],
            ..of("/public/{product}/values.csv", "The numbers of this page")
        },
    ]
}

/// Sessions of browsers.
pub(super) fn sessions() -> Vec<Operation> {
    // Plain letters of an address: others would be three times as long in a URL.
    let next =
        json!({"type": "string", "maxLength": NEXT_BYTES_MAX, "pattern": "^/[a-z0-9/?&=.-]*$"});
    let form = json!({"type": "object", "required": ["token"],
        "properties": {"token": {"type": "string"}, "next": next}});
    let change = |path, summary| Operation {
        method: "post",
        answers: Vec::new(),
        redirects: true,
        ..page(path, summary, Security::None)
    };
    vec![
        Operation {
            parameters: vec![json!({"name": "next", "in": "query", "schema": next})],
            ..page("/login", "The page to log in with a browser", Security::None)
        },
        Operation {
            body: Some(json!({FORM: {"schema": form}})),
            errors: &[400, 401, 403, 408, 413, 415, 503],
            ..change("/login", "Begin a session of a browser: the token, in a cookie")
        },
        Operation { errors: &[403], ..change("/logout", "End a session of a browser") },
    ]
}
