//! Chunks of native histograms.
//!
//! Counts are written as differences of differences: in time, and of whole numbers also from bucket to bucket.

use super::bits::Bits;
use super::xor::Xor;
use super::{BadChunk, bad};
use crate::slice::{NativeHistogram, STALE_NAN_BITS, Span};
use crate::source::ReadError;
use crate::time::Millis;

/// What all histograms of a chunk share.
#[derive(Debug, Clone)]
struct Layout {
    is_gauge: bool,
    schema: i32,
    zero_threshold: f64,
    positive: Vec<Span>,
    negative: Vec<Span>,
    custom_bounds: Vec<f64>,
}

/// The schema of histograms with bounds of their own.
const CUSTOM: i32 = -53;
const CUT: BadChunk = bad("a chunk of histograms is cut");

/// Decodes a chunk. Of histograms of floats, which nobody can take, the buckets are omitted.
///
/// # Errors
/// When it is cut or no chunk, and what `take` gives.
pub fn decode(
    data: &[u8],
    is_float: bool,
    mut take: impl FnMut(NativeHistogram) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let ([high, low, flags], rest) =
        data.split_first_chunk::<3>().ok_or(bad("a chunk without a head"))?;
    let count = u16::from_be_bytes([*high, *low]);
    if count == 0 {
        return Ok(());
    }
    let mut bits = Bits::new(rest);
    let is_gauge = flags & 0b1100_0000 == 0b1100_0000;
    let layout = layout(&mut bits, is_gauge).ok_or(CUT)?;
    if !(-9..=52).contains(&layout.schema) && layout.schema != CUSTOM {
        return Err(bad("a histogram of an unknown schema").into());
    }
    let mut state = if is_float {
        State::Floats(Floats::first(&mut bits, &layout).ok_or(CUT)?)
    } else {
        State::Whole(Whole::first(&mut bits, &layout).ok_or(CUT)?)
    };
    take(state.histogram(&layout)?)?;
    for _ in 1..count {
        state.next(&mut bits).ok_or(CUT)?;
        take(state.histogram(&layout)?)?;
    }
    Ok(())
}

fn layout(bits: &mut Bits<'_>, is_gauge: bool) -> Option<Layout> {
    let zero_threshold = match bits.byte()? {
        0 => 0.0,
        255 => bits.float()?,
        exponent => f64::from(exponent_of(exponent)).exp2(),
    };
    let schema = i32::try_from(bits.varbit_int()?).ok()?;
    let (positive, negative) = (spans(bits)?, spans(bits)?);
    let custom_bounds = if schema == CUSTOM { bounds(bits)? } else { Vec::new() };
    Some(Layout { is_gauge, schema, zero_threshold, positive, negative, custom_bounds })
}

/// A half times two to the power of what is written, less 243.
fn exponent_of(written: u8) -> i16 {
    i16::from(written) - 244
}

fn spans(bits: &mut Bits<'_>) -> Option<Vec<Span>> {
    let count = usize::try_from(bits.varbit_uint()?).ok()?;
    // Each takes two bits at least.
    if count > bits.left() / 2 {
        return None;
    }
    let mut spans = Vec::with_capacity(count);
    let mut buckets = 0_usize;
    for _ in 0..count {
        let length = u32::try_from(bits.varbit_uint()?).ok()?;
        let offset = i32::try_from(bits.varbit_int()?).ok()?;
        spans.push(Span { offset, length });
        buckets = buckets.checked_add(length as usize)?;
    }
    // Each bucket takes a bit at least.
    (buckets <= bits.left()).then_some(spans)
}

fn bounds(bits: &mut Bits<'_>) -> Option<Vec<f64>> {
    let count = usize::try_from(bits.varbit_uint()?).ok()?;
    if count > bits.left() {
        return None;
    }
    let mut bounds = Vec::with_capacity(count);
    for _ in 0..count {
        bounds.push(match bits.varbit_uint()? {
            0 => bits.float()?,
            #[expect(clippy::cast_precision_loss, reason = "as it was written")]
            thousandths => (thousandths - 1) as f64 / 1000.0,
        });
    }
    Some(bounds)
}

fn buckets(spans: &[Span]) -> usize {
    spans.iter().map(|span| span.length as usize).sum()
}

enum State {
    Whole(Whole),
    Floats(Floats),
}

/// A histogram of whole numbers, and how it changes.
struct Whole {
    time: [i64; 2],
    count: [i64; 2],
    zero_count: [i64; 2],
    sum: Xor,
    positive: Vec<[i64; 2]>,
    negative: Vec<[i64; 2]>,
}

/// A histogram of floats.
struct Floats {
    time: [i64; 2],
    count: Xor,
    zero_count: Xor,
    sum: Xor,
    buckets: Vec<Xor>,
}

