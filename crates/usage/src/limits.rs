//! Every limit of this crate, with its reason.

use std::time::Duration;

/// A configuration, a policy, a preference or a product file. The largest are a few KiB.
pub const SETTINGS_BYTES_MAX: u64 = 1 << 20;
/// Levels of a settings file. Profiles, sections and keys need a handful.
pub const SETTINGS_DEPTH_MAX: usize = 64;
/// Values that aliases may repeat in a settings file. Files that use them repeat a section or two.
pub const ALIASED_VALUES_MAX: usize = 10_000;
/// Characters of a line that is shown with a caret under its mistake. A longer one would be wrapped.
pub const MARKED_LINE_CHARS_MAX: usize = 120;
/// Characters of a value that are shown, so that it fits in a line beside its variable or file.
pub const SHOWN_CHARS_MAX: usize = 40;
/// The name of a product: long enough for any product, short enough for any file system.
pub const PRODUCT_NAME_BYTES_MAX: usize = 64;

/// Entries of a directory with one entry for each product. Nobody has more programs that use ktel.
pub const PRODUCTS_MAX: usize = 10_000;

/// Characters of a notice that fit on a screen.
pub const NOTICE_CHARS_MAX: usize = 2_000;
/// Lines of a notice that fit on a screen.
pub const NOTICE_LINES_MAX: usize = 16;
/// Schemas of a product file. Nobody reads more before they consent.
pub const SCHEMAS_MAX: usize = 16;

/// Words of all commands of a program. The standard allows no more in one field.
pub const COMMAND_VOCABULARY_MAX: usize = 256;
/// Words of one command. The standard allows no more.
pub const COMMAND_WORDS_MAX: usize = 8;
/// The longest word of a command. The standard allows no longer one.
pub const WORD_BYTES_MAX: usize = 64;
/// Causes of an error that are looked at. Real chains have fewer than ten.
pub const CAUSES_MAX: usize = 64;

/// One event. The longest that can be declared has a few hundred bytes.
pub const EVENT_BYTES_MAX: usize = 4 << 10;
/// How long a sink that uses a network may delay the end of a command. A person notices 100 ms.
pub const CLOSE_WITHIN: Duration = Duration::from_millis(50);
/// Bytes of events that wait for an upload. A year of one command an hour fits.
pub const WAITING_BYTES_MAX: u64 = 1 << 20;
/// Events that wait for an upload: as many as fit in the bytes.
pub const WAITING_EVENTS_MAX: u64 = 10_000;
/// How long an event waits. Older ones are of no use, and nobody expects them on the disk any more.
pub const WAITING_AGE_MAX: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Files read in a drop directory at a time. A program that fills it faster than that is broken.
pub const DROPPED_EVENTS_MAX: usize = 1000;
/// The file of events for the user, and the log of what was accepted. The older half is deleted.
pub const EVENTS_FILE_BYTES_MAX: u64 = 512 << 10;

/// The longest product key. ktel's own have 36 bytes; those of other servers fit too.
pub const KEY_BYTES_MAX: usize = 512;

/// Into how many parts waiting events are divided, while the server cannot process some of them. Each is an
/// exchange; a server that cannot process more than a few events has to be mended first.
pub const PARTS_MAX: usize = 256;

/// How often an upload may begin by itself. Nobody waits for the numbers, and larger batches compress better.
pub const UPLOAD_EVERY: Duration = Duration::from_secs(6 * 60 * 60);
/// How long an upload that nobody watches may take: one exchange of 30 s, and the pauses of a few more.
pub const UPLOAD_WITHIN: Duration = Duration::from_secs(60);
/// How often an upload looks whether another one has ended: often enough for somebody who waits for both.
pub const LOCK_POLL_EVERY: Duration = Duration::from_millis(50);
