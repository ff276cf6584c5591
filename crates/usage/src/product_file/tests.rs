//! The format of a product file, and where it is found.

use std::fs;
use std::io;

use super::{DEMO, Place, ProductFile, ProductFileError, Stood};
use crate::consent::{DefaultConsent, Profiles};
use crate::directories::Directories;
use crate::event::{EventSchema, Version};

const FULL: &str = "\
ktel: 1
name: acme
binary: acmectl
consent: opt-in
server: https://telemetry.acme.example/v1/reports
policy: /etc/acme/telemetry.yaml
default_profile: main
profiles: [main, work]
commands: [get apis, plan]
event_version: 2
schemas: [stats.yaml]
notice:
  text: |
    Acme counts which commands are used.
    And nothing else.
  url: https://acme.example/telemetry
  off: acmectl telemetry off
  stood: {place: chart-notes, reference: NOTES.txt}
";
const LEAST: &str = "ktel: 1\nname: acme\nconsent: off\n";
const SCHEMA: &str = ktel_model::built_in::COMMAND.text;

fn parse(text: &str) -> Result<ProductFile, ProductFileError> {
    ProductFile::parse(text, "acme.yaml", &|schema| match schema {
        "stats.yaml" => Ok(SCHEMA.to_owned()),
        "broken.yaml" => Ok("kts: 1".to_owned()),
        _ => Err(io::ErrorKind::NotFound.into()),
    })
}

#[test]
fn every_key_is_read() {
    let file = parse(FULL).unwrap();
    assert_eq!((file.name.as_str(), file.consent), ("acme", DefaultConsent::OptIn));
    assert_eq!(file.server.as_deref(), Some("https://telemetry.acme.example/v1/reports"));
    assert_eq!(file.vocabulary.resolve("acmectl plan").name(), Some("plan"));
    assert_eq!(file.event_version, Version::Two);
    let names = Some(vec!["main".into(), "work".into()]);
    assert_eq!(file.profiles, Profiles { default: "main".into(), names });
    assert_eq!(file.schemas, [EventSchema::template()]);
    assert_eq!(file.all_schemas().count(), 2);
    let stood = Stood { place: Place::ChartNotes, reference: "NOTES.txt".into() };
    assert_eq!(file.notice.stood, Some(stood));
    let least = parse(LEAST).unwrap();
    assert_eq!((least.vocabulary.binary(), least.event_version), ("acme", Version::One));
    assert_eq!(least.profiles, Profiles::default());
}

#[test]
fn the_demo_is_built_in() {
    let demo = ProductFile::demo();
    assert_eq!((demo.name.as_str(), demo.server), (DEMO, None));
    let nowhere: [&str; 0] = [];
    assert_eq!(
        ProductFile::find(DEMO, &Directories::default(), &nowhere).unwrap(),
        ProductFile::demo()
    );
}

