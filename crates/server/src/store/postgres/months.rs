//! A table's rows of one month are kept together, so that a month can be dropped whole.

use jiff::civil::Date;

use crate::record::day_number;

/// A month, counted from the year 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Month(i32);

impl Month {
    pub(super) fn of(day: Date) -> Self {
        Self(i32::from(day.year()) * 12 + i32::from(day.month()) - 1)
    }

    /// Gives its first day.
    fn start(self) -> i32 {
        let year = i16::try_from(self.0.div_euclid(12)).unwrap_or(i16::MAX);
        let month = i8::try_from(self.0.rem_euclid(12) + 1).expect("a month is from 1 to 12");
        Date::new(year, month, 1).map_or(i32::MAX, day_number)
    }

    fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// Tells whether every day of it lies before a day.
    pub(super) fn is_before(self, day: i32) -> bool {
        self.next().start() <= day
    }

    /// Names a table's partition.
    fn name(self, table: &str) -> String {
        format!("{table}_{:04}{:02}", self.0.div_euclid(12), self.0.rem_euclid(12) + 1)
    }

    /// Reads a partition's name.
    pub(super) fn of_name(table: &str, name: &str) -> Option<Self> {
        let digits = name.strip_prefix(table)?.strip_prefix('_')?;
        let (year, month) = digits.split_at_checked(4)?;
        let (year, month): (i32, i32) = (year.parse().ok()?, month.parse().ok()?);
        (1..=12).contains(&month).then_some(Self(year * 12 + month - 1))
    }

    /// Gives what makes a table's partition.
    pub(super) fn create(self, table: &str) -> String {
        let (name, from, to) = (self.name(table), self.start(), self.next().start());
        format!(
            "CREATE TABLE IF NOT EXISTS {name} PARTITION OF {table} FOR VALUES FROM ({from}) TO ({to})"
        )
    }

    /// Gives what drops a table's partition.
    pub(super) fn drop(self, table: &str) -> String {
        format!("DROP TABLE IF EXISTS {}", self.name(table))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{Month, day_number};

    #[test]
    fn a_partition_holds_the_days_of_its_month_and_no_other() {
        for (day, name, from, to) in [
            (date(2026, 11, 21), "t_202611", date(2026, 11, 1), date(2026, 12, 1)),
            (date(2025, 12, 31), "t_202512", date(2025, 12, 1), date(2026, 1, 1)),
            (date(2024, 2, 29), "t_202402", date(2024, 2, 1), date(2024, 3, 1)),
        ] {
            let (from, to) = (day_number(from), day_number(to));
            let month = Month::of(day);
            let expected = format!(
                "CREATE TABLE IF NOT EXISTS {name} PARTITION OF t FOR VALUES FROM ({from}) TO ({to})"
            );
            assert_eq!(month.create("t"), expected);
            assert_eq!(Month::of_name("t", name), Some(month));
            assert!(month.is_before(to) && !month.is_before(to - 1));
        }
        for name in ["t", "t_", "t_2026", "t_202613", "u_202611", "t_latest"] {
            assert_eq!(Month::of_name("t", name), None, "{name}");
        }
    }
}
