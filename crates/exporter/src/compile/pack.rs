//! Makes selectors of or-groups that each fit the store's query limit.
//!
//! The union of or-groups is what is selected, so they may stand in any selector; and a group that wants one of many values
//! is the union of two groups that want one of a half each.

use ktel_metricsql::{Expr, Matcher, Selector, enforce};

use super::merge::{Group, Term, selector_of};
use crate::limits;

/// How selectors are made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packing<'a> {
    /// What each or-group carries beside its own terms.
    pub(super) tenant: &'a [Matcher],
    /// The longest selector.
    pub(super) bytes_max: usize,
    /// Whether the store reads several or-groups in a selector.
    pub(super) has_or: bool,
}

/// Why no selectors can be made.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unpackable {
    /// One or-group is too long, and cannot be divided.
    TooLong {
        /// How long.
        bytes: usize,
    },
    /// There are too many.
    TooMany,
    /// A group cannot be confined to the tenant. It was confined before, so nothing causes it.
    Unconfined(String),
}

impl Packing<'_> {
    /// Makes selectors. Each or-group of each has all filters of the tenant.
    pub(super) fn pack(&self, groups: Vec<Group>) -> Result<Vec<Selector>, Unpackable> {
        let mut selectors = Vec::new();
        let (mut open, mut open_bytes) = (Vec::new(), 0);
        let mut rest = groups;
        rest.reverse();
        while let Some(group) = rest.pop() {
            let bytes = self.bytes(&group)?;
            if bytes > self.bytes_max {
                let (left, right) = divide(&group).ok_or(Unpackable::TooLong { bytes })?;
                rest.extend([right, left]);
                continue;
            }
            if !open.is_empty() && (!self.has_or || open_bytes + bytes > self.bytes_max) {
                selectors.push(self.confined(&open)?);
                (open, open_bytes) = (Vec::new(), 0);
            }
            open_bytes += bytes;
            open.push(group);
            if selectors.len() >= limits::SELECTORS_MAX {
                return Err(Unpackable::TooMany);
            }
        }
        if !open.is_empty() {
            selectors.push(self.confined(&open)?);
        }
        Ok(selectors)
    }

    /// How much a group adds to a selector, at most. Beside others a metric name stands as `__name__="…"`, and ` or ` between.
    fn bytes(&self, group: &Group) -> Result<usize, Unpackable> {
        const BESIDE: usize = r#"{__name__="" or }"#.len();
        let alone = self.confined(std::slice::from_ref(group))?;
        Ok(Expr::from(alone).wire().len() + BESIDE)
    }

    fn confined(&self, groups: &[Group]) -> Result<Selector, Unpackable> {
        let selector = selector_of(groups);
        match enforce(&Expr::Selector(selector), self.tenant) {
            Ok(Expr::Selector(selector)) => {
                Ok(if self.tenant.is_empty() { never_everything(&selector) } else { selector })
            }
            Ok(_) => Err(Unpackable::Unconfined("it is no selector".to_owned())),
            Err(violation) => Err(Unpackable::Unconfined(violation.to_string())),
        }
    }
}

/// Without a tenant's filter a group may select everything, and stores reject a selector that every series matches.
pub(super) fn never_everything(selector: &Selector) -> Selector {
    let mut groups = selector.groups().to_vec();
    if groups.is_empty() {
        groups.push(Vec::new());
    }
    for group in &mut groups {
        if group.iter().all(|filter| filter.holds("")) {
            group.extend(named());
        }
    }
    Selector::new(groups)
}

/// `__name__!=""`: every series has a name.
fn named() -> Option<ktel_metricsql::Filter> {
    ktel_metricsql::Filter::new("__name__", ktel_metricsql::FilterOperator::NotEqual, "").ok()
}

/// Divides a group by its longest set of values.
fn divide(group: &Group) -> Option<(Group, Group)> {
    let bytes = |term: &Term| match term {
        Term::Set { values, .. } if values.len() > 1 => values.iter().map(String::len).sum(),
        Term::Set { .. } | Term::One(_) => 0,
    };
    let (index, _) = group
        .iter()
        .enumerate()
        .filter(|(_, term)| bytes(term) > 0)
        .max_by_key(|(_, term)| bytes(term))?;
    let Some(Term::Set { label, values }) = group.get(index) else { return None };
    let (left, right) = values.split_at(values.len() / 2);
    let with = |values: &[String]| {
        let mut group = group.clone();
        if let Some(term) = group.get_mut(index) {
            *term = Term::Set { label: label.clone(), values: values.to_vec() };
        }
        group
    };
    Some((with(left), with(right)))
}
