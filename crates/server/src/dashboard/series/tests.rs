use jiff::civil::{Date, date};

use super::{Order, Series, Stacking};
use crate::dashboard::period::Period;
use crate::limits::CHART_LINES_MAX;
use crate::store::counts::Count;
use crate::tally::FieldWord;

const TODAY: Date = date(2026, 11, 18);

fn count(week: i8, field: &str, word: &str, number: i64) -> Count {
    let value = FieldWord { field: field.into(), word: word.into() };
    let week = date(2026, 11, week);
    let schema = "acme/lamps".to_owned();
    Count { week, schema, value, is_other: word == "other", number, senders: number }
}

fn series(counts: &[Count], order: Order, stacking: Stacking) -> Series {
    let counts: Vec<&Count> = counts.iter().collect();
    Series::of(&counts, "version", (order, stacking), &Period::last(3, TODAY), TODAY)
}

#[test]
fn a_word_that_is_absent_in_a_known_week_is_zero_and_other_weeks_stay_open() {
    let counts = [
        count(2, "", "", 50),
        count(2, "version", "1.9", 40),
        count(16, "", "", 60),
        count(16, "version", "1.9", 20),
        count(16, "version", "1.10", 30),
        count(16, "version", "other", 10),
    ];
    let series = series(&counts, Order::Versions, Stacking::Stacked);
    let lines: Vec<_> =
        series.lines.iter().map(|line| (line.word.as_str(), line.numbers.clone())).collect();
    let expected = [
        ("1.9", vec![Some(40), None, Some(20)]),
        ("1.10", vec![Some(0), None, Some(30)]),
        ("other", vec![Some(0), None, Some(10)]),
    ];
    assert_eq!(lines, expected);
    assert_eq!(series.running, Some(2));
    assert_eq!(series.newest(), Some(0), "the running week is not over");
    assert_eq!((series.whole(2), series.share(2, 20), series.most()), (60, 333, 60));
}

#[test]
fn the_newest_version_stays_and_rare_words_are_added_up() {
    let mut counts: Vec<Count> =
        (0..12).map(|minor| count(9, "version", &format!("1.{minor}"), 100 + minor)).collect();
    counts.push(count(9, "version", "1.12", 1));
    let all = series(&counts, Order::Versions, Stacking::Stacked);
    assert_eq!(all.lines.len(), 13, "files have all of them");
    let stacked = all.drawable();
    assert_eq!(stacked.lines.len(), CHART_LINES_MAX + 1);
    assert_eq!(stacked.lines[CHART_LINES_MAX - 1].word, "1.12");
    assert_eq!(stacked.whole(1), (0..12).map(|minor| 100 + minor).sum::<i64>() + 1);
    let overlapping = series(&counts, Order::Frequency, Stacking::Overlapping).drawable();
    assert_eq!(overlapping.lines.len(), CHART_LINES_MAX, "words of one report do not add up");
}
#[test]
fn series_that_are_compared_have_the_same_words() {
    let one = [count(9, "version", "1.1", 50), count(9, "version", "1.2", 7)];
    let other = [count(9, "version", "1.10", 20), count(9, "version", "1.2", 30)];
    let [one, other] =
        [&one, &other].map(|counts| series(counts, Order::Versions, Stacking::Stacked));
    let words = Series::frequent(&[&one, &other]);
    assert_eq!(words, ["1.1", "1.2", "1.10"]);
    let number = |series: &Series| -> Vec<_> {
        series.with_words(&words).lines.iter().map(|line| line.at(1)).collect()
    };
    assert_eq!(number(&one), [Some(50), Some(7), Some(0)]);
    assert_eq!(number(&other), [Some(0), Some(30), Some(20)]);
}
