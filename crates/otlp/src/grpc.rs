//! What gRPC adds to OTLP: codes, frames and trailers of one unary call.

use std::fmt;

/// The `Content-Type` of a call and its answer.
pub const CONTENT_TYPE: &str = "application/grpc";
/// The trailer that holds the code.
pub const STATUS: &str = "grpc-status";
/// The trailer that holds the message, see [`encode_message`].
pub const MESSAGE: &str = "grpc-message";
/// The trailer that holds the whole status in base64.
pub const STATUS_DETAILS: &str = "grpc-status-details-bin";

/// The bytes before a message: whether it is compressed, and its length.
pub const FRAME_HEADER: usize = 5;

/// A code of gRPC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// Success.
    Ok = 0,
    /// The caller cancelled it.
    Cancelled = 1,
    /// Something else; also any code that gRPC does not have.
    Unknown = 2,
    /// The request is wrong, whatever the state of the server.
    InvalidArgument = 3,
    /// It took too long.
    DeadlineExceeded = 4,
    /// What it names does not exist.
    NotFound = 5,
    /// What it would create exists already.
    AlreadyExists = 6,
    /// The caller is known, and may not do it.
    PermissionDenied = 7,
    /// A quota or a size is exceeded.
    ResourceExhausted = 8,
    /// The server is not in a state for it.
    FailedPrecondition = 9,
    /// It was aborted, by a conflict with another one say.
    Aborted = 10,
    /// It is past the end.
    OutOfRange = 11,
    /// There is no such method.
    Unimplemented = 12,
    /// Something is broken.
    Internal = 13,
    /// The server cannot be reached, or cannot answer now.
    Unavailable = 14,
    /// Data is lost.
    DataLoss = 15,
    /// The caller is not known.
    Unauthenticated = 16,
}

impl Code {
    /// All of them, by number.
    pub const ALL: [Self; 17] = [
        Self::Ok,
        Self::Cancelled,
        Self::Unknown,
        Self::InvalidArgument,
        Self::DeadlineExceeded,
        Self::NotFound,
        Self::AlreadyExists,
        Self::PermissionDenied,
        Self::ResourceExhausted,
        Self::FailedPrecondition,
        Self::Aborted,
        Self::OutOfRange,
        Self::Unimplemented,
        Self::Internal,
        Self::Unavailable,
        Self::DataLoss,
        Self::Unauthenticated,
    ];

    /// Gives the code with a number.
    #[must_use]
    pub fn from_number(number: i64) -> Self {
        let known = usize::try_from(number).ok().and_then(|number| Self::ALL.get(number));
        known.copied().unwrap_or(Self::Unknown)
    }

    /// Gives its number.
    #[must_use]
    pub const fn number(self) -> i32 {
        self as i32
    }

    /// Gives its name, as gRPC writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Cancelled => "CANCELLED",
            Self::Unknown => "UNKNOWN",
            Self::InvalidArgument => "INVALID_ARGUMENT",
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::NotFound => "NOT_FOUND",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::PermissionDenied => "PERMISSION_DENIED",
            Self::ResourceExhausted => "RESOURCE_EXHAUSTED",
            Self::FailedPrecondition => "FAILED_PRECONDITION",
            Self::Aborted => "ABORTED",
            Self::OutOfRange => "OUT_OF_RANGE",
            Self::Unimplemented => "UNIMPLEMENTED",
            Self::Internal => "INTERNAL",
            Self::Unavailable => "UNAVAILABLE",
            Self::DataLoss => "DATA_LOSS",
            Self::Unauthenticated => "UNAUTHENTICATED",
        }
    }

    /// Says whether OTLP sends a request again that was answered with it. One that exceeded a quota is sent
    /// again only if the server says when: otherwise it may be too large for ever.
    #[must_use]
    pub const fn is_retryable(self, names_a_delay: bool) -> bool {
        match self {
            Self::Cancelled
            | Self::DeadlineExceeded
            | Self::Aborted
            | Self::OutOfRange
            | Self::Unavailable
            | Self::DataLoss => true,
            Self::ResourceExhausted => names_a_delay,
            _ => false,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a body is not one message in its frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameError {
    /// It ends before the message does.
    Short,
    /// It goes on after the message: a unary call has one.
    Long,
    /// The message is compressed, which nobody asked for.
    Compressed,
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Short => "a gRPC message ends before its length",
            Self::Long => "there is more than one gRPC message",
            Self::Compressed => {
                "a gRPC message is compressed; send it with `grpc-encoding: identity`"
            }
        })
    }
}

impl std::error::Error for FrameError {}

/// Begins a buffer with room for the header of a frame; [`close_frame`] fills it in.
///
/// ```
/// use ktel_otlp::{LogRecord, LogsWriter, grpc};
///
/// let mut request = LogsWriter::after(grpc::open_frame());
/// request.push(&LogRecord { event_name: "started", ..LogRecord::default() });
/// let body = grpc::close_frame(request.finish()).expect("it is small");
/// assert_eq!(grpc::unframe(&body).map(<[u8]>::len), Ok(body.len() - 5));
/// ```
#[must_use]
pub fn open_frame() -> Vec<u8> {
    vec![0; FRAME_HEADER]
}

