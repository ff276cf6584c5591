//! What an agent sends, to every server in its form: put into a spool, and carried from there.

use std::collections::BTreeMap;
use std::future::pending;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;
use ktel_delivery::courier::{self, Carrier, Clock};
use ktel_delivery::limits::HELD_PAUSE;
use ktel_delivery::spool::{Bounds, Settings, Spool};
use ktel_delivery::{Parcel, Verdict};
use ktel_model::envelope::Envelope;
use ktel_model::report::Report;
use serde_json::{Map, Value};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};
use tracing::{debug, info, warn};

use crate::file::{Destination, Form};
use crate::identity::Identity;
use crate::limits;
use crate::status::Status;
use ktel_destination::outbox::{Outbox, SETTINGS};
use ktel_destination::{
    Content, JsonLines, NotReady, Owner, Remote, ReportServer, Sender, Tokens, append,
};

/// The name of the outbox in the state directory.
const OUTBOX: &str = "outbox";

/// The endpoints of Kamaji's receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Route {
    Stats,
    Create,
    Update,
    Delete,
}

impl Route {
    const ALL: [Self; 4] = [Self::Stats, Self::Create, Self::Update, Self::Delete];

    fn path(self) -> &'static str {
        match self {
            Self::Stats => "stats",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// Something to be sent, in every form that a server may want.
pub(super) struct Item {
    pub(super) report: Report,
    pub(super) envelope: Envelope,
    pub(super) time: Timestamp,
    /// Identifies a repetition.
    pub(super) key: String,
    /// The document for Kamaji's receiver, and its route.
    pub(super) bare: Option<(Route, Map<String, Value>)>,
}

impl Item {
    fn content(&self) -> Content<'_> {
        Content { report: &self.report, envelope: &self.envelope, time: self.time }
    }
}

/// Takes what would be sent: to whom, and the very bytes.
pub(super) type Print<'p> = Box<dyn FnMut(&str, &[u8]) + Send + 'p>;

/// Every server.
pub(super) struct Delivery<'p> {
    local: Vec<ReportServer>,
    lanes: Vec<Lane>,
    print: Option<Mutex<Print<'p>>>,
    ended: Notify,
    clock: Clock,
    status: Status,
}

/// What waits for a server of an agent: a storm of events, or those of a long gap.
const ROOM: Settings = Settings {
    bounds: Bounds { parcels: limits::EVENTS_WAITING_MAX, ..SETTINGS.bounds },
    ..SETTINGS
};

/// How the last delivery to a server ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing waits.
    Delivered,
    /// Something waits, and another try may deliver it.
    Failing,
    /// Some wait until somebody corrects something; the server takes others.
    PartlyHeld,
    /// Something waits until somebody corrects the configuration.
    Held,
}

/// The way to one server, or to one route of Kamaji's receiver.
struct Lane {
    remote: Remote,
    sender: Sender,
    route: Option<Route>,
    spool: Spool,
    wake: Notify,
    ending: AtomicBool,
}

impl<'p> Delivery<'p> {
    /// Sets up the ways to all servers; without a state directory, what waits is kept in memory.
    pub(super) fn new(
        destinations: &[Destination],
        state: Option<&Path>,
        tokens: &Tokens,
        clock: Clock,
        status: Status,
    ) -> Result<Self, NotReady> {
        let (mut local, mut lanes) = (Vec::new(), Vec::new());
        let outbox = state.map(|state| Outbox::at(state.join(OUTBOX)));
        for Destination { server, form } in destinations {
            let ReportServer::Remote(remote) = server else {
                local.push(server.clone());
                continue;
            };
            let remotes: BTreeMap<Option<Route>, Remote> = match form {
                Form::Envelope => [(None, (**remote).clone())].into(),
                Form::Kamaji => {
                    Route::ALL.into_iter().map(|it| (Some(it), of(remote, it))).collect()
                }
            };
            for (route, remote) in remotes {
                let spool = match &outbox {
                    Some(outbox) => outbox.lane_with(remote.url(), ROOM).spool,
                    None => Spool::in_memory(ROOM),
                };
                let sender = remote.sender(tokens, clock.now)?;
                lanes.push(Lane {
                    remote,
                    sender,
                    route,
                    spool,
                    wake: Notify::new(),
                    ending: AtomicBool::new(false),
                });
            }
        }
        Ok(Self { local, lanes, print: None, ended: Notify::new(), clock, status })
    }

