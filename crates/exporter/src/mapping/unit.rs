//! Units: Prometheus writes words, OpenTelemetry writes UCUM.

use std::borrow::Cow;

/// Words and their UCUM symbols, as the specification and the Collector have them.
const WORDS: [(&str, &str); 28] = [
    ("days", "d"),
    ("hours", "h"),
    ("minutes", "min"),
    ("seconds", "s"),
    ("milliseconds", "ms"),
    ("microseconds", "us"),
    ("nanoseconds", "ns"),
    ("bytes", "By"),
    ("kibibytes", "KiBy"),
    ("mebibytes", "MiBy"),
    ("gibibytes", "GiBy"),
    ("tibibytes", "TiBy"),
    ("kilobytes", "KBy"),
    ("megabytes", "MBy"),
    ("gigabytes", "GBy"),
    ("terabytes", "TBy"),
    ("meters", "m"),
    ("volts", "V"),
    ("amperes", "A"),
    ("joules", "J"),
    ("watts", "W"),
    ("grams", "g"),
    ("celsius", "Cel"),
    ("hertz", "Hz"),
    ("bits", "bit"),
    ("pascals", "Pa"),
    ("ratio", "1"),
    ("percent", "%"),
];

/// What stands behind `_per_`, in the singular.
const PER: [(&str, &str); 7] = [
    ("second", "s"),
    ("minute", "min"),
    ("hour", "h"),
    ("day", "d"),
    ("week", "wk"),
    ("month", "mo"),
    ("year", "a"),
];

/// Gives the UCUM symbol of a unit; a unit that is not known stays as it is.
pub(super) fn to_ucum(unit: &str) -> Cow<'_, str> {
    match unit.split_once("_per_") {
        Some((of, per)) if !per.is_empty() => {
            Cow::Owned(format!("{}/{}", find(&WORDS, of), find(&PER, per)))
        }
        _ => Cow::Borrowed(find(&WORDS, unit)),
    }
}

fn find<'a>(table: &[(&str, &'static str)], word: &'a str) -> &'a str {
    table.iter().find(|row| row.0 == word).map_or(word, |row| row.1)
}

#[cfg(test)]
mod tests {
    use super::to_ucum;

    #[test]
    fn words_become_symbols_and_all_else_stays() {
        let table = [
            ("", ""),
            ("seconds", "s"),
            ("bytes", "By"),
            ("ratio", "1"),
            ("bytes_per_second", "By/s"),
            ("requests_per_fortnight", "requests/fortnight"),
            ("requests", "requests"),
            ("meters_per_", "meters_per_"),
            ("ms", "ms"),
        ];
        for (unit, symbol) in table {
            assert_eq!(to_ucum(unit), symbol, "{unit}");
        }
    }
}
