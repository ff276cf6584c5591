use std::net::IpAddr;
use std::sync::Arc;

use ktel_delivery::resolve::{Addresses, Resolve};
use proptest::prelude::*;

use super::{Denied, Forbidden, Guarded, System};
use crate::plan::Egress;

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn networks(texts: &[&str]) -> Vec<ipnet::IpNet> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

#[test]
fn what_is_not_public_is_denied_with_its_reason() {
    for (text, expected) in [
        ("127.0.0.1", Denied::Loopback),
        ("127.255.255.254", Denied::Loopback),
        ("::1", Denied::Loopback),
        ("169.254.169.254", Denied::LinkLocal),
        ("fe80::1", Denied::LinkLocal),
        ("febf:ffff::1", Denied::LinkLocal),
        ("10.0.0.1", Denied::Private),
        ("172.16.0.1", Denied::Private),
        ("172.31.255.255", Denied::Private),
        ("192.168.1.1", Denied::Private),
        ("100.64.0.1", Denied::Private),
        ("100.127.255.255", Denied::Private),
        ("fd00::1", Denied::Private),
        ("fc00::1", Denied::Private),
        ("fec0::1", Denied::Private),
        ("0.0.0.0", Denied::Unspecified),
        ("0.1.2.3", Denied::Unspecified),
        ("::", Denied::Unspecified),
        ("224.0.0.1", Denied::Multicast),
        ("239.255.255.255", Denied::Multicast),
        ("255.255.255.255", Denied::Multicast),
        ("ff02::1", Denied::Multicast),
        ("240.0.0.1", Denied::Reserved),
        ("192.0.0.192", Denied::Reserved),
        ("192.0.2.1", Denied::Reserved),
        ("198.51.100.1", Denied::Reserved),
        ("203.0.113.1", Denied::Reserved),
        ("198.18.0.1", Denied::Reserved),
        ("198.19.255.255", Denied::Reserved),
        ("192.88.99.1", Denied::Reserved),
        ("2001:db8::1", Denied::Reserved),
        ("3fff:fff::1", Denied::Reserved),
        ("2001::1", Denied::Reserved), // Teredo
        ("2001:2::1", Denied::Reserved),
        ("100::1", Denied::Reserved),
        ("64:ff9b:1::a00:1", Denied::Reserved),
        ("5f00::1", Denied::Reserved),
        ("4000::1", Denied::Reserved),
    ] {
        assert_eq!(Egress::default().allows(address(text)), Err(expected), "{text}");
    }
}

#[test]
fn what_is_public_is_allowed() {
    for text in [
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.1",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2001:4860:4860::8888",
        "2606:4700::1111",
        "2a00::1",
        "2001:200::1",
        "3ffe::1",
    ] {
        assert_eq!(Egress::default().allows(address(text)), Ok(()), "{text}");
    }
}

#[test]
fn an_ipv6_address_is_judged_by_the_ipv4_address_that_it_carries() {
    for (text, expected) in [
        ("::ffff:169.254.169.254", Err(Denied::LinkLocal)),
        ("::ffff:127.0.0.1", Err(Denied::Loopback)),
        ("::ffff:1.1.1.1", Ok(())),
        ("::127.0.0.1", Err(Denied::Loopback)),
        ("::2", Err(Denied::Unspecified)),
        ("64:ff9b::10.0.0.1", Err(Denied::Private)),
        ("64:ff9b::1.1.1.1", Ok(())),
        ("2002:a9fe:a9fe::1", Err(Denied::LinkLocal)),
        ("2002:0101:0101::1", Ok(())),
    ] {
        assert_eq!(Egress::default().allows(address(text)), expected, "{text}");
    }
}

