//! What each source decides, and that no source overrides another one that denies.

use std::io;
use std::path::PathBuf;

use proptest::prelude::*;

use super::{
    Consent, Content, Decision, DefaultConsent, Document, Evidence, Profiles, Source, Sources,
    Variable, decide,
};

const DEFAULTS: [DefaultConsent; 3] =
    [DefaultConsent::OptIn, DefaultConsent::OptOut, DefaultConsent::Off];

fn variable(name: &str) -> Variable {
    Variable { name: name.into(), value: None }
}

fn absent(path: &str) -> Document {
    Document { path: PathBuf::from(path), content: Content::Absent }
}

/// Every source exists, and none decides.
fn undecided(default: DefaultConsent) -> Sources {
    Sources {
        flag: false,
        do_not_track: variable("DO_NOT_TRACK"),
        product_variable: variable("ACME_NO_TELEMETRY"),
        ktel_variable: variable("KTEL_NO_TELEMETRY"),
        enabled_variable: variable("ACME_TELEMETRY_ENABLED"),
        profile_variables: vec![variable("ACME_WORK_TELEMETRY_ENABLED")],
        ktel_policy: absent("/etc/ktel/policy.yaml"),
        product_policy: Some(absent("/etc/acme/telemetry.yaml")),
        preference: Some(absent("/home/ann/.config/ktel/acme/preference")),
        legacy_preferences: vec![absent("/home/ann/.config/acme/.telemetry-enabled")],
        configurations: vec![absent("/home/ann/.config/acme/config.yaml")],
        profiles: Profiles::default(),
        profile: Some("work".into()),
        product: "acme".parse().unwrap(),
        default,
    }
}

/// Sets the value of a variable or the text of a file.
fn set(sources: &mut Sources, source: Source, text: &str) {
    let content = Content::Text(text.to_owned());
    match source {
        Source::Flag => sources.flag = true,
        Source::DoNotTrack => sources.do_not_track.value = Some(text.into()),
        Source::ProductVariable => sources.product_variable.value = Some(text.into()),
        Source::KtelVariable => sources.ktel_variable.value = Some(text.into()),
        Source::EnabledVariable => sources.enabled_variable.value = Some(text.into()),
        Source::ProfileVariable => {
            sources.profile_variables[0].value = Some(text.into());
        }
        Source::Default => {}
        file => document(sources, file).content = content,
    }
}

fn document(sources: &mut Sources, source: Source) -> &mut Document {
    match source {
        Source::KtelPolicy => &mut sources.ktel_policy,
        Source::ProductPolicy => sources.product_policy.as_mut().unwrap(),
        Source::Preference => sources.preference.as_mut().unwrap(),
        Source::LegacyPreference => sources.legacy_preferences.first_mut().unwrap(),
        Source::Configuration => sources.configurations.first_mut().unwrap(),
        other => panic!("{other:?} is not a file"),
    }
}

const OPT_OUT: [Source; 3] = [Source::DoNotTrack, Source::ProductVariable, Source::KtelVariable];
const SWITCHES: [Source; 2] = [Source::EnabledVariable, Source::ProfileVariable];
const FILES: [Source; 5] = [
    Source::KtelPolicy,
    Source::ProductPolicy,
    Source::Preference,
    Source::LegacyPreference,
    Source::Configuration,
];

/// Checks one source for each default.
#[track_caller]
fn check(source: Source, text: &str, expected: Decision) {
    for default in DEFAULTS {
        let mut sources = undecided(default);
        set(&mut sources, source, text);
        let consent = decide(sources);
        let given = match (default, expected) {
            (DefaultConsent::Off, _) | (_, Decision::Deny) => false,
            (DefaultConsent::OptOut, _) | (_, Decision::Allow) => true,
            (DefaultConsent::OptIn, Decision::NoOpinion) => false,
        };
        assert_eq!(consent.given, given, "{source:?} {text:?} {default:?}: {consent:?}");
        let all = all(&consent);
        let evidence = all.iter().find(|one| one.source == source).unwrap();
        assert_eq!(evidence.decision, expected, "{source:?} {text:?}: {evidence}");
        let default_wins = expected == Decision::NoOpinion
            || (default == DefaultConsent::Off && expected == Decision::Allow);
        let winner = if default_wins { Source::Default } else { source };
        assert_eq!(consent.winner.source, winner, "{source:?} {text:?} {default:?}");
    }
}

fn all(consent: &Consent) -> Vec<&Evidence> {
    std::iter::once(&consent.winner).chain(&consent.others).collect()
}

