//! Consent as a program asks for it: with real files and an environment of its own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

use std::cell::RefCell;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use ktel_usage::consent::{
    Consent, Content, DefaultConsent, Preference, Sources, Variables, Voice, decide, keeps_events,
};
use ktel_usage::directories::Directories;
use ktel_usage::product_name::ProductName;
use tempfile::TempDir;

/// A machine with one user and one product, which sends unless somebody says no.
struct Machine {
    root: TempDir,
    product: ProductName,
    variables: Variables,
    environment: Vec<(String, OsString)>,
    configuration: Option<PathBuf>,
    /// Which variables were asked for.
    asked: RefCell<Vec<String>>,
}

impl Machine {
    fn new() -> Self {
        let product: ProductName = "acme".parse().unwrap();
        let variables = Variables::of_profile(&product, "my-work");
        let (root, asked) = (tempfile::tempdir().unwrap(), RefCell::default());
        let environment = vec![("HOME".to_owned(), root.path().join("home").into())];
        Self { root, product, variables, environment, configuration: None, asked }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    fn directories(&self) -> Directories {
        Directories::of(&|name| self.lookup(name))
    }

    fn lookup(&self, name: &str) -> Option<OsString> {
        self.asked.borrow_mut().push(name.to_owned());
        self.environment.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
    }

    fn ask<T>(&self, answer: impl FnOnce(Sources<'_>) -> T) -> T {
        answer(Sources {
            product: &self.product,
            variables: &self.variables,
            flag: false,
            environment: &|name| self.lookup(name),
            directories: &self.directories(),
            ktel_policy: &self.path("etc/ktel/policy.yaml"),
            product_policy: Some(&self.path("etc/acme/telemetry.yaml")),
            configuration: self.configuration.as_deref(),
            default: DefaultConsent::OptOut,
        })
    }

    fn decide(&self) -> Consent {
        self.ask(|sources| decide(sources.gather()))
    }

    #[track_caller]
    fn check(&self, given: bool, winner: Voice) {
        let consent = self.decide();
        assert_eq!((consent.given, consent.winner.voice), (given, winner), "{consent:#?}");
    }
}

const FILES: [(&str, &str, Voice); 5] = [
    ("etc/ktel/policy.yaml", "telemetry: off", Voice::KtelPolicy),
    ("etc/acme/telemetry.yaml", "products: {acme: off}", Voice::ProductPolicy),
    ("home/.config/ktel/acme/preference", "off", Voice::Preference),
    ("home/.config/acme/.telemetry-enabled", "false", Voice::AncestorPreference),
    ("home/.config/acme/config.yaml", "telemetry: {enabled: false}", Voice::Configuration),
];

#[test]
fn every_file_is_found_in_its_place() {
    Machine::new().check(true, Voice::Default);
    for (path, text, voice) in FILES {
        let machine = Machine::new();
        machine.write(path, text);
        machine.check(false, voice);
    }
}

#[test]
fn every_variable_is_heard_by_its_name() {
    let table = [
        ("DO_NOT_TRACK", "true", Voice::DoNotTrack),
        ("ACME_NO_TELEMETRY", "1", Voice::ProductVariable),
        ("KTEL_NO_TELEMETRY", "yes", Voice::KtelVariable),
        ("ACME_TELEMETRY_ENABLED", "false", Voice::EnabledVariable),
        ("ACME_MY_WORK_TELEMETRY_ENABLED", "false", Voice::ProfileVariable),
    ];
    for (name, value, voice) in table {
        let machine = Machine::new().with(name, value);
        machine.check(false, voice);
        assert_eq!(machine.ask(|sources| sources.objection()), Some(voice), "{name}");
        let harmless = Machine::new().with(name, "");
        harmless.check(true, Voice::Default);
        assert_eq!(harmless.ask(|sources| sources.objection()), None, "{name}");
    }
}

#[test]
fn a_file_that_is_there_and_cannot_be_read_says_no() {
    for (path, _, voice) in FILES {
        let directory = Machine::new();
        fs::create_dir_all(directory.path(path)).unwrap();
        directory.check(false, voice);

        let dangling = Machine::new();
        let link = dangling.path(path);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink("nowhere", &link).unwrap();
        dangling.check(false, voice);

        let binary = Machine::new();
        fs::write(binary.write(path, ""), [0xff, 0xfe]).unwrap();
        binary.check(false, voice);

        let endless = Machine::new();
        endless.write(path, &format!("{}on", " ".repeat(2 << 20)));
        endless.check(false, voice);
    }
}

#[test]
fn a_pipe_in_the_place_of_a_file_holds_up_nobody() {
    for (path, _, voice) in FILES {
        let machine = Machine::new();
        let pipe = machine.path(path);
        fs::create_dir_all(pipe.parent().unwrap()).unwrap();
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        machine.check(false, voice);
    }
}

#[test]
fn a_forbidden_file_says_no() {
    for (path, _, voice) in FILES {
        let machine = Machine::new();
        let file = machine.write(path, "");
        fs::set_permissions(&file, PermissionsExt::from_mode(0o000)).unwrap();
        // The administrator may read everything, and finds an empty file.
        if fs::read(&file).is_err() || voice != Voice::Configuration {
            machine.check(false, voice);
        }
    }
}

#[test]
fn a_preference_is_written_for_its_owner_alone_and_read_back() {
    let machine = Machine::new();
    let directories = machine.directories();
    for (preference, given) in [(Preference::On, true), (Preference::Off, false)] {
        let path = preference.write(&directories, &machine.product).unwrap();
        assert_eq!(path, machine.path("home/.config/ktel/acme/preference"));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        machine.check(given, Voice::Preference);
    }
    let error = Preference::Off.write(&Directories::default(), &machine.product).unwrap_err();
    assert!(error.to_string().contains("`HOME`"), "{error}");
}

#[test]
fn an_opt_out_beside_the_usual_configuration_holds_for_another_one() {
    for beside in ["home/.config/acme/.telemetry-enabled", "elsewhere/.telemetry-enabled"] {
        let mut machine = Machine::new();
        machine.configuration = Some(machine.write("elsewhere/config.yaml", "output: json"));
        machine.check(true, Voice::Default);
        machine.write(beside, "false\n");
        machine.check(false, Voice::AncestorPreference);
    }
}

#[test]
fn the_ancestors_file_wins_over_its_configuration_only_when_it_says_no() {
    let machine = Machine::new();
    machine.write("home/.config/acme/.telemetry-enabled", "true");
    machine.check(true, Voice::AncestorPreference);
    machine.write("home/.config/acme/config.yaml", "telemetry: {enabled: false}");
    machine.check(false, Voice::Configuration);
}

#[test]
fn without_a_home_only_policies_and_variables_are_asked() {
    let mut machine = Machine::new();
    machine.environment.clear();
    machine.check(true, Voice::Default);
    let voices = machine.ask(|sources| sources.gather());
    assert_eq!((voices.preference, voices.configurations), (None, vec![]));
    assert_eq!(voices.ktel_policy.content, Content::Absent);
}

#[test]
fn an_objection_of_the_environment_is_found_without_looking_further() {
    let machine = Machine::new().with("DO_NOT_TRACK", "1");
    machine.asked.borrow_mut().clear();
    let directories = Directories::default();
    let sources = Sources {
        product: &machine.product,
        variables: &machine.variables,
        flag: false,
        environment: &|name| machine.lookup(name),
        directories: &directories,
        ktel_policy: Path::new("/dev/zero"),
        product_policy: None,
        configuration: None,
        default: DefaultConsent::OptOut,
    };
    assert_eq!(sources.objection(), Some(Voice::DoNotTrack));
    assert_eq!(*machine.asked.borrow(), ["DO_NOT_TRACK"]);
    assert_eq!(Sources { flag: true, ..sources }.objection(), Some(Voice::Flag));
}

#[test]
fn events_are_kept_only_where_the_configuration_says_so() {
    let table = [
        ("telemetry: {debug: true}", true),
        ("my-work: {telemetry: {debug: true}}", true),
        ("telemetry.debug: \"1\"", true),
        ("telemetry: {debug: true}\nmy-work: {telemetry: {debug: false}}", false),
        ("telemetry: {debug: yes}", false),
        ("telemetry: {debug: [", false),
        ("", false),
    ];
    for (text, expected) in table {
        assert_eq!(keeps_events(text, Some("my-work")), expected, "{text}");
    }
}
