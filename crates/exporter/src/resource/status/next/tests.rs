use std::time::Duration;

use serde_json::Value;

use super::next;
use crate::plan::{
    Accepts, Authentication, BatchPlan, Compression, Egress, ExporterId, LateData, OnExhausted,
    Plan, RatePlan, RetryPlan, Selection, SinkPlan, SourcePlan, Temporality, Tenant, TlsPlan,
};
use crate::report::{Gap, LaneReport, LaneState, Points, Problem, Report, SourceReport};
use crate::resource::finding::Finding;
use crate::resource::path::FieldPath;
use crate::resource::status::facts::{CredentialProblem, Facts};
use crate::resource::status::{ConditionStatus, ConditionType, ExporterStatus, SinkState};
use crate::time::{Millis, Window};

const NOW: Millis = Millis(1_800_000_000_000);

fn id() -> ExporterId {
    ExporterId { namespace: "default".to_owned(), name: "a".to_owned(), uid: "u".to_owned() }
}

fn plan() -> Plan {
    let source = |name: &str| SourcePlan {
        name: name.to_owned(),
        selection: Selection::Raw(Vec::new()),
        begin: Millis(0),
        lag_min: Duration::ZERO,
        late_data: LateData::Off,
        backfill: None,
    };
    let sink = SinkPlan {
        name: "sink".to_owned(),
        sources: vec![0, 1],
        endpoint: "https://otlp.example.com/v1/metrics".parse().expect("an address"),
        authentication: Authentication::None,
        headers: Vec::new(),
        secret_headers: Vec::new(),
        tls: TlsPlan::default(),
        egress: Egress::default(),
        compression: Compression::Gzip,
        batch: BatchPlan {
            is_enabled: true,
            timeout: Duration::from_secs(5),
            points_max: 500,
            bytes_max: 4 << 20,
        },
        retry: RetryPlan {
            attempts_max: 3,
            backoff: Duration::from_secs(2),
            backoff_max: Duration::from_secs(60),
            on_exhausted: OnExhausted::Hold,
        },
        temporality: Temporality::Delta,
        rate: RatePlan {
            points_per_second: Some(10_000),
            burst: 1,
            in_flight_max: 4,
            age_max: Some(Duration::from_secs(86_400)),
        },
        accepts: Accepts { out_of_order: Some(Duration::from_secs(7200)), ..Accepts::default() },
    };
    Plan {
        id: id(),
        generation: 1,
        tenant: Tenant { name: "t".to_owned(), matchers: Vec::new(), path: None },
        sources: vec![source("one"), source("two")],
        sinks: vec![sink],
        is_suspended: false,
    }
}

fn lane(source: &str) -> LaneReport {
    LaneReport {
        source: source.to_owned(),
        sink: "sink".to_owned(),
        cursor: Some(NOW - Duration::from_secs(20)),
        lag: Duration::from_secs(5),
        state: LaneState::Delivering,
        points: Points {
            read: 10,
            sent: 9,
            acknowledged: 7,
            rejected: 1,
            dropped: 1,
            in_flight: 1,
        },
        ..LaneReport::default()
    }
}

fn report() -> Report {
    let source = |name: &str| SourceReport {
        name: name.to_owned(),
        series: 3,
        late: 2,
        ..SourceReport::default()
    };
    Report {
        id: id(),
        generation: 1,
        sources: vec![source("one"), source("two")],
        lanes: vec![lane("one"), lane("two")],
        backfills: Vec::new(),
        repairs: Vec::new(),
    }
}

fn problem(status: Option<u16>) -> Problem {
    Problem { reason: "Unauthorized", status, message: "no\u{7}".repeat(200), time: NOW }
}

/// What is known, in full.
struct Known {
    plan: Option<Plan>,
    findings: Vec<Finding>,
    credentials: Vec<CredentialProblem>,
    report: Option<Report>,
    base: ExporterStatus,
}

impl Known {
    fn good() -> Self {
        let (plan, report) = (Some(plan()), Some(report()));
        Self {
            plan,
            findings: Vec::new(),
            credentials: Vec::new(),
            report,
            base: ExporterStatus::default(),
        }
    }

    fn next(&self, previous: &ExporterStatus, now: Millis) -> ExporterStatus {
        let facts = Facts {
            generation: 1,
            plan: self.plan.as_ref(),
            findings: &self.findings,
            credentials: &self.credentials,
            report: self.report.as_ref(),
            base: &self.base,
        };
        next(previous, &facts, now)
    }
}

fn summary(status: &ExporterStatus) -> String {
    let letter = |condition: &super::super::Condition| {
        let status = match condition.status {
            ConditionStatus::True => "+",
            ConditionStatus::False => "-",
            ConditionStatus::Unknown => "?",
        };
        format!("{status}{}", condition.reason)
    };
    status.conditions.iter().map(letter).collect::<Vec<_>>().join(" ")
}

