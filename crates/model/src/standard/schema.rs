//! The types of one file of the standard (`telemetry/*.yaml`, format KTS 1).

use std::fmt;

use indexmap::IndexMap;
use jiff::civil::Date;
use serde_json::Value;

use super::period;

/// One file of the standard: everything that one job, event or stats document may say.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    /// The organisation that owns the schema: `ktel` of `ktel/identify-platform`.
    pub vendor: String,
    /// The job's name in the catalog, and the key of its section in a report.
    pub name: String,
    /// `MODEL.REVISION.ADDITION`: a new optional field is an addition.
    pub version: SchemaVersion,
    /// What the schema describes.
    pub kind: Kind,
    /// A short title for lists.
    pub title: String,
    /// Why the data is collected.
    pub purpose: Purpose,
    /// The responsible team.
    pub owner: String,
    /// Where the schema was discussed; required once it is stable.
    pub review: Option<String>,
    /// How much may still change.
    pub stability: Stability,
    /// How often it may be sent.
    pub cadence: Option<Cadence>,
    /// Whether it is sent automatically, or only when a user asks for it.
    pub consent: ConsentMode,
    /// The access that filling it needs. Roles are generated from this.
    pub access: Vec<Access>,
    /// How long a receiver may keep it.
    pub retention: Retention,
    /// The built-in collector that fills the fields; `None` when the fields say how themselves.
    pub collector: Option<String>,
    /// The fields, in the order in which a report shows them.
    pub fields: IndexMap<String, Field>,
}

impl Schema {
    /// The full name, `VENDOR/NAME`.
    pub fn id(&self) -> String {
        format!("{}/{}", self.vendor, self.name)
    }

    /// The words that a field, or a field of a record (`record.field`), declares.
    pub fn words(&self, field: &str) -> Option<&Words> {
        match &self.field(field)?.of {
            Type::Enum(words) | Type::List(words) | Type::Map(words, _) => Some(words),
            _ => None,
        }
    }

    /// Every field and every field of a record (`record.field`), in order.
    pub fn all_fields(&self) -> impl Iterator<Item = (String, &Field)> {
        self.fields.iter().flat_map(|(name, field)| {
            let inner = field.record().into_iter().flatten();
            let inner = inner.map(move |(inner, field)| (format!("{name}.{inner}"), field));
            std::iter::once((name.clone(), field)).chain(inner)
        })
    }

    /// A field, or a field of a record (`record.field`).
    pub fn field(&self, path: &str) -> Option<&Field> {
        if let Some(field) = self.fields.get(path) {
            return Some(field);
        }
        let (record, field) = path.split_once('.')?;
        self.fields.get(record)?.record()?.get(field)
    }
}

/// `MODEL.REVISION.ADDITION`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SchemaVersion {
    /// Raised when a field is removed or changes its type.
    pub model: u32,
    /// Raised when a meaning changes.
    pub revision: u32,
    /// Raised when an optional field is added.
    pub addition: u32,
}

impl fmt::Display for SchemaVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.model, self.revision, self.addition)
    }
}

/// What a schema describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A section of a report.
    Job,
    /// Something that happened once.
    Event,
    /// Numbers sent periodically.
    Stats,
}

/// Why a schema exists, in words that an end user reads.
#[derive(Debug, Clone, PartialEq)]
pub struct Purpose {
    /// The question that the data answers.
    pub question: String,
    /// What the user who sends it gets from it.
    pub value_to_you: String,
    /// What the answer is used for; kebab-case words.
    pub used_for: Vec<String>,
    /// Decisions that were based on the data so far.
    pub decisions: Vec<Decision>,
}

/// A decision that was based on the data.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The date.
    pub date: Date,
    /// What was decided.
    pub what: String,
    /// A link to it.
    pub link: Option<String>,
}

/// How much may still change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stability {
    /// Anything may change.
    Development,
    /// Only additions are made.
    Stable,
    /// It will be removed.
    Deprecated,
}

/// How often a document may be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Cadence {
    /// At most so many times in a period, as in `once/24h`.
    pub max: String,
    /// The jitter, as in `1h`.
    pub jitter: Option<String>,
}

/// Whether data is sent automatically.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsentMode {
    /// Sent automatically, if no consent source objects.
    Ambient,
    /// Sent only by a command that names the receiver.
    Explicit,
}

