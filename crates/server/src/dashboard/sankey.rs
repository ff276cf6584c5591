//! Draws where something came from and where it went, as bands from left to right.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::order::{Place, place};
use super::parts::Row;
use super::unit::OTHER;
use crate::limits::CHART_BANDS_MAX;

/// The width of a drawing, in its own units.
const WIDTH: i64 = 420;
/// Where the bars of the two sides stand.
const LEFT: i64 = 90;
const RIGHT: i64 = WIDTH - 98;
const BAR: i64 = 8;
const GAP: i64 = 10;
/// How high all bars of a side are together.
const HEIGHT: i64 = 180;
/// One side of the drawing: where the bar of each word begins, and how high it is.
struct Side<'f> {
    bars: BTreeMap<Place<'f>, (i64, i64)>,
    bottom: i64,
}

impl<'f> Side<'f> {
    fn of(words: impl Iterator<Item = (&'f str, i64)>) -> Self {
        let mut bars = BTreeMap::<Place<'_>, (i64, i64)>::new();
        for (word, high) in words {
            bars.entry(place(word)).or_default().1 += high;
        }
        let mut top = 0;
        for (begin, high) in bars.values_mut() {
            *begin = top;
            top += *high + GAP;
        }
        Self { bars, bottom: top }
    }

    /// Gives the place where the next band of a word begins, and moves it on.
    fn take(&self, taken: &mut BTreeMap<&'f str, i64>, word: &'f str, high: i64) -> i64 {
        let begin = self.bars.get(&place(word)).map_or(0, |(begin, _)| *begin);
        let before = taken.entry(word).or_default();
        *before += high;
        begin + *before - high
    }
}

/// Draws the bands. `named` is the id of the element that says what they are.
pub(super) fn draw(mut bands: Vec<Row<'_>>, named: &str) -> Markup {
    bands.truncate(CHART_BANDS_MAX);
    let all = bands.iter().map(|(.., number)| *number).sum::<i64>().max(1);
    let high = |number: i64| (HEIGHT * number / all).max(1);
    bands.sort_by(|one, other| (place(one.0), place(one.1)).cmp(&(place(other.0), place(other.1))));
    let before = Side::of(bands.iter().map(|(old, _, number)| (*old, high(*number))));
    let after = Side::of(bands.iter().map(|(_, new, number)| (*new, high(*number))));
    let (mut from, mut to) = (BTreeMap::new(), BTreeMap::new());
    html! {
        svg viewBox={ "0 0 " (WIDTH) " " (before.bottom.max(after.bottom) + GAP) } role="img" aria-labelledby=(named) {
            @for (old, new, number) in &bands {
                @let (thick, middle) = (high(*number), i64::midpoint(LEFT + BAR, RIGHT));
                @let (y1, y2) = (before.take(&mut from, old, thick), after.take(&mut to, new, thick));
                path class=(if *old == OTHER { "band other" } else { "band" }) d={
                    "M" (LEFT + BAR) "," (y1) " C" (middle) "," (y1) " " (middle) "," (y2) " " (RIGHT) "," (y2)
                    " V" (y2 + thick)
                    " C" (middle) "," (y2 + thick) " " (middle) "," (y1 + thick) " " (LEFT + BAR) "," (y1 + thick) " Z"
                } { title { (old) " → " (new) ": " (number) } }
            }
            (bars(&before, LEFT, LEFT - 6, "end"))
            (bars(&after, RIGHT, RIGHT + BAR + 6, "start"))
        }
    }
}

fn bars(side: &Side<'_>, x: i64, text_x: i64, anchor: &str) -> Markup {
    html! {
        @for ((is_other, .., word), (begin, high)) in &side.bars {
            rect class=(if *is_other { "other" } else { "bar" }) x=(x) y=(begin) width=(BAR) height=(high) {}
            text x=(text_x) y=(begin + high / 2 + 5) text-anchor=(anchor) { (word) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::draw;

    #[test]
    fn a_band_leads_from_each_word_to_the_next() {
        let bands = vec![
            ("v1.9", "v1.10", 30),
            ("v1.10", "v1.11", 20),
            ("v1.9", "v1.11", 10),
            ("other", "other", 12),
        ];
        let drawing = draw(bands, "it").into_string();
        assert_eq!(drawing.matches("<path").count(), 4, "{drawing}");
        // Nine stands before ten, and what is small stands last.
        let at = |text: &str| drawing.find(text).unwrap();
        assert!(at("text-anchor=\"end\">v1.9<") < at("text-anchor=\"end\">v1.10<"));
        assert!(at("text-anchor=\"end\">v1.10<") < at("text-anchor=\"end\">other<"));
        assert!(drawing.contains("<title>v1.9 → v1.10: 30</title>"), "{drawing}");
    }
}