    /// Prints what would be sent, and sends nothing.
    pub(super) fn printing(self, print: Print<'p>) -> Self {
        Self { print: Some(Mutex::new(print)), ..self }
    }

    /// Puts items on their way to every server, those of each together.
    pub(super) fn hand_over(&self, items: &[Item], identity: &Identity) {
        for item in items {
            self.local.iter().for_each(|server| self.write(server, item, identity));
        }
        for lane in &self.lanes {
            let parcels: Vec<Parcel> =
                items.iter().filter_map(|item| lane.parcel(item, identity)).collect();
            match &self.print {
                Some(print) => {
                    parcels.iter().for_each(|one| print_body(print, lane.remote.url(), &one.body));
                }
                None => lane.push(&parcels, (self.clock.now)()),
            }
        }
    }

    fn write(&self, server: &ReportServer, item: &Item, identity: &Identity) {
        let bytes = match server {
            ReportServer::File(_) => {
                let envelope = serde_json::to_vec(&item.envelope);
                let envelope = envelope.expect("an envelope always becomes JSON");
                Ok([&identity.sign(&envelope)[..], b"\n"].concat())
            }
            server => server.render(item.content()).map(|bytes| bytes.to_vec()),
        };
        match (bytes, server, &self.print) {
            (Ok(bytes), _, Some(print)) => print_body(print, &server.to_string(), &bytes),
            (Ok(bytes), ReportServer::File(path), None) => {
                if let Err(error) = append(path, &bytes) {
                    warn!(error = &error as &dyn std::error::Error, "a report is lost");
                }
            }
            (Ok(_), _, None) => debug!("an agent prints only a preview"),
            (Err(error), ..) => {
                warn!(error = &error as &dyn std::error::Error, "a report is lost");
            }
        }
    }

    /// Carries what waits, until it is asked to end.
    pub(super) async fn carry(&self) {
        match self.print {
            Some(_) => pending().await,
            // What goes into a file is there already, and nothing is to be carried.
            None if self.lanes.is_empty() => self.ended.notified().await,
            None => drop(
                join_all(self.lanes.iter().map(|lane| lane.carry(self.clock, &self.status))).await,
            ),
        }
    }

    /// Asks [`carry`](Self::carry) to end once it has tried everything that waits.
    pub(super) fn end(&self) {
        self.ended.notify_one();
        for lane in &self.lanes {
            lane.ending.store(true, Ordering::Relaxed);
            lane.wake.notify_one();
        }
    }
}

fn print_body(print: &Mutex<Print<'_>>, server: &str, bytes: &[u8]) {
    print.lock().expect("no code panics while it holds this lock")(server, bytes);
}

fn of(base: &Remote, route: Route) -> Remote {
    let url = format!("{}/{}", base.url().trim_end_matches('/'), route.path());
    match url.parse() {
        Ok(ReportServer::Remote(remote)) => *remote,
        _ => unreachable!("a URL without options stays one with a longer path"),
    }
}

impl Lane {
    fn parcel(&self, item: &Item, identity: &Identity) -> Option<Parcel> {
        let mut parcel = match (self.route, &item.bare) {
            (Some(route), Some((of, document))) if *of == route => {
                let body = serde_json::to_vec(document).expect("a map always becomes JSON");
                let content_type = "application/json".to_owned();
                let (to, key) = (self.remote.url().to_owned(), String::new());
                Parcel { to, key, content_type, body: body.into() }
            }
            (Some(_), _) => return None,
            (None, _) => match self.remote.parcel(item.content()) {
                Ok(parcel) if self.remote.takes_envelope() => {
                    Parcel { body: identity.sign(&parcel.body).into(), ..parcel }
                }
                Ok(parcel) => parcel,
                Err(error) => {
                    warn!(error = &error as &dyn std::error::Error, "a report is lost");
                    return None;
                }
            },
        };
        item.key.clone_into(&mut parcel.key);
        Some(parcel)
    }

