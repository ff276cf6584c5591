//! What Splunk's HTTP event collector can answer.

use serde_json::json;

use crate::http::Response;

/// A code of Splunk's, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code(pub u8);

impl Code {
    /// Taken.
    pub const SUCCESS: Self = Self(0);
    /// The token exists and is switched off.
    pub const TOKEN_DISABLED: Self = Self(1);
    /// There is no token.
    pub const TOKEN_REQUIRED: Self = Self(2);
    /// There is an `Authorization` that is not Splunk's.
    pub const INVALID_AUTHORIZATION: Self = Self(3);
    /// There is no such token.
    pub const INVALID_TOKEN: Self = Self(4);
    /// The body is empty.
    pub const NO_DATA: Self = Self(5);
    /// The body is not what the endpoint reads.
    pub const INVALID_DATA_FORMAT: Self = Self(6);
    /// The token may not write to this index.
    pub const INCORRECT_INDEX: Self = Self(7);
    /// Something is wrong inside.
    pub const INTERNAL_ERROR: Self = Self(8);
    /// Too much at once.
    pub const BUSY: Self = Self(9);
    /// A channel is needed.
    pub const CHANNEL_MISSING: Self = Self(10);
    /// The channel is not a GUID.
    pub const INVALID_CHANNEL: Self = Self(11);
    /// An envelope lacks `event`.
    pub const EVENT_REQUIRED: Self = Self(12);
    /// An envelope's `event` is empty.
    pub const EVENT_BLANK: Self = Self(13);
    /// The token does not acknowledge.
    pub const ACK_DISABLED: Self = Self(14);
    /// `fields` or `time` is not of the right form.
    pub const INDEXED_FIELDS: Self = Self(15);
    /// The token is in the query, and may not be.
    pub const QUERY_STRING_DISABLED: Self = Self(16);
    /// All is well.
    pub const HEALTHY: Self = Self(17);
    /// Not well: the queues are full.
    pub const QUEUES_FULL: Self = Self(18);
    /// Not well: nothing can be acknowledged.
    pub const ACK_UNAVAILABLE: Self = Self(19);
    /// Not well: both.
    pub const QUEUES_FULL_ACK_UNAVAILABLE: Self = Self(20);
    /// As [`Code::INVALID_TOKEN`], where health is asked for.
    pub const HEALTH_INVALID_TOKEN: Self = Self(21);
    /// As [`Code::TOKEN_DISABLED`], where health is asked for.
    pub const HEALTH_TOKEN_DISABLED: Self = Self(22);
    /// Going down.
    pub const SHUTTING_DOWN: Self = Self(23);
    /// Taken, but slow down: events queue up.
    pub const QUEUE_NEARLY_FULL: Self = Self(24);
    /// Taken, but slow down: acknowledgements queue up.
    pub const ACK_NEARLY_FULL: Self = Self(25);
    /// Rejected for now: too many events wait.
    pub const QUEUE_FULL: Self = Self(26);
    /// Rejected for now: too many acknowledgements wait.
    pub const ACK_FULL: Self = Self(27);

    /// Gives the status and the text of a code that Splunk has.
    ///
    /// # Panics
    ///
    /// It has none of this number; a test that wants one makes a [`Response`] itself.
    #[must_use]
    pub fn status_and_text(self) -> (u16, &'static str) {
        *TABLE.get(usize::from(self.0)).expect("Splunk has the codes 0 to 27")
    }

    /// Gives the whole answer.
    #[must_use]
    pub fn response(self) -> Response {
        let (status, text) = self.status_and_text();
        Response::json(status, &json!({ "text": text, "code": self.0 }))
    }
}

/// By number. Help pages of Splunk have 0 to 23; 24 to 27 came with Splunk 10.
const TABLE: [(u16, &str); 28] = [
    (200, "Success"),
    (403, "Token disabled"),
    (401, "Token is required"),
    (401, "Invalid authorization"),
    (403, "Invalid token"),
    (400, "No data"),
    (400, "Invalid data format"),
    (400, "Incorrect index"),
    (500, "Internal server error"),
    (503, "Server is busy"),
    (400, "Data channel is missing"),
    (400, "Invalid data channel"),
    (400, "Event field is required"),
    (400, "Event field cannot be blank"),
    (400, "ACK is disabled"),
    (400, "Error in handling indexed fields"),
    (400, "Query string authorization is not enabled"),
    (200, "HEC is healthy"),
    (503, "HEC is unhealthy, queues are full"),
    (503, "HEC is unhealthy, ack service unavailable"),
    (503, "HEC is unhealthy, queues are full, ack service unavailable"),
    (400, "Invalid token"),
    (400, "Token disabled"),
    (503, "Server is shutting down"),
    (200, "HEC queue is approaching capacity"),
    (200, "HEC ACK is approaching capacity"),
    (429, "HEC queue is at capacity"),
    (429, "HEC ACK channel is at capacity"),
];
