//! The dashboard page: HTML that works without JavaScript, with a table for every chart.

use jiff::civil::Date;
use ktel_model::Schema;
use maud::{DOCTYPE, Markup, html};

use super::{Chart, PairChart, Part, Unit, View, grid, sankey, svg};
use crate::anonymity::Population;
use crate::pair::{Shape, pairs};

/// The stylesheet, served beside the page.
pub const STYLE: &str = include_str!("style.css");
/// Applies a changed filter at once. Without JavaScript, the form has a button.
pub const SCRIPT: &str = include_str!("script.js");
/// The periods that can be chosen, in weeks.
pub const PERIODS: [u32; 3] = [4, 13, 52];

/// The counters of the receiver since it was started.
#[derive(Debug, Clone, Copy, Default)]
pub struct Health {
    /// Items that were stored.
    pub stored: u64,
    /// Items that were stored before.
    pub repeated: u64,
    /// Items and parts of items that were rejected.
    pub rejected: u64,
    /// Values that were omitted, since no schema declares them.
    pub omitted: u64,
}

/// The content of the page.
#[derive(Debug)]
pub struct Page<'a> {
    /// The filters.
    pub view: &'a View,
    /// The products to choose from.
    pub products: &'a [String],
    /// The versions to choose from, if numbers are divided by version.
    pub versions: Option<&'a [String]>,
    /// The charts.
    pub parts: &'a [Part<'a>],
    /// The counters.
    pub health: Option<Health>,
    /// The day.
    pub today: Date,
    /// Whether groups of any size are shown.
    pub sees_all: bool,
}

/// The charts of what anybody can send.
const UNAUTHENTICATED: &str = "/?population=unauthenticated";

/// Wraps the content of a page in header and navigation.
pub(super) fn frame(title: &str, main: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · ktel" }
                link rel="stylesheet" href="/dashboard.css";
                link rel="icon" href="data:,";
            }
            body {
                a.skip href="#main" { "Skip to the charts" }
                header {
                    strong { "ktel" }
                    nav aria-label="Pages" {
                        a href="/" { "Charts" }
                        a href=(UNAUTHENTICATED) { "Unauthenticated" }
                        a href="/dictionary" { "Dictionary" }
                        a href="/transparency" { "Data usage" }
                    }
                }
                main id="main" { (main) }
                script src="/dashboard.js" {}
            }
        }
    }
}

