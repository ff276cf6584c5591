//! The weeks that a page shows.

use jiff::ToSpan;
use jiff::civil::Date;

use crate::limits::PERIOD_WEEKS_MAX;
use crate::tally::week;

/// Whole weeks, without a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    first: Date,
    weeks: u32,
    is_range: bool,
}

impl Period {
    /// The last weeks, with the running one.
    #[must_use]
    pub fn last(weeks: u32, today: Date) -> Self {
        let weeks = weeks.clamp(1, PERIOD_WEEKS_MAX);
        let back = i64::from(weeks) - 1;
        let first = week(today).checked_sub(back.weeks()).unwrap_or(Date::MIN);
        Self { first, weeks, is_range: false }
    }

    /// The weeks of two days and all between them; `None` if there are none, or too many.
    #[must_use]
    pub fn between(from: Date, to: Date) -> Option<Self> {
        let (first, last) = (week(from), week(to));
        let days = first.until(last).ok()?.get_days();
        let weeks = u32::try_from(days / 7).ok().filter(|_| from <= to)?.checked_add(1)?;
        (weeks <= PERIOD_WEEKS_MAX).then_some(Self { first, weeks, is_range: true })
    }

    /// The Monday of the first week.
    #[must_use]
    pub fn first(&self) -> Date {
        self.first
    }

    /// The Monday of the last week.
    #[must_use]
    pub fn last_week(&self) -> Date {
        self.weeks().last().unwrap_or(self.first)
    }

    /// The last day.
    #[must_use]
    pub fn last_day(&self) -> Date {
        self.last_week().checked_add(6.days()).unwrap_or(Date::MAX)
    }

    /// How many weeks these are.
    #[must_use]
    pub fn week_count(&self) -> u32 {
        self.weeks
    }

    /// Whether its days were chosen, rather than a number of weeks until today.
    #[must_use]
    pub fn is_range(&self) -> bool {
        self.is_range
    }

    /// The Mondays.
    pub fn weeks(&self) -> impl Iterator<Item = Date> {
        let first = self.first;
        (0..i64::from(self.weeks)).filter_map(move |number| first.checked_add(number.weeks()).ok())
    }

    /// Says which weeks these are.
    #[must_use]
    pub fn described(&self) -> String {
        if self.is_range {
            return format!("{} to {}", self.first, self.last_day());
        }
        match self.weeks {
            1 => "this week".to_owned(),
            weeks => format!("the last {weeks} weeks"),
        }
    }

    /// The parameters of an address that choose it.
    #[must_use]
    pub fn parameters(&self) -> Vec<(&'static str, String)> {
        if self.is_range {
            vec![("from", self.first.to_string()), ("to", self.last_day().to_string())]
        } else {
            vec![("weeks", self.weeks.to_string())]
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::Period;

    #[test]
    fn a_period_has_whole_weeks_from_monday_to_sunday() {
        let last = Period::last(3, date(2026, 11, 18));
        let mondays = [date(2026, 11, 2), date(2026, 11, 9), date(2026, 11, 16)];
        assert_eq!(last.weeks().collect::<Vec<_>>(), mondays);
        let range = Period::between(date(2026, 11, 8), date(2026, 11, 16)).unwrap();
        assert_eq!(range.weeks().collect::<Vec<_>>(), mondays);
        assert_eq!(range.last_day(), date(2026, 11, 22));
        // The address of a range leads to the same weeks.
        let days = range.parameters();
        let day = |at: usize| days[at].1.parse().unwrap();
        assert_eq!(Period::between(day(0), day(1)), Some(range));
    }

    #[test]
    fn a_range_that_ends_before_it_begins_or_is_too_long_is_none() {
        for (from, to, is_one) in [
            (date(2026, 11, 16), date(2026, 11, 16), true),
            (date(2026, 11, 18), date(2026, 11, 16), false),
            (date(2026, 11, 16), date(2026, 11, 1), false),
            (date(2020, 1, 1), date(2026, 11, 1), false),
            (date(-9999, 1, 1), date(9999, 12, 31), false),
        ] {
            assert_eq!(Period::between(from, to).is_some(), is_one, "{from} {to}");
        }
        assert_eq!(Period::last(0, date(2026, 11, 18)).week_count(), 1);
        assert_eq!(Period::last(u32::MAX, date(-9999, 1, 1)).weeks().count(), 104);
    }
}
