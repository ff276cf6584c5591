//! Whose reports are counted together.

use super::token_groups::TokenGroups;

/// The senders whose reports are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Population {
    /// Senders with a token that is a secret.
    #[default]
    Authenticated,
    /// Senders of lines, clients of Kamaji, senders with a public token or a product key. Anybody can add to their numbers.
    Unauthenticated,
}

impl Population {
    /// Both populations.
    pub const ALL: [Self; 2] = [Self::Authenticated, Self::Unauthenticated];

    /// The name in addresses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Authenticated => "authenticated",
            Self::Unauthenticated => "unauthenticated",
        }
    }

    /// Parses the name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|population| population.as_str() == name)
    }

    /// The population of a record.
    #[must_use]
    pub fn of(authenticated: bool) -> Self {
        if authenticated { Self::Authenticated } else { Self::Unauthenticated }
    }

    /// How many senders with tokens of their own, or how many senders where nobody has a token, a group needs.
    ///
    /// One token more than the floor: one of them may be the reader's.
    #[must_use]
    pub fn needed(self, floor: i64) -> i64 {
        match self {
            Self::Authenticated => floor + 1,
            Self::Unauthenticated => floor,
        }
    }

    /// Whether these senders are enough.
    ///
    /// The holder of a token can make up senders, so each token counts once. Where anybody can send, this would
    /// protect nobody.
    #[must_use]
    pub fn has_enough(self, senders: i64, tokens: TokenGroups, floor: i64) -> bool {
        let counted = match self {
            Self::Authenticated => tokens.count(),
            Self::Unauthenticated => senders,
        };
        counted >= self.needed(floor)
    }
}
