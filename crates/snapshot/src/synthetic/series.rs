//! The objects of one kind in a made-up cluster, in the order of their keys.

use std::fmt::Write;
use std::sync::{Arc, LazyLock};

use serde_json::{Value, json};

use super::plan::{Plan, REPLICAS, Sidecar};
use super::template::{Field, Template, Text};
use crate::key::key;

/// The kinds that are made up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Made {
    Namespaces,
    Nodes,
    Pods,
    Services,
    EndpointSlices,
    Deployments,
}

impl Made {
    pub(super) const ALL: [Self; 6] = [
        Self::Namespaces,
        Self::Nodes,
        Self::Pods,
        Self::Services,
        Self::EndpointSlices,
        Self::Deployments,
    ];
}

/// All objects of one kind; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Series {
    plan: Arc<Plan>,
    made: Made,
}

static POD: LazyLock<Value> = LazyLock::new(|| parse(include_str!("pod.json")));
static PODS: LazyLock<[Template; 3]> = LazyLock::new(|| {
    [Sidecar::None, Sidecar::Istio, Sidecar::Linkerd].map(|sidecar| Template::new(&pod(sidecar)))
});
static NODE: LazyLock<Template> =
    LazyLock::new(|| Template::new(&parse(include_str!("node.json"))));
static NAMESPACE: LazyLock<Template> =
    LazyLock::new(|| Template::new(&parse(include_str!("namespace.json"))));
static SERVICE: LazyLock<Template> =
    LazyLock::new(|| Template::new(&parse(include_str!("service.json"))));
static SLICE: LazyLock<Template> =
    LazyLock::new(|| Template::new(&parse(include_str!("endpointslice.json"))));
static DEPLOYMENT: LazyLock<Template> =
    LazyLock::new(|| Template::new(&parse(include_str!("deployment.json"))));

fn parse(template: &str) -> Value {
    serde_json::from_str(template).expect("templates are JSON")
}

/// Returns the template of a pod with the container and marks that a mesh injects.
fn pod(sidecar: Sidecar) -> Value {
    let mut pod = POD.clone();
    let (label, mark, container) = match sidecar {
        Sidecar::None => return pod,
        Sidecar::Istio => (
            ("security.istio.io/tlsMode", "istio"),
            (
                "sidecar.istio.io/status",
                "{\"initContainers\":[\"istio-init\"],\"containers\":[\"istio-proxy\"]}",
            ),
            ("istio-proxy", "registry.example.com/istio/proxyv2:1.27.1"),
        ),
        Sidecar::Linkerd => (
            ("linkerd.io/control-plane-ns", "linkerd"),
            ("linkerd.io/proxy-version", "edge-25.8.5"),
            ("linkerd-proxy", "registry.example.com/linkerd/proxy:edge-25.8.5"),
        ),
    };
    pod["metadata"]["labels"][label.0] = label.1.into();
    pod["metadata"]["annotations"][mark.0] = mark.1.into();
    if let Some(containers) = pod["spec"]["containers"].as_array_mut() {
        let ports = json!([{"name": "proxy", "containerPort": 15090, "protocol": "TCP"}]);
        containers.push(json!({"name": container.0, "image": container.1, "ports": ports}));
    }
    pod
}

impl Series {
    pub(super) fn new(plan: Arc<Plan>, made: Made) -> Self {
        Self { plan, made }
    }

    /// Returns the group and kind of the objects.
    pub(crate) fn kind(&self) -> (&'static str, &'static str) {
        match self.made {
            Made::Namespaces => ("", "Namespace"),
            Made::Nodes => ("", "Node"),
            Made::Pods => ("", "Pod"),
            Made::Services => ("", "Service"),
            Made::EndpointSlices => ("discovery.k8s.io", "EndpointSlice"),
            Made::Deployments => ("apps", "Deployment"),
        }
    }

    /// Returns how many objects there are.
    pub(crate) fn len(&self) -> usize {
        match self.made {
            Made::Namespaces => self.plan.namespaces,
            Made::Nodes => self.plan.nodes,
            Made::Pods => self.plan.pods,
            Made::Services | Made::EndpointSlices if self.plan.deployments == 0 => 0,
            Made::Services | Made::EndpointSlices => self.plan.services,
            Made::Deployments => self.plan.deployments,
        }
    }

    /// Returns the key of an object; keys rise with the index.
    pub(crate) fn key(&self, index: usize) -> String {
        let namespace = self.namespace(index);
        key(namespace.as_deref(), &self.name(index))
    }

    /// Returns the index of the first object whose key is not less.
    pub(crate) fn position(&self, key: &str) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if *self.key(middle) < *key { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// Returns the index of the object with a key.
    pub(crate) fn find(&self, key: &str) -> Option<usize> {
        let index = self.position(key);
        (index < self.len() && self.key(index) == key).then_some(index)
    }

    /// Returns the metadata of an object as JSON.
    pub(crate) fn metadata(&self, index: usize) -> String {
        self.fill(&self.template(index).metadata, index)
    }

    /// Returns the fields beside metadata as JSON without braces.
    pub(crate) fn rest(&self, index: usize) -> String {
        self.fill(&self.template(index).rest, index)
    }

    fn template(&self, index: usize) -> &'static Template {
        match self.made {
            Made::Namespaces => &NAMESPACE,
            Made::Nodes => &NODE,
            Made::Services => &SERVICE,
            Made::EndpointSlices => &SLICE,
            Made::Deployments => &DEPLOYMENT,
            Made::Pods => match self.plan.sidecar_of(index / REPLICAS) {
                Sidecar::None => &PODS[0],
                Sidecar::Istio => &PODS[1],
                Sidecar::Linkerd => &PODS[2],
            },
        }
    }

