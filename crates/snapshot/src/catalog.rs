//! What the snapshot serves: every kind with its objects.

use std::sync::Arc;

use crate::collection::Collection;
use crate::kinds;
use crate::priority;
use crate::resource::Resource;

/// One kind and all its objects.
#[derive(Debug, Clone)]
pub(crate) struct Shelf {
    pub(crate) resource: Arc<Resource>,
    pub(crate) collection: Arc<Collection>,
}

/// All kinds, in the order discovery shows them.
#[derive(Debug, Clone)]
pub(crate) struct Catalog {
    shelves: Vec<Shelf>,
}

impl Catalog {
    /// Returns the kinds that are served even when empty.
    pub(crate) fn built_in() -> Self {
        let mut catalog = Self { shelves: Vec::new() };
        for resource in kinds::always() {
            catalog.shelf(resource);
        }
        catalog
    }

    /// Returns the shelf of a kind, made when it is new.
    pub(crate) fn shelf(&mut self, resource: Resource) -> &mut Shelf {
        let rank = |resource: &Resource| {
            (kinds::group_rank(&resource.group), resource.group.clone(), resource.plural.clone())
        };
        let at = match self
            .shelves
            .binary_search_by_key(&rank(&resource), |shelf| rank(&shelf.resource))
        {
            Ok(at) => at,
            Err(at) => {
                let collection = Arc::new(Collection::default());
                self.shelves.insert(at, Shelf { resource: Arc::new(resource), collection });
                at
            }
        };
        &mut self.shelves[at]
    }

    /// Puts a definition in place of what was known of its kind.
    pub(crate) fn define(&mut self, resource: Resource) {
        let shelf = self.shelf(resource.clone());
        shelf.resource = Arc::new(resource);
    }

    /// Stops serving a kind, and with it its objects.
    pub(crate) fn undefine(&mut self, resource: &Resource) {
        self.shelves.retain(|shelf| !shelf.resource.is(resource));
    }

    /// Finds a kind as a path names it.
    pub(crate) fn served(&self, group: &str, version: &str, plural: &str) -> Option<&Shelf> {
        self.shelves.iter().find(|shelf| {
            let resource = &shelf.resource;
            resource.plural == plural
                && resource.group == group
                && resource.versions.iter().any(|served| served == version)
        })
    }

    /// Finds a kind as an object names it.
    pub(crate) fn of_kind(&self, group: &str, kind: &str) -> Option<&Shelf> {
        self.shelves
            .iter()
            .find(|shelf| shelf.resource.kind == kind && shelf.resource.group == group)
    }

    /// Returns the groups beside the core group, each once, in the order of discovery.
    pub(crate) fn groups(&self) -> Vec<&str> {
        let mut groups: Vec<&str> =
            self.shelves.iter().map(|shelf| shelf.resource.group.as_str()).collect();
        groups.dedup(); // shelves are sorted by group
        groups.retain(|group| !group.is_empty());
        groups
    }

    /// Returns the versions of a group, the preferred one first.
    pub(crate) fn versions<'a>(&'a self, group: &'a str) -> Vec<&'a str> {
        let mut versions: Vec<&str> = self
            .in_group(group)
            .flat_map(|resource| resource.versions.iter().map(String::as_str))
            .collect();
        versions.sort_by(|left, right| priority::compare(left, right));
        versions.dedup();
        versions
    }

    /// Returns the kinds that a group serves in a version.
    pub(crate) fn resources<'a>(
        &'a self,
        group: &'a str,
        version: &'a str,
    ) -> impl Iterator<Item = &'a Resource> {
        self.in_group(group)
            .filter(move |resource| resource.versions.iter().any(|served| served == version))
    }

    /// Returns every kind with its objects.
    pub(crate) fn shelves(&self) -> &[Shelf] {
        &self.shelves
    }

    fn in_group<'a>(&'a self, group: &'a str) -> impl Iterator<Item = &'a Resource> {
        self.shelves
            .iter()
            .map(|shelf| shelf.resource.as_ref())
            .filter(move |resource| resource.group == group)
    }
}
