//! Dates cut down to a part.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::super::schema::DatePart;
use crate::limits::DATE_BYTES_MAX;

/// Years outside of this are mistakes, and would not have four digits.
const YEARS: std::ops::RangeInclusive<i16> = 1970..=9999;

/// What is known of a date.
#[derive(Debug, Clone, Copy)]
enum Known {
    Second(DateTime),
    Day(Date),
    Week(i16, i8),
    Month(i16, i8),
}

/// A date in the exact form, or in the coarse form if too little of it is known.
pub(super) fn truncate(text: &str, exact: Option<DatePart>, coarse: DatePart) -> Option<String> {
    let known = parse(text)?;
    exact.and_then(|part| known.print(part)).or_else(|| known.print(coarse))
}

fn parse(text: &str) -> Option<Known> {
    if text.len() > DATE_BYTES_MAX || !text.is_ascii() {
        return None;
    }
    let known = match text.len() {
        7 => month(text)?,
        8 => week(text)?,
        10 => Known::Day(text.parse().ok()?),
        19 if text.as_bytes().get(10) == Some(&b' ') => Known::Second(text.parse().ok()?),
        _ => {
            let timestamp: Timestamp = text.parse().ok()?;
            Known::Second(timestamp.to_zoned(TimeZone::UTC).datetime())
        }
    };
    known.year_is_plausible().then_some(known)
}

fn month(text: &str) -> Option<Known> {
    let date: Date = format!("{text}-01").parse().ok()?;
    Some(Known::Month(date.year(), date.month()))
}

fn week(text: &str) -> Option<Known> {
    let (year, week) = text.split_once("-W")?;
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if year.len() != 4 || !is_number(year) || !is_number(week) {
        return None;
    }
    let monday = jiff::civil::Weekday::Monday;
    let date =
        jiff::civil::ISOWeekDate::new(year.parse().ok()?, week.parse().ok()?, monday).ok()?;
    Some(Known::Week(date.year(), date.week()))
}

impl Known {
    fn year_is_plausible(self) -> bool {
        let year = match self {
            Self::Second(datetime) => datetime.year(),
            Self::Day(date) => date.year(),
            Self::Week(year, _) | Self::Month(year, _) => year,
        };
        YEARS.contains(&year)
    }

    fn day(self) -> Option<Date> {
        match self {
            Self::Second(datetime) => Some(datetime.date()),
            Self::Day(date) => Some(date),
            Self::Week(..) | Self::Month(..) => None,
        }
    }

    fn print(self, part: DatePart) -> Option<String> {
        match (part, self) {
            (DatePart::Second, Self::Second(datetime)) => {
                Some(datetime.strftime("%Y-%m-%d %H:%M:%S").to_string())
            }
            (DatePart::Timestamp, Self::Second(datetime)) => {
                Some(datetime.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
            }
            (DatePart::Second | DatePart::Timestamp, _) => None,
            (DatePart::Day, known) => Some(known.day()?.to_string()),
            (DatePart::Week, Self::Week(year, week)) => Some(format!("{year:04}-W{week:02}")),
            (DatePart::Week, known) => {
                let week = known.day()?.iso_week_date();
                YEARS
                    .contains(&week.year())
                    .then(|| format!("{:04}-W{:02}", week.year(), week.week()))
            }
            (DatePart::Month, Self::Month(year, month)) => Some(format!("{year:04}-{month:02}")),
            (DatePart::Month, known) => {
                let day = known.day()?;
                Some(format!("{:04}-{:02}", day.year(), day.month()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, exact: Option<DatePart>, coarse: DatePart, expected: Option<&str>) {
        assert_eq!(truncate(text, exact, coarse).as_deref(), expected, "{text}");
    }

    #[test]
    fn a_date_is_cut_in_utc() {
        let late = "2022-05-03T23:46:22.123-02:00";
        check(late, Some(DatePart::Second), DatePart::Day, Some("2022-05-04 01:46:22"));
        check(late, Some(DatePart::Timestamp), DatePart::Day, Some("2022-05-04T01:46:22Z"));
        check(late, None, DatePart::Day, Some("2022-05-04"));
        check(late, None, DatePart::Week, Some("2022-W18"));
        check(late, None, DatePart::Month, Some("2022-05"));
        check("2021-01-03T00:00:00Z", None, DatePart::Week, Some("2020-W53"));
    }

    #[test]
    fn a_date_that_is_cut_already_stays() {
        let exact = Some(DatePart::Second);
        check("2022-05-03 08:46:22", exact, DatePart::Week, Some("2022-05-03 08:46:22"));
        let timestamp = Some(DatePart::Timestamp);
        check("2022-05-03T08:46:22Z", timestamp, DatePart::Day, Some("2022-05-03T08:46:22Z"));
        check("2022-05-03", timestamp, DatePart::Day, Some("2022-05-03"));
        check("2022-W18", exact, DatePart::Week, Some("2022-W18"));
        check("2022-05-03", exact, DatePart::Week, Some("2022-W18"));
        check("2022-05", exact, DatePart::Month, Some("2022-05"));
    }

    #[test]
    fn too_little_of_a_date_is_no_date() {
        check("2022-05", None, DatePart::Day, None);
        check("2022-W18", None, DatePart::Month, None);
        for text in ["", "yesterday", "2022-13", "2022-W54", "+022-W18", "0022-W18", "1969-12-31"] {
            check(text, None, DatePart::Month, None);
            check(text, None, DatePart::Week, None);
        }
    }
}
