//! The overview at the top of the dashboard.

use maud::{Markup, html};

use super::address::Chosen;
use super::figure;
use super::frame::{capital, words};
use super::over_time::percent;
use super::overview::{Level, Mover, Overview, Share};
use super::parts::Part;
use super::view::View;

/// The chart of the total; sections do not repeat it.
const TOTAL: &str = "overview:weeks";

pub(super) fn render(overview: &Overview, view: &View, parts: &[Part<'_>]) -> Markup {
    let Overview { schema, unit, active, newest, past_end_of_life, movers, reports } = overview;
    let main = parts.iter().find(|part| part.schema.id() == *schema);
    html! {
        section.overview aria-labelledby="overview" {
            h2 id="overview" { "Overview" }
            dl.cards {
                div { dt { (capital(active_title(unit))) } dd { strong { (active.number) } (change(active)) } }
                @if let Some(newest) = newest {
                    div {
                        dt { "Newest version" }
                        dd { strong { (percent(newest.tenths())) }
                            span { "on " a href=(chart(view, &newest.schema, &newest.path)) { (newest.what) } ": " (of_whole(newest)) } }
                    }
                }
                @if let Some(share) = past_end_of_life {
                    div {
                        dt { "Past end of life" }
                        dd { strong { (percent(share.tenths())) }
                            span { "by " a href=(chart(view, &share.schema, &share.path)) { (words(&share.what)) } ": " (of_whole(share)) } }
                    }
                }
                div { dt { (received(unit)) } dd { strong { (reports) } span { "in " (view.period.described()) } } }
                div {
                    dt { "As of" }
                    dd { strong { (active.week) }
                        span { @if active.is_running { "a week that is not over yet" } @else { "the newest week that is over and known" } } }
                }
            }
            div.charts {
                @if let Some(main) = main { (figure::total(view, main, TOTAL)) }
                @if !movers.is_empty() {
                    figure.movers {
                        figcaption { "What changed most" }
                        div.wide tabindex="0" role="group" aria-label="What changed most" { table {
                            thead { tr { th scope="col" { "Value" } th scope="col" { "Before" } th scope="col" { "Now" } th scope="col" { "Change" } } }
                            tbody { @for mover in movers { (row(view, mover)) } }
                        } }
                        p.why { "Shares in the first and the newest week of the period; one value of each chart." }
                    }
                }
            }
        }
    }
}

fn active_title(unit: &str) -> &'static str {
    match unit {
        "installations" => "active installations",
        "reports" => "reports in a week",
        _ => "commands in a week",
    }
}

fn received(unit: &str) -> &'static str {
    match unit {
        "installations" => "Weekly reports received",
        "reports" => "Reports received",
        _ => "Commands received",
    }
}

fn change(level: &Level) -> Markup {
    html! {
        span {
            @match (level.change(), level.before) {
                (Some(change), Some((week, number))) => {
                    (signed(change)) ": " (number) " in the week of " (week)
                },
                _ => "no earlier week to compare with",
            }
        }
    }
}

/// Writes a change in tenths of a percent, with its sign.
fn signed(tenths: i64) -> String {
    let sign = if tenths < 0 { "−" } else { "+" };
    format!("{sign}{}", percent(tenths.abs()))
}

fn of_whole(share: &Share) -> String {
    format!("{} of {}", share.number, share.whole)
}

fn row(view: &View, mover: &Mover) -> Markup {
    let points = mover.to - mover.from;
    html! {
        tr {
            th scope="row" {
                a href=(chart(view, &mover.schema, &mover.path)) { (words(&mover.path)) } " " (mover.word)
            }
            td { (percent(mover.from)) }
            td { (percent(mover.to)) }
            td { (signed(points).replace(" %", "")) " points" }
        }
    }
}

fn chart(view: &View, schema: &str, path: &str) -> String {
    view.chart("/chart", &Chosen::of(schema.to_owned(), path), None)
}
