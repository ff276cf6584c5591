//! The state that all routes share.

use std::sync::{Arc, Mutex, RwLock};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use ktel_model::standard::Omitted;
use ktel_model::standard::schema::Decision;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tracing::error;

use super::collector::channels::Channels;
use super::counters::Counters;
use super::question_cache::QuestionCache;
use crate::catalog::Catalog;
use crate::connection_limiter::ConnectionLimiter;
use crate::end_of_life::EndOfLife;
use crate::ingest::{self, Sender};
use crate::limits::{
    BODIES_BYTES_MAX, MIN_GROUP_SIZE_DEFAULT, MIN_GROUP_SIZE_LEAST, MIN_GROUP_SIZE_MOST,
    TOKENS_KNOWN_FOR, TOKENS_UNKNOWN_FOR,
};
use crate::publication::Publisher;
use crate::query::child::Runner;
use crate::rate_limit::{ClientSubnet, RateKey, RateLimiter};
use crate::receipt::SigningKey;
use crate::store::Store;
use crate::store::error::Error;
use crate::store::outcome::Appended;
use crate::token::{Role, TokenRecord, Tokens};

/// The tokens as they were read last.
#[derive(Debug)]
struct TokenCache {
    tokens: Tokens,
    read_at: Instant,
}

/// The state that all routes share.
#[derive(Debug)]
pub struct App {
    pub(super) catalog: Arc<Catalog>,
    pub(super) store: Store,
    tokens: RwLock<TokenCache>,
    rate_limiter: RateLimiter,
    pub(super) channels: Mutex<Channels>,
    pub(super) body_memory: Semaphore,
    counters: Counters,
    connections: Option<Arc<ConnectionLimiter>>,
    started: Instant,
    pub(super) now: fn() -> Timestamp,
    pub(super) chart_access: ChartAccess,
    pub(super) min_group_size: i64,
    pub(super) questions: QuestionCache,
    pub(super) decisions: Vec<Decision>,
    pub(super) end_of_life: EndOfLife,
    pub(super) public_pages: Vec<String>,
    pub(super) is_tls: bool,
    pub(super) key: SigningKey,
}

/// Who may read charts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ChartAccess {
    /// Holders of a `reader` or an `admin` token.
    #[default]
    TokenRequired,
    /// Everybody reads published tables.
    Public,
}

impl App {
    /// Creates the state. `now` returns the current time.
    ///
    /// # Errors
    /// When the tokens or the signing key cannot be read from the store.
    pub async fn new(
        catalog: Catalog,
        store: Store,
        now: fn() -> Timestamp,
    ) -> Result<Self, Error> {
        let key = store.key(SigningKey::random(now().to_zoned(TimeZone::UTC).date())).await?;
        let tokens =
            TokenCache { tokens: Tokens::new(store.tokens().await?), read_at: Instant::now() };
        Ok(Self {
            catalog: Arc::new(catalog),
            store,
            tokens: RwLock::new(tokens),
            channels: Mutex::default(),
            rate_limiter: RateLimiter::default(),
            body_memory: Semaphore::new(BODIES_BYTES_MAX),
            counters: Counters::default(),
            connections: None,
            started: Instant::now(),
            now,
            chart_access: ChartAccess::default(),
            min_group_size: i64::from(MIN_GROUP_SIZE_DEFAULT),
            questions: QuestionCache::default(),
            decisions: Vec::new(),
            end_of_life: EndOfLife::default(),
            public_pages: Vec::new(),
            is_tls: false,
            key,
        })
    }

    /// Sets who may read charts, and the minimum number of senders of a group.
    #[must_use]
    pub fn with_chart_access(mut self, access: ChartAccess, min_group_size: u32) -> Self {
        self.chart_access = access;
        self.min_group_size =
            i64::from(min_group_size.clamp(MIN_GROUP_SIZE_LEAST, MIN_GROUP_SIZE_MOST));
        self
    }

    /// Sets where queries run.
    #[must_use]
    pub fn with_query_runner(mut self, runner: Runner) -> Self {
        self.questions.runner = runner;
        self
    }

    /// Sets the decisions that the transparency page lists.
    #[must_use]
    pub fn with_decisions(mut self, decisions: Vec<Decision>) -> Self {
        self.decisions = decisions;
        self
    }

    /// Sets when versions reach their end of life.
    #[must_use]
    pub fn with_end_of_life(mut self, end_of_life: EndOfLife) -> Self {
        self.end_of_life = end_of_life;
        self
    }