impl Page<'_> {
    /// Writes the page.
    #[must_use]
    pub fn render(&self) -> Markup {
        let product = self.view.product.as_deref().unwrap_or("All products");
        let main = html! {
            h1 { (product) @if let Some(version) = &self.view.version { " " (version) } }
            @if self.view.population == Population::Unauthenticated {
                p.note role="note" {
                    strong { "Anybody can add to these numbers. " }
                    "They count what was sent without a secret: lines, documents of Kamaji’s clients, reports with a public token, and events with a product key. "
                    "They are never added to the numbers of " a href="/" { "authenticated senders" } "."
                }
            }
            (self.filters())
            @if self.sees_all {
                p.note role="note" { "You are an administrator: groups of any size are shown." }
            } @else {
                p.note {
                    "Numbers are rounded down to multiples of " (self.view.min_group_size)
                    ", and groups with fewer senders are combined into “other”. "
                    "The numbers of a running week follow in steps of at least as many senders."
                }
            }
            (self.nothing())
            @for part in self.parts { (self.part(part)) }
            @if let Some(health) = self.health { (self.received(health)) }
        };
        frame(product, &main)
    }

    /// What stands in the place of charts if there are none.
    fn nothing(&self) -> Markup {
        html! {
            @if self.parts.is_empty() && self.sees_all {
                p { "No reports were received in this period. Send one:" }
                pre { code { "ktel workflows run --workflow all --report-server URL" } }
            } @else if self.parts.is_empty() {
                p {
                    "Nothing was published in this period. A table is published when at least "
                    (self.view.min_group_size) " senders have reported, not counting those of any one token."
                }
            }
        }
    }

    fn filters(&self) -> Markup {
        let View { population, product, version, weeks, .. } = self.view;
        html! {
            form method="get" action="/" {
                @if *population == Population::Unauthenticated {
                    input type="hidden" name="population" value=(population.as_str());
                }
                label { "Product "
                    select name="product" {
                        option value="" { "all" }
                        @for one in self.products.iter().filter(|one| !one.is_empty()) {
                            option value=(one) selected[product.as_deref() == Some(one)] { (one) }
                        }
                    }
                }
                @if let Some(versions) = self.versions {
                    label { "Version "
                        select name="version" {
                            option value="" { "all" }
                            @for one in versions {
                                option value=(one) selected[version.as_deref() == Some(one)] { (one) }
                            }
                        }
                    }
                }
                label { "Period "
                    select name="weeks" {
                        @for one in PERIODS {
                            option value=(one) selected[*weeks == one] { (one) " weeks" }
                        }
                    }
                }
                button type="submit" { "Show" }
            }
        }
    }

    fn part(&self, part: &Part<'_>) -> Markup {
        let id = part.schema.id();
        let total = format!("{id}:weeks");
        let unit = part.unit.as_str();
        html! {
            section aria-labelledby=(id) {
                h2 id=(id) { (part.schema.title) }
                p.question { (part.schema.purpose.question) }
                @if let Unit::Installations(week) = part.unit {
                    p.note { "Installations that reported in the week of " (week) "." }
                }
                div.charts {
                    figure {
                        figcaption id=(total) { (capital(unit)) " by week" }
                        (svg::line(&part.weeks, &total))
                        details {
                            summary { "Table" }
                            table {
                                thead { tr { th scope="col" { "Week" } th scope="col" { (unit) } } }
                                tbody {
                                    @for (week, number) in &part.weeks {
                                        tr {
                                            th scope="row" { (week) }
                                            td { @match number {
                                                Some(number) => (number),
                                                None => abbr title="nothing is published" { "–" },
                                            } }
                                        }
                                    }
                                }
                            }
                        }
                        (self.links(part, ""))
                    }
                    @for chart in &part.charts { (self.chart(part, chart)) }
                    @for pair in &part.pairs { (self.pair(part, pair)) }
                }
            }
        }
    }

    fn chart(&self, part: &Part<'_>, chart: &Chart<'_>) -> Markup {
        let named = format!("{}:{}", part.schema.id(), chart.path);
        let Chart { path, field, groups } = chart;
        html! {
            figure {
                figcaption id=(named) { (words(path)) }
                (svg::bars(groups, &named))
                details {
                    summary { "Table" }
                    table {
                        thead { tr { th scope="col" { (words(path)) } th scope="col" { (part.unit.as_str()) } } }
                        tbody {
                            @for (word, number) in &groups.words {
                                tr { th scope="row" { (word) } td { (number) } }
                            }
                            @if let Some(other) = groups.other {
                                tr { th scope="row" { "other" } td { (other) } }
                            }
                        }
                    }
                }
                p.why { (field.why) }
                (self.links(part, path))
            }
        }
    }

    fn pair(&self, part: &Part<'_>, chart: &PairChart<'_>) -> Markup {
        let pair = &chart.pair;
        let named = format!("{}:{}", part.schema.id(), pair.name);
        let (title, first, second) = match pair.shape {
            Shape::Flow => (pair.name.clone(), "From".to_owned(), "To".to_owned()),
            Shape::Grid => {
                let title = format!("{} against {}", pair.second, pair.first);
                (title, words(&pair.first), words(&pair.second))
            }
        };
        html! {
            figure {
                figcaption id=(named) { (words(&title)) }
                @match pair.shape {
                    Shape::Flow => (sankey::draw(chart.rows(), &named)),
                    Shape::Grid => (grid::draw(chart.rows(), (&first, &second), &named)),
                }
                details {
                    summary { "Table" }
                    table {
                        thead { tr { th scope="col" { (first) } th scope="col" { (second) } th scope="col" { (part.unit.as_str()) } } }
                        tbody {
                            @for (first, second, number) in chart.rows() {
                                tr { th scope="row" { (first) } td { (second) } td { (number) } }
                            }
                        }
                    }
                }
                p.why { (pair.field.why) }
                (self.links(part, &pair.name))
            }
        }
    }

    /// The links of a chart: its numbers, and the reason why the field is collected.
    fn links(&self, part: &Part<'_>, path: &str) -> Markup {
        let View { population, product, version, weeks, .. } = self.view;
        let population = (*population != Population::default()).then(|| population.as_str());
        let query = |format: &str| {
            let pairs = [
                ("schema", Some(part.schema.id())),
                ("field", Some(path.to_owned())),
                ("population", population.map(str::to_owned)),
                ("product", product.clone()),
                ("version", version.clone()),
                ("weeks", Some(weeks.to_string())),
                ("format", Some(format.to_owned())),
            ];
            let pairs = pairs.into_iter().filter_map(|(name, value)| Some((name, value?)));
            let pairs: Vec<String> =
                pairs.map(|(name, value)| format!("{name}={}", escape(&value))).collect();
            format!("/v1/counts?{}", pairs.join("&"))
        };
        let entry = entry(part.schema, path);
        let what = if path.is_empty() { part.unit.as_str() } else { path };
        html! {
            p.links {
                a href=(query("json")) aria-label={ (what) " as JSON" } { "JSON" } " "
                a href=(query("csv")) aria-label={ (what) " as CSV" } { "CSV" } " "
                a href=(entry) aria-label={ "why " (what) " is collected" } { "why" }
            }
        }
    }

    fn received(&self, health: Health) -> Markup {
        let Health { stored, repeated, rejected, omitted } = health;
        let rows = [
            ("stored", stored),
            ("repeated (already stored)", repeated),
            ("rejected", rejected),
            ("omitted values (not declared by a schema)", omitted),
        ];
        html! {
            section aria-labelledby="health" {
                h2 id="health" { "This receiver" }
                table {
                    caption { "Since the start of the process; " (self.today) }
                    tbody {
                        @for (what, number) in rows {
                            tr { th scope="row" { (what) } td { (number) } }
                        }
                    }
                }
                p.links { a href="/metrics" aria-label="Prometheus metrics" { "metrics" } }
            }
        }
    }
}

/// Gives the entry of the dictionary for a field; for a pair, that of its second field.
pub(crate) fn entry(schema: &Schema, path: &str) -> String {
    let pair = pairs(schema).find(|pair| pair.name == path);
    let path = pair.map_or_else(|| path.to_owned(), |pair| pair.second);
    format!("/dictionary#{}:{path}", schema.id())
}

/// Names a field as people would; the arrow is that of a pair.
fn words(path: &str) -> String {
    path.replace('_', " ").replace('.', ": ").replace('→', " → ")
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Writes a value so that it can stand in a query.
fn escape(value: &str) -> String {
    value
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
