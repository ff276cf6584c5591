//! Periods as files of the standard write them: `30m`, `24h`, `90d`, `25mo`, `2y`.

/// Seconds in a period; months and years have their usual length. `None` when it is not one.
pub(crate) fn seconds(text: &str) -> Option<u64> {
    let digits = text.find(|character: char| !character.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(digits)?;
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "mo" => 30 * 86_400,
        "y" => 365 * 86_400,
        _ => return None,
    };
    let number: u32 = number.parse().ok()?;
    (number > 0).then(|| u64::from(number) * unit)
}

/// The period of a cadence such as `once/24h`.
pub(crate) fn of_cadence(text: &str) -> Option<u64> {
    seconds(text.strip_prefix("once/")?)
}

/// A period in words: `90 days`.
pub(crate) fn words(text: &str) -> String {
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let Some((number, unit)) = text.split_at_checked(digits) else { return text.to_owned() };
    let unit = match unit {
        "s" => "second",
        "m" => "minute",
        "h" => "hour",
        "d" => "day",
        "mo" => "month",
        "y" => "year",
        _ => return text.to_owned(),
    };
    if number == "1" { format!("{number} {unit}") } else { format!("{number} {unit}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_a_number_and_a_unit() {
        let table = [
            ("90d", Some(90 * 86_400)),
            ("25mo", Some(25 * 30 * 86_400)),
            ("1h", Some(3_600)),
            ("0d", None),
            ("d", None),
            ("90", None),
            ("", None),
            ("-1d", None),
            ("99999999999d", None),
            ("1 d", None),
        ];
        for (text, expected) in table {
            assert_eq!(seconds(text), expected, "{text}");
        }
        assert_eq!(of_cadence("once/24h"), Some(86_400));
        assert_eq!(of_cadence("24h"), None);
        assert_eq!(words("25mo"), "25 months");
        assert_eq!(words("1h"), "1 hour");
    }
}
