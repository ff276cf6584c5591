//! The outbox in one file, for a site without a network: digest-checked, and nothing taken twice.
//!
//! One JSON object per line. The first says what follows; each of the others is a parcel with its
//! body in base64; the last has the digest of all lines before it.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ktel_delivery::Parcel;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::{Error as OutboxError, Outbox};
use crate::address::receiver;
use crate::limits::{BUNDLE_BYTES_MAX, TAKEN_KEYS_MAX};
use ktel_delivery::private_file;

const FORMAT: u32 = 1;
const TAKEN: &str = "taken";

/// Why a bundle cannot be written or read.
#[derive(Debug, Error)]
pub enum Error {
    /// The outbox.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    /// The file.
    #[error("{doing} `{}`", path.display())]
    File {
        /// What was attempted.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// A line makes no sense.
    #[error("line {line} of `{}` is no part of a bundle", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// The file was changed, or is not whole.
    #[error("the digest of `{}` is wrong: it was changed, or is not whole", path.display())]
    Digest {
        /// The file.
        path: PathBuf,
    },
    /// A parcel goes to a server that the user did not name. Who makes a bundle chooses the server,
    /// and with it who gets the token and which file is read as one.
    #[error("`{}` holds a report for `{server}`", path.display())]
    Server {
        /// The file.
        path: PathBuf,
        /// Where the parcel wants to go.
        server: String,
    },
}

impl Error {
    /// Says what to do next.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Server { server, .. } => {
                Some(format!("if you trust that server, add `--report-server '{server}'`"))
            }
            Self::Digest { .. } => Some("export it once more".into()),
            Self::Outbox(_) | Self::File { .. } | Self::Line { .. } => None,
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    bundle: u32,
    parcels: usize,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    to: String,
    key: String,
    content_type: String,
    time_ms: u64,
    body: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tail {
    sha256: String,
}

/// What an import has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Imported {
    /// Parcels that now wait here.
    pub taken: usize,
    /// Parcels that had been taken before.
    pub known: usize,
}

/// Writes everything that waits to a new file, and lets it wait here no longer; gives how many
/// parcels that are.
///
/// # Errors
/// When the file cannot be written whole; then everything waits on.
pub fn export(outbox: &Outbox, path: &Path, now: Duration) -> Result<usize, Error> {
    let waiting = outbox.waiting(now)?;
    let mut text = json(&Head { bundle: FORMAT, parcels: waiting.len() });
    for (_, stored) in &waiting {
        let Parcel { to, key, content_type, body } = &stored.parcel;
        text.push_str(&json(&Line {
            to: to.clone(),
            key: key.clone(),
            content_type: content_type.clone(),
            time_ms: u64::try_from(stored.time.as_millis()).unwrap_or(u64::MAX),
            body: BASE64_STANDARD.encode(body),
        }));
    }
    let tail = json(&Tail { sha256: digest(text.as_bytes()) });
    text.push_str(&tail);
    let failed = |source| Error::File { doing: "write", path: path.to_owned(), source };
    write_new(path, text.as_bytes()).map_err(failed)?;
    for (name, _) in &waiting {
        let lane = outbox.lane_called(name.lane.clone());
        lane.spool.acknowledge(&[name.id]).map_err(OutboxError::from)?;
    }
    Ok(waiting.len())
}

/// Takes the parcels of a bundle for these servers into the outbox, but for those that were taken
/// before.
///
/// # Errors
/// When the bundle is not what was exported; then nothing is taken.
pub fn import(
    outbox: &Outbox,
    path: &Path,
    servers: &[String],
    now: Duration,
) -> Result<Imported, Error> {
    let mut parcels = read(path)?;
    for (parcel, _) in &mut parcels {
        // Here it may be another file that holds the authority.
        let named = servers.iter().find(|server| receiver(server) == receiver(&parcel.to));
        let Some(server) = named else {
            return Err(Error::Server { path: path.to_owned(), server: parcel.to.clone() });
        };
        parcel.to.clone_from(server);
    }
    let mut taken = Taken::load(outbox);
    let waiting = outbox.waiting(now)?;
    let waiting: BTreeSet<String> = waiting.into_iter().map(|(_, one)| one.parcel.key).collect();
    let mut imported = Imported::default();
    for (parcel, time) in parcels {
        if taken.has(&parcel.key) || waiting.contains(&parcel.key) {
            imported.known += 1;
            continue;
        }
        outbox.lane(&parcel.to).spool.push(&parcel, time).map_err(OutboxError::from)?;
        taken.add(parcel.key);
        imported.taken += 1;
        // After each: an import that is killed takes nothing twice when it is done again.
        taken.store(outbox).map_err(|source| Error::File {
            doing: "remember in",
            path: outbox.directory().to_owned(),
            source,
        })?;
    }
    Ok(imported)
}