/// How long a receiver may keep data, as in `90d` and `25mo`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Retention {
    /// Single reports.
    pub raw: String,
    /// Sums over many.
    pub aggregate: String,
}

impl Retention {
    /// How many whole days single reports may be kept, and at least one.
    pub fn raw_days(&self) -> u32 {
        let days = period::seconds(&self.raw).unwrap_or(0) / 86_400;
        u32::try_from(days).unwrap_or(u32::MAX).max(1)
    }

    /// How many whole days sums may be kept, and at least one.
    pub fn aggregate_days(&self) -> u32 {
        let days = period::seconds(&self.aggregate).unwrap_or(0) / 86_400;
        u32::try_from(days).unwrap_or(u32::MAX).max(1)
    }
}

/// Something that a job must be allowed to read.
#[derive(Debug, Clone, PartialEq)]
pub enum Access {
    /// Objects of the Kubernetes API.
    Resources {
        /// The API group; empty for the core group.
        group: String,
        /// Plural names.
        resources: Vec<String>,
        /// `get`, `list` or `watch`.
        verbs: Vec<Verb>,
        /// In which namespaces.
        scope: Scope,
        /// How much of each object is read.
        reads: Reads,
        /// The number of requests of a run.
        calls: Calls,
    },
    /// Paths that are not objects, such as `/version`.
    Paths {
        /// The paths.
        paths: Vec<String>,
    },
}

/// A read-only verb.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// One object by name.
    Get,
    /// Many objects.
    List,
    /// Changes of objects.
    Watch,
}

/// Where objects are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The whole cluster.
    Cluster,
    /// The product's own namespace.
    Namespace,
}

/// How much of each object is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// `metadata` and nothing else.
    Metadata,
    /// The object.
    Object,
}

/// Requests per run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calls {
    /// A fixed number, whatever the size of the cluster.
    Fixed(u32),
    /// One for every page of objects.
    Pages,
}

/// One value that may be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// The canonical dotted name, `host.arch`.
    pub semconv: Option<String>,
    /// Its type, and how values are blurred.
    pub of: Type,
    /// How sensitive it is.
    pub sensitivity: Sensitivity,
    /// Whether it could help to identify an installation.
    pub identifiability: Identifiability,
    /// Why this field is collected.
    pub why: String,
    /// A value in the form that is sent by default.
    pub example: Value,
    /// The ktel version that first sent it.
    pub since: String,
    /// When it is no longer sent.
    pub expires: Expiry,
    /// Whether a section without it is incomplete.
    pub required: bool,
    /// Another field of the schema. A receiver counts combinations of the two.
    pub against: Option<String>,
    /// How it is filled, unless a built-in collector fills it.
    pub collect: Option<Collect>,
}

impl Field {
    /// Whether a section has a single value of it, so that combinations with others can be counted.
    pub fn says_one_word(&self) -> bool {
        match self.of {
            Type::Bool
            | Type::Enum(_)
            | Type::Count(_)
            | Type::Version(_)
            | Type::Duration(_)
            | Type::Ratio(_) => true,
            Type::Date(_)
            | Type::Id
            | Type::CommandPath(_)
            | Type::Map(..)
            | Type::List(_)
            | Type::Record(_) => false,
        }
    }

    /// The fields of a record.
    pub fn record(&self) -> Option<&IndexMap<String, Field>> {
        match &self.of {
            Type::Record(fields) => Some(fields),
            _ => None,
        }
    }
}

/// When a field is no longer sent.
#[derive(Debug, Clone, PartialEq)]
pub enum Expiry {
    /// From this day on it is omitted.
    On(Date),
    /// Never, with the reason.
    Never(String),
}

impl Expiry {
    /// Whether the field is no longer sent on this day.
    pub fn is_past(&self, today: Date) -> bool {
        match self {
            Self::On(date) => today >= *date,
            Self::Never(_) => false,
        }
    }
}

/// How sensitive a field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sensitivity {
    /// About machines and versions.
    Technical,
    /// About what users do.
    Interaction,
    /// About what users wrote.
    StoredContent,
}

/// Whether a field could help to identify an installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Identifiability {
    /// No: very many installations share each value.
    None,
    /// Only together with other fields.
    Weak,
    /// Yes, by itself: an identifier without a name.
    Pseudonym,
}