#[test]
fn without_a_decision_the_default_applies() {
    for default in DEFAULTS {
        let consent = decide(undecided(default));
        assert_eq!(consent.given, default == DefaultConsent::OptOut);
        assert_eq!(consent.winner.source, Source::Default);
        assert_eq!(consent.others.len(), 11, "every source is listed");
        assert!(consent.others.iter().all(|one| one.decision == Decision::NoOpinion));
    }
}

#[test]
fn the_flag_denies() {
    check(Source::Flag, "", Decision::Deny);
}

#[test]
fn an_opt_out_variable_denies_unless_it_has_one_of_a_few_values() {
    for source in OPT_OUT {
        for harmless in ["", "0", "false", "no", "off", "FALSE", "Off", " no ", "\t0\n", "nO"] {
            check(source, harmless, Decision::NoOpinion);
        }
        for objection in ["1", "true", "TRUE", "yes", "on", "2", "00", "null", "n", "f", "\u{fffd}"]
        {
            check(source, objection, Decision::Deny);
        }
    }
}

#[test]
fn an_enabled_variable_only_denies() {
    for source in SWITCHES {
        for harmless in ["", "1", "t", "T", "TRUE", "true", "True"] {
            check(source, harmless, Decision::NoOpinion);
        }
        for off in ["0", "f", "false", "False", "no", "off", "yes", "on", "tRUE", " true", " "] {
            check(source, off, Decision::Deny);
        }
    }
}

#[test]
fn a_file_that_cannot_be_read_denies() {
    for source in FILES {
        for kind in [io::ErrorKind::PermissionDenied, io::ErrorKind::InvalidData] {
            let mut sources = undecided(DefaultConsent::OptOut);
            document(&mut sources, source).content = Content::Unreadable(kind);
            let consent = decide(sources);
            assert_eq!((consent.given, consent.winner.source), (false, source));
        }
    }
}

#[test]
fn a_policy_denies_or_has_no_opinion() {
    for source in [Source::KtelPolicy, Source::ProductPolicy] {
        let nothing = [
            "telemetry: allowed\n",
            "products: {other: off}\n",
            "{}",
            "telemetry: allowed\nproducts:\n  acme: allowed\n",
        ];
        for text in nothing {
            check(source, text, Decision::NoOpinion);
        }
        let no = [
            "telemetry: off",
            "telemetry: \"off\"",
            "products: {acme: off}",
            "telemetry: off\nproducts: {acme: allowed}",
            "",
            "# nothing but a comment",
            "telemetry: on",
            "telemetry: false",
            "telemetry: Off",
            "telemtry: off",
            "products: {acme: false}",
            "products: [acme]",
            "telemetry: allowed\ntelemetry: off",
            "telemetry: allowed\n---\ntelemetry: off",
            "off",
            "{",
            "\0",
        ];
        for text in no {
            check(source, text, Decision::Deny);
        }
    }
}

#[test]
fn a_preference_is_on_or_off_and_anything_else_denies() {
    for yes in ["on", "on\n", " ON \r\n"] {
        check(Source::Preference, yes, Decision::Allow);
    }
    for no in ["off\n", "OFF", "", "\n", "true", "1", "yes", "on off", "on\0", "{}", "\u{feff}on"] {
        check(Source::Preference, no, Decision::Deny);
    }
}

#[test]
fn a_legacy_preference_is_read_as_kongctl_reads_it() {
    for yes in ["true\n", "1", "t", "T", " TRUE", "True\r\n"] {
        check(Source::LegacyPreference, yes, Decision::Allow);
    }
    for no in ["false\n", "0", "f", "F", "FALSE", "False", "", "yes", "on", "tRUE", "true true"] {
        check(Source::LegacyPreference, no, Decision::Deny);
    }
}

