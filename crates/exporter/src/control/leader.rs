//! What a leader does: it keeps plans, credentials, cursors and statuses up to date until it is stopped.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream;
use ktel_lease::Clock;
use kube::Client;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::changes::{Change, Changes};
use super::cursors::{self, CursorStore};
use super::entry::Entry;
use super::exporters::{Exporters, Guarded};
use super::secrets::{SecretName, Secrets};
use super::statuses::Statuses;
use super::world::World;
use crate::engine::Engine;
use crate::limits;
use crate::resource::{Exporter, Spec};
use crate::settings::Settings;
use crate::time::Millis;

/// The namespace and the name of an Exporter.
type Key = (String, String);

/// What a leader works with.
pub(super) struct Leader<'s> {
    settings: &'s Settings,
    clock: Clock,
    engine: Arc<Engine>,
    changes: Arc<Changes>,
    exporters: Exporters,
    world: World,
    secrets: Secrets,
    cursors: CursorStore,
    statuses: Statuses,
    entries: BTreeMap<Key, Entry>,
}

impl<'s> Leader<'s> {
    /// Begins to watch. Nothing is sent before [`run`](Self::run).
    pub(super) fn new(
        client: &Client,
        settings: &'s Settings,
        engine: Arc<Engine>,
        cursors: CursorStore,
        identity: &str,
        clock: Clock,
    ) -> Self {
        let changes = Arc::new(Changes::default());
        Self {
            settings,
            clock,
            engine,
            exporters: Exporters::watch(client.clone(), Arc::clone(&changes)),
            world: World::new(client.clone(), Arc::clone(&changes)),
            secrets: Secrets::new(client.clone(), Arc::clone(&changes)),
            cursors,
            statuses: Statuses::new(client.clone(), identity, clock.jitter),
            entries: BTreeMap::new(),
            changes,
        }
    }

