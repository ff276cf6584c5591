//! The `OpenAPI` 3.1 document of all routes.

use jiff::civil::Date;
use serde_json::{Map, Value, json};

use crate::limits::ROWS_MAX;
use operation::{JSON, LINES, OPENMETRICS, Operation, PROTOBUF, STORE, SVG, Security, TEXT, page};
use schemas::{reference, schemas, security_schemes};

mod operation;
mod pages;
mod schemas;

/// Builds the document. Its examples have the date of `today`, so that they can be sent.
#[must_use]
pub fn document(today: Date) -> Value {
    let mut paths = Map::new();
    for operation in operations(today) {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method] = operation.described();
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "ktel serve",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Receives reports and events, stores what the standard declares, and shows groups of at least \
                            the minimum size. The routes for Kamaji's clients have a listener of their own and are not described here.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {"schemas": schemas(), "securitySchemes": security_schemes()},
    })
}

fn header(name: &str, description: &str) -> Value {
    json!({"name": name, "in": "header", "schema": {"type": "string"}, "description": description})
}

fn operations(today: Date) -> Vec<Operation> {
    let mut all = sending(today);
    all.extend(collector());
    all.extend(pages::reading());
    all.extend(pages::documents());
    all.extend(pages::sessions());
    all.extend(pages::public());
    all.extend(administering());
    all.extend(watching());
    all
}

fn sending(today: Date) -> Vec<Operation> {
    let item = json!({"type": "object"});
    let report = json!({
        "schema": "ktel/report", "schema_version": "1.0.0", "id": "56279633-3131-436b-b8f2-9008a49a2f12",
        "day": today, "product": {"ktel": env!("CARGO_PKG_VERSION")}, "form": "exact",
        "schemas": {"cluster-state": {"schema": "ktel/cluster-state", "version": "1.0.0"}},
        "failures": [], "omitted": {}, "user": [], "data": {"cluster-state": {"pods": 1200}},
    });
    let event = json!({
        "schema_version": 1, "timestamp": format!("{today}T00:00:00Z"), "version": "0.4.2",
        "os": "darwin", "arch": "arm64", "command_path": "plugin",
    });
    let events = json!({
        "schema": "ktel/events", "schema_version": "1.0.0", "id": "0000000000000000000000000000000e",
        "day": today, "product": "ktel", "events": [event],
    });
    let take = |path, summary, example| Operation {
        method: "post",
        path,
        summary,
        security: Security::Sender,
        parameters: vec![
            header("Idempotency-Key", "Identifies the request if its items have no ids"),
            header("Prefer", "`return=representation` asks for signed receipts"),
        ],
        body: Some(json!({
            JSON: {"schema": item, "example": example},
            LINES: {"schema": {"type": "string"}},
        })),
        answers: vec![(JSON, reference("Stored"))],
        redirects: false,
        errors: &[400, 401, 403, 408, 413, 415, 422, 429, 503],
        error_schema: "Rejection",
    };
    vec![
        take("/v1/reports", "Store one report, or one per line", report),
        take("/v1/events", "Store one batch of events, or one per line", events),
        Operation {
            body: Some(json!({
                JSON: {"schema": item, "example": {"resourceLogs": []}},
                PROTOBUF: {"schema": {"type": "string", "format": "binary"}},
            })),
            parameters: Vec::new(),
            answers: vec![(JSON, reference("Logged")), (PROTOBUF, json!({"type": "string"}))],
            errors: &[400, 401, 403, 413, 415, 429, 503],
            error_schema: "Status",
            ..take("/v1/logs", "Store OTLP log records that contain reports or events", Value::Null)
        },
        Operation {
            method: "post",
            path: "/v1/forget",
            summary: "Erase an installation; the request is signed by its key",
            security: Security::None,
            parameters: Vec::new(),
            body: Some(json!({JSON: {"schema": item}})),
            answers: vec![(JSON, reference("Forgotten"))],
            redirects: false,
            errors: &[400, 403, 408, 413, 415, 422, 429, 503],
            error_schema: "Rejection",
        },
    ]
}

