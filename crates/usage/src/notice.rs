//! The notice: what users of a product read before the first event is sent.
//!
//! It is shown once on a terminal, and again when the collected data changes. Before that, an opt-out
//! product must not send. Without a terminal, the product file may say where else the notice was
//! shown. The library does not look for a terminal: its caller passes a writer and says whether
//! people read it.
//!
//! ```
//! use ktel_usage::notice::{self, NoticeDecision, Revision, Situation};
//! use ktel_usage::product_file::ProductFile;
//!
//! let product = ProductFile::demo();
//! let revision = Revision::of(product.all_schemas());
//! let situation = Situation {
//!     consent_given: true,
//!     default: product.consent,
//!     revision: &revision,
//!     shown: None,
//!     people_watch: true,
//!     ci: false,
//!     stood: product.notice.stood.as_ref(),
//! };
//! assert_eq!(notice::decide(situation), NoticeDecision::Show);
//! let nobody = Situation { people_watch: false, ..situation };
//! assert!(!notice::decide(nobody).may_send());
//! ```

mod text;

use std::fmt;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use ktel_model::Schema;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::consent::DefaultConsent;
use crate::directories::Directories;
use crate::product_file::Stood;
use crate::product_name::ProductName;
use crate::settings_file;
use ktel_delivery::private_file;

pub use text::text;

const FILE: &str = "notice";
/// The word in the file after the whole notice was shown.
const SHOWN: &str = "shown ";
/// The word before that, so that a notice that was cut off is shown again.
const SHOWING: &str = "showing ";
/// Bytes of the digest: enough to distinguish revisions.
const REVISION_BYTES: usize = 8;

/// Identifies the schemas that a notice describes. It changes when one of them does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision(String);

impl Revision {
    /// Computes the revision of everything that a product may send, in any order.
    #[must_use]
    pub fn of<'s>(schemas: impl IntoIterator<Item = &'s Schema>) -> Self {
        let mut digests: Vec<String> = schemas.into_iter().map(Schema::digest).collect();
        digests.sort_unstable();
        let mut revision = String::new();
        for byte in Sha256::digest(digests.join("\n")).iter().take(REVISION_BYTES) {
            write!(revision, "{byte:02x}").expect("writing to a string cannot fail");
        }
        Self(revision)
    }

    /// Gives it as hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// What decides whether the notice is shown.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'s> {
    /// Whether anything may be sent at all.
    pub consent_given: bool,
    /// The default of the product.
    pub default: DefaultConsent,
    /// The current revision.
    pub revision: &'s Revision,
    /// The revision of the notice that was shown last.
    pub shown: Option<&'s Revision>,
    /// Whether people read what the notice is written to.
    pub people_watch: bool,
    /// Whether this is a CI job.
    pub ci: bool,
    /// Where the notice was shown to users without a terminal.
    pub stood: Option<&'s Stood>,
}

/// What happens with the notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeDecision {
    /// No notice is needed, because nothing is sent.
    NotNeeded,
    /// It was shown.
    AlreadyShown,
    /// It must be shown now, by [`show`], before anything is sent.
    Show,
    /// It was shown where the product file says.
    Stood,
    /// The user turned telemetry on, and needs no notice.
    Asked,
    /// Nobody has seen it, and nobody would see it now. Nothing may be sent.
    Unseen,
}

impl NoticeDecision {
    /// Says whether anything may be sent now. A notice that must be shown comes first.
    #[must_use]
    pub fn may_send(self) -> bool {
        match self {
            Self::AlreadyShown | Self::Stood | Self::Asked => true,
            Self::NotNeeded | Self::Show | Self::Unseen => false,
        }
    }
}

/// Decides what happens with the notice.
#[must_use]
pub fn decide(situation: Situation<'_>) -> NoticeDecision {
    // Exhaustive on purpose: a new condition does not compile until it is used here.
    let Situation { consent_given, default, revision, shown, people_watch, ci, stood } = situation;
    if !consent_given {
        NoticeDecision::NotNeeded
    } else if shown == Some(revision) {
        NoticeDecision::AlreadyShown
    } else if people_watch && !ci {
        NoticeDecision::Show
    } else if stood.is_some() {
        NoticeDecision::Stood
    } else if default == DefaultConsent::OptIn && shown.is_none() {
        NoticeDecision::Asked
    } else {
        NoticeDecision::Unseen
    }
}

/// Why a notice was not shown.
#[derive(Debug, Error)]
pub enum NoticeError {
    /// It cannot be recorded that it was shown, and it would be shown each time.
    #[error("record in `{}` that the notice was shown", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// It cannot be written.
    #[error("write the notice")]
    Write {
        /// The reason.
        source: io::Error,
    },
}

/// Gives the file that records which notice of a product was shown.
#[must_use]
pub fn path(directories: &Directories, product: &ProductName) -> Option<PathBuf> {
    Some(directories.state(product)?.join(FILE))
}

/// Reads which notice was shown. A file that is not understood counts as none: the notice is shown
/// once too often rather than never.
#[must_use]
pub fn shown(path: &Path) -> Option<Revision> {
    // An absent and an unreadable file mean the same: no notice is known to have been shown.
    let text = settings_file::read(path).ok()?;
    let revision = text.strip_prefix(SHOWN)?.strip_suffix('\n')?;
    let hexadecimal = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let whole = revision.len() == 2 * REVISION_BYTES && revision.bytes().all(hexadecimal);
    whole.then(|| Revision(revision.to_owned()))
}

/// Shows the notice and records that it was shown.
///
/// It is shown only if that can be recorded, and recorded as shown only if all of it was written.
/// Nothing may be sent before this has succeeded.
///
/// # Errors
/// When the record or the notice cannot be written.
pub fn show(
    path: &Path,
    revision: &Revision,
    text: &str,
    out: &mut dyn Write,
) -> Result<(), NoticeError> {
    record(path, SHOWING, revision)?;
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|source| NoticeError::Write { source })?;
    record(path, SHOWN, revision)
}

fn record(path: &Path, word: &str, revision: &Revision) -> Result<(), NoticeError> {
    private_file::write(path, format!("{word}{revision}\n").as_bytes())
        .map_err(|source| NoticeError::Record { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests;
