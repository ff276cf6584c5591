//! Reads from a certificate whether it may sign others.

const SEQUENCE: u8 = 0x30;
const OBJECT_IDENTIFIER: u8 = 0x06;
const OCTET_STRING: u8 = 0x04;
/// The context-specific tags of the version and of the extensions.
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
/// 2.5.29.19
const BASIC_CONSTRAINTS: [u8; 3] = [0x55, 0x1d, 0x13];
const TRUE: [u8; 3] = [0x01, 0x01, 0xff];

/// Says whether a certificate in DER is one of an authority: it says so (RFC 5280, section 4.2.1.9), or
/// it is of version 1, which had no way to say so. A malformed one is none.
pub(super) fn is_authority(certificate: &[u8]) -> bool {
    read(certificate).unwrap_or(false)
}

fn read(certificate: &[u8]) -> Option<bool> {
    let signed = Elements(content(certificate, SEQUENCE)?);
    let fields: Vec<_> = Elements(content(signed.0, SEQUENCE)?).collect();
    if fields.first()?.0 != VERSION {
        return Some(true);
    }
    let (_, extensions) = fields.into_iter().find(|(tag, _)| *tag == EXTENSIONS)?;
    let mut constraints = Elements(content(extensions, SEQUENCE)?).filter_map(|(_, extension)| {
        let mut parts = Elements(extension);
        let is_wanted = parts.next()? == (OBJECT_IDENTIFIER, &BASIC_CONSTRAINTS[..]);
        let value = parts.find(|(tag, _)| *tag == OCTET_STRING).filter(|_| is_wanted)?;
        content(value.1, SEQUENCE)
    });
    Some(constraints.next()?.starts_with(&TRUE))
}

/// Gives the content of the first element, which has this tag.
fn content(der: &[u8], tag: u8) -> Option<&[u8]> {
    Elements(der).next().filter(|element| element.0 == tag).map(|element| element.1)
}

/// The elements of a constructed value: tags and contents, up to the first malformed one.
struct Elements<'d>(&'d [u8]);

impl<'d> Iterator for Elements<'d> {
    type Item = (u8, &'d [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = if first < 0x80 {
            (usize::from(first), rest)
        } else {
            // The length of the length; a certificate has less than 16 MiB.
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f).min(4))?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }
}
