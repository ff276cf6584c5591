//! What the URL of a report server says.

use std::net::IpAddr;
use std::path::PathBuf;

use ktel_delivery::http::Url;
use ktel_delivery::tls::{Pem, Trust};
use ktel_otlp::{GRPC_PORT, HTTP_PORT};

use super::splunk::{self, Collector};
use crate::error::{Error, printable};
use crate::line::{Dialect, Keys};

/// Splunk's event collector listens here, unless told otherwise.
const SPLUNK_PORT: u16 = 8088;

/// A receiver, how to speak to it, and where the secrets lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) protocol: Protocol,
    pub(super) trust: Trust,
    pub(super) token_file: Option<PathBuf>,
    pub(super) headers_file: Option<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Protocol {
    Splunk(Collector),
    Line {
        wire: Wire,
        host: String,
        port: u16,
        dialect: Dialect,
        keys: Keys,
        signal: Option<String>,
    },
    Https {
        endpoint: Url,
        gzip: bool,
        bare: bool,
    },
    OtlpGrpc {
        endpoint: Url,
    },
    OtlpHttp {
        endpoint: Url,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wire {
    Tcp,
    Tls,
    Udp,
}

impl Address {
    /// Tells whether what is sent can be read on the way.
    pub(super) fn open(&self) -> bool {
        let far = |url: &Url| url.scheme() == "http" && !is_loopback(url);
        match &self.protocol {
            Protocol::Splunk(collector) => far(&collector.endpoint),
            Protocol::Line { wire, .. } => *wire != Wire::Tls,
            Protocol::Https { endpoint, .. }
            | Protocol::OtlpGrpc { endpoint }
            | Protocol::OtlpHttp { endpoint } => far(endpoint),
        }
    }
}

impl Protocol {
    /// Where events go: a bare host means ktel's own route, which understands gzip.
    pub(super) fn for_events(&mut self) {
        if let Self::Https { endpoint, gzip, bare: true } = self {
            endpoint.set_path("/v1/events");
            *gzip = true;
        }
    }
}

/// Options that say how to connect and send, not who receives. Tokens and client certificates are none
/// of them: a receiver may keep apart what different senders send.
const WAYS: [&str; 4] = ["ca", "insecure", "gzip", "ack"];

/// Gives the part of a URL that tells receivers apart.
pub(super) fn receiver(url: &str) -> String {
    let Some((base, query)) = url.split_once('?') else { return url.to_owned() };
    let kept = query.split('&').filter(|option| {
        let name = option.split_once('=').map_or(*option, |(name, _)| name);
        !WAYS.contains(&name)
    });
    let kept: Vec<&str> = kept.collect();
    if kept.is_empty() { base.to_owned() } else { format!("{base}?{}", kept.join("&")) }
}

/// The options of a URL's query; what is left in the end nobody understands.
struct Options<'a> {
    url: &'a str,
    pairs: Vec<(String, String)>,
}

impl Options<'_> {
    fn take(&mut self, name: &str) -> Option<String> {
        let at = self.pairs.iter().position(|(known, _)| known == name)?;
        Some(self.pairs.remove(at).1)
    }

    fn switch(&mut self, name: &str) -> Result<bool, Error> {
        match self.take(name).as_deref() {
            None | Some("0" | "false") => Ok(false),
            Some("" | "1" | "true") => Ok(true),
            Some(other) => {
                let what = format!("says `{name}={other}`");
                Err(malformed(self.url, what, Some(format!("write `{name}=1`, or leave it out"))))
            }
        }
    }

    fn file(&mut self, name: &str) -> Option<PathBuf> {
        self.take(name).map(PathBuf::from)
    }

    fn end(&self, known: &str) -> Result<(), Error> {
        match self.pairs.first() {
            None => Ok(()),
            Some((name, _)) => {
                let what = format!("has the option `{name}`, which is not known");
                Err(malformed(self.url, what, Some(format!("known are {known}"))))
            }
        }
    }
}

fn malformed(url: &str, what: impl Into<String>, hint: Option<String>) -> Error {
    Error::Malformed { url: printable(url), what: what.into(), hint }
}

