use jiff::civil::date;

use super::{Detail, Drawing, draw, percent, round_up, short_number};
use crate::dashboard::address::Scale;
use crate::dashboard::order::Order;
use crate::dashboard::series::{Line, Series, Stacking};

fn series(stacking: Stacking) -> Series {
    let line = |word: &str, numbers: [Option<i64>; 3]| Line {
        word: word.to_owned(),
        is_other: word == "other",
        numbers: numbers.to_vec(),
    };
    Series {
        weeks: vec![date(2026, 11, 2), date(2026, 11, 9), date(2026, 11, 16)],
        totals: vec![Some(100), None, Some(50)],
        lines: vec![
            line("1.9", [Some(75), None, Some(10)]),
            line("1.10", [Some(25), None, Some(30)]),
            line("other", [Some(0), None, Some(10)]),
        ],
        stacking,
        order: Order::Versions,
        running: Some(2),
    }
}

fn drawn(stacking: Stacking, scale: Scale, detail: Detail) -> String {
    let series = series(stacking);
    draw(&Drawing { series: &series, scale, most: None, detail, named: "it" }).into_string()
}

#[test]
fn a_column_is_stacked_in_the_order_of_versions_up_to_the_top() {
    let drawing = drawn(Stacking::Stacked, Scale::Percent, Detail::Small);
    let rect = |title: &str| -> (f64, f64) {
        let (before, _) = drawing.split_once(&format!("<title>{title}</title>")).unwrap();
        let (_, rect) = before.rsplit_once("<rect").unwrap();
        let value = |name: &str| {
            let (_, behind) = rect.split_once(&format!(" {name}=\"")).unwrap();
            behind.split_once('"').unwrap().0.parse::<f64>().unwrap()
        };
        (value("y"), value("height"))
    };
    let old = rect("2026-11-02: 1.9 75 (75 %)");
    let new = rect("2026-11-02: 1.10 25 (25 %)");
    assert!(old.0 > new.0, "the newer version stands higher: {old:?} {new:?}");
    assert_eq!((new.0, old.0 + old.1), (10.0, 172.0), "all of the height");
    assert!((new.0 + new.1 - old.0).abs() < 0.15, "no gap between: {old:?} {new:?}");
    assert!(drawing.contains("2026-11-16, running: 1.10 30 (60 %)"), "{drawing}");
    assert!(!drawing.contains("2026-11-09"), "nothing is known of this week");
    assert!(drawing.contains(">2 Nov<"), "dates stand on the axis: {drawing}");
    assert_eq!(drawing.matches("<rect class=\"other\"").count(), 2, "one, and its legend");
    assert!(!drawing.contains("tabindex"), "a page with many would have many stops");
}

#[test]
fn every_known_week_of_a_large_drawing_can_be_read_by_keyboard() {
    for stacking in [Stacking::Stacked, Stacking::Overlapping] {
        let drawing = drawn(stacking, Scale::Absolute, Detail::Full);
        assert_eq!(drawing.matches("tabindex=\"0\"").count(), 2, "{drawing}");
        assert!(drawing.contains("role=\"group\""), "what is in an image cannot be reached");
        let label = match stacking {
            Stacking::Stacked => {
                "aria-label=\"2026-11-02: other 0 (0 %), 1.10 25 (25 %), 1.9 75 (75 %)\""
            }
            Stacking::Overlapping => {
                "aria-label=\"2026-11-16, running: other 10 (20 %), 1.10 30 (60 %), 1.9 10 (20 %)\""
            }
        };
        assert!(drawing.contains(label), "{drawing}");
    }
}

#[test]
fn words_that_overlap_are_lines_and_not_stacked() {
    let drawing = drawn(Stacking::Overlapping, Scale::Percent, Detail::Small);
    assert_eq!(drawing.matches("<polyline").count(), 3, "{drawing}");
    assert!(drawing.contains("<title>2026-11-02: 1.9 75 (75 %)</title>"), "{drawing}");
}

#[test]
fn numbers_on_the_axis_are_round() {
    for (number, expected) in [(1, 2), (2, 2), (3, 4), (9, 10), (11, 20), (300, 400), (650, 800)] {
        assert_eq!(round_up(number), expected, "{number}");
    }
    assert_eq!(round_up(i64::MAX), i64::MAX);
    assert_eq!([999, 12_345, 1_500_000].map(short_number), ["999", "12k", "1.5M"]);
    assert_eq!([0, 4, 50, 125, 1000].map(percent), ["0 %", "0.4 %", "5 %", "13 %", "100 %"]);
}
