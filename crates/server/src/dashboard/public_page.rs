//! One page about a product for everybody: ranked shares of 30, 90 and 365 days, from published tables only.

use std::cmp::Reverse;

use jiff::civil::Date;
use maud::{Markup, html};

use super::frame::{bare, capital, words};
use super::over_time::percent;
use super::parts::{Chart, Part};
use super::period::Period;
use super::series::{Series, per_mille};
use super::unit::Unit;
use crate::anonymity::Population;
use crate::limits::RANKS_MAX;
use crate::query::format::quoted;

/// The periods in days, and the weeks that have them.
const PERIODS: [(u32, usize); 3] = [(30, 5), (90, 13), (365, 53)];

/// The content of the page.
#[derive(Debug)]
pub struct PublicPage<'a> {
    /// The product.
    pub product: &'a str,
    /// What is published of each population, in the period of [`period`].
    pub parts: [(Population, Vec<Part<'a>>); 2],
    /// The day.
    pub today: Date,
    /// Where the style sheet and the file of numbers are.
    pub links: Links<'a>,
}

/// The addresses of the files beside the page.
#[derive(Debug, Clone, Copy)]
pub struct Links<'a> {
    /// Begins the addresses of the style sheet and the icon.
    pub root: &'a str,
    /// The numbers as CSV.
    pub values: &'a str,
}

/// One word with its share of each period, in tenths of a percent.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Ranked {
    word: String,
    shares: [Option<i64>; 3],
}

/// The weeks that the page needs.
#[must_use]
pub fn period(today: Date) -> Period {
    let weeks = PERIODS.map(|(_, weeks)| weeks).into_iter().max().unwrap_or(1);
    Period::last(u32::try_from(weeks).unwrap_or(u32::MAX), today)
}

impl PublicPage<'_> {
    /// Whether anything is published.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.iter().all(|(_, parts)| parts.is_empty())
    }

    /// Writes the page.
    #[must_use]
    pub fn render(&self) -> Markup {
        let main = html! {
            h1 { (self.product) }
            p.note {
                "What users of " (self.product) " chose to send, as of " (self.today) ". "
                "Groups of few senders are combined into “other”, and a running week is one step late. "
                a href=(self.links.values) { "All numbers as CSV" }
            }
            @if self.is_empty() { p { "Nothing is published yet." } }
            @for (population, parts) in self.parts.iter().filter(|(_, parts)| !parts.is_empty()) {
                @if *population == Population::Unauthenticated {
                    p.note role="note" { strong { "Anybody can add to the following numbers: " } "they were sent without a secret." }
                }
                @for part in parts { (section(part, *population)) }
            }
        };
        bare(self.product, self.links.root, &main)
    }

    /// Writes every published number by week as CSV.
    #[must_use]
    pub fn values(&self) -> String {
        let mut text = "population,schema,field,week,word,number\r\n".to_owned();
        for (population, parts) in &self.parts {
            for part in parts {
                let totals = std::iter::once(("", &part.totals));
                let charts = part.charts.iter().map(|chart| (chart.path.as_str(), &chart.series));
                let pairs = part.pairs.iter().map(|pair| (pair.pair.name.as_str(), &pair.series));
                for (field, series) in totals.chain(charts).chain(pairs) {
                    let begin =
                        format!("{},{},{}", population.as_str(), part.schema.id(), quoted(field));
                    write_values(&mut text, &begin, series);
                }
            }
        }
        text
    }
}

fn write_values(text: &mut String, begin: &str, series: &Series) {
    for at in series.known_weeks() {
        for line in &series.lines {
            let (Some(week), Some(number)) = (series.weeks.get(at), line.at(at)) else { continue };
            *text += &format!("{begin},{week},{},{number}\r\n", quoted(&line.word));
        }
    }
}