    fn push(&self, parcels: &[Parcel], now: Duration) {
        if self.spool.push_all(parcels, now).is_err() {
            // What has no room together may have it in part.
            for parcel in parcels {
                if let Err(error) = self.spool.push(parcel, now) {
                    let server = self.remote.url();
                    warn!(server, error = &error as &dyn std::error::Error, "a report is lost");
                }
            }
        }
        self.wake.notify_one();
    }

    async fn carry(&self, clock: Clock, status: &Status) {
        let mut before = State::Delivered;
        let mut tries_held = true;
        loop {
            let state = self.deliver(clock, status, before, tries_held).await;
            self.log(before, state);
            before = state;
            if self.ending.load(Ordering::Relaxed) {
                return;
            }
            tries_held = match state {
                State::Delivered => {
                    self.wake.notified().await;
                    true
                }
                // A new report is a reason to try again, too.
                State::Failing => {
                    drop(timeout(limits::CLUSTER_RETRY_MAX, self.wake.notified()).await);
                    true
                }
                // A new report goes out at once; the others have their pause.
                State::PartlyHeld => timeout(HELD_PAUSE, self.wake.notified()).await.is_err(),
                // A new report does not correct what holds the others.
                State::Held => {
                    self.wait_for_end(HELD_PAUSE).await;
                    true
                }
            };
        }
    }

    /// Waits so long, or until the agent ends.
    async fn wait_for_end(&self, pause: Duration) {
        let ending = async {
            while !self.ending.load(Ordering::Relaxed) {
                self.wake.notified().await;
            }
        };
        drop(timeout(pause, ending).await);
    }

    fn log(&self, before: State, now: State) {
        let server = self.remote.url();
        match (before, now) {
            (State::Failing | State::Held | State::PartlyHeld, State::Delivered) => {
                info!(server, "reports arrive again");
            }
            (State::Delivered | State::Held | State::PartlyHeld, State::Failing) => {
                warn!(server, "reports do not arrive; they wait");
            }
            _ => {}
        }
    }

    /// Delivers what waits; what is held one by one only if its pause is over, or it is asked to try that.
    async fn deliver(
        &self,
        clock: Clock,
        status: &Status,
        before: State,
        tries_held: bool,
    ) -> State {
        let server = self.remote.url();
        let observe = |_: &_, verdict: &Verdict| {
            status.answered(verdict, (clock.now)());
            match verdict {
                Verdict::Rejected { message, .. } => warn!(server, message, "a report is rejected"),
                verdict => debug!(server, ?verdict, "an exchange"),
            }
        };
        let failed = |error: ktel_delivery::spool::Error| {
            warn!(server, error = &error as &dyn std::error::Error, "the spool cannot be read");
            State::Failing
        };
        let _delivering = match self.spool.deliver() {
            Ok(Some(delivering)) => delivering,
            Ok(None) => return State::Failing,
            Err(error) => return failed(error),
        };
        let deadline = Instant::now() + limits::COURIER_TURN;
        let lines = JsonLines::new(&self.sender, limits::EVENTS_AT_ONCE);
        let carrier: &dyn Carrier = if self.route.is_none() && self.remote.takes_envelope() {
            &lines
        } else {
            &self.sender
        };
        let carried = if tries_held {
            courier::deliver(&self.spool, carrier, deadline, clock, observe).await
        } else {
            courier::deliver_due(&self.spool, carrier, deadline, clock, observe).await
        };
        let account = match carried {
            Ok(account) => account,
            Err(error) => return failed(error),
        };
        if let Some(message) = &account.rejected_because {
            let rejected = account.rejected_items;
            warn!(server, rejected, message, "parts of reports are not taken");
        }
        match &account.held {
            Some(held) => {
                // Once, not for each try.
                if !matches!(before, State::Held | State::PartlyHeld) {
                    let remedy = self.remote.remedy(held.hold, Owner::User);
                    let (reason, message) = (held.hold.word(), &held.message);
                    warn!(
                        server,
                        reason, message, remedy, "reports are held until this is corrected"
                    );
                }
                if held.hold.may_concern_one_parcel() { State::PartlyHeld } else { State::Held }
            }
            None if account.finished => State::Delivered,
            None => State::Failing,
        }
    }
}

#[cfg(test)]
mod tests;
