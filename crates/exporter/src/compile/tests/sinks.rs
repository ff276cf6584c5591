//! Sinks: addresses, headers, profiles and secrets.

use std::time::Duration;

use super::fixture::{cluster, compiled, settings, shown, sink};
use crate::compile::{Compiled, Missing};
use crate::plan::{Authentication, Compression, SinkPlan, Temporality};
use crate::resource::spec::{self, Profile, SecretKey, Sink, Spec};
use crate::resource::{ExporterSpec, normalise};
use crate::settings::Settings;

fn made(sink: Sink, settings: &Settings) -> (Option<SinkPlan>, Vec<String>) {
    let spec = Spec { sinks: vec![sink], ..Spec::default() };
    let Compiled { plan, findings, .. } = compiled(&spec, settings, &cluster());
    (plan.and_then(|plan| plan.sinks.into_iter().next()), shown(&findings))
}

fn at(endpoint: &str) -> Sink {
    let mut sink = sink();
    sink.otlp_http.endpoint = endpoint.parse().unwrap();
    sink
}

fn key(name: &str, key: &str) -> SecretKey {
    SecretKey { name: name.to_owned(), key: key.to_owned() }
}

#[test]
fn an_address_has_to_be_allowed() {
    let strict = settings("egress: {ports: [443, 4318]}");
    let open = settings("egress: {allow_http: true, allowed_networks: [127.0.0.0/8]}");
    for (endpoint, settings, is_allowed) in [
        ("https://otlp.example.com/v1/metrics", &strict, true),
        ("https://otlp.example.com:4318/v1/metrics", &strict, true),
        ("https://otlp.example.com:8443/v1/metrics", &strict, false),
        ("http://otlp.example.com:4318/v1/metrics", &strict, false),
        ("http://otlp.example.com/v1/metrics", &open, true),
        ("http://127.0.0.1:9/v1/metrics", &open, true),
        ("ftp://otlp.example.com/v1/metrics", &open, false),
        ("https://user@otlp.example.com/v1/metrics", &open, false),
        ("https://1.1.1.1/v1/metrics", &strict, true),
        ("https://169.254.169.254/v1/metrics", &strict, false),
        ("https://[::ffff:169.254.169.254]/v1/metrics", &strict, false),
        ("https://[fd00::1]/v1/metrics", &strict, false),
        ("https://2130706433/v1/metrics", &strict, false),
        ("https://0x7f.1/v1/metrics", &strict, false),
        ("https://10.0.0.1/v1/metrics", &open, false),
    ] {
        let (sink, findings) = made(at(endpoint), settings);
        let expected: &[&str] =
            if is_allowed { &[] } else { &["spec.sinks[0].otlp_http.endpoint: AddressNotAllowed"] };
        assert_eq!(
            (sink.is_some(), findings),
            (is_allowed, expected.iter().map(ToString::to_string).collect()),
            "{endpoint}"
        );
    }
}

#[test]
fn the_address_of_tokens_is_an_address_too() {
    let mut sink = sink();
    sink.otlp_http.authentication = spec::Authentication::OAuth2ClientCredentials {
        token_url: "https://169.254.169.254/token".parse().unwrap(),
        scopes: Vec::new(),
        id: key("s", "clientId"),
        secret: key("s", "clientSecret"),
    };
    let (made, findings) = made(sink, &settings(""));
    assert_eq!(made, None);
    assert_eq!(findings, ["spec.sinks[0].otlp_http.authentication.tokenUrl: AddressNotAllowed"]);
}

#[test]
fn a_secret_does_not_stand_in_headers() {
    for (name, reason) in [
        ("Authorization", Some("SecretInHeaders")),
        ("cookie", Some("SecretInHeaders")),
        ("DD-API-KEY", Some("SecretInHeaders")),
        ("Content-Type", Some("Invalid")),
        ("Host", Some("Invalid")),
        ("x-scope-orgid", None),
    ] {
        let with = |headers: serde_json::Value| {
            let mut otlp = serde_json::json!({"endpoint": "https://otlp.example.com"});
            otlp.as_object_mut().unwrap().extend(headers.as_object().unwrap().clone());
            let written = serde_json::json!({
                "sources": [{"name": "a", "metrics": {}}],
                "sinks": [{"name": "out", "otlp_http": otlp}],
            });
            let written: ExporterSpec = serde_json::from_value(written).unwrap();
            let (spec, findings) = normalise(&written);
            (spec.sinks.len() == 1, shown(&findings))
        };
        let expected: Vec<String> = reason
            .map(|reason| format!("spec.sinks[0].otlp_http.headers{}: {reason}", shown_key(name)))
            .into_iter()
            .collect();
        let plain = with(serde_json::json!({"headers": {name: "x"}}));
        assert_eq!(plain, (reason.is_none(), expected), "{name}");
        let secret = serde_json::json!([{"name": name, "secretRef": {"name": "s", "key": "k"}}]);
        let (is_used, _) = with(serde_json::json!({"headersFrom": secret}));
        assert_eq!(is_used, reason != Some("Invalid"), "{name}");
    }
}

fn shown_key(name: &str) -> String {
    if name.contains('-') { format!("[{name}]") } else { format!(".{name}") }
}

