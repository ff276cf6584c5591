//! One chart on a page of many: a drawing, its table, and links to its numbers.

use ktel_model::Schema;
use maud::{Markup, html};

use super::address::{Chosen, Scale};
use super::frame::{capital, words};
use super::over_time::{self, Detail, Drawing};
use super::overview::is_a_single_week;
use super::parts::{Chart, PairChart, Part};
use super::series::Series;
use super::view::View;
use super::{grid, sankey, svg};
use crate::pair::{Shape, pairs};

/// The titles of a chart of two fields: its own, and those of the two.
pub(super) fn titles(pair: &PairChart<'_>) -> [String; 3] {
    let pair = &pair.pair;
    match pair.shape {
        Shape::Flow => [words(&pair.name), "From".to_owned(), "To".to_owned()],
        Shape::Grid => {
            let title = format!("{} against {}", pair.second, pair.first);
            [words(&title), words(&pair.first), words(&pair.second)]
        }
    }
}

/// The chart of the total of a schema.
pub(super) fn total(view: &View, part: &Part<'_>, id: &str) -> Markup {
    let unit = part.unit.as_str();
    let drawing = Drawing {
        series: &part.totals,
        scale: Scale::Absolute,
        most: None,
        detail: Detail::Small,
        named: id,
    };
    html! {
        figure data-words=(unit) {
            figcaption id=(id) { (capital(unit)) " by week" }
            (over_time::draw(&drawing))
            details { summary { "Table" } (by_week(&part.totals, unit)) }
            (links(view, part, ""))
        }
    }
}

/// The chart of a field. `why` is omitted where it stands once for all charts of a section.
pub(super) fn field(view: &View, part: &Part<'_>, chart: &Chart<'_>, why: Option<&str>) -> Markup {
    let named = format!("{}:{}", part.schema.id(), chart.path);
    let Chart { path, groups, series, .. } = chart;
    let drawing = Drawing {
        series: &series.drawable(),
        scale: Scale::Percent,
        most: None,
        detail: Detail::Small,
        named: &named,
    };
    html! {
        figure data-words={ (words(path)) " " (chart.field.why) } {
            figcaption id=(named) { (words(path)) }
            @if is_a_single_week(series) { (svg::bars(groups, &named)) }
            @else { (over_time::draw(&drawing)) }
            details {
                summary { "Table" }
                div.wide tabindex="0" role="group" aria-label=(words(path)) { table {
                    thead { tr { th scope="col" { (words(path)) } th scope="col" { (part.unit.as_str()) } } }
                    tbody {
                        @for (word, number) in &groups.words {
                            tr { th scope="row" { (word) } td { (number) } }
                        }
                        @if let Some(other) = groups.other {
                            tr { th scope="row" { "other" } td { (other) } }
                        }
                    }
                } }
            }
            @if let Some(why) = why { p.why { (why) } }
            (links(view, part, path))
        }
    }
}

/// The chart of a pair of fields.
pub(super) fn pair(view: &View, part: &Part<'_>, chart: &PairChart<'_>) -> Markup {
    let named = format!("{}:{}", part.schema.id(), chart.pair.name);
    let [title, ..] = titles(chart);
    html! {
        figure data-words={ (title) " " (chart.pair.field.why) } {
            figcaption id=(named) { (title) }
            (pair_drawing(chart, &named))
            details { summary { "Table" } (pair_table(part, chart)) }
            p.why { (chart.pair.field.why) }
            (links(view, part, &chart.pair.name))
        }
    }
}

/// Draws a pair of fields.
pub(super) fn pair_drawing(chart: &PairChart<'_>, named: &str) -> Markup {
    let [_, first, second] = titles(chart);
    match chart.pair.shape {
        Shape::Flow => sankey::draw(chart.rows(), named),
        Shape::Grid => grid::draw(chart.rows(), (&first, &second), named),
    }
}

/// The table of a pair of fields.
pub(super) fn pair_table(part: &Part<'_>, chart: &PairChart<'_>) -> Markup {
    let [_, first, second] = titles(chart);
    html! {
        div.wide tabindex="0" role="group" aria-label={ (first) " and " (second) } { table {
            thead { tr { th scope="col" { (first) } th scope="col" { (second) } th scope="col" { (part.unit.as_str()) } } }
            tbody {
                @for (first, second, number) in chart.rows() {
                    tr { th scope="row" { (first) } td { (second) } td { (number) } }
                }
            }
        } }
    }
}

/// A table with a row for each week and a column for each word.
pub(super) fn by_week(series: &Series, unit: &str) -> Markup {
    html! {
        div.wide tabindex="0" role="group" aria-label="Numbers by week" { table {
            thead { tr {
                th scope="col" { "Week" }
                @for line in &series.lines { th scope="col" { (line.word) } }
            } }
            tbody {
                @for (at, week) in series.weeks.iter().enumerate() {
                    tr {
                        th scope="row" { (week) }
                        @if series.lines.is_empty() { td { (nothing(unit)) } }
                        @for line in &series.lines {
                            td { @match line.at(at) {
                                Some(number) => (number),
                                None => (nothing(unit)),
                            } }
                        }
                    }
                }
            }
        } }
    }
}

fn nothing(unit: &str) -> Markup {
    html! { abbr title={ "no " (unit) " are known of this week" } { "–" } }
}

/// The links of a chart: its own page, its numbers, and the reason why the field is collected.
fn links(view: &View, part: &Part<'_>, path: &str) -> Markup {
    let chosen = Chosen::of(part.schema.id(), path);
    let entry = entry(part.schema, path);
    let what = if path.is_empty() { part.unit.as_str() } else { path };
    let numbers = |format| view.chart("/v1/counts", &chosen, Some(format));
    html! {
        p.links {
            a href=(view.chart("/chart", &chosen, None)) aria-label={ "open the chart of " (what) } { "open" } " "
            a href=(numbers("json")) aria-label={ (what) " as JSON" } { "JSON" } " "
            a href=(numbers("csv")) aria-label={ (what) " as CSV" } { "CSV" } " "
            a href=(entry) aria-label={ "why " (what) " is collected" } { "why" }
        }
    }
}

/// Gives the entry of the dictionary for a field; for a pair, that of its second field.
pub(crate) fn entry(schema: &Schema, path: &str) -> String {
    let pair = pairs(schema).find(|pair| pair.name == path);
    let path = pair.map_or_else(|| path.to_owned(), |pair| pair.second);
    format!("/dictionary#{}:{path}", schema.id())
}
