//! The transparency page: retention, who read the data and why, and the decisions that followed.

use jiff::tz::TimeZone;
use ktel_model::standard::schema::Decision;
use maud::{Markup, html};

use super::frame::{Visitor, frame};
use crate::audit::{AuditSummary, moment};
use crate::catalog::Catalog;
use crate::limits::AUDIT_KEEP_DAYS;

/// Renders the page. It contains no token and no query text.
#[must_use]
pub fn render(catalog: &Catalog, summaries: &[AuditSummary], decisions: &[Decision]) -> Markup {
    let main = html! {
        h1 { "Who uses the data, and for what" }
        p {
            "The " a href="/dictionary" { "dictionary" } " lists every collected field and its reason. "
            "Reports that are older than their retention are rejected."
        }
        (retention(catalog))
        (access(summaries))
        (decisions_list(catalog, decisions))
    };
    frame("Data usage", Visitor::Anybody, &main)
}

fn retention(catalog: &Catalog) -> Markup {
    html! {
        section aria-labelledby="retention" {
            h2 id="retention" { "Retention" }
            div.wide tabindex="0" role="group" aria-label="Retention of each schema" { table {
                thead { tr {
                    th scope="col" { "What" } th scope="col" { "Raw rows" } th scope="col" { "Aggregates" } th scope="col" { "Owner" }
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

fn access(summaries: &[AuditSummary]) -> Markup {
    html! {
        section aria-labelledby="access" {
            h2 id="access" { "Who read the data" }
            p.note {
                "Every query, every access to single rows and every view of groups below the minimum size in the last quarter. "
                "Each is logged before it is answered, and the log is kept for " (AUDIT_KEEP_DAYS) " days."
            }
            @if summaries.is_empty() { p { "Nobody has read the data." } } @else {
                div.wide tabindex="0" role="group" aria-label="Accesses by role" { table {
                    thead { tr {
                        th scope="col" { "Role" } th scope="col" { "What" } th scope="col" { "Purpose" }
                        th scope="col" { "Count" } th scope="col" { "Last" }
                    } }
                    tbody { @for one in summaries {
                        tr {
                            th scope="row" { (one.role) }
                            td { (describe(&one.action)) }
                            td { @if one.purpose.is_empty() { "not given" } @else { (one.purpose) } }
                            td { (one.count) }
                            td { (moment(one.last).to_zoned(TimeZone::UTC).date()) }
                        }
                    } }
                } }
            }
        }
    }
}

/// Describes an action; one of a newer version is shown as it is.
fn describe(action: &str) -> &str {
    match action {
        "query" => "a query over groups",
        "rows" => "single rows",
        "charts" => "charts with groups of any size",
        "audit" => "the audit log",
        other => other,
    }
}

fn decisions_list(catalog: &Catalog, decisions: &[Decision]) -> Markup {
    let declared = catalog.entries().flat_map(|entry| &entry.schema.purpose.decisions);
    let mut all: Vec<&Decision> = decisions.iter().chain(declared).collect();
    all.sort_by_key(|decision| std::cmp::Reverse(decision.date));
    html! {
        section aria-labelledby="decisions" {
            h2 id="decisions" { "Decisions made from the data" }
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

/// Whether a link is a web address, and not for example `javascript:`.
#[must_use]
pub fn is_web(link: &str) -> bool {
    ["https://", "http://"].iter().any(|scheme| link.starts_with(scheme))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use ktel_model::standard::schema::Decision;

    use super::render;
    use crate::audit::AuditSummary;
    use crate::catalog::Catalog;

    #[test]
    fn what_others_wrote_stays_text() {
        let evil = "<script>alert(1)</script>";
        let decision = |link: &str| Decision {
            date: date(2026, 11, 1),
            what: evil.to_owned(),
            link: Some(link.to_owned()),
        };
        let one = AuditSummary {
            role: "reader".to_owned(),
            action: evil.to_owned(),
            purpose: evil.to_owned(),
            count: 3,
            last: 0,
        };
        let decisions = [decision("javascript:alert(1)"), decision("https://example.com/\"><b>")];
        let page = render(&Catalog::built_in(), &[one], &decisions).into_string();
        assert!(!page.contains("<script>alert") && !page.contains("javascript:"), "{page}");
        assert!(page.contains("href=\"https://example.com/&quot;&gt;&lt;b&gt;\""), "{page}");
        assert_eq!(page.matches("&lt;script&gt;").count(), 4, "each is shown");
    }
}
