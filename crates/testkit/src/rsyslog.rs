//! A real rsyslogd that keeps every message as it came.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;

use crate::certificates::Authority;
use crate::etcd::free_ports;
use crate::real;
use crate::running::{self, Running, accepts, loopback};

/// A way in; each has a port and a file of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// Lines over TCP.
    Tcp,
    /// Lines over TCP and TLS; clients need no certificate.
    Tls,
    /// Datagrams.
    Udp,
}

/// A running rsyslogd; it ends when it is dropped or this process ends.
#[derive(Debug)]
pub struct Rsyslog {
    running: Running,
    ports: [u16; 3],
    authority: Authority,
}

impl Rsyslog {
    /// Starts it, or prints `SKIPPED` where the distribution's packages are missing.
    ///
    /// # Panics
    ///
    /// It is there and does not start, or it is missing under `CI=true`.
    #[must_use]
    pub fn start() -> Option<Self> {
        let [program] = real::require(["rsyslogd"])?;
        Some(Self::start_with(&program).expect("a real rsyslogd starts"))
    }

    fn start_with(program: &Path) -> anyhow::Result<Self> {
        let ports = free_ports()?;
        let [tcp, tls, _udp] = ports;
        let authority = Authority::new();
        let prepare = |directory: &Path| {
            let file = directory.join("rsyslog.conf");
            fs::write(directory.join("ca.pem"), authority.certificate_pem())
                .context("write a CA")?;
            authority.server().write(directory, "server")?;
            fs::write(&file, configuration(directory, ports)).context("write its configuration")?;
            let file = file.display().to_string();
            Ok(vec!["-n".to_owned(), "-iNONE".to_owned(), "-f".to_owned(), file])
        };
        // UDP is configured first: where TCP listens, it is bound.
        let is_ready = |_directory: &Path| accepts(tcp) && accepts(tls);
        let running = Running::start(program, prepare, is_ready)?;
        Ok(Self { running, ports, authority })
    }

    /// Gives the address of an input.
    #[must_use]
    pub fn address(&self, input: Input) -> SocketAddr {
        let [tcp, tls, udp] = self.ports;
        loopback(match input {
            Input::Tcp => tcp,
            Input::Tls => tls,
            Input::Udp => udp,
        })
    }

    /// Gives what a client trusts the TLS input by, as PEM.
    #[must_use]
    pub fn ca_pem(&self) -> String {
        self.authority.certificate_pem()
    }

    /// Gives all messages of an input as soon as there are so many, each without its newline.
    ///
    /// # Panics
    ///
    /// There are not within this time.
    #[must_use]
    #[track_caller]
    pub fn lines(&self, input: Input, count: usize, within: Duration) -> Vec<String> {
        let file = file_of(self.running.directory(), input);
        running::wait_for(&file, count, within, |line| vec![line.to_owned()])
    }
}

fn file_of(directory: &Path, input: Input) -> PathBuf {
    directory.join(match input {
        Input::Tcp => "tcp.lines",
        Input::Tls => "tls.lines",
        Input::Udp => "udp.lines",
    })
}

/// Keeps `rawmsg`: its parser for RFC 3164 would eat up to the first colon as a tag.
fn configuration(directory: &Path, [tcp, tls, udp]: [u16; 3]) -> String {
    let into = |input: Input| {
        let file = file_of(directory, input).display().to_string();
        format!(r#"{{ action(type="omfile" file="{file}" template="raw") }}"#)
    };
    let (into_tcp, into_tls, into_udp) = (into(Input::Tcp), into(Input::Tls), into(Input::Udp));
    let directory = directory.display();
    format!(
        r#"global(
  workDirectory="{directory}" maxMessageSize="1m" parser.escapeControlCharactersOnReceive="off"
  defaultNetstreamDriverCAFile="{directory}/ca.pem"
  defaultNetstreamDriverCertFile="{directory}/server.pem"
  defaultNetstreamDriverKeyFile="{directory}/server.key"
)
module(load="imudp")
module(load="imtcp")
template(name="raw" type="list") {{ property(name="rawmsg") constant(value="\n") }}
ruleset(name="udp") {into_udp}
ruleset(name="tcp") {into_tcp}
ruleset(name="tls") {into_tls}
input(type="imudp" address="127.0.0.1" port="{udp}" ruleset="udp")
input(type="imtcp" address="127.0.0.1" port="{tcp}" ruleset="tcp")
input(type="imtcp" address="127.0.0.1" port="{tls}" ruleset="tls"
  streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="anon")
"#
    )
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::{TcpStream, UdpSocket};

    use super::*;
    use crate::client::{Client, SOON};

    #[test]
    fn lines_come_out_of_each_input_as_they_went_in() {
        let (Some(client), Some(rsyslog)) = (Client::find(), Rsyslog::start()) else { return };
        let quoted = "<14>signal=a;b=\"ä: \\t'c'\td\";";
        let long = format!("<14>signal=long;x={};", "y".repeat(100_000));
        let lines = [quoted, &long, "no head: at all"];
        let text = format!("{}\n", lines.join("\n"));

        let mut tcp = TcpStream::connect(rsyslog.address(Input::Tcp)).unwrap();
        tcp.write_all(text.as_bytes()).unwrap();
        assert_eq!(rsyslog.lines(Input::Tcp, 3, SOON), lines);

        let address = rsyslog.address(Input::Tls).to_string();
        fs::write(client.directory().join("ca.pem"), rsyslog.ca_pem()).unwrap();
        let mut tls = client.s_client(&address, None);
        tls.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        assert_eq!(rsyslog.lines(Input::Tls, 3, SOON), lines);
        assert!(tls.wait().unwrap().success());

        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        udp.send_to(format!("{quoted}\n").as_bytes(), rsyslog.address(Input::Udp)).unwrap();
        assert_eq!(rsyslog.lines(Input::Udp, 1, SOON), [quoted]);
        assert_eq!(rsyslog.lines(Input::Tcp, 3, SOON).len(), 3, "each input has its own file");
    }
}
