//! What sinks get: every sample, in the form they asked for, with what they want to see.

use std::time::Duration;

use ktel_delivery::Secret;
use ktel_exporter::credentials::Credentials;
use ktel_exporter::plan::{Authentication, Compression};
use ktel_exporter::report::LaneState;
use ktel_otlp::MetricsData;
use ktel_otlp::json::to_protobuf;
use ktel_testkit::capture::Http;
use ktel_testkit::certificates::{Authority, Identity};
use ktel_testkit::collector::{Collector, Input};
use ktel_testkit::http::{Answer, Response};
use ktel_testkit::otlp_series::Samples;
use ktel_testkit::tls::ServerTls;
use serde_json::json;

use super::{SOON, Scene, arrived, same, sink};

#[test]
fn every_sample_arrives_once_at_each_sink_and_no_strangers() {
    let scene = Scene::start(600);
    let receivers: Vec<Http> = (0..3).map(|_| Http::start()).collect();
    let codecs = [Compression::Gzip, Compression::Zstd, Compression::None];
    let mut sinks = Vec::new();
    for (index, (receiver, codec)) in receivers.iter().zip(codecs).enumerate() {
        let mut sink = sink(&format!("s{index}"), &receiver.url());
        (sink.compression, sink.rate.in_flight_max) = (codec, 4);
        sinks.push(sink);
    }
    let plan = scene.plan(sinks);
    scene.apply(&plan, vec![Credentials::default(); 3]);
    let stored = &scene.stored;
    for (index, receiver) in receivers.iter().enumerate() {
        let lane = scene.wait_for(&format!("s{index}"));
        let requests = receiver.requests();
        same(&arrived(&requests), stored, &format!("{:?}", codecs[index]));
        assert_eq!(lane.points.acknowledged, stored.0.len() as u64);
        let encoding = [Some("gzip"), Some("zstd"), None][index];
        let request = &requests[0];
        assert_eq!(request.header("content-encoding"), encoding);
        assert_eq!(request.header("content-type"), Some("application/x-protobuf"));
        let agent = request.header("user-agent").unwrap();
        assert!(agent.starts_with("ktel/") && agent.contains(" OTel-OTLP-Exporter-Rust/"));
    }
}

