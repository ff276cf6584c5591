//! An agent within a controller: what an operator configures, and what the controller adds in code.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use std::{fmt, io};

use ktel_delivery::courier::Clock;
use kube::Client;
use serde::Serialize;

use crate::agent::Agent;
use crate::error::Error;
use crate::file::{self, Draft, RawServer, RawStats};
use crate::lifecycle::Kind;
use crate::numbers::Numbers;
use crate::objection::objection;
use ktel_destination::Tokens;
use ktel_jobs::Workflow;
use ktel_usage::consent;
use ktel_usage::product_name::ProductName;

/// What messages call a configuration that is code.
const HERE: &str = "the code of the controller";

/// Makes an [`Agent`] for a controller.
///
/// Only what a schema declares is sent: the fields that a function gives pass through the schema that
/// it names, and others are omitted and counted. Consent, identity, lease, delivery and preview are
/// those of `ktel agent run`.
///
/// ```
/// use std::time::Duration;
///
/// use ktel_agent::Agent;
/// # use ktel_delivery::courier::Clock;
/// # const STATS: &str = include_str!("../../../telemetry/kamaji-stats.yaml");
/// # async fn example(client: kube::Client, clock: Clock, stop: impl Future<Output = ()>)
/// # -> Result<(), Box<dyn std::error::Error>> {
/// let agent = Agent::builder("acme".parse()?)
///     .server("https://telemetry.acme.example/v1/reports")
///     .state("/var/lib/acme")
///     .schema(STATS)
///     .fact("kubernetes_version", "identify-platform.kubernetes_version")
///     .stats("kamaji-stats", || async {
///         Ok::<_, std::io::Error>(serde_json::json!({"running": 3, "kamaji_version": "v1.2.0"}))
///     })
///     .period(Duration::from_secs(24 * 60 * 60))
///     .events("tenant", [("created", "kamaji-create"), ("deleted", "kamaji-delete")])
///     .build(client, clock)?;
/// let lifecycle = agent.lifecycle(); // for the reconciler
/// lifecycle.created("tenant", &serde_json::json!({"tcp_version": "v1.30.0"}))?;
/// agent.run(stop).await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is reported before it is built and run"]
pub struct Builder {
    product: ProductName,
    configuration: Option<String>,
    namespace: Option<String>,
    selector: Option<String>,
    servers: Vec<String>,
    state: Option<PathBuf>,
    schemas: Vec<String>,
    facts: BTreeMap<String, String>,
    period: Option<Duration>,
    initial_delay: Option<Duration>,
    numbers: Option<(String, Numbers)>,
    workflow: Option<Workflow>,
    emitted: BTreeMap<String, Vec<(String, String)>>,
    own_pod: Option<(String, String)>,
    tokens: Tokens,
    disabled: bool,
}

impl fmt::Debug for Builder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Builder").field("product", &self.product).finish_non_exhaustive()
    }
}

impl Agent<'_> {
    /// Starts to make an agent for a controller.
    pub fn builder(product: ProductName) -> Builder {
        Builder {
            product,
            configuration: None,
            namespace: None,
            selector: None,
            servers: Vec::new(),
            state: None,
            schemas: Vec::new(),
            facts: BTreeMap::new(),
            period: None,
            initial_delay: None,
            numbers: None,
            workflow: None,
            emitted: BTreeMap::new(),
            own_pod: None,
            tokens: Tokens::default(),
            disabled: false,
        }
    }
}

impl Builder {
    /// Sets an operator's configuration, the text of an `agent.yaml`, with its watches, counts and
    /// metrics. What the code sets is added, and takes precedence.
    pub fn configuration(mut self, text: impl Into<String>) -> Self {
        self.configuration = Some(text.into());
        self
    }

    /// Sets the namespace of the lease and the key; default: the client's own.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// Sets the labels that find the product's workload.
    pub fn selector(mut self, selector: impl Into<String>) -> Self {
        self.selector = Some(selector.into());
        self
    }

    /// Adds a server by its URL.
    pub fn server(mut self, url: impl Into<String>) -> Self {
        self.servers.push(url.into());
        self
    }

    /// Sets the directory for what was seen and what is not delivered yet, so that a restart loses nothing.
    pub fn state(mut self, directory: impl Into<PathBuf>) -> Self {
        self.state = Some(directory.into());
        self
    }

    /// Adds a schema, the text of a file of the standard.
    pub fn schema(mut self, text: impl Into<String>) -> Self {
        self.schemas.push(text.into());
        self
    }

    /// Adds a value that may stand in any document: `JOB.FIELD`, `installation`, or `=VALUE`.
    pub fn fact(mut self, name: impl Into<String>, from: impl Into<String>) -> Self {
        self.facts.insert(name.into(), from.into());
        self
    }