/// Whether what follows a word is a port, as in `localhost:8090/v1/reports`.
fn is_port(rest: Option<&str>) -> bool {
    let rest = rest.and_then(|rest| rest.strip_prefix(':')).unwrap_or_default();
    let port = rest.split('/').next().unwrap_or_default();
    port.parse::<u16>().is_ok()
}

/// Reads the URL of a receiver behind a network.
pub(super) fn parse(scheme: &str, text: &str) -> Result<Address, Error> {
    let web = match scheme {
        "splunk" | "otlp" | "otlp+https" | "https" => "https",
        "splunk+http" | "otlp+insecure" | "otlp+http" | "http" => "http",
        // Only the host and the port of these are read.
        "splunk+tls" | "splunk+tcp" | "splunk+udp" => "https",
        _ if is_port(text.strip_prefix(scheme)) => {
            return Err(Error::OnlyHost { text: text.to_owned() });
        }
        other => return Err(Error::UnknownScheme { scheme: other.to_owned() }),
    };
    let rest = text.split_once("://").map(|(_, rest)| rest);
    let rest = rest.ok_or_else(|| {
        malformed(text, "names no host", Some(format!("write `{scheme}://example.com`")))
    })?;
    let mut url = Url::parse(&format!("{web}://{rest}"))
        .map_err(|error| malformed(text, format!("is no URL: {error}"), None))?;
    if !url.username().is_empty() || url.password().is_some() {
        let hint = "put the token into a file and name that: `?token_file=FILE`";
        return Err(malformed(text, "holds a name or a password", Some(hint.into())));
    }
    let pairs = url.query_pairs().into_owned().collect();
    let mut options = Options { url: text, pairs };
    if options.take("token").is_some() {
        let hint = "put it into a file and name that: `?token_file=FILE`";
        return Err(malformed(text, "holds a token", Some(hint.into())));
    }
    let (token_file, headers_file) = (options.file("token_file"), options.file("headers_file"));
    let trust = trust(&mut options)?;
    let protocol = match scheme {
        "splunk" | "splunk+http" => collector(url, rest, &mut options)?,
        "splunk+tls" | "splunk+tcp" | "splunk+udp" => line(scheme, &url, rest, &mut options)?,
        "otlp" | "otlp+insecure" => {
            or_port(&mut url, rest, GRPC_PORT);
            url.set_query(None);
            options.end("token_file, headers_file, ca, cert, key")?;
            Protocol::OtlpGrpc { endpoint: url }
        }
        "otlp+http" | "otlp+https" => {
            or_port(&mut url, rest, HTTP_PORT);
            or_path(&mut url, "/v1/logs");
            url.set_query(None);
            options.end("token_file, headers_file, ca, cert, key")?;
            Protocol::OtlpHttp { endpoint: url }
        }
        _ => https(url, text, &mut options)?,
    };
    Ok(Address { protocol, trust, token_file, headers_file })
}

fn trust(options: &mut Options<'_>) -> Result<Trust, Error> {
    let authorities = options.file("ca").map(Pem::File);
    let identity = match (options.file("cert"), options.file("key")) {
        (Some(certificate), Some(key)) => Some((Pem::File(certificate), Pem::File(key))),
        (None, None) => None,
        _ => {
            let hint = Some("a certificate and its key go together: `?cert=FILE&key=FILE`".into());
            return Err(malformed(options.url, "names only one of `cert` and `key`", hint));
        }
    };
    Ok(Trust { authorities, identity })
}

/// The port that stands in the text; `Url` forgets one that is the scheme's own.
fn port_in(rest: &str) -> Option<u16> {
    let authority = rest.split(['/', '?', '#']).next()?;
    let (_, port) = authority.rsplit_once(':')?;
    port.parse().ok() // the end of an IPv6 address, then
}

fn or_port(url: &mut Url, rest: &str, port: u16) {
    if url.port().is_none() && port_in(rest).is_none() {
        url.set_port(Some(port)).expect("a URL with a host has a port");
    }
}

fn or_path(url: &mut Url, path: &str) {
    if url.path().is_empty() || url.path() == "/" {
        url.set_path(path);
    }
}

