//! The dictionary page: every collected field, its reason and its retention.

use ktel_model::Schema;
use ktel_model::standard::schema::{Expiry, Field};
use maud::{Markup, html};

use super::frame::{Visitor, frame};
use crate::catalog::Catalog;

/// Writes the page.
#[must_use]
pub fn render(catalog: &Catalog, min_group_size: i64) -> Markup {
    let main = html! {
        h1 { "Dictionary" }
        p {
            "This receiver stores only the fields on this page. Addresses of senders are neither stored nor logged. "
            "Readers who are not administrators see only groups of at least " (min_group_size) " senders, in the coarse form, and numbers rounded down to multiples of " (min_group_size) "."
        }
        nav aria-label="Schemas" {
            ul { @for entry in catalog.entries() {
                li { a href={ "#" (entry.schema.id()) ":" } { (entry.schema.title) } }
            } }
        }
        @for entry in catalog.entries() { (schema(&entry.schema)) }
    };
    frame("Dictionary", Visitor::Anybody, &main)
}

fn schema(schema: &Schema) -> Markup {
    let id = schema.id();
    html! {
        section aria-labelledby={ (id) ":" } {
            h2 id={ (id) ":" } { (schema.title) }
            p.question { (schema.purpose.question) }
            p { "Value to you: " (schema.purpose.value_to_you) }
            dl {
                dt { "Owner" } dd { (schema.owner) }
                dt { "Used for" } dd { (schema.purpose.used_for.join(", ")) }
                dt { "Retention" } dd { (schema.retention.raw) " raw, " (schema.retention.aggregate) " in aggregates" }
                dt { "Decisions" } dd {
                    @if schema.purpose.decisions.is_empty() { "none yet" } @else {
                        ul { @for decision in &schema.purpose.decisions {
                            li { (decision.date) ": " (decision.what) }
                        } }
                    }
                }
            }
            div.wide tabindex="0" role="group" aria-label={ "Fields of " (schema.title) } { table {
                thead { tr { th scope="col" { "Field" } th scope="col" { "Why" } th scope="col" { "Example" } th scope="col" { "Expires" } } }
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
                Expiry::Never(why) => { "never: " (why) },
            } }
        }
    }
}
