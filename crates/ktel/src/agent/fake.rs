//! For tests: an API server of one object, with its versions, its refusals and a rival.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http::{Method, Request, Response};
use http_body_util::BodyExt;
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};

/// What the server holds, and how it behaves.
#[derive(Default)]
pub(super) struct One {
    pub(super) object: Option<Value>,
    version: u64,
    /// So many requests get a 500.
    pub(super) failures: u32,
    /// Requests of this method get this status.
    pub(super) refuses: Option<(Method, u16)>,
    /// What somebody else writes just before our next write.
    pub(super) rival: Option<Value>,
    /// The writes that came through.
    pub(super) writes: u32,
}

pub(super) type Shared = Arc<Mutex<One>>;

impl One {
    fn put(&mut self, mut object: Value) {
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        self.object = Some(object);
    }

    fn answer(&mut self, method: &Method, body: Option<Value>) -> (u16, Value) {
        let status = |code: u16| {
            let reason = if code == 404 { "NotFound" } else { "" };
            let status = json!({"kind": "Status", "code": code, "message": "", "reason": reason});
            (code, status)
        };
        if self.failures > 0 {
            self.failures -= 1;
            return status(500);
        }
        if let Some((of, code)) = &self.refuses
            && of == method
        {
            return status(*code);
        }
        if body.is_some()
            && let Some(rival) = self.rival.take()
        {
            self.put(rival);
        }
        let known = self.object.as_ref().map(|one| one["metadata"]["resourceVersion"].clone());
        match (method, body) {
            (&Method::POST, Some(_)) if known.is_some() => return status(409),
            (&Method::PUT, Some(body))
                if Some(&body["metadata"]["resourceVersion"]) != known.as_ref() =>
            {
                return status(409);
            }
            (_, Some(body)) => {
                self.writes += 1;
                self.put(body);
            }
            (_, None) => {}
        }
        self.object.clone().map_or_else(|| status(404), |object| (200, object))
    }
}

/// Makes a client of it.
pub(super) fn client(one: &Shared) -> Client {
    let one = Arc::clone(one);
    let service = tower::service_fn(move |request: Request<Body>| {
        let one = Arc::clone(&one);
        async move {
            let (parts, body) = request.into_parts();
            let bytes = body.collect().await.unwrap().to_bytes();
            let body = (!bytes.is_empty()).then(|| serde_json::from_slice(&bytes).unwrap());
            let (status, answer) = one.lock().unwrap().answer(&parts.method, body);
            let body = Body::from(answer.to_string().into_bytes());
            Ok::<_, Infallible>(Response::builder().status(status).body(body).unwrap())
        }
    });
    Client::new(service, "default")
}