fn read(path: &Path) -> Result<Vec<(Parcel, Duration)>, Error> {
    let failed = |source| Error::File { doing: "read", path: path.to_owned(), source };
    let file = fs::File::open(path).map_err(failed)?;
    let bytes = file.metadata().map_err(failed)?.len();
    if bytes > BUNDLE_BYTES_MAX {
        return Err(failed(io::ErrorKind::FileTooLarge.into()));
    }
    let lines: Result<Vec<String>, _> =
        BufReader::new(io::Read::take(file, bytes)).lines().collect();
    let lines = lines.map_err(failed)?;
    let bad = |line| Error::Line { path: path.to_owned(), line };
    let [head, parcels @ .., tail] = &lines[..] else { return Err(bad(lines.len() + 1)) };
    // What serde says would quote what it read.
    let head: Head = serde_json::from_str(head).map_err(|_| bad(1))?;
    let tail: Tail = serde_json::from_str(tail).map_err(|_| bad(lines.len()))?;
    let whole: String = lines[..lines.len() - 1].iter().flat_map(|line| [line, "\n"]).collect();
    if tail.sha256 != digest(whole.as_bytes())
        || head.bundle != FORMAT
        || head.parcels != parcels.len()
    {
        return Err(Error::Digest { path: path.to_owned() });
    }
    let parcel = |(index, text): (usize, &String)| {
        let number = index + 2;
        let line: Line = serde_json::from_str(text).map_err(|_| bad(number))?;
        let body = BASE64_STANDARD.decode(&line.body).map_err(|_| bad(number))?;
        let Line { to, key, content_type, time_ms, .. } = line;
        let parcel = Parcel { to, key, content_type, body: body.into() };
        Ok((parcel, Duration::from_millis(time_ms)))
    };
    parcels.iter().enumerate().map(parcel).collect()
}

/// Keys of parcels that came out of bundles, oldest first.
#[derive(Debug, Default)]
struct Taken {
    keys: Vec<String>,
}

impl Taken {
    fn load(outbox: &Outbox) -> Self {
        // Without it a parcel may be sent twice, and its key still tells the receiver.
        let text = fs::read_to_string(outbox.directory().join(TAKEN)).unwrap_or_default();
        Self { keys: text.lines().map(str::to_owned).collect() }
    }

    fn has(&self, key: &str) -> bool {
        self.keys.iter().any(|known| known == key)
    }

    fn add(&mut self, key: String) {
        self.keys.push(key);
        let over = self.keys.len().saturating_sub(TAKEN_KEYS_MAX);
        self.keys.drain(..over);
    }

    fn store(&self, outbox: &Outbox) -> io::Result<()> {
        let mut text = self.keys.join("\n");
        text.push('\n');
        private_file::write(&outbox.directory().join(TAKEN), text.as_bytes())
    }
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn json(value: &impl Serialize) -> String {
    let mut line = serde_json::to_string(value).expect("strings and numbers become JSON");
    line.push('\n');
    line
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{Duration, Error, Imported, Outbox, Parcel, export, import};
    use std::fs;

    const NOW: Duration = Duration::from_secs(1_790_000_000);

    fn servers() -> [String; 2] {
        ["https://0.example.com".into(), "https://1.example.com".into()]
    }

    fn outbox_with(directory: &std::path::Path, count: usize) -> Outbox {
        let outbox = Outbox::at(directory);
        for number in 0..count {
            let to = format!("https://{}.example.com", number % 2);
            let parcel = Parcel {
                to: to.clone(),
                key: format!("key-{number}"),
                content_type: "application/json".into(),
                body: vec![b'x'; number].into(),
            };
            outbox.lane(&to).spool.push(&parcel, NOW).unwrap();
        }
        outbox
    }

    #[test]
    fn a_bundle_carries_everything_once() {
        let directory = tempfile::tempdir().unwrap();
        let (here, there) = (directory.path().join("here"), directory.path().join("there"));
        let file = directory.path().join("bundle");
        let from = outbox_with(&here, 5);
        let mut sent: Vec<_> =
            from.waiting(NOW).unwrap().into_iter().map(|(_, one)| one.parcel).collect();
        assert_eq!(export(&from, &file, NOW).unwrap(), 5);
        assert_eq!(from.waiting(NOW).unwrap().len(), 0, "they left");
        assert!(export(&from, &file, NOW).is_err(), "a bundle is never overwritten");
        let to = Outbox::at(&there);
        let stranger = import(&to, &file, &servers()[..1], NOW).unwrap_err();
        assert!(stranger.to_string().contains("1.example.com"), "{stranger}");
        assert_eq!(import(&to, &file, &servers(), NOW).unwrap(), Imported { taken: 5, known: 0 });
        assert_eq!(import(&to, &file, &servers(), NOW).unwrap(), Imported { taken: 0, known: 5 });
        let mut got: Vec<_> =
            to.waiting(NOW).unwrap().into_iter().map(|(_, one)| one.parcel).collect();
        sent.sort_by(|one, other| one.key.cmp(&other.key));
        got.sort_by(|one, other| one.key.cmp(&other.key));
        assert_eq!(got, sent);
        for lane in to.lanes().unwrap() {
            lane.spool.clear().unwrap();
        }
        let again = import(&to, &file, &servers(), NOW).unwrap();
        assert_eq!(again, Imported { taken: 0, known: 5 }, "also when they have been delivered");
    }

    #[test]
    fn a_bundle_that_was_changed_gives_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("bundle");
        export(&outbox_with(&directory.path().join("here"), 3), &file, NOW).unwrap();
        let text = fs::read_to_string(&file).unwrap();
        let to = Outbox::at(directory.path().join("there"));
        let lines: Vec<&str> = text.lines().collect();
        let without_one = [&lines[..1], &lines[2..]].concat().join("\n");
        let torn = text.trim_end_matches("\"}\n");
        let changed = text.replacen("key-0", "key-9", 1);
        for bad in [without_one.as_str(), torn, changed.as_str(), "", "{}\n{}\n"] {
            fs::write(&file, bad).unwrap();
            let error = import(&to, &file, &servers(), NOW).unwrap_err();
            assert!(matches!(error, Error::Digest { .. } | Error::Line { .. }), "{error}");
            assert!(to.waiting(NOW).unwrap().is_empty());
        }
    }
}
