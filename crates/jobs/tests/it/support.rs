//! Jobs that misbehave on purpose, and an API server with a few fixed answers.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use http::{Request, Response};
use jiff::Timestamp;
use ktel_jobs::{Cluster, Collected, Context, Error, Job, Product};
use ktel_model::Schema;
use kube::Client;
use kube::client::Body;
use serde_json::{Map, Value, json};

pub(crate) const NOW: &str = "2026-11-21T12:00:00Z";

pub(crate) fn now() -> Timestamp {
    NOW.parse().expect("a constant")
}

/// A schema with one field, `pods`, that only code fills.
pub(crate) fn schema(name: &str) -> Schema {
    let text = format!(
        "kts: 1
schema: example/{name}
version: 1.0.0
kind: job
title: A job of a test
purpose:
  question: Does it work?
  value_to_you: It does not break.
  used_for: [tests]
owner: tests
stability: development
consent: explicit
collector: none
access: []
retention: {{raw: 1d, aggregate: 1mo}}
fields:
  pods:
    type: count
    exact: true
    sensitivity: technical
    why: To have something.
    example: 1
    since: 0.1.0
    expires: 2027-11-01
"
    );
    Schema::parse(&text, "test.yaml").expect("the schema of a test")
}

/// What a test's job does when it is run.
#[derive(Clone)]
pub(crate) enum Act {
    Give(Value),
    Fail,
    Panic,
    Hang,
    Wait(Duration),
    /// Gives twice the pods of a job that it needs.
    Double(String),
}

pub(crate) struct Actor {
    schema: Schema,
    needs: Vec<String>,
    act: Act,
    pub(crate) log: Log,
}

/// What happened, in order.
pub(crate) type Log = Arc<Mutex<Vec<String>>>;

pub(crate) fn job(name: &str, act: Act) -> Arc<dyn Job> {
    needing(name, &[], act, &Log::default())
}

pub(crate) fn needing(name: &str, needs: &[&str], act: Act, log: &Log) -> Arc<dyn Job> {
    Arc::new(Actor {
        schema: schema(name),
        needs: needs.iter().map(|need| (*need).to_owned()).collect(),
        act,
        log: Arc::clone(log),
    })
}

impl Job for Actor {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn needs(&self) -> &[String] {
        &self.needs
    }

    fn collect<'a>(&'a self, cx: &'a Context) -> BoxFuture<'a, Result<Collected, Error>> {
        async move {
            let name = &self.schema.name;
            self.log.lock().expect("no panics here").push(format!("{name} starts"));
            let guard = Dropped(name.clone(), Arc::clone(&self.log));
            let pods = match &self.act {
                Act::Give(value) => value.clone(),
                Act::Fail => return Err(Error::failed(std::io::Error::other("out of ideas"))),
                Act::Panic => panic!("on purpose"),
                Act::Hang => futures::future::pending().await,
                Act::Wait(time) => {
                    tokio::time::sleep(*time).await;
                    json!(1)
                }
                Act::Double(job) => {
                    let section = cx.section(job).expect("it is needed, so it is there");
                    json!(section["pods"].as_u64().expect("a count") * 2)
                }
            };
            std::mem::forget(guard);
            self.log.lock().expect("no panics here").push(format!("{name} ends"));
            Ok(Map::from_iter([("pods".to_owned(), pods)]).into())
        }
        .boxed()
    }
}

struct Dropped(String, Log);

impl Drop for Dropped {
    fn drop(&mut self) {
        if let Ok(mut log) = self.1.lock() {
            log.push(format!("{} is dropped", self.0));
        }
    }
}

/// A cluster that must not get a request.
pub(crate) fn no_cluster() -> Cluster {
    cluster(|uri| panic!("unexpected request: {uri}")).0
}

/// A cluster with fixed answers, and the requests that it got.
pub(crate) fn cluster(
    answer: impl Fn(&str) -> (u16, Value) + Send + Sync + 'static,
) -> (Cluster, Log) {
    let (client, log) = client(answer);
    (Cluster::new(client, Product::default()), log)
}

/// A client with fixed answers, and the requests that it made.
pub(crate) fn client(
    answer: impl Fn(&str) -> (u16, Value) + Send + Sync + 'static,
) -> (Client, Log) {
    let log = Log::default();
    let seen = Arc::clone(&log);
    let answer = Arc::new(answer);
    let service = tower::service_fn(move |request: Request<Body>| {
        let uri = request.uri().to_string();
        seen.lock().expect("no panics here").push(uri.clone());
        let answer = Arc::clone(&answer);
        async move {
            let (status, body) = answer(&uri);
            let body = Body::from(body.to_string().into_bytes());
            let response = Response::builder().status(status).body(body).expect("a valid answer");
            Ok::<_, Infallible>(response)
        }
    });
    (Client::new(service, "default"), log)
}
