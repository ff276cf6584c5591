//! The word somebody probably meant.

/// How much of a word may be wrong before another word is no help.
const ALIKE_MIN: f64 = 0.6;

/// Words longer than this are not worth comparing.
const BYTES_MAX: usize = 64;

/// Finds the word most like `word`, if one is alike at all.
pub(crate) fn nearest(
    word: &str,
    known: impl Iterator<Item = &'static str>,
) -> Option<&'static str> {
    if word.len() > BYTES_MAX {
        return None;
    }
    let word = word.to_ascii_lowercase();
    known
        .map(|candidate| (strsim::normalized_damerau_levenshtein(&word, candidate), candidate))
        .filter(|(alike, _)| *alike >= ALIKE_MIN)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}
