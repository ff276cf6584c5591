//! What a process that wants to lead does about a lease. Pure.

use std::time::Duration;

/// What a lease says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct View {
    /// Who holds it; empty when it was released.
    pub(crate) holder: String,
    pub(crate) transitions: i32,
    pub(crate) duration: Duration,
}

/// The terms that were this process's own, as far as it knows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct OwnTerms {
    /// The last one that it led.
    pub(crate) last: Option<i32>,
    /// One that continues the last, written without an answer: it may have begun or not.
    pub(crate) attempted: Option<i32>,
}

/// What is to be done about a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Somebody else holds it: look again later.
    Wait,
    /// Write it as ours, on top of the version that was read.
    Acquire {
        /// The number of the new term.
        number: i32,
        /// Whether nobody else has led since our last term.
        continues: bool,
    },
}

/// Decides. `unchanged_for` is how long this process has seen the lease as it is: no two clocks have
/// to agree.
///
/// Each term gets a number of its own, also when the holder stays the same: that of a process which
/// was started again must differ from the one before.
pub(crate) fn decide(
    view: Option<&View>,
    identity: &str,
    own: OwnTerms,
    unchanged_for: Duration,
) -> Step {
    let Some(View { holder, transitions, duration }) = view else {
        // Nobody has led, or somebody deleted the lease: numbers still grow.
        let number = own.last.max(own.attempted).map_or(0, |last| last.saturating_add(1));
        return Step::Acquire { number, continues: true };
    };
    let number = transitions.saturating_add(1);
    if holder == identity {
        let continues = [own.last, own.attempted].contains(&Some(*transitions));
        return Step::Acquire { number, continues };
    }
    if holder.is_empty() {
        // Taking a released lease raises the count, so the same count means that nobody took it. A
        // number that was only attempted may have been another's.
        return Step::Acquire { number, continues: own.last == Some(*transitions) };
    }
    if unchanged_for > *duration {
        return Step::Acquire { number, continues: false };
    }
    Step::Wait
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{OwnTerms, Step, View, decide};

    const MINE: OwnTerms = OwnTerms { last: Some(3), attempted: None };
    const NEVER: OwnTerms = OwnTerms { last: None, attempted: None };
    const ATTEMPTED: OwnTerms = OwnTerms { last: Some(3), attempted: Some(4) };

    fn held(holder: &str, transitions: i32) -> Option<View> {
        Some(View { holder: holder.into(), transitions, duration: Duration::from_secs(30) })
    }

    fn acquire(number: i32, continues: bool) -> Step {
        Step::Acquire { number, continues }
    }

    #[test]
    fn a_lease_is_taken_from_nobody_who_renews_it() {
        for (lease, unchanged_s, expected) in [
            (held("you", 3), 0, Step::Wait),
            (held("you", 3), 30, Step::Wait),
            (held("you", 3), 31, acquire(4, false)),
            (held("", 3), 0, acquire(4, false)),
            (held("me", 3), 0, acquire(4, false)),
            (None, 0, acquire(0, true)),
        ] {
            let step = decide(lease.as_ref(), "me", NEVER, Duration::from_secs(unchanged_s));
            assert_eq!(step, expected, "{lease:?} after {unchanged_s} s");
        }
    }

    #[test]
    fn a_term_continues_only_where_nobody_else_led_in_between_and_numbers_grow() {
        for (lease, own, expected) in [
            (None, MINE, acquire(4, true)),
            (None, ATTEMPTED, acquire(5, true)),
            (held("me", 3), MINE, acquire(4, true)),
            (held("", 3), MINE, acquire(4, true)),
            (held("me", 5), MINE, acquire(6, false)),
            (held("", 4), MINE, acquire(5, false)),
            (held("you", 3), MINE, acquire(4, false)),
            (held("me", 3), NEVER, acquire(4, false)),
            (held("me", 4), ATTEMPTED, acquire(5, true)),
            (held("me", 3), ATTEMPTED, acquire(4, true)),
            (held("", 3), ATTEMPTED, acquire(4, true)),
            (held("", 4), ATTEMPTED, acquire(5, false)),
        ] {
            let step = decide(lease.as_ref(), "me", own, Duration::from_secs(31));
            assert_eq!(step, expected, "{lease:?} {own:?}");
        }
    }
}
