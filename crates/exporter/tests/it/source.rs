//! Sources read exactly what the real stores have.

mod hostile;
mod prometheus;
mod victoria_metrics;

use ktel_exporter::plan::Tenant;
use ktel_exporter::slice::Slice;
use ktel_exporter::source::{Part, Reader, Store, StoreKind};
use ktel_exporter::time::{Millis, Window};
use ktel_metricsql::{Matcher, Selector};

/// Room enough for everything that these tests read.
const ROOM: usize = 64 << 20;

/// A sample of a series as everybody writes it: labels, time, bits of the value.
type Known = (String, i64, u64);

fn reader(kind: StoreKind, url: &str) -> Reader {
    let store = Store {
        kind,
        url: url.parse().unwrap(),
        authorization: None,
        authorities: None,
        query_bytes_max: 16 * 1024,
    };
    Reader::new(&store).unwrap()
}

fn everything() -> Tenant {
    Tenant { name: "all".into(), matchers: Vec::new(), path: None }
}

fn tenant(name: &str) -> Tenant {
    let matchers = vec![Matcher::equal("tenant", name).unwrap()];
    Tenant { name: name.into(), matchers, path: None }
}

fn part(selectors: &[&str]) -> Part {
    let selectors = selectors.iter().map(|text| text.parse::<Selector>().unwrap()).collect();
    Part { selectors, families: None }
}

fn window(start: i64, end: i64) -> Window {
    Window { start: Millis(start), end: Millis(end) }
}

/// Gives all samples of a slice, sorted. Each is there once, or this finds it twice.
fn samples(slice: &Slice) -> Vec<Known> {
    let mut known = Vec::new();
    for series in slice.series() {
        let mut name = series.name().to_owned();
        for (label, value) in series.labels() {
            name.push_str(&format!(",{label}={value:?}"));
        }
        for sample in series.samples {
            known.push((name.clone(), sample.time.0, sample.value.to_bits()));
        }
    }
    known.sort();
    known
}

fn run<T>(what: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(what)
}

pub(crate) type Written<'a> = (&'a [(&'a str, &'a str)], &'a [(i64, f64)]);

/// Makes a request of Prometheus' remote write: protobuf by hand, and snappy.
pub(crate) fn remote_write(series: &[Written<'_>]) -> Vec<u8> {
    fn field(out: &mut Vec<u8>, number: u8, body: &[u8]) {
        out.push(number << 3 | 2);
        varint(out, body.len() as u64);
        out.extend_from_slice(body);
    }
    fn varint(out: &mut Vec<u8>, mut value: u64) {
        while value > 0x7f {
            out.push(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        out.push(value.to_le_bytes()[0]);
    }
    let mut request = Vec::new();
    for (labels, samples) in series {
        let mut one = Vec::new();
        for (name, value) in *labels {
            let mut label = Vec::new();
            field(&mut label, 1, name.as_bytes());
            field(&mut label, 2, value.as_bytes());
            field(&mut one, 1, &label);
        }
        for (time, value) in *samples {
            let mut sample = vec![1 << 3 | 1];
            sample.extend_from_slice(&value.to_le_bytes());
            sample.push(2 << 3);
            varint(&mut sample, u64::from_ne_bytes(time.to_ne_bytes()));
            field(&mut one, 2, &sample);
        }
        field(&mut request, 1, &one);
    }
    snap::raw::Encoder::new().compress_vec(&request).unwrap()
}