fn section(part: &Part<'_>, population: Population) -> Markup {
    let id = format!("{}:{}", population.as_str(), part.schema.id());
    let newest = part.totals.newest();
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) { (part.schema.title) }
            p.question { (part.schema.purpose.question) }
            @if let (Unit::Installations(_), Some(at)) = (part.unit, newest) {
                p { strong { (part.totals.totals[at].unwrap_or(0)) } " installations in the week of " (part.totals.weeks[at]) }
            } @else {
                p { @for (days, sum) in sums(&part.totals) { strong { (sum) } " " (part.unit.as_str()) " in " (days) " days " } }
            }
            div.charts { @for chart in &part.charts { (table(chart)) } }
        }
    }
}

/// How much there is in each period.
fn sums(totals: &Series) -> [(u32, i64); 3] {
    PERIODS.map(|(days, weeks)| {
        let last = totals.totals.iter().rev().take(weeks);
        (days, last.flatten().sum())
    })
}

fn table(chart: &Chart<'_>) -> Markup {
    let rows = rank(&chart.series);
    html! {
        figure {
            figcaption { (capital(&words(&chart.path))) }
            div.wide tabindex="0" role="group" aria-label=(words(&chart.path)) { table {
                thead { tr {
                    th scope="col" { "#" } th scope="col" { "Value" }
                    @for (days, _) in PERIODS { th scope="col" { (days) " days" } }
                } }
                tbody { @for (place, row) in (1..).zip(&rows) {
                    tr {
                        td { (place) } th scope="row" { (row.word) }
                        @for share in row.shares { td { @match share {
                            Some(share) => (percent(share)),
                            None => "–",
                        } } }
                    }
                } }
            } }
            p.why { (chart.field.why) }
        }
    }
}

/// The words by their shares of the shortest period, the combined small groups last.
fn rank(series: &Series) -> Vec<Ranked> {
    let weeks = series.weeks.len();
    let mut rows: Vec<(bool, Ranked)> = series
        .lines
        .iter()
        .map(|line| {
            let shares = PERIODS.map(|(_, last)| {
                let known = series.known_weeks().filter(|at| *at + last >= weeks);
                let known: Vec<usize> = known.collect();
                let sum = |of: &dyn Fn(usize) -> i64| known.iter().map(|at| of(*at)).sum::<i64>();
                let whole = sum(&|at| series.whole(at));
                let number = sum(&|at| line.at(at).unwrap_or(0));
                (whole > 0).then(|| per_mille(number, whole))
            });
            (line.is_other, Ranked { word: line.word.clone(), shares })
        })
        .collect();
    rows.sort_by_key(|(_, row)| Reverse(row.shares));
    let (other, mut words): (Vec<_>, Vec<_>) =
        rows.into_iter().partition(|(is_other, _)| *is_other);
    words.truncate(RANKS_MAX);
    words.into_iter().chain(other).map(|(_, row)| row).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{Ranked, rank};
    use crate::dashboard::order::Order;
    use crate::dashboard::period::Period;
    use crate::dashboard::series::{Line, Series, Stacking};

    #[test]
    fn words_are_ranked_by_the_shortest_period_and_each_period_has_its_own_share() {
        let today = date(2026, 11, 18);
        let weeks: Vec<_> = super::period(today).weeks().collect();
        assert_eq!(Period::last(53, today).weeks().count(), weeks.len());
        let numbers = |from: usize, number: i64| -> Vec<Option<i64>> {
            (0..weeks.len()).map(|at| Some(if at >= from { number } else { 0 })).collect()
        };
        let line = |word: &str, numbers| Line {
            word: word.to_owned(),
            is_other: word == "other",
            numbers,
        };
        let series = Series {
            totals: numbers(0, 100),
            lines: vec![
                line("old", numbers(0, 50)),
                line("new", numbers(weeks.len() - 5, 150)),
                line("other", numbers(0, 50)),
            ],
            weeks,
            stacking: Stacking::Stacked,
            order: Order::Frequency,
            running: None,
        };
        let row = |word: &str, shares: [i64; 3]| Ranked {
            word: word.to_owned(),
            shares: shares.map(Some),
        };
        let expected = [
            row("new", [600, 366, 124]),
            row("old", [200, 317, 438]),
            row("other", [200, 317, 438]),
        ];
        assert_eq!(rank(&series), expected);
    }
}
