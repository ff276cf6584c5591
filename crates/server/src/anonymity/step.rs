//! When a table is published, and published again.
//!
//! While its week runs, a table is shown as it was one step ago. So the last step, at the end of the week,
//! has a floor of new senders too, and no report of the week is missing afterwards.

use super::population::Population;
use super::token_groups::TokenGroups;

/// What is done with a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Shows what was held back, and holds back what is known now.
    Advance,
    /// Shows what is known now.
    Complete,
}

/// The senders of a table since its last step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewSenders {
    /// How many they are.
    pub all: i64,
    /// The tokens that they have.
    pub tokens: TokenGroups,
}

/// Decides whether a table takes a step. `holds_back` says whether a state of it is known and not shown.
#[must_use]
pub fn step(
    population: Population,
    new: NewSenders,
    (has_ended, holds_back): (bool, bool),
    floor: i64,
) -> Option<Step> {
    let is_enough = population.has_enough(new.all, new.tokens, floor);
    match (has_ended, is_enough, holds_back) {
        (false, true, _) => Some(Step::Advance),
        // What was held back has a floor of senders that were never shown.
        (true, _, true) | (true, true, false) => Some(Step::Complete),
        (_, false, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Population::{Authenticated, Unauthenticated};
    use super::{NewSenders, Step, TokenGroups, step};

    #[test]
    fn a_step_takes_new_senders_of_more_than_a_floor_of_tokens() {
        for (population, all, tokens, has_ended, holds_back, expected) in [
            (Authenticated, 11, 11, false, false, Some(Step::Advance)),
            (Authenticated, 10, 10, false, false, None),
            (Authenticated, 1000, 10, false, true, None),
            (Authenticated, 11, 11, true, false, Some(Step::Complete)),
            (Authenticated, 10, 10, true, false, None),
            (Authenticated, 0, 0, true, true, Some(Step::Complete)),
            (Authenticated, 0, 0, true, false, None),
            // An installation that was forgotten takes a sender away.
            (Authenticated, -3, 0, false, true, None),
            (Unauthenticated, 10, 1, false, false, Some(Step::Advance)),
            (Unauthenticated, 9, 1, true, false, None),
        ] {
            let new = NewSenders { all, tokens: TokenGroups::from_bits((1 << tokens) - 1) };
            let got = step(population, new, (has_ended, holds_back), 10);
            assert_eq!(got, expected, "{population:?} {new:?} {has_ended} {holds_back}");
        }
    }
}
