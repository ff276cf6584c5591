//! A real VictoriaMetrics survives every query that is enforced and written for it.
//!
//! `VICTORIA_METRICS` names the program; without it this fails rather than prove nothing. A server
//! that ends is reported with the query and its last words, and the input is kept.
#![no_main]

mod server;
mod shape;

use std::sync::{Mutex, OnceLock};

use ktel_metricsql::{Matcher, Store, Version, enforce, parse};
use libfuzzer_sys::fuzz_target;
use server::Server;

const STORE: Store = Store::VictoriaMetrics(Version::new(1, 145));

fn server() -> &'static Mutex<Server> {
    static SERVER: OnceLock<Mutex<Server>> = OnceLock::new();
    SERVER.get_or_init(|| Mutex::new(Server::start()))
}

fuzz_target!(
    init: { server(); },
    |input: &[u8]| {
        // What is no query chooses the shape of one.
        let text = std::str::from_utf8(input).ok().and_then(|text| parse(text).ok());
        let Some((expr, _)) = text.or_else(|| parse(&shape::query(input)).ok()) else { return };
        let matcher = Matcher::equal("tenant", "me").expect("the matcher has a value");
        let Ok(enforced) = enforce(&expr, &[matcher]) else { return };
        let Ok(sent) = STORE.query(&enforced) else { return };
        server().lock().expect("the server is asked one query after the other").ask(&sent);
    }
);
