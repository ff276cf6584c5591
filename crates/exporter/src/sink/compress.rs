//! Compresses bodies, with contexts that are kept for the next one.

use std::sync::Mutex;

use bytes::Bytes;
use libdeflater::{CompressionLvl, Compressor as Deflate};
use zstd::bulk::Compressor as Zstd;

use crate::limits::COMPRESSORS_KEPT_MAX;
use crate::plan::Compression;

/// The fastest level. A batch repeats its labels so often that level 6 saves 10% and takes three times as long.
const GZIP_LEVEL: i32 = 1;
/// As for gzip: level 3 is slower and no smaller.
const ZSTD_LEVEL: i32 = 1;

static GZIP: Pool<Deflate> = Pool::new();
static ZSTD: Pool<Zstd<'static>> = Pool::new();

/// Contexts that nobody uses at the moment. Making one costs more than compressing a small batch.
struct Pool<T>(Mutex<Vec<T>>);

impl<T> Pool<T> {
    const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    fn with<R>(&self, make: impl FnOnce() -> T, run: impl FnOnce(&mut T) -> R) -> R {
        let kept = self.0.lock().expect("no holder panics").pop();
        let mut context = kept.unwrap_or_else(make);
        let result = run(&mut context);
        let mut all = self.0.lock().expect("no holder panics");
        if all.len() < COMPRESSORS_KEPT_MAX {
            all.push(context);
        }
        result
    }
}

/// Gives the value of `Content-Encoding`.
pub(super) const fn content_encoding(compression: Compression) -> Option<&'static str> {
    match compression {
        Compression::None => None,
        Compression::Gzip => Some("gzip"),
        Compression::Zstd => Some("zstd"),
    }
}

pub(super) fn gzip(body: &[u8]) -> Bytes {
    let make = || Deflate::new(CompressionLvl::new(GZIP_LEVEL).expect("the level exists"));
    GZIP.with(make, |deflate| {
        let mut out = vec![0; deflate.gzip_compress_bound(body.len())];
        let length = deflate.gzip_compress(body, &mut out).expect("the bound is large enough");
        // Bytes of its own: what is compressed has about a tenth of the bound.
        Bytes::copy_from_slice(&out[..length])
    })
}

pub(super) fn zstd(body: &[u8]) -> Bytes {
    let make = || Zstd::new(ZSTD_LEVEL).expect("the level exists");
    ZSTD.with(make, |zstd| {
        let out = zstd.compress(body).expect("the vector is large enough");
        Bytes::copy_from_slice(&out)
    })
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
