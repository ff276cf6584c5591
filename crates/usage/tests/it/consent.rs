//! Consent from real files and an environment of the test.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

use std::cell::RefCell;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use ktel_usage::consent::{
    Consent, Content, DefaultConsent, Preference, Profiles, Source, SourceLocations, Variables,
    decide, keeps_events,
};
use ktel_usage::directories::Directories;
use ktel_usage::product_name::ProductName;
use tempfile::TempDir;

/// A machine with one user and one opt-out product.
struct Machine {
    root: TempDir,
    product: ProductName,
    variables: Variables,
    profiles: Profiles,
    profile: Option<&'static str>,
    environment: Vec<(String, OsString)>,
    configuration: Option<PathBuf>,
    /// The variables that were read.
    looked_up: RefCell<Vec<String>>,
}

impl Machine {
    fn new() -> Self {
        let product: ProductName = "acme".parse().unwrap();
        let variables = Variables::of(&product);
        let (root, looked_up) = (tempfile::tempdir().unwrap(), RefCell::default());
        let environment = vec![("HOME".to_owned(), root.path().join("home").into())];
        Self {
            root,
            product,
            variables,
            profiles: Profiles::default(),
            profile: Some("my-work"),
            environment,
            configuration: None,
            looked_up,
        }
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
        self.looked_up.borrow_mut().push(name.to_owned());
        self.environment.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
    }

