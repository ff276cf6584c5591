//! What a maintainer asks first: how many, how much more than before, on which version, and what changed.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::parts::{Chart, Part};
use super::series::{Series, per_mille};
use super::unit::Unit;
use crate::end_of_life::EndOfLife;
use crate::limits::MOVERS_MAX;

/// The answers for one product, or for all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// The schema that counts the product itself.
    pub schema: String,
    /// What is counted.
    pub unit: &'static str,
    /// How many there are.
    pub active: Level,
    /// The newest version, and how many have it.
    pub newest: Option<Share>,
    /// How many have a version that is past its end of life.
    pub past_end_of_life: Option<Share>,
    /// What changed most.
    pub movers: Vec<Mover>,
    /// The number of reports of the period; at least so many.
    pub reports: i64,
}

/// A number of a week, and what it was before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// The Monday of the week.
    pub week: Date,
    /// Whether the week is not over yet.
    pub is_running: bool,
    /// The number.
    pub number: i64,
    /// The first week of the period with a number, and that number.
    pub before: Option<(Date, i64)>,
}

/// A part of a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// The schema of the field.
    pub schema: String,
    /// The field.
    pub path: String,
    /// What has this share.
    pub what: String,
    /// The part.
    pub number: i64,
    /// All of it.
    pub whole: i64,
    /// The Monday of the week.
    pub week: Date,
}

/// A word whose share changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mover {
    /// The schema of the field.
    pub schema: String,
    /// The field.
    pub path: String,
    /// The word.
    pub word: String,
    /// Its first share in the period, in tenths of a percent.
    pub from: i64,
    /// Its last share.
    pub to: i64,
}

impl Level {
    /// The change since the first week in tenths of a percent, if there was anything.
    #[must_use]
    pub fn change(&self) -> Option<i64> {
        let (_, before) = self.before.filter(|(_, before)| *before > 0)?;
        Some(per_mille(self.number, before) - 1000)
    }
}

impl Share {
    /// The share in tenths of a percent.
    #[must_use]
    pub fn tenths(&self) -> i64 {
        per_mille(self.number, self.whole)
    }
}

impl Overview {
    /// Finds the answers. `names_one` says whether everything is of one product: versions of different
    /// products cannot be compared. `today` decides which versions are past their end of life.
    #[must_use]
    pub fn of(parts: &[Part<'_>], ends: &EndOfLife, names_one: bool, today: Date) -> Option<Self> {
        let main = main_part(parts)?;
        let active = level(&main.totals)?;
        let of_reports = parts.iter().filter(|part| part.unit.as_str() == main.unit.as_str());
        let sum = |part: &Part<'_>| part.totals.totals.iter().flatten().sum::<i64>();
        // One report has sections of several schemas, and is counted by each of them.
        let reports = of_reports.map(sum).max().unwrap_or(0);
        let version = || versions(parts, main).filter(|_| names_one);
        let newest = version().and_then(|(part, chart)| newest(part, chart));
        let past_end_of_life = if names_one { past_end(parts, main, ends, today) } else { None };
        Some(Self {
            schema: main.schema.id(),
            unit: main.unit.as_str(),
            active,
            newest,
            past_end_of_life,
            movers: movers(parts, main),
            reports,
        })
    }
}

/// The schema that counts the product itself: its installations, else its reports, else its commands.
fn main_part<'p, 'a>(parts: &'p [Part<'a>]) -> Option<&'p Part<'a>> {
    let rank = |part: &&Part<'_>| {
        let kind = match part.unit {
            Unit::Installations(_) => 2,
            Unit::Reports => 1,
            Unit::Events => 0,
        };
        (kind, part.totals.newest().and_then(|at| part.totals.totals[at]))
    };
    // Of equal ones, the first.
    parts.iter().rev().max_by_key(rank)
}

fn level(totals: &Series) -> Option<Level> {
    let number = |at: usize| totals.totals.get(at).copied().flatten();
    let at = totals.newest()?;
    let first = totals.known_weeks().next().filter(|first| *first < at);
    let before = first.and_then(|first| Some((totals.weeks[first], number(first)?)));
    let is_running = totals.running == Some(at);
    Some(Level { week: totals.weeks[at], is_running, number: number(at)?, before })
}

