//! Whether a workload runs, and the commands that turn it off.

use super::objects::Workload;
use crate::count::count;

/// Says whether something runs, or is still to come.
pub(super) fn state(workload: &Workload) -> String {
    let Workload { kind, spec, status, .. } = workload;
    let suspended = spec.suspend == Some(true);
    match (*kind, &spec.schedule) {
        (_, Some(schedule)) if suspended => format!("suspended, schedule {schedule}"),
        (_, Some(schedule)) => match &spec.time_zone {
            Some(zone) => format!("schedule {schedule} in {zone}"),
            None => format!("schedule {schedule}"),
        },
        ("job", None) if status.completion_time.is_some() => "has ended".to_owned(),
        ("job", None) if suspended => "suspended".to_owned(),
        ("job", None) if status.active.as_u64().unwrap_or_default() > 0 => "runs once".to_owned(),
        ("job", None) if status.failed.unwrap_or_default() > 0 => "has failed".to_owned(),
        ("job", None) => "starts once".to_owned(),
        ("daemonset", None) => "one per node".to_owned(),
        (_, None) => count(u64::from(spec.replicas.unwrap_or(1)), "replica"),
    }
}

/// The annotation with which the chart says where its value is, if another chart depends on it.
const OFF_VALUE: &str = "ktel/off-value";

/// The ways to turn it off, the lasting one first.
pub(super) fn turn_off(workload: &Workload) -> Vec<String> {
    let Workload { kind, metadata, .. } = workload;
    let (namespace, name) = (&metadata.namespace, &metadata.name);
    let mut ways = Vec::new();
    if let Some(release) = metadata.annotations.get("meta.helm.sh/release-name") {
        let place = metadata.annotations.get("meta.helm.sh/release-namespace").unwrap_or(namespace);
        let value =
            metadata.annotations.get(OFF_VALUE).map_or("telemetry.disabled", String::as_str);
        ways.push(format!(
            "helm upgrade {release} CHART --namespace {place} --reuse-values --set {value}=true"
        ));
    }
    ways.push(match *kind {
        "job" => format!("kubectl delete job {name} --namespace {namespace}"),
        "cronjob" => format!(
            "kubectl patch cronjob {name} --namespace {namespace} --patch '{{\"spec\":{{\"suspend\":true}}}}'"
        ),
        kind => format!("kubectl set env {kind}/{name} --namespace {namespace} KTEL_NO_TELEMETRY=1"),
    });
    ways
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Workload, state, turn_off};

    #[test]
    fn a_dependency_is_turned_off_under_its_name() {
        let first = |annotations: serde_json::Value| {
            let metadata = json!({"name": "a", "namespace": "b", "annotations": annotations});
            let workload = serde_json::from_value(json!({"metadata": metadata})).unwrap();
            turn_off(&Workload { kind: "deployment", ..workload }).remove(0)
        };
        let helm = "helm upgrade acme CHART --namespace b --reuse-values --set";
        let release = json!({"meta.helm.sh/release-name": "acme"});
        assert_eq!(first(release), format!("{helm} telemetry.disabled=true"));
        let value = "ktel.telemetry.disabled";
        let dependency = json!({"meta.helm.sh/release-name": "acme", "ktel/off-value": value});
        assert_eq!(first(dependency), format!("{helm} {value}=true"));
        assert!(first(json!({})).starts_with("kubectl set env deployment/a --namespace b"));
    }

    #[test]
    fn the_state_says_whether_something_is_still_to_come() {
        let of = |kind: &'static str, object: serde_json::Value| {
            let workload: Workload = serde_json::from_value(object).unwrap();
            state(&Workload { kind, ..workload })
        };
        assert_eq!(of("deployment", json!({"spec": {"replicas": 0}})), "0 replicas");
        assert_eq!(of("deployment", json!({})), "1 replica");
        let cron = |suspend: bool| json!({"spec": {"schedule": "1 2 * * *", "suspend": suspend}});
        assert_eq!(of("cronjob", cron(true)), "suspended, schedule 1 2 * * *");
        assert_eq!(of("cronjob", cron(false)), "schedule 1 2 * * *");
        let zoned = json!({"spec": {"schedule": "1 2 * * *", "timeZone": "Etc/UTC"}});
        assert_eq!(of("cronjob", zoned), "schedule 1 2 * * * in Etc/UTC");
        assert_eq!(
            of("job", json!({"status": {"completionTime": "2026-01-01T00:00:00Z"}})),
            "has ended"
        );
        assert_eq!(of("job", json!({"status": {"active": 1}})), "runs once");
    }
}
