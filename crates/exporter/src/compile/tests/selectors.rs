//! What is sent to the store for a query and resource selectors.

use std::time::Duration;

use super::fixture::{
    cluster, compiled, in_namespace, is_in, kinds, requires, selector, sent_with, settings, shown,
    source, without_tenants,
};
use crate::plan::{Backfill, Selection};
use crate::resource::spec::{LabelSelector, Operator, ResourceSelector, Spec};
use crate::settings::Settings;
use crate::time::Millis;

const QUERY: &str = "spec.sources[0].metrics.metricsql";
const SELECTOR: &str = "spec.sources[0].metrics.resourceSelectors[0]";

fn sent(
    query: Option<&str>,
    selectors: Vec<ResourceSelector>,
    settings: &Settings,
) -> (Vec<String>, Vec<String>) {
    let (sent, findings) = sent_with(source("a", query, selectors), settings, &cluster());
    (sent, shown(&findings))
}

#[test]
fn a_query_is_sent_with_the_tenants_labels() {
    for (query, expected) in [
        (None, r#"{tenant="me"}"#),
        (Some("{}"), r#"{tenant="me"}"#),
        (Some("up"), r#"up{tenant="me"}"#),
        (Some("(up)"), r#"up{tenant="me"}"#),
        (Some(r#"{a="b" or c="d"}"#), r#"{a="b",tenant="me" or c="d",tenant="me"}"#),
        (
            Some("sum(rate(up[5m]))"),
            r#"label_replace(sum(rate(up{tenant="me"}[5m])), "tenant", "me", "", "")"#,
        ),
        (
            Some("{service_name=“a.example.com”, __name__=~”b_.*”}"),
            r#"{service_name="a.example.com",__name__=~"b_.*",tenant="me"}"#,
        ),
    ] {
        assert_eq!(
            sent(query, Vec::new(), &settings("")),
            (vec![expected.to_owned()], vec![]),
            "{query:?}"
        );
    }
}

#[test]
fn one_tenant_reads_everything_with_a_filter_that_stores_take() {
    for (query, expected) in [
        (None, r#"{__name__!=""}"#),
        (Some("{}"), r#"{__name__!=""}"#),
        (Some("up"), "up"),
        (Some(r#"{a!="b" or c="d"}"#), r#"{a!="b",__name__!="" or c="d"}"#),
        (Some(r#"count({a!="b"})"#), r#"count({a!="b",__name__!=""})"#),
    ] {
        let (sent, findings) = sent(query, Vec::new(), &without_tenants());
        assert_eq!((sent, findings), (vec![expected.to_owned()], vec![]), "{query:?}");
    }
}

#[test]
fn what_is_wrong_with_a_query_is_found_at_its_place() {
    for (query, reason, bytes) in [
        ("{a=", "InvalidQuery", Some(3..3)),
        ("up +", "InvalidQuery", Some(4..4)),
        ("1 + 1", "InvalidQuery", None),
        ("label_set(1, \"a\", \"b\")", "InvalidQuery", None),
        ("rate(up[5m], 2)", "InvalidQuery", None),
        ("sum(up) + up{tenant=\"other\"}", "NotOfTenant", Some(10..28)),
        ("up{a=“b”,tenant=“other”}", "NotOfTenant", Some(0..32)),
        ("rate(sum(up)[290000000y:290000000y])", "InvalidQuery", None),
    ] {
        let (sent, findings) =
            sent_with(source("a", Some(query), Vec::new()), &settings(""), &cluster());
        assert_eq!(sent, ["nothing"], "{query}");
        assert_eq!(shown(&findings), [format!("{QUERY}: {reason}")], "{query}");
        assert_eq!(findings[0].bytes, bytes, "{query}");
    }
}

#[test]
fn kinds_and_labels_become_filters() {
    let with = |labels: LabelSelector, names: Vec<crate::resource::spec::KindSelector>| {
        vec![ResourceSelector { labels, kinds: names, ..selector() }]
    };
    let all = LabelSelector::default;
    let end = r#"resource_namespace="shop",tenant="me"}"#;
    for (selectors, expected) in [
        (with(all(), vec![]), format!("{{{end}")),
        (with(all(), vec![kinds(&["*"], &["*"])]), format!("{{{end}")),
        (with(all(), vec![kinds(&["apps"], &["*"])]), format!(r#"{{service_name="apps",{end}"#)),
        (
            with(all(), vec![kinds(&["apps"], &["deployments"])]),
            format!(r#"{{service_name="apps",resource_kind="Deployment",{end}"#),
        ),
        (
            with(all(), vec![kinds(&["apps"], &["Deployment", "Strange"])]),
            format!(r#"{{service_name="apps",resource_kind=~"Deployment|Strange",{end}"#),
        ),
        (
            with(all(), vec![kinds(&["*"], &["Gateway"])]),
            format!(r#"{{resource_kind="Gateway",{end}"#),
        ),
        (
            with(all(), vec![kinds(&[""], &["pods"])]),
            format!(r#"{{service_name="",resource_kind="Pod",{end}"#),
        ),
        (
            with(all(), vec![kinds(&["*"], &["gateways"])]),
            format!(
                r#"{{service_name="gateway.networking.k8s.io",resource_kind="Gateway",resource_namespace="shop",tenant="me" or service_name="networking.example.com",resource_kind="Gateway",{end}"#
            ),
        ),
        (
            with(is_in("app.kubernetes.io/name", &["a.b", "c"]), vec![]),
            r#"{resource_namespace="shop",label_app_kubernetes_io_name=~"a\\.b|c",tenant="me"}"#
                .to_owned(),
        ),
        (
            with(requires("a", Operator::NotIn(vec!["x".into(), "y".into()])), vec![]),
            r#"{resource_namespace="shop",label_a!~"x|y",tenant="me"}"#.to_owned(),
        ),
        (
            with(requires("a", Operator::Exists), vec![]),
            r#"{resource_namespace="shop",label_a!="",tenant="me"}"#.to_owned(),
        ),
        (
            with(requires("a", Operator::DoesNotExist), vec![]),
            r#"{resource_namespace="shop",label_a="",tenant="me"}"#.to_owned(),
        ),
    ] {
        let (sent, findings) = sent(None, selectors, &settings(""));
        assert_eq!((sent, findings), (vec![expected], vec![]));
    }
}

#[test]
fn not_in_matches_resources_without_the_label() {
    let selectors = vec![ResourceSelector {
        labels: requires("a", Operator::NotIn(vec!["x".into()])),
        ..selector()
    }];
    let spec = Spec { sources: vec![source("a", None, selectors)], ..Spec::default() };
    let plan = compiled(&spec, &settings(""), &cluster()).plan.unwrap();
    let Selection::Raw(selectors) = &plan.sources[0].selection else { panic!("raw") };
    let series = |value: &str| {
        [("__name__", "up"), ("tenant", "me"), ("resource_namespace", "shop"), ("label_a", value)]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
    };
    assert!(selectors[0].matches(&series("")) && selectors[0].matches(&series("y")));
    assert!(!selectors[0].matches(&series("x")));
}

#[test]
fn an_unknown_resource_costs_only_itself_and_says_what_to_do() {
    let selectors = vec![ResourceSelector {
        kinds: vec![kinds(&["apps"], &["gateways", "deployments", "things"])],
        ..selector()
    }];
    let (sent, findings) = sent_with(source("a", None, selectors), &settings(""), &cluster());
    assert_eq!(
        sent,
        [
            r#"{service_name="apps",resource_kind="Deployment",resource_namespace="shop",tenant="me"}"#
        ]
    );
    let expected = format!("{SELECTOR}.kinds[0]: UnknownKind");
    assert_eq!(shown(&findings), [expected.clone(), expected.clone()]);
    assert!(findings[0].message.ends_with("there is one in the group `gateway.networking.k8s.io`"));
    assert!(findings[1].message.contains("write the kind as metrics have it"));
    let selectors =
        vec![ResourceSelector { kinds: vec![kinds(&["apps"], &["things"])], ..selector() }];
    let (sent, findings) = sent_with(source("a", None, selectors), &settings(""), &cluster());
    assert_eq!((sent, shown(&findings)), (vec!["nothing".to_owned()], vec![expected]));
}

#[test]
fn namespaces_beyond_the_own_need_the_operators_permission() {
    let by =
        |labels: LabelSelector| vec![ResourceSelector { namespaces: Some(labels), ..selector() }];
    let production = || is_in("environment", &["production"]);
    let test = || is_in("environment", &["test"]);
    let reach = |reach: &str| settings(&format!("resources: {{namespaces: {reach}}}"));
    let not_allowed =
        |sign: char| vec![format!("{SELECTOR}.namespaceSelector{sign} NamespaceNotAllowed")];
    let of = |namespaces: &str| vec![format!(r#"{{resource_namespace{namespaces},tenant="me"}}"#)];
    for (settings, labels, expected, findings) in [
        (reach("own"), production(), of(r#"="shop""#), not_allowed('?')),
        (reach("own"), LabelSelector::default(), of(r#"="shop""#), not_allowed('?')),
        (reach("own"), test(), vec!["nothing".to_owned()], not_allowed(':')),
        (reach("tenant"), production(), of(r#"="shop""#), vec![]),
        (reach("tenant"), LabelSelector::default(), of(r#"=~"shop|shop-test""#), vec![]),
        (reach("tenant"), test(), of(r#"="shop-test""#), vec![]),
        (reach("all"), production(), of(r#"=~"other|shop""#), vec![]),
        (reach("all"), LabelSelector::default(), of(r#"!="""#), vec![]),
        (
            reach("all"),
            is_in("environment", &["none"]),
            vec![],
            vec![
                format!("{SELECTOR}.namespaceSelector? NothingSelected"),
                "spec.sources[0].metrics? NothingSelected".to_owned(),
            ],
        ),
    ] {
        assert_eq!(sent(None, by(labels.clone()), &settings), (expected, findings), "{labels:?}");
    }
}

#[test]
fn a_query_and_selectors_hold_both() {
    let selectors = || {
        vec![
            ResourceSelector { kinds: vec![kinds(&["apps"], &["*"])], ..selector() },
            ResourceSelector { labels: is_in("app", &["a"]), ..selector() },
        ]
    };
    let apps = r#"service_name="apps",resource_namespace="shop",tenant="me""#;
    let a = r#"resource_namespace="shop",label_app="a",tenant="me""#;
    for (query, expected) in [
        (r#"{x="y"}"#, format!(r#"{{x="y",{apps} or x="y",{a}}}"#)),
        (
            r#"{x="y" or z="w"}"#,
            format!(r#"{{x="y",{apps} or x="y",{a} or z="w",{apps} or z="w",{a}}}"#),
        ),
        // What no series can match is not sent.
        (r#"{service_name="b"}"#, format!(r#"{{service_name="b",{a}}}"#)),
        (r#"{service_name!="apps"}"#, format!(r#"{{service_name!="apps",{a}}}"#)),
        (r#"{label_app!="a"}"#, format!(r#"{{label_app!="a",{apps}}}"#)),
        (
            "sum(up)",
            format!(
                r#"label_replace(sum({{__name__="up",{apps} or __name__="up",{a}}}), "tenant", "me", "", "")"#
            ),
        ),
    ] {
        let (sent, findings) = sent(Some(query), selectors(), &settings(""));
        assert_eq!((sent, findings), (vec![expected], vec![]), "{query}");
    }
    let nothing = format!("{QUERY}? NothingSelected");
    let (sent_now, findings) =
        sent(Some(r#"{resource_namespace="b"}"#), selectors(), &settings(""));
    assert_eq!((sent_now, findings), (vec![], vec![nothing]));
    let (sent_now, findings) =
        sent(Some(r#"sum(up{resource_namespace="b"})"#), selectors(), &settings(""));
    assert_eq!(
        (sent_now, findings),
        (vec!["nothing".to_owned()], vec![format!("{QUERY}: NothingSelected")])
    );
}

#[test]
fn long_sets_are_divided_below_the_query_limit_and_select_the_same() {
    let mut cluster = cluster();
    let names: Vec<String> = (0..2_000).map(|number| format!("shop-{number:05}")).collect();
    for name in &names {
        let labels = super::fixture::labels(&[("example.com/tenant", "me"), ("many", "yes")]);
        cluster.namespaces.insert(name.clone(), labels);
    }
    let settings =
        settings("resources: {namespaces: all}\nlimits: {tenant: {query_bytes_max: 2048}}");
    let selectors =
        vec![ResourceSelector { namespaces: Some(is_in("many", &["yes"])), ..selector() }];
    let query = r#"{a="b" or c="d"}"#;
    let (sent, findings) = sent_with(source("a", Some(query), selectors), &settings, &cluster);
    assert_eq!(shown(&findings), Vec::<String>::new());
    assert!(sent.len() > 20, "{}", sent.len());
    assert!(sent.iter().all(|text| text.len() <= 2048));
    let parsed: Vec<ktel_metricsql::Selector> =
        sent.iter().map(|text| text.parse().unwrap()).collect();
    let matching = |namespace: &str, label: &str, value: &str| {
        let series = [("tenant", "me"), ("resource_namespace", namespace), (label, value)];
        parsed.iter().filter(|selector| selector.matches(&series)).count()
    };
    for name in &names {
        assert_eq!((matching(name, "a", "b"), matching(name, "c", "d")), (1, 1), "{name}");
        assert_eq!(matching(name, "e", "f"), 0);
    }
    assert_eq!(matching("shop", "a", "b"), 0);
}

#[test]
fn what_cannot_be_divided_is_too_long() {
    let settings = settings("limits: {tenant: {query_bytes_max: 1024}}");
    for query in
        [format!(r#"{{a=~"{}.*"}}"#, "x".repeat(1_100)), format!("sum({})", "x".repeat(1_100))]
    {
        let (sent, findings) = sent(Some(&query), Vec::new(), &settings);
        assert_eq!(
            (sent, findings),
            (vec!["nothing".to_owned()], vec![format!("{QUERY}: QueryTooLong")])
        );
    }
    let many: Vec<String> =
        (0..80).map(|number| format!(r#"a="{number}{}""#, "x".repeat(80))).collect();
    let (sent, findings) = sent(Some(&format!("{{{}}}", many.join(" or "))), Vec::new(), &settings);
    assert_eq!(findings, Vec::<String>::new());
    assert!(sent.len() > 5 && sent.iter().all(|text| text.len() <= 1024));
}

#[test]
fn other_stores_get_one_alternative_in_a_selector() {
    let text = "{ktel: 1, store: {kind: prometheus, url: 'http://p'}, tenancy: {labels: {tenant: {fixed: me}}}}";
    let settings = Settings::parse(text, "settings.yaml").unwrap();
    let (sent_now, findings) = sent(Some(r#"{a="b" or c="d"}"#), Vec::new(), &settings);
    assert_eq!(sent_now, [r#"{a="b",tenant="me"}"#, r#"{c="d",tenant="me"}"#]);
    assert_eq!(findings, Vec::<String>::new());
    let (sent_now, findings) = sent(Some(r#"sum({a="b" or c="d"})"#), Vec::new(), &settings);
    assert_eq!(
        (sent_now, findings),
        (vec!["nothing".to_owned()], vec![format!("{QUERY}: InvalidQuery")])
    );
}

#[test]
fn one_wrong_source_leaves_the_others() {
    let mut wrong = source("wrong", Some("{a="), Vec::new());
    wrong.path = crate::resource::FieldPath::spec().field("sources").item(1);
    let mut late = source("late", None, Vec::new());
    late.lag_min = Some(Duration::from_secs(1));
    late.backfill = Some(Backfill { from: Millis(5), rate_max: None });
    let spec = Spec {
        sources: vec![source("a", Some("up"), Vec::new()), wrong, late],
        sinks: vec![super::fixture::sink()],
        is_suspended: true,
    };
    let compiled = compiled(&spec, &settings(""), &cluster());
    let plan = compiled.plan.unwrap();
    let names: Vec<&str> = plan.sources.iter().map(|source| source.name.as_str()).collect();
    assert_eq!(names, ["a", "late"]);
    assert_eq!(plan.sinks[0].sources, [0, 1]);
    assert_eq!(plan.sources[0].lag_min, Duration::from_secs(15));
    assert_eq!(plan.sources[1].lag_min, Duration::from_secs(5));
    assert_eq!(plan.sources[1].backfill.map(|backfill| backfill.from), Some(Millis(5)));
    assert!(plan.is_suspended);
    let expected =
        ["spec.sources[1].metrics.metricsql: InvalidQuery", "spec.sources[0].minLag? TooShort"];
    assert_eq!(shown(&compiled.findings), expected);
}

#[test]
fn a_namespace_without_a_tenant_has_no_plan() {
    let spec = Spec { sources: vec![source("a", None, Vec::new())], ..Spec::default() };
    for namespace in ["nobody", "unknown"] {
        let compiled = in_namespace(namespace, &spec, &settings(""), &cluster());
        assert_eq!(compiled.plan, None);
        assert_eq!(shown(&compiled.findings), [": UnknownTenant"]);
    }
}

#[test]
fn tenants_have_names_paths_and_several_labels() {
    let text = "
ktel: 1
store: {kind: victoria-metrics, version: '1.145', url: 'http://vm/select/{tenant}/prometheus'}
tenancy:
  labels: {cluster: {fixed: c1}, namespace: namespace_name}
  path: {namespace_label: example.com/account}
";
    let settings = Settings::parse(text, "settings.yaml").unwrap();
    let mut cluster = cluster();
    let spec = Spec { sources: vec![source("a", None, Vec::new())], ..Spec::default() };
    let mut plan = |account: &str| {
        let labels = cluster.namespaces.get_mut("shop").unwrap();
        labels.insert("example.com/account".to_owned(), account.to_owned());
        compiled(&spec, &settings, &cluster).plan
    };
    let tenant = plan("12:3").unwrap().tenant;
    assert_eq!((tenant.name.as_str(), tenant.path.as_deref()), ("12:3/shop", Some("12:3")));
    let matchers: Vec<(&str, &[String])> =
        tenant.matchers.iter().map(|matcher| (matcher.label(), matcher.values())).collect();
    assert_eq!(
        matchers,
        [("cluster", &["c1".to_owned()][..]), ("namespace", &["shop".to_owned()][..])]
    );
    for path in ["..", ".", "a/b", "a%2f", "1\r\nHost: x", "", "a?b", "a#b", "é", &"1".repeat(129)]
    {
        assert_eq!(plan(path), None, "{path:?}");
    }
}

#[test]
fn the_examples_of_the_requirement_compile() {
    let mut cluster = cluster();
    let mut known: Vec<_> = [
        ("gateway.networking.k8s.io", "Gateway", "gateways"),
        ("compute.datumapis.com", "Workload", "workloads"),
    ]
    .map(|(group, kind, plural)| {
        let kind = crate::compile::Kind { group: group.to_owned(), kind: kind.to_owned() };
        (kind, plural.to_owned())
    })
    .into();
    cluster.kinds = crate::compile::Kinds::new(known.drain(..));
    let read = |text: &str| {
        let exporter: crate::resource::Exporter = serde_saphyr::from_str(text).unwrap();
        let (spec, _) = crate::resource::normalise(&exporter.spec);
        let compiled = compiled(&spec, &settings(""), &cluster);
        let plan = compiled.plan.unwrap();
        let source = plan.sources.into_iter().next().unwrap();
        let Selection::Raw(selectors) = source.selection else { panic!("raw") };
        let sent: Vec<String> = selectors
            .into_iter()
            .map(|selector| super::fixture::STORE.query(&selector.into()).unwrap())
            .collect();
        (sent, plan.sinks.len(), shown(&compiled.findings))
    };
    let gateway = r#"{service_name="networking.datumapis.com",resource_kind="Gateway",__name__=~"network_bytes_.*",tenant="me"}"#;
    let (sent, sinks, findings) =
        read(include_str!("../../resource/examples/gateway-exporter.yaml"));
    assert_eq!((sent, sinks, findings), (vec![gateway.to_owned()], 1, vec![]));
    // Only the third kind is in the group that the query asks for.
    let target = r#"{service_name="networking.datumapis.com",resource_kind="Gateway",__name__=~"network_bytes_.*",resource_namespace="shop",label_app="my-gateway",tenant="me"}"#;
    let (sent, sinks, findings) =
        read(include_str!("../../resource/examples/example-exporter.yaml"));
    assert_eq!((sent, sinks), (vec![target.to_owned()], 1));
    let own = "spec.sources[0].metrics.resourceSelectors[0].namespaceSelector? NamespaceNotAllowed";
    assert_eq!(findings, [own]);
}
