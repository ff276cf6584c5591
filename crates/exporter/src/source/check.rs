//! Checks that a series is the tenant's, and that it was asked for.
//!
//! It runs for every series of every answer, so it must be cheap where hundreds of resources are selected: the or-groups
//! are looked up by the value of a label that each of them wants.

use std::collections::{HashMap, HashSet};

use ktel_metricsql::{Filter, FilterOperator, Labels, Matcher, Selector};

use crate::limits::OR_GROUPS_TRIED_MAX;
use crate::plan::Tenant;

/// Checks series.
#[derive(Debug)]
pub struct Check {
    tenant: Vec<Matcher>,
    groups: Vec<Vec<Filter>>,
    lookup: Option<Lookup>,
}

/// Or-groups by the value of one label.
#[derive(Debug)]
struct Lookup {
    label: String,
    groups: HashMap<String, Vec<usize>>,
}

impl Check {
    /// Makes a check for a tenant's series that any of these selects.
    #[must_use]
    pub fn new(tenant: &Tenant, selectors: &[Selector]) -> Self {
        let mut groups = Vec::new();
        for selector in selectors {
            match selector.groups() {
                [] => groups.push(Vec::new()),
                some => groups.extend_from_slice(some),
            }
        }
        let lookup = Lookup::new(&groups);
        Self { tenant: tenant.matchers.clone(), groups, lookup }
    }

    /// Whether a series may be there.
    #[must_use]
    pub fn allows<L: Labels + ?Sized>(&self, labels: &L) -> bool {
        let value = |label: &str| labels.value(label).unwrap_or_default();
        let is_own = self.tenant.iter().all(|matcher| matcher.allows(value(matcher.label())));
        is_own && self.selects(labels)
    }

    fn selects<L: Labels + ?Sized>(&self, labels: &L) -> bool {
        let value = |label: &str| labels.value(label).unwrap_or_default();
        let holds =
            |group: &[Filter]| group.iter().all(|filter| filter.holds(value(filter.label())));
        match &self.lookup {
            None => self.groups.iter().any(|group| holds(group)),
            Some(lookup) => {
                let found = lookup.groups.get(value(&lookup.label)).map_or(&[][..], Vec::as_slice);
                found.iter().filter_map(|index| self.groups.get(*index)).any(|group| holds(group))
            }
        }
    }
}

impl Lookup {
    /// Chooses the label that tells most groups apart; none if there are few, or no label is in all of them.
    fn new(groups: &[Vec<Filter>]) -> Option<Self> {
        if groups.len() <= OR_GROUPS_TRIED_MAX {
            return None;
        }
        let equal = |filter: &&Filter| filter.operator() == FilterOperator::Equal;
        let wanted = |group: &[Filter], label: &str| -> Option<String> {
            let filter = group.iter().filter(equal).find(|filter| filter.label() == label)?;
            Some(filter.value().to_owned())
        };
        let mut best: Option<Self> = None;
        let candidates: HashSet<&str> =
            groups.first()?.iter().filter(equal).map(Filter::label).collect();
        for label in candidates {
            let mut by_value: HashMap<String, Vec<usize>> = HashMap::new();
            let is_in_all = groups.iter().enumerate().all(|(index, group)| {
                let value = wanted(group, label);
                value.map(|value| by_value.entry(value).or_default().push(index)).is_some()
            });
            if is_in_all && best.as_ref().is_none_or(|best| by_value.len() > best.groups.len()) {
                best = Some(Self { label: label.to_owned(), groups: by_value });
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::Check;
    use crate::plan::Tenant;
    use ktel_metricsql::{Matcher, Selector};
    use proptest::prelude::{Strategy, proptest};

    fn tenant() -> Tenant {
        let matchers = vec![Matcher::one_of("tenant", ["a", "b"]).unwrap()];
        Tenant { name: "t".into(), matchers, path: None }
    }

    #[test]
    fn a_stranger_and_what_nobody_asked_for_are_not_allowed() {
        let check = Check::new(&tenant(), &["up{job=\"x\",tenant=\"a\"}".parse().unwrap()]);
        let series = |name: &'static str, job: &'static str, tenant: &'static str| {
            check.allows(&[("__name__", name), ("job", job), ("tenant", tenant)])
        };
        assert!(series("up", "x", "a"));
        assert!(!series("up", "x", "b"), "the tenant's, and not asked for");
        assert!(!series("up", "y", "a"));
        assert!(!series("down", "x", "a"));
        assert!(!check.allows(&[("__name__", "up"), ("job", "x")]), "no tenant");
        let all = Check::new(&tenant(), &[Selector::new(Vec::new())]);
        assert!(all.allows(&[("tenant", "b")]));
        assert!(!all.allows(&[("tenant", "c")]));
        assert!(!Check::new(&tenant(), &[]).allows(&[("tenant", "a")]), "nothing was asked for");
    }

    proptest! {
        #[test]
        fn many_groups_are_checked_as_one_by_one(
            wanted in proptest::collection::vec((0..6_u8, 0..3_u8, 0..2_u8), 1..20),
            came in (0..6_u8, 0..3_u8).prop_map(|(name, kind)| (name.to_string(), kind.to_string())),
        ) {
            let groups: Vec<String> = wanted
                .iter()
                .map(|(name, kind, shape)| match shape {
                    0 => format!("name=\"{name}\",kind=\"{kind}\""),
                    _ => format!("name=\"{name}\",kind=~\"{kind}|2\""),
                })
                .collect();
            let selector: Selector = format!("{{{}}}", groups.join(" or ")).parse().unwrap();
            let series = [("name", came.0.as_str()), ("kind", came.1.as_str()), ("tenant", "a")];
            let check = Check::new(&tenant(), std::slice::from_ref(&selector));
            assert_eq!(check.lookup.is_some(), selector.groups().len() > super::OR_GROUPS_TRIED_MAX);
            assert_eq!(check.allows(&series), selector.matches(&series));
        }
    }
}
