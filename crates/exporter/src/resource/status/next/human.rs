//! Numbers for the columns of `kubectl get`.

use std::time::Duration;

/// A lag, coarse enough to be read at a glance: `12s`, `3m20s`, `5h10m`, `3d4h`.
pub(super) fn lag(lag: Duration) -> String {
    let seconds = lag.as_secs();
    let parts = [
        (seconds / 86_400, "d"),
        (seconds / 3600 % 24, "h"),
        (seconds / 60 % 60, "m"),
        (seconds % 60, "s"),
    ];
    let first = parts.iter().position(|(number, _)| *number > 0).unwrap_or(parts.len() - 1);
    let shown = parts.iter().skip(first).take(2).enumerate();
    let shown = shown.filter(|(index, (number, _))| *index == 0 || *number > 0);
    shown.map(|(_, (number, unit))| format!("{number}{unit}")).collect()
}

/// A count: `950`, `1.2k`, `3.4M`, `5.6G`.
pub(super) fn points(count: i64) -> String {
    let units = ["", "k", "M", "G", "T", "P", "E"];
    let (mut number, mut rest, mut unit) = (count, 0, 0);
    while number >= 1000 && unit + 1 < units.len() {
        (number, rest, unit) = (number / 1000, number % 1000, unit + 1);
    }
    let name = units.get(unit).copied().unwrap_or_default();
    // Cut, not rounded: a count never shows more than there is.
    match rest / 100 {
        _ if unit == 0 => number.to_string(),
        tenths => format!("{number}.{tenths}{name}"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{lag, points};

    #[test]
    fn a_lag_has_two_units() {
        let table = [
            (0, "0s"),
            (12, "12s"),
            (60, "1m"),
            (200, "3m20s"),
            (18_610, "5h10m"),
            (273_600, "3d4h"),
        ];
        for (seconds, text) in table {
            assert_eq!(lag(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn a_count_never_shows_more_than_there_is() {
        let table = [
            (0, "0"),
            (999, "999"),
            (1000, "1.0k"),
            (1299, "1.2k"),
            (999_999, "999.9k"),
            (3_400_000, "3.4M"),
        ];
        for (count, text) in table {
            assert_eq!(points(count), text);
        }
        assert_eq!(points(i64::MAX), "9.2E");
    }
}
