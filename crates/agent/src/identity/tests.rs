//! How an identity is made, kept and renewed.

use std::collections::BTreeMap;

use http::Method;
use jiff::{Timestamp, ToSpan};
use k8s_openapi::api::core::v1::Secret;
use ktel_model::signature;
use kube::Api;
use ring::signature::{ED25519, UnparsedPublicKey};

use super::{Identity, KEY, Plan, obtain, plan, random_key, renewed};
use crate::limits;
use ktel_testkit::one_object::{self, Shared};

#[test]
fn a_key_serves_ninety_days_and_one_from_the_future_not_at_all() {
    let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
    for (hours, expected) in [
        (0, Plan::Keep),
        (90 * 24 - 1, Plan::Keep),
        (90 * 24, Plan::Rotate),
        (1000 * 24, Plan::Rotate),
        (-1, Plan::Keep),
        (-48, Plan::Rotate),
    ] {
        assert_eq!(plan(Some(now - hours.hours()), now), expected, "{hours} h old");
    }
    assert_eq!(plan(None, now), Plan::Make);
}

#[test]
fn a_signature_covers_every_byte_of_the_item() {
    let identity = Identity::ephemeral();
    let item = br#"{"schema":"ktel/report","data":{}}"#;
    let signed = signature::split(&identity.sign(item)).unwrap();
    assert_eq!(signed.bytes, item);
    assert_eq!(signature::installation_id(&signed.key), identity.installation.id);
    let key = UnparsedPublicKey::new(&ED25519, signed.key);
    key.verify(item, &signed.signature).unwrap();
    for index in 0..item.len() {
        let mut other = item.to_vec();
        other[index] ^= 1;
        assert!(key.verify(&other, &signed.signature).is_err(), "byte {index}");
    }
}

#[test]
fn keys_before_are_kept_as_long_as_what_they_signed() {
    let mut now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let mut data = BTreeMap::new();
    let mut keys = Vec::new();
    for _ in 0..limits::KEYS_RETIRED_MAX + 3 {
        keys.push(random_key());
        data = renewed(data, keys.last().unwrap().clone(), now);
        now += (limits::KEY_DAYS * 24).hours();
    }
    assert_eq!(&data[KEY].0, keys.last().unwrap());
    let kept: Vec<&Vec<u8>> = data
        .iter()
        .filter(|(name, _)| name.starts_with("retired-"))
        .map(|(_, key)| &key.0)
        .collect();
    let expected: Vec<&Vec<u8>> = keys[2..keys.len() - 1].iter().collect();
    assert_eq!(kept, expected);
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

async fn of(one: &Shared, now: &str, may_write: bool) -> Option<String> {
    let api = Api::<Secret>::namespaced(
        kube::Client::new(one_object::service(one), "default"),
        "default",
    );
    let found = obtain(&api, "acme-telemetry-key", at(now), may_write).await.unwrap();
    found.map(|found| {
        assert!(found.installation.persisted);
        found.installation.id
    })
}

#[tokio::test]
async fn an_identity_is_made_once_kept_ninety_days_and_then_another_one() {
    let one = Shared::default();
    assert_eq!(of(&one, "2026-01-01T00:00:00Z", false).await, None, "a preview makes none");
    assert_eq!(one.lock().unwrap().writes, 0);
    let first = of(&one, "2026-01-01T00:00:00Z", true).await.unwrap();
    for now in ["2026-01-01T00:00:01Z", "2026-03-31T00:00:00Z"] {
        assert_eq!(of(&one, now, true).await.as_ref(), Some(&first), "{now}");
    }
    assert_eq!(one.lock().unwrap().writes, 1);
    let late = "2026-04-02T00:00:00Z";
    assert_eq!(of(&one, late, false).await.as_ref(), Some(&first), "a preview renews none");
    let second = of(&one, late, true).await.unwrap();
    assert_ne!(first, second);
    let secret = one.lock().unwrap().object.clone().unwrap();
    let names: Vec<&String> = secret["data"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["key", "made-at", "retired-2026-01-01"]);
}

#[tokio::test]
async fn of_two_that_make_a_key_at_once_one_is_everybodys() {
    let (one, other) = (Shared::default(), Shared::default());
    let theirs = of(&other, "2026-01-01T00:00:00Z", true).await;
    one.lock().unwrap().rival = other.lock().unwrap().object.clone();
    assert_eq!(of(&one, "2026-01-01T00:00:00Z", true).await, theirs);
    // And of two that renew it.
    let renewed = of(&other, "2026-06-01T00:00:00Z", true).await;
    one.lock().unwrap().rival = other.lock().unwrap().object.clone();
    assert_eq!(of(&one, "2026-06-01T00:00:00Z", true).await, renewed);
    assert_ne!(theirs, renewed);
}

#[tokio::test]
async fn what_the_role_forbids_is_done_without() {
    let one = Shared::default();
    one.lock().unwrap().rejects = Some((Method::GET, 403));
    assert_eq!(of(&one, "2026-01-01T00:00:00Z", true).await, None);
    one.lock().unwrap().rejects = Some((Method::POST, 403));
    assert_eq!(of(&one, "2026-01-01T00:00:00Z", true).await, None);
    one.lock().unwrap().rejects = None;
    let first = of(&one, "2026-01-01T00:00:00Z", true).await;
    one.lock().unwrap().rejects = Some((Method::PUT, 403));
    assert_eq!(
        of(&one, "2026-06-01T00:00:00Z", true).await,
        first,
        "an old key is better than none"
    );
}