    fn locations<T>(&self, then: impl FnOnce(SourceLocations<'_>) -> T) -> T {
        then(SourceLocations {
            product: &self.product,
            variables: &self.variables,
            profiles: &self.profiles,
            profile: self.profile,
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
        self.locations(|locations| decide(locations.read()))
    }

    #[track_caller]
    fn check(&self, given: bool, winner: Source) {
        let consent = self.decide();
        assert_eq!((consent.given, consent.winner.source), (given, winner), "{consent:#?}");
    }
}

const FILES: [(&str, &str, Source); 5] = [
    ("etc/ktel/policy.yaml", "telemetry: off", Source::KtelPolicy),
    ("etc/acme/telemetry.yaml", "products: {acme: off}", Source::ProductPolicy),
    ("home/.config/ktel/acme/preference", "off", Source::Preference),
    ("home/.config/acme/.telemetry-enabled", "false", Source::LegacyPreference),
    ("home/.config/acme/config.yaml", "telemetry: {enabled: false}", Source::Configuration),
];

#[test]
fn every_file_is_found_in_its_place() {
    Machine::new().check(true, Source::Default);
    for (path, text, source) in FILES {
        let machine = Machine::new();
        machine.write(path, text);
        machine.check(false, source);
    }
}

#[test]
fn every_variable_is_read_by_its_name() {
    let table = [
        ("DO_NOT_TRACK", "true", Source::DoNotTrack),
        ("ACME_NO_TELEMETRY", "1", Source::ProductVariable),
        ("KTEL_NO_TELEMETRY", "yes", Source::KtelVariable),
        ("ACME_TELEMETRY_ENABLED", "false", Source::EnabledVariable),
        ("ACME_MY_WORK_TELEMETRY_ENABLED", "false", Source::ProfileVariable),
    ];
    for (name, value, source) in table {
        let machine = Machine::new().with(name, value);
        machine.check(false, source);
        assert_eq!(machine.locations(|locations| locations.objection()), Some(source), "{name}");
        let harmless = Machine::new().with(name, "");
        harmless.check(true, Source::Default);
        assert_eq!(harmless.locations(|locations| locations.objection()), None, "{name}");
    }
}

#[test]
fn a_file_that_exists_and_cannot_be_read_denies() {
    for (path, _, source) in FILES {
        let directory = Machine::new();
        fs::create_dir_all(directory.path(path)).unwrap();
        directory.check(false, source);

        let dangling = Machine::new();
        let link = dangling.path(path);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink("nowhere", &link).unwrap();
        dangling.check(false, source);

        let binary = Machine::new();
        fs::write(binary.write(path, ""), [0xff, 0xfe]).unwrap();
        binary.check(false, source);

        let endless = Machine::new();
        endless.write(path, &format!("{}on", " ".repeat(2 << 20)));
        endless.check(false, source);
    }
}

#[test]
fn a_pipe_in_place_of_a_file_does_not_block() {
    for (path, _, source) in FILES {
        let machine = Machine::new();
        let pipe = machine.path(path);
        fs::create_dir_all(pipe.parent().unwrap()).unwrap();
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        machine.check(false, source);
    }
}

#[test]
fn a_file_without_read_permission_denies() {
    for (path, _, source) in FILES {
        let machine = Machine::new();
        let file = machine.write(path, "");
        fs::set_permissions(&file, PermissionsExt::from_mode(0o000)).unwrap();
        // The administrator may read everything, and finds an empty file.
        if fs::read(&file).is_err() || source != Source::Configuration {
            machine.check(false, source);
        }
    }
}

#[test]
fn a_preference_is_readable_only_by_its_owner_and_read_back() {
    let machine = Machine::new();
    let directories = machine.directories();
    for (preference, given) in [(Preference::On, true), (Preference::Off, false)] {
        let path = preference.write(&directories, &machine.product).unwrap();
        assert_eq!(path, machine.path("home/.config/ktel/acme/preference"));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        machine.check(given, Source::Preference);
    }
    let error = Preference::Off.write(&Directories::default(), &machine.product).unwrap_err();
    assert!(error.to_string().contains("`HOME`"), "{error}");
}

#[test]
fn an_opt_out_beside_the_usual_configuration_also_holds_for_another_one() {
    for beside in ["home/.config/acme/.telemetry-enabled", "elsewhere/.telemetry-enabled"] {
        let mut machine = Machine::new();
        machine.configuration = Some(machine.write("elsewhere/config.yaml", "output: json"));
        machine.check(true, Source::Default);
        machine.write(beside, "false\n");
        machine.check(false, Source::LegacyPreference);
    }
}

#[test]
fn a_legacy_preference_overrides_the_configuration_only_if_it_denies() {
    let machine = Machine::new();
    machine.write("home/.config/acme/.telemetry-enabled", "true");
    machine.check(true, Source::LegacyPreference);
    machine.write("home/.config/acme/config.yaml", "telemetry: {enabled: false}");
    machine.check(false, Source::Configuration);
}

#[test]
fn without_a_home_only_policies_and_variables_are_read() {
    let mut machine = Machine::new();
    machine.environment.clear();
    machine.check(true, Source::Default);
    let sources = machine.locations(|locations| locations.read());
    assert_eq!((sources.preference, sources.configurations), (None, vec![]));
    assert_eq!(sources.ktel_policy.content, Content::Absent);
}

#[test]
fn a_variable_that_denies_is_found_before_any_file_is_read() {
    let machine = Machine::new().with("DO_NOT_TRACK", "1");
    machine.looked_up.borrow_mut().clear();
    let directories = Directories::default();
    let locations = SourceLocations {
        product: &machine.product,
        variables: &machine.variables,
        profiles: &machine.profiles,
        profile: None,
        flag: false,
        environment: &|name| machine.lookup(name),
        directories: &directories,
        ktel_policy: Path::new("/dev/zero"),
        product_policy: None,
        configuration: None,
        default: DefaultConsent::OptOut,
    };
    assert_eq!(locations.objection(), Some(Source::DoNotTrack));
    assert_eq!(*machine.looked_up.borrow(), ["DO_NOT_TRACK"]);
    assert_eq!(SourceLocations { flag: true, ..locations }.objection(), Some(Source::Flag));
}

#[test]
fn a_profile_that_nobody_names_can_deny() {
    let file = "home/.config/acme/config.yaml";
    let machine = |profile| Machine { profile, ..Machine::new() };
    let default = machine(None);
    default.write(file, "default: {telemetry: {enabled: false}}");
    default.check(false, Source::Configuration);

    let other = machine(Some("my-work"));
    other.write(file, "play: {telemetry: {enabled: false}}");
    other.check(false, Source::Configuration);

    let variable = machine(None).with("ACME_DEFAULT_TELEMETRY_ENABLED", "false");
    variable.check(false, Source::ProfileVariable);
    assert!(variable.locations(|locations| locations.objection()).is_some());

    let of_other = machine(None).with("ACME_PLAY_TELEMETRY_ENABLED", "false");
    of_other.check(true, Source::Default);
    of_other.write(file, "play: {output: json}");
    of_other.check(false, Source::ProfileVariable);

    let named = machine(None).with("ACME_PROFILE", "play");
    named.with("ACME_PLAY_TELEMETRY_ENABLED", "false").check(false, Source::ProfileVariable);

    let mut ruled_out = machine(None).with("ACME_DEFAULT_TELEMETRY_ENABLED", "false");
    ruled_out.profiles.names = Some(vec![]);
    ruled_out.write(file, "play: {telemetry: {enabled: false}}");
    ruled_out.check(true, Source::Default);
}

#[test]
fn only_the_profile_in_use_can_allow() {
    let file = "play: {telemetry: {enabled: true}}";
    for (profile, variable, winner) in [
        (None, "default", Source::Default),
        (None, "play", Source::Configuration),
        (Some("play"), "default", Source::Configuration),
        (Some("my-work"), "play", Source::Default),
    ] {
        let machine = Machine { profile, ..Machine::new() }.with("ACME_PROFILE", variable);
        machine.write("home/.config/acme/config.yaml", file);
        machine.check(true, winner);
    }
}

#[test]
fn events_are_kept_only_if_the_configuration_says_so() {
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
