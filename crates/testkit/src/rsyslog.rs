//! A real rsyslogd that keeps every message as it came.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;

use crate::certificates::Authority;
use crate::ports::UdpPort;
use crate::real;
use crate::running::{self, Running, loopback};

/// An input; each has a port and a file of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// Lines over TCP.
    Tcp,
    /// Lines over TCP and TLS; clients need no certificate.
    Tls,
    /// Datagrams.
    Udp,
}

/// Where rsyslogd writes which port it took.
const PORT: &str = "port";

/// A running rsyslogd; it ends when it is dropped or this process ends.
#[derive(Debug)]
pub struct Rsyslog {
    // Two processes: in version 8.2302, a failed TLS handshake can close a TCP input's connection.
    plain: Running,
    tls: Running,
    tcp_port: u16,
    tls_port: u16,
    udp_port: UdpPort,
    authority: Authority,
}

impl Rsyslog {
    /// Starts it.
    ///
    /// # Panics
    ///
    /// It is missing or does not start.
    #[must_use]
    pub fn start() -> Self {
        let [program] = real::require(["rsyslogd"]);
        Self::start_with(&program).expect("a real rsyslogd starts")
    }

    fn start_with(program: &Path) -> anyhow::Result<Self> {
        let authority = Authority::new();
        let udp_port = UdpPort::hold()?; // `imudp` does not say which port it takes
        let launch =
            |configuration: &dyn Fn(&Path) -> String| launch(program, &authority, configuration);
        let (plain, tcp_port) =
            launch(&|directory| plain_configuration(directory, udp_port.number()))?;
        let (tls, tls_port) = launch(&tls_configuration)?;
        Ok(Self { plain, tls, tcp_port, tls_port, udp_port, authority })
    }

    /// Gives the address of an input.
    #[must_use]
    pub fn address(&self, input: Input) -> SocketAddr {
        loopback(match input {
            Input::Tcp => self.tcp_port,
            Input::Tls => self.tls_port,
            Input::Udp => self.udp_port.number(),
        })
    }

    /// Gives the certificate authority of the TLS input, as PEM.
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
        let running = match input {
            Input::Tcp | Input::Udp => &self.plain,
            Input::Tls => &self.tls,
        };
        let file = file_of(running.directory(), input);
        running::wait_for(&file, count, within, |line| vec![line.to_owned()])
    }
}

/// Starts a process with one TCP input, and waits until that has a port.
fn launch(
    program: &Path,
    authority: &Authority,
    configuration: &dyn Fn(&Path) -> String,
) -> anyhow::Result<(Running, u16)> {
    let prepare = |directory: &Path| {
        let file = directory.join("rsyslog.conf");
        fs::write(directory.join("ca.pem"), authority.certificate_pem()).context("write a CA")?;
        authority.server().write(directory, "server")?;
        fs::write(&file, configuration(directory)).context("write its configuration")?;
        let file = file.display().to_string();
        Ok(vec!["-n".to_owned(), "-iNONE".to_owned(), "-f".to_owned(), file])
    };
    let running = Running::start(program, prepare, |directory| port_in(directory).is_some())?;
    let port = port_in(running.directory()).context("read the port of an input")?;
    Ok((running, port))
}

/// Reads the port that rsyslogd took for its TCP input; none before it did.
pub(crate) fn port_in(directory: &Path) -> Option<u16> {
    fs::read_to_string(directory.join(PORT)).ok()?.trim_end().parse().ok()
}

fn file_of(directory: &Path, input: Input) -> PathBuf {
    directory.join(match input {
        Input::Tcp => "tcp.lines",
        Input::Tls => "tls.lines",
        Input::Udp => "udp.lines",
    })
}

/// Keeps `rawmsg`: its parser for RFC 3164 would eat up to the first colon as a tag.
fn head(directory: &Path) -> String {
    let path = directory.display();
    format!(
        r#"global(
  workDirectory="{path}" maxMessageSize="1m" parser.escapeControlCharactersOnReceive="off"
  defaultNetstreamDriverCAFile="{path}/ca.pem"
  defaultNetstreamDriverCertFile="{path}/server.pem"
  defaultNetstreamDriverKeyFile="{path}/server.key"
)
template(name="raw" type="list") {{ property(name="rawmsg") constant(value="\n") }}
"#
    )
}

/// Configures an input; `more` has the parameters of its listener.
fn input(directory: &Path, input: Input, module: &str, more: &str) -> String {
    let file = file_of(directory, input);
    let file = file.display();
    format!(
        r#"module(load="{module}")
ruleset(name="{input:?}") {{ action(type="omfile" file="{file}" template="raw") }}
input(type="{module}" address="127.0.0.1" ruleset="{input:?}" {more})
"#
    )
}

fn plain_configuration(directory: &Path, udp_port: u16) -> String {
    // UDP comes first: where TCP has a port, it is open.
    let udp = input(directory, Input::Udp, "imudp", &format!(r#"port="{udp_port}""#));
    let tcp = input(directory, Input::Tcp, "imtcp", &any_port(directory));
    [head(directory), udp, tcp].concat()
}

fn tls_configuration(directory: &Path) -> String {
    let tls = r#"streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="anon""#;
    let more = format!("{} {tls}", any_port(directory));
    [head(directory), input(directory, Input::Tls, "imtcp", &more)].concat()
}

/// Lets an input of `imtcp` take any port and write down which.
pub(crate) fn any_port(directory: &Path) -> String {
    format!(r#"port="0" listenPortFileName="{}/{PORT}""#, directory.display())
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::{TcpStream, UdpSocket};

    use super::*;
    use crate::client::{Client, SOON};

    #[test]
    fn lines_come_out_of_each_input_as_they_went_in() {
        let (client, rsyslog) = (Client::find(), Rsyslog::start());
        let quoted = "<14>signal=a;b=\"ä: \\t'c'\td\";";
        let long = format!("<14>signal=long;x={};", "y".repeat(100_000));
        let lines = [quoted, &long, "no head: at all"];
        let text = format!("{}\n", lines.join("\n"));

        let mut tcp = TcpStream::connect(rsyslog.address(Input::Tcp)).unwrap();
        tcp.write_all(text.as_bytes()).unwrap();
        assert_eq!(rsyslog.lines(Input::Tcp, 3, SOON), lines);

        let address = rsyslog.address(Input::Tls).to_string();
        fs::write(client.directory().join("ca.pem"), rsyslog.ca_pem()).unwrap();
        drop(TcpStream::connect(rsyslog.address(Input::Tls)).unwrap()); // fails to shake hands
        let mut tls = client.s_client(&address, None);
        tls.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        assert_eq!(rsyslog.lines(Input::Tls, 3, SOON), lines);
        assert!(tls.wait().unwrap().success());

        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        udp.send_to(format!("{quoted}\n").as_bytes(), rsyslog.address(Input::Udp)).unwrap();
        assert_eq!(rsyslog.lines(Input::Udp, 1, SOON), [quoted]);
        tcp.write_all(b"again\n").unwrap();
        assert_eq!(rsyslog.lines(Input::Tcp, 4, SOON)[3..], ["again"], "each has its own file");
    }
}
