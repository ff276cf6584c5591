//! An API server of one object, with its versions, its errors and a rival writer.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use tower::Service;

/// What the server holds, and how it behaves.
#[derive(Default)]
pub struct One {
    /// The object.
    pub object: Option<Value>,
    version: u64,
    /// So many requests get a 500.
    pub failures: u32,
    /// Requests of this method get this status.
    pub rejects: Option<(Method, u16)>,
    /// What somebody else writes just before our next write.
    pub rival: Option<Value>,
    /// The writes that came through.
    pub writes: u32,
}

/// It, as the service and the test share it.
pub type Shared = Arc<Mutex<One>>;

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
        if let Some((of, code)) = &self.rejects
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

/// Serves it; `kube::Client::new` makes a client of the service.
pub fn service<B>(
    one: &Shared,
) -> impl Service<Request<B>, Response = Response<Full<Bytes>>, Error = Infallible, Future: Send>
+ Clone
+ Send
+ 'static
where
    B: Body<Data = Bytes, Error: std::fmt::Debug> + Send + 'static,
{
    let one = Arc::clone(one);
    tower::service_fn(move |request: Request<B>| {
        let one = Arc::clone(&one);
        async move {
            let (parts, body) = request.into_parts();
            let bytes = body.collect().await.expect("a test sends whole bodies").to_bytes();
            let body = (!bytes.is_empty())
                .then(|| serde_json::from_slice(&bytes).expect("a test sends JSON"));
            let mut one = one.lock().expect("no test panics with it");
            let (status, answer) = one.answer(&parts.method, body);
            let body = Full::from(answer.to_string().into_bytes());
            Ok(Response::builder().status(status).body(body).expect("a status of a test"))
        }
    })
}
