//! The metrics of a process, in the format of OpenMetrics.

use std::fmt;
use std::sync::Mutex;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

/// The media type of [`Metrics::text`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A registry with what all long-running commands have in common.
pub struct Metrics(Mutex<Registry>);

impl Metrics {
    /// Creates a registry with `ktel_build_info`, which says which program of which version runs.
    #[must_use]
    pub fn new(component: &'static str) -> Self {
        let mut registry = Registry::default();
        let labels = [("version", env!("CARGO_PKG_VERSION")), ("component", component)];
        registry.register("ktel_build", "The version and the command that runs", Info::new(labels));
        Self(Mutex::new(registry))
    }

    /// Registers metrics of a command; their names begin with `ktel_` and the name of the command.
    #[must_use]
    pub fn with(self, register: impl FnOnce(&mut Registry)) -> Self {
        register(&mut self.registry());
        self
    }

    /// Encodes the current values.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry()).expect("a string takes all text");
        text
    }

    fn registry(&self) -> std::sync::MutexGuard<'_, Registry> {
        self.0.lock().expect("no code panics while it holds this lock")
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Metrics").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::Metrics;
    use prometheus_client::metrics::counter::Counter;

    #[test]
    fn the_build_stands_beside_what_a_command_registers() {
        let sent: Counter = Counter::default();
        let metrics = Metrics::new("agent")
            .with(|registry| registry.register("ktel_agent_sent", "Sent items", sent.clone()));
        sent.inc_by(3);
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(
            metrics.text(),
            format!(
                "# HELP ktel_build The version and the command that runs.
# TYPE ktel_build info
ktel_build_info{{version=\"{version}\",component=\"agent\"}} 1
# HELP ktel_agent_sent Sent items.
# TYPE ktel_agent_sent counter
ktel_agent_sent_total 3
# EOF
"
            )
        );
    }
}
