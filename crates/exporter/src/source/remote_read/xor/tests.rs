use super::decode;
use crate::slice::STALE_NAN_BITS;
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};

/// Bits, the highest first, written by the description of the format and by nothing of the reader.
#[derive(Default)]
struct Writer(String);

impl Writer {
    fn bits(&mut self, number: u64, count: usize) {
        let text = format!("{number:064b}");
        self.0.push_str(text.get(64 - count..).unwrap());
    }

    fn uvarint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bits(number & 0x7f | 0x80, 8);
            number >>= 7;
        }
        self.bits(number, 8);
    }

    fn bytes(&self, count: usize) -> Vec<u8> {
        let mut bytes = u16::try_from(count).unwrap().to_be_bytes().to_vec();
        for eight in self.0.as_bytes().chunks(8) {
            let text = format!("{:0<8}", std::str::from_utf8(eight).unwrap());
            bytes.push(u8::from_str_radix(&text, 2).unwrap());
        }
        bytes
    }
}

fn encode(samples: &[(i64, u64)]) -> Vec<u8> {
    let mut out = Writer::default();
    let (mut before, mut step, mut window) = ((0_i64, 0_u64), 0_i64, None);
    for (index, &(time, value)) in samples.iter().enumerate() {
        match index {
            0 => {
                out.uvarint(((time << 1) ^ (time >> 63)).cast_unsigned());
                out.bits(value, 64);
                before = (time, value);
                continue;
            }
            1 => {
                step = time - before.0;
                out.uvarint(step.cast_unsigned());
            }
            _ => {
                let change = (time - before.0).wrapping_sub(step);
                step = time - before.0;
                let fits =
                    |bits: u32| (-((1_i64 << (bits - 1)) - 1)..=1 << (bits - 1)).contains(&change);
                match change {
                    0 => out.bits(0b0, 1),
                    _ if fits(14) => {
                        (out.bits(0b10, 2), out.bits(change.cast_unsigned() & 0x3fff, 14)).1
                    }
                    _ if fits(17) => {
                        (out.bits(0b110, 3), out.bits(change.cast_unsigned() & 0x1_ffff, 17)).1
                    }
                    _ if fits(20) => {
                        (out.bits(0b1110, 4), out.bits(change.cast_unsigned() & 0xf_ffff, 20)).1
                    }
                    _ => (out.bits(0b1111, 4), out.bits(change.cast_unsigned(), 64)).1,
                }
            }
        }
        let xor = value ^ before.1;
        if xor == 0 {
            out.bits(0, 1);
        } else {
            let (leading, trailing) = (xor.leading_zeros().min(31), xor.trailing_zeros());
            match window {
                Some((l, t)) if leading >= l && trailing >= t => {
                    out.bits(0b10, 2);
                    out.bits(xor >> t, (64 - l - t) as usize);
                }
                _ => {
                    window = Some((leading, trailing));
                    let size = 64 - leading - trailing;
                    out.bits(0b11, 2);
                    out.bits(leading.into(), 5);
                    out.bits(u64::from(size) & 63, 6);
                    out.bits(xor >> trailing, size as usize);
                }
            }
        }
        before = (time, value);
    }
    out.bytes(samples.len())
}

fn decoded(chunk: &[u8]) -> Option<Vec<(i64, u64)>> {
    let mut samples = Vec::new();
    // An error is as good as samples here.
    decode(chunk, |time, value| samples.push((time, value.to_bits()))).ok()?;
    Some(samples)
}

proptest! {
    #[test]
    fn whatever_is_encoded_comes_back_bit_by_bit(
        start in -4_000_000_000_000_i64..4_000_000_000_000,
        steps in proptest::collection::vec(
            (
                prop_oneof![Just(15_000), 0..100_000_i64, 0..1_i64 << 40],
                prop_oneof![
                    any::<u64>(),
                    (0..100_u32).prop_map(|number| f64::from(number).to_bits()),
                    Just(STALE_NAN_BITS),
                ],
            ),
            0..200,
        ),
        cut: proptest::sample::Index,
    ) {
        let mut time = start;
        let samples: Vec<(i64, u64)> =
            steps.into_iter().map(|(step, value)| { time += step; (time, value) }).collect();
        let chunk = encode(&samples);
        assert_eq!(decoded(&chunk), Some(samples.clone()));
        let cut = cut.index(chunk.len());
        assert!(samples.is_empty() && cut == 2 || decoded(&chunk[..cut]).is_none(), "{cut}");
    }

    #[test]
    fn no_bytes_break_the_decoder(chunk: Vec<u8>) {
        drop(decoded(&chunk));
    }
}
