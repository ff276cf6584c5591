//! The word somebody probably meant.

use crate::limits::{COMPARED_BYTES_MAX, SIMILARITY_MIN};

/// Finds the word most like `word`, if one is alike at all.
pub(crate) fn nearest(
    word: &str,
    known: impl Iterator<Item = &'static str>,
) -> Option<&'static str> {
    if word.len() > COMPARED_BYTES_MAX {
        return None;
    }
    let word = word.to_ascii_lowercase();
    known
        .map(|candidate| (strsim::normalized_damerau_levenshtein(&word, candidate), candidate))
        .filter(|(alike, _)| *alike >= SIMILARITY_MIN)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}
