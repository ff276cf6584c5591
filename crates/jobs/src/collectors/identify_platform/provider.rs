//! Decides the provider of a cluster, by the marks of distributions and clouds.

use crate::cluster::nodes::Node;

/// Marks in the version in lower case. The first match decides.
const VERSIONS: &[(&str, &str)] = &[
    ("-gke", "GKE"),
    ("+rke2", "rke2"),
    ("+k3s", "k3s"),
    ("+k0s", "k0s"),
    ("-talos", "Talos"),
    ("-aliyun", "ACK"),
    ("+iks", "IKS"),
    ("+vmware", "vSphere"),
];

/// How the provider id of a node starts. The order decides ties.
const PROVIDER_IDS: &[(&str, &str)] = &[
    ("gce://", "GKE"),
    ("azure://", "Azure"),
    ("aws://", "AWS"),
    ("kind://", "kind"),
    ("k3s://", "k3s"),
    ("rke2://", "rke2"),
    ("digitalocean://", "DOKS"),
    ("linode://", "LKE"),
    ("ibm://", "IKS"),
    ("oci://", "OKE"),
    ("ocid1.", "OKE"),
    ("alicloud://", "ACK"),
    ("hcloud://", "Hetzner"),
    ("scaleway://", "Scaleway"),
    ("vultr://", "Vultr"),
    ("exoscale://", "Exoscale"),
    ("vsphere://", "vSphere"),
    ("openstack://", "OpenStack"),
];

/// Labels and annotations, by the start of their keys. The order decides ties. Distributions that
/// run on any cloud come first.
const MARKS: &[(&str, &str)] = &[
    ("minikube.k8s.io/", "minikube"),
    ("microk8s.io/", "microk8s"),
    ("node.kubernetes.io/microk8s-", "microk8s"),
    ("node.openshift.io/", "OpenShift"),
    ("container.googleapis.com/instance_id", "GKE"),
    ("cloud.google.com/gke-", "GKE"),
    ("k3s.io/", "k3s"),
    ("rke2.io/", "rke2"),
    ("alpha.eksctl.io/", "AWS"),
    ("eks.amazonaws.com/", "AWS"),
    ("kubernetes.azure.com/", "Azure"),
    ("alibabacloud.com/", "ACK"),
    ("node.info/ocid", "OKE"),
    ("oci.oraclecloud.com/", "OKE"),
    ("doks.digitalocean.com/", "DOKS"),
    ("lke.linode.com/", "LKE"),
    ("ibm-cloud.kubernetes.io/", "IKS"),
];

/// Decides by the version alone, if it has a mark.
pub(super) fn by_version(git_version: &str) -> Option<&'static str> {
    let version = git_version.to_ascii_lowercase();
    if let Some((_, build)) = version.split_once("-eks-") {
        return Some(if is_eks_distro(build) { "EKS-Anywhere" } else { "AWS" });
    }
    VERSIONS.iter().find(|(mark, _)| version.contains(mark)).map(|(_, provider)| *provider)
}

/// A version of EKS ends with a hash, `-eks-cedffd4`; one of EKS Distro with numbers,
/// `-eks-1-24-7`.
fn is_eks_distro(build: &str) -> bool {
    let parts: Vec<&str> = build.split('-').collect();
    let number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    parts.len() >= 2 && parts.iter().all(number)
}

/// Decides by nodes: distributions by their marks, then clouds by provider ids, then clouds by
/// marks.
pub(super) fn by_nodes(nodes: &[Node]) -> Option<&'static str> {
    let distributions = ["minikube", "microk8s", "Talos", "OpenShift"];
    most(nodes, MARKS, has_mark)
        .filter(|provider| distributions.contains(provider))
        .or_else(|| talos(nodes))
        .or_else(|| most(nodes, PROVIDER_IDS, |node, id| node.provider_id.starts_with(id)))
        .or_else(|| most(nodes, MARKS, has_mark))
        .or_else(|| nodes.iter().find_map(|node| by_version(&node.kubelet_version)))
}

