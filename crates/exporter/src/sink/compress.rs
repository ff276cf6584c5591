//! Compresses bodies.

use std::io::Write;
use std::sync::Mutex;

use bytes::Bytes;
use flate2::write::GzEncoder;
use zstd::bulk::Compressor as Zstd;

use crate::limits::COMPRESSORS_KEPT_MAX;
use crate::plan::Compression;

/// The fastest level. A batch repeats its labels so often that level 6 saves a fifth and takes seven times as long.
const GZIP_LEVEL: u32 = 1;
/// As for gzip: level 3 is slower and no smaller.
const ZSTD_LEVEL: i32 = 1;

/// Contexts that nobody uses at the moment. Making one costs as much as compressing a small batch.
static ZSTD: Mutex<Vec<Zstd<'static>>> = Mutex::new(Vec::new());

/// Gives the value of `Content-Encoding`.
pub(super) const fn content_encoding(compression: Compression) -> Option<&'static str> {
    match compression {
        Compression::None => None,
        Compression::Gzip => Some("gzip"),
        Compression::Zstd => Some("zstd"),
    }
}

pub(super) fn gzip(body: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::new(GZIP_LEVEL));
    encoder.write_all(body).expect("a vector takes everything");
    encoder.finish().expect("a vector takes everything").into()
}

pub(super) fn zstd(body: &[u8]) -> Bytes {
    let kept = ZSTD.lock().expect("no holder panics").pop();
    let mut context = kept.unwrap_or_else(|| Zstd::new(ZSTD_LEVEL).expect("the level exists"));
    // Bytes of its own: what is compressed has about a twentieth of the vector.
    let out = context.compress(body).expect("the vector is large enough");
    let mut all = ZSTD.lock().expect("no holder panics");
    if all.len() < COMPRESSORS_KEPT_MAX {
        all.push(context);
    }
    Bytes::copy_from_slice(&out)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::MultiGzDecoder;
    use proptest::prelude::*;

    fn check(body: &[u8]) {
        let mut back = Vec::new();
        MultiGzDecoder::new(&*super::gzip(body)).read_to_end(&mut back).unwrap();
        assert!(back == body, "gzip");
        let back = zstd::stream::decode_all(&*super::zstd(body)).unwrap();
        assert!(back == body, "zstd");
        assert_eq!(super::gzip(body), super::gzip(body), "the same bytes give the same bytes");
        assert_eq!(super::zstd(body), super::zstd(body));
    }

    #[test]
    fn an_empty_and_a_large_body_come_back() {
        check(b"");
        check(&b"alike ".repeat(700_000));
    }

    proptest! {
        #[test]
        fn what_is_compressed_comes_back(body: Vec<u8>, times in 1..300_usize) {
            check(&body.repeat(times));
        }
    }
}
