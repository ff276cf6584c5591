//! Reads raw samples of Prometheus by `remote_read`, in streamed chunks.
//!
//! The answer is a sequence of frames with checksums, so an error that Prometheus writes behind them as text is noticed.
//! Chunks are given whole: what lies outside of the window is omitted here.

use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue};

use super::check::Check;
use super::error::ReadError;
use super::exchange::{check_end, next};
use super::{Cuts, Part, Reader, narrow, promql};
use crate::plan::Tenant;
use crate::slice::{Sample, SliceBuilder};
use crate::time::{Millis, Window};
use frames::Frames;
use message::{Chunk, Encoding, Series};

mod bad_chunk;
mod bits;
pub mod frames;
pub mod histogram;
pub mod message;
mod protobuf;
mod request;
pub mod xor;

pub use bad_chunk::BadChunk;
use bad_chunk::bad;

/// Says that the answer is frames of chunks.
const STREAMED: &str = "application/x-streamed-protobuf";

/// What comes of the frames of an answer.
#[derive(Debug)]
pub struct Collector<'a> {
    check: &'a Check,
    window: Window,
    bytes_max: usize,
    builder: SliceBuilder,
}

impl<'a> Collector<'a> {
    /// Begins a slice of a window.
    #[must_use]
    pub fn new(check: &'a Check, window: Window, bytes_max: usize) -> Self {
        Self { check, window, bytes_max, builder: SliceBuilder::new() }
    }

    /// Takes a frame.
    ///
    /// # Errors
    /// When it cannot be read, has a stranger's series, or there is no room for it.
    pub fn take(&mut self, frame: &[u8]) -> Result<(), ReadError> {
        message::read(frame, |series| self.take_series(series))
    }

    fn take_series(&mut self, series: &Series<'_>) -> Result<(), ReadError> {
        if !self.check.allows(&series.labels) {
            return Err(ReadError::stranger(&series.labels));
        }
        let before = self.builder.bytes();
        self.builder.begin();
        for chunk in &series.chunks {
            self.take_chunk(chunk)?;
        }
        if self.builder.bytes() == before {
            self.builder.cancel();
            return Ok(());
        }
        for (name, value) in &series.labels {
            self.builder.label(name, value);
        }
        self.builder.end();
        self.check_room()
    }

    fn take_chunk(&mut self, chunk: &Chunk<'_>) -> Result<(), ReadError> {
        let window = self.window;
        match chunk.encoding {
            Encoding::Xor => xor::decode(chunk.data, |time, value| {
                let time = Millis(time);
                if window.contains(time) {
                    self.builder.sample(Sample { time, value });
                }
            })?,
            Encoding::Histogram | Encoding::FloatHistogram => {
                let is_float = chunk.encoding == Encoding::FloatHistogram;
                histogram::decode(chunk.data, is_float, |histogram| {
                    if window.contains(histogram.time) {
                        self.builder.histogram(histogram);
                        self.check_room()?;
                    }
                    Ok(())
                })?;
            }
        }
        self.check_room()
    }

    fn check_room(&self) -> Result<(), ReadError> {
        let bytes_max = self.bytes_max;
        if self.builder.bytes() > bytes_max {
            Err(ReadError::too_large(bytes_max, &self.builder))
        } else {
            Ok(())
        }
    }

    /// Gives what was collected.
    #[must_use]
    pub fn finish(self) -> SliceBuilder {
        self.builder
    }
}

impl Reader {
    /// Reads a window of a part.
    pub(super) async fn remote_read(
        &self,
        tenant: &Tenant,
        part: &Part,
        cuts: &Cuts,
        window: Window,
        bytes_max: usize,
    ) -> Result<SliceBuilder, ReadError> {
        let selectors = narrow::selectors(part, cuts, self.0.query_bytes_max)?;
        let check = Check::new(tenant, &selectors);
        let mut collector = Collector::new(&check, window, bytes_max);
        for body in request::bodies(&promql::groups(&selectors), window) {
            let url = self.endpoint(tenant, &["api", "v1", "read"])?;
            let compressed = snap::raw::Encoder::new().compress_vec(&body);
            let compressed =
                compressed.map_err(|error| ReadError::Unsendable { message: error.to_string() })?;
            let mut headers = self.headers();
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("snappy"));
            let version = HeaderName::from_static("x-prometheus-remote-read-version");
            headers.insert(version, HeaderValue::from_static("0.1.0"));
            let content_type = HeaderValue::from_static("application/x-protobuf");
            let mut answer =
                self.post(url, headers, content_type, compressed.into(), usize::MAX).await?;
            let is_streamed = answer
                .headers
                .get(CONTENT_TYPE)
                .is_some_and(|found| found.as_bytes().starts_with(STREAMED.as_bytes()));
            if !is_streamed {
                return Err(bad("it does not stream chunks; use a store of kind `other`").into());
            }
            let mut frames = Frames::default();
            while let Some(piece) = next(&mut answer, bytes_max).await? {
                frames.feed(&piece, |frame| collector.take(frame))?;
            }
            frames.end()?;
            check_end(&answer)?;
        }
        Ok(collector.finish())
    }
}
