//! Where a path leads: to a module, or to an item of a module.

use crate::check::source::{Crate, Import};

/// More imports than this on the way to a name are a circle of re-exports.
const HOPS: usize = 32;

/// Where a path leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A module, as an index of [`Crate::modules`].
    Module(usize),
    /// An item that stands in this module.
    Item(usize),
}

impl Crate {
    /// Finds where a path in this module leads; `None` is another crate, or a name of the language.
    pub(super) fn resolve(&self, here: usize, path: &[&str]) -> Option<Place> {
        self.follow(here, path, HOPS)
    }

    fn follow(&self, here: usize, path: &[&str], hops: usize) -> Option<Place> {
        let hops = hops.checked_sub(1)?;
        let (head, rest) = path.split_first()?;
        let start = match *head {
            "crate" => Place::Module(0),
            "self" => Place::Module(here),
            "super" => Place::Module(self.modules[here].parent?),
            name => self.member(here, name, rest.is_empty(), hops)?,
        };
        self.descend(start, rest, hops)
    }

    fn descend(&self, start: Place, path: &[&str], hops: usize) -> Option<Place> {
        let mut place = start;
        for (at, name) in path.iter().enumerate() {
            let Place::Module(module) = place else { break };
            place = if *name == "super" {
                Place::Module(self.modules[module].parent?)
            } else {
                let is_last = at + 1 == path.len();
                // A macro or a type of another crate that this module hands on.
                self.member(module, name, is_last, hops).unwrap_or(Place::Item(module))
            };
        }
        Some(place)
    }

    /// Finds a name in a module. The last name of a path may be an item with the name of a module
    /// (`use decide::decide`), and then is the item.
    fn member(&self, module: usize, name: &str, is_last: bool, hops: usize) -> Option<Place> {
        let it = &self.modules[module];
        let child = it.children.get(name).copied().map(Place::Module);
        if child.is_some() && !is_last {
            return child;
        }
        if it.items.contains(name) {
            return Some(Place::Item(module));
        }
        let imported = it.imports.get(name).and_then(|import| self.imported(module, import, hops));
        match (child, imported) {
            (Some(_), Some(Place::Item(_))) | (None, Some(_)) => imported,
            (Some(_), _) => child,
            (None, None) => self.of_globs(module, name, hops),
        }
    }

    fn imported(&self, module: usize, import: &Import, hops: usize) -> Option<Place> {
        let path: Vec<&str> = import.path.iter().map(String::as_str).collect();
        self.follow(module, &path, hops)
    }

    fn of_globs(&self, module: usize, name: &str, hops: usize) -> Option<Place> {
        let hops = hops.checked_sub(1)?;
        self.modules[module].globs.iter().find_map(|glob| {
            match self.imported(module, glob, hops)? {
                Place::Module(other) => self.member(other, name, true, hops),
                Place::Item(_) => None,
            }
        })
    }
}
