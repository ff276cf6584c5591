//! Suppresses small groups of one chart.

/// The senders that reported one word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The word.
    pub word: String,
    /// How often it was reported.
    pub number: i64,
    /// The number of senders.
    pub senders: i64,
}

/// Whether one sender can be in several groups of a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlap {
    /// A field with one value per sender.
    None,
    /// A list or a map, or senders with several values.
    Possible,
}

/// The groups that may be published.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Published {
    /// Large groups, the largest first.
    pub groups: Vec<Group>,
    /// The number of the suppressed groups together.
    pub other: Option<i64>,
    /// Whether there is data, but too little to publish.
    pub too_few: bool,
}

/// Suppresses groups of fewer than `min_group_size` senders.
#[must_use]
pub fn suppress(mut groups: Vec<Group>, overlap: Overlap, min_group_size: i64) -> Published {
    groups.sort_by(|one, other| (other.number, &one.word).cmp(&(one.number, &other.word)));
    let (mut groups, mut small): (Vec<Group>, Vec<Group>) =
        groups.into_iter().partition(|group| group.senders >= min_group_size);
    while !small.is_empty()
        && senders_in_at_least(small.iter().map(|group| group.senders), overlap) < min_group_size
    {
        let Some(next) = groups.pop() else {
            return Published { too_few: true, ..Published::default() };
        };
        small.push(next);
    }
    let other = (!small.is_empty()).then(|| small.iter().map(|group| group.number).sum());
    Published { groups, other, too_few: false }
}

/// The minimum number of different senders in several groups.
pub(super) fn senders_in_at_least(senders: impl Iterator<Item = i64>, overlap: Overlap) -> i64 {
    match overlap {
        Overlap::None => senders.sum(),
        Overlap::Possible => senders.max().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Group, Overlap, suppress};

    fn group(word: &str, senders: i64) -> Group {
        Group { word: word.to_owned(), number: 2 * senders, senders }
    }

    #[track_caller]
    fn check(senders: &[i64], overlap: Overlap, shown: &[i64], other: Option<i64>) {
        let groups = senders.iter().map(|count| group(&count.to_string(), *count)).collect();
        let published = suppress(groups, overlap, 10);
        let got: Vec<i64> = published.groups.iter().map(|group| group.senders).collect();
        assert_eq!((got.as_slice(), published.other), (shown, other), "{senders:?}");
        assert_eq!(published.too_few, shown.is_empty() && other.is_none() && !senders.is_empty());
    }

    #[test]
    fn small_groups_are_suppressed_and_cannot_be_computed_by_subtraction() {
        use Overlap::{None as Apart, Possible};
        check(&[], Apart, &[], None);
        check(&[10, 30], Apart, &[30, 10], None);
        check(&[30, 6, 4], Apart, &[30], Some(20));
        check(&[30, 20, 3], Apart, &[30], Some(46));
        check(&[30, 3], Apart, &[], Some(66));
        check(&[9], Apart, &[], None);
        check(&[5, 4], Apart, &[], None);
        // The five and the six may be the same senders.
        check(&[30, 20, 6, 5], Possible, &[30], Some(62));
    }

    proptest! {
        #[test]
        fn whatever_is_shown_hides_enough_senders(
            senders in proptest::collection::vec(1..40_i64, 0..12),
            min_group_size in 5..15_i64,
        ) {
            let all: i64 = senders.iter().sum();
            let groups = senders.iter().map(|count| group(&count.to_string(), *count)).collect();
            let published = suppress(groups, Overlap::None, min_group_size);
            prop_assert!(published.groups.iter().all(|group| group.senders >= min_group_size));
            let shown: i64 = published.groups.iter().map(|group| group.senders).sum();
            let rest = all - shown;
            prop_assert!(published.too_few || rest == 0 || rest >= min_group_size, "{rest} can be computed");
            prop_assert_eq!(published.other.unwrap_or_default(), if published.too_few { 0 } else { 2 * rest });
        }
    }
}
