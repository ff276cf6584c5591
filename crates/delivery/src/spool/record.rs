//! The format of one parcel in a segment.
//!
//! ```text
//! crc32c u32 | payload length u32 | sequence u64 | time in ms u64 | payload | whole length u32
//! ```
//!
//! Little endian. The checksum covers all that follows it. The length stands at the end once more,
//! so that the last record of a file is found without reading the file.

use bytes::Bytes;

/// The number of a parcel in its spool; never used twice.
pub type Id = u64;

/// The fields before the payload.
pub(super) const HEAD: usize = 4 + 4 + 8 + 8;
/// All bytes that are not payload.
pub(super) const FRAME: usize = HEAD + 4;

/// A record that has been read and whose checksum is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) sequence: Id,
    pub(super) time_ms: u64,
    pub(super) payload: Bytes,
}

impl Record {
    /// Gives its whole length in the file.
    pub(super) fn length(&self) -> usize {
        FRAME + self.payload.len()
    }
}

/// Writes a record around what `payload` appends.
pub(super) fn write<E>(
    sequence: u64,
    time_ms: u64,
    payload: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
) -> Result<Vec<u8>, E> {
    let mut out = vec![0; HEAD];
    payload(&mut out)?;
    let length = u32::try_from(out.len() - HEAD).expect("a parcel is far smaller than 4 GiB");
    let whole = u32::try_from(out.len() + 4).expect("a parcel is far smaller than 4 GiB");
    out[4..8].copy_from_slice(&length.to_le_bytes());
    out[8..16].copy_from_slice(&sequence.to_le_bytes());
    out[16..24].copy_from_slice(&time_ms.to_le_bytes());
    out.extend_from_slice(&whole.to_le_bytes());
    let sum = crc32c::crc32c(&out[4..]);
    out[..4].copy_from_slice(&sum.to_le_bytes());
    Ok(out)
}

/// Reads the record that begins at `at`, if it is complete and its checksum is right.
pub(super) fn read(bytes: &Bytes, at: usize) -> Option<Record> {
    let rest = bytes.get(at..)?;
    let (sum, after) = rest.split_first_chunk::<4>()?;
    let (length, after) = after.split_first_chunk::<4>()?;
    let (sequence, after) = after.split_first_chunk::<8>()?;
    let (time_ms, _) = after.split_first_chunk::<8>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?; // fails on 16 bits only
    let whole = length.checked_add(FRAME)?;
    let body = rest.get(4..whole)?;
    let (_, end) = body.split_last_chunk::<4>()?;
    if u32::from_le_bytes(*end) as usize != whole
        || crc32c::crc32c(body) != u32::from_le_bytes(*sum)
    {
        return None;
    }
    Some(Record {
        sequence: u64::from_le_bytes(*sequence),
        time_ms: u64::from_le_bytes(*time_ms),
        payload: bytes.slice(at + HEAD..at + HEAD + length),
    })
}

/// Reads the last record of a file of which `bytes` is the end.
pub(super) fn read_last(bytes: &Bytes) -> Option<Record> {
    let (_, end) = bytes.split_last_chunk::<4>()?;
    let at = bytes.len().checked_sub(u32::from_le_bytes(*end) as usize)?;
    let record = read(bytes, at)?;
    (at + record.length() == bytes.len()).then_some(record)
}

/// Finds the first valid record at or after `at`. Records after a damaged place can still be read.
pub(super) fn find(bytes: &Bytes, at: usize) -> Option<(usize, Record)> {
    (at..bytes.len()).find_map(|at| Some((at, read(bytes, at)?)))
}

#[cfg(test)]
mod tests {
    use super::{Bytes, FRAME, Record, find, read, read_last, write};

    fn written(sequence: u64, payload: &[u8]) -> Vec<u8> {
        let payload = |out: &mut Vec<u8>| {
            out.extend_from_slice(payload);
            Ok::<_, ()>(())
        };
        write(sequence, 42, payload).unwrap()
    }

    #[test]
    fn a_record_is_read_from_either_end_and_any_cut_or_flip_is_seen() {
        let whole = written(7, b"hello");
        let expected = Record { sequence: 7, time_ms: 42, payload: Bytes::from_static(b"hello") };
        assert_eq!(whole.len(), FRAME + 5);
        assert_eq!(read(&whole.clone().into(), 0), Some(expected.clone()));
        assert_eq!(read_last(&whole.clone().into()), Some(expected));
        for length in 0..whole.len() {
            assert_eq!(read(&Bytes::copy_from_slice(&whole[..length]), 0), None);
        }
        for place in 0..whole.len() * 8 {
            let mut bytes = whole.clone();
            bytes[place / 8] ^= 1 << (place % 8);
            assert_eq!(read(&bytes.into(), 0), None, "bit {place}");
        }
        assert_eq!(read(&Bytes::from_static(&[0; 64]), 0), None, "zeros are no record");
    }

    #[test]
    fn the_next_sound_record_is_found_past_damage() {
        let mut bytes = written(1, b"one");
        bytes[10] ^= 1;
        let second = bytes.len();
        bytes.extend(written(2, b"two"));
        let (at, record) = find(&bytes.into(), 0).unwrap();
        assert_eq!((at, record.sequence), (second, 2));
    }
}
