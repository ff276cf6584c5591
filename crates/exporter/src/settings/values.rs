//! Values of a settings file.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use ipnet::IpNet;
use url::Url;

use super::error::Wrong;
use crate::limits;

/// Checks the name of a label of metrics. Any text would be escaped; these are bounds for mistakes.
pub(super) fn label(key: &str, name: String) -> Result<String, Wrong> {
    match name.as_str() {
        "" => Err(Wrong::at(key, "the name of a label is empty")),
        "__name__" => Err(Wrong::at(key, "it is the name of the metric, not a label")),
        _ if name.len() > limits::LABEL_NAME_BYTES_MAX || name.contains(char::is_control) => {
            Err(Wrong::at(key, "it is too long, or has control characters"))
        }
        _ => Ok(name),
    }
}

/// Reads the URL of a store.
pub(super) fn store_url(text: &str) -> Result<Url, Wrong> {
    const KEY: &str = "store.url";
    let url = Url::parse(text).map_err(|error| Wrong::at(KEY, error))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(Wrong::at(KEY, "it is no http or https address"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let wrong = Wrong::at(KEY, "it has a user or a password");
        return Err(wrong.hint("write them into a file, and name it as `authorization_file`"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Wrong::at(KEY, "it has a query or a fragment"));
    }
    let in_path = url.path().matches(limits::TENANT_PLACE_IN_URL).count();
    if in_path > 1 || text.matches(limits::TENANT_PLACE).count() != in_path {
        return Err(Wrong::at(KEY, "`{tenant}` stands at most once, and in the path"));
    }
    Ok(url)
}

/// Reads networks. A network with host bits is a mistake: it is not clear what was meant.
pub(super) fn networks(key: &str, texts: &[String]) -> Result<Vec<IpNet>, Wrong> {
    let read = |(index, text): (usize, &String)| {
        let key = format!("{key}[{index}]");
        let network: IpNet = text.parse().map_err(|_| {
            let wrong = Wrong::at(&key, format_args!("`{text}` is no network"));
            wrong.hint("write an address and the length of its prefix, such as 10.0.0.0/8")
        })?;
        if network.trunc() != network {
            let message =
                format_args!("`{text}` has bits behind its prefix; {} has none", network.trunc());
            return Err(Wrong::at(&key, message));
        }
        Ok(network)
    };
    texts.iter().enumerate().map(read).collect()
}

/// Checks a number.
pub(super) fn count<N: TryFrom<u64>>(
    key: &str,
    given: Option<u64>,
    default: u64,
    range: RangeInclusive<u64>,
) -> Result<N, Wrong> {
    let number = given.unwrap_or(default);
    let fits = range.contains(&number).then(|| N::try_from(number).ok()).flatten();
    fits.ok_or_else(|| out_of(key, number, range.start(), range.end()))
}

/// Reads a number of bytes, such as `64Mi`.
pub(super) fn bytes(
    key: &str,
    given: Option<&str>,
    default: u64,
    range: RangeInclusive<u64>,
) -> Result<u64, Wrong> {
    let Some(text) = given else { return Ok(default) };
    let unit = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit);
    let unit = match unit {
        "" => 1,
        "k" => 1000,
        "Ki" => 1 << 10,
        "M" => 1_000_000,
        "Mi" => 1 << 20,
        "G" => 1_000_000_000,
        "Gi" => 1 << 30,
        _ => 0,
    };
    let bytes = number.parse().ok().and_then(|number: u64| number.checked_mul(unit));
    let bytes = bytes.filter(|_| unit > 0).ok_or_else(|| {
        let wrong = Wrong::at(key, format_args!("`{text}` is no number of bytes"));
        wrong.hint("write a number with or without Ki, Mi or Gi, such as 64Mi")
    })?;
    if range.contains(&bytes) {
        Ok(bytes)
    } else {
        Err(out_of(key, text, range.start(), range.end()))
    }
}

/// Reads a duration, such as `15s`.
pub(super) fn duration(
    key: &str,
    given: Option<&str>,
    default: Duration,
    range: RangeInclusive<Duration>,
) -> Result<Duration, Wrong> {
    let Some(text) = given else { return Ok(default) };
    let read =
        text.parse::<jiff::SignedDuration>().ok().and_then(|read| Duration::try_from(read).ok());
    let duration = read.ok_or_else(|| {
        let wrong = Wrong::at(key, format_args!("`{text}` is no duration"));
        wrong.hint("write a number with a unit, such as 15s or 5m")
    })?;
    if range.contains(&duration) {
        return Ok(duration);
    }
    let seconds = |duration: &Duration| format!("{}s", duration.as_secs_f64());
    Err(out_of(key, text, seconds(range.start()), seconds(range.end())))
}

fn out_of(key: &str, value: impl Display, min: impl Display, max: impl Display) -> Wrong {
    Wrong::at(key, format_args!("{value} is not between {min} and {max}"))
}
