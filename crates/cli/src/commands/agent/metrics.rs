//! The metrics and the readiness of `ktel agent run`.

use std::collections::BTreeMap;
use std::fmt;

use ktel::agent::{Counts, Phase, Status};
use ktel_process::health::Readiness;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

/// Tells whether an agent does its work, as leader or standing by, or could do it once.
pub(super) fn readiness(status: &Status) -> Readiness {
    match status.phase() {
        Phase::StandingBy | Phase::Leading if !status.is_synced() => {
            Readiness::NotReady("the API server has not answered yet; see the log".into())
        }
        Phase::Off | Phase::StandingBy | Phase::Leading => Readiness::Ready,
        Phase::Starting => Readiness::NotReady("another agent uses the state directory".into()),
    }
}

/// The metrics of an agent, as Prometheus scrapes them.
#[derive(Debug)]
pub(super) struct AgentMetrics(pub(super) Status);

impl Collector for AgentMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let is_leader = self.0.phase() == Phase::Leading;
        // Exhaustive on purpose: a new count does not compile until it is shown here.
        let Counts {
            terms,
            events,
            dropped_events,
            delivered_parcels,
            rejected_parcels,
            retried_parcels,
            held_parcels,
            last_delivery,
        } = self.0.counts();
        let encoder = &mut encoder;
        let help = "Whether this agent is the leader of those of its product: 1 or 0.";
        gauge(encoder, "ktel_agent_is_leader", help, f64::from(u8::from(is_leader)))?;
        let help = "Terms in which this agent was the leader.";
        counter(encoder, "ktel_agent_leader_terms", help, terms)?;
        let help = "Events handed to delivery.";
        counter(encoder, "ktel_agent_events", help, events)?;
        let help = "Events that are not sent, by reason.";
        family(encoder, "ktel_agent_dropped_events", help, dropped_events)?;
        let help =
            "Parcels that a server accepted. A parcel has one report or event for one server.";
        counter(encoder, "ktel_agent_delivered_parcels", help, delivered_parcels)?;
        let help = "Parcels that a server rejected, by reason. They are not sent again.";
        family(encoder, "ktel_agent_rejected_parcels", help, rejected_parcels)?;
        let help = "Parcels that have to be sent again, by reason; once for each attempt.";
        family(encoder, "ktel_agent_retried_parcels", help, retried_parcels)?;
        let help = "Attempts after which everything for a server is held, by reason. Correct the configuration.";
        family(encoder, "ktel_agent_held_parcels", help, held_parcels)?;
        let help = "When a server accepted a parcel last, in seconds since 1970; 0 for never.";
        let last = last_delivery.map_or(0.0, |last| last.as_secs_f64());
        gauge(encoder, "ktel_agent_last_delivery_timestamp_seconds", help, last)
    }
}

fn gauge(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: f64) -> fmt::Result {
    let value = ConstGauge::new(value);
    value.encode(encoder.encode_descriptor(name, help, None, value.metric_type())?)
}

/// Encodes a counter; the encoder adds `_total` to its name.
fn counter(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: u64) -> fmt::Result {
    let value = ConstCounter::new(value);
    value.encode(encoder.encode_descriptor(name, help, None, value.metric_type())?)
}

/// Encodes counters that differ in their reason.
fn family(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    counts: BTreeMap<&'static str, u64>,
) -> fmt::Result {
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (reason, count) in counts {
        ConstCounter::new(count).encode(family.encode_family(&[("reason", reason)])?)?;
    }
    Ok(())
}