    /// Returns the Deployment that an object belongs to.
    fn deployment(&self, index: usize) -> usize {
        match self.made {
            Made::Pods => index / REPLICAS,
            Made::Services | Made::EndpointSlices => self.plan.deployment_of(index),
            Made::Deployments | Made::Namespaces | Made::Nodes => index,
        }
    }

    fn namespace(&self, index: usize) -> Option<String> {
        match self.made {
            Made::Namespaces | Made::Nodes => None,
            _ => Some(namespace(self.plan.namespace_of(self.deployment(index)))),
        }
    }

    fn name(&self, index: usize) -> String {
        match self.made {
            Made::Namespaces => namespace(index),
            Made::Nodes => node(index),
            Made::Pods => {
                // The replica's number keeps the order; the letters look like Kubernetes' own.
                let deployment = index / REPLICAS;
                let letters = letters(self.plan.random(7, index), 4);
                let hash = self.hash(deployment);
                format!("{}-{hash}-{}{letters}", app(deployment), index % REPLICAS)
            }
            Made::Services => service(index),
            Made::EndpointSlices => {
                format!("{}-{}", service(index), letters(self.plan.random(8, index), 5))
            }
            Made::Deployments => app(index),
        }
    }

    fn hash(&self, deployment: usize) -> String {
        letters(self.plan.random(6, deployment), 10)
    }

    fn fill(&self, text: &Text, index: usize) -> String {
        text.fill(|field, out| self.field(field, index, out))
    }

    fn field(&self, field: Field, index: usize, out: &mut String) {
        let plan = &self.plan;
        match field {
            Field::Name => out.push_str(&self.name(index)),
            Field::Namespace => out.push_str(&self.namespace(index).unwrap_or_default()),
            Field::App => out.push_str(&app(self.deployment(index))),
            Field::Service => out.push_str(&service(index)),
            Field::Hash => out.push_str(&self.hash(self.deployment(index))),
            Field::Uid => uid(plan.random(16 + self.made as u64, index), out),
            Field::Owner => match self.made {
                Made::EndpointSlices => uid(plan.random(16 + Made::Services as u64, index), out),
                _ => uid(plan.random(15, self.deployment(index)), out),
            },
            Field::Revision => number(1_000 + index, out),
            Field::Created => created(plan.random(9, index), out),
            Field::Node => out.push_str(&node(plan.node_of(index))),
            Field::NodeIp => address(
                match self.made {
                    Made::Nodes => index,
                    _ => plan.node_of(index),
                },
                out,
            ),
            Field::Ip => address(index, out),
            Field::Zone => out.push(['a', 'b', 'c'][index % 3]),
            Field::Kubelet => out.push_str(&plan.version),
            Field::Endpoints => out.push_str(&self.endpoints(index)),
        }
    }

    /// Returns the endpoints of a slice: the pods of its service's Deployment.
    fn endpoints(&self, index: usize) -> String {
        let pods = Self::new(Arc::clone(&self.plan), Made::Pods);
        let first = self.deployment(index) * REPLICAS;
        let endpoints: Vec<Value> = (first..pods.len().min(first + REPLICAS))
            .map(|pod| {
                let (mut ip, mut id) = (String::new(), String::new());
                pods.field(Field::Ip, pod, &mut ip);
                pods.field(Field::Uid, pod, &mut id);
                let target = json!({
                    "kind": "Pod", "namespace": pods.namespace(pod), "name": pods.name(pod), "uid": id,
                });
                json!({
                    "addresses": [ip], "nodeName": node(self.plan.node_of(pod)), "targetRef": target,
                    "conditions": {"ready": true, "serving": true, "terminating": false},
                })
            })
            .collect();
        Value::Array(endpoints).to_string()
    }
}

// Numbers have a fixed width, so that names sort as their indexes do.

fn namespace(index: usize) -> String {
    format!("team-{index:07}")
}

fn node(index: usize) -> String {
    format!("node-{index:07}")
}

fn app(deployment: usize) -> String {
    format!("app-{deployment:08}")
}

fn service(index: usize) -> String {
    format!("service-{index:08}")
}

/// Returns letters as Kubernetes puts them into names: no vowels, nothing that looks like another.
fn letters(mut random: u64, count: usize) -> String {
    const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut next = || {
        let letter = usize::try_from(random % 27).unwrap_or(0);
        random /= 27;
        char::from(ALPHABET[letter])
    };
    (0..count).map(|_| next()).collect()
}

fn uid(random: u64, out: &mut String) {
    let other = random.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let [a, b, c] = [random >> 32, (random >> 16) & 0xffff, random & 0xfff];
    let [d, e] = [0x8000 | (other >> 52), other & 0xffff_ffff_ffff];
    append(out, format_args!("{a:08x}-{b:04x}-4{c:03x}-{d:04x}-{e:012x}"));
}

fn number(value: usize, out: &mut String) {
    append(out, format_args!("{value}"));
}

/// Writes a moment of 2025.
fn created(random: u64, out: &mut String) {
    let (month, day) = (random % 12 + 1, (random >> 8) % 28 + 1);
    let (hour, minute, second) = ((random >> 16) % 24, (random >> 24) % 60, (random >> 32) % 60);
    append(out, format_args!("2025-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"));
}

/// Writes an address of the ranges kept for documentation; a large cluster uses each many times.
fn address(index: usize, out: &mut String) {
    let network = ["192.0.2", "198.51.100", "203.0.113"][index / 254 % 3];
    append(out, format_args!("{network}.{}", index % 254 + 1));
}

fn append(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing into a String cannot fail");
}
