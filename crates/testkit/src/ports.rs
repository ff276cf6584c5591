//! Ports for programs that cannot take port 0 and say which port they got.
//!
//! A port that is found, released and then given to a program can be taken by another process in
//! between. So these are held for as long as the program needs them.

use std::net::{Ipv4Addr, UdpSocket};
use std::os::fd::OwnedFd;
use std::{fs, io};

use anyhow::{Context, bail};
use rustix::net::sockopt::set_socket_reuseaddr;
use rustix::net::{
    AddressFamily, SocketAddrV4, SocketFlags, SocketType, bind, getsockname, socket_with,
};

/// A TCP port of 127.0.0.1 that only a program gets which asks for it by its number.
///
/// Our socket is bound and does not listen. Since both sides set `SO_REUSEADDR`, as servers do,
/// Linux lets a program listen on the same port. It does not choose such a port for port 0 or for
/// a connection.
#[derive(Debug)]
pub struct TcpPort {
    number: u16,
    _socket: OwnedFd,
}

impl TcpPort {
    /// Holds a free port.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn hold() -> anyhow::Result<Self> {
        let hold = || {
            let (family, kind) = (AddressFamily::INET, SocketType::STREAM);
            let socket = socket_with(family, kind, SocketFlags::CLOEXEC, None)?;
            set_socket_reuseaddr(&socket, true)?;
            bind(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0))?;
            let number = SocketAddrV4::try_from(getsockname(&socket)?)?.port();
            Ok::<_, rustix::io::Errno>(Self { number, _socket: socket })
        };
        hold().context("hold a TCP port")
    }

    /// Gives its number.
    #[must_use]
    pub fn number(&self) -> u16 {
        self.number
    }
}

/// A UDP port of 127.0.0.1 that only a program gets which asks for it by its number.
///
/// Programs bind UDP without `SO_REUSEADDR`, so the port itself cannot be held. It lies outside of
/// the range that Linux chooses from for port 0, and the same port of 127.0.0.2 is a lock that
/// other tests respect.
#[derive(Debug)]
pub(crate) struct UdpPort {
    number: u16,
    _lock: UdpSocket,
}

impl UdpPort {
    /// Holds a free port.
    pub(crate) fn hold() -> anyhow::Result<Self> {
        let (first, last) = chosen_by_the_system()?;
        let lock = |number| UdpSocket::bind((Ipv4Addr::new(127, 0, 0, 2), number)).ok();
        let is_free = |number| UdpSocket::bind((Ipv4Addr::LOCALHOST, number)).is_ok();
        for number in (UNPRIVILEGED..=u16::MAX).rev() {
            if (first..=last).contains(&number) {
                continue;
            }
            if let Some(lock) = lock(number)
                && is_free(number)
            {
                return Ok(Self { number, _lock: lock });
            }
        }
        bail!("hold a UDP port: none is free outside of {first}-{last}")
    }

    pub(crate) fn number(&self) -> u16 {
        self.number
    }
}

/// The first port that needs no privilege.
const UNPRIVILEGED: u16 = 1024;

/// Reads which ports Linux chooses from when a program asks for port 0.
fn chosen_by_the_system() -> anyhow::Result<(u16, u16)> {
    const FILE: &str = "/proc/sys/net/ipv4/ip_local_port_range";
    let text = fs::read_to_string(FILE).with_context(|| format!("read `{FILE}`"))?;
    let mut words = text.split_whitespace().map(str::parse);
    let mut next = || -> anyhow::Result<u16> {
        Ok(words.next().context("the range has two ends")?.map_err(io::Error::other)?)
    };
    Ok((next()?, next()?))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn a_held_tcp_port_is_for_a_server_that_asks_for_it_again_and_again() {
        let port = TcpPort::hold().unwrap();
        let address = (Ipv4Addr::LOCALHOST, port.number());
        for _start in 0..2 {
            assert!(TcpStream::connect(address).is_err(), "nothing listens before the start");
            let server = TcpListener::bind(address).unwrap();
            TcpStream::connect(address).unwrap();
            server.accept().unwrap();
        }
    }

    #[test]
    fn a_held_tcp_port_is_in_use() {
        let port = TcpPort::hold().unwrap();
        let other =
            socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None);
        let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port.number());
        assert_eq!(bind(other.unwrap(), &address), Err(rustix::io::Errno::ADDRINUSE));
    }

    #[test]
    fn a_held_udp_port_is_free_for_its_program_and_locked_for_others() {
        let ports: Vec<UdpPort> = (0..20).map(|_| UdpPort::hold().unwrap()).collect();
        let numbers: BTreeSet<u16> = ports.iter().map(UdpPort::number).collect();
        assert_eq!(numbers.len(), ports.len());
        let (first, last) = chosen_by_the_system().unwrap();
        for number in numbers {
            assert!(!(first..=last).contains(&number), "{number} can be given to anybody");
            UdpSocket::bind((Ipv4Addr::LOCALHOST, number)).unwrap();
        }
    }
}
