//! The kinds that Kubernetes itself serves, and how the plural of an unknown kind is guessed.

use crate::resource::Resource;

/// One built-in kind, as a row of the table.
struct Row {
    group: &'static str,
    versions: &'static [&'static str],
    kind: &'static str,
    plural: &'static str,
    namespaced: bool,
    /// Served even when the snapshot has no such object.
    always: bool,
    short_names: &'static [&'static str],
    status: bool,
}

const fn row(
    group: &'static str,
    versions: &'static [&'static str],
    kind: &'static str,
    plural: &'static str,
) -> Row {
    Row {
        group,
        versions,
        kind,
        plural,
        namespaced: true,
        always: false,
        short_names: &[],
        status: false,
    }
}

impl Row {
    const fn cluster(mut self) -> Self {
        self.namespaced = false;
        self
    }
    const fn always(mut self) -> Self {
        self.always = true;
        self
    }
    const fn short(mut self, names: &'static [&'static str]) -> Self {
        self.short_names = names;
        self
    }
    const fn status(mut self) -> Self {
        self.status = true;
        self
    }
}

const V1: &[&str] = &["v1"];
const APPS: &str = "apps";
const NETWORKING: &str = "networking.k8s.io";
const RBAC: &str = "rbac.authorization.k8s.io";
const STORAGE: &str = "storage.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";
const FLOW: &str = "flowcontrol.apiserver.k8s.io";
const RESOURCE: &str = "resource.k8s.io";

#[rustfmt::skip]
const TABLE: &[Row] = &[
    row("", V1, "ConfigMap", "configmaps").always().short(&["cm"]),
    row("", V1, "Endpoints", "endpoints").always().short(&["ep"]),
    row("", V1, "Event", "events").always().short(&["ev"]),
    row("", V1, "LimitRange", "limitranges").always().short(&["limits"]),
    row("", V1, "Namespace", "namespaces").cluster().always().status().short(&["ns"]),
    row("", V1, "Node", "nodes").cluster().always().status().short(&["no"]),
    row("", V1, "PersistentVolumeClaim", "persistentvolumeclaims").always().status().short(&["pvc"]),
    row("", V1, "PersistentVolume", "persistentvolumes").cluster().always().status().short(&["pv"]),
    row("", V1, "Pod", "pods").always().status().short(&["po"]),
    row("", V1, "PodTemplate", "podtemplates").always(),
    row("", V1, "ReplicationController", "replicationcontrollers").always().status().short(&["rc"]),
    row("", V1, "ResourceQuota", "resourcequotas").always().status().short(&["quota"]),
    row("", V1, "Secret", "secrets").always(),
    row("", V1, "ServiceAccount", "serviceaccounts").always().short(&["sa"]),
    row("", V1, "Service", "services").always().status().short(&["svc"]),
    row("apiregistration.k8s.io", V1, "APIService", "apiservices").cluster().status(),
    row(APPS, V1, "ControllerRevision", "controllerrevisions").always(),
    row(APPS, V1, "DaemonSet", "daemonsets").always().status().short(&["ds"]),
    row(APPS, V1, "Deployment", "deployments").always().status().short(&["deploy"]),
    row(APPS, V1, "ReplicaSet", "replicasets").always().status().short(&["rs"]),
    row(APPS, V1, "StatefulSet", "statefulsets").always().status().short(&["sts"]),
    row("events.k8s.io", V1, "Event", "events").short(&["ev"]),
    row("autoscaling", &["v2", "v1"], "HorizontalPodAutoscaler", "horizontalpodautoscalers").status().short(&["hpa"]),
    row("batch", V1, "CronJob", "cronjobs").status().short(&["cj"]),
    row("batch", V1, "Job", "jobs").status(),
    row("certificates.k8s.io", V1, "CertificateSigningRequest", "certificatesigningrequests").cluster().status().short(&["csr"]),
    row(NETWORKING, V1, "IngressClass", "ingressclasses").cluster().always(),
    row(NETWORKING, V1, "Ingress", "ingresses").always().status().short(&["ing"]),
    row(NETWORKING, V1, "NetworkPolicy", "networkpolicies").short(&["netpol"]),
    row(NETWORKING, V1, "IPAddress", "ipaddresses").cluster().short(&["ip"]),
    row(NETWORKING, V1, "ServiceCIDR", "servicecidrs").cluster().status(),
    row("policy", V1, "PodDisruptionBudget", "poddisruptionbudgets").status().short(&["pdb"]),
    row(RBAC, V1, "ClusterRoleBinding", "clusterrolebindings").cluster(),
    row(RBAC, V1, "ClusterRole", "clusterroles").cluster(),
    row(RBAC, V1, "RoleBinding", "rolebindings"),
    row(RBAC, V1, "Role", "roles"),
    row(STORAGE, V1, "CSIDriver", "csidrivers").cluster(),
    row(STORAGE, V1, "CSINode", "csinodes").cluster(),
    row(STORAGE, V1, "CSIStorageCapacity", "csistoragecapacities"),
    row(STORAGE, V1, "StorageClass", "storageclasses").cluster().short(&["sc"]),
    row(STORAGE, V1, "VolumeAttachment", "volumeattachments").cluster().status(),
    row(STORAGE, V1, "VolumeAttributesClass", "volumeattributesclasses").cluster().short(&["vac"]),
    row(ADMISSION, V1, "MutatingWebhookConfiguration", "mutatingwebhookconfigurations").cluster(),
    row(ADMISSION, V1, "ValidatingAdmissionPolicy", "validatingadmissionpolicies").cluster().status(),
    row(ADMISSION, V1, "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings").cluster(),
    row(ADMISSION, V1, "ValidatingWebhookConfiguration", "validatingwebhookconfigurations").cluster(),
    row("apiextensions.k8s.io", V1, "CustomResourceDefinition", "customresourcedefinitions").cluster().always().status().short(&["crd", "crds"]),
    row("scheduling.k8s.io", V1, "PriorityClass", "priorityclasses").cluster().short(&["pc"]),
    row("coordination.k8s.io", V1, "Lease", "leases"),
    row("node.k8s.io", V1, "RuntimeClass", "runtimeclasses").cluster(),
    row("discovery.k8s.io", V1, "EndpointSlice", "endpointslices").always(),
    row(FLOW, V1, "FlowSchema", "flowschemas").cluster().status(),
    row(FLOW, V1, "PriorityLevelConfiguration", "prioritylevelconfigurations").cluster().status(),
    row(RESOURCE, V1, "DeviceClass", "deviceclasses").cluster(),
    row(RESOURCE, V1, "ResourceClaim", "resourceclaims").status(),
    row(RESOURCE, V1, "ResourceClaimTemplate", "resourceclaimtemplates"),
    row(RESOURCE, V1, "ResourceSlice", "resourceslices").cluster(),
];

