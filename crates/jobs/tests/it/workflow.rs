//! What a workflow promises, whatever its jobs do.

use std::time::Duration;

use ktel_jobs::{Reason, Workflow};
use serde_json::json;

use crate::support::{Act, Log, job, needing, no_cluster, now};

#[tokio::test(start_paused = true)]
async fn a_job_that_fails_hangs_or_panics_costs_only_its_own_section() {
    let workflow = Workflow::builder()
        .job(job("first", Act::Give(json!(1))))
        .job(job("fails", Act::Fail))
        .job(job("panics", Act::Panic))
        .job(job("hangs", Act::Hang))
        .job(job("last", Act::Give(json!(2))))
        .concurrency(2)
        .job_timeout(Duration::from_secs(10))
        .build()
        .unwrap();
    let outcome = workflow.run(&no_cluster(), now()).await;
    assert_eq!(outcome.report.to_json(), json!({"first": {"pods": 1}, "last": {"pods": 2}}));
    let failures: Vec<_> =
        outcome.failures.iter().map(|one| (one.job.as_str(), one.error.reason())).collect();
    let expected =
        [("fails", Reason::Failed), ("panics", Reason::Failed), ("hangs", Reason::Timeout)];
    assert_eq!(failures, expected);
    assert_eq!(outcome.timing.total, Duration::from_secs(10), "its own limit ended it");
}

#[tokio::test(start_paused = true)]
async fn sections_come_in_the_order_asked_for_not_in_that_of_the_clock() {
    let wait = |seconds| Act::Wait(Duration::from_secs(seconds));
    let workflow = Workflow::builder()
        .jobs([job("z", wait(3)), job("a", wait(1)), job("m", wait(2))])
        .build()
        .unwrap();
    let outcome = workflow.run(&no_cluster(), now()).await;
    let names: Vec<_> = outcome.report.sections().keys().collect();
    assert_eq!(names, ["z", "a", "m"]);
    assert_eq!(outcome.timing.total, Duration::from_secs(3), "they ran side by side");
}

#[tokio::test(start_paused = true)]
async fn no_more_jobs_run_at_once_than_allowed() {
    let wait = || Act::Wait(Duration::from_secs(1));
    let jobs = ["a", "b", "c", "d", "e"].map(|name| job(name, wait()));
    let workflow = Workflow::builder().jobs(jobs).concurrency(2).build().unwrap();
    let mut most = 0;
    let outcome = workflow
        .run_observed(&no_cluster(), now(), |progress| most = most.max(progress.running))
        .await;
    assert_eq!(outcome.timing.total, Duration::from_secs(3));
    assert_eq!(most, 2);
}

#[tokio::test(start_paused = true)]
async fn the_deadline_of_the_whole_ends_every_job() {
    let workflow = Workflow::builder()
        .jobs([job("quick", Act::Wait(Duration::from_secs(1))), job("slow", Act::Hang)])
        .job(job("waits", Act::Hang))
        .concurrency(1)
        .job_timeout(Duration::from_secs(100))
        .deadline(Duration::from_secs(5))
        .build()
        .unwrap();
    let outcome = workflow.run(&no_cluster(), now()).await;
    assert_eq!(outcome.timing.total, Duration::from_secs(5));
    assert_eq!(outcome.report.sections().len(), 1);
    assert_eq!(outcome.failures.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_job_starts_when_what_it_needs_is_done_and_reads_its_section() {
    let log = Log::default();
    let base = needing("base", &[], Act::Wait(Duration::from_secs(1)), &log);
    let double = needing("double", &["base"], Act::Double("base".into()), &log);
    let workflow = Workflow::builder().jobs([double, base]).concurrency(1).build().unwrap();
    let outcome = workflow.run(&no_cluster(), now()).await;
    assert_eq!(outcome.report.section("double").unwrap(), &json!({"pods": 2}));
    assert_eq!(*log.lock().unwrap(), ["base starts", "base ends", "double starts", "double ends"]);
}

#[tokio::test(start_paused = true)]
async fn a_job_whose_need_failed_in_any_way_says_so() {
    for act in [Act::Fail, Act::Panic, Act::Hang] {
        let log = Log::default();
        let workflow = Workflow::builder()
            .job(needing("base", &[], act, &log))
            .job(needing("double", &["base"], Act::Double("base".into()), &log))
            .job_timeout(Duration::from_secs(1))
            .build()
            .unwrap();
        let outcome = workflow.run(&no_cluster(), now()).await;
        assert_eq!(outcome.failures[1].error.reason(), Reason::Needs);
        assert!(outcome.failures[1].error.to_string().contains("`base`"));
    }
}

#[test]
fn a_workflow_whose_needs_cannot_be_met_is_not_built() {
    type Jobs<'a> = &'a [(&'a str, &'a [&'a str])];
    let log = Log::default();
    let build = |jobs: Jobs<'_>| {
        let jobs = jobs.iter().map(|(name, needs)| needing(name, needs, Act::Fail, &log));
        Workflow::builder().jobs(jobs).build().err().map(|error| error.to_string())
    };
    let table: [(Jobs<'_>, Option<&str>); 5] = [
        (&[("a", &[]), ("b", &["a"])], None),
        (&[], Some("a workflow needs at least one job")),
        (&[("a", &[]), ("a", &[])], Some("the workflow has job \"a\" twice")),
        (&[("a", &["b"])], Some("job \"a\" needs \"b\", which is not part of the workflow")),
        (&[("a", &["b"]), ("b", &["a"])], Some("these jobs wait for each other: a, b")),
    ];
    for (jobs, expected) in table {
        assert_eq!(build(jobs).as_deref(), expected, "{jobs:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_a_run_stops_its_jobs() {
    let log = Log::default();
    let hangs = needing("hangs", &[], Act::Hang, &log);
    let workflow = Workflow::builder().job(hangs).build().unwrap();
    let cluster = no_cluster();
    let run = workflow.run(&cluster, now());
    assert!(tokio::time::timeout(Duration::from_secs(1), run).await.is_err());
    // An aborted task is dropped when the runtime next turns.
    tokio::task::yield_now().await;
    assert_eq!(*log.lock().unwrap(), ["hangs starts", "hangs is dropped"]);
}

#[tokio::test(start_paused = true)]
async fn runs_of_one_workflow_may_overlap() {
    let wait = Act::Wait(Duration::from_secs(1));
    let workflow = Workflow::builder().job(job("a", wait)).build().unwrap();
    let cluster = no_cluster();
    let (one, two) = tokio::join!(workflow.run(&cluster, now()), workflow.run(&cluster, now()));
    assert_eq!(one.report, two.report);
    assert_eq!(one.timing.total, Duration::from_secs(1));
    assert!(workflow.run(&cluster, now()).await.failures.is_empty());
}

#[tokio::test]
async fn values_of_a_wrong_type_are_omitted_and_counted() {
    let workflow = Workflow::builder()
        .job(job("a", Act::Give(json!("a name of the cluster"))))
        .build()
        .unwrap();
    let outcome = workflow.run(&no_cluster(), now()).await;
    assert_eq!(outcome.report.to_json(), json!({"a": {}}));
    let envelope = serde_json::to_value(outcome.envelope(&outcome.report)).unwrap();
    assert_eq!(envelope["omitted"], json!({"a": {"wrong_type": 1}}));
    assert!(!envelope.to_string().contains("a name of the cluster"));
}
