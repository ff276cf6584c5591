//! Reads raw samples of VictoriaMetrics by `/api/v1/export`.
//!
//! With `reduce_mem_usage=1` it streams blocks: a series comes in pieces, in any order, with duplicates. An error in the
//! middle comes as a line of text and a connection that breaks off, after status 200. So nothing counts before a marked
//! end of the stream and of its last line.
//!
//! The answer is not compressed: gzip makes it twelve times smaller, and unpacking it takes several times as long as parsing
//! it. Stores are near.

use crate::plan::Tenant;
use crate::slice::SliceBuilder;
use crate::time::Window;

use super::check::Check;
use super::error::ReadError;
use super::exchange::{check_end, next};
use super::form::Form;
use super::{Cuts, Part, Reader, narrow, text};
use crate::limits::{EXPORT_LONG_LINE_BYTES, SELECTORS_BYTES_MAX};
use line::{Line, Scratch};
use lines::{BadStream, Lines};

pub mod line;
pub mod lines;
mod number;

/// What comes of the lines of an export.
#[derive(Debug)]
pub struct Collector<'a> {
    check: &'a Check,
    window: Window,
    bytes_max: usize,
    builder: SliceBuilder,
    scratch: Scratch,
}

impl<'a> Collector<'a> {
    /// Begins a slice of a window.
    #[must_use]
    pub fn new(check: &'a Check, window: Window, bytes_max: usize) -> Self {
        let (builder, scratch) = (SliceBuilder::new(), Scratch::default());
        Self { check, window, bytes_max, builder, scratch }
    }

    /// Takes a line.
    ///
    /// # Errors
    /// When it is none of an export, or a stranger's, or there is no room for it.
    pub fn take(&mut self, line: &[u8]) -> Result<(), ReadError> {
        let Self { check, window, bytes_max, builder, scratch } = self;
        let bytes_max = *bytes_max;
        let read = Line::read(line, scratch).map_err(|error| not_a_line(line, error.what))?;
        if !check.allows(&read.labels) {
            return Err(ReadError::stranger(&read.labels));
        }
        // A short line brings less than what is tolerated above the bound.
        if line.len() > EXPORT_LONG_LINE_BYTES
            && builder.bytes() + read.samples_max() * size_of::<crate::slice::Sample>() > bytes_max
        {
            return Err(ReadError::too_large(bytes_max, builder));
        }
        builder.begin();
        let mut is_empty = true;
        let taken = read.samples(|sample| {
            if window.contains(sample.time) {
                is_empty = false;
                builder.sample(sample);
            }
        });
        taken.map_err(|error| not_a_line(line, error.what))?;
        if is_empty {
            builder.cancel();
            return Ok(());
        }
        for (name, value) in read.labels.iter() {
            builder.label(name, value);
        }
        builder.end();
        if builder.bytes() > bytes_max {
            return Err(ReadError::too_large(bytes_max, builder));
        }
        Ok(())
    }

    /// Gives what was collected.
    #[must_use]
    pub fn finish(self) -> SliceBuilder {
        self.builder
    }
}

/// VictoriaMetrics writes an error between the lines, and then breaks off.
fn not_a_line(line: &[u8], what: &str) -> ReadError {
    if line.first() == Some(&b'{') {
        return ReadError::Malformed { message: format!("a line of the export: {what}") };
    }
    ReadError::Unavailable { message: text::clean(line) }
}

impl From<BadStream> for ReadError {
    fn from(error: BadStream) -> Self {
        match error {
            BadStream::LineTooLong => Self::Malformed { message: error.to_string() },
            BadStream::Cut => Self::Unavailable { message: error.to_string() },
        }
    }
}

impl Reader {
    /// Reads a window of a part.
    pub(super) async fn export(
        &self,
        tenant: &Tenant,
        part: &Part,
        cuts: &Cuts,
        window: Window,
        bytes_max: usize,
    ) -> Result<SliceBuilder, ReadError> {
        let selectors = narrow::selectors(part, cuts, self.0.query_bytes_max)?;
        let check = Check::new(tenant, &selectors);
        let url = self.endpoint(tenant, &["api", "v1", "export"])?;
        let enforced = self.enforced(tenant)?;
        let queries =
            selectors.iter().map(|selector| self.query(selector)).collect::<Result<Vec<_>, _>>()?;
        let mut collector = Collector::new(&check, window, bytes_max);
        for queries in bodies(queries) {
            let mut form: Form = queries.into_iter().map(|query| ("match[]", query)).collect();
            form.push(("start", millis_as_seconds(window.start.0)));
            form.push(("end", millis_as_seconds(window.last().0)));
            form.push(("reduce_mem_usage", "1".to_owned()));
            let mut answer = self.post_form(url.clone(), &enforced, &form, usize::MAX).await?;
            let mut lines = Lines::default();
            while let Some(piece) = next(&mut answer, bytes_max).await? {
                lines.feed(&piece, |line| collector.take(line))?;
            }
            lines.end()?;
            check_end(&answer)?;
        }
        Ok(collector.finish())
    }
}

/// Puts queries into as few requests as their size allows.
fn bodies(queries: Vec<String>) -> Vec<Vec<String>> {
    let mut bodies: Vec<Vec<String>> = Vec::new();
    let mut bytes = 0;
    for query in queries {
        bytes += query.len();
        match bodies.last_mut() {
            Some(last) if bytes <= SELECTORS_BYTES_MAX => last.push(query),
            _ => {
                bytes = query.len();
                bodies.push(vec![query]);
            }
        }
    }
    bodies
}

/// Writes a time as every store reads it: seconds, with the milliseconds behind a point.
pub(super) fn millis_as_seconds(millis: i64) -> String {
    let (sign, millis) = (if millis < 0 { "-" } else { "" }, millis.unsigned_abs());
    format!("{sign}{}.{:03}", millis / 1000, millis % 1000)
}
