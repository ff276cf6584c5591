//! Which events follow from what was seen, over restarts, gaps and broken files.

use std::collections::HashSet;
use std::path::Path;

use super::{FILE, Kind, Seen, State, lock, number};
use crate::lifecycle::{Kind as Event, Values};

fn kinds() -> Vec<Kind> {
    vec![Kind { name: "lamps.example.com".into(), digest: "one".into() }]
}

fn value(text: &str) -> Values {
    vec![Some(text.into())]
}

fn open(directory: &Path) -> State {
    State::open(directory, kinds()).unwrap()
}

/// Lists these objects, and gives the events that follow.
fn list(state: &mut State, objects: &[(&str, &str)]) -> Vec<(Event, String)> {
    let mut found = Vec::new();
    let mut listed = HashSet::new();
    for (uid, text) in objects {
        listed.insert(number(uid));
        found.extend(state.see(0, (uid, "7"), Seen::Listed, Some(value(text))));
    }
    found.extend(state.end_list(0, &listed));
    if !found.is_empty() {
        state.sent();
    }
    found.into_iter().map(|found| (found.event.kind, found.key)).collect()
}

fn events(found: &[(Event, String)]) -> Vec<Event> {
    let mut events: Vec<_> = found.iter().map(|(event, _)| *event).collect();
    events.sort();
    events
}

#[test]
fn what_was_there_before_anybody_looked_is_no_news() {
    let mut state = State::in_memory(kinds());
    assert_eq!(list(&mut state, &[("a", "1"), ("b", "1")]), []);
    let found = list(&mut state, &[("a", "2"), ("c", "1")]);
    assert_eq!(events(&found), [Event::Created, Event::Updated, Event::Deleted]);
    assert_eq!(list(&mut state, &[("a", "2"), ("c", "1")]), []);
}

#[test]
fn what_happened_while_nobody_looked_makes_events_after_a_restart_and_nothing_else() {
    let place = tempfile::tempdir().unwrap();
    assert_eq!(list(&mut open(place.path()), &[("a", "1"), ("b", "1")]), []);
    assert_eq!(list(&mut open(place.path()), &[("a", "1"), ("b", "1")]), []);
    let found = list(&mut open(place.path()), &[("a", "2"), ("c", "1")]);
    assert_eq!(events(&found), [Event::Created, Event::Updated, Event::Deleted]);
    assert_eq!(list(&mut open(place.path()), &[("a", "2"), ("c", "1")]), []);
}

#[test]
fn a_watch_makes_one_event_of_each_change_and_a_list_does_not_repeat_it() {
    let place = tempfile::tempdir().unwrap();
    let mut state = open(place.path());
    list(&mut state, &[("a", "1")]);
    let mut see = |uid, version, seen, now: Option<&str>| {
        let found = state.see(0, (uid, version), seen, now.map(value));
        state.sent();
        found.map(|found| found.event.kind)
    };
    assert_eq!(see("b", "8", Seen::Added, Some("1")), Some(Event::Created));
    assert_eq!(see("b", "8", Seen::Added, Some("1")), None, "seen again after a cut");
    assert_eq!(see("b", "9", Seen::Modified, Some("1")), None, "a label changed");
    assert_eq!(see("b", "10", Seen::Modified, Some("2")), Some(Event::Updated));
    assert_eq!(see("a", "11", Seen::Gone, None), Some(Event::Deleted));
    assert_eq!(see("a", "11", Seen::Gone, None), None);
    assert_eq!(list(&mut open(place.path()), &[("b", "2")]), []);
}

#[test]
fn an_event_that_was_not_handed_over_comes_again_with_the_same_key() {
    let place = tempfile::tempdir().unwrap();
    let mut state = open(place.path());
    list(&mut state, &[("a", "1")]);
    let found = state.see(0, ("a", "8"), Seen::Modified, Some(value("2"))).unwrap();
    drop(state);
    for _ in 0..2 {
        let mut state = open(place.path());
        assert_eq!(state.unsent(), std::slice::from_ref(&found));
        assert_eq!(list(&mut state, &[("a", "2")]), [], "it is no other event");
    }
    open(place.path()).sent();
    assert_eq!(open(place.path()).unsent(), []);
}

#[test]
fn a_value_that_goes_back_and_forth_has_a_key_each_time() {
    let mut state = State::in_memory(kinds());
    list(&mut state, &[("a", "1")]);
    let mut keys = HashSet::new();
    for (version, text) in [("8", "2"), ("9", "1"), ("10", "2"), ("11", "1")] {
        let found = state.see(0, ("a", version), Seen::Modified, Some(value(text))).unwrap();
        assert!(keys.insert(found.key), "{version}");
    }
}

