//! Every voice, what it can say, and that no voice ever takes back another's no.

use std::io;
use std::path::PathBuf;

use proptest::prelude::*;

use super::{Consent, Content, DefaultConsent, Document, Said, Variable, Voice, Voices, decide};

const DEFAULTS: [DefaultConsent; 3] =
    [DefaultConsent::OptIn, DefaultConsent::OptOut, DefaultConsent::Off];

fn variable(name: &str) -> Variable {
    Variable { name: name.into(), value: None }
}

fn absent(path: &str) -> Document {
    Document { path: PathBuf::from(path), content: Content::Absent }
}

/// Nobody says anything, but there is a place for everybody.
fn silence(default: DefaultConsent) -> Voices {
    Voices {
        flag: false,
        do_not_track: variable("DO_NOT_TRACK"),
        product_variable: variable("ACME_NO_TELEMETRY"),
        ktel_variable: variable("KTEL_NO_TELEMETRY"),
        enabled_variable: variable("ACME_TELEMETRY_ENABLED"),
        profile_variable: Some(variable("ACME_WORK_TELEMETRY_ENABLED")),
        ktel_policy: absent("/etc/ktel/policy.yaml"),
        product_policy: Some(absent("/etc/acme/telemetry.yaml")),
        preference: Some(absent("/home/ann/.config/ktel/acme/preference")),
        ancestor_preferences: vec![absent("/home/ann/.config/acme/.telemetry-enabled")],
        configurations: vec![absent("/home/ann/.config/acme/config.yaml")],
        profile: Some("work".into()),
        product: "acme".parse().unwrap(),
        default,
    }
}

/// Lets a voice say something; variables get it as their value, files as their text.
fn say(voices: &mut Voices, voice: Voice, text: &str) {
    let content = Content::Text(text.to_owned());
    match voice {
        Voice::Flag => voices.flag = true,
        Voice::DoNotTrack => voices.do_not_track.value = Some(text.into()),
        Voice::ProductVariable => voices.product_variable.value = Some(text.into()),
        Voice::KtelVariable => voices.ktel_variable.value = Some(text.into()),
        Voice::EnabledVariable => voices.enabled_variable.value = Some(text.into()),
        Voice::ProfileVariable => {
            voices.profile_variable.as_mut().unwrap().value = Some(text.into());
        }
        Voice::Default => {}
        file => document(voices, file).content = content,
    }
}

fn document(voices: &mut Voices, voice: Voice) -> &mut Document {
    match voice {
        Voice::KtelPolicy => &mut voices.ktel_policy,
        Voice::ProductPolicy => voices.product_policy.as_mut().unwrap(),
        Voice::Preference => voices.preference.as_mut().unwrap(),
        Voice::AncestorPreference => voices.ancestor_preferences.first_mut().unwrap(),
        Voice::Configuration => voices.configurations.first_mut().unwrap(),
        other => panic!("{other:?} is no file"),
    }
}

const OBJECTING: [Voice; 3] = [Voice::DoNotTrack, Voice::ProductVariable, Voice::KtelVariable];
const ENABLING: [Voice; 2] = [Voice::EnabledVariable, Voice::ProfileVariable];
const FILES: [Voice; 5] = [
    Voice::KtelPolicy,
    Voice::ProductPolicy,
    Voice::Preference,
    Voice::AncestorPreference,
    Voice::Configuration,
];

/// Of a product that sends unless somebody says no, and of one that waits for a yes.
#[track_caller]
fn check(voice: Voice, text: &str, expected: Said) {
    for default in DEFAULTS {
        let mut voices = silence(default);
        say(&mut voices, voice, text);
        let consent = decide(voices);
        let given = match (default, expected) {
            (DefaultConsent::Off, _) | (_, Said::No) => false,
            (DefaultConsent::OptOut, _) | (_, Said::Yes) => true,
            (DefaultConsent::OptIn, Said::Nothing) => false,
        };
        assert_eq!(consent.given, given, "{voice:?} {text:?} {default:?}: {consent:?}");
        let all = all(&consent);
        let heard = all.iter().find(|one| one.voice == voice).unwrap();
        assert_eq!(heard.said, expected, "{voice:?} {text:?}: {heard}");
        let default_wins =
            expected == Said::Nothing || (default == DefaultConsent::Off && expected == Said::Yes);
        let winner = if default_wins { Voice::Default } else { voice };
        assert_eq!(consent.winner.voice, winner, "{voice:?} {text:?} {default:?}");
    }
}

fn all(consent: &Consent) -> Vec<&super::Testimony> {
    std::iter::once(&consent.winner).chain(&consent.others).collect()
}