fn collector(mut url: Url, rest: &str, options: &mut Options<'_>) -> Result<Protocol, Error> {
    or_port(&mut url, rest, SPLUNK_PORT);
    or_path(&mut url, splunk::EVENTS);
    url.set_query(None);
    let mut fields = Vec::new();
    for field in options.take("fields").iter().flat_map(|fields| fields.split(',')) {
        let Some((name, value)) = field.split_once(':') else {
            let hint = Some("write `fields=name:value,name:value`".into());
            return Err(malformed(options.url, format!("has the field `{field}`"), hint));
        };
        fields.push((name.to_owned(), value.to_owned()));
    }
    let collector = Collector {
        endpoint: url,
        index: options.take("index"),
        source: options.take("source"),
        sourcetype: options.take("sourcetype"),
        fields,
        ack: options.switch("ack")?,
    };
    options
        .end("token_file, headers_file, ca, cert, key, index, source, sourcetype, fields, ack")?;
    Ok(Protocol::Splunk(collector))
}

fn line(scheme: &str, url: &Url, rest: &str, options: &mut Options<'_>) -> Result<Protocol, Error> {
    let text = options.url;
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = port_in(rest).ok_or_else(|| {
        let hint =
            Some("write the port of the input, as in `splunk+tls://example.com:6514`".into());
        malformed(text, "names no port", hint)
    })?;
    let dialect = match options.take("dialect") {
        None => Dialect::default(),
        Some(word) => word.parse().map_err(|error: crate::line::UnknownDialect| {
            malformed(text, "names a dialect that is not known", Some(error.to_string()))
        })?,
    };
    let keys = match options.take("keys").as_deref() {
        None => Keys::Own,
        Some("kong") if dialect == Dialect::Kong => Keys::Kong,
        Some("kong") => {
            let hint = Some("write `dialect=kong&keys=kong`".into());
            return Err(malformed(
                text,
                format!("asks for `keys=kong` in dialect `{dialect}`"),
                hint,
            ));
        }
        Some(other) => {
            let hint = Some("the only value is `keys=kong`".into());
            return Err(malformed(text, format!("says `keys={other}`"), hint));
        }
    };
    let signal = options.take("signal");
    options.end("dialect, keys, signal, ca, cert, key")?;
    let wire = match scheme {
        "splunk+tls" => Wire::Tls,
        "splunk+tcp" => Wire::Tcp,
        _ => Wire::Udp,
    };
    Ok(Protocol::Line { wire, host, port, dialect, keys, signal })
}

/// Everything in the URL that is not an option of ours stays: it is posted to exactly there.
fn https(mut url: Url, text: &str, options: &mut Options<'_>) -> Result<Protocol, Error> {
    let insecure = options.switch("insecure")?;
    let gzip = options.switch("gzip")?;
    if url.scheme() == "http" && !insecure && !is_loopback(&url) {
        let hint = "use `https://`, or say `?insecure` to send it in the open all the same";
        return Err(malformed(text, "would send the report in the open", Some(hint.into())));
    }
    if options.pairs.is_empty() {
        url.set_query(None);
    } else {
        url.query_pairs_mut().clear().extend_pairs(&options.pairs);
    }
    let bare = url.path() == "/";
    or_path(&mut url, "/v1/reports");
    Ok(Protocol::Https { endpoint: url, gzip, bare })
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address: Result<IpAddr, _> = host.trim_matches(['[', ']']).parse();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::receiver;

    #[test]
    fn who_receives_does_not_depend_on_how_it_is_sent() {
        let table = [
            ("https://example.com/in", "https://example.com/in"),
            ("https://example.com/in?ca=old.pem", "https://example.com/in"),
            ("http://example.com/in?insecure&gzip=1", "http://example.com/in"),
            ("splunk://example.com?ca=a&index=main&ack=1", "splunk://example.com?index=main"),
            ("https://example.com/?id=7&ca=a", "https://example.com/?id=7"),
            (
                "https://example.com/?token_file=a&cert=b&key=c",
                "https://example.com/?token_file=a&cert=b&key=c",
            ),
            ("https://example.com/?capital=ca", "https://example.com/?capital=ca"),
        ];
        for (url, expected) in table {
            assert_eq!(receiver(url), expected, "{url}");
        }
    }
}