#[test]
fn a_real_collector_gets_every_sample() {
    let scene = Scene::start(400);
    let collector = Collector::start();
    let address = collector.address(Input::OtlpHttp);
    let mut to = sink("collector", &format!("http://{address}"));
    // The file exporter writes one line for each request; the test reads one.
    (to.batch.points_max, to.compression) = (400 * 40, Compression::Zstd);
    let plan = scene.plan(vec![to]);
    scene.apply(&plan, vec![Credentials::default()]);
    scene.wait_for("collector");
    let stored = &scene.stored;
    let mut seen = Samples::default();
    for line in collector.lines(Input::OtlpHttp, "metrics", stored.0.len(), SOON) {
        seen.read(&to_protobuf::<MetricsData<'_>>(line.to_string().as_bytes()).unwrap()).unwrap();
    }
    same(&seen, stored, "the Collector");
}

#[test]
fn a_dead_sink_delays_no_other_and_its_memory_is_given_back() {
    let scene = Scene::start(2000);
    let (alive, dead) = (Http::start(), Http::start());
    dead.answer(Answer::Stall);
    let mut sinks = vec![sink("alive", &alive.url()), sink("dead", &dead.url())];
    for sink in &mut sinks {
        sink.rate.in_flight_max = 4;
    }
    let plan = scene.plan(sinks);
    scene.apply(&plan, vec![Credentials::default(); 2]);
    scene.wait_for("alive");
    same(&arrived(&alive.requests()), &scene.stored, "the other one");
    assert_eq!(scene.lane("dead").unwrap().points.acknowledged, 0);
    dead.answer(Response::new(200));
    // Its request has 30 s.
    let lane = scene.wait_for("dead");
    assert_eq!(lane.points.acknowledged, scene.stored.0.len() as u64);
    assert_eq!(scene.engine.memory_used(), (0, 0));
}

#[test]
fn each_kind_of_authentication_is_what_the_receiver_sees() {
    let scene = Scene::start(3);
    let token_server = Http::start();
    let answer = json!({"access_token": "fetched", "token_type": "Bearer", "expires_in": 3600});
    token_server.answer(Response::json(200, &answer));
    let secret = |text: &str| Some(Secret::new(text));
    let user = Credentials {
        user: Some("user".into()),
        password: secret("pass:word"),
        ..Credentials::default()
    };
    let token = Credentials { token: secret("t0ken"), ..Credentials::default() };
    let oauth = Authentication::OAuth2ClientCredentials {
        token_url: format!("{}/token", token_server.url()).parse().unwrap(),
        scopes: vec!["metrics".into(), "write".into()],
    };
    let key = Authentication::ApiKeyHeader { name: "Api-Key".into(), prefix: "Api-Token ".into() };
    for (index, (authentication, credentials, header, value)) in [
        (Authentication::BearerToken, token.clone(), "authorization", "Bearer t0ken"),
        (Authentication::BasicAuth, user.clone(), "authorization", "Basic dXNlcjpwYXNzOndvcmQ="),
        (key, token, "api-key", "Api-Token t0ken"),
        (oauth, user, "authorization", "Bearer fetched"),
    ]
    .into_iter()
    .enumerate()
    {
        let receiver = Http::start();
        let name = format!("s{index}");
        let mut plan = scene.plan(vec![sink(&name, &receiver.url())]);
        plan.sinks[0].authentication = authentication;
        plan.sinks[0].headers = vec![("X-Scope".into(), "open".into())];
        plan.sinks[0].secret_headers = vec!["X-Hidden".into()];
        let headers = vec![("x-hidden".to_owned(), Secret::new("hidden"))];
        scene.apply(&plan, vec![Credentials { headers, ..credentials }]);
        scene.wait_for(&name);
        for request in receiver.requests() {
            assert_eq!(request.header(header), Some(value));
            assert_eq!(request.header("x-scope"), Some("open"));
            assert_eq!(request.header("x-hidden"), Some("hidden"));
        }
    }
    let requests = token_server.requests();
    assert_eq!(requests.len(), 1, "a token is fetched once");
    assert_eq!(requests[0].header("authorization"), Some("Basic dXNlcjpwYXNzJTNBd29yZA=="));
    let form = String::from_utf8(requests[0].body().unwrap()).unwrap();
    assert_eq!(form, "grant_type=client_credentials&scope=metrics+write");
}

#[test]
fn a_token_that_is_not_accepted_any_more_is_fetched_again_later() {
    let scene = Scene::start(3);
    let (token_server, receiver) = (Http::start(), Http::start());
    token_server.answer(Response::json(400, &json!({"error": "invalid_client"})));
    let mut plan = scene.plan(vec![sink("a", &receiver.url())]);
    plan.sinks[0].authentication = Authentication::OAuth2ClientCredentials {
        token_url: token_server.url().parse().unwrap(),
        scopes: Vec::new(),
    };
    let credentials = Credentials {
        user: Some("id".into()),
        password: Some(Secret::new("secret")),
        ..Credentials::default()
    };
    scene.apply(&plan, vec![credentials]);
    let lane = scene.wait_until("it is held", "a", |lane| lane.state == LaneState::Held);
    let error = lane.error.unwrap();
    assert!(error.message.contains("invalid_client"), "{error:?}");
    assert_eq!(receiver.requests().len(), 0);
}

#[test]
fn a_certificate_decides_whether_anything_is_sent() {
    let scene = Scene::start(3);
    let (authority, other) = (Authority::new(), Authority::new());
    let receiver = Http::start_tls(&ServerTls::new(&authority.server()));
    let mut plan = scene.plan(vec![sink("a", &receiver.url())]);
    plan.sinks[0].tls.has_own_authorities = true;
    let trusting = |authority: &Authority| {
        let authorities = Some(authority.certificate_pem().into_bytes());
        vec![Credentials { authorities, ..Credentials::default() }]
    };
    scene.apply(&plan, trusting(&other));
    let lane = scene.wait_until("it is held", "a", |lane| lane.state == LaneState::Held);
    assert_eq!(lane.error.unwrap().reason, "Untrusted");
    assert_eq!(receiver.requests().len(), 0);
    scene.apply(&plan, trusting(&authority));
    scene.wait_for("a");
    same(&arrived(&receiver.requests()), &scene.stored, "over TLS");
}

#[test]
fn a_receiver_that_asks_for_a_certificate_gets_it_and_takes_no_other() {
    let scene = Scene::start(3);
    let authority = Authority::new();
    let tls = ServerTls::asking_for_clients_of(&authority, &authority.server());
    let receiver = Http::start_tls(&tls);
    let mut plan = scene.plan(vec![sink("a", &receiver.url())]);
    plan.sinks[0].tls.has_own_authorities = true;
    plan.sinks[0].authentication = Authentication::Mtls;
    let with = |identity: &Identity| {
        vec![Credentials {
            authorities: Some(authority.certificate_pem().into_bytes()),
            certificate: Some(identity.certificate_pem().into_bytes()),
            key: Some(Secret::new(&identity.key_pem())),
            ..Credentials::default()
        }]
    };
    scene.apply(&plan, with(&Authority::new().client("stranger")));
    scene.wait_until("it fails", "a", |lane| lane.error.is_some());
    assert_eq!(receiver.requests().len(), 0);
    scene.apply(&plan, with(&authority.client("exporter")));
    scene.wait_for("a");
    same(&arrived(&receiver.requests()), &scene.stored, "with a certificate");
}

#[test]
fn the_name_of_the_server_is_the_one_that_is_configured() {
    let scene = Scene::start(3);
    let authority = Authority::new();
    let receiver = Http::start_tls(&ServerTls::new(&authority.server_elsewhere()));
    let mut plan = scene.plan(vec![sink("a", &receiver.url())]);
    plan.sinks[0].tls.has_own_authorities = true;
    let authorities = Some(authority.certificate_pem().into_bytes());
    let credentials = vec![Credentials { authorities, ..Credentials::default() }];
    scene.apply(&plan, credentials.clone());
    let lane = scene.wait_until("it is held", "a", |lane| lane.state == LaneState::Held);
    assert_eq!(lane.error.unwrap().reason, "Untrusted");
    assert_eq!(receiver.requests().len(), 0);
    plan.sinks[0].tls.server_name = Some("elsewhere.example".into());
    scene.apply(&plan, credentials);
    scene.wait_for("a");
    same(&arrived(&receiver.requests()), &scene.stored, "by the other name");
}

#[test]
fn an_address_that_is_not_allowed_is_never_connected_to() {
    let scene = Scene::start(3);
    let receiver = Http::start();
    let port = receiver.address().port();
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
        let mut plan = scene.plan(vec![sink(host, &format!("http://{host}:{port}"))]);
        plan.sinks[0].egress.allowed.clear();
        scene.apply(&plan, vec![Credentials::default()]);
        let lane = scene.wait_until("it fails", host, |lane| lane.error.is_some());
        assert!(lane.error.as_ref().unwrap().message.contains("not allowed"), "{lane:?}");
    }
    assert_eq!(receiver.connections(), 0);
}

#[test]
fn a_redirect_is_not_followed() {
    let scene = Scene::start(3);
    let (receiver, elsewhere) = (Http::start(), Http::start());
    receiver.answer(Response::redirect(307, &elsewhere.url()));
    let plan = scene.plan(vec![sink("a", &receiver.url())]);
    scene.apply(&plan, vec![Credentials::default()]);
    let lane = scene.wait_until("it is held", "a", |lane| lane.state == LaneState::Held);
    assert_eq!(lane.error.unwrap().reason, "Redirected");
    assert_eq!(elsewhere.connections(), 0);
    assert!(
        Duration::from_secs(60)
            < Duration::from_millis(u64::try_from(lane.next_attempt.unwrap().0).unwrap())
    );
}