#[test]
fn a_line_that_broke_off_never_was_and_a_broken_file_is_begun_anew() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join(FILE);
    let mut state = open(place.path());
    list(&mut state, &[("a", "1")]);
    state.see(0, ("a", "8"), Seen::Modified, Some(value("2"))).unwrap();
    state.sent();
    drop(state);
    let text = std::fs::read_to_string(&path).unwrap();
    // The change's line is the last but one; it is cut in its middle.
    let lines: Vec<&str> = text.lines().collect();
    let (change, before) = lines[..lines.len() - 1].split_last().unwrap();
    let cut = format!("{}\n{}", before.join("\n"), change.get(..20).unwrap());
    std::fs::write(&path, cut).unwrap();
    let found = list(&mut open(place.path()), &[("a", "2")]);
    assert_eq!(events(&found), [Event::Updated], "as if the change had not been seen");
    for broken in ["", "\n", "{}\n", "nonsense\nmore\n", &text.replace("\"u\":\"", "\"u\":\"x")] {
        std::fs::write(&path, broken).unwrap();
        let mut state = open(place.path());
        assert!(!state.is_complete(0), "{broken}");
        assert_eq!(list(&mut state, &[("a", "1"), ("b", "1")]), [], "{broken}");
    }
}

#[test]
fn other_fields_or_another_reporter_make_a_gap_and_no_events() {
    let place = tempfile::tempdir().unwrap();
    list(&mut open(place.path()), &[("a", "1")]);
    let other = vec![Kind { digest: "two".into(), ..kinds().remove(0) }];
    let mut state = State::open(place.path(), other).unwrap();
    assert_eq!(list(&mut state, &[("a", "2"), ("b", "1")]), []);
    state.begin_anew();
    assert_eq!(
        list(&mut state, &[("a", "3"), ("c", "1")]),
        [],
        "what it knew is another's to send"
    );
}

#[test]
fn beyond_the_limit_nothing_is_remembered_and_nothing_invented() {
    let mut state = State { most: 2, ..State::in_memory(kinds()) };
    let all = [("a", "1"), ("b", "1"), ("c", "1"), ("d", "1")];
    assert_eq!(list(&mut state, &all), []);
    assert_eq!(list(&mut state, &all), [], "those that were not remembered are not new");
    let found = list(&mut state, &[("b", "2"), ("c", "1"), ("d", "1")]);
    let mut events = events(&found);
    events.dedup();
    assert!(events.iter().all(|event| *event != Event::Created), "{events:?}");
    let found = state.see(0, ("z", "9"), Seen::Added, Some(value("1")));
    assert_eq!(found.map(|found| found.event.kind), Some(Event::Created));
    assert_eq!(state.unsent_count(), 1, "an object that is not remembered has events all the same");
    assert_eq!(state.see(0, ("zz", "9"), Seen::Gone, None), None);
    assert_eq!(state.see(0, ("zz", "9"), Seen::Modified, Some(value("1"))), None);
}

#[test]
fn the_file_does_not_grow_with_every_change() {
    let place = tempfile::tempdir().unwrap();
    let mut state = open(place.path());
    list(&mut state, &[("a", "1")]);
    for _ in 0..crate::limits::STATE_LINES_MIN + 100 {
        state.sent();
    }
    assert!(state.lines < 200, "{}", state.lines);
    let length = std::fs::metadata(place.path().join(FILE)).unwrap().len();
    assert!(length < 20_000, "{length} bytes");
}

#[test]
fn a_hundred_thousand_objects_cost_little_memory_and_one_file() {
    let place = tempfile::tempdir().unwrap();
    let mut state = open(place.path());
    let mut listed = HashSet::new();
    for index in 0..crate::limits::WATCHED_OBJECTS_MAX {
        let uid = format!("{index:032x}");
        listed.insert(number(&uid));
        state.see(0, (&uid, "7"), Seen::Listed, Some(value(&format!("v1.{}", index % 50))));
    }
    state.end_list(0, &listed);
    assert_eq!(state.tables[0].objects.len(), crate::limits::WATCHED_OBJECTS_MAX);
    let values: HashSet<_> = state.tables[0].objects.values().map(std::sync::Arc::as_ptr).collect();
    assert_eq!(values.len(), 50, "equal values are kept once");
    let length = std::fs::metadata(place.path().join(FILE)).unwrap().len();
    assert!(length < 10 << 20, "{length} bytes");
    assert_eq!(open(place.path()).tables[0].objects.len(), crate::limits::WATCHED_OBJECTS_MAX);
}

#[cfg(unix)]
#[test]
fn the_state_is_for_its_owner_alone_and_for_one_process() {
    use std::os::unix::fs::PermissionsExt;
    let place = tempfile::tempdir().unwrap();
    let directory = place.path().join("state");
    let taken = lock(&directory).unwrap();
    assert!(taken.is_some());
    assert!(lock(&directory).unwrap().is_none());
    drop(taken);
    assert!(lock(&directory).unwrap().is_some());
    open(&directory);
    for (path, mode) in [(directory.clone(), 0o700), (directory.join(FILE), 0o600)] {
        let found = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(found, mode, "{}", path.display());
    }
}

#[test]
fn a_uid_is_known_by_its_number_however_it_is_written() {
    let uid = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";
    assert_eq!(number(uid), 0x3f25_04e0_4f89_41d3_9a0c_0305_e82c_3301);
    assert_eq!(number(&format!("{:032x}", number(uid))), number(uid));
    assert_ne!(number("uid-of-a"), number("uid-of-b"));
}
