//! Decides the provider of a cluster, by the marks of distributions and clouds.

use std::cmp::Reverse;
use std::collections::BTreeMap;

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

/// How the provider id of a node starts.
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

/// Labels and annotations, by the start of their keys. The first match decides. Distributions that run on
/// any cloud come first.
const MARKS: &[(&str, &str)] = &[
    ("minikube.k8s.io/", "minikube"),
    ("microk8s.io/", "microk8s"),
    ("node.kubernetes.io/microk8s-", "microk8s"),
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

/// The providers of nodes, counted. The nodes themselves are not kept.
#[derive(Debug, Default)]
pub(super) struct Votes(BTreeMap<&'static str, u64>);

impl Votes {
    pub(super) fn add(&mut self, node: &Node) {
        if let Some(provider) = of_node(node) {
            *self.0.entry(provider).or_default() += 1;
        }
    }

    /// Gives the provider of most nodes; of several, the first by name.
    pub(super) fn winner(&self) -> Option<&'static str> {
        self.ranked().next().map(|(provider, _)| provider)
    }

    /// Says whether the winner stays the same, whatever the remaining nodes are.
    pub(super) fn is_decided(&self, remaining: u64) -> bool {
        let mut ranked = self.ranked();
        let first = ranked.next().map_or(0, |(_, votes)| votes);
        let second = ranked.next().map_or(0, |(_, votes)| votes);
        // With as many votes, the name would decide.
        first > second.saturating_add(remaining)
    }

    fn ranked(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let mut ranked: Vec<_> =
            self.0.iter().map(|(provider, votes)| (*provider, *votes)).collect();
        ranked.sort_by_key(|(provider, votes)| (Reverse(*votes), *provider));
        ranked.into_iter()
    }
}

/// Decides by one node: a distribution by its marks, then the cloud by its provider id, then by its marks.
fn of_node(node: &Node) -> Option<&'static str> {
    let mark = || find(MARKS, |mark| has_mark(node, mark));
    let distributions = ["minikube", "microk8s"];
    mark()
        .filter(|provider| distributions.contains(provider))
        .or_else(|| node.os_image.starts_with("Talos").then_some("Talos"))
        .or_else(|| find(PROVIDER_IDS, |id| node.provider_id.starts_with(id)))
        .or_else(mark)
        .or_else(|| by_version(&node.kubelet_version))
}

fn find(table: &[(&str, &'static str)], matches: impl Fn(&str) -> bool) -> Option<&'static str> {
    table.iter().find(|(mark, _)| matches(mark)).map(|(_, provider)| *provider)
}

fn has_mark(node: &Node, mark: &str) -> bool {
    node.labels.keys().chain(node.annotations.keys()).any(|key| key.starts_with(mark))
}

#[cfg(test)]
mod tests {
    use super::{Votes, by_version};
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

    fn winner(nodes: &[Node]) -> Option<&'static str> {
        let mut votes = Votes::default();
        nodes.iter().for_each(|node| votes.add(node));
        votes.winner()
    }

    #[test]
    fn nodes_decide_by_majority_and_ties_by_name_whatever_their_order() {
        let (gce, aws) = (with_id("gce://p/z/n"), with_id("aws:///z/i"));
        let table = [
            (vec![gce.clone()], Some("GKE")),
            (vec![aws.clone(), gce.clone(), gce.clone()], Some("GKE")),
            (vec![aws.clone(), gce.clone()], Some("AWS")),
            (vec![gce.clone(), aws.clone()], Some("AWS")),
            (vec![with_id("ocid1.instance.oc1.x")], Some("OKE")),
            (vec![with_id("kind://docker/a/b")], Some("kind")),
            (vec![with_id("somewhere://else")], None),
            (vec![], None),
        ];
        for (nodes, expected) in table {
            assert_eq!(winner(&nodes), expected, "{nodes:?}");
        }
    }

    #[test]
    fn a_distribution_comes_before_the_cloud_that_it_runs_on() {
        let mut node = with_label("minikube.k8s.io/name");
        node.provider_id = "gce://p/z/n".into();
        assert_eq!(winner(&[node]), Some("minikube"));
        let mut node = with_id("aws:///z/i");
        node.os_image = "Talos (v1.9.0)".into();
        assert_eq!(winner(&[node]), Some("Talos"));
        assert_eq!(winner(&[with_label("alpha.eksctl.io/cluster-name")]), Some("AWS"));
        assert_eq!(winner(&[with_label("kubernetes.azure.com/role")]), Some("Azure"));
    }

    #[test]
    fn openshift_keeps_the_provider_of_its_cloud() {
        let mut node = with_label("node.openshift.io/os_id");
        node.provider_id = "aws:///z/i".into();
        assert_eq!(winner(&[node]), Some("AWS"));
    }

    #[test]
    fn the_winner_is_decided_when_the_rest_cannot_change_it() {
        let mut votes = Votes::default();
        assert!(!votes.is_decided(0), "there is no winner");
        for _ in 0..5 {
            votes.add(&with_id("gce://p/z/n"));
        }
        votes.add(&with_id("aws:///z/i"));
        assert!(votes.is_decided(3));
        assert!(!votes.is_decided(4), "a tie would go to AWS");
    }
}
