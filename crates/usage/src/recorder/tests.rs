//! What a recorder guarantees to the command that it runs in.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Fate, Recorder};
use crate::event::{Ending, ErrorCategory, Outcome, Version, Vocabulary};
use crate::sink::{Record, Sink};

#[derive(Debug, Clone, Default)]
struct Kept(Arc<Mutex<Vec<String>>>);

impl Kept {
    fn events(&self) -> Vec<Value> {
        let lines = self.0.lock().unwrap();
        lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Sink for Kept {
    fn emit(&mut self, record: &Record) -> io::Result<()> {
        self.0.lock().unwrap().push(record.json().to_owned());
        Ok(())
    }
}

/// A sink that hangs.
#[derive(Debug)]
struct Stuck;

impl Sink for Stuck {
    fn emit(&mut self, _record: &Record) -> io::Result<()> {
        std::thread::sleep(Duration::from_secs(3600));
        Ok(())
    }

    fn is_immediate(&self) -> bool {
        false
    }
}

#[derive(Debug)]
struct Broken;

impl Sink for Broken {
    fn emit(&mut self, _record: &Record) -> io::Result<()> {
        Err(io::ErrorKind::StorageFull.into())
    }
}

#[derive(Debug)]
struct Panics;

impl Sink for Panics {
    fn emit(&mut self, _record: &Record) -> io::Result<()> {
        panic!("in a sink")
    }

    fn is_immediate(&self) -> bool {
        false
    }
}

fn begin(version: Version, sink: impl Sink + 'static) -> Recorder {
    let vocabulary = Vocabulary::new("acme", ["get apis", "plan"]).unwrap();
    Recorder::begin(vocabulary, "0.4.0", version, Box::new(sink)).with_clock(time)
}

fn time() -> Timestamp {
    "2026-05-12T14:30:45.678Z".parse().unwrap()
}

fn success() -> Ending {
    Ending { outcome: Outcome::Success, error_category: None, duration: None }
}

#[test]
fn one_command_gives_one_event_with_the_fields_of_kongctl() {
    let kept = Kept::default();
    let recorder = begin(Version::One, kept.clone());
    recorder.set_command("acme get apis");
    recorder.finalize(success(), time());
    recorder.finalize(success(), time());
    assert_eq!((recorder.close(), recorder.close()), (Fate::Taken, Fate::None));
    recorder.finalize(success(), time());
    drop(recorder);
    let line = kept.0.lock().unwrap().join("|");
    let expected = format!(
        r#"{{"schema_version":1,"timestamp":"2026-05-12T14:30:45Z","version":"0.4.0","os":"{}","arch":"{}","command_path":"get apis"}}"#,
        crate::event::os(),
        crate::event::arch(),
    );
    assert_eq!(line, expected);
}

#[test]
fn version_two_has_the_outcome_and_only_a_bucket_of_the_duration() {
    let kept = Kept::default();
    let recorder = begin(Version::Two, kept.clone());
    recorder.set_command("plan");
    let duration = Some(Duration::from_millis(3210));
    let error_category = Some(ErrorCategory::Network);
    recorder.finalize(Ending { outcome: Outcome::Failure, error_category, duration }, time());
    recorder.close();
    let event = &kept.events()[0];
    assert_eq!(event["outcome"], "failure");
    assert_eq!(event["error_category"], "network");
    assert_eq!(event["duration"], "1-9");
    assert_eq!(event["schema_version"], 2);
}

#[test]
fn only_commands_make_events_and_an_undeclared_one_is_a_plugin() {
    for (command, expected) in [
        ("acme", None),
        ("", None),
        ("acme help get", None),
        ("acme version", None),
        ("acme completion bash", None),
        ("acme my-private-extension --token x", Some("plugin")),
        ("get apis", Some("get apis")),
    ] {
        let kept = Kept::default();
        let recorder = begin(Version::One, kept.clone());
        recorder.set_command(command);
        recorder.finalize(success(), time());
        recorder.close();
        let events = kept.events();
        let paths: Vec<&str> =
            events.iter().map(|event| event["command_path"].as_str().unwrap()).collect();
        assert_eq!(paths, expected.into_iter().collect::<Vec<_>>(), "{command}");
    }
    let kept = Kept::default();
    let recorder = begin(Version::One, kept.clone());
    recorder.finalize(success(), time());
    assert_eq!(recorder.close(), Fate::None, "no command was ever named");
}

#[test]
fn disabling_the_recorder_drops_the_event() {
    let kept = Kept::default();
    let recorder = begin(Version::One, kept.clone());
    recorder.set_command("plan");
    recorder.finalize(success(), time());
    recorder.disable();
    assert!(!recorder.is_enabled());
    assert_eq!(recorder.close(), Fate::None);
    drop(recorder);
    assert_eq!(kept.events(), Vec::<Value>::new());
}

#[test]
fn a_panic_is_recorded_as_such() {
    let kept = Kept::default();
    let recorder = begin(Version::Two, kept.clone());
    recorder.set_command("plan");
    let panicked = catch_unwind(AssertUnwindSafe(move || {
        let _recorder = recorder;
        panic!("in the command");
    }));
    assert!(panicked.is_err());
    assert_eq!(kept.events()[0]["outcome"], json!("panicked"));
}

#[test]
fn a_sink_that_hangs_fails_or_panics_does_not_delay_the_command() {
    let ended = |sink: Box<dyn Sink>, budget: Duration| {
        let vocabulary = Vocabulary::new("acme", ["plan"]).unwrap();
        let recorder = Recorder::begin(vocabulary, "0.4.0", Version::One, sink).within(budget);
        recorder.set_command("plan");
        recorder.finalize(success(), time());
        recorder.close()
    };
    let start = Instant::now();
    assert_eq!(ended(Box::new(Stuck), crate::limits::CLOSE_WITHIN), Fate::Abandoned);
    assert!(start.elapsed() < Duration::from_secs(60), "it did not wait for an hour");
    // A busy machine takes its time over a panic.
    let patient = Duration::from_secs(60);
    assert_eq!(ended(Box::new(Broken), patient), Fate::Dropped);
    assert_eq!(ended(Box::new(Panics), patient), Fate::Dropped);
}

#[test]
fn a_recorder_that_is_off_takes_the_same_calls() {
    let recorder = Recorder::off();
    assert!(!recorder.is_enabled());
    recorder.set_command("plan");
    recorder.finalize(success(), time());
    recorder.disable();
    assert_eq!(recorder.close(), Fate::None);
}

#[test]
fn a_signal_handler_finalizes_before_the_command() {
    let kept = Kept::default();
    let recorder = Arc::new(begin(Version::Two, kept.clone()));
    recorder.set_command("plan");
    let of_signals = Arc::clone(&recorder);
    let handler = std::thread::spawn(move || {
        let outcome = Outcome::Interrupted;
        of_signals.finalize(Ending { outcome, error_category: None, duration: None }, time());
        of_signals.close()
    });
    assert_eq!(handler.join().unwrap(), Fate::Taken);
    // The command itself unwinds a moment later, and has nothing to add.
    recorder.finalize(success(), time());
    assert_eq!(recorder.close(), Fate::None);
    let events = kept.events();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["outcome"], "interrupted");
}
