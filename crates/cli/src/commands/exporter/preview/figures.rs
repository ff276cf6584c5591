//! Numbers as a person reads them.

/// Writes bytes, in the units by which they are billed: `950 B`, `1.2 kB`, `3.4 MB`.
pub(super) fn bytes(bytes: f64) -> String {
    scaled(bytes, &["B", "kB", "MB", "GB", "TB", "PB"])
}

/// Writes a count: `950`, `1.2 k`, `3.4 M`.
pub(super) fn count(count: f64) -> String {
    scaled(count, &["", "k", "M", "G", "T", "P"]).trim_end().to_owned()
}

fn scaled(mut number: f64, units: &[&str]) -> String {
    let mut units = units.iter();
    let mut unit = units.next().copied().unwrap_or_default();
    let mut is_whole = true;
    // 999.95 would be written as 1000.0.
    while number >= if is_whole { 999.5 } else { 999.95 } {
        let Some(next) = units.next() else { break };
        (number, unit, is_whole) = (number / 1000.0, next, false);
    }
    if is_whole && number.fract() < 0.05 {
        format!("{number:.0} {unit}")
    } else {
        format!("{number:.1} {unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::{bytes, count};

    #[test]
    fn a_number_has_a_unit_and_at_most_one_decimal() {
        let table = [
            (0.0, "0"),
            (0.4, "0.4"),
            (999.0, "999"),
            (999.6, "1.0 k"),
            (1234.0, "1.2 k"),
            (999_949.0, "999.9 k"),
            (999_950.0, "1.0 M"),
            (3.4e6, "3.4 M"),
        ];
        for (number, text) in table {
            assert_eq!(count(number), text);
        }
        assert_eq!([bytes(12.0), bytes(1.5e9)], ["12 B", "1.5 GB"]);
        assert_eq!(bytes(5e21), "5000000.0 PB");
    }
}
