//! The API as a `tower::Service`: from a request to an answer.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{HeaderMap, Method, Request, Response, Uri, header};
use serde_json::Value;

use crate::accept::{Accepted, accepted};
use crate::body::Body;
use crate::catalog::Shelf;
use crate::counters::Counters;
use crate::discovery;
use crate::key;
use crate::list::{self, Pieces};
use crate::object::{TypeMeta, write_json};
use crate::query::Query;
use crate::route::{GroupVersion, Plural, Route, route};
use crate::status::Status;
use crate::store::{State, Store};
use crate::watch::{Target, Watch};

/// The read-only Kubernetes API of a snapshot; clones share its counters.
#[derive(Clone)]
pub struct Service {
    store: Arc<Store>,
    counters: Arc<Counters>,
}

/// An answer before it has a body.
enum Answer {
    Text(&'static str),
    Json(Vec<u8>),
    List(Pieces),
    Watch(Box<Watch>),
}

impl Service {
    pub(crate) fn new(store: Arc<Store>) -> Self {
        Self { store, counters: Arc::default() }
    }

    /// Returns what was asked and sent so far.
    pub fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.counters)
    }

    fn respond(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Response<Body> {
        self.counters.asked(method, uri);
        let (code, answer) = match self.answer(method, uri, headers) {
            Ok(answer) => (200, answer),
            Err(status) => (status.code, value(&status.to_value())),
        };
        let counters = self.counters();
        let (media, body) = match answer {
            Answer::Text(text) => ("text/plain", Body::whole(text.into(), counters)),
            Answer::Json(bytes) => ("application/json", Body::whole(bytes, counters)),
            Answer::List(pieces) => ("application/json", Body::list(pieces, counters)),
            Answer::Watch(watch) => ("application/json", Body::watch(*watch, counters)),
        };
        let mut response = Response::new(body);
        *response.status_mut() =
            http::StatusCode::from_u16(code).expect("every Status has an HTTP code");
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, header::HeaderValue::from_static(media));
        response
    }

    fn answer(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<Answer, Status> {
        if method != Method::GET {
            return Err(Status::method());
        }
        let route = route(uri.path()).ok_or_else(Status::not_served)?;
        let accept = headers.get(header::ACCEPT).and_then(|header| header.to_str().ok());
        let accepted = accepted(accept).ok_or_else(Status::not_acceptable)?;
        let state = self.store.state();
        let catalog = &state.catalog;
        let found = match (&route, accepted) {
            (Route::Health, _) => return Ok(Answer::Text("ok")),
            (Route::Version, _) => {
                Some(state.version.as_ref().ok_or_else(Status::no_version)?.to_value())
            }
            (Route::CoreVersions, Accepted::Aggregated { beta }) => {
                Some(discovery::aggregated(catalog, true, beta))
            }
            (Route::Groups, Accepted::Aggregated { beta }) => {
                Some(discovery::aggregated(catalog, false, beta))
            }
            (Route::CoreVersions, _) => Some(discovery::core_versions(catalog)),
            (Route::Groups, _) => Some(discovery::groups(catalog)),
            (Route::Group(name), _) => discovery::group(catalog, name),
            (Route::Resources(GroupVersion { group, version }), _) => {
                discovery::resources(catalog, group, version)
            }
            (Route::List(plural), _) => return self.list(&state, plural, uri, accepted),
            (Route::Object { plural, name, status }, _) => {
                return object(&state, plural, name, *status, accepted);
            }
        };
        found.as_ref().map(value).ok_or_else(Status::not_served)
    }

    fn list(
        &self,
        state: &State,
        plural: &Plural,
        uri: &Uri,
        accepted: Accepted,
    ) -> Result<Answer, Status> {
        let Shelf { resource, collection } = shelf(state, plural)?;
        if plural.namespace.is_some() && !resource.namespaced {
            return Err(Status::not_served());
        }
        let query = Query::parse(uri.query().unwrap_or_default())?;
        let selector = query.selector(resource)?;
        let (version, form) = (&plural.at.version, accepted.form());
        if query.watch {
            let target = Target {
                resource: Arc::clone(resource),
                version: version.clone(),
                namespace: plural.namespace.clone(),
                form,
                selector,
            };
            let watch = Watch::begin(&self.store, target, &query)?;
            return Ok(Answer::Watch(Box::new(watch)));
        }
        let page = list::page(state, collection, plural.namespace.as_deref(), &query, selector)?;
        Ok(Answer::List(page.write(resource, version, form)))
    }
}

fn shelf<'a>(state: &'a State, plural: &Plural) -> Result<&'a Shelf, Status> {
    let GroupVersion { group, version } = &plural.at;
    state.catalog.served(group, version, &plural.plural).ok_or_else(Status::not_served)
}

fn object(
    state: &State,
    plural: &Plural,
    name: &str,
    status: bool,
    accepted: Accepted,
) -> Result<Answer, Status> {
    let Shelf { resource, collection } = shelf(state, plural)?;
    if plural.namespace.is_some() != resource.namespaced || (status && !resource.status) {
        return Err(Status::not_served());
    }
    let item = collection
        .get(&key::key(plural.namespace.as_deref(), name))
        .ok_or_else(|| Status::not_found(resource, name))?;
    let form = accepted.form();
    let mut out = Vec::new();
    item.write(Some(&TypeMeta::of(resource, &plural.at.version, form)), form, &mut out);
    out.push(b'\n');
    Ok(Answer::Json(out))
}

fn value(value: &Value) -> Answer {
    let mut out = Vec::new();
    write_json(value, &mut out);
    out.push(b'\n');
    Answer::Json(out)
}

impl<B> tower::Service<Request<B>> for Service {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        ready(Ok(self.respond(request.method(), request.uri(), request.headers())))
    }
}