#[test]
fn a_configuration_allows_only_with_a_value_that_kongctl_reads_as_true() {
    let nothing = [
        "",
        "# empty\n",
        "output: json\n",
        "telemetry:\n",
        "telemetry: {debug: true}\n",
        "work:\n",
        "work: {output: json}\n",
        "play: {telemetry: {enabled: true}}\n",
        "enabled: false\n",
    ];
    for text in nothing {
        check(Source::Configuration, text, Decision::NoOpinion);
    }
    let yes = [
        "telemetry: {enabled: true}\n",
        "telemetry:\n  enabled: \"true\"\n",
        "telemetry.enabled: 1\n",
        "Telemetry: {Enabled: True}\n",
        "work: {telemetry: {enabled: true}}\n",
        "{\"telemetry\": {\"enabled\": true}}",
    ];
    for text in yes {
        check(Source::Configuration, text, Decision::Allow);
    }
    let no = [
        "telemetry: {enabled: false}\n",
        "telemetry:\n  enabled: \"false\"\n",
        "telemetry.enabled: false\n",
        "TELEMETRY: {ENABLED: FALSE}\n",
        "telemetry: {enabled: no}\n",
        "telemetry: {enabled: off}\n",
        "telemetry: {enabled: yes}\n",
        "telemetry: {enabled: 0}\n",
        "telemetry: {enabled: 1.5}\n",
        "telemetry: {enabled: }\n",
        "telemetry: {enabled: [true]}\n",
        "telemetry: off\n",
        "telemetry: false\n",
        "work: {telemetry: {enabled: false}}\n",
        "work.telemetry.enabled: false\n",
        "telemetry: {enabled: true}\nwork: {telemetry: {enabled: false}}\n",
        "telemetry: {enabled: false}\nwork: {telemetry: {enabled: true}}\n",
        "telemetry: {enabled: true}\nTelemetry: {enabled: false}\n",
        "work: 3\n",
        "play: {telemetry: {enabled: false}}\n",
        "play.telemetry: {enabled: off}\n",
        "play: {telemetry: off}\n",
        "work: {telemetry: {enabled: true}}\nplay: {telemetry: {enabled: false}}\n",
        "[telemetry]\nenabled = false\n",
        "just words",
        "telemetry: {enabled: true\n",
        "a: 1\na: 2\n",
        "\0",
    ];
    for text in no {
        check(Source::Configuration, text, Decision::Deny);
    }
}

#[test]
fn a_section_that_the_product_rules_out_as_a_profile_does_not_decide() {
    let decision = |names: Option<&[&str]>, text: &str| {
        let mut sources = undecided(DefaultConsent::OptOut);
        sources.profiles.names = names.map(|names| names.iter().map(ToString::to_string).collect());
        set(&mut sources, Source::Configuration, text);
        let consent = decide(sources);
        let all = all(&consent);
        all.iter().find(|one| one.source == Source::Configuration).unwrap().decision
    };
    let play = "play: {telemetry: {enabled: false}}";
    assert_eq!(decision(None, play), Decision::Deny);
    assert_eq!(decision(Some(&["work", "Play"]), play), Decision::Deny);
    assert_eq!(decision(Some(&["work"]), play), Decision::NoOpinion);
    let root = "telemetry: {enabled: false}";
    assert_eq!(decision(Some(&["work"]), root), Decision::Deny, "the root is no profile");
}

#[test]
fn the_first_source_that_denies_wins_and_every_other_one_is_listed() {
    let mut sources = undecided(DefaultConsent::OptIn);
    set(&mut sources, Source::Configuration, "telemetry: {enabled: false}");
    set(&mut sources, Source::Preference, "on");
    set(&mut sources, Source::ProductVariable, "1");
    let consent = decide(sources);
    assert_eq!(consent.winner.to_string(), "`ACME_NO_TELEMETRY` is set to `1`");
    let others: Vec<String> = consent.others.iter().map(ToString::to_string).collect();
    let expected = [
        "`--no-telemetry` is not given",
        "`DO_NOT_TRACK` is not set",
        "`KTEL_NO_TELEMETRY` is not set",
        "`ACME_TELEMETRY_ENABLED` is not set",
        "`ACME_WORK_TELEMETRY_ENABLED` is not set",
        "`/etc/ktel/policy.yaml` does not exist",
        "`/etc/acme/telemetry.yaml` does not exist",
        "`/home/ann/.config/ktel/acme/preference` says `on`",
        "`/home/ann/.config/acme/.telemetry-enabled` does not exist",
        "`/home/ann/.config/acme/config.yaml` sets `telemetry.enabled` to `false`",
        "the product sends only if the user allows it (opt-in)",
    ];
    assert_eq!(others, expected);
}

#[test]
fn a_value_cannot_send_control_characters_to_the_terminal() {
    let mut sources = undecided(DefaultConsent::OptOut);
    set(&mut sources, Source::DoNotTrack, &format!("\u{1b}[2J\n{}", "x".repeat(1000)));
    let shown = decide(sources).winner.to_string();
    assert!(shown.chars().all(|c| !c.is_control()) && shown.len() < 100, "{shown}");
}

/// A source with a value or a text.
fn setting() -> impl Strategy<Value = (Source, String)> {
    let sources = OPT_OUT.into_iter().chain(SWITCHES).chain(FILES).chain([Source::Flag]);
    let texts = prop_oneof![
        Just("on"),
        Just("off"),
        Just("true"),
        Just("false"),
        Just("1"),
        Just("0"),
        Just(""),
        Just("telemetry: {enabled: true}"),
        Just("telemetry: {enabled: false}"),
        Just("telemetry: off"),
        Just("telemetry: allowed"),
        Just("garbage: ["),
    ];
    let texts = prop_oneof![3 => texts.prop_map(str::to_owned), 1 => any::<String>()];
    (prop::sample::select(sources.collect::<Vec<_>>()), texts)
}

