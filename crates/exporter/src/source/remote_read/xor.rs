//! Chunks of floats: timestamps as differences of differences, values as differences of bits.

use super::bad_chunk::{BadChunk, bad};
use super::bits::Bits;

/// Decodes a chunk.
///
/// # Errors
/// When it is cut or no chunk.
pub fn decode(data: &[u8], take: impl FnMut(i64, f64)) -> Result<(), BadChunk> {
    let (count, rest) = data.split_first_chunk::<2>().ok_or(bad("a chunk without a head"))?;
    samples(u16::from_be_bytes(*count), Bits::new(rest), take)
        .ok_or(bad("a chunk of floats is cut"))
}

fn samples(count: u16, mut bits: Bits<'_>, mut take: impl FnMut(i64, f64)) -> Option<()> {
    if count == 0 {
        return Some(());
    }
    let mut time = bits.varint()?;
    let mut value = Xor::new(bits.float()?);
    take(time, value.get());
    if count == 1 {
        return Some(());
    }
    let mut step = bits.uvarint()?.cast_signed();
    time = time.wrapping_add(step);
    take(time, value.next(&mut bits)?);
    for _ in 2..count {
        let change = match bits.ones(4)? {
            0 => 0,
            1 => bits.signed(14)?,
            2 => bits.signed(17)?,
            3 => bits.signed(20)?,
            _ => bits.signed(64)?,
        };
        step = step.wrapping_add(change);
        time = time.wrapping_add(step);
        take(time, value.next(&mut bits)?);
    }
    Some(())
}

/// A float that is followed by others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Xor {
    bits: u64,
    /// Where the bits of the last difference were.
    trailing: u32,
    size: u32,
}

impl Xor {
    pub(super) fn new(first: f64) -> Self {
        Self { bits: first.to_bits(), trailing: 0, size: 64 }
    }

    pub(super) fn get(self) -> f64 {
        f64::from_bits(self.bits)
    }

    /// Takes the next one.
    #[inline]
    pub(super) fn next(&mut self, bits: &mut Bits<'_>) -> Option<f64> {
        match bits.ones(2)? {
            0 => return Some(self.get()),
            1 => {}
            _ => {
                let both = bits.bits(11)?;
                let leading = u32::try_from(both >> 6).ok()?;
                let size = u32::try_from(both & 63).ok()?;
                // 64 does not fit into the six bits.
                let size = if size == 0 { 64 } else { size };
                self.trailing = 64_u32.checked_sub(leading)?.checked_sub(size)?;
                self.size = size;
            }
        }
        self.bits ^= bits.bits(self.size)? << self.trailing;
        Some(self.get())
    }
}

#[cfg(test)]
mod tests;
