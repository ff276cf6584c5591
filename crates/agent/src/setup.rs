//! What an agent works with: its file, its cluster, and the ways to its servers.

use jiff::Timestamp;
use ktel_delivery::courier::Clock;
use kube::Client;

use crate::delivery::Delivery;
use crate::error::Error;
use crate::file::AgentFile;
use crate::metrics::Scraper;
use crate::numbers::Numbers;
use crate::status::Status;
use ktel_destination::Tokens;
use ktel_jobs::workflow::Error as WorkflowError;
use ktel_jobs::{Catalog, Cluster, Product, Workflow};

/// What stays the same while an agent runs.
pub(super) struct Setup<'p> {
    pub(super) file: AgentFile,
    pub(super) client: Client,
    pub(super) cluster: Cluster,
    pub(super) namespace: String,
    /// The jobs that the file sends, and those that facts come from.
    pub(super) facts: Option<Workflow>,
    pub(super) delivery: Delivery<'p>,
    pub(super) scraper: Option<Scraper>,
    /// What a controller counts itself.
    pub(super) numbers: Option<Numbers>,
    /// What a controller runs and sends as a whole.
    pub(super) workflow: Option<Workflow>,
    pub(super) is_preview: bool,
    pub(super) status: Status,
    pub(super) clock: Clock,
}

impl Setup<'_> {
    /// Makes no request, and touches no file but those that servers name.
    pub(super) fn new(
        file: AgentFile,
        client: Client,
        own_pod: Option<(String, String)>,
        tokens: &Tokens,
        clock: Clock,
    ) -> Result<Self, Error> {
        let status = Status::default();
        let state = file.state.as_deref();
        let delivery = Delivery::new(&file.servers, state, tokens, clock, status.clone())?;
        let namespace =
            file.namespace.clone().unwrap_or_else(|| client.default_namespace().to_owned());
        let product = Product {
            name: Some(file.product.to_string()),
            selector: file.selector.clone(),
            namespace: Some(namespace.clone()),
            own_pod,
            read_helm_release: false,
            publish_service: None,
        };
        let catalog = Catalog::built_in();
        let jobs = file.jobs().into_iter().map(|job| {
            catalog.find(job).expect("the configuration was read with the same catalog")
        });
        let facts = match Workflow::builder().jobs(jobs.collect::<Vec<_>>()).build() {
            Ok(workflow) => Some(workflow),
            Err(WorkflowError::Empty) => None,
            Err(error) => return Err(error.into()),
        };
        let cluster = Cluster::new(client.clone(), product);
        let metrics = file.stats.as_ref().and_then(|stats| stats.metrics.as_ref());
        let scraper = metrics.map(|metrics| Scraper::new(metrics, &client)).transpose()?;
        Ok(Self {
            file,
            client,
            cluster,
            namespace,
            facts,
            delivery,
            scraper,
            numbers: None,
            workflow: None,
            is_preview: false,
            status,
            clock,
        })
    }

    pub(super) fn now(&self) -> Timestamp {
        let since = (self.clock.now)();
        // A clock beyond the calendar is no clock.
        let second = i64::try_from(since.as_secs()).unwrap_or_default();
        Timestamp::from_second(second).unwrap_or_default()
    }
}