    /// Sets the products whose published tables have a page for everybody.
    #[must_use]
    pub fn with_public_pages(mut self, products: Vec<String>) -> Self {
        self.public_pages = products;
        self
    }

    /// Says that clients reach the routes over TLS.
    #[must_use]
    pub fn with_tls(mut self) -> Self {
        self.is_tls = true;
        self
    }

    /// Sets the limiter whose connections `/metrics` counts.
    #[must_use]
    pub fn with_connection_limiter(mut self, connections: Arc<ConnectionLimiter>) -> Self {
        self.connections = Some(connections);
        self
    }

    /// Publishes what is due, and gives how many tables that were.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn publish(&self) -> Result<usize, Error> {
        let publisher = Publisher::new(Arc::clone(&self.catalog), self.min_group_size);
        self.store.publish(&publisher, self.today()).await
    }

    /// Returns the store.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn today(&self) -> Date {
        (self.now)().to_zoned(TimeZone::UTC).date()
    }

    pub(super) fn context<'a>(&'a self, token: &'a TokenRecord) -> ingest::Context<'a> {
        let (today, token_product) = (self.today(), token.product.as_deref());
        let sender = match token.role {
            Role::Ingest => Sender::Token(token.group()),
            Role::Events => Sender::ProductKey,
            Role::Public | Role::Reader | Role::Admin => Sender::Public,
        };
        ingest::Context {
            catalog: &self.catalog,
            today,
            token_product,
            sender,
            key: None,
            signer: None,
        }
    }

    pub(super) fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Returns the limiter of connections, where there is one.
    pub(super) fn connections(&self) -> Option<&ConnectionLimiter> {
        self.connections.as_deref()
    }

    pub(super) fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Takes one request from the rate limit of a token, or of an endpoint that needs none.
    pub(super) fn try_acquire(&self, key: RateKey) -> bool {
        self.rate_limiter.try_acquire(key, self.elapsed_ms())
    }

    /// Takes one request from the rate limit of an endpoint that needs no token.
    pub(crate) fn try_acquire_unauthenticated(&self, endpoint: &'static str) -> bool {
        self.try_acquire(RateKey::Endpoint(endpoint))
    }

    /// Takes one request from the rate limit of a client subnet.
    pub(super) fn try_acquire_subnet(&self, subnet: ClientSubnet) -> bool {
        self.rate_limiter.try_acquire_subnet(subnet, self.elapsed_ms())
    }

    pub(crate) fn count_rejected(&self, reason: &'static str, items: usize) {
        self.counters.rejected(reason, items as u64);
    }

    /// Looks a token up. The cached tokens are at most [`TOKENS_KNOWN_FOR`] old, since tokens are added
    /// and revoked while a receiver runs.
    pub(super) async fn find_token(&self, token: &str) -> Option<Arc<TokenRecord>> {
        let (found, since) = {
            let known = self.tokens.read().expect("no holder panics");
            (known.tokens.find(token).cloned(), known.read_at)
        };
        // A token that was just created works at once; guesses do not keep the store busy.
        let fresh_for = if found.is_some() { TOKENS_KNOWN_FOR } else { TOKENS_UNKNOWN_FOR };
        if since.elapsed() < fresh_for {
            return found;
        }
        if let Err(error) = self.refresh_tokens().await {
            let error = &error as &dyn std::error::Error;
            error!(error, "could not read the tokens again; using the cached ones");
            return found;
        }
        self.tokens.read().expect("no holder panics").tokens.find(token).cloned()
    }

    /// Reads all tokens again.
    pub(crate) async fn refresh_tokens(&self) -> Result<(), Error> {
        let tokens = Tokens::new(self.store.tokens().await?);
        let cache = TokenCache { tokens, read_at: Instant::now() };
        *self.tokens.write().expect("no holder panics") = cache;
        Ok(())
    }

    /// Stores items with one sync and counts them. Returns the first error, if there is one.
    pub(super) async fn store_items(
        &self,
        read: Vec<ingest::Read>,
    ) -> Result<Vec<Appended>, Error> {
        let mut omitted = Omitted::default();
        read.iter().for_each(|read| omitted.add(&read.omitted));
        let records = read.into_iter().map(|read| read.record).collect();
        let mut all = Vec::new();
        for stored in self.store.append_all(records).await? {
            let stored = stored?;
            self.counters.stored(stored);
            all.push(stored);
        }
        // Items that were not stored are sent again, and counted then.
        omitted.iter().for_each(|(reason, values)| self.counters.omitted(reason.word(), values));
        Ok(all)
    }
}
