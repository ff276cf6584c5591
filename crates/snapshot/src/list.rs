//! Lists: which objects stand on a page, and the page as JSON.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::collection::{Collection, Walk};
use crate::key::KeyRange;
use crate::limits::{CHUNK_BYTES, SELECTED_ITEMS_MAX};
use crate::object::{Form, Item, TypeMeta, write_json};
use crate::query::Query;
use crate::resource::Resource;
use crate::select::Selector;
use crate::status::Status;
use crate::store::State;
use crate::token::Token;

/// The objects of a page and what its metadata says.
pub(crate) struct Page {
    items: Items,
    next: Option<Token>,
    remaining: Option<usize>,
    revision: u64,
}

/// The objects of a page, of which only those that were looked at to choose them are held.
enum Items {
    Walk { walk: Walk, left: usize, selector: Option<Selector> },
    Chosen(std::vec::IntoIter<Item>),
}

impl Iterator for Items {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        match self {
            Self::Chosen(items) => items.next(),
            Self::Walk { left: 0, .. } => None,
            Self::Walk { walk, left, selector } => {
                *left -= 1;
                walk.map(|(_, item)| item)
                    .find(|item| selector.as_ref().is_none_or(|selector| selector.matches(item)))
            }
        }
    }
}

/// Finds the page that a query asks for.
///
/// # Errors
///
/// The continue token is not ours, or has expired.
pub(crate) fn page(
    state: &State,
    collection: &Arc<Collection>,
    namespace: Option<&str>,
    query: &Query,
    selector: Option<Selector>,
) -> Result<Page, Status> {
    let mut range = KeyRange::of(namespace);
    let mut revision = state.revision;
    if let Some(token) = &query.token {
        let token = Token::decode(token)
            .ok_or_else(|| Status::bad_request("continue key is not valid: malformed value"))?;
        if token.revision < state.expired {
            let resume = Token { revision: state.revision, start: token.start };
            return Err(Status::token_expired(resume.encode()));
        }
        (range, revision) = (range.from(token.start), token.revision);
    }
    if query.limit == 0 {
        let walk = collection.walk(&range);
        let items = Items::Walk { walk, left: usize::MAX, selector };
        return Ok(Page { items, next: None, remaining: None, revision });
    }
    match selector {
        None => Ok(counted(collection, range, query.limit, revision)),
        Some(selector) => Ok(selected(collection, &range, query.limit, revision, &selector)),
    }
}

/// A page without a selector knows how many objects come after it.
fn counted(collection: &Arc<Collection>, range: KeyRange, limit: usize, revision: u64) -> Page {
    let total = collection.count(&range);
    let walk = collection.walk(&range);
    let remaining = total.saturating_sub(limit);
    let next = (remaining > 0)
        .then(|| collection.walk(&range).nth(limit - 1))
        .flatten()
        .map(|(key, _)| Token { revision, start: format!("{key}\0") });
    let remaining = next.as_ref().map(|_| remaining);
    let items = Items::Walk { walk, left: limit.min(total), selector: None };
    Page { items, next, remaining, revision }
}

/// A page with a selector goes on while any object is left, selected or not, as the API server's.
fn selected(
    collection: &Arc<Collection>,
    range: &KeyRange,
    limit: usize,
    revision: u64,
    selector: &Selector,
) -> Page {
    let limit = limit.min(SELECTED_ITEMS_MAX);
    let mut walk = collection.walk(range);
    let mut chosen = Vec::new();
    let mut next = None;
    for (key, item) in walk.by_ref() {
        if selector.matches(&item) {
            chosen.push(item);
            if chosen.len() == limit {
                next = Some(Token { revision, start: format!("{key}\0") });
                break;
            }
        }
    }
    let next = next.filter(|_| walk.next().is_some());
    Page { items: Items::Chosen(chosen.into_iter()), next, remaining: None, revision }
}

/// The JSON of a page, piece by piece.
pub(crate) struct Pieces {
    items: Items,
    type_meta: Option<TypeMeta>,
    form: Form,
    head: Option<Vec<u8>>,
    first: bool,
    done: bool,
}

impl Page {
    /// Writes the page as the list of a kind.
    pub(crate) fn write(self, resource: &Resource, version: &str, form: Form) -> Pieces {
        let Self { items, next, remaining, revision } = self;
        let (kind, api_version) = match form {
            Form::Whole => (resource.list_kind.as_str(), resource.api_version(version)),
            Form::Metadata => ("PartialObjectMetadataList", "meta.k8s.io/v1".to_owned()),
        };
        let mut metadata = Map::new();
        metadata.insert("resourceVersion".into(), revision.to_string().into());
        if let Some(token) = next {
            metadata.insert("continue".into(), token.encode().into());
        }
        if let Some(count) = remaining {
            metadata.insert("remainingItemCount".into(), Value::from(count));
        }
        let mut head = Vec::new();
        for (before, value) in [
            ("{\"kind\":", Value::from(kind)),
            (",\"apiVersion\":", Value::from(api_version)),
            (",\"metadata\":", Value::Object(metadata)),
        ] {
            head.extend_from_slice(before.as_bytes());
            write_json(&value, &mut head);
        }
        head.extend_from_slice(b",\"items\":[");
        let bare = resource.built_in && form == Form::Whole;
        let type_meta = (!bare).then(|| TypeMeta::of(resource, version, form));
        Pieces { items, type_meta, form, head: Some(head), first: true, done: false }
    }
}

impl Iterator for Pieces {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        if self.done {
            return None;
        }
        let mut out = self.head.take().unwrap_or_default();
        while out.len() < CHUNK_BYTES {
            let Some(item) = self.items.next() else {
                out.extend_from_slice(b"]}\n");
                self.done = true;
                break;
            };
            if !std::mem::take(&mut self.first) {
                out.push(b',');
            }
            item.write(self.type_meta.as_ref(), self.form, &mut out);
        }
        Some(out)
    }
}
