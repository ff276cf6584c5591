//! Compresses requests: as the exporter does, and as is usual.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use flate2::write::GzEncoder;
use ktel_exporter::batch::Batch;
use ktel_exporter::plan::Compression;
use ktel_exporter::sink::Shared;
use ktel_exporter::time::{Millis, Window};
use libdeflater::{CompressionLvl, Compressor as Deflate};

use crate::corpus::{BEGAN, Corpus};
use crate::ours;
use crate::timing::time;

/// Compresses a request, and gives the length of what comes out.
type Side<'s> = &'s dyn Fn(&[u8]) -> anyhow::Result<usize>;

/// How many points a request has: the default of an Exporter.
const POINTS: usize = 500;
/// Requests of one round.
const REQUESTS: usize = 40;

/// Writes the table.
pub(crate) fn table(page: &mut String) -> anyhow::Result<()> {
    let corpus = Corpus::gauges(POINTS * REQUESTS, 1);
    let mut bodies = Vec::new();
    ours::encode_by(POINTS, &corpus.slice(), &mut |batch| bodies.push(batch.body));
    let bytes: usize = bodies.iter().map(Bytes::len).sum();
    let zstd_level = |level| move |body: &[u8]| Ok(zstd::bulk::compress(body, level)?.len());
    let gzip_level = |level| move |body: &[u8]| Ok(flate2(body, level)?.len());
    let deflate = RefCell::new(Deflate::new(CompressionLvl::new(1).ok().context("a level")?));
    let sides: [(&str, Side<'_>); 7] = [
        ("`flate2`, level 6: the default of most exporters", &gzip_level(6)),
        ("`flate2`, level 1", &gzip_level(1)),
        ("`libdeflate`, level 1, with a kept context", &|body| libdeflate(body, &deflate)),
        ("ktel, gzip: `flate2`, level 1", &|body| Ok(ours(body, Compression::Gzip))),
        ("zstd, level 3, a context for each request", &zstd_level(3)),
        ("zstd, level 1, a context for each request", &zstd_level(1)),
        ("ktel, zstd: level 1, with kept contexts", &|body| Ok(ours(body, Compression::Zstd))),
    ];
    writeln!(
        page,
        "
Compressing requests of {POINTS} points, {} bytes each, one after another:

| what | MB/s | of the size | beside `flate2` at level 6 |
|---|---|---|---|",
        bytes / bodies.len(),
    )?;
    let mut usual: Option<Duration> = None;
    for (what, side) in sides {
        let mut compressed = 0;
        for body in &bodies {
            compressed += side(body)?;
        }
        let took = time(|| bodies.iter().map(|body| side(body).unwrap_or_default()).sum::<usize>());
        let first = *usual.get_or_insert(took);
        writeln!(
            page,
            "| {what} | {:.0} | {:.1} % | {:.1} times as fast |",
            bytes as f64 / took.as_secs_f64() / 1e6,
            100.0 * compressed as f64 / bytes as f64,
            first.as_secs_f64() / took.as_secs_f64(),
        )?;
    }
    Ok(())
}

fn flate2(body: &[u8], level: u32) -> anyhow::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::new(level));
    encoder.write_all(body)?;
    encoder.finish().context("a vector takes everything")
}

fn libdeflate(body: &[u8], context: &RefCell<Deflate>) -> anyhow::Result<usize> {
    let mut deflate = context.borrow_mut();
    let mut out = vec![0; deflate.gzip_compress_bound(body.len())];
    Ok(deflate.gzip_compress(body, &mut out)?)
}

fn ours(body: &[u8], compression: Compression) -> usize {
    let body = Bytes::copy_from_slice(body);
    let window = Window { start: Millis(BEGAN), end: Millis(BEGAN + 60_000) };
    let batch = Batch { body, points: POINTS as u64, window, number: 0 };
    Shared::new(batch, None).compressed(compression).len()
}
