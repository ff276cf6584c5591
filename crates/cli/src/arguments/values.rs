//! Parsers for the values of flags.

use std::net::SocketAddr;
use std::time::Duration;

pub(crate) fn one_of<T>(
    text: &str,
    known: impl Iterator<Item = (&'static str, T)>,
) -> Result<T, String> {
    let mut words = Vec::new();
    for (word, value) in known {
        if word == text {
            return Ok(value);
        }
        words.push(word);
    }
    Err(format!("expected one of: {}", words.join(", ")))
}

pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let parsed: jiff::SignedDuration =
        text.parse().map_err(|_| "expected a time with a unit, such as 30s or 5m".to_owned())?;
    Duration::try_from(parsed)
        .ok()
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| "expected a time of more than 0".to_owned())
}

/// Reads a number of things that run at once.
pub(crate) fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| "expected 1 or more".to_owned())
}

/// Reads the `-` that stands for standard input.
pub(crate) fn standard_input(text: &str) -> Result<String, String> {
    if text == "-" {
        return Ok(text.to_owned());
    }
    Err("the only argument is `-`, for standard input; separate jobs with commas, as in `--jobs a,b`".to_owned())
}

/// Reads the address of a listener. A port alone is one of this machine.
pub(crate) fn listener(text: &str) -> Result<SocketAddr, String> {
    let port = text.strip_prefix(':').unwrap_or(text);
    if let Ok(port) = port.parse::<u16>() {
        return Err(format!(
            "a port alone is no address: write 127.0.0.1:{port}, or 0.0.0.0:{port} for every network"
        ));
    }
    text.parse().map_err(|_| "expected an address and a port, such as 127.0.0.1:8090".to_owned())
}

/// Reads `NAMESPACE/NAME`.
pub(crate) fn namespaced(text: &str) -> Result<(String, String), String> {
    let is_name = |name: &str| !name.is_empty() && !name.contains('/');
    text.split_once('/')
        .filter(|(namespace, name)| is_name(namespace) && is_name(name))
        .map(|(namespace, name)| (namespace.to_owned(), name.to_owned()))
        .ok_or_else(|| "write the namespace and the name, as in acme/gateway".to_owned())
}

#[cfg(test)]
mod tests {
    use super::{duration, namespaced};
    use std::time::Duration;

    #[test]
    fn an_object_is_named_with_its_namespace() {
        assert_eq!(namespaced("acme/gateway"), Ok(("acme".to_owned(), "gateway".to_owned())));
        for wrong in ["gateway", "/gateway", "acme/", "a/b/c", ""] {
            assert!(namespaced(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_time_needs_a_unit_and_a_length() {
        assert_eq!(duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("1m30s"), Ok(Duration::from_secs(90)));
        for wrong in ["30", "", "0s", "-5s", "soon"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
