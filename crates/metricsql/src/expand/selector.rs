//! Expands selectors: templates for filters, metric names, and names that are templates.

use super::{Expander, Reference, Result, Scope, misplaced, unknown};
use crate::error::ErrorKind;
use crate::expr::{Filter, FilterOperator, METRIC_NAME, Selector, deduplicate};
use crate::syntax::{Node, RawFilter, RawSelector, Text};
use crate::{Error, Span};

/// The filters of one or-group, and the metric name they ask for.
#[derive(Default)]
struct Group {
    filters: Vec<Filter>,
    name: Option<String>,
}

impl Group {
    /// Puts a filter for the metric name first; a second name must be the same.
    fn name(&mut self, name: String, span: Span) -> Result<()> {
        // The reference lets a name follow an empty one, but not the other way round.
        if let Some(first) = self.name.clone().filter(|first| *first != name) {
            return Err(Error::new(ErrorKind::TwoMetricNames { first, second: name }, span));
        }
        self.filters.insert(0, Filter::metric_name(name.clone()));
        self.name = Some(name);
        Ok(())
    }
}

impl Expander<'_> {
    pub(super) fn selector(&mut self, scope: &Scope<'_>, raw: RawSelector) -> Result<Node> {
        let span = raw.span;
        if let Some(name) = bare_name(&raw) {
            // Nothing is asked of the template but its name: what it stands for is not copied.
            if let Some(found) = scope.find(name) {
                return self.instantiate(&found, name, Reference::Name, span);
            }
        }
        let mut groups = Vec::with_capacity(raw.groups.len());
        let mut names = Vec::new();
        for filters in raw.groups {
            let mut group = Group::default();
            for filter in filters {
                self.filter(scope, filter, &mut group)?;
            }
            names.extend(group.name.filter(|name| !name.is_empty()));
            groups.push(group.filters);
        }
        propagate(&names, &mut groups);
        let selector = Selector::new(groups).at(raw.place);
        let template = selector.metric_name().filter(|name| !name.is_empty());
        match template.and_then(|name| Some((name.to_owned(), scope.find(name)?))) {
            None => Ok(Node::Expanded(selector)),
            Some((name, found)) => {
                let expanded = self.instantiate(&found, &name, Reference::Name, span)?;
                self.merge(&name, selector, expanded, span)
            }
        }
    }

    fn filter(&mut self, scope: &Scope<'_>, raw: RawFilter, group: &mut Group) -> Result<()> {
        let RawFilter { label, value, quoted, span } = raw;
        let Some((operator, value)) = value else {
            return match scope.find(&label) {
                Some(found) => {
                    let call = Reference::Call(Vec::new());
                    let expanded = self.instantiate(&found, &label, call, span)?;
                    group.filters.extend(plain_filters(&label, expanded, span)?);
                    Ok(())
                }
                None if quoted => group.name(label, span),
                None => Err(unknown(&label, span)),
            };
        };
        if label.is_empty() {
            return Err(Error::new(ErrorKind::EmptyLabel, span));
        }
        let value = self.text(scope, value)?;
        let filter = match Filter::with_limit(label, operator, value.clone(), &mut self.states) {
            Ok(filter) => filter,
            Err(reason) => {
                return Err(Error::new(ErrorKind::Pattern { pattern: value, reason }, span));
            }
        };
        if filter.is_metric_name() {
            return group.name(value, span);
        }
        group.filters.push(filter);
        Ok(())
    }

    /// Puts the filters of a selector together with those of the template its name stands for.
    fn merge(&mut self, name: &str, own: Selector, template: Node, span: Span) -> Result<Node> {
        let (selector, mut rollup) = match template {
            Node::Expanded(selector) => (selector, None),
            Node::Rollup(mut rollup) => {
                match std::mem::replace(&mut rollup.expr, Node::Parens(Vec::new())) {
                    Node::Expanded(selector) => (selector, Some(rollup)),
                    expr => {
                        rollup.expr = expr;
                        return whole(name, &own, Node::Rollup(rollup), span);
                    }
                }
            }
            other => return whole(name, &own, other, span),
        };
        let without_name = |group: &Vec<Filter>| group.iter().skip(1).cloned().collect::<Vec<_>>();
        let own_groups = own.groups().iter().map(without_name);
        let merged: Vec<Vec<Filter>> = match selector.groups() {
            [only] => own_groups.map(|group| [only.clone(), group].concat()).collect(),
            _ if own.is_only_metric_name() => selector.groups().to_vec(),
            // The reference forgets the filters of `x{a="b"}` where `x` is `{}`; so it stays.
            several => match own_groups.collect::<Vec<_>>().as_slice() {
                [group] => several.iter().map(|of| [of.as_slice(), group].concat()).collect(),
                _ => return Err(misplaced(name, "filters without `or`", span)),
            },
        };
        self.charge(merged.iter().flatten().map(|f| 1 + f.label().len() + f.value().len()).sum())?;
        let merged = Node::Expanded(Selector::new(merged).at(own.place()));
        Ok(match rollup.take() {
            None => merged,
            Some(mut rollup) => {
                rollup.expr = merged;
                Node::Rollup(rollup)
            }
        })
    }
}

/// Gives the name of a selector that is nothing but a name.
fn bare_name(raw: &RawSelector) -> Option<&str> {
    let [group] = raw.groups.as_slice() else { return None };
    match group.as_slice() {
        [RawFilter { label, value: Some((FilterOperator::Equal, Text::Done(name))), .. }] => {
            (label == METRIC_NAME && !name.is_empty()).then_some(name)
        }
        _ => None,
    }
}

/// Gives what a template that is no selector stands for, if nothing is asked of it but its name.
fn whole(name: &str, own: &Selector, template: Node, span: Span) -> Result<Node> {
    if own.is_only_metric_name() {
        return Ok(template);
    }
    Err(misplaced(name, "a selector", span))
}

/// Gives the filters of a template within braces, which must be one group without a metric name.
fn plain_filters(name: &str, template: Node, span: Span) -> Result<Vec<Filter>> {
    let Node::Expanded(selector) = template else {
        return Err(misplaced(name, "filters in braces", span));
    };
    if selector.metric_name().is_some_and(|name| !name.is_empty()) {
        return Err(misplaced(name, "filters without a metric name", span));
    }
    let mut groups = selector.into_groups();
    let group = groups.pop().unwrap_or_default();
    if groups.is_empty() { Ok(group) } else { Err(misplaced(name, "filters without `or`", span)) }
}

/// Gives the metric name all groups agree on to those that say nothing about it.
fn propagate(names: &[String], groups: &mut [Vec<Filter>]) {
    let Some((name, others)) = names.split_first() else { return };
    if others.iter().any(|other| other != name) {
        return;
    }
    for group in groups {
        deduplicate(group);
        if !group.iter().any(|filter| filter.label() == METRIC_NAME) {
            group.insert(0, Filter::metric_name(name.clone()));
        }
    }
}
