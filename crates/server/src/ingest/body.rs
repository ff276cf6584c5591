//! Takes a body out of its compression, and stops a bomb before it is large.

use std::io::Read;

use bytes::Bytes;

use crate::limits::{COMPRESSION_RATIO_FROM_BYTES, COMPRESSION_RATIO_MAX, DECODED_BYTES_MAX};

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Not at all.
    Identity,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
}

/// Why a body cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// It becomes too large.
    TooLarge,
    /// It is not compressed as it says.
    Broken,
}

impl Encoding {
    /// Reads the header.
    #[must_use]
    pub fn from_header(value: Option<&str>) -> Option<Self> {
        match value.map(str::trim) {
            None | Some("" | "identity") => Some(Self::Identity),
            Some("gzip") => Some(Self::Gzip),
            Some("zstd") => Some(Self::Zstd),
            Some(_) => None,
        }
    }

    /// Decompresses.
    ///
    /// # Errors
    /// When it is broken, or more than it may become.
    pub fn decode(self, body: Bytes) -> Result<Bytes, Unreadable> {
        match self {
            Self::Identity if body.len() > DECODED_BYTES_MAX => Err(Unreadable::TooLarge),
            Self::Identity => Ok(body),
            Self::Gzip => read(flate2::read::MultiGzDecoder::new(&body[..]), most(body.len())),
            Self::Zstd => {
                let decoder = ruzstd::decoding::StreamingDecoder::new(&body[..]);
                read(decoder.map_err(|_| Unreadable::Broken)?, most(body.len()))
            }
        }
    }
}

/// Gives how large a body of this length may become.
fn most(length: usize) -> usize {
    length
        .saturating_mul(COMPRESSION_RATIO_MAX)
        .clamp(COMPRESSION_RATIO_FROM_BYTES, DECODED_BYTES_MAX)
}

fn read(from: impl Read, most: usize) -> Result<Bytes, Unreadable> {
    let mut decoded = Vec::new();
    let limit = most as u64 + 1;
    from.take(limit).read_to_end(&mut decoded).map_err(|_| Unreadable::Broken)?;
    if decoded.len() > most {
        return Err(Unreadable::TooLarge);
    }
    Ok(decoded.into())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::{Bytes, Encoding, Unreadable};

    fn gzip(plain: &[u8]) -> Bytes {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap().into()
    }

    #[test]
    fn a_bomb_is_stopped_and_a_small_body_may_shrink_as_it_likes() {
        let small = vec![b' '; 60 * 1024];
        assert_eq!(Encoding::Gzip.decode(gzip(&small)), Ok(small.into()));
        let bomb = gzip(&vec![b' '; 7 * 1024 * 1024]);
        assert_eq!(Encoding::Gzip.decode(bomb), Err(Unreadable::TooLarge));
    }

    #[test]
    fn what_is_not_compressed_as_it_says_is_broken() {
        for encoding in [Encoding::Gzip, Encoding::Zstd] {
            let decoded = encoding.decode(Bytes::from_static(b"{\"pods\": 1}"));
            assert_eq!(decoded, Err(Unreadable::Broken), "{encoding:?}");
        }
        let whole = gzip(b"a body that is cut");
        assert_eq!(Encoding::Gzip.decode(whole.slice(..20)), Err(Unreadable::Broken));
    }
}
