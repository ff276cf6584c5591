//! The page of one product: what it can send, what it sent, and how to turn it off. It loads nothing.

use std::collections::BTreeSet;

use ktel::consent::{Consent, Variables};
use ktel::telemetry::Telemetry as Ambient;
use ktel_model::Schema;
use ktel_model::around::{self, Entry, HEADERS};
use ktel_model::standard::dictionary;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::Value;

use super::super::status;
use super::found::{Checked, Upload};
use crate::count::count;

const STYLE: &str = include_str!("page.css");

/// Writes the page.
pub(super) fn page(ambient: &Ambient<'_>, uploads: &[Upload], receipts: &[Checked]) -> String {
    let product = ambient.product();
    let title = format!("Telemetry of {}", product.name);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 { (title) }
                    (state(ambient))
                    h2 { "What went out" }
                    (sent(uploads))
                    @if !receipts.is_empty() {
                        h2 { "Receipts" }
                        (of_receipts(receipts))
                    }
                    h2 { "What can be sent" }
                    @for schema in product.all_schemas() { (fields(schema)) }
                    h2 { "What stands around it" }
                    h3 { "Around the events of an upload" }
                    (members(&around::batch()))
                    @if !product.schemas.is_empty() {
                        h3 { "Around a report" }
                        (members(&around::envelope()))
                    }
                    h3 { "Headers of a request" }
                    (headers())
                }
            }
        }
    };
    page.into_string()
}

fn state(ambient: &Ambient<'_>) -> Markup {
    let product = ambient.product();
    let consent = ambient.consent();
    let Consent { given, winner, .. } = &consent;
    let off = product.notice.off.clone();
    let off = off.unwrap_or_else(|| format!("ktel telemetry --product {} off", product.name));
    html! {
        dl {
            dt { "Telemetry" } dd { strong { @if *given { "on" } @else { "off" } } }
            dt { "Decided by" } dd { (winner) }
            dt { "Notice" } dd { (status::notice_words(ambient, &consent)) }
            dt { "Server" } dd { (product.server.as_deref().unwrap_or("none, so nothing is sent")) }
            dt { "Turn it off" } dd {
                code { (off) } ", or set " code { (Variables::of(&product.name).no_telemetry()) "=1" }
            }
            @if let Some(url) = &product.notice.url { dt { "More" } dd { (url) } }
        }
    }
}

fn sent(uploads: &[Upload]) -> Markup {
    if uploads.is_empty() {
        return html! { p { "No server has accepted anything yet." } };
    }
    html! {
        @for upload in uploads {
            @let Upload { time, server, batch, rejected, events } = upload;
            details {
                summary { (time) ": " (count(events.len() as u64, "event")) " to " (server) }
                p {
                    "Upload " code { (batch) } "."
                    @if *rejected > 0 { " The server did not keep " (count(*rejected, "event")) "." }
                }
                (events_table(events))
            }
        }
    }
}

/// One column for each field that an event of the upload has.
fn events_table(events: &[Value]) -> Markup {
    let names: BTreeSet<&String> =
        events.iter().filter_map(Value::as_object).flat_map(serde_json::Map::keys).collect();
    let cell = |value: Option<&Value>| match value {
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => String::new(),
    };
    html! {
        div.wide tabindex="0" role="region" aria-label="The events of this upload" {
            table {
                thead { tr { @for name in &names { th scope="col" { (name) } } } }
                tbody {
                    @for event in events {
                        tr { @for name in &names { td { (cell(event.get(name))) } } }
                    }
                }
            }
        }
    }
}

fn of_receipts(receipts: &[Checked]) -> Markup {
    html! {
        @for Checked { file, results } in receipts {
            h3 { (file) }
            @for result in results {
                @match result {
                    Ok(text) => pre { (text) },
                    Err(text) => pre.wrong { "Do not trust this receipt: " (text) },
                }
            }
        }
    }
}

fn fields(schema: &Schema) -> Markup {
    html! {
        h3 { (schema.title) }
        p { (schema.purpose.question) " " (schema.purpose.value_to_you) }
        dl {
            @for (label, line) in dictionary::about(schema) { dt { (label) } dd { (line) } }
        }
        @for (path, field) in schema.all_fields() {
            h4 { code { (path) } }
            p { (field.why) }
            dl {
                @for (label, line) in dictionary::about_field(field) { dt { (label) } dd { (line) } }
            }
        }
    }
}

fn members(entries: &[Entry]) -> Markup {
    html! {
        dl { @for Entry { name, what } in entries { dt { code { (name) } } dd { (what) } } }
    }
}

fn headers() -> Markup {
    html! {
        dl {
            @for header in HEADERS {
                dt { code { (header.name) } } dd { (header.what) " Sent: " (header.when) "." }
            }
        }
    }
}