/// Takes the change of the change of a number.
#[inline]
fn advance(number: &mut [i64; 2], bits: &mut Bits<'_>) -> Option<()> {
    number[1] = number[1].wrapping_add(bits.varbit_int()?);
    number[0] = number[0].wrapping_add(number[1]);
    Some(())
}

impl Whole {
    fn first(bits: &mut Bits<'_>, layout: &Layout) -> Option<Self> {
        let time = [bits.varbit_int()?, 0];
        let count = [bits.varbit_uint()?.cast_signed(), 0];
        let zero_count = [bits.varbit_uint()?.cast_signed(), 0];
        let sum = Xor::new(bits.float()?);
        let mut list = |spans: &[Span]| {
            (0..buckets(spans)).map(|_| Some([bits.varbit_int()?, 0])).collect::<Option<Vec<_>>>()
        };
        let (positive, negative) = (list(&layout.positive)?, list(&layout.negative)?);
        Some(Self { time, count, zero_count, sum, positive, negative })
    }

    fn next(&mut self, bits: &mut Bits<'_>) -> Option<()> {
        advance(&mut self.time, bits)?;
        advance(&mut self.count, bits)?;
        advance(&mut self.zero_count, bits)?;
        let sum = self.sum.next(bits)?;
        // A stale marker has no buckets.
        if sum.to_bits() != STALE_NAN_BITS {
            for bucket in self.positive.iter_mut().chain(&mut self.negative) {
                advance(bucket, bits)?;
            }
        }
        Some(())
    }
}

impl Floats {
    fn first(bits: &mut Bits<'_>, layout: &Layout) -> Option<Self> {
        let time = [bits.varbit_int()?, 0];
        let mut float = || Some(Xor::new(bits.float()?));
        let (count, zero_count, sum) = (float()?, float()?, float()?);
        let all = buckets(&layout.positive) + buckets(&layout.negative);
        let buckets = (0..all).map(|_| float()).collect::<Option<Vec<_>>>()?;
        Some(Self { time, count, zero_count, sum, buckets })
    }

    fn next(&mut self, bits: &mut Bits<'_>) -> Option<()> {
        advance(&mut self.time, bits)?;
        self.count.next(bits)?;
        self.zero_count.next(bits)?;
        let sum = self.sum.next(bits)?;
        if sum.to_bits() != STALE_NAN_BITS {
            for bucket in &mut self.buckets {
                bucket.next(bits)?;
            }
        }
        Some(())
    }
}

impl State {
    fn next(&mut self, bits: &mut Bits<'_>) -> Option<()> {
        match self {
            Self::Whole(whole) => whole.next(bits),
            Self::Floats(floats) => floats.next(bits),
        }
    }

    fn histogram(&self, layout: &Layout) -> Result<NativeHistogram, BadChunk> {
        let (time, sum, is_float) = match self {
            Self::Whole(whole) => (whole.time[0], whole.sum.get(), false),
            Self::Floats(floats) => (floats.time[0], floats.sum.get(), true),
        };
        let mut histogram = NativeHistogram {
            time: Millis(time),
            schema: layout.schema,
            is_gauge: layout.is_gauge,
            is_float,
            count: 0,
            sum,
            zero_threshold: layout.zero_threshold,
            zero_count: 0,
            positive_spans: Vec::new(),
            positive: Vec::new(),
            negative_spans: Vec::new(),
            negative: Vec::new(),
            custom_bounds: Vec::new(),
        };
        if sum.to_bits() == STALE_NAN_BITS {
            return Ok(histogram);
        }
        match self {
            Self::Whole(whole) => {
                histogram.count = whole.count[0].cast_unsigned();
                histogram.zero_count = whole.zero_count[0].cast_unsigned();
                histogram.positive_spans.clone_from(&layout.positive);
                histogram.positive = absolute(&whole.positive)?;
                histogram.negative_spans.clone_from(&layout.negative);
                histogram.negative = absolute(&whole.negative)?;
                histogram.custom_bounds.clone_from(&layout.custom_bounds);
            }
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it says how much was omitted, no more"
            )]
            Self::Floats(floats) => histogram.count = floats.count.get() as u64,
        }
        Ok(histogram)
    }
}

/// Adds differences up.
fn absolute(differences: &[[i64; 2]]) -> Result<Vec<u64>, BadChunk> {
    let mut count = 0_i64;
    let add = |difference: &[i64; 2]| {
        count = count.checked_add(difference[0])?;
        u64::try_from(count).ok()
    };
    let counts: Option<Vec<u64>> = differences.iter().map(add).collect();
    counts.ok_or(bad("a bucket of a histogram has less than nothing"))
}
