//! Reads bits, the highest first.

/// Bits of a chunk.
#[derive(Debug)]
pub(super) struct Bits<'a> {
    rest: &'a [u8],
    /// The next bits, from the highest on. Below `count` may stand some of those that follow.
    word: u64,
    count: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, word: 0, count: 0 }
    }

    /// Fills the word to more than 56 bits, if there are as many.
    #[inline]
    fn fill(&mut self) {
        if let Some(eight) = self.rest.first_chunk::<8>() {
            self.word |= u64::from_be_bytes(*eight) >> self.count;
            let whole = (63 - self.count) / 8;
            self.rest = self.rest.get(whole as usize..).unwrap_or_default();
            self.count += whole * 8;
            return;
        }
        while self.count <= 56
            && let Some((byte, rest)) = self.rest.split_first()
        {
            self.word |= u64::from(*byte) << (56 - self.count);
            self.rest = rest;
            self.count += 8;
        }
    }

    /// Takes up to 56 bits.
    #[inline]
    fn take(&mut self, count: u32) -> Option<u64> {
        if self.count < count {
            self.fill();
            if self.count < count {
                return None;
            }
        }
        if count == 0 {
            return Some(0);
        }
        let bits = self.word >> (64 - count);
        self.word <<= count;
        self.count -= count;
        Some(bits)
    }

    /// Takes up to 64 bits; none if there are not as many.
    #[inline]
    pub(super) fn bits(&mut self, count: u32) -> Option<u64> {
        if count <= 56 {
            return self.take(count);
        }
        let high = self.take(count - 32)?;
        Some(high << 32 | self.take(32)?)
    }

    /// Takes ones up to a zero, which is taken too, or up to so many; gives how many ones there were.
    #[inline]
    pub(super) fn ones(&mut self, max: u32) -> Option<u32> {
        if self.count <= max {
            self.fill();
        }
        let ones = self.word.leading_ones().min(max);
        let taken = if ones == max { max } else { ones + 1 };
        if taken > self.count {
            return None;
        }
        self.word <<= taken;
        self.count -= taken;
        Some(ones)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.take(8).map(|bits| bits.to_le_bytes()[0])
    }

    pub(super) fn float(&mut self) -> Option<f64> {
        self.bits(64).map(f64::from_bits)
    }

    /// Takes a number as Go's `binary.PutUvarint` writes it.
    pub(super) fn uvarint(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// Takes a number as Go's `binary.PutVarint` writes it.
    pub(super) fn varint(&mut self) -> Option<i64> {
        let zigzag = self.uvarint()?;
        Some((zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed())
    }

    /// Takes a number in the two's complement of so many bits, where the one that only the lowest number would need is a
    /// positive one.
    #[inline]
    pub(super) fn signed(&mut self, count: u32) -> Option<i64> {
        let bits = self.bits(count)?;
        let is_negative = count < 64 && bits > 1 << (count - 1);
        let number = if is_negative { bits.wrapping_sub(1 << count) } else { bits };
        Some(number.cast_signed())
    }
}

/// Sizes of numbers, by the ones before them.
const VARBIT: [u32; 9] = [0, 3, 6, 9, 12, 18, 25, 56, 64];

impl Bits<'_> {
    /// Takes a number of few bits if it is small.
    #[inline]
    pub(super) fn varbit_int(&mut self) -> Option<i64> {
        let ones = self.ones(8)?;
        let size = *VARBIT.get(ones as usize)?;
        if size == 0 { Some(0) } else { self.signed(size) }
    }

    /// Takes a number of few bits if it is small.
    pub(super) fn varbit_uint(&mut self) -> Option<u64> {
        let ones = self.ones(8)?;
        self.bits(*VARBIT.get(ones as usize)?)
    }

    /// Says how many bits there are, at most.
    pub(super) fn left(&self) -> usize {
        self.rest.len() * 8 + self.count as usize
    }
}

#[cfg(test)]
mod tests {
    use super::Bits;
    use proptest::prelude::proptest;

    proptest! {
        #[test]
        fn bits_come_in_their_order(bytes: Vec<u8>, sizes in proptest::collection::vec(0..=64_u32, 0..40)) {
            let text: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
            let (mut bits, mut at) = (Bits::new(&bytes), 0);
            for size in sizes {
                let expected = text.get(at..at + size as usize);
                let expected = expected.map(|some| u64::from_str_radix(some, 2).unwrap_or(0));
                assert_eq!(bits.bits(size), expected, "{size} at {at}");
                if expected.is_none() {
                    break;
                }
                at += size as usize;
                assert_eq!(bits.left(), text.len() - at);
            }
        }

        #[test]
        fn ones_are_counted(bytes: Vec<u8>, max in 1..9_u32) {
            let text: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
            let (mut bits, mut rest) = (Bits::new(&bytes), text.as_str());
            loop {
                let ones = rest.bytes().take(max as usize).take_while(|bit| *bit == b'1').count();
                let taken = (ones + 1).min(max as usize);
                let expected = (taken <= rest.len()).then_some(ones);
                assert_eq!(bits.ones(max).map(|ones| ones as usize), expected);
                if expected.is_none() {
                    break;
                }
                rest = rest.get(taken..).unwrap();
            }
        }
    }
}