/// The closed set of types. There is no free text.
#[derive(Debug, Clone, PartialEq)]
pub enum Type {
    /// `true` or `false`.
    Bool,
    /// One word of a list.
    Enum(Words),
    /// A number of things.
    Count(CountForm),
    /// A version number.
    Version(VersionForm),
    /// A duration in seconds.
    Duration(DurationForm),
    /// A share between 0 and 1.
    Ratio(RatioForm),
    /// A date or a time.
    Date(DateForm),
    /// A random identifier of the installation.
    Id,
    /// Declared words of a command, joined by spaces.
    CommandPath(Vec<String>),
    /// Words with a number or a flag each.
    Map(Words, MapValue),
    /// A sorted set of words.
    List(Words),
    /// Fields within a field, one level deep.
    Record(IndexMap<String, Field>),
}

/// A closed vocabulary and the word for everything else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// The words that may be sent.
    pub values: Vec<String>,
    /// The word for all other values.
    pub other: String,
}

/// The values of a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MapValue {
    /// A number of things.
    Count(CountForm),
    /// A flag.
    Bool,
}

/// How a count is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountForm {
    /// Lowest value of every bucket; the first is 0. The coarse form is a label such as `6-20`.
    pub buckets: Vec<u64>,
    /// Whether the number itself is sent unless the coarse form is asked for.
    pub exact: bool,
}

/// How a version is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VersionForm {
    /// What the exact form keeps; `None`: it is always coarse.
    pub exact: Option<VersionPart>,
    /// What the coarse form keeps.
    pub coarse: VersionPart,
}

/// How much of a version number is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum VersionPart {
    /// `v1`; of a pre-release of it also the word, as in `v1-rc`
    Major,
    /// `v1.23`; of a pre-release of it also the word, as in `v1.23-rc`
    Minor,
    /// `v1.23.4`; of a pre-release also its word, as in `v1.23.4-rc`
    Patch,
    /// `v1.23.4-rc.1`: a pre-release as semver knows it, no build metadata
    Full,
}

/// How a duration is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DurationForm {
    /// Lowest value of every bucket, in seconds; the first is 0.
    pub buckets: Vec<u64>,
    /// Whether seconds are sent unless the coarse form is asked for.
    pub exact: bool,
}

/// How a ratio is sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RatioForm {
    /// Size of a step; 0.05 unless the field says otherwise.
    pub step: f64,
    /// Whether the number itself is sent unless the coarse form is asked for.
    pub exact: bool,
}

/// How a date is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateForm {
    /// What the exact form keeps; `None`: it is always coarse.
    pub exact: Option<DatePart>,
    /// What the coarse form keeps.
    pub coarse: DatePart,
}

/// How much of a date is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DatePart {
    /// `2022-05`
    Month,
    /// `2022-W18`
    Week,
    /// `2022-05-03`
    Day,
    /// `2022-05-03 08:46:22`, in UTC
    Second,
    /// `2022-05-03T08:46:22Z`, the same as RFC 3339 writes it
    Timestamp,
}

/// Which form of the values is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// The exact form where a field declares one, else the coarse form.
    #[default]
    Exact,
    /// The coarse form everywhere.
    Coarse,
}

/// How a field is filled from the cluster, without code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collect {
    /// What is done with the objects.
    pub verb: CollectVerb,
    /// Which objects; several are added up.
    pub from: Vec<Source>,
}

/// What is done with the objects of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CollectVerb {
    /// How many there are, in one request.
    Count,
    /// How many values the path finds in all of them together.
    Matches,
    /// The value at the path in the first object, by namespace and name, that has one.
    Value,
    /// The different values at the path.
    Values,
    /// How many times each value is found at the path.
    GroupCount,
    /// The API versions that the objects were last written with.
    WrittenVersions,
    /// All API versions in which the server has them; no object is read.
    ServedVersions,
    /// When one of them was last changed; changes of `status` do not count.
    NewestChange,
}

/// A kind of objects, by the names that the API's paths and roles use.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Source {
    /// The API group; empty for the core group.
    pub group: String,
    /// The plural name.
    pub resource: String,
    /// Only this namespace.
    pub namespace: Option<String>,
    /// Only objects with these labels (a label selector).
    pub labels: Option<String>,
    /// A `JSONPath`, for the verbs that need one.
    pub path: Option<String>,
}
