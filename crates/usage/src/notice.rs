//! The notice: what a product's users are told before its first byte leaves.
//!
//! It is shown once for every revision of what is disclosed, where people watch. Until then nothing
//! may leave of a product that sends unless told otherwise. Where nobody ever watches, the product
//! file says where its notice stood. The library sees no terminal: its caller hands it a writer and
//! says whether people are watching.
//!
//! ```
//! use ktel_usage::notice::{self, Decision, Revision, Situation};
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
//! assert_eq!(notice::decide(situation), Decision::Show);
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
/// What stands in the file once the notice was shown whole.
const SHOWN: &str = "shown ";
/// And until then, so that a notice that was cut off is shown again.
const SHOWING: &str = "showing ";
/// Bytes of the digest; enough to tell one revision from the next.
const REVISION_BYTES: usize = 8;

/// Identifies what is disclosed: it changes whenever a schema does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision(String);

impl Revision {
    /// Computes the revision of everything that a product may send; the order does not matter.
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

/// Everything on which the notice depends.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'s> {
    /// Whether anything may be sent at all.
    pub consent_given: bool,
    /// What holds when nobody says anything.
    pub default: DefaultConsent,
    /// What is disclosed now.
    pub revision: &'s Revision,
    /// What was disclosed when the notice was last shown.
    pub shown: Option<&'s Revision>,
    /// Whether people are watching what the notice is written to.
    pub people_watch: bool,
    /// Whether this is a build service.
    pub ci: bool,
    /// Where the notice stood for those who see no terminal.
    pub stood: Option<&'s Stood>,
}

/// What becomes of the notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Nothing is sent, so there is nothing to tell.
    NothingToTell,
    /// It was shown.
    Shown,
    /// It must be shown now, by [`show`]; what is sent waits for it.
    Show,
    /// It stood where the product says.
    Stood,
    /// A user has asked for telemetry, so they know.
    Asked,
    /// Nobody has seen it and nobody would see it now; nothing may leave.
    Unseen,
}

impl Decision {
    /// Tells whether anything may leave now; where the notice must be shown, only once it was.
    #[must_use]
    pub fn may_send(self) -> bool {
        match self {
            Self::Shown | Self::Stood | Self::Asked => true,
            Self::NothingToTell | Self::Show | Self::Unseen => false,
        }
    }
}

/// Decides what becomes of the notice.
#[must_use]
pub fn decide(situation: Situation<'_>) -> Decision {
    // Exhaustive on purpose: whatever a notice comes to depend on is weighed here.
    let Situation { consent_given, default, revision, shown, people_watch, ci, stood } = situation;
    if !consent_given {
        Decision::NothingToTell
    } else if shown == Some(revision) {
        Decision::Shown
    } else if people_watch && !ci {
        Decision::Show
    } else if stood.is_some() {
        Decision::Stood
    } else if default == DefaultConsent::OptIn && shown.is_none() {
        Decision::Asked
    } else {
        Decision::Unseen
    }
}

/// Why a notice was not shown.
#[derive(Debug, Error)]
pub enum Error {
    /// It cannot be remembered, and would be shown each time.
    #[error("remember in `{}` that the notice was shown", path.display())]
    Remember {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It cannot be written.
    #[error("write the notice")]
    Write {
        /// Why not.
        source: io::Error,
    },
}

/// Gives the file that remembers which notice of a product was shown.
#[must_use]
pub fn path(directories: &Directories, product: &ProductName) -> Option<PathBuf> {
    Some(directories.state(product)?.join(FILE))
}

/// Reads which notice was shown. A file that is not understood remembers none: the notice is shown
/// once too often rather than never.
#[must_use]
pub fn shown(path: &Path) -> Option<Revision> {
    // Absent or unreadable, it is the same: no notice is known to have been shown.
    let text = settings_file::read(path).ok()?;
    let revision = text.strip_prefix(SHOWN)?.strip_suffix('\n')?;
    let hexadecimal = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let whole = revision.len() == 2 * REVISION_BYTES && revision.bytes().all(hexadecimal);
    whole.then(|| Revision(revision.to_owned()))
}

/// Shows the notice and remembers that.
///
/// Only what can be remembered is shown, and only what was shown whole is remembered as such: once
/// this has succeeded, and not before, something may leave.
///
/// # Errors
/// When it can be neither remembered nor written; then nothing may leave.
pub fn show(
    path: &Path,
    revision: &Revision,
    text: &str,
    out: &mut dyn Write,
) -> Result<(), Error> {
    remember(path, SHOWING, revision)?;
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|source| Error::Write { source })?;
    remember(path, SHOWN, revision)
}

fn remember(path: &Path, word: &str, revision: &Revision) -> Result<(), Error> {
    private_file::write(path, format!("{word}{revision}\n").as_bytes())
        .map_err(|source| Error::Remember { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests;
