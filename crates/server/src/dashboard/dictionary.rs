//! What is collected, why, for how long, and what has come of it: for those who send it.

use ktel_model::Schema;
use ktel_model::standard::schema::{Expiry, Field};
use maud::{Markup, html};

use super::page::frame;
use crate::catalog::Catalog;

/// Writes the page.
#[must_use]
pub fn render(catalog: &Catalog, min_group_size: i64) -> Markup {
    let main = html! {
        h1 { "What is collected, and why" }
        p {
            "This receiver stores what is written here and nothing else. Addresses of senders are neither stored nor "
            "logged. Whoever is no administrator sees groups of at least " (min_group_size) " only, and the coarse form of every value."
        }
        nav aria-label="Schemas" {
            ul { @for entry in catalog.entries() {
                li { a href={ "#" (entry.schema.id()) ":" } { (entry.schema.title) } }
            } }
        }
        @for entry in catalog.entries() { (schema(&entry.schema)) }
    };
    frame("What is collected", &main)
}

fn schema(schema: &Schema) -> Markup {
    let id = schema.id();
    html! {
        section aria-labelledby={ (id) ":" } {
            h2 id={ (id) ":" } { (schema.title) }
            p.question { (schema.purpose.question) }
            p { "For you: " (schema.purpose.value_to_you) }
            dl {
                dt { "Asked by" } dd { (schema.owner) }
                dt { "Used for" } dd { (schema.purpose.used_for.join(", ")) }
                dt { "Kept" } dd { (schema.retention.raw) " as it came, " (schema.retention.aggregate) " in sums" }
                dt { "Decided because of it" } dd {
                    @if schema.purpose.decisions.is_empty() { "nothing yet" } @else {
                        ul { @for decision in &schema.purpose.decisions {
                            li { (decision.date) ": " (decision.what) }
                        } }
                    }
                }
            }
            div.wide { table {
                thead { tr { th scope="col" { "Field" } th scope="col" { "Why" } th scope="col" { "Example" } th scope="col" { "Until" } } }
                tbody { @for (path, field) in schema.all_fields() { (row(&id, &path, field)) } }
            } }
        }
    }
}

fn row(id: &str, path: &str, field: &Field) -> Markup {
    html! {
        tr id={ (id) ":" (path) } {
            th scope="row" { code { (path) } }
            td { (field.why) @if let Some(other) = &field.against { " Counted with " code { (other) } "." } }
            td { code { (field.example) } }
            td { @match &field.expires {
                Expiry::On(day) => (day),
                Expiry::Never(why) => { "no end: " (why) },
            } }
        }
    }
}
