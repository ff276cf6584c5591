//! How long everything is kept, who looks at it and what for, and what was decided because of it.

use jiff::tz::TimeZone;
use ktel_model::standard::schema::Decision;
use maud::{Markup, html};

use super::page::frame;
use crate::Catalog;
use crate::audit::{Use, moment};
use crate::limits::AUDIT_KEEP_DAYS;

/// Writes the page. It names no token and repeats no question.
#[must_use]
pub fn render(catalog: &Catalog, uses: &[Use], decisions: &[Decision]) -> Markup {
    let main = html! {
        h1 { "Who looks at it, and what has come of it" }
        p {
            "What is collected, field by field, and why, stands in " a href="/dictionary" { "the dictionary" } ". "
            "What would be deleted by now is not taken any more."
        }
        (retention(catalog))
        (askers(uses))
        (ledger(catalog, decisions))
    };
    frame("Who looks at it", &main)
}

fn retention(catalog: &Catalog) -> Markup {
    html! {
        section aria-labelledby="retention" {
            h2 id="retention" { "How long it is kept" }
            div.wide { table {
                thead { tr {
                    th scope="col" { "What" } th scope="col" { "As it came" } th scope="col" { "In sums" } th scope="col" { "Asked by" }
                } }
                tbody { @for entry in catalog.entries() {
                    @let schema = &entry.schema;
                    tr {
                        th scope="row" { a href={ "/dictionary#" (schema.id()) ":" } { (schema.title) } }
                        td { (schema.retention.raw) } td { (schema.retention.aggregate) } td { (schema.owner) }
                    }
                } }
            } }
        }
    }
}

fn askers(uses: &[Use]) -> Markup {
    html! {
        section aria-labelledby="askers" {
            h2 id="askers" { "Who asks what of the data" }
            p.note {
                "Every question, every look at single rows and every look at small groups in the last quarter of a year; "
                "each is written down before it is answered, and for " (AUDIT_KEEP_DAYS) " days."
            }
            @if uses.is_empty() { p { "Nobody has asked." } } @else {
                div.wide { table {
                    thead { tr {
                        th scope="col" { "Role" } th scope="col" { "What" } th scope="col" { "What for" }
                        th scope="col" { "How often" } th scope="col" { "Last" }
                    } }
                    tbody { @for one in uses {
                        tr {
                            th scope="row" { (one.role) }
                            td { (what(&one.kind)) }
                            td { @if one.purpose.is_empty() { "not said" } @else { (one.purpose) } }
                            td { (one.times) }
                            td { (moment(one.last).to_zoned(TimeZone::UTC).date()) }
                        }
                    } }
                } }
            }
        }
    }
}

/// Gives words for a kind of look; one of a newer version stands as it is.
fn what(kind: &str) -> &str {
    match kind {
        "query" => "a question to groups",
        "rows" => "single rows",
        "charts" => "charts of groups of any size",
        "audit" => "who looked",
        other => other,
    }
}

fn ledger(catalog: &Catalog, decisions: &[Decision]) -> Markup {
    let declared = catalog.entries().flat_map(|entry| &entry.schema.purpose.decisions);
    let mut all: Vec<&Decision> = decisions.iter().chain(declared).collect();
    all.sort_by_key(|decision| std::cmp::Reverse(decision.date));
    html! {
        section aria-labelledby="decisions" {
            h2 id="decisions" { "Decided because of it" }
            @if all.is_empty() { p { "Nothing yet." } } @else {
                ul { @for Decision { date, what, link } in all {
                    li {
                        (date) ": " (what)
                        @if let Some(link) = link.as_deref().filter(|link| is_web(link)) {
                            " " a href=(link) rel="noreferrer" { "more" }
                        }
                    }
                } }
            }
        }
    }
}

/// Tells whether a link leads to a page, and runs nothing.
#[must_use]
pub fn is_web(link: &str) -> bool {
    ["https://", "http://"].iter().any(|scheme| link.starts_with(scheme))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use ktel_model::standard::schema::Decision;

    use super::render;
    use crate::Catalog;
    use crate::audit::Use;

    #[test]
    fn what_others_wrote_stays_text() {
        let evil = "<script>alert(1)</script>";
        let decision = |link: &str| Decision {
            date: date(2026, 11, 1),
            what: evil.to_owned(),
            link: Some(link.to_owned()),
        };
        let one = Use {
            role: "reader".to_owned(),
            kind: evil.to_owned(),
            purpose: evil.to_owned(),
            times: 3,
            last: 0,
        };
        let decisions = [decision("javascript:alert(1)"), decision("https://example.com/\"><b>")];
        let page = render(&Catalog::built_in(), &[one], &decisions).into_string();
        assert!(!page.contains("<script>alert") && !page.contains("javascript:"), "{page}");
        assert!(page.contains("href=\"https://example.com/&quot;&gt;&lt;b&gt;\""), "{page}");
        assert_eq!(page.matches("&lt;script&gt;").count(), 4, "each is shown");
    }
}