type Change = fn(&mut Known);

/// What is known, as a change of what is good, and the conditions that follow.
const CASES: [(&str, Change, &str); 12] = [
    ("all is well", |_| (), "+Accepted +Reading +Valid +Delivering +CaughtUp +Ready"),
    (
        "nothing is known",
        |known| known.report = None,
        "+Accepted ?Starting ?Starting ?Starting ?Starting ?Starting",
    ),
    (
        "a warning",
        |known| known.findings.push(Finding::warning(FieldPath::spec(), "Odd", "odd")),
        "+AcceptedWithWarnings +Reading +Valid +Delivering +CaughtUp +Ready",
    ),
    (
        "an error beside what works",
        |known| known.findings.push(Finding::error(FieldPath::spec(), "Bad", "bad")),
        "-PartlyInvalid +Reading +Valid +Delivering +CaughtUp -NotAccepted",
    ),
    (
        "nothing usable",
        |known| {
            known.plan = None;
            known.findings.push(Finding::error(FieldPath::spec(), "Bad", "bad"));
        },
        "-Invalid -NotAccepted -NotAccepted -NotAccepted -NotAccepted -NotAccepted",
    ),
    (
        "the store does not answer",
        |known| source(known).error = Some(Problem { reason: "Unreachable", ..problem(None) }),
        "+Accepted -Unreachable +Valid +Delivering +CaughtUp -SourcesNotReady",
    ),
    (
        "a Secret is missing",
        |known| {
            let (sink, message) = ("sink".to_owned(), "make it".to_owned());
            known.credentials.push(CredentialProblem { sink, reason: "SecretNotFound", message });
        },
        "+Accepted +Reading -SecretNotFound +Delivering +CaughtUp -CredentialsInvalid",
    ),
    (
        "a token is rejected",
        |known| {
            let lane = first(known);
            (lane.state, lane.error) = (LaneState::Held, Some(problem(Some(401))));
        },
        "+Accepted +Reading -Unauthorized -Unauthorized +CaughtUp -CredentialsInvalid",
    ),
    (
        "a sink is down",
        |known| {
            let lane = first(known);
            let error = Problem { reason: "Unavailable", ..problem(Some(503)) };
            (lane.state, lane.error) = (LaneState::Exhausted, Some(error));
            lane.lag = Duration::from_secs(3600);
        },
        "+Accepted +Reading +Valid -Unavailable -Behind -NotDelivering",
    ),
    (
        "a lane is behind",
        |known| first(known).lag = Duration::from_secs(121),
        "+Accepted +Reading +Valid +Delivering -Behind -Behind",
    ),
    (
        "a lane has not begun",
        |known| {
            *first(known) = LaneReport {
                source: "one".to_owned(),
                sink: "sink".to_owned(),
                ..LaneReport::default()
            }
        },
        "+Accepted +Reading ?Starting ?Starting ?Starting ?Starting",
    ),
    (
        "suspended",
        |known| known.plan.as_mut().expect("there is one").is_suspended = true,
        "+Accepted ?Suspended ?Suspended ?Suspended ?Suspended ?Suspended",
    ),
];

#[test]
fn conditions_tell_the_truth() {
    for (name, change, expected) in CASES {
        let mut known = Known::good();
        change(&mut known);
        let status = known.next(&ExporterStatus::default(), NOW);
        assert_eq!(summary(&status), expected, "{name}");
        assert!(status.conditions.iter().all(|condition| condition.observed_generation == Some(1)));
    }
}

fn first(known: &mut Known) -> &mut LaneReport {
    known.report.as_mut().and_then(|report| report.lanes.first_mut()).expect("there is one")
}

fn source(known: &mut Known) -> &mut SourceReport {
    known.report.as_mut().and_then(|report| report.sources.first_mut()).expect("there is one")
}

#[test]
fn without_a_change_the_status_is_equal_also_when_it_was_read_back() {
    let mut known = Known::good();
    first(&mut known).error = Some(problem(Some(503)));
    first(&mut known).next_attempt = Some(NOW + Duration::from_millis(1234));
    let gap = Window { start: NOW - Duration::from_millis(61_500), end: NOW };
    first(&mut known).gaps = vec![Gap { window: gap, reason: "TooOld", points: 5 }];
    let once = known.next(&ExporterStatus::default(), NOW);
    let text = serde_json::to_string(&once).expect("it is written");
    let read: ExporterStatus = serde_json::from_str(&text).expect("it is read");
    assert_eq!(read, once);
    assert_eq!(known.next(&read, NOW + Duration::from_secs(3600)), once);
}