    /// Calls a function once a period, and sends what a schema declares of the fields that it gives.
    pub fn stats<F, Future, Fields, Fault>(mut self, schema: impl Into<String>, function: F) -> Self
    where
        F: Fn() -> Future + Send + Sync + 'static,
        Future: std::future::Future<Output = Result<Fields, Fault>> + Send + 'static,
        Fields: Serialize,
        Fault: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        self.numbers = Some((schema.into(), Numbers::of(function)));
        self
    }

    /// Runs a workflow once a period, and sends all of its sections.
    pub fn workflow(mut self, workflow: Workflow) -> Self {
        self.workflow = Some(workflow);
        self
    }

    /// Sets how often numbers are sent; default: once a day.
    pub fn period(mut self, period: Duration) -> Self {
        self.period = Some(period);
        self
    }

    /// Sets when numbers are sent first; default: after ten minutes.
    pub fn initial_delay(mut self, delay: Duration) -> Self {
        self.initial_delay = Some(delay);
        self
    }

    /// Sets the schemas of the events that the controller emits of a kind: pairs of `created`, `updated`
    /// or `deleted` and the schema's name. See [`Agent::lifecycle`].
    pub fn events<'e>(
        mut self,
        kind: impl Into<String>,
        schemas: impl IntoIterator<Item = (&'e str, &'e str)>,
    ) -> Self {
        let named = schemas.into_iter().map(|(what, schema)| (what.to_owned(), schema.to_owned()));
        self.emitted.entry(kind.into()).or_default().extend(named);
        self
    }

    /// Sets the namespace and the name of the pod that this is, for jobs about its deployment.
    pub fn own_pod(mut self, namespace: impl Into<String>, name: impl Into<String>) -> Self {
        self.own_pod = Some((namespace.into(), name.into()));
        self
    }

    /// Sets tokens for servers that name no file with one.
    pub fn tokens(mut self, tokens: Tokens) -> Self {
        self.tokens = tokens;
        self
    }

    /// Sets the controller's own flag, `--disable-telemetry`.
    pub fn disable_telemetry(mut self, disabled: bool) -> Self {
        self.disabled = disabled;
        self
    }

    /// Makes the agent; no request is made. Consent is decided here, once.
    ///
    /// # Errors
    /// When the configuration is wrong, or a server's token or certificate cannot be read.
    pub fn build<'p>(self, client: Client, clock: Clock) -> Result<Agent<'p>, Error> {
        // Exhaustive on purpose: a new part does not compile until it is used here.
        let Self {
            product,
            configuration,
            namespace,
            selector,
            servers,
            state,
            schemas,
            facts,
            period,
            initial_delay,
            numbers,
            workflow,
            emitted,
            own_pod,
            tokens,
            disabled,
        } = self;
        let wrong =
            |message: String| file::Error::Format { file: HERE.to_owned(), message, hint: None };
        let mut draft = match configuration {
            Some(text) => Draft::read(&text, HERE)?,
            None => Draft::of(product.clone()),
        };
        if draft.product != product {
            let message = format!("`{}` is not `{}`", draft.product.as_str(), product.as_str());
            return Err(wrong(message).into());
        }
        draft.namespace = namespace.or(draft.namespace);
        draft.selector = selector.or(draft.selector);
        draft.state = state.or(draft.state);
        draft.servers.extend(servers.iter().map(|url| RawServer::at(url)));
        draft.facts.extend(facts);
        let texts: BTreeMap<String, String> =
            (1..).zip(schemas).map(|(at, text)| (format!("schema {at}"), text)).collect();
        draft.schemas.extend(texts.keys().cloned());
        draft.embedded = numbers.is_some() || workflow.is_some();
        if draft.embedded || period.is_some() || initial_delay.is_some() {
            let stats = draft.stats.get_or_insert_with(RawStats::default);
            let seconds = |time: Duration| format!("{} s", time.as_secs());
            stats.period = period.map(seconds).or_else(|| stats.period.take());
            stats.initial_delay = initial_delay.map(seconds).or_else(|| stats.initial_delay.take());
            let schema = numbers.as_ref().map(|(schema, _)| schema.clone());
            stats.schema = schema.or_else(|| stats.schema.take());
        }
        for (kind, named) in emitted {
            for (what, schema) in named {
                let what =
                    Kind::ALL.into_iter().find(|known| known.word() == what).ok_or_else(|| {
                        wrong(format!("`{what}` of `{kind}` is none of created, updated, deleted"))
                    })?;
                draft.emitted.entry(kind.clone()).or_default().insert(what, schema);
            }
        }
        let read = |name: &str| texts.get(name).cloned().ok_or(io::ErrorKind::NotFound.into());
        let file = draft.check(HERE, &read)?;
        let consent = consent::ask(&file.product);
        let objection = objection(&file, disabled, &consent);
        let agent = Agent::new(file, client, own_pod, &tokens, clock)?;
        Ok(agent.with(numbers.map(|(_, numbers)| numbers), workflow).subject_to(objection))
    }
}

#[cfg(test)]
mod tests;
