//! The order in which a slice is written: by resource, then scope, then metric.
//!
//! A slice is sorted by name. Series are counted by resource and scope and then put in place, which keeps their order and
//! takes no comparisons; only where a family has several names, a group is sorted once more.

use std::collections::HashMap;

use super::family::{Families, Form, Part, Role};
use super::identity::Facts;
use super::infos::Infos;
use super::tally::{MappingDrop, Tally};
use crate::slice::{Series, Slice};
use crate::source::families::TARGET_INFO;

/// A series, or its native histograms, and where it belongs.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Item {
    group: u32,
    pub(super) family: u32,
    pub(super) series: u32,
    pub(super) part: Part,
}

/// A resource: what `job` and `instance` say, and the series that describes it further.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Target<'s> {
    pub(super) job: &'s str,
    pub(super) instance: &'s str,
    pub(super) info: Option<Series<'s>>,
}

/// A scope: its labels without their prefix.
pub(super) type Scope<'s> = Box<[(&'s str, &'s str)]>;

/// Which series are written, and in which order.
#[derive(Debug)]
pub(super) struct Index<'s> {
    pub(super) families: Families<'s>,
    pub(super) targets: Vec<Target<'s>>,
    pub(super) scopes: Vec<Scope<'s>>,
    /// Indices of target and scope.
    groups: Vec<(u32, u32)>,
    items: Vec<Item>,
}

impl<'s> Index<'s> {
    /// Gives what is written at once: of one target, one scope and one family.
    pub(super) fn runs(&self) -> impl Iterator<Item = (u32, u32, &[Item])> {
        let same =
            |one: &Item, other: &Item| (one.group, one.family) == (other.group, other.family);
        self.items.chunk_by(same).filter_map(|items| {
            let &(target, scope) = self.groups.get(items.first()?.group as usize)?;
            Some((target, scope, items))
        })
    }
}

/// Reads the labels of all series once.
pub(super) fn index<'s>(
    slice: &'s Slice,
    families: Families<'s>,
    belong: &mut Infos<'_>,
    tally: &mut Tally,
) -> Index<'s> {
    let mut indexer = Indexer::new(families);
    let mut facts = Facts::default();
    let (mut name, mut role) = (None, Role::None);
    for (number, series) in slice.series().enumerate() {
        if name != Some(series.name()) {
            name = Some(series.name());
            role = indexer.families.role(series.name(), || has_bound(slice, number));
        }
        facts.read(series);
        indexer.add(number as u32, series, role, &facts, tally);
    }
    indexer.describe(slice, belong, tally);
    indexer.finish()
}

/// Says whether any series of a name has a bound; `first` is the first of them.
fn has_bound(slice: &Slice, first: usize) -> bool {
    let named = |index| slice.get(index);
    let name = named(first).map(|series| series.name());
    (first..)
        .map_while(named)
        .take_while(|series| Some(series.name()) == name)
        .any(|series| series.labels().any(|(label, _)| label == "le" || label == "vmrange"))
}

struct Indexer<'s> {
    families: Families<'s>,
    targets: Vec<Target<'s>>,
    target_ids: HashMap<(&'s str, &'s str), u32>,
    scopes: Vec<Scope<'s>>,
    scope_ids: HashMap<Scope<'s>, u32>,
    groups: Vec<(u32, u32)>,
    group_ids: HashMap<(u32, u32), u32>,
    /// How many items each group has.
    sizes: Vec<usize>,
    items: Vec<Item>,
    /// Series of `target_info`, and their targets.
    infos: Vec<(u32, u32)>,
    /// The target, scope and group of the series before, which most series share.
    last: Option<(u32, u32, u32)>,
}

impl<'s> Indexer<'s> {
    fn new(families: Families<'s>) -> Self {
        let own: Scope<'s> = Box::default();
        Self {
            families,
            targets: Vec::new(),
            target_ids: HashMap::new(),
            scopes: vec![own.clone()],
            scope_ids: HashMap::from([(own, 0)]),
            groups: Vec::new(),
            group_ids: HashMap::new(),
            sizes: Vec::new(),
            items: Vec::new(),
            infos: Vec::new(),
            last: None,
        }
    }

    fn add(
        &mut self,
        number: u32,
        series: Series<'s>,
        role: Role,
        facts: &Facts<'s>,
        tally: &mut Tally,
    ) {
        let target = self.target(facts);
        if series.name() == TARGET_INFO && !(facts.job.is_empty() && facts.instance.is_empty()) {
            self.infos.push((number, target));
            return;
        }
        let group = self.group(target, facts);
        if !series.samples.is_empty() {
            let (family, part) = match role {
                Role::None => {
                    tally.drop(MappingDrop::NoSuchKind, series.samples.len());
                    return self.natives(number, series, group, tally);
                }
                Role::Part(family, part) => (family, part),
                Role::BoundOr(family, _) if self.has_bound(family, facts) => (family, Part::Bound),
                Role::BoundOr(_, number) => (number, Part::Whole),
            };
            self.push(Item { group, family, series: number, part });
        }
        self.natives(number, series, group, tally);
    }

