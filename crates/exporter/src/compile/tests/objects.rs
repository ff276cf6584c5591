//! Labels that are looked up in the cluster.

use super::fixture::{
    cluster, is_in, kinds, object, requires, selector, sent_with, settings, shown, source,
};
use crate::compile::{Cluster, Kind, Wants, wants};
use crate::resource::spec::{LabelSelector, Operator, ResourceSelector, Spec};
use crate::settings::Settings;

fn by_objects() -> Settings {
    settings("resources: {resolve: objects, namespaces: all}")
}

fn kind(group: &str, kind: &str) -> Kind {
    Kind { group: group.to_owned(), kind: kind.to_owned() }
}

fn with_objects() -> Cluster {
    let mut cluster = cluster();
    cluster.objects.insert(
        kind("apps", "Deployment"),
        vec![
            object("shop", "web", &[("app", "web")]),
            object("shop", "db", &[("app", "db")]),
            object("shop", "bare", &[]),
            object("shop-test", "web", &[("app", "web")]),
            object("other", "web", &[("app", "web")]),
        ],
    );
    cluster.objects.insert(kind("", "Pod"), vec![object("shop", "web-1", &[("app", "web")])]);
    cluster
}

fn deployments(labels: LabelSelector) -> ResourceSelector {
    ResourceSelector { labels, kinds: vec![kinds(&["apps"], &["deployments"])], ..selector() }
}

fn spec(selector: ResourceSelector) -> Spec {
    Spec { sources: vec![source("a", None, vec![selector])], ..Spec::default() }
}

#[test]
fn objects_are_selected_by_name() {
    let beginning = r#"{service_name="apps",resource_kind="Deployment","#;
    for (selector, expected) in [
        (
            deployments(is_in("app", &["web"])),
            vec![format!(r#"{beginning}resource_namespace="shop",resource_name="web",tenant="me"}}"#)],
        ),
        (
            deployments(requires("app", Operator::NotIn(vec!["web".into()]))),
            vec![format!(r#"{beginning}resource_namespace="shop",resource_name=~"bare|db",tenant="me"}}"#)],
        ),
        // Without labels nothing has to be looked up.
        (
            deployments(LabelSelector::default()),
            vec![format!(r#"{beginning}resource_namespace="shop",tenant="me"}}"#)],
        ),
        (
            ResourceSelector {
                namespaces: Some(is_in("example.com/tenant", &["me"])),
                kinds: vec![kinds(&["apps"], &["*"]), kinds(&[""], &["Pod"])],
                ..deployments(is_in("app", &["web"]))
            },
            vec![
                r#"{service_name="",resource_kind="Pod",resource_namespace="shop",resource_name="web-1",tenant="me" or service_name="apps",resource_kind="Deployment",resource_namespace="shop",resource_name="web",tenant="me" or service_name="apps",resource_kind="Deployment",resource_namespace="shop-test",resource_name="web",tenant="me"}"#.to_owned(),
            ],
        ),
    ] {
        let (sent, findings) = sent_with(source("a", None, vec![selector]), &by_objects(), &with_objects());
        assert_eq!((sent, shown(&findings)), (expected, vec![]));
    }
}

#[test]
fn what_is_not_known_yet_is_not_read() {
    let selector = deployments(is_in("app", &["web"]));
    let (sent, findings) = sent_with(source("a", None, vec![selector]), &by_objects(), &cluster());
    assert_eq!(sent, ["nothing"]);
    assert_eq!(shown(&findings), ["spec.sources[0].metrics.resourceSelectors[0].kinds: NotReady"]);
}

#[test]
fn kinds_that_cannot_be_looked_up_are_problems() {
    for names in [vec![], vec![kinds(&["*"], &["*"])], vec![kinds(&["apps"], &["Strange"])]] {
        let selector = ResourceSelector { kinds: names, ..deployments(is_in("app", &["web"])) };
        let (sent, findings) =
            sent_with(source("a", None, vec![selector]), &by_objects(), &with_objects());
        assert_eq!(sent, ["nothing"]);
        assert_eq!(
            shown(&findings),
            ["spec.sources[0].metrics.resourceSelectors[0].kinds: UnknownKind"]
        );
    }
}

#[test]
fn only_what_selectors_need_is_asked_for() {
    let deployment = kind("apps", "Deployment");
    let all = Some(LabelSelector::default());
    for (selector, settings, expected) in [
        (deployments(is_in("app", &["a"])), settings(""), Wants::default()),
        (
            deployments(is_in("app", &["a"])),
            by_objects(),
            Wants { namespaces: false, objects: [deployment].into() },
        ),
        (deployments(LabelSelector::default()), by_objects(), Wants::default()),
        (
            ResourceSelector { namespaces: all.clone(), ..selector() },
            by_objects(),
            Wants { namespaces: true, objects: [].into() },
        ),
        (ResourceSelector { namespaces: all, ..selector() }, settings(""), Wants::default()),
    ] {
        assert_eq!(wants(&spec(selector), &settings, &cluster()), expected);
    }
}