#[test]
fn the_operators_networks_count_and_what_is_allowed_wins() {
    let egress = Egress {
        allowed: networks(&["10.1.0.0/16", "fd00:1::/32", "127.0.0.1/32"]),
        denied: networks(&["10.1.2.0/24", "34.1.0.0/16", "2a00:1::/32"]),
        ..Egress::default()
    };
    for (text, expected) in [
        ("10.1.0.1", Ok(())),
        ("10.1.2.3", Ok(())),
        ("::ffff:10.1.2.3", Ok(())),
        ("10.2.0.1", Err(Denied::Private)),
        ("127.0.0.1", Ok(())),
        ("127.0.0.2", Err(Denied::Loopback)),
        ("fd00:1::5", Ok(())),
        ("fd00:2::5", Err(Denied::Private)),
        ("34.1.2.3", Err(Denied::ByOperator)),
        ("::ffff:34.1.2.3", Err(Denied::ByOperator)),
        ("64:ff9b::34.1.2.3", Err(Denied::ByOperator)),
        ("2002:2201:203::1", Err(Denied::ByOperator)),
        ("34.2.0.1", Ok(())),
        ("2a00:1::1", Err(Denied::ByOperator)),
    ] {
        assert_eq!(egress.allows(address(text)), expected, "{text}");
    }
    let by_proxy = Egress { uses_proxy: true, ..Egress::default() };
    assert_eq!(by_proxy.allows(address("10.0.0.1")), Ok(()));
}

proptest! {
    /// What is denied as IPv4 is denied in every disguise.
    #[test]
    fn no_disguise_makes_a_denied_address_allowed(bits: u32, tail: u64, denied in "(1|9|34)\\.0\\.0\\.0/(1|2|3)") {
        let egress = Egress { denied: networks(&[&denied]), ..Egress::default() };
        let v4 = std::net::Ipv4Addr::from(bits);
        let plain = egress.allows(v4.into());
        let bits = u128::from(bits);
        for disguised in [
            0xffff_u128 << 32 | bits,
            0x0064_ff9b_u128 << 96 | bits,
            0x2002_u128 << 112 | bits << 80 | u128::from(tail),
        ] {
            let v6 = std::net::Ipv6Addr::from(disguised);
            prop_assert_eq!(egress.allows(v6.into()), plain, "{}", v6);
        }
    }
}

/// Answers with what it was given.
#[derive(Debug)]
struct Fixed(Vec<IpAddr>);

impl Resolve for Fixed {
    fn resolve<'a>(&'a self, _host: &'a str) -> Addresses<'a> {
        Box::pin(async { Ok(self.0.clone()) })
    }
}

#[tokio::test]
async fn one_denied_address_denies_the_host() {
    let public = address("1.1.1.1");
    let resolve = async |found: Vec<IpAddr>| {
        let guarded = Guarded::by(Egress::default(), Arc::new(Fixed(found)));
        guarded.resolve("otlp.example.com").await
    };
    assert_eq!(resolve(vec![public]).await.unwrap(), [public]);
    for mixed in [[public, address("10.0.0.1")], [address("10.0.0.1"), public]] {
        let error = resolve(mixed.to_vec()).await.unwrap_err();
        let forbidden = error.get_ref().and_then(|inner| inner.downcast_ref::<Forbidden>());
        assert_eq!(forbidden, Some(&Forbidden { reason: Denied::Private }));
        assert!(!error.to_string().contains("10.0.0.1"), "{error}");
    }
    assert!(resolve(Vec::new()).await.is_err());
}

#[tokio::test]
async fn names_of_this_host_are_denied_however_they_are_written() {
    let guarded = Guarded::new(Egress::default());
    for host in ["localhost", "127.0.0.1", "::1", "0", "127.1", "2130706433", "0x7f.1"] {
        let error = guarded.resolve(host).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied, "{host}: {error}");
    }
    let allowed = Egress { allowed: networks(&["127.0.0.0/8", "::1/128"]), ..Egress::default() };
    assert!(Guarded::by(allowed, Arc::new(System)).resolve("localhost").await.is_ok());
}