#[test]
fn in_silence_the_products_default_holds() {
    for default in DEFAULTS {
        let consent = decide(silence(default));
        assert_eq!(consent.given, default == DefaultConsent::OptOut);
        assert_eq!(consent.winner.voice, Voice::Default);
        assert_eq!(consent.others.len(), 11, "everybody is named");
        assert!(consent.others.iter().all(|one| one.said == Said::Nothing));
    }
}

#[test]
fn the_flag_says_no() {
    check(Voice::Flag, "", Said::No);
}

#[test]
fn a_variable_objects_by_anything_but_a_few_words() {
    for voice in OBJECTING {
        for harmless in ["", "0", "false", "no", "off", "FALSE", "Off", " no ", "\t0\n", "nO"] {
            check(voice, harmless, Said::Nothing);
        }
        for objection in ["1", "true", "TRUE", "yes", "on", "2", "00", "null", "n", "f", "\u{fffd}"]
        {
            check(voice, objection, Said::No);
        }
    }
}

#[test]
fn a_switch_of_the_ancestors_only_switches_off() {
    for voice in ENABLING {
        for harmless in ["", "1", "t", "T", "TRUE", "true", "True"] {
            check(voice, harmless, Said::Nothing);
        }
        for off in ["0", "f", "false", "False", "no", "off", "yes", "on", "tRUE", " true", " "] {
            check(voice, off, Said::No);
        }
    }
}

#[test]
fn a_file_that_cannot_be_read_says_no() {
    for voice in FILES {
        for kind in [io::ErrorKind::PermissionDenied, io::ErrorKind::InvalidData] {
            let mut voices = silence(DefaultConsent::OptOut);
            document(&mut voices, voice).content = Content::Unreadable(kind);
            let consent = decide(voices);
            assert_eq!((consent.given, consent.winner.voice), (false, voice));
        }
    }
}

#[test]
fn a_policy_forbids_or_says_nothing() {
    for voice in [Voice::KtelPolicy, Voice::ProductPolicy] {
        let nothing = [
            "telemetry: allowed\n",
            "products: {other: off}\n",
            "{}",
            "telemetry: allowed\nproducts:\n  acme: allowed\n",
        ];
        for text in nothing {
            check(voice, text, Said::Nothing);
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
            check(voice, text, Said::No);
        }
    }
}

#[test]
fn a_preference_is_on_or_off_and_garbage_is_off() {
    for yes in ["on", "on\n", " ON \r\n"] {
        check(Voice::Preference, yes, Said::Yes);
    }
    for no in ["off\n", "OFF", "", "\n", "true", "1", "yes", "on off", "on\0", "{}", "\u{feff}on"] {
        check(Voice::Preference, no, Said::No);
    }
}

#[test]
fn the_ancestors_preference_is_read_as_it_reads_it() {
    for yes in ["true\n", "1", "t", "T", " TRUE", "True\r\n"] {
        check(Voice::AncestorPreference, yes, Said::Yes);
    }
    for no in ["false\n", "0", "f", "F", "FALSE", "False", "", "yes", "on", "tRUE", "true true"] {
        check(Voice::AncestorPreference, no, Said::No);
    }
}

#[test]
fn a_configuration_says_yes_only_in_words_that_the_ancestor_understands() {
    let nothing = [
        "",
        "# empty\n",
        "output: json\n",
        "telemetry:\n",
        "telemetry: {debug: true}\n",
        "work:\n",
        "work: {output: json}\n",
        "play: {telemetry: {enabled: false}}\n",
        "enabled: false\n",
    ];
    for text in nothing {
        check(Voice::Configuration, text, Said::Nothing);
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
        check(Voice::Configuration, text, Said::Yes);
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
        "[telemetry]\nenabled = false\n",
        "just words",
        "telemetry: {enabled: true\n",
        "a: 1\na: 2\n",
        "\0",
    ];
    for text in no {
        check(Voice::Configuration, text, Said::No);
    }
}

#[test]
fn the_first_no_wins_and_every_other_voice_is_told() {
    let mut voices = silence(DefaultConsent::OptIn);
    say(&mut voices, Voice::Configuration, "telemetry: {enabled: false}");
    say(&mut voices, Voice::Preference, "on");
    say(&mut voices, Voice::ProductVariable, "1");
    let consent = decide(voices);
    assert_eq!(consent.winner.to_string(), "`ACME_NO_TELEMETRY` is set to `1`");
    let others: Vec<String> = consent.others.iter().map(ToString::to_string).collect();
    let expected = [
        "`--no-telemetry` is not given",
        "`DO_NOT_TRACK` is not set",
        "`KTEL_NO_TELEMETRY` is not set",
        "`ACME_TELEMETRY_ENABLED` is not set",
        "`ACME_WORK_TELEMETRY_ENABLED` is not set",
        "`/etc/ktel/policy.yaml` is not there",
        "`/etc/acme/telemetry.yaml` is not there",
        "`/home/ann/.config/ktel/acme/preference` says `on`",
        "`/home/ann/.config/acme/.telemetry-enabled` is not there",
        "`/home/ann/.config/acme/config.yaml` sets `telemetry.enabled` to `false`",
        "the product waits for a yes (opt-in)",
    ];
    assert_eq!(others, expected);
}

