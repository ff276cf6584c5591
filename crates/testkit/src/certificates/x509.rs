//! Writes a certificate (RFC 5280), with no more in it than clients ask for.

use std::net::IpAddr;

use super::der::{
    BOOLEAN, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, SET, UTC_TIME, UTF8_STRING, bits,
    explicit, group, implicit, value,
};
use crate::key::{Form, Key};

const ECDSA_WITH_SHA256: [u8; 8] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03];
const SUBJECT_KEY_IDENTIFIER: u8 = 14;
const KEY_USAGE: u8 = 15;
const SUBJECT_ALTERNATIVE_NAME: u8 = 17;
const BASIC_CONSTRAINTS: u8 = 19;
const AUTHORITY_KEY_IDENTIFIER: u8 = 35;
const EXTENDED_KEY_USAGE: u8 = 37;
/// How many bytes of a key's digest name it (RFC 7093).
const KEY_IDENTIFIER_LENGTH: usize = 20;

/// What the holder of a certificate may do with it.
#[derive(Debug, Clone)]
pub(super) enum Purpose {
    /// Sign other certificates.
    Sign,
    /// Answer at these names and addresses.
    Serve { names: Vec<&'static str>, addresses: Vec<IpAddr> },
    /// Say who it is when it connects.
    Connect,
}

/// Two times in the form of ASN.1, such as `200101000000Z`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Validity {
    pub(super) from: &'static str,
    pub(super) until: &'static str,
}

/// What a certificate says.
pub(super) struct Certificate<'a> {
    pub(super) serial: [u8; 8],
    pub(super) subject: &'a str,
    pub(super) key: &'a Key,
    pub(super) validity: Validity,
    pub(super) purpose: &'a Purpose,
}

impl Certificate<'_> {
    pub(super) fn signed_by(&self, issuer: &str, key: &Key) -> anyhow::Result<Vec<u8>> {
        let Self { serial, subject, key: own, validity, purpose } = self;
        let algorithm =
            || group(SEQUENCE, [value(OBJECT_IDENTIFIER, ECDSA_WITH_SHA256.as_slice())]);
        let own = own.public_der()?;
        let time = |at: &str| value(UTC_TIME, at.as_bytes());
        let content = group(
            SEQUENCE,
            [
                group(explicit(0), [value(INTEGER, &[2])]), // version 3
                value(INTEGER, serial),
                algorithm(),
                name(issuer),
                group(SEQUENCE, [time(validity.from), time(validity.until)]),
                name(subject),
                own.clone(),
                group(explicit(3), [extensions(purpose, &own, &key.public_der()?)]),
            ],
        );
        let signature = key.sign(Form::Der, &content)?;
        Ok(group(SEQUENCE, [content, algorithm(), bits(0, &signature)]))
    }
}

fn name(common: &str) -> Vec<u8> {
    let kind = value(OBJECT_IDENTIFIER, &COMMON_NAME);
    let attribute = group(SEQUENCE, [kind, value(UTF8_STRING, common.as_bytes())]);
    group(SEQUENCE, [group(SET, [attribute])])
}

fn extensions(purpose: &Purpose, own: &[u8], issuer: &[u8]) -> Vec<u8> {
    let signer = group(SEQUENCE, [value(implicit(0), &key_identifier(issuer))]);
    let mut list = vec![
        extension(SUBJECT_KEY_IDENTIFIER, value(OCTET_STRING, &key_identifier(own))),
        extension(AUTHORITY_KEY_IDENTIFIER, signer),
    ];
    match purpose {
        Purpose::Sign => {
            let may_sign = group(SEQUENCE, [value(BOOLEAN, &[0xff])]);
            list.push(critical(BASIC_CONSTRAINTS, may_sign));
            list.push(critical(KEY_USAGE, bits(1, &[0b0000_0110]))); // certificates, revocations
        }
        Purpose::Serve { names, addresses } => {
            list.extend(end_entity(1));
            let names = names.iter().map(|name| value(implicit(2), name.as_bytes()));
            let addresses = addresses.iter().map(|address| match address {
                IpAddr::V4(address) => value(implicit(7), &address.octets()),
                IpAddr::V6(address) => value(implicit(7), &address.octets()),
            });
            let all: Vec<Vec<u8>> = names.chain(addresses).collect();
            list.push(extension(SUBJECT_ALTERNATIVE_NAME, value(SEQUENCE, &all.concat())));
        }
        Purpose::Connect => list.extend(end_entity(2)),
    }
    value(SEQUENCE, &list.concat())
}

/// Says that a key signs handshakes only; the use is 1 for servers and 2 for clients.
fn end_entity(extended_use: u8) -> [Vec<u8>; 2] {
    let usage = [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, extended_use];
    [
        critical(KEY_USAGE, bits(7, &[0b1000_0000])),
        extension(EXTENDED_KEY_USAGE, group(SEQUENCE, [value(OBJECT_IDENTIFIER, &usage)])),
    ]
}

fn key_identifier(public: &[u8]) -> Vec<u8> {
    let digest = ring::digest::digest(&ring::digest::SHA256, public);
    digest.as_ref().iter().take(KEY_IDENTIFIER_LENGTH).copied().collect()
}

fn extension(number: u8, content: Vec<u8>) -> Vec<u8> {
    let kind = value(OBJECT_IDENTIFIER, &[0x55, 0x1d, number]);
    group(SEQUENCE, [kind, group(OCTET_STRING, [content])])
}

fn critical(number: u8, content: Vec<u8>) -> Vec<u8> {
    let kind = value(OBJECT_IDENTIFIER, &[0x55, 0x1d, number]);
    group(SEQUENCE, [kind, value(BOOLEAN, &[0xff]), group(OCTET_STRING, [content])])
}
