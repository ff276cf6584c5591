//! Why something failed or was not sent: closed sets, as words for metrics, conditions and gaps.

use crate::mapping::MappingDrop;

/// Makes an enum whose words are its names, with the list of all of them.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$why:meta])* $word:ident,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$why])* $word,)+
        }

        impl $name {
            /// Gives the word.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$word => stringify!($word),)+
                }
            }
        }
    };
}

words! {
    /// Why a source was not read.
    SourceFault {
        /// The store asks to wait.
        StoreBusy,
        /// The store does not answer, or breaks off.
        StoreUnavailable,
        /// The answer cannot be read.
        StoreAnswerMalformed,
        /// The store rejects the query.
        QueryRejected,
        /// The query cannot be sent.
        QueryUnsendable,
        /// The store returned a series of another tenant.
        TenancyViolation,
        /// The tenant has more series in a window than the operator allows.
        TooManySeries,
        /// The answer is larger than memory allows, and cannot be divided.
        TooLarge,
    }
}

words! {
    /// Why a request to a sink did not succeed.
    SinkFault {
        /// No connection.
        Unreachable,
        /// No answer in time.
        Timeout,
        /// It asks for less.
        Throttled,
        /// It cannot serve at the moment.
        Unavailable,
        /// The answer does not confirm the request.
        Unconfirmed,
        /// The credentials are not accepted.
        Unauthorized,
        /// The credentials do not suffice.
        Forbidden,
        /// A proxy asks for credentials.
        ProxyUnauthorized,
        /// There is no such endpoint.
        NotFound,
        /// It redirects; redirects are not followed.
        Redirected,
        /// It does not take requests of this form.
        Misconfigured,
        /// Its certificate is not trusted.
        Untrusted,
        /// The request is too large.
        TooLarge,
        /// The request is rejected.
        Rejected,
        /// Some points are rejected.
        PartialSuccess,
        /// The Secret lacks something, or cannot be used: no request was made.
        CredentialsInvalid,
    }
}

/// Why points were not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DropReason {
    /// The attempts are used up, and the sink drops then.
    RetriesExhausted,
    /// They are older than the sink wants them.
    TooOld,
    /// They were read once, and the store does not have them any more.
    NotInStore,
    /// They came late, and the receiver rejects points that are so old.
    OutOfOrder,
    /// They are more than memory allows, and cannot be read in parts.
    TooLarge,
    /// They have no place in OTLP, or the receiver takes none like them.
    Mapping(MappingDrop),
}

impl DropReason {
    /// Gives the word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::RetriesExhausted => "RetriesExhausted",
            Self::TooOld => "TooOld",
            Self::NotInStore => "NotInStore",
            Self::OutOfOrder => "OutOfOrder",
            Self::TooLarge => "TooLarge",
            Self::Mapping(reason) => reason.word(),
        }
    }
}
