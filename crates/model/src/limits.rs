//! Every limit of this crate, with its reason.

/// The largest file of the standard. The largest built-in one has about 10 KiB.
pub(crate) const SCHEMA_FILE_BYTES_MAX: usize = 256 * 1024;
/// How deep a file may nest. The format needs seven levels: document, fields, a record, its fields,
/// collect, its sources, one source.
pub(crate) const SCHEMA_DEPTH_MAX: usize = 12;
/// Fields of a schema, and of a record in it. A cluster-wide report has at most a few dozen; more
/// is a second schema.
pub(crate) const FIELDS_MAX: usize = 64;
/// Kinds that one field may add up. The largest built-in field has 3.
pub(crate) const SOURCES_MAX: usize = 16;
/// Weakly identifying fields. With five values that each split the users, a report begins to point
/// at one of them.
pub(crate) const WEAK_FIELDS_MAX: usize = 4;
/// Words of one vocabulary. A longer list hides what is sent from its readers.
pub(crate) const WORDS_MAX: usize = 64;
/// Words of all commands of a program. There are more of them than values of an enum, and each
/// stands in the documentation.
pub(crate) const COMMAND_VOCABULARY_MAX: usize = 256;
/// Words of one command. What a deeper command would have are arguments of its user.
pub(crate) const COMMAND_WORDS_MAX: usize = 8;
/// The longest word of a vocabulary. A longer one is a sentence.
pub(crate) const WORD_BYTES_MAX: usize = 64;
/// Buckets of a number. More of them are hardly coarser than the number.
pub(crate) const BUCKETS_MAX: usize = 32;
/// Buckets that the dictionary writes out; of more it writes the first and the last.
pub(crate) const BUCKETS_SHOWN_MAX: usize = 12;
/// How far ahead a field may end: a year, and a month to renew it in.
pub(crate) const EXPIRY_MONTHS_MAX: i64 = 13;
/// The longest name of a field. A longer one is a sentence, and fits no column of a table.
pub(crate) const FIELD_NAME_BYTES_MAX: usize = 64;
/// Names shorter than this may differ by one letter, as `tcp` and `udp` nearly do.
pub(crate) const SIMILAR_NAME_BYTES_MIN: usize = 5;
/// The longest date. RFC 3339 with nine digits of a second and an offset has 35 bytes.
pub(crate) const DATE_BYTES_MAX: usize = 40;
/// The longest version that is read. Real ones are far shorter; this bounds the work.
pub(crate) const VERSION_BYTES_MAX: usize = 128;