fn has_mark(node: &Node, mark: &str) -> bool {
    node.labels.keys().chain(node.annotations.keys()).any(|key| key.starts_with(mark))
}

fn talos(nodes: &[Node]) -> Option<&'static str> {
    nodes.iter().any(|node| node.os_image.starts_with("Talos")).then_some("Talos")
}

/// Finds the provider of most nodes. The order of the table decides ties.
fn most(
    nodes: &[Node],
    table: &[(&str, &'static str)],
    matches: impl Fn(&Node, &str) -> bool,
) -> Option<&'static str> {
    let mut best: Option<(usize, &'static str)> = None;
    for (_, provider) in table {
        let is_of_provider = |node: &&Node| {
            table.iter().any(|(mark, named)| named == provider && matches(node, mark))
        };
        let votes = nodes.iter().filter(is_of_provider).count();
        if votes > best.map_or(0, |(most, _)| most) {
            best = Some((votes, provider));
        }
    }
    best.map(|(_, provider)| provider)
}

#[cfg(test)]
mod tests {
    use super::{by_nodes, by_version};
    use crate::cluster::nodes::Node;

    #[test]
    fn a_version_with_a_mark_decides() {
        let table = [
            ("v1.23.4-gke.900", Some("GKE")),
            ("v1.2.3-gke-a1fdc32f", Some("GKE")),
            ("v1.27.4-eks-cedffd4", Some("AWS")),
            ("v1.24.9-eks-1-24-7", Some("EKS-Anywhere")),
            ("v1.28.3+rke2r1", Some("rke2")),
            ("v1.28.3+k3s1", Some("k3s")),
            ("v1.28.3+k0s", Some("k0s")),
            ("v1.26.3-aliyun.1", Some("ACK")),
            ("v1.28.4+IKS", Some("IKS")),
            ("v1.36.4", None),
            ("v1.27.6+f67aeb3", None),
            ("", None),
        ];
        for (version, expected) in table {
            assert_eq!(by_version(version), expected, "{version}");
        }
    }

    fn with_id(id: &str) -> Node {
        Node { provider_id: id.into(), ..Node::default() }
    }

    fn with_label(key: &str) -> Node {
        Node { labels: [(key.to_owned(), String::new())].into(), ..Node::default() }
    }

    #[test]
    fn nodes_decide_by_majority_and_ties_by_the_table_whatever_their_order() {
        let (gce, aws) = (with_id("gce://p/z/n"), with_id("aws:///z/i"));
        let table = [
            (vec![gce.clone()], Some("GKE")),
            (vec![aws.clone(), gce.clone(), aws.clone()], Some("AWS")),
            (vec![aws.clone(), gce.clone()], Some("GKE")),
            (vec![gce.clone(), aws.clone()], Some("GKE")),
            (vec![with_id("ocid1.instance.oc1.x")], Some("OKE")),
            (vec![with_id("kind://docker/a/b")], Some("kind")),
            (vec![with_id("somewhere://else")], None),
            (vec![], None),
        ];
        for (nodes, expected) in table {
            assert_eq!(by_nodes(&nodes), expected, "{nodes:?}");
        }
    }

    #[test]
    fn a_distribution_comes_before_the_cloud_that_it_runs_on() {
        let mut node = with_label("minikube.k8s.io/name");
        node.provider_id = "gce://p/z/n".into();
        assert_eq!(by_nodes(&[node]), Some("minikube"));
        let mut node = with_id("aws:///z/i");
        node.os_image = "Talos (v1.9.0)".into();
        assert_eq!(by_nodes(&[node]), Some("Talos"));
        assert_eq!(by_nodes(&[with_label("alpha.eksctl.io/cluster-name")]), Some("AWS"));
        assert_eq!(by_nodes(&[with_label("kubernetes.azure.com/role")]), Some("Azure"));
    }
}
