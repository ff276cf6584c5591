//! The messages in the frames.

use super::bad_chunk::{BadChunk, bad};
use super::protobuf::{Value, field};
use crate::source::ReadError;

/// A series of a frame, or a part of one.
#[derive(Debug, Default)]
pub struct Series<'a> {
    /// Names and values.
    pub labels: Vec<(&'a str, &'a str)>,
    /// Its chunks.
    pub chunks: Vec<Chunk<'a>>,
}

/// Samples of a series.
#[derive(Debug, Clone, Copy)]
pub struct Chunk<'a> {
    /// How they are encoded.
    pub encoding: Encoding,
    /// They.
    pub data: &'a [u8],
}

/// How samples are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Floats.
    Xor,
    /// Histograms of whole numbers.
    Histogram,
    /// Histograms of floats.
    FloatHistogram,
}

/// Reads a message, and gives its series.
///
/// # Errors
/// When it cannot be read, and what `take` gives.
pub fn read<'a>(
    mut message: &'a [u8],
    mut take: impl FnMut(&Series<'a>) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    while !message.is_empty() {
        // Beside series there is the index of the query, and what may come later.
        if let (1, Value::Bytes(series)) =
            field(&mut message).ok_or(bad("a frame is no message"))?
        {
            take(&read_series(series)?)?;
        }
    }
    Ok(())
}

fn read_series(mut message: &[u8]) -> Result<Series<'_>, BadChunk> {
    let mut series = Series::default();
    while !message.is_empty() {
        match field(&mut message).ok_or(bad("a series is no message"))? {
            (1, Value::Bytes(label)) => series.labels.push(read_label(label)?),
            (2, Value::Bytes(chunk)) => series.chunks.push(read_chunk(chunk)?),
            _ => {}
        }
    }
    Ok(series)
}

fn read_label(mut message: &[u8]) -> Result<(&str, &str), BadChunk> {
    let mut label = ("", "");
    let text = |bytes| std::str::from_utf8(bytes).map_err(|_| bad("a label is no text"));
    while !message.is_empty() {
        match field(&mut message).ok_or(bad("a label is no message"))? {
            (1, Value::Bytes(name)) => label.0 = text(name)?,
            (2, Value::Bytes(value)) => label.1 = text(value)?,
            _ => {}
        }
    }
    Ok(label)
}

fn read_chunk(mut message: &[u8]) -> Result<Chunk<'_>, BadChunk> {
    let (mut encoding, mut data) = (0, &[][..]);
    while !message.is_empty() {
        match field(&mut message).ok_or(bad("a chunk is no message"))? {
            (3, Value::Varint(number)) => encoding = number,
            (4, Value::Bytes(bytes)) => data = bytes,
            _ => {} // the first and the last time
        }
    }
    let encoding = match encoding {
        1 => Encoding::Xor,
        2 => Encoding::Histogram,
        3 => Encoding::FloatHistogram,
        4..=6 => {
            return Err(bad(
                "a chunk of an experimental encoding; switch off the features `xor2-encoding` and `st-storage` of Prometheus",
            ));
        }
        _ => return Err(bad("a chunk of an unknown encoding")),
    };
    Ok(Chunk { encoding, data })
}
