//! Draws bars; every number in them stands in a table beside them too.

use std::cmp::Reverse;

use maud::{Markup, html};

use super::groups::Groups;
use crate::limits::CHART_BARS_MAX;

/// The width of a drawing, in its own units.
const WIDTH: i64 = 420;
const ROW: i64 = 26;
const LABEL: i64 = 150;
const NUMBER: i64 = 60;
/// What of a long word fits beside its bar.
const LETTERS: usize = 20;

/// Draws the groups as bars. `named` is the id of the element that says what it is.
pub(super) fn bars(groups: &Groups, named: &str) -> Markup {
    let mut frequent: Vec<&(String, i64)> = groups.words.iter().collect();
    frequent.sort_by_key(|(_, number)| Reverse(*number));
    frequent.truncate(CHART_BARS_MAX);
    // Words stay in their order.
    let words = groups.words.iter().filter(|word| frequent.contains(word));
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

fn short(word: &str) -> String {
    if word.chars().count() <= LETTERS {
        return word.to_owned();
    }
    word.chars().take(LETTERS - 1).chain(['…']).collect()
}