/// The rule of kongctl, as it was observed: the first source that decides wins.
fn kongctl_enables(sources: &Sources, enabled_by_configuration: Option<bool>) -> bool {
    let parse_bool = |text: &str| match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    };
    if sources.flag || sources.do_not_track.value.as_deref() == Some("1") {
        return false;
    }
    let kill = sources.product_variable.value.as_deref().unwrap_or_default();
    if kill.eq_ignore_ascii_case("true") {
        return false;
    }
    match sources.legacy_preferences.first().map(|document| &document.content) {
        Some(Content::Text(text)) => return parse_bool(text.trim()).unwrap_or(false),
        Some(Content::Unreadable(_)) => return false,
        Some(Content::Absent) | None => {}
    }
    let profile = sources.profile_variables[0].value.as_deref();
    match profile.filter(|value| !value.is_empty()) {
        Some(value) => parse_bool(value).unwrap_or(false),
        None => enabled_by_configuration.unwrap_or(true),
    }
}

/// A configuration, and how kongctl reads it.
const CONFIGURATIONS: [(&str, Option<bool>); 8] = [
    ("output: json", None),
    ("work: {telemetry: {enabled: true}}", Some(true)),
    ("work: {telemetry: {enabled: false}}", Some(false)),
    ("work: {telemetry: {enabled: \"0\"}}", Some(false)),
    ("work: {telemetry: {enabled: no}}", Some(false)),
    ("work: {telemetry: {enabled: yes}}", Some(false)),
    ("Work: {Telemetry: {Enabled: False}}", Some(false)),
    ("work: {telemetry: {enabled: 0}}", Some(false)),
];

proptest! {
    #[test]
    fn what_turns_kongctl_off_turns_ktel_off(
        default in prop::sample::select(DEFAULTS.to_vec()),
        settings in prop::collection::vec(setting(), 0..6),
        (configuration, enabled) in prop::sample::select(CONFIGURATIONS.to_vec()),
        unreadable in any::<bool>(),
    ) {
        let mut sources = undecided(default);
        for (source, text) in settings {
            set(&mut sources, source, &text);
        }
        set(&mut sources, Source::Configuration, configuration);
        if unreadable {
            let kind = io::ErrorKind::PermissionDenied;
            document(&mut sources, Source::LegacyPreference).content = Content::Unreadable(kind);
        }
        if !kongctl_enables(&sources, enabled) {
            prop_assert!(!decide(sources).given);
        }
    }

    #[test]
    fn one_more_source_that_denies_never_gives_consent(
        default in prop::sample::select(DEFAULTS.to_vec()),
        before in prop::collection::vec(setting(), 0..6),
        (source, text) in setting(),
    ) {
        let mut sources = undecided(default);
        for (source, text) in before {
            set(&mut sources, source, &text);
        }
        let before = decide(sources.clone());
        let undecided = |one: &&&Evidence| one.source == source && one.decision == Decision::NoOpinion;
        prop_assume!(all(&before).iter().any(|one| undecided(&one)));
        set(&mut sources, source, &text);
        let after = decide(sources);
        let decision = all(&after).iter().find(|one| one.source == source).unwrap().decision;
        if decision == Decision::Deny {
            prop_assert!(!after.given);
        }
        if decision != Decision::Allow {
            prop_assert!(before.given || !after.given);
        }
        // No variable and no policy ever allows.
        if !matches!(source, Source::Preference | Source::LegacyPreference | Source::Configuration) {
            prop_assert_ne!(decision, Decision::Allow);
        }
    }

    #[test]
    fn consent_is_given_only_if_no_source_denies(
        default in prop::sample::select(DEFAULTS.to_vec()),
        settings in prop::collection::vec(setting(), 0..6),
    ) {
        let mut sources = undecided(default);
        for (source, text) in settings {
            set(&mut sources, source, &text);
        }
        let consent = decide(sources);
        let all = all(&consent);
        prop_assert_eq!(all.len(), 12);
        let denied = all.iter().any(|one| one.decision == Decision::Deny);
        let allowed = all.iter().any(|one| one.decision == Decision::Allow);
        prop_assert_eq!(consent.given, allowed && !denied);
        let winner = match (allowed, denied) {
            (_, true) => Decision::Deny,
            (true, false) => Decision::Allow,
            (false, false) => Decision::NoOpinion,
        };
        prop_assert_eq!(consent.winner.decision, winner);
    }
}