#[test]
fn a_profile_presets_and_a_sink_overrides() {
    let of = |profile: Profile| Sink { profile, ..sink() };
    let (plan, findings) = made(of(Profile::Datadog), &settings(""));
    let plan = plan.unwrap();
    assert_eq!(findings, Vec::<String>::new());
    assert_eq!((plan.temporality, plan.batch.bytes_max), (Temporality::Delta, 500_000));
    assert!(plan.accepts.one_point_a_second);
    let (plan, _) = made(of(Profile::GrafanaCloud), &settings(""));
    let plan = plan.unwrap();
    assert_eq!((plan.rate.points_per_second, plan.rate.burst), (Some(10_000), 200_000));
    assert_eq!(plan.accepts.out_of_order, Some(Duration::from_secs(7200)));
    let (plan, _) = made(of(Profile::Prometheus), &settings(""));
    assert_eq!(plan.unwrap().rate.in_flight_max, 1);
    let mut own = of(Profile::Datadog);
    own.temporality = Some(Temporality::Cumulative);
    own.batch.bytes_max = Some(2_000_000);
    own.otlp_http.compression = Some(Compression::Zstd);
    own.limits.points_per_second = Some(5);
    own.limits.in_flight_max = Some(9);
    let (plan, findings) = made(own, &settings(""));
    assert_eq!(
        findings,
        [
            "spec.sinks[0].temporality? AgainstProfile",
            "spec.sinks[0].batch.maxBytes? AgainstProfile",
        ]
    );
    let plan = plan.unwrap();
    assert_eq!((plan.temporality, plan.compression), (Temporality::Cumulative, Compression::Zstd));
    assert_eq!((plan.batch.bytes_max, plan.rate.in_flight_max), (2_000_000, 9));
    assert_eq!((plan.rate.points_per_second, plan.rate.burst), (Some(5), 5));
}

#[test]
fn what_a_profile_does_not_take_is_named() {
    let mut wrong =
        Sink { profile: Profile::GrafanaCloud, ..at("http://otlp.example.com/v1/metrics") };
    wrong.otlp_http.compression = Some(Compression::Zstd);
    wrong.otlp_http.authentication = spec::Authentication::BearerToken(key("s", "token"));
    let (plan, findings) = made(wrong, &settings("egress: {allow_http: true}"));
    assert!(plan.is_some());
    assert_eq!(
        findings,
        [
            "spec.sinks[0].otlp_http.compression? AgainstProfile",
            "spec.sinks[0].otlp_http.endpoint? NotEncrypted",
            "spec.sinks[0].otlp_http.endpoint? AgainstProfile",
        ]
    );
    let api_key = |name: &str, prefix: &str| {
        let mut sink = Sink {
            profile: Profile::Dynatrace,
            ..at("https://x.example.com/api/v2/otlp/v1/metrics")
        };
        sink.otlp_http.authentication = spec::Authentication::ApiKeyHeader {
            name: name.to_owned(),
            prefix: prefix.to_owned(),
            key: key("s", "apiKey"),
        };
        made(sink, &settings("")).1
    };
    assert_eq!(api_key("authorization", "Api-Token "), Vec::<String>::new());
    assert_eq!(api_key("api-key", ""), ["spec.sinks[0].otlp_http.authentication? AgainstProfile"]);
}

#[test]
fn the_operators_limits_bound_a_sink() {
    let settings = settings("limits: {memory: 16Mi, tenant: {points_per_second: 100}}");
    let mut greedy = sink();
    greedy.batch.bytes_max = Some(64 * 1024 * 1024);
    greedy.limits.points_per_second = Some(1_000_000);
    let (plan, findings) = made(greedy, &settings);
    let plan = plan.unwrap();
    assert_eq!(plan.batch.bytes_max, 2 * 1024 * 1024);
    assert_eq!((plan.rate.points_per_second, plan.rate.burst), (Some(100), 100));
    assert_eq!(
        findings,
        [
            "spec.sinks[0].batch.maxBytes? TooLarge",
            "spec.sinks[0].limits.pointsPerSecond? TooLarge",
        ]
    );
    assert_eq!(made(sink(), &settings).0.unwrap().rate.points_per_second, Some(100));
}

#[test]
fn one_wrong_sink_leaves_the_others_and_names_secrets_in_their_order() {
    let mut bearer = sink();
    bearer.name = "bearer".to_owned();
    bearer.otlp_http.authentication = spec::Authentication::BearerToken(key("t", "token"));
    bearer.otlp_http.headers_from = vec![("x-a".to_owned(), key("h", "a"))];
    bearer.otlp_http.authorities = Some(key("ca", "ca.crt"));
    let spec = Spec { sinks: vec![at("http://a.example.com/"), sink(), bearer], ..Spec::default() };
    let compiled = compiled(&spec, &settings(""), &cluster());
    let plan = compiled.plan.unwrap();
    let names: Vec<&str> = plan.sinks.iter().map(|sink| sink.name.as_str()).collect();
    assert_eq!(names, ["out", "bearer"]);
    assert!(plan.sinks[1].tls.has_own_authorities);
    assert_eq!(plan.sinks[1].authentication, Authentication::BearerToken);
    assert_eq!(compiled.secrets.len(), 2);
    assert!(compiled.secrets[0].names().is_empty());
    let needs = &compiled.secrets[1];
    assert_eq!(needs.names().into_iter().collect::<Vec<_>>(), ["ca", "h", "t"]);
    let credentials =
        needs.credentials(|key| Some(format!(" {}/{} \n", key.name, key.key).into_bytes()));
    let credentials = credentials.unwrap();
    assert_eq!(credentials.token.unwrap().reveal(), "t/token");
    assert_eq!(credentials.headers[0].1.reveal(), "h/a");
    let missing = needs.credentials(|key| match key.name.as_str() {
        "t" => None,
        "h" => Some(vec![0xff]),
        _ => Some(Vec::new()),
    });
    let expected = [
        Missing::Unusable(key("ca", "ca.crt")),
        Missing::Absent(key("t", "token")),
        Missing::Unusable(key("h", "a")),
    ];
    assert_eq!(missing.unwrap_err(), expected);
}
