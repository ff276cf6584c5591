//! Draws the numbers of a field week by week: stacked columns, or lines for words that overlap.
//!
//! Every number can be read without a script: by pointing at it, by the keyboard in a large drawing, and in
//! the table beside the drawing.

use jiff::civil::Date;
use maud::{Markup, html};

use super::address::Scale;
use super::series::{Line, Series, Stacking, per_mille};
use super::unit::OTHER;

const HEIGHT: i64 = 198;
const LEFT: i64 = 50;
const RIGHT: i64 = 286;
const TOP: i64 = 10;
const BOTTOM: i64 = 172;
/// Where the words stand.
const LEGEND: i64 = 294;
const LEGEND_ROW: i64 = 18;
/// How many dates fit below the drawing.
const DATES: usize = 5;
/// The colours of the style sheet, for words with and without an order.
const COLOURS: usize = 8;

/// Whether the weeks of a drawing can be reached by keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// One of many on a page.
    Small,
    /// The only one on a page: each week can be reached, and shows its numbers.
    Full,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Drawing<'d> {
    pub(super) series: &'d Series,
    pub(super) scale: Scale,
    /// The highest number of the axis, if it is that of another drawing too.
    pub(super) most: Option<i64>,
    pub(super) detail: Detail,
    /// The id of the element that says what it is.
    pub(super) named: &'d str,
}

/// Draws a series.
pub(super) fn draw(drawing: &Drawing<'_>) -> Markup {
    let series = drawing.series;
    let role = match drawing.detail {
        Detail::Small => "img",
        // What is in an image cannot be reached.
        Detail::Full => "group",
    };
    let shown = series.newest();
    html! {
        svg.weeks viewBox={ "0 0 " (drawing.detail.width()) " " (HEIGHT) } role=(role) aria-labelledby=(drawing.named) {
            (drawing.axes())
            @if let Some(shown) = shown { (drawing.legend(shown)) }
            @match series.stacking {
                Stacking::Stacked => @for at in series.known_weeks() { (drawing.column(at)) },
                Stacking::Overlapping => {
                    @for (index, line) in series.lines.iter().enumerate() { (drawing.line(index, line)) }
                    @if drawing.detail == Detail::Full {
                        @for at in series.known_weeks() { (drawing.week(at, &html! {})) }
                    }
                },
            }
        }
    }
}

/// Says how many of what, and what share that is.
pub(super) fn amount(number: i64, share: i64) -> String {
    format!("{number} ({})", percent(share))
}

/// Writes tenths of a percent.
pub(super) fn percent(tenths: i64) -> String {
    if tenths % 10 == 0 || tenths >= 100 {
        format!("{} %", (tenths + 5) / 10)
    } else {
        format!("{}.{} %", tenths / 10, tenths % 10)
    }
}

impl Detail {
    /// The width of a drawing, in its own units.
    fn width(self) -> i64 {
        match self {
            Self::Small => 420,
            Self::Full => 500,
        }
    }

    /// How many letters of a word fit beside its number.
    fn letters(self) -> usize {
        match self {
            Self::Small => 10,
            Self::Full => 18,
        }
    }
}

