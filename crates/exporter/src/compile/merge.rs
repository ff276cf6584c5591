//! What a query and resource selectors select together: or-groups of terms that all have to hold.

use indexmap::IndexSet;
use ktel_metricsql::{Filter, FilterOperator, Matcher, Selector};

/// What a series has to have: a filter, or one of many values, which can be divided.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Term {
    One(Filter),
    /// One of these values of a label.
    Set {
        /// The label.
        label: String,
        /// The values.
        values: Vec<String>,
    },
}

/// Terms that all have to hold.
pub(super) type Group = Vec<Term>;

impl Term {
    pub(super) fn equal(label: &str, value: impl Into<String>) -> Self {
        Self::One(Filter::equal(label, value))
    }

    pub(super) fn set(label: &str, values: impl IntoIterator<Item = String>) -> Self {
        let mut values: Vec<String> = values.into_iter().collect();
        values.sort_unstable();
        values.dedup();
        Self::Set { label: label.to_owned(), values }
    }

    pub(super) fn label(&self) -> &str {
        match self {
            Self::One(filter) => filter.label(),
            Self::Set { label, .. } => label,
        }
    }

    fn holds(&self, value: &str) -> bool {
        match self {
            Self::One(filter) => filter.holds(value),
            Self::Set { values, .. } => values.iter().any(|one| one == value),
        }
    }

    pub(super) fn filter(&self) -> Filter {
        match self {
            Self::One(filter) => filter.clone(),
            Self::Set { label, values } => match values.as_slice() {
                [value] => Filter::equal(label, value),
                values => Filter::one_of(label, values),
            },
        }
    }
}

/// Gives the or-groups of a selector as terms; one without terms for a selector of everything.
pub(super) fn groups_of(selector: &Selector) -> Vec<Group> {
    let terms = |group: &Vec<Filter>| group.iter().cloned().map(Term::One).collect();
    match selector.groups() {
        [] => vec![Group::new()],
        groups => groups.iter().map(terms).collect(),
    }
}

/// How much text groups have, about.
pub(super) fn weight(groups: &[Group]) -> usize {
    const TERM: usize = 32; // its label, and what stands around
    let of = |term: &Term| match term {
        Term::One(filter) => filter.value().len() + TERM,
        Term::Set { values, .. } => {
            values.iter().map(|value| value.len() + 1).sum::<usize>() + TERM
        }
    };
    groups.iter().flatten().map(of).sum()
}

/// Gives the filters of groups.
pub(super) fn selector_of(groups: &[Group]) -> Selector {
    Selector::new(groups.iter().map(|group| group.iter().map(Term::filter).collect()).collect())
}

/// Both have to hold: each group of one with each of the other, without those that no series can match.
pub(super) fn both(ours: &[Group], theirs: &[Group], tenant: &[Matcher]) -> Vec<Group> {
    let pairs = ours.iter().flat_map(|our| theirs.iter().map(move |their| (our, their)));
    let settled =
        pairs.filter_map(|(our, their)| settle(our.iter().chain(their).cloned().collect(), tenant));
    // In the order in which they were written, each once.
    settled.collect::<IndexSet<Group>>().into_iter().collect()
}

/// Drops the values of sets that other terms exclude. None if nothing is left of one.
fn settle(mut group: Group, tenant: &[Matcher]) -> Option<Group> {
    for index in 0..group.len() {
        let mut term = group.get(index)?.clone();
        let label = term.label().to_owned();
        let passes = |value: &str| {
            let others = group.iter().enumerate().filter(|(other, _)| *other != index);
            let mut others = others.map(|(_, other)| other).filter(|other| other.label() == label);
            let mut matchers = tenant.iter().filter(|matcher| matcher.label() == label);
            others.all(|other| other.holds(value)) && matchers.all(|matcher| matcher.allows(value))
        };
        match &mut term {
            Term::Set { values, .. } => {
                values.retain(|value| passes(value));
                if values.is_empty() {
                    return None;
                }
            }
            Term::One(filter) if filter.operator() == FilterOperator::Equal => {
                if !passes(filter.value()) {
                    return None;
                }
            }
            Term::One(_) => {}
        }
        *group.get_mut(index)? = term;
    }
    Some(group)
}
