//! When the notice is shown, what it says, and that nothing is sent before.

use std::fs;
use std::io::{self, Write};

use super::{NoticeDecision, NoticeError, Revision, Situation, decide, path, show, shown, text};
use crate::consent::DefaultConsent;
use crate::directories::Directories;
use crate::event::{EventSchema, Version, Vocabulary};
use crate::product_file::{Place, ProductFile, Stood};

fn revision(commands: &[&str]) -> Revision {
    let vocabulary = Vocabulary::new("acme", commands).unwrap();
    let schema = EventSchema::new(&"acme".parse().unwrap(), &vocabulary, Version::One);
    Revision::of([schema.schema()])
}

#[test]
fn nothing_is_sent_before_the_notice_and_it_is_shown_once() {
    let (now, before) = (revision(&["plan"]), revision(&["plan", "apply"]));
    let stood = Stood { place: Place::Installer, reference: "the last page".into() };
    let all = [true, false];
    for consent_given in all {
        for default in [DefaultConsent::OptIn, DefaultConsent::OptOut, DefaultConsent::Off] {
            for seen in [None, Some(&before), Some(&now)] {
                for (people_watch, ci) in all.into_iter().flat_map(|p| all.map(|ci| (p, ci))) {
                    for stood in [None, Some(&stood)] {
                        let situation = Situation {
                            consent_given,
                            default,
                            revision: &now,
                            shown: seen,
                            people_watch,
                            ci,
                            stood,
                        };
                        let decision = decide(situation);
                        let knows = seen == Some(&now) || stood.is_some();
                        let asked = default == DefaultConsent::OptIn && seen.is_none();
                        let expected = match (consent_given, seen == Some(&now)) {
                            (false, _) => NoticeDecision::NotNeeded,
                            (true, true) => NoticeDecision::AlreadyShown,
                            (true, false) if people_watch && !ci => NoticeDecision::Show,
                            (true, false) if stood.is_some() => NoticeDecision::Stood,
                            (true, false) if asked => NoticeDecision::Asked,
                            (true, false) => NoticeDecision::Unseen,
                        };
                        assert_eq!(decision, expected, "{situation:?}");
                        let may = consent_given && (knows || asked);
                        assert!(may || !decision.may_send(), "{situation:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_revision_is_that_of_the_schemas_in_any_order() {
    let one = EventSchema::template();
    let mut two = one.clone();
    two.name = "other".into();
    assert_eq!(Revision::of([&one, &two]), Revision::of([&two, &one]));
    assert_ne!(Revision::of([&one]), Revision::of([&one, &two]));
    let mut wider = one.clone();
    wider.fields.get_mut("os").unwrap().required = false;
    assert_ne!(Revision::of([&one]), Revision::of([&wider]));
    assert_eq!(Revision::of([&one]).as_str().len(), 16);
}

#[test]
fn a_notice_that_was_shown_is_recorded() {
    let root = tempfile::tempdir().unwrap();
    let directories = Directories::of(&|name| (name == "HOME").then(|| root.path().into()));
    let path = path(&directories, &"acme".parse().unwrap()).unwrap();
    assert_eq!(path, root.path().join(".local/state/ktel/acme/notice"));
    assert_eq!(shown(&path), None);
    for revision in [revision(&["plan"]), revision(&["apply"])] {
        let mut out = Vec::new();
        show(&path, &revision, "Read me.\n", &mut out).unwrap();
        assert_eq!(out, b"Read me.\n");
        assert_eq!(shown(&path), Some(revision));
    }
}

/// A terminal that is gone after a few bytes.
struct Gone(usize);

impl Write for Gone {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = bytes.len().min(self.0);
        self.0 -= written;
        if written == 0 { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(written) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_notice_that_was_cut_off_was_not_shown() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("notice");
    let revision = revision(&["plan"]);
    for length in [0, 4] {
        let error = show(&path, &revision, "Read me.\n", &mut Gone(length)).unwrap_err();
        assert!(matches!(error, NoticeError::Write { .. }), "{error}");
        assert_eq!(shown(&path), None);
    }
}

#[test]
fn a_notice_that_cannot_be_recorded_is_not_shown() {
    let root = tempfile::tempdir().unwrap();
    let taken = root.path().join("file");
    fs::write(&taken, "").unwrap();
    let mut out = Vec::new();
    let error = show(&taken.join("notice"), &revision(&["plan"]), "Read me.\n", &mut out);
    assert!(matches!(error, Err(NoticeError::Record { .. })));
    assert_eq!(out, b"");
}

#[test]
fn a_record_that_is_not_understood_counts_as_none() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("notice");
    let good = "shown 0123456789abcdef\n";
    fs::write(&path, good).unwrap();
    assert_eq!(shown(&path).unwrap().as_str(), "0123456789abcdef");
    let table = [
        "",
        "showing 0123456789abcdef\n",
        "shown 0123456789abcdef",
        "shown 0123456789ABCDEF\n",
        "shown 0123456789abcde\n",
        "shown 0123456789abcdef\n\n",
        "0123456789abcdef\n",
    ];
    for text in table {
        fs::write(&path, text).unwrap();
        assert_eq!(shown(&path), None, "{text:?}");
    }
}

#[test]
fn the_notice_names_every_field_and_how_to_turn_telemetry_off() {
    let expected = "\
ktel-demo sends telemetry unless you turn it off.
This is a demonstration. Its events are kept on this machine, and sent to nobody.
  One run of a command: schema_version, timestamp, version, os, arch, command_path, outcome, error_category, duration
More: https://example.com/ktel/consent
Turn it off: `ktel telemetry --product ktel-demo off`, or set KTEL_DEMO_NO_TELEMETRY=1 or DO_NOT_TRACK=1
";
    assert_eq!(text(&ProductFile::demo()), expected);
}
