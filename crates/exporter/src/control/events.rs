//! Which Events a change of the status is worth. Pure.

use kube::runtime::events::{Event, EventType};

use crate::limits;
use crate::resource::status::{Condition, ConditionStatus, ConditionType, ExporterStatus};

/// Gives the Events for a change: one for each condition that turned. `Ready` sums up the others and has none of its own.
#[must_use]
pub fn events(before: &ExporterStatus, now: &ExporterStatus) -> Vec<Event> {
    now.conditions.iter().filter_map(|condition| event(before, condition)).collect()
}

fn event(before: &ExporterStatus, condition: &Condition) -> Option<Event> {
    let action = match condition.kind {
        ConditionType::Accepted => "Compile",
        ConditionType::SourcesReady => "Read",
        ConditionType::CredentialsValid => "Authenticate",
        ConditionType::Delivering => "Deliver",
        ConditionType::CaughtUp => "CatchUp",
        ConditionType::Ready => return None,
    };
    let earlier = before.conditions.iter().find(|one| one.kind == condition.kind);
    let type_ = match (earlier.map(|one| one.status), condition.status) {
        (Some(before), now) if before == now => return None,
        (_, ConditionStatus::Unknown) => return None,
        (_, ConditionStatus::False) => EventType::Warning,
        // At first all is as it should be: only delivery is worth a word.
        (None | Some(ConditionStatus::Unknown), ConditionStatus::True)
            if condition.kind != ConditionType::Delivering =>
        {
            return None;
        }
        (_, ConditionStatus::True) => EventType::Normal,
    };
    Some(Event {
        type_,
        reason: condition.reason.clone(),
        note: (!condition.message.is_empty()).then(|| cut(&condition.message)),
        action: action.to_owned(),
        secondary: None,
    })
}

fn cut(text: &str) -> String {
    text.chars()
        .scan(0, |bytes, letter| {
            *bytes += letter.len_utf8();
            (*bytes <= limits::EVENT_NOTE_BYTES_MAX).then_some(letter)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
    use kube::runtime::events::EventType;

    use super::events;
    use crate::resource::status::ConditionStatus::{False, True, Unknown};
    use crate::resource::status::{Condition, ConditionStatus, ConditionType, ExporterStatus};

    fn status(conditions: &[(ConditionType, ConditionStatus, &str)]) -> ExporterStatus {
        let conditions = conditions.iter().map(|(kind, status, reason)| Condition {
            kind: *kind,
            status: *status,
            reason: (*reason).to_owned(),
            message: format!("{reason}: {}", "ü".repeat(900)),
            last_transition_time: Time(Timestamp::UNIX_EPOCH),
            observed_generation: None,
        });
        ExporterStatus { conditions: conditions.collect(), ..ExporterStatus::default() }
    }

    #[test]
    fn a_condition_that_turns_is_an_event() {
        use ConditionType::{Accepted, Delivering, Ready};
        let check = |before: &ExporterStatus, now: &ExporterStatus, expected: &[(&str, &str)]| {
            let found = events(before, now);
            let found: Vec<_> = found
                .iter()
                .map(|event| {
                    assert!(event.note.as_ref().is_some_and(|note| note.len() <= 1000));
                    let kind = if event.type_ == EventType::Warning { "Warning" } else { "Normal" };
                    (kind, event.reason.as_str())
                })
                .collect();
            assert_eq!(found, expected);
        };
        let new = ExporterStatus::default();
        let good = status(&[
            (Accepted, True, "Compiled"),
            (Delivering, True, "Acknowledged"),
            (Ready, True, "Ready"),
        ]);
        let bad = status(&[
            (Accepted, True, "Compiled"),
            (Delivering, False, "Unauthorized"),
            (Ready, False, "Unauthorized"),
        ]);
        let unsure = status(&[(Delivering, Unknown, "Starting")]);
        check(&new, &good, &[("Normal", "Acknowledged")]);
        check(&new, &bad, &[("Warning", "Unauthorized")]);
        check(&new, &unsure, &[]);
        check(&unsure, &good, &[("Normal", "Acknowledged")]);
        check(&good, &bad, &[("Warning", "Unauthorized")]);
        check(&bad, &bad, &[]);
        check(&bad, &good, &[("Normal", "Acknowledged")]);
    }
}
