//! Which tokens reported something.

use crate::limits::TOKEN_GROUPS;

const _: () = assert!(TOKEN_GROUPS as u32 <= u64::BITS, "one bit for each group");

/// Some of the groups into which tokens are divided by their hash.
///
/// A set and not a number: the tokens of two words together are a union, in which each counts once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TokenGroups(u64);

impl TokenGroups {
    /// Reads a set as databases keep it: the bit of each group.
    #[must_use]
    pub fn from_bits(bits: i64) -> Self {
        Self(bits.cast_unsigned())
    }

    /// The groups of either set.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// How many groups there are.
    #[must_use]
    pub fn count(self) -> i64 {
        self.0.count_ones().into()
    }
}

#[cfg(test)]
mod tests {
    use super::TokenGroups;

    #[test]
    fn a_token_of_both_sets_counts_once() {
        let (one, other) = (TokenGroups::from_bits(0b0111), TokenGroups::from_bits(0b1100));
        assert_eq!((one.count(), other.count(), one.union(other).count()), (3, 2, 4));
        // The bit of the last group is the sign.
        assert_eq!(TokenGroups::from_bits(i64::MIN | 1).count(), 2);
        assert_eq!(TokenGroups::from_bits(-1).count(), 64);
    }
}