    /// Works until it is stopped. Then it lets the engine finish what is under way, and writes cursors and statuses.
    ///
    /// # Cancel safety
    ///
    /// Nothing is sent any more. What was acknowledged since the last write of a cursor is sent again by the next leader.
    ///
    /// # Errors
    /// When another leader has taken the cursors.
    pub(super) async fn run(mut self, stop: &CancellationToken) -> Result<(), cursors::Error> {
        self.exporters.listed().await;
        self.world.listed().await;
        let alive = self.exporters.uids();
        // What cannot be deleted now stays for the next leader.
        match self.cursors.delete_others(|uid| alive.contains(uid)).await {
            Ok(0) => {}
            Ok(deleted) => info!(deleted, "deleted the cursors of Exporters that are gone"),
            Err(error) => warn!(error = &error as &dyn std::error::Error, "old cursors stay"),
        }
        let mut saving = interval(limits::LEADER_LOOKS_EVERY);
        let mut reporting = interval(limits::LEADER_LOOKS_EVERY);
        for tick in [&mut saving, &mut reporting] {
            tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        }
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                () = self.changes.wait() => {
                    sleep(limits::CHANGES_SETTLE).await; // what changes together is handled together
                    let changes = self.changes.take();
                    self.reconcile(changes).await?;
                }
                () = self.engine.save_wanted() => {
                    sleep(limits::CHANGES_SETTLE).await;
                    self.save(limits::CURSORS_SAVED_EVERY, limits::CURSORS_WANTED_MAX).await?;
                }
                _ = saving.tick() => {
                    self.save(limits::CURSORS_SAVED_EVERY, limits::CURSORS_LOOKED_AT_MAX).await?;
                }
                _ = reporting.tick() => {
                    if self.world.refresh().await {
                        self.changes.note(Change::Selected);
                    }
                    self.write_statuses().await;
                }
            }
        }
        self.engine.stop(limits::LEADER_DRAINS_WITHIN).await;
        self.save(Duration::ZERO, usize::MAX).await?;
        self.write_statuses().await;
        Ok(())
    }

    /// Compiles what changed, and gives it to the engine.
    async fn reconcile(&mut self, changes: BTreeSet<Change>) -> Result<(), cursors::Error> {
        let mut stale: BTreeSet<Key> = BTreeSet::new();
        for change in changes {
            match change {
                Change::Exporter(namespace, name) => {
                    stale.insert((namespace, name));
                }
                Change::Secret(secret) => {
                    let asks = |entry: &&Entry| entry.needs(&secret);
                    stale.extend(self.entries.values().filter(asks).map(Entry::key));
                }
                Change::Selected => stale.extend(self.entries.keys().cloned()),
            }
        }
        let found: Vec<_> =
            stale.into_iter().map(|key| (self.exporters.get(&key.0, &key.1), key)).collect();
        let specs = self.entries.values().map(Entry::spec);
        // What selectors ask for has to be watched before they are compiled.
        let readable = |guarded: &Option<Arc<Guarded>>| -> Option<Spec> {
            guarded.as_deref()?.0.as_ref().ok().map(Entry::read)
        };
        let new: Vec<_> = found.iter().filter_map(|(exporter, _)| readable(exporter)).collect();
        self.world.watch(specs.chain(new.iter()), self.settings).await;
        let mut changed = Vec::new();
        for (exporter, key) in &found {
            match exporter.as_deref().map(|guarded| &guarded.0) {
                Some(Ok(exporter)) => changed.push((exporter, key.clone())),
                Some(Err(error)) => {
                    let (namespace, name) = key;
                    warn!(namespace, exporter = name, %error, "an Exporter cannot be read; what was read before goes on");
                }
                None => self.forget(key).await,
            }
        }
        self.take(&changed).await?;
        let wanted: BTreeSet<SecretName> = self.entries.values().flat_map(Entry::secrets).collect();
        self.secrets.watch(&wanted);
        Ok(())
    }

    /// Takes Exporters, new or changed. What costs requests is done for several at a time.
    async fn take(&mut self, changed: &[(&Exporter, Key)]) -> Result<(), cursors::Error> {
        let now = self.now();
        self.claim(changed, now).await?;
        for (exporter, key) in changed {
            if let Some(entry) = self.entries.get_mut(key) {
                entry.compile(exporter, self.settings, self.world.cluster(), now);
            }
        }
        let keys: BTreeSet<&Key> = changed.iter().map(|(_, key)| key).collect();
        let store = &self.cursors;
        let entries = self.entries.iter_mut().filter(|(key, _)| keys.contains(key));
        let begun = stream::iter(entries)
            .map(|(key, entry)| async move { (key.clone(), entry.begin(store).await) })
            .buffer_unordered(limits::API_WRITES_AT_ONCE);
        for (key, begun) in begun.collect::<Vec<_>>().await {
            match (begun, self.entries.get_mut(&key)) {
                (Ok(()), Some(entry)) => {
                    self.secrets.also_watch(&entry.secrets());
                    entry.apply(&self.engine, &self.secrets);
                }
                (Ok(()), None) => {}
                (Err(error), _) => self.try_again(key, error)?,
            }
        }
        Ok(())
    }

    /// Claims the cursors of the Exporters that are new.
    async fn claim(
        &mut self,
        changed: &[(&Exporter, Key)],
        now: Millis,
    ) -> Result<(), cursors::Error> {
        let mut new = Vec::new();
        for (exporter, key) in changed {
            let is_same = |entry: &Entry| Some(&entry.id().uid) == exporter.metadata.uid.as_ref();
            if !self.entries.get(key).is_some_and(is_same) {
                // Deleted and made again under the same name: another one, from the beginning.
                self.forget(key).await;
                new.push((exporter, key));
            }
        }
        let (store, jitter) = (&self.cursors, self.clock.jitter);
        let claimed = stream::iter(new)
            .map(|(exporter, key)| async move {
                (key.clone(), Entry::claim(exporter, store, now, jitter()).await)
            })
            .buffer_unordered(limits::API_WRITES_AT_ONCE);
        for (key, claimed) in claimed.collect::<Vec<_>>().await {
            match claimed {
                Ok(entry) => drop(self.entries.insert(key, entry)),
                Err(error) => self.try_again(key, error)?,
            }
        }
        Ok(())
    }

    /// Looks at an Exporter again whose cursors could not be read or written.
    fn try_again(
        &self,
        (namespace, name): Key,
        error: cursors::Error,
    ) -> Result<(), cursors::Error> {
        if matches!(error, cursors::Error::Superseded { .. }) {
            return Err(error);
        }
        let error: &dyn std::error::Error = &error;
        warn!(namespace, exporter = name, error, "its cursors cannot be claimed; trying again");
        self.changes.note(Change::Exporter(namespace, name));
        Ok(())
    }

    async fn forget(&mut self, key: &Key) {
        let Some(entry) = self.entries.remove(key) else { return };
        self.engine.remove(entry.id());
        if let Err(error) = self.cursors.delete(entry.id()).await {
            // The next leader deletes it.
            let error: &dyn std::error::Error = &error;
            warn!(exporter = key.1, namespace = key.0, error, "its cursors cannot be deleted");
        }
    }

    /// Writes the cursors that moved, of the Exporters that were not looked at for so long or wait for it: no more than `most`.
    async fn save(&mut self, pause: Duration, most: usize) -> Result<(), cursors::Error> {
        let (store, engine, now) = (&self.cursors, &self.engine, Instant::now());
        let waits =
            |entry: &Entry| engine.report(entry.id()).is_some_and(|report| report.waits_for_save());
        let is_old = |entry: &Entry| entry.saved.is_none_or(|at| now >= at + pause);
        let mut due: Vec<(bool, &mut Entry)> =
            self.entries.values_mut().map(|entry| (!waits(entry), entry)).collect();
        due.retain(|(is_idle, entry)| !is_idle || is_old(entry));
        due.sort_by_key(|(is_idle, entry)| (*is_idle, entry.saved));
        due.truncate(most);
        let saved = stream::iter(due)
            .map(|(_, entry)| async move {
                entry.saved = Some(now);
                let report = engine.report(entry.id());
                let result = entry.save(store, report.as_deref()).await;
                if result.is_ok() {
                    engine.saved(entry.id(), entry.saved_cursors());
                }
                (result, entry.key())
            })
            .buffer_unordered(limits::API_WRITES_AT_ONCE);
        let saved: Vec<_> = saved.collect().await;
        for (result, key) in saved {
            match result {
                Ok(()) => {}
                Err(error @ cursors::Error::Superseded { .. }) => return Err(error),
                Err(error) => {
                    let error: &dyn std::error::Error = &error;
                    warn!(
                        exporter = key.1,
                        namespace = key.0,
                        error,
                        "its cursors cannot be written; trying again"
                    );
                }
            }
        }
        Ok(())
    }

    /// Writes statuses that changed, or are due.
    async fn write_statuses(&mut self) {
        let now = self.now();
        self.statuses.write_due(self.entries.values_mut(), &self.engine, now).await;
    }

    fn now(&self) -> Millis {
        Millis(i64::try_from((self.clock.now)().as_millis()).unwrap_or(i64::MAX))
    }
}
