//! Bytes as an API server writes them, and bytes that nobody should write.

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use super::fields::{ENDPOINT_SLICES, METADATA, PODS, STATUS};
use super::{MAGIC, Malformed, read};
use crate::limits;

/// A field with a length, as protobuf writes it.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut written = varint(u64::from(number) << 3 | 2);
    written.extend(varint(content.len() as u64));
    written.extend(content);
    written
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut written = Vec::new();
    loop {
        let low = u8::try_from(value & 0x7f).unwrap();
        value >>= 7;
        if value == 0 {
            written.push(low);
            return written;
        }
        written.push(low | 0x80);
    }
}

fn answer(kind: &str, raw: &[u8]) -> Vec<u8> {
    let type_meta = [field(1, b"v1"), field(2, kind.as_bytes())].concat();
    [MAGIC.to_vec(), field(1, &type_meta), field(2, raw), field(3, b""), field(4, b"")].concat()
}

fn pods() -> Vec<u8> {
    let annotation = [field(1, b"sidecar.istio.io/status"), field(2, b"{}")].concat();
    let metadata =
        [field(1, b"shop-1"), field(3, b"default"), field(12, &annotation), field(17, b"\xff")];
    let container = [field(1, b"app"), field(2, b"example.com/shop:1")].concat();
    let init = [field(1, b"istio-init"), field(24, b"Always")].concat();
    // Unknown fields stand between the containers: a list need not be written in one piece.
    let spec = [field(2, &container), vec![0x20, 0x1e], field(2, b""), field(20, &init)].concat();
    let pod = [field(1, &metadata.concat()), field(2, &spec), field(3, b"\xff\xff")].concat();
    let list_metadata = [field(2, b"12"), field(3, b"next"), vec![0x20, 0x95, 0x01]].concat();
    let list = [field(1, &list_metadata), field(2, &pod), field(2, b"")].concat();
    answer("PodList", &list)
}

#[test]
fn declared_fields_are_read_under_their_names_in_json() {
    let read: Value = read(&pods(), &PODS).unwrap();
    let expected = json!({
        "metadata": {"resourceVersion": "12", "continue": "next", "remainingItemCount": 149},
        "items": [
            {
                "metadata": {
                    "name": "shop-1",
                    "namespace": "default",
                    "annotations": {"sidecar.istio.io/status": "{}"},
                },
                "spec": {
                    "containers": [{"name": "app", "image": "example.com/shop:1"}, {}],
                    "initContainers": [{"name": "istio-init", "restartPolicy": "Always"}],
                },
            },
            {},
        ],
    });
    assert_eq!(read, expected);
}

#[test]
fn what_may_be_absent_in_json_may_be_absent_here() {
    #[derive(Deserialize)]
    struct Labels {
        app: Option<String>,
        tier: Option<String>,
    }
    #[derive(Deserialize)]
    struct Metadata {
        labels: Option<Labels>,
        annotations: Option<Labels>,
    }
    #[derive(Deserialize)]
    struct Object {
        metadata: Option<Metadata>,
    }
    #[derive(Deserialize)]
    struct Objects {
        items: Option<Vec<Object>>,
    }
    let label = [field(1, b"app"), field(2, b"shop")].concat();
    let object = field(1, &field(11, &label));
    let list = answer("PartialObjectMetadataList", &field(2, &object));
    let objects: Objects = read(&list, &METADATA).unwrap();
    let Some(Metadata { labels: Some(labels), annotations: None }) =
        &objects.items.unwrap()[0].metadata
    else {
        panic!("labels and no annotations");
    };
    assert_eq!((labels.app.as_deref(), labels.tier.as_deref()), (Some("shop"), None));
}

#[track_caller]
fn rejects(answer: &[u8], expected: &str) {
    let error = read::<Value>(answer, &PODS).unwrap_err();
    assert_eq!(error.to_string(), expected);
}

#[test]
fn what_is_not_the_answer_is_rejected_with_its_place() {
    rejects(b"{}", "byte 0: no protobuf of Kubernetes");
    rejects(&answer("NodeList", b""), "it is a `NodeList` instead of a `PodList`");
    rejects(&answer("PodList", &[0x12, 0x05, 0x00]), "byte 2: the message ends within a field");
    rejects(&answer("PodList", &[0x12, 0x80]), "byte 2: the message ends within a field");
    rejects(&answer("PodList", &[0x12; 1]), "byte 1: the message ends within a field");
    rejects(&answer("PodList", &[0xff; 11]), "byte 10: a number of more than 64 bits");
    rejects(&answer("PodList", &[0x02, 0x00]), "byte 1: no number of a field");
    rejects(&answer("PodList", &[0x13]), "byte 1: no type of a field");
    rejects(&answer("PodList", &[0x10, 0x01]), "field 2, `items`: not bytes with a length");
    let name = field(2, &field(1, &field(1, b"\xff")));
    rejects(&answer("PodList", &name), "field 1, `name`: not UTF-8");
}

#[test]
fn an_answer_of_empty_objects_does_not_fill_the_memory() {
    let items = field(2, b"").repeat(limits::PROTOBUF_VALUES_MAX + 1);
    let error = read::<Value>(&answer("PodList", &items), &PODS).unwrap_err();
    assert!(matches!(error, Malformed::TooMany { .. }), "{error}");
}

proptest! {
    #[test]
    fn hostile_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for list in [&PODS, &ENDPOINT_SLICES, &METADATA, &STATUS] {
            drop(read::<Value>(&[MAGIC, &bytes].concat(), list));
            drop(read::<Value>(&answer(list.kind, &bytes), list));
        }
    }

    #[test]
    fn a_damaged_answer_never_panics(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut damaged = pods();
        let at = at.index(damaged.len());
        damaged[at] = byte;
        drop(read::<Value>(&damaged, &PODS));
        drop(read::<Value>(&damaged[..at], &PODS));
    }
}
