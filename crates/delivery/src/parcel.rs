//! A parcel: a body, its destination, and a key by which the receiver recognises a repetition.

use bytes::Bytes;

use crate::limits;

/// Bytes for a receiver.
#[derive(Clone, PartialEq, Eq)]
pub struct Parcel {
    /// The destination, as its owner writes it; never a secret.
    pub to: String,
    /// By this key the receiver recognises a repetition.
    pub key: String,
    /// The content type of the body.
    pub content_type: String,
    /// The bytes to deliver.
    pub body: Bytes,
}

impl std::fmt::Debug for Parcel {
    /// Shows everything but the body.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { to, key, content_type, body } = self;
        let bytes = body.len();
        out.debug_struct("Parcel")
            .field("to", to)
            .field("key", key)
            .field("content_type", content_type)
            .field("bytes", &bytes)
            .finish_non_exhaustive()
    }
}

impl Parcel {
    /// Writes it as the spool keeps it: three labels with their lengths, then the body.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) -> Result<(), TooLarge> {
        let Self { to, key, content_type, body } = self;
        let labels = [to, key, content_type];
        if body.len() > limits::PARCEL_BYTES_MAX
            || labels.iter().any(|label| label.len() > limits::LABEL_BYTES_MAX)
        {
            return Err(TooLarge { bytes: body.len() });
        }
        for label in labels {
            let length = u16::try_from(label.len()).expect("labels are shorter than 64 KiB");
            out.extend_from_slice(&length.to_le_bytes());
            out.extend_from_slice(label.as_bytes());
        }
        out.extend_from_slice(body);
        Ok(())
    }

    /// Reads what [`encode`](Self::encode) wrote.
    pub(crate) fn decode(mut bytes: Bytes) -> Option<Self> {
        let mut label = || {
            let (length, _) = bytes.split_first_chunk::<2>()?;
            let length = usize::from(u16::from_le_bytes(*length));
            let text = bytes.get(2..2 + length)?;
            let text = String::from_utf8(text.to_vec()).ok()?; // not written by us
            bytes = bytes.slice(2 + length..);
            Some(text)
        };
        let (to, key, content_type) = (label()?, label()?, label()?);
        Some(Self { to, key, content_type, body: bytes })
    }
}

/// The parcel is larger than the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooLarge {
    pub(crate) bytes: usize,
}

#[cfg(test)]
mod tests {
    use super::{Bytes, Parcel};
    use crate::limits;

    fn parcel(body: &'static [u8]) -> Parcel {
        Parcel {
            to: "https://example.com".into(),
            key: "k1".into(),
            content_type: "application/json".into(),
            body: Bytes::from_static(body),
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for body in [&b""[..], b"{}", &[0; 70_000]] {
            let mut bytes = Vec::new();
            parcel(body).encode(&mut bytes).unwrap();
            assert_eq!(Parcel::decode(bytes.into()), Some(parcel(body)));
        }
    }

    #[test]
    fn half_a_parcel_is_none() {
        let mut bytes = Vec::new();
        parcel(b"").encode(&mut bytes).unwrap();
        for length in 0..bytes.len() {
            assert_eq!(Parcel::decode(Bytes::copy_from_slice(&bytes[..length])), None);
        }
    }

    #[test]
    fn a_label_too_long_is_an_error_and_no_body_is_shown() {
        let mut one = parcel(b"secret");
        assert!(!format!("{one:?}").contains("secret"));
        one.to = "x".repeat(limits::LABEL_BYTES_MAX + 1);
        assert!(one.encode(&mut Vec::new()).is_err());
    }
}
