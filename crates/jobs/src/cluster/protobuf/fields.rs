//! The fields that are read, with their numbers from the files `generated.proto` of `k8s.io/api` and
//! `k8s.io/apimachinery`. Kubernetes never gives a number another meaning within a version.

/// A kind of answer.
#[derive(Debug)]
pub(crate) struct List {
    /// Paths of another version have other messages; those are read as JSON.
    pub(crate) path: &'static str,
    pub(crate) kind: &'static str,
    pub(super) message: &'static Message,
}

#[derive(Debug)]
pub(super) struct Message(pub(super) &'static [Field]);

#[derive(Debug)]
pub(super) struct Field {
    pub(super) number: u32,
    /// As in JSON.
    pub(super) name: &'static str,
    pub(super) of: Of,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Of {
    Text,
    Bytes,
    Integer,
    /// `map<string, string>`
    Texts,
    One(&'static Message),
    Many(&'static Message),
}

const fn field(number: u32, name: &'static str, of: Of) -> Field {
    Field { number, name, of }
}

/// The pods of `core/v1`: their names, annotations and containers.
pub(crate) static PODS: List =
    List { path: "/api/v1/", kind: "PodList", message: &Message(&list(&POD)) };

/// The slices of `discovery/v1`: their labels, and what their endpoints stand for.
pub(crate) static ENDPOINT_SLICES: List = List {
    path: "/apis/discovery.k8s.io/v1/",
    kind: "EndpointSliceList",
    message: &Message(&list(&ENDPOINT_SLICE)),
};

/// Names, labels and annotations of any kind.
pub(crate) static METADATA: List =
    List { path: "/", kind: "PartialObjectMetadataList", message: &Message(&list(&WITH_METADATA)) };

/// Why a request failed.
pub(crate) static STATUS: List =
    List { path: "/", kind: "Status", message: &Message(&[field(3, "message", Of::Text)]) };

/// `runtime.Unknown`
pub(super) static UNKNOWN: Message =
    Message(&[field(1, "typeMeta", Of::One(&TYPE_META)), field(2, "raw", Of::Bytes)]);

static TYPE_META: Message = Message(&[field(2, "kind", Of::Text)]);

const fn list(of: &'static Message) -> [Field; 2] {
    [field(1, "metadata", Of::One(&LIST_META)), field(2, "items", Of::Many(of))]
}

static LIST_META: Message = Message(&[
    field(2, "resourceVersion", Of::Text),
    field(3, "continue", Of::Text),
    field(4, "remainingItemCount", Of::Integer),
]);

static OBJECT_META: Message = Message(&[
    field(1, "name", Of::Text),
    field(3, "namespace", Of::Text),
    field(11, "labels", Of::Texts),
    field(12, "annotations", Of::Texts),
]);

static WITH_METADATA: Message = Message(&[field(1, "metadata", Of::One(&OBJECT_META))]);

static POD: Message =
    Message(&[field(1, "metadata", Of::One(&OBJECT_META)), field(2, "spec", Of::One(&POD_SPEC))]);

static POD_SPEC: Message = Message(&[
    field(2, "containers", Of::Many(&CONTAINER)),
    field(20, "initContainers", Of::Many(&CONTAINER)),
]);

static CONTAINER: Message = Message(&[
    field(1, "name", Of::Text),
    field(2, "image", Of::Text),
    field(24, "restartPolicy", Of::Text),
]);

static ENDPOINT_SLICE: Message = Message(&[
    field(1, "metadata", Of::One(&OBJECT_META)),
    field(2, "endpoints", Of::Many(&ENDPOINT)),
]);

static ENDPOINT: Message = Message(&[field(4, "targetRef", Of::One(&OBJECT_REFERENCE))]);

static OBJECT_REFERENCE: Message =
    Message(&[field(1, "kind", Of::Text), field(3, "name", Of::Text)]);