/// The chart of the versions of the product: that of the main schema, if it has one.
fn versions<'p, 'a>(
    parts: &'p [Part<'a>],
    main: &'p Part<'a>,
) -> Option<(&'p Part<'a>, &'p Chart<'a>)> {
    let all = std::iter::once(main).chain(parts);
    all.flat_map(|part| part.charts.iter().map(move |chart| (part, chart)))
        .find(|(_, chart)| chart.is_version && chart.series.newest().is_some())
}

fn newest(part: &Part<'_>, chart: &Chart<'_>) -> Option<Share> {
    let at = chart.series.newest()?;
    let line = chart.series.lines.iter().rfind(|line| {
        !line.is_other && line.word.contains(|letter: char| letter.is_ascii_digit())
    })?;
    Some(Share {
        schema: part.schema.id(),
        path: chart.path.clone(),
        what: line.word.clone(),
        number: line.at(at)?,
        whole: chart.series.whole(at),
        week: chart.series.weeks[at],
    })
}

/// How many have a version that is past its end of life: of the first field with such a table.
fn past_end(parts: &[Part<'_>], main: &Part<'_>, ends: &EndOfLife, today: Date) -> Option<Share> {
    let all = std::iter::once(main).chain(parts);
    let mut charts = all.flat_map(|part| part.charts.iter().map(move |chart| (part, chart)));
    charts.find_map(|(part, chart)| {
        let ends = ends.of(&part.schema.id(), &chart.path)?;
        let Chart { groups, .. } = chart;
        // Groups have every word, also those for which a drawing has no room.
        let has_ended = |word: &str| ends.has_ended(word, today);
        let ended = groups.words.iter().filter(|(word, _)| has_ended(word));
        let whole = groups.words.iter().map(|(_, number)| number).sum::<i64>();
        (whole > 0).then(|| Share {
            schema: part.schema.id(),
            path: chart.path.clone(),
            what: chart.path.clone(),
            number: ended.map(|(_, number)| number).sum(),
            whole: whole + groups.other.unwrap_or(0),
            week: chart.series.newest().map_or(today, |at| chart.series.weeks[at]),
        })
    })
}

/// The words whose shares changed most, one for each field. Fields of several schemas with one name mostly
/// mean the same, and what happens once says nothing of what there is.
fn movers(parts: &[Part<'_>], main: &Part<'_>) -> Vec<Mover> {
    let is_event = |part: &&Part<'_>| part.unit == Unit::Events && main.unit != Unit::Events;
    let all = std::iter::once(main).chain(parts.iter().filter(|part| !is_event(part)));
    let mut names = BTreeSet::new();
    let charts = all.flat_map(|part| part.charts.iter().map(move |chart| (part, chart)));
    let mut all: Vec<Mover> = charts
        .filter(|(_, chart)| names.insert(&chart.path))
        .filter_map(|(part, chart)| {
            let series = &chart.series;
            let to = series.newest()?;
            let from = series.known_weeks().next().filter(|from| *from < to)?;
            let moved = series.lines.iter().filter(|line| !line.is_other).filter_map(|line| {
                let (from, to) =
                    (series.share(from, line.at(from)?), series.share(to, line.at(to)?));
                let (schema, path) = (part.schema.id(), chart.path.clone());
                Some(Mover { schema, path, word: line.word.clone(), from, to })
            });
            moved.max_by_key(Mover::by)
        })
        // Less than a point is noise.
        .filter(|mover| mover.by() >= 10)
        .collect();
    all.sort_by(|one, other| other.by().cmp(&one.by()).then_with(|| one.path.cmp(&other.path)));
    all.truncate(MOVERS_MAX);
    all
}

impl Mover {
    fn by(&self) -> i64 {
        (self.to - self.from).abs()
    }
}

/// Whether a chart has so few words and weeks that only bars can show it.
pub(super) fn is_a_single_week(series: &Series) -> bool {
    series.known_weeks().count() < 2
}
