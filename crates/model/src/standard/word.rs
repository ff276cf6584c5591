//! The words that a file of the standard uses for each closed set.

use super::schema::{
    CollectVerb, ConsentMode, DatePart, Identifiability, Kind, Reads, Scope, Sensitivity,
    Stability, Verb, VersionPart,
};

/// A closed set with one word for each member.
pub(crate) trait Word: Copy + PartialEq + 'static {
    /// Every member and its word.
    const WORDS: &'static [(Self, &'static str)];

    /// The word of this member.
    fn word(self) -> &'static str {
        let found = Self::WORDS.iter().find(|(member, _)| *member == self);
        found.expect("every member is in its table").1
    }

    /// The member that a word stands for.
    fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(_, known)| *known == word).map(|(member, _)| *member)
    }
}

impl Word for Kind {
    const WORDS: &'static [(Self, &'static str)] =
        &[(Self::Job, "job"), (Self::Event, "event"), (Self::Stats, "stats")];
}

impl Word for Stability {
    const WORDS: &'static [(Self, &'static str)] = &[
        (Self::Development, "development"),
        (Self::Stable, "stable"),
        (Self::Deprecated, "deprecated"),
    ];
}

impl Word for ConsentMode {
    const WORDS: &'static [(Self, &'static str)] =
        &[(Self::Explicit, "explicit"), (Self::Ambient, "ambient")];
}

impl Word for Verb {
    const WORDS: &'static [(Self, &'static str)] =
        &[(Self::Get, "get"), (Self::List, "list"), (Self::Watch, "watch")];
}

impl Word for Scope {
    const WORDS: &'static [(Self, &'static str)] =
        &[(Self::Cluster, "cluster"), (Self::Namespace, "namespace")];
}

impl Word for Reads {
    const WORDS: &'static [(Self, &'static str)] =
        &[(Self::Metadata, "metadata"), (Self::Object, "object")];
}

impl Word for Sensitivity {
    const WORDS: &'static [(Self, &'static str)] = &[
        (Self::Technical, "technical"),
        (Self::Interaction, "interaction"),
        (Self::StoredContent, "stored_content"),
    ];
}

impl Word for Identifiability {
    const WORDS: &'static [(Self, &'static str)] =
        &[(Self::None, "none"), (Self::Weak, "weak"), (Self::Pseudonym, "pseudonym")];
}

impl Word for VersionPart {
    const WORDS: &'static [(Self, &'static str)] = &[
        (Self::Major, "major"),
        (Self::Minor, "minor"),
        (Self::Patch, "patch"),
        (Self::Full, "full"),
    ];
}

impl Word for DatePart {
    const WORDS: &'static [(Self, &'static str)] = &[
        (Self::Month, "month"),
        (Self::Week, "week"),
        (Self::Day, "day"),
        (Self::Second, "second"),
        (Self::Timestamp, "timestamp"),
    ];
}

impl Word for CollectVerb {
    const WORDS: &'static [(Self, &'static str)] = &[
        (Self::Count, "count"),
        (Self::Matches, "matches"),
        (Self::Value, "value"),
        (Self::Values, "values"),
        (Self::GroupCount, "group_count"),
        (Self::WrittenVersions, "written_versions"),
        (Self::ServedVersions, "served_versions"),
        (Self::NewestChange, "newest_change"),
    ];
}
