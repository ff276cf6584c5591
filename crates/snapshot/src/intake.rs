//! From found objects to a catalog: names the plural, the scope and the key of each.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::catalog::{Catalog, Shelf};
use crate::error::Error;
use crate::key;
use crate::kinds;
use crate::object::Stored;
use crate::resource::Resource;
use crate::version::VersionInfo;

/// An object that was found, and what its place in a directory says of it.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) object: Map<String, Value>,
    /// The plural name of its kind, where a directory is called by it.
    pub(crate) plural: Option<String>,
}

/// The group, version, kind and name that every object must have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Identity {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    pub(crate) namespace: Option<String>,
    pub(crate) name: String,
}

impl Identity {
    /// Reads the identity, or says what is missing.
    pub(crate) fn of(object: &Map<String, Value>) -> Result<Self, &'static str> {
        let text = |value: Option<&Value>| {
            value.and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let kind = text(object.get("kind")).ok_or("has no kind")?;
        let api_version = text(object.get("apiVersion")).ok_or("has no apiVersion")?;
        let (group, version) = match api_version.split_once('/') {
            Some((group, version)) => (group.to_owned(), version.to_owned()),
            None => (String::new(), api_version),
        };
        let metadata =
            object.get("metadata").and_then(Value::as_object).ok_or("has no metadata")?;
        let name = text(metadata.get("name")).ok_or("has no name")?;
        Ok(Self { group, version, kind, namespace: text(metadata.get("namespace")), name })
    }

    /// Returns the error that names the object.
    pub(crate) fn error(object: &Map<String, Value>, reason: &'static str) -> Error {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or("?").to_owned();
        let name = text(object.get("metadata").and_then(|metadata| metadata.get("name")));
        Error::Object { what: format!("{}/{name}", text(object.get("kind"))), reason }
    }

    /// Tells whether the object defines a kind.
    pub(crate) fn defines(&self) -> bool {
        self.kind == "CustomResourceDefinition" && self.group == "apiextensions.k8s.io"
    }
}

/// What a set of objects comes to.
#[derive(Debug)]
pub(crate) struct Intake {
    pub(crate) catalog: Catalog,
    pub(crate) version: Option<VersionInfo>,
    /// The greatest resource version among the objects.
    pub(crate) revision: u64,
}

/// Sorts objects into a catalog.
///
/// Of two objects with one key the one with the greater resource version wins, then the one with
/// the greater generation, then the later.
///
/// # Errors
///
/// An object lacks its kind, version or name.
pub(crate) fn intake(found: Vec<Found>) -> Result<Intake, Error> {
    let mut of_kind: BTreeMap<(String, String), Vec<(Identity, Found)>> = BTreeMap::new();
    let mut catalog = Catalog::built_in();
    for found in found {
        let identity =
            Identity::of(&found.object).map_err(|reason| Identity::error(&found.object, reason))?;
        if identity.defines() {
            define(&mut catalog, &found.object);
        }
        let kind = (identity.group.clone(), identity.kind.clone());
        of_kind.entry(kind).or_default().push((identity, found));
    }
    let nodes = of_kind.get(&(String::new(), "Node".to_owned()));
    let version =
        VersionInfo::of_nodes(nodes.into_iter().flatten().map(|(_, found)| &found.object));
    let mut revision = 0;
    for ((group, kind), objects) in of_kind {
        let shelf = shelve(&mut catalog, &group, &kind, &objects);
        let mut winners: BTreeMap<String, Stored> = BTreeMap::new();
        for (identity, found) in objects {
            let (key, stored) = store(&shelf.resource, &identity, found.object);
            revision = revision.max(stored.revision().unwrap_or(0));
            match winners.get(&key) {
                Some(known) if newness(known) > newness(&stored) => {}
                _ => {
                    winners.insert(key, stored);
                }
            }
        }
        let collection = Arc::make_mut(&mut shelf.collection);
        for (key, stored) in winners {
            collection.put(&key, Arc::new(stored));
        }
    }
    Ok(Intake { catalog, version, revision: revision.max(1) })
}

/// Takes up a definition that can be read; of another, only the object itself is served.
pub(crate) fn define(catalog: &mut Catalog, definition: &Map<String, Value>) {
    let definition = Value::Object(definition.clone());
    if let Some(resource) = Resource::from_definition(&definition) {
        catalog.define(resource);
    }
}

/// Finds or makes the shelf of one kind, which then serves every version its objects have.
pub(crate) fn shelve<'a>(
    catalog: &'a mut Catalog,
    group: &str,
    kind: &str,
    objects: &[(Identity, Found)],
) -> &'a mut Shelf {
    let known = catalog.of_kind(group, kind).map(|shelf| shelf.resource.as_ref().clone());
    let defined = known.as_ref().is_some_and(|known| known.defined);
    let resource = known.or_else(|| kinds::find(group, kind)).unwrap_or_else(|| {
        let named = objects.iter().find_map(|(_, found)| found.plural.clone());
        let namespaced = objects.iter().any(|(identity, _)| identity.namespace.is_some());
        Resource::guess(group, kind, named.unwrap_or_else(|| kinds::guess_plural(kind)), namespaced)
    });
    let shelf = catalog.shelf(resource);
    if !defined {
        let resource = Arc::make_mut(&mut shelf.resource);
        for (identity, _) in objects {
            resource.add_version(&identity.version);
        }
    }
    shelf
}

/// Makes the stored form of an object and its key.
pub(crate) fn store(
    resource: &Resource,
    identity: &Identity,
    mut object: Map<String, Value>,
) -> (String, Stored) {
    let mut metadata = match object.shift_remove("metadata") {
        Some(Value::Object(metadata)) => metadata,
        _ => Map::new(),
    };
    let namespace = resource.namespaced.then(|| identity.namespace.as_deref().unwrap_or("default"));
    match namespace {
        Some(namespace) => metadata.insert("namespace".into(), namespace.into()),
        None => metadata.shift_remove("namespace"),
    };
    if resource.kind == "Secret" && resource.group.is_empty() {
        hide(&mut metadata, &mut object);
    }
    (key::key(namespace, &identity.name), Stored::new(metadata, &object))
}

/// Drops what a Secret keeps; `kubectl apply` leaves a copy of it in an annotation.
fn hide(metadata: &mut Map<String, Value>, object: &mut Map<String, Value>) {
    object.shift_remove("data");
    object.shift_remove("stringData");
    if let Some(Value::Object(annotations)) = metadata.get_mut("annotations") {
        annotations.shift_remove("kubectl.kubernetes.io/last-applied-configuration");
    }
}

fn newness(stored: &Stored) -> (u64, u64) {
    let generation = stored.metadata.get("generation").and_then(Value::as_u64).unwrap_or(0);
    (stored.revision().unwrap_or(0), generation)
}
