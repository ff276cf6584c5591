//! Sends a sink one data point of its own, by the same code that delivers, and says what the receiver answers.

use std::time::Duration;

use bytes::Bytes;
use ktel_delivery::verdict::{Hold, Rejection, Trouble, Verdict};
use ktel_otlp::{
    Attributes, InstrumentationScope, Metric, MetricsWriter, NumberDataPoint, NumberValue, Resource,
};

use crate::batch::Batch;
use crate::credentials::Credentials;
use crate::plan::{ExporterId, SinkPlan};
use crate::sink::{Judgement, Outcome, Sender, SetupError, Shared};
use crate::time::{Millis, Window};

/// The metric of the data point.
pub const METRIC: &str = "ktel.exporter.test";

/// Makes the request: a gauge of 1 at a moment, which says which sink of which Exporter was tested.
#[must_use]
pub fn request(id: &ExporterId, sink: &SinkPlan, now: Millis) -> Batch {
    let mut attributes = Attributes::new();
    attributes.push("service.namespace", "ktel").push("service.name", "ktel-exporter");
    attributes.push("service.version", env!("CARGO_PKG_VERSION"));
    let mut out = MetricsWriter::new();
    out.resource(&Resource { attributes: attributes.view(), ..Resource::default() }, "");
    let (name, version) = ("ktel.exporter", env!("CARGO_PKG_VERSION"));
    out.scope(&InstrumentationScope { name, version, ..InstrumentationScope::default() }, "");
    let description = "A test of an exporter's sink; always 1.";
    let metric = Metric { name: METRIC, description, unit: "1", ..Metric::default() };
    let mut attributes = Attributes::new();
    attributes.push("exporter.namespace", id.namespace.as_str());
    attributes.push("exporter.name", id.name.as_str()).push("exporter.sink", sink.name.as_str());
    out.gauge(&metric).push(&NumberDataPoint {
        time_unix_nano: now.to_unix_nano(),
        value: NumberValue::Double(1.0),
        attributes: attributes.view(),
        ..NumberDataPoint::default()
    });
    let window = Window { start: now, end: now + Duration::from_millis(1) };
    Batch { body: Bytes::from(out.finish()), points: 1, window, number: 0 }
}

/// Sends the request to the sink, once.
///
/// # Errors
/// When the credentials lack something, or the sink cannot be used.
pub async fn send(
    request: Batch,
    sink: &SinkPlan,
    credentials: &Credentials,
    now: Duration,
) -> Result<Outcome, SetupError> {
    let sender = Sender::new(sink, credentials)?;
    Ok(sender.send(&Shared::new(request, None), now).await)
}

/// Says whether the receiver has the data point.
#[must_use]
pub const fn is_delivered(outcome: &Outcome) -> bool {
    matches!(
        outcome.judgement,
        Judgement::By(
            Verdict::Accepted
                | Verdict::AcceptedSlowly
                | Verdict::PartlyAccepted { rejected: 0, .. }
        )
    )
}

/// Says what to do next; none if all is well.
#[must_use]
pub const fn advice(judgement: &Judgement) -> Option<&'static str> {
    let verdict = match judgement {
        Judgement::Split { .. } => {
            return Some(
                "the receiver takes less than one data point; is it a receiver of OTLP metrics?",
            );
        }
        Judgement::By(verdict) => verdict,
    };
    Some(match verdict {
        Verdict::Accepted | Verdict::AcceptedSlowly => return None,
        Verdict::PartlyAccepted { rejected: 0, .. } => {
            "the receiver has the data point, and says something about it"
        }
        Verdict::PartlyAccepted { .. } => {
            "the receiver can be reached and takes the credentials, and not the data point; its message says why"
        }
        Verdict::Retry { trouble, .. } => match trouble {
            Trouble::Unreachable => {
                "nothing answers there: check `endpoint`, and `egress` of the settings"
            }
            Trouble::Timeout => {
                "the receiver did not answer in time; check `endpoint`, firewalls and proxies"
            }
            Trouble::Throttled => "the receiver asks for fewer requests; test again later",
            Trouble::Unavailable => {
                "the receiver, or a proxy before it, is not ready; test again later"
            }
            Trouble::Unconfirmed => {
                "the answer could not be read; is `endpoint` that of an OTLP receiver?"
            }
        },
        Verdict::Held { hold, .. } => match hold {
            Hold::Unauthorized => {
                "check the Secret, its key, and `authentication.type`: the receiver does not take the credentials"
            }
            Hold::Forbidden => {
                "the credentials are known, and may not write metrics; give them the permission"
            }
            Hold::ProxyUnauthorized => {
                "a proxy wants credentials; check the proxy of the environment"
            }
            Hold::NotFound => {
                "check the path of `endpoint`: `/v1/metrics` is added to it, and nothing takes metrics there"
            }
            Hold::Redirected => {
                "write the address that it redirects to into `endpoint`; credentials are not sent on"
            }
            Hold::Misconfigured => {
                "check `compression` and the rest of the sink: the receiver is not set up for it"
            }
            Hold::Untrusted => {
                "name the authority that signed the certificate in `tls.ca`, or the name in it in `tls.serverName`"
            }
            Hold::Unprocessed => "the receiver fails; look at its log",
        },
        Verdict::Rejected { rejection, .. } => match rejection {
            Rejection::TooLarge => {
                "the receiver takes less than one data point; is it a receiver of OTLP metrics?"
            }
            Rejection::Malformed | Rejection::Unsafe | Rejection::Other => {
                "the receiver answered, and rejects the data point; is `endpoint` one of OTLP metrics over HTTP?"
            }
        },
    })
}
