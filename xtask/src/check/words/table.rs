//! The words, and the files that may have them.

use Scope::{Anywhere, Names};

/// Where a word must not stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// In any text and in names of files.
    Anywhere,
    /// As a whole identifier of Rust code. English may use the word.
    Names,
}

/// A word that must not come back.
#[derive(Debug)]
pub(super) struct Word {
    pub(super) scope: Scope,
    /// A regular expression.
    pub(super) pattern: &'static str,
    /// What to say instead.
    pub(super) instead: &'static str,
}

/// A place that may have such words.
pub(super) struct Exception {
    /// The beginning of a path, or the end of one when it starts with `*`.
    pub(super) path: &'static str,
    #[expect(dead_code, reason = "it is for the reader of the table")]
    reason: &'static str,
}

/// Words that fail the check.
pub(super) const WORDS: [Word; 36] = [
    word(Names, "Doors", "`ConnectionLimiter`"),
    word(Anywhere, r"(?i)\bdoors\b", "connection limiter"),
    word(Names, "Stamp", "`TokenRecord`"),
    word(Names, "Announced", "`BodyMetadata`"),
    word(Names, "Loose", "`TransportDefaults`"),
    word(Names, "Entrance", "`ListenerConfig`"),
    word(Anywhere, r"\bconverse\b", "`serve_connection`"),
    word(Anywhere, r"\bsays_something\b", "`wait_readable`"),
    word(Anywhere, r"--floor\b", "`--min-group-size`"),
    word(Anywhere, r"(?i)^(?:#+|\|) what comes\b", "accepted formats"),
    word(Anywhere, r"(?i)\bwho may do what\b", "roles and permissions"),
    word(Names, "(?i).*folded.*|fold_small", "suppressed"),
    word(Anywhere, "(?i)neighbou?rhood", "client subnet"),
    word(Names, "Voices?|voices?", "`Source` (of consent), `Sources`"),
    word(Anywhere, r"(?i)\bvoices?\b", "consent source"),
    word(Names, "Said", "`Decision` (of consent)"),
    word(Anywhere, "(?i)testimon", "evidence"),
    word(Anywhere, r"(?i)\bluck\b", "jitter, or seed"),
    word(Anywhere, "(?i)surroundings", "`Clock`, `CiEnvironment`"),
    word(Names, "Pass", "`Permit`"),
    word(
        Anywhere,
        r"(?i)(?:\bways in|\b(?:a|another|further|each|every) way in)(?: for\b|[.;,:|]|$)",
        "ingest endpoint, listener",
    ),
    word(Anywhere, r#"\bktel_[a-z_]*refused|"refused"|`refused`"#, "rejected"),
    word(Anywhere, r"(?i)\bleft[ _-]out\b|\bLeftOut", "omitted"),
    word(Anywhere, r"(?i)\bgiven[ _-]up\b|\bGivenUp", "dropped"),
    word(Names, "Look|Trail|trail", "`AuditEntry`, `AuditLog`"),
    word(Anywhere, r"\btake_turn", "`try_acquire`"),
    word(Names, "Turns?", "`RateLimiter` (server), `Term` (leader election)"),
    word(Names, "Told|Untold|told|untold", "`PendingEvent`, `EmitError`, `emitted`"),
    word(Anywhere, r"\b(?:U|u)ntold\b|\btold\.rs|\btold/", "`EmitError`, emitted events"),
    word(Names, "tells?(?:_.*)?", "`report_…`, `print_…`, `write_…`: what it does"),
    word(Names, "refuses?", "`reject`, `rejects`"),
    word(Names, "Happened", "`PendingEvent`"),
    word(Names, "Shown", "`AuthResult`"),
    word(
        Anywhere,
        r"(?i)(?:^|[^-.\w])ancestor|_ancestor",
        "the name of the product: `kamaji`, `legacy_preference`",
    ),
    word(Names, "Witness|Eye|witness|eye", "`WatchHandler`"),
    word(Names, "Refused|Refusals?", "rejected"),
];

/// Files that may have the words.
pub(super) const EXCEPTIONS: [Exception; 12] = [
    Exception { path: "xtask/src/check/words/", reason: "this list" },
    Exception { path: "CHANGELOG.md", reason: "says what was renamed" },
    Exception { path: "LICENSE", reason: "not our text" },
    Exception { path: "crates/metricsql/LICENSE", reason: "not our text" },
    Exception { path: "*Cargo.lock", reason: "names of others" },
    Exception { path: "*go.sum", reason: "names of others" },
    Exception { path: "*package-lock.json", reason: "names of others" },
    Exception { path: "*.snap", reason: "what the code prints, which is checked itself" },
    Exception { path: "docs/reference/cli.md", reason: "generated of crates/cli" },
    Exception { path: "docs/reference/collected.md", reason: "generated of telemetry/" },
    Exception { path: "docs/reference/schemas/", reason: "generated of telemetry/" },
    Exception { path: "deploy/chart/README.md", reason: "generated of values.yaml" },
];

const fn word(scope: Scope, pattern: &'static str, instead: &'static str) -> Word {
    Word { scope, pattern, instead }
}