    /// Whether a series has a bound that its family can use.
    fn has_bound(&self, family: u32, facts: &Facts<'_>) -> bool {
        let form = self.families.all.get(family as usize).map(|family| family.form);
        match form {
            Some(Form::Summary) => facts.quantile().is_some(),
            _ => facts.bucket().is_some(),
        }
    }

    fn natives(&mut self, series: u32, of: Series<'s>, group: u32, tally: &mut Tally) {
        let forms = of.histograms.iter().map(super::native::form);
        let (mut exponential, mut custom) = (false, false);
        for form in forms {
            match form {
                Some(Form::Custom) => custom = true,
                Some(_) => exponential = true,
                None => tally.drop(MappingDrop::NoSuchKind, 1),
            }
        }
        for (form, has) in [(Form::Exponential, exponential), (Form::Custom, custom)] {
            if has {
                let family = self.families.native(of.name(), form);
                self.push(Item { group, family, series, part: Part::Whole });
            }
        }
    }

    fn push(&mut self, item: Item) {
        self.sizes[item.group as usize] += 1;
        self.items.push(item);
    }

    fn target(&mut self, facts: &Facts<'s>) -> u32 {
        let Facts { job, instance, .. } = *facts;
        if let Some((target, ..)) = self.last
            && let Some(last) = self.targets.get(target as usize)
            && (last.job, last.instance) == (job, instance)
        {
            return target;
        }
        *self.target_ids.entry((job, instance)).or_insert_with(|| {
            self.targets.push(Target { job, instance, info: None });
            self.targets.len() as u32 - 1
        })
    }

    fn group(&mut self, target: u32, facts: &Facts<'s>) -> u32 {
        let scope = if facts.scope.is_empty() { 0 } else { self.scope(facts) };
        match self.last {
            Some((last, its, group)) if (last, its) == (target, scope) => group,
            _ => {
                let group = *self.group_ids.entry((target, scope)).or_insert_with(|| {
                    self.groups.push((target, scope));
                    self.sizes.push(0);
                    self.groups.len() as u32 - 1
                });
                self.last = Some((target, scope, group));
                group
            }
        }
    }

    fn scope(&mut self, facts: &Facts<'s>) -> u32 {
        if let Some(&scope) = self.scope_ids.get(facts.scope.as_slice()) {
            return scope;
        }
        let scope = self.scopes.len() as u32;
        self.scopes.push(facts.scope.as_slice().into());
        self.scope_ids.insert(facts.scope.as_slice().into(), scope);
        scope
    }

    /// Gives each target the series that describes it: the one with the newest value. Where a target has nothing else in the
    /// window, the series are sent as they are.
    fn describe(&mut self, slice: &'s Slice, belong: &mut Infos<'_>, tally: &mut Tally) {
        let mut has_others = vec![false; self.targets.len()];
        for (&(target, _), &size) in self.groups.iter().zip(&self.sizes) {
            has_others[target as usize] |= size > 0;
        }
        let mut newest = vec![None; self.targets.len()];
        let mut facts = Facts::default();
        for (number, target) in std::mem::take(&mut self.infos) {
            let Some(series) = slice.get(number as usize) else { continue };
            let Target { job, instance, .. } = self.targets[target as usize];
            let is_here = has_others[target as usize];
            let (is_described, is_counted) = match belong {
                Infos::Own => (is_here, true),
                Infos::Borrowed(targets) => {
                    if is_here {
                        targets.note(job, instance);
                    }
                    (true, false)
                }
                Infos::Rest(targets) => (targets.has(job, instance), true),
            };
            if !is_described {
                facts.read(series);
                let group = self.group(target, &facts);
                let family =
                    self.families.number(TARGET_INFO, self.families.info_kind(TARGET_INFO));
                self.push(Item { group, family, series: number, part: Part::Whole });
                continue;
            }
            if is_counted {
                tally.describe(series.samples.len());
                tally.drop(MappingDrop::NoSuchKind, series.histograms.len());
            }
            let value = series.samples.iter().rfind(|sample| !sample.is_stale());
            let time = value.map(|sample| sample.time);
            if time > newest[target as usize] {
                newest[target as usize] = time;
                self.targets[target as usize].info = Some(series);
            }
        }
    }

    /// Puts the items in place: by target and scope, then by family.
    fn finish(self) -> Index<'s> {
        let Self { families, targets, scopes, groups, sizes, items, .. } = self;
        let mut order: Vec<usize> = (0..groups.len()).collect();
        order.sort_unstable_by_key(|&group| groups[group]);
        let mut next = vec![0; groups.len()];
        let mut end = 0;
        for &group in &order {
            next[group] = end;
            end += sizes[group];
        }
        let mut sorted = vec![Item::default(); items.len()];
        for item in items {
            let place = &mut next[item.group as usize];
            sorted[*place] = item;
            *place += 1;
        }
        for run in sorted.chunk_by_mut(|one, other| one.group == other.group) {
            if !run.is_sorted_by_key(|item| item.family) {
                run.sort_by_key(|item| item.family);
            }
        }
        Index { families, targets, scopes, groups, items: sorted }
    }
}