#[test]
fn a_transition_is_the_time_of_a_changed_status_not_of_a_changed_reason() {
    let known = Known::good();
    let first = known.next(&ExporterStatus::default(), NOW);
    let mut warned = Known::good();
    warned.findings.push(Finding::warning(FieldPath::spec(), "Odd", "odd"));
    let later = NOW + Duration::from_secs(100);
    let second = warned.next(&first, later);
    let mut broken = Known::good();
    broken.findings.push(Finding::error(FieldPath::spec(), "Bad", "bad"));
    let third = broken.next(&second, later);
    let since = |status: &ExporterStatus, kind| {
        let condition = status.conditions.iter().find(|condition| condition.kind == kind);
        condition.map(|condition| condition.last_transition_time.0.as_millisecond())
    };
    assert_eq!(second.conditions[0].reason, "AcceptedWithWarnings");
    assert_eq!(since(&second, ConditionType::Accepted), Some(NOW.0));
    assert_eq!(since(&third, ConditionType::Accepted), Some(later.0));
    assert_eq!(since(&third, ConditionType::Delivering), Some(NOW.0));
}

#[test]
fn a_restart_is_no_news_until_something_is_known() {
    let known = Known::good();
    let before = known.next(&ExporterStatus::default(), NOW);
    let restarted = Known { report: None, base: before.clone(), ..Known::good() };
    assert_eq!(restarted.next(&before, NOW + Duration::from_secs(5)), before);
}

#[test]
fn a_sink_is_the_sum_of_its_lanes_and_goes_on_counting_after_a_restart() {
    let mut known = Known::good();
    first(&mut known).cursor = Some(NOW - Duration::from_secs(90));
    first(&mut known).lag = Duration::from_secs(75);
    let status = known.next(&ExporterStatus::default(), NOW);
    let sink = &status.sinks[0];
    assert_eq!(sink.state, SinkState::Delivering);
    assert_eq!(sink.lag_seconds, Some(75));
    let points = serde_json::to_value(&sink.points).expect("it is written");
    let expected = serde_json::json!({"read": 20, "sent": 18, "acknowledged": 14, "rejected": 2, "dropped": 2,
        "inFlight": 2, "late": 4});
    assert_eq!(points, expected);
    let through = sink.acked_through.as_ref().map(|time| time.0.as_millisecond());
    assert_eq!(through, Some(NOW.0 - 90_000));
    assert_eq!(status.delivered_through, sink.acked_through);
    assert_eq!((status.lag.as_deref(), status.sent.as_deref()), (Some("1m15s"), Some("14")));

    let restarted = Known { base: status.clone(), ..Known::good() };
    let points = restarted.next(&status, NOW).sinks[0].points.clone();
    assert_eq!((points.acknowledged, points.in_flight), (28, 2));
    assert_eq!(
        points.read,
        points.acknowledged + points.rejected + points.dropped + points.in_flight
    );
}

#[test]
fn what_the_profile_gave_is_shown() {
    let status = Known::good().next(&ExporterStatus::default(), NOW);
    let resolved = serde_json::to_value(&status.sinks[0].resolved).expect("it is written");
    assert_eq!(resolved["temporality"], "delta");
    assert_eq!(resolved["outOfOrder"], "2h");
    assert_eq!(resolved["maxAge"], "24h");
    assert_eq!(resolved["maxBytes"], 4 << 20);
}

#[test]
fn text_of_strangers_is_bounded_and_clean() {
    let mut known = Known::good();
    first(&mut known).error = Some(problem(Some(401)));
    let gap = |second: u64| Gap {
        window: Window {
            start: NOW + Duration::from_secs(second),
            end: NOW + Duration::from_secs(second + 1),
        },
        reason: "TooOld",
        points: 1,
    };
    first(&mut known).gaps = (0..30).map(gap).collect();
    known.findings = (0..30)
        .map(|index| Finding::warning(FieldPath::spec().item(index), "Odd", "é".repeat(400)))
        .chain([Finding::error(FieldPath::spec(), "Bad", "bad")])
        .collect();
    let status = known.next(&ExporterStatus::default(), NOW);
    let error = status.sinks[0].last_error.as_ref().expect("there is one");
    assert!(error.message.len() <= 256 && !error.message.contains('\u{7}'), "{}", error.message);
    assert_eq!(error.code, Some(401));
    assert_eq!(status.sinks[0].gaps.len(), 20);
    let newest = status.sinks[0].gaps.last().map(|gap| gap.from.0.as_millisecond());
    assert_eq!(newest, Some(NOW.0 + 29_000));
    assert_eq!(status.findings.len(), 20);
    assert_eq!(status.findings[0].reason, "Bad", "errors come first");
    assert!(status.findings.iter().all(|finding| finding.message.len() <= 512));
    let text: Value = serde_json::to_value(&status).expect("it is written");
    assert_eq!(text["conditions"][0]["message"], "spec: bad (and 30 more in status.findings)");
}