impl Drawing<'_> {
    /// The highest number of the axis.
    fn most(&self) -> i64 {
        match self.scale {
            Scale::Percent => 1000,
            Scale::Absolute => round_up(self.most.unwrap_or_else(|| self.series.most()).max(1)),
        }
    }

    /// The value of a number on the axis.
    fn value(&self, at: usize, number: i64) -> i64 {
        match self.scale {
            Scale::Percent => self.series.share(at, number),
            Scale::Absolute => number,
        }
    }

    /// Tenths of units above the bottom.
    fn high(&self, value: i64) -> i64 {
        value.saturating_mul((BOTTOM - TOP) * 10) / self.most()
    }

    /// Where the column of a week begins, in tenths.
    fn across(&self, at: usize) -> i64 {
        let at = i64::try_from(at).unwrap_or(0);
        LEFT * 10 + self.wide() * at
    }

    fn wide(&self) -> i64 {
        let weeks = i64::try_from(self.series.weeks.len()).unwrap_or(1).max(1);
        (RIGHT - LEFT) * 10 / weeks
    }

    fn axes(&self) -> Markup {
        let label = |value: i64| match self.scale {
            Scale::Percent => format!("{} %", value / 10),
            Scale::Absolute => short_number(value),
        };
        let most = self.most();
        let weeks = &self.series.weeks;
        let every = weeks.len().div_ceil(DATES).max(1);
        html! {
            @for value in [0, most / 2, most] {
                @let y = BOTTOM * 10 - self.high(value);
                line class="axis" x1=(LEFT) x2=(RIGHT) y1=(tenths(y)) y2=(tenths(y)) {}
                text class="scale" x=(LEFT - 5) y=(tenths(y + 45)) text-anchor="end" { (label(value)) }
            }
            @for (at, week) in weeks.iter().enumerate().step_by(every) {
                @let x = self.across(at) + self.wide() / 2;
                line class="axis" x1=(tenths(x)) x2=(tenths(x)) y1=(BOTTOM) y2=(BOTTOM + 4) {}
                text class="scale" x=(tenths(x)) y=(BOTTOM + 18) text-anchor="middle" { (short_date(*week)) }
            }
        }
    }

    /// The words with their numbers of a week, as they stand in the drawing: the last word at the top.
    fn legend(&self, at: usize) -> Markup {
        let mut rows: Vec<(usize, &Line)> = self.series.lines.iter().enumerate().collect();
        if self.series.stacking == Stacking::Stacked {
            rows.reverse();
        }
        let (width, letters) = (self.detail.width(), self.detail.letters());
        html! {
            @for (row, (index, line)) in (0..).zip(rows) {
                @let y = TOP + LEGEND_ROW * row;
                rect class=(self.colour(index, line)) x=(LEGEND) y=(y) width="10" height="10" rx="2" {}
                text x=(LEGEND + 15) y=(y + 10) {
                    (short(&line.word, letters))
                    @if line.word.chars().count() > letters { title { (line.word) } }
                }
                @if let Some(number) = line.at(at) {
                    text class="number" x=(width) y=(y + 10) text-anchor="end" { (self.label(at, number)) }
                }
            }
        }
    }

    fn label(&self, at: usize, number: i64) -> String {
        match self.scale {
            Scale::Percent => percent(self.series.share(at, number)),
            Scale::Absolute => short_number(number),
        }
    }

    /// The stacked column of a week.
    fn column(&self, at: usize) -> Markup {
        let gap = if self.wide() > 60 { 15 } else { 0 };
        let x = self.across(at) + gap;
        let mut below = 0;
        let parts: Vec<_> = self
            .series
            .lines
            .iter()
            .enumerate()
            .filter_map(|(index, line)| {
                let number = line.at(at).filter(|number| *number > 0)?;
                let bottom = BOTTOM * 10 - self.high(self.value(at, below));
                below += number;
                let top = BOTTOM * 10 - self.high(self.value(at, below));
                Some((index, line, number, top, bottom - top))
            })
            .collect();
        let inner = html! {
            @for (index, line, number, top, high) in parts {
                rect class=(self.colour(index, line)) x=(tenths(x)) y=(tenths(top))
                    width=(tenths(self.wide() - 2 * gap)) height=(tenths(high)) {
                    title { (self.week_of(at)) ": " (line.word) " " (self.said(at, number)) }
                }
            }
        };
        match self.detail {
            Detail::Full => self.week(at, &inner),
            Detail::Small if self.series.running == Some(at) => html! { g.running { (inner) } },
            Detail::Small => inner,
        }
    }

    /// One word that overlaps with others, from week to week.
    fn line(&self, index: usize, line: &Line) -> Markup {
        let points: Vec<(i64, i64, usize, i64)> = (0..self.series.weeks.len())
            .filter_map(|at| {
                let number = line.at(at)?;
                let x = self.across(at) + self.wide() / 2;
                Some((x, BOTTOM * 10 - self.high(self.value(at, number)), at, number))
            })
            .collect();
        let path: Vec<String> =
            points.iter().map(|(x, y, ..)| format!("{},{}", tenths(*x), tenths(*y))).collect();
        html! {
            polyline class={ "line " (self.colour(index, line)) } points=(path.join(" ")) {}
            @for (x, y, at, number) in points {
                circle class=(self.colour(index, line)) cx=(tenths(x)) cy=(tenths(y)) r="3" {
                    title { (self.week_of(at)) ": " (line.word) " " (self.said(at, number)) }
                }
            }
        }
    }

    /// A week that can be reached by keyboard. While it is, the words have its numbers.
    fn week(&self, at: usize, inner: &Markup) -> Markup {
        let is_running = self.series.running == Some(at);
        let numbers: Vec<String> = self
            .series
            .lines
            .iter()
            .rev()
            .filter_map(|line| {
                let number = line.at(at)?;
                Some(format!("{} {}", line.word, self.said(at, number)))
            })
            .collect();
        let label = format!("{}: {}", self.week_of(at), numbers.join(", "));
        html! {
            g class=(if is_running { "week running" } else { "week" }) tabindex="0" role="img" aria-label=(label) {
                rect.hit x=(tenths(self.across(at))) y=(TOP) width=(tenths(self.wide())) height=(BOTTOM - TOP) {}
                (inner)
                g.readout aria-hidden="true" {
                    rect.blank x=(LEGEND - 2) y="0" width=(self.detail.width() - LEGEND + 2) height=(HEIGHT) {}
                    (self.legend(at))
                    text class="scale" x=(self.detail.width()) y=(HEIGHT - 8) text-anchor="end" { (self.week_of(at)) }
                }
            }
        }
    }

    fn week_of(&self, at: usize) -> String {
        let week = self.series.weeks.get(at).map(ToString::to_string).unwrap_or_default();
        if self.series.running == Some(at) { format!("{week}, running") } else { week }
    }

    fn said(&self, at: usize, number: i64) -> String {
        // The only line of a total is all of it.
        if self.series.lines.len() == 1 && self.scale == Scale::Absolute {
            return number.to_string();
        }
        amount(number, per_mille(number, self.series.whole(at)))
    }

    /// The colour of a word: from light to dark in their order, or apart from each other.
    fn colour(&self, index: usize, line: &Line) -> String {
        if line.is_other {
            return OTHER.to_owned();
        }
        let words = self.series.lines.iter().filter(|line| !line.is_other).count();
        if words == 1 {
            return "bar".to_owned();
        }
        if self.series.order.is_natural() {
            // From the lightest to the darkest, however many there are.
            let last = words.min(COLOURS) - 1;
            return format!("step{}", index.min(last) * (COLOURS - 1) / last);
        }
        format!("hue{}", index % COLOURS)
    }
}

/// Writes tenths as a decimal number.
fn tenths(value: i64) -> String {
    format!("{}.{}", value / 10, (value % 10).abs())
}

/// The next number with one digit and zeros, or its double or half, so that the axis has round numbers.
fn round_up(number: i64) -> i64 {
    let mut unit = 1_i64;
    loop {
        let found = [2, 4, 6, 8, 10].into_iter().map(|step| unit.saturating_mul(step));
        if let Some(found) = found.filter(|round| *round >= number).min() {
            return found;
        }
        unit = unit.saturating_mul(10);
        if unit == i64::MAX {
            return number;
        }
    }
}

fn short_number(number: i64) -> String {
    match number {
        1_000_000.. if number % 100_000 == 0 => {
            format!("{}.{}M", number / 1_000_000, number / 100_000 % 10)
        }
        10_000_000.. => format!("{}M", number / 1_000_000),
        10_000.. => format!("{}k", number / 1000),
        _ => number.to_string(),
    }
}

fn short_date(day: Date) -> String {
    day.strftime("%-d %b").to_string()
}

fn short(word: &str, letters: usize) -> String {
    if word.chars().count() <= letters {
        return word.to_owned();
    }
    word.chars().take(letters - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests;