fn collector() -> Vec<Operation> {
    let channel = header("X-Splunk-Request-Channel", "A UUID; answers then carry an `ackId`");
    let take = |path, summary, media: &'static str| Operation {
        method: "post",
        path,
        summary,
        security: Security::Splunk,
        parameters: vec![channel.clone()],
        body: Some(
            json!({media: {"schema": {"type": if media == JSON { "object" } else { "string" }}}}),
        ),
        answers: vec![(JSON, reference("Code"))],
        redirects: false,
        errors: &[400, 401, 403, 413, 429, 503],
        error_schema: "Code",
    };
    let events = "Store events as Splunk's HTTP Event Collector does";
    let health = |path| Operation {
        method: "get",
        path,
        summary: "Whether events can be stored",
        security: Security::None,
        parameters: Vec::new(),
        body: None,
        answers: vec![(JSON, reference("Code"))],
        redirects: false,
        errors: &[503],
        error_schema: "Code",
    };
    let acks =
        take("/services/collector/ack", "Which acknowledgement ids of a channel are stored", JSON);
    vec![
        take("/services/collector", events, JSON),
        take("/services/collector/event", events, JSON),
        take("/services/collector/event/1.0", events, JSON),
        take("/services/collector/raw", "Store lines", TEXT),
        take("/services/collector/raw/1.0", "Store lines", TEXT),
        Operation { answers: vec![(JSON, reference("Acknowledged"))], ..acks },
        health("/services/collector/health"),
        health("/services/collector/health/1.0"),
    ]
}

fn administering() -> Vec<Operation> {
    let query = |name: &str, schema: &Value| json!({"name": name, "in": "query", "schema": schema});
    let limit = json!({"type": "integer", "minimum": 1, "maximum": ROWS_MAX});
    let table = json!({"name": "table", "in": "path", "required": true,
        "schema": {"type": "string", "pattern": "^[a-z0-9_]+$"}, "example": "ktel_records"});
    let lines = |path, summary, parameters, errors| Operation {
        parameters,
        answers: vec![(LINES, json!({"type": "string"}))],
        errors,
        ..page(path, summary, Security::Admin)
    };
    vec![
        lines(
            "/v1/rows/{table}",
            "The newest rows of a table",
            vec![table, query("limit", &limit)],
            &[400, 401, 403, 404, 503],
        ),
        lines("/v1/audit", "The audit log", Vec::new(), &[401, 403, 503]),
        Operation {
            answers: vec![(OPENMETRICS, json!({"type": "string"}))],
            ..lines("/metrics", "Metrics in the format of OpenMetrics", Vec::new(), &[401, 403])
        },
    ]
}

fn watching() -> Vec<Operation> {
    let file = |path, summary, media| Operation {
        answers: vec![(media, json!({"type": "string"}))],
        ..page(path, summary, Security::None)
    };
    vec![
        file("/dashboard.css", "The style sheet", "text/css"),
        file("/dashboard.js", "The script of the dashboard", "text/javascript"),
        file("/favicon.svg", "The icon of the pages", SVG),
        file("/healthz", "Liveness", TEXT),
        Operation {
            errors: STORE,
            ..file("/readyz", "Readiness: whether the store is writable", TEXT)
        },
        Operation {
            answers: vec![(JSON, reference("Keys"))],
            ..file("/v1/keys", "The keys that receipts are signed with", JSON)
        },
        Operation {
            answers: vec![(JSON, json!({"type": "object", "required": ["openapi", "paths"]}))],
            ..file("/openapi.json", "This document", JSON)
        },
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use ktel_process::health;

    use super::document;
    use jiff::civil::date;

    /// Every route, parsed from the source of the router: axum does not list them. One comes from
    /// `ktel_process`.
    fn routes() -> BTreeSet<(String, String)> {
        let shared = [("get".to_owned(), health::HEALTHZ.to_owned())];
        let source = include_str!("app.rs").lines().map(str::trim);
        source
            .filter_map(|line| {
                let (path, handler) = line.strip_prefix(".route(\"")?.split_once("\", ")?;
                let (method, _) = handler.split_once('(')?;
                Some((method.to_owned(), path.to_owned()))
            })
            .chain(shared)
            .collect()
    }

    #[test]
    fn every_route_is_described_and_nothing_else() {
        let document = document(date(2026, 11, 21));
        let paths = document["paths"].as_object().unwrap().iter();
        let described: BTreeSet<(String, String)> = paths
            .flat_map(|(path, methods)| {
                let methods = methods.as_object().unwrap().keys();
                methods.map(|method| (method.clone(), path.clone())).collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(described, routes());
        assert!(described.len() > 20, "{described:?}");
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_operation_has_its_own_name() {
        let document = document(date(2026, 11, 21));
        let text = document.to_string();
        for reference in text.split("\"$ref\":\"#").skip(1) {
            let pointer = reference.split('"').next().unwrap();
            assert!(document.pointer(pointer).is_some(), "{pointer}");
        }
        let names: Vec<&str> = text
            .split("\"operationId\":\"")
            .skip(1)
            .filter_map(|it| it.split('"').next())
            .collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
    }
}
