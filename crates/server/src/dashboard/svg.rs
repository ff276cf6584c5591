//! Draws bars and lines; every number in them stands in a table beside them too.

use jiff::civil::Date;
use maud::{Markup, html};

use super::Groups;
use crate::limits::CHART_BARS_MAX;

/// The width of a drawing, in its own units.
const WIDTH: i64 = 420;
const ROW: i64 = 26;
const LABEL: i64 = 150;
const NUMBER: i64 = 60;
/// What of a long word fits beside its bar.
const LETTERS: usize = 20;
const LINE_HEIGHT: i64 = 90;

/// Draws the groups as bars. `named` is the id of the element that says what it is.
pub(super) fn bars(groups: &Groups, named: &str) -> Markup {
    let words = groups.words.iter().take(CHART_BARS_MAX);
    let mut rows: Vec<(&str, i64, bool)> =
        words.map(|(word, number)| (word.as_str(), *number, false)).collect();
    rows.extend(groups.other.map(|number| ("other", number, true)));
    let most = rows.iter().map(|(_, number, _)| *number).max().unwrap_or(0).max(1);
    let height = ROW * i64::try_from(rows.len()).unwrap_or(0);
    html! {
        svg viewBox={ "0 0 " (WIDTH) " " (height) } role="img" aria-labelledby=(named) {
            @for (index, (word, number, is_other)) in (0..).zip(rows) {
                @let (top, long) = (index * ROW, (WIDTH - LABEL - NUMBER) * number / most);
                text x=(LABEL - 8) y=(top + 17) text-anchor="end" { (short(word)) }
                rect class=(if is_other { "other" } else { "bar" })
                    x=(LABEL) y=(top + 4) width=(long.max(2)) height=(ROW - 8) rx="2" {
                    title { (word) ": " (number) }
                }
                text class="number" x=(LABEL + long.max(2) + 6) y=(top + 17) { (number) }
            }
        }
    }
}

/// Draws weeks as points; those without a number are left open.
pub(super) fn line(weeks: &[(Date, Option<i64>)], named: &str) -> Markup {
    let most = weeks.iter().filter_map(|(_, number)| *number).max().unwrap_or(0).max(1);
    let last = i64::try_from(weeks.len()).unwrap_or(1).saturating_sub(1).max(1);
    let place = |index: i64, number: i64| {
        let across = 20 + (WIDTH - 40) * index / last;
        (across, LINE_HEIGHT - 12 - (LINE_HEIGHT - 30) * number / most)
    };
    let points: Vec<(i64, i64, Date, i64)> = (0..)
        .zip(weeks)
        .filter_map(|(index, (week, number))| {
            let (x, y) = place(index, (*number)?);
            Some((x, y, *week, (*number)?))
        })
        .collect();
    let path: Vec<String> = points.iter().map(|(x, y, ..)| format!("{x},{y}")).collect();
    html! {
        svg viewBox={ "0 0 " (WIDTH) " " (LINE_HEIGHT) } role="img" aria-labelledby=(named) {
            line class="axis" x1="20" x2=(WIDTH - 20) y1=(LINE_HEIGHT - 12) y2=(LINE_HEIGHT - 12) {}
            @if !points.is_empty() {
                text class="scale" x="2" y="12" { (most) }
            }
            polyline class="line" points=(path.join(" ")) {}
            @for (x, y, week, number) in points {
                circle class="bar" cx=(x) cy=(y) r="4" { title { (week) ": " (number) } }
            }
        }
    }
}

fn short(word: &str) -> String {
    if word.chars().count() <= LETTERS {
        return word.to_owned();
    }
    word.chars().take(LETTERS - 1).chain(['…']).collect()
}