fn resource(row: &Row) -> Resource {
    Resource {
        group: row.group.to_owned(),
        versions: row.versions.iter().map(|&version| version.to_owned()).collect(),
        plural: row.plural.to_owned(),
        singular: row.kind.to_lowercase(),
        kind: row.kind.to_owned(),
        list_kind: format!("{}List", row.kind),
        namespaced: row.namespaced,
        short_names: row.short_names.iter().map(|&name| name.to_owned()).collect(),
        categories: Vec::new(),
        status: row.status,
        selectable: Vec::new(),
        built_in: true,
        defined: false,
    }
}

/// Returns the built-in kinds that every snapshot serves.
pub(crate) fn always() -> impl Iterator<Item = Resource> {
    TABLE.iter().filter(|row| row.always).map(resource)
}

/// Finds a built-in kind by its group and kind.
pub(crate) fn find(group: &str, kind: &str) -> Option<Resource> {
    TABLE.iter().find(|row| row.group == group && row.kind == kind).map(resource)
}

/// Returns where a built-in group stands in discovery; custom groups come after all of them.
pub(crate) fn group_rank(group: &str) -> usize {
    TABLE.iter().position(|row| row.group == group).unwrap_or(TABLE.len())
}

/// Guesses the plural of a kind, as the API machinery does, but leaves `gateways` readable.
pub(crate) fn guess_plural(kind: &str) -> String {
    let name = kind.to_lowercase();
    let sibilant = ["s", "x", "z", "ch", "sh"].iter().any(|end| name.ends_with(end));
    if sibilant {
        return name + "es";
    }
    match name.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => format!("{stem}ies"),
        _ => name + "s",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plurals_are_guessed_as_people_write_them() {
        for (kind, plural) in [
            ("KongPlugin", "kongplugins"),
            ("GatewayClass", "gatewayclasses"),
            ("Gateway", "gateways"),
            ("ReferencePolicy", "referencepolicies"),
            ("TCPIngress", "tcpingresses"),
            ("Mesh", "meshes"),
        ] {
            assert_eq!(guess_plural(kind), plural);
        }
    }

    #[test]
    fn each_built_in_kind_stands_once_in_the_table() {
        let mut seen = std::collections::HashSet::new();
        for row in TABLE {
            assert!(seen.insert((row.group, row.plural)), "{} twice", row.plural);
        }
    }
}