#[test]
fn a_file_that_is_not_understood_is_an_error() {
    let table = [
        ("", "unexpected end"),
        ("[]", ""),
        ("ktel: 2\nname: acme\nconsent: off", "format is 2"),
        ("name: acme\nconsent: off", "`ktel`"),
        ("ktel: 1\nconsent: off", "`name`"),
        ("ktel: 1\nname: acme", "`consent`"),
        ("ktel: 1\nname: Acme\nconsent: off", "`Acme` cannot be the name"),
        ("ktel: 1\nname: ../acme\nconsent: off", "cannot be the name"),
        ("ktel: 1\nname: acme\nconsent: on", "on"),
        ("ktel: 1\nname: acme\nconsent: opt-out", "needs a `notice`"),
    ];
    let more = [
        ("comands: []", "comands"),
        ("event_version: 3", "only 1 and 2"),
        ("server: telemetry.acme.example", "no scheme"),
        ("server: https://ann:secret@acme.example/", "a password"),
        ("policy: policy.yaml", "absolute path"),
        ("schemas: [../stats.yaml]", "in the directory"),
        ("default_profile: a b", "`a b` is not a profile"),
        ("profiles: [default, a.b]", "`a.b` is not a profile"),
        ("profiles: [main]", "`default` is not one of"),
        ("default_profile: main\nprofiles: []", "no `profiles`"),
        ("notice: {text: \"\"}", "empty"),
        ("notice: {text: \"\\e[2J\"}", "control characters"),
        ("notice: {url: \"a\\nb\"}", "control characters"),
        ("notice: {txt: a}", "txt"),
        ("notice: {stood: {place: nowhere, reference: a}}", "nowhere"),
        ("name: other", "name"),
    ];
    let more = more.map(|(line, expected)| (format!("{LEAST}{line}\n"), expected));
    let table = table.map(|(text, expected)| (text.to_owned(), expected));
    for (text, expected) in table.into_iter().chain(more) {
        let Err(error @ ProductFileError::Format { .. }) = parse(&text) else { panic!("{text}") };
        let error = error.to_string();
        assert!(error.contains(expected) && error.contains("`acme.yaml`"), "{text}: {error}");
        assert!(!error.contains("secret"), "{error}");
    }
    let lines = format!("{LEAST}notice: {{text: \"{}\"}}\n", "a\\n".repeat(17));
    assert!(matches!(parse(&lines), Err(ProductFileError::Format { .. })));
}

#[test]
fn commands_and_schemas_are_checked_too() {
    let with = |line: &str| parse(&format!("{LEAST}{line}\n")).unwrap_err();
    assert!(matches!(with("commands: [get --all]"), ProductFileError::Commands { .. }));
    assert!(matches!(with("schemas: [absent.yaml]"), ProductFileError::SchemaFile { .. }));
    assert!(matches!(with("schemas: [broken.yaml]"), ProductFileError::Schema { .. }));
}

#[test]
fn the_first_file_of_the_search_path_wins() {
    let root = tempfile::tempdir().unwrap();
    let home = root.path().join("home");
    let directories = Directories::of(&|name| (name == "HOME").then(|| home.clone().into()));
    let user = home.join(".config/ktel/products");
    let system = [root.path().join("etc"), root.path().join("usr")];
    let find = || ProductFile::find("acme", &directories, &system);
    let error = find().unwrap_err();
    let hint = error.hint().unwrap();
    let places: Vec<_> = [&user].into_iter().chain(&system).collect();
    for place in &places {
        assert!(hint.contains(&place.join("acme.yaml").display().to_string()), "{hint}");
    }
    for (place, number) in places.iter().rev().zip(1..) {
        fs::create_dir_all(place).unwrap();
        let text = format!("{LEAST}server: stdout:{number}\n");
        fs::write(place.join("acme.yaml"), text).unwrap();
        assert_eq!(find().unwrap().server, Some(format!("stdout:{number}")));
    }
    let path = system[1].join("acme.yaml").display().to_string();
    let nowhere: [&str; 0] = [];
    let by_path = ProductFile::find(&path, &Directories::default(), &nowhere).unwrap();
    assert_eq!(by_path.server.as_deref(), Some("stdout:1"));

    // A user's file that cannot be used does not give way to that of a package.
    fs::write(user.join("acme.yaml"), "ktel: 1\nname: emca\nconsent: off\n").unwrap();
    assert!(matches!(find(), Err(ProductFileError::OtherName { .. })));
    fs::write(user.join("acme.yaml"), "{").unwrap();
    assert!(matches!(find(), Err(ProductFileError::Format { .. })));
    fs::remove_file(user.join("acme.yaml")).unwrap();
    fs::create_dir(user.join("acme.yaml")).unwrap();
    assert!(matches!(find(), Err(ProductFileError::Read { .. })));
    let strange = ProductFile::find("Acme!", &directories, &system);
    assert!(matches!(strange, Err(ProductFileError::Name { .. })));
}