#[test]
fn what_somebody_wrote_cannot_upset_the_terminal_that_shows_it() {
    let mut voices = silence(DefaultConsent::OptOut);
    say(&mut voices, Voice::DoNotTrack, &format!("\u{1b}[2J\n{}", "x".repeat(1000)));
    let shown = decide(voices).winner.to_string();
    assert!(shown.chars().all(|c| !c.is_control()) && shown.len() < 100, "{shown}");
}

/// Something that a voice may say, of every kind.
fn utterance() -> impl Strategy<Value = (Voice, String)> {
    let voices = OBJECTING.into_iter().chain(ENABLING).chain(FILES).chain([Voice::Flag]);
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
    (prop::sample::select(voices.collect::<Vec<_>>()), texts)
}

/// What the ancestor decides, as it was observed: the first that has a say wins.
fn ancestor_enables(voices: &Voices, enabled_by_configuration: Option<bool>) -> bool {
    let parse_bool = |text: &str| match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    };
    if voices.flag || voices.do_not_track.value.as_deref() == Some("1") {
        return false;
    }
    let kill = voices.product_variable.value.as_deref().unwrap_or_default();
    if kill.eq_ignore_ascii_case("true") {
        return false;
    }
    match voices.ancestor_preferences.first().map(|document| &document.content) {
        Some(Content::Text(text)) => return parse_bool(text.trim()).unwrap_or(false),
        Some(Content::Unreadable(_)) => return false,
        Some(Content::Absent) | None => {}
    }
    let profile = voices.profile_variable.as_ref().and_then(|one| one.value.as_deref());
    match profile.filter(|value| !value.is_empty()) {
        Some(value) => parse_bool(value).unwrap_or(false),
        None => enabled_by_configuration.unwrap_or(true),
    }
}

/// A configuration and what the ancestor makes of it.
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
    fn whatever_turns_the_ancestor_off_turns_ktel_off(
        default in prop::sample::select(DEFAULTS.to_vec()),
        said in prop::collection::vec(utterance(), 0..6),
        (configuration, enabled) in prop::sample::select(CONFIGURATIONS.to_vec()),
        unreadable in any::<bool>(),
    ) {
        let mut voices = silence(default);
        for (voice, text) in said {
            say(&mut voices, voice, &text);
        }
        say(&mut voices, Voice::Configuration, configuration);
        if unreadable {
            let kind = io::ErrorKind::PermissionDenied;
            document(&mut voices, Voice::AncestorPreference).content = Content::Unreadable(kind);
        }
        if !ancestor_enables(&voices, enabled) {
            prop_assert!(!decide(voices).given);
        }
    }

    #[test]
    fn one_more_objection_never_turns_consent_on(
        default in prop::sample::select(DEFAULTS.to_vec()),
        before in prop::collection::vec(utterance(), 0..6),
        (voice, text) in utterance(),
    ) {
        let mut voices = silence(default);
        for (voice, text) in before {
            say(&mut voices, voice, &text);
        }
        // Somebody who was silent speaks up.
        let silent = all(&decide(voices.clone())).iter().any(|one| one.voice == voice && one.said == Said::Nothing);
        if !silent {
            return Ok(());
        }
        let before = decide(voices.clone());
        say(&mut voices, voice, &text);
        let after = decide(voices);
        let said = all(&after).iter().find(|one| one.voice == voice).unwrap().said;
        if said == Said::No {
            prop_assert!(!after.given);
        }
        if said != Said::Yes {
            prop_assert!(before.given || !after.given);
        }
        // No variable and no policy ever says yes.
        if !matches!(voice, Voice::Preference | Voice::AncestorPreference | Voice::Configuration) {
            prop_assert_ne!(said, Said::Yes);
        }
    }

    #[test]
    fn consent_is_given_only_if_nobody_says_no(
        default in prop::sample::select(DEFAULTS.to_vec()),
        said in prop::collection::vec(utterance(), 0..6),
    ) {
        let mut voices = silence(default);
        for (voice, text) in said {
            say(&mut voices, voice, &text);
        }
        let consent = decide(voices);
        let heard = all(&consent);
        prop_assert_eq!(heard.len(), 12);
        let no = heard.iter().any(|one| one.said == Said::No);
        let yes = heard.iter().any(|one| one.said == Said::Yes);
        prop_assert_eq!(consent.given, yes && !no);
        let winner = if consent.given { Said::Yes } else if no { Said::No } else { Said::Nothing };
        prop_assert_eq!(consent.winner.said, winner);
    }
}