/// Ends a frame; gives nothing when the message has 4 GiB or more, which no frame holds.
#[must_use]
pub fn close_frame(mut frame: Vec<u8>) -> Option<Vec<u8>> {
    let length = u32::try_from(frame.len().checked_sub(FRAME_HEADER)?).ok()?;
    frame.get_mut(1..FRAME_HEADER)?.copy_from_slice(&length.to_be_bytes());
    Some(frame)
}

/// Puts a message into a frame; gives nothing when it has 4 GiB or more.
#[must_use]
pub fn frame(message: &[u8]) -> Option<Vec<u8>> {
    close_frame([&[0; FRAME_HEADER], message].concat())
}

/// Takes the one message out of its frame. A body without a frame is an empty message: servers leave out
/// the frame when they have only trailers.
///
/// # Errors
///
/// When the frame is something else.
pub fn unframe(body: &[u8]) -> Result<&[u8], FrameError> {
    if body.is_empty() {
        return Ok(body);
    }
    let (&[compressed, ref length @ ..], rest) =
        body.split_first_chunk::<FRAME_HEADER>().ok_or(FrameError::Short)?;
    if compressed != 0 {
        return Err(FrameError::Compressed);
    }
    match rest.len().cmp(&(u32::from_be_bytes(*length) as usize)) {
        std::cmp::Ordering::Less => Err(FrameError::Short),
        std::cmp::Ordering::Greater => Err(FrameError::Long),
        std::cmp::Ordering::Equal => Ok(rest),
    }
}

/// Writes a message for the trailer: what is no printable ASCII becomes `%XX`.
#[must_use]
pub fn encode_message(message: &str) -> String {
    let mut out = String::with_capacity(message.len());
    for byte in message.bytes() {
        match byte {
            b' '..=b'~' if byte != b'%' => out.push(byte.into()),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Reads a message of the trailer. What is no `%XX` stays as it is, and what is no UTF-8 is replaced.
#[must_use]
pub fn decode_message(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escaped = after.split_first_chunk::<2>().filter(|_| first == b'%');
        let escaped = escaped.and_then(|(digits, after)| {
            let digits = std::str::from_utf8(digits).ok()?;
            Some((*crate::hex::decode(digits)?.first()?, after))
        });
        let (byte, after) = escaped.unwrap_or((first, after));
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{
        Code, FrameError, close_frame, decode_message, encode_message, frame, open_frame, unframe,
    };

    #[test]
    fn codes_have_their_numbers_and_those_of_otlp_are_retried() {
        for (number, code) in (0..).zip(Code::ALL) {
            assert_eq!((code.number(), Code::from_number(number.into())), (number, code));
        }
        for number in [-1, 17, i64::MAX] {
            assert_eq!(Code::from_number(number), Code::Unknown);
        }
        let retried = |delay| {
            let codes = Code::ALL.into_iter().filter(move |code| code.is_retryable(delay));
            codes.map(Code::number).collect::<Vec<_>>()
        };
        assert_eq!(retried(false), [1, 4, 10, 11, 14, 15]);
        assert_eq!(retried(true), [1, 4, 8, 10, 11, 14, 15]);
    }

    #[test]
    fn a_frame_holds_one_message() {
        let framed = frame(b"abc").unwrap();
        assert_eq!(framed, [0, 0, 0, 0, 3, b'a', b'b', b'c']);
        let mut streamed = open_frame();
        streamed.extend(b"abc");
        assert_eq!(close_frame(streamed).as_ref(), Some(&framed));
        assert_eq!(unframe(&framed), Ok(&b"abc"[..]));
        assert_eq!(unframe(&[]), Ok(&[][..]));
        for length in 1..framed.len() {
            assert_eq!(unframe(&framed[..length]), Err(FrameError::Short), "{length}");
        }
        assert_eq!(unframe(&[&framed[..], &[0]].concat()), Err(FrameError::Long));
        assert_eq!(unframe(&[1, 0, 0, 0, 0]), Err(FrameError::Compressed));
    }

    #[test]
    fn messages_are_printable_ascii_on_the_way() {
        for (message, text) in [
            ("no töken\n", "no t%C3%B6ken%0A"),
            ("100%", "100%25"),
            ("", ""),
            ("~ \u{7f}", "~ %7F"),
        ] {
            assert_eq!(encode_message(message), text);
            assert_eq!(decode_message(text), message);
        }
        for (text, message) in
            [("%c3%b6", "ö"), ("5%", "5%"), ("%zz%4", "%zz%4"), ("%ff", "\u{fffd}")]
        {
            assert_eq!(decode_message(text), message);
        }
    }
}
