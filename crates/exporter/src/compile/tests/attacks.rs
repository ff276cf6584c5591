//! Ways around the tenant, through the compiler: each is confined, or rejected at the field it came from.

use ktel_metricsql::{Expr, Filter, Matcher, Selector, parse};
use proptest::prelude::*;
use proptest::sample::select;

use super::fixture::{
    STORE, cluster, compiled, kinds, requires, selector, settings, shown, source,
};
use super::generate;
use crate::compile::query::carries;
use crate::compile::{Cluster, Compiled};
use crate::plan::{Plan, Selection};
use crate::resource::spec::{LabelSelector, Operator, ResourceSelector, Source, Spec};
use crate::settings::Settings;

/// Queries of a tenant `me`: those that read its own data alone, whatever they look like, and those that ask for data of others
/// or by other means than labels.
#[derive(serde::Deserialize)]
struct Attacks {
    confined: Vec<String>,
    rejected: Vec<String>,
}

impl Attacks {
    fn read() -> Self {
        serde_json::from_str(include_str!("../../../tests/attacks.json")).unwrap()
    }
}

/// The selectors that are sent for a plan, as the store reads them.
fn sent(plan: &Plan) -> Vec<Selector> {
    let texts = plan.sources.iter().flat_map(|source| match &source.selection {
        Selection::Raw(selectors) => selectors
            .iter()
            .map(|selector| STORE.query(&selector.clone().into()).unwrap())
            .collect(),
        Selection::Expression { expr, .. } => vec![STORE.query(expr).unwrap()],
    });
    texts
        .flat_map(|text| {
            let (read, _) = parse(&text).unwrap();
            assert!(carries(&read, &plan.tenant.matchers), "{text}");
            read.selectors().into_iter().cloned().collect::<Vec<_>>()
        })
        .collect()
}

/// All that is sent is the tenant's, and no stranger's series passes the local check.
fn is_confined(compiled: &Compiled, what: &str) {
    let Some(plan) = &compiled.plan else { return };
    for selector in sent(plan) {
        assert!(!selector.groups().is_empty(), "{what}");
        for group in selector.groups() {
            for matcher in &plan.tenant.matchers {
                let value = &matcher.values()[0];
                let filter = Filter::equal(matcher.label(), value);
                assert!(group.contains(&filter), "{what}: {selector} lacks {filter}");
            }
        }
        for matcher in &plan.tenant.matchers {
            for stranger in ["", "other", "secret", "me2"] {
                let series = [
                    ("__name__", "up"),
                    (matcher.label(), stranger),
                    ("a", "b"),
                    ("resource_namespace", "other"),
                ];
                assert!(!selector.matches(&series), "{what}: {selector} matches {stranger}");
            }
        }
    }
    for source in &plan.sources {
        if let Selection::Expression { expr, .. } = &source.selection {
            results_are_labelled(expr, &plan.tenant.matchers, what);
        }
    }
}

/// Whatever an expression does to labels, its results carry those of the tenant.
fn results_are_labelled(expr: &Expr, matchers: &[Matcher], what: &str) {
    let mut inner = expr;
    for matcher in matchers.iter().rev() {
        let Expr::Call(call) = inner else { panic!("{what}: {expr} is not labelled") };
        let set = (call.name.as_str(), call.args.get(1), call.args.get(2));
        let value = matcher.values()[0].replace('$', "$$");
        let (label, value) = (Expr::from(matcher.label()), Expr::from(value));
        assert_eq!(set, ("label_replace", Some(&label), Some(&value)), "{what}");
        inner = &call.args[0];
    }
}

fn of(sources: Vec<Source>, settings: &Settings, cluster: &Cluster) -> Compiled {
    compiled(&Spec { sources, ..Spec::default() }, settings, cluster)
}

#[test]
fn every_way_that_reads_the_own_data_is_confined() {
    for query in &Attacks::read().confined {
        let compiled = of(vec![source("a", Some(query), Vec::new())], &settings(""), &cluster());
        let plan = compiled.plan.as_ref().unwrap();
        assert_eq!(plan.sources.len(), 1, "{query}: {:?}", compiled.findings);
        assert_eq!(shown(&compiled.findings), Vec::<String>::new(), "{query}");
        is_confined(&compiled, query);
    }
}

#[test]
fn every_way_to_others_is_rejected_at_its_field() {
    let others: Vec<String> = [
        format!("{}up{}", "(".repeat(100_000), ")".repeat(100_000)),
        format!("{{a=\"{}\"}}", "x".repeat(10_000_000)),
        format!(
            "WITH (a0=up,{}) a60",
            (0..60).map(|n| format!("a{}=a{n}+a{n}", n + 1)).collect::<Vec<_>>().join(",")
        ),
        r#"{a=~"(((a{1000}){1000}){1000})"}"#.to_owned(),
    ]
    .into();
    for query in Attacks::read().rejected.iter().chain(&others) {
        let compiled = of(vec![source("a", Some(query), Vec::new())], &settings(""), &cluster());
        let what: String = query.chars().take(80).collect();
        assert_eq!(compiled.plan.unwrap().sources, [], "{what}");
        let [finding] = compiled.findings.as_slice() else {
            panic!("{what}: {:?}", compiled.findings)
        };
        assert!(finding.is_error());
        assert_eq!(finding.path.to_string(), "spec.sources[0].metrics.metricsql", "{what}");
        assert!(["InvalidQuery", "NotOfTenant"].contains(&finding.reason), "{what}: {finding}");
        assert!(
            finding.message.len() < 512 && !finding.message.contains(char::is_control),
            "{what}"
        );
    }
}

#[test]
fn names_and_labels_of_selectors_stay_values() {
    let odd = ["\"} or {tenant=\"other", "a|b", ".*", "\\", "other\r\n", "\0", "\u{202e}"];
    for text in odd {
        let selectors = vec![
            ResourceSelector { kinds: vec![kinds(&[text], &["*"])], ..selector() },
            ResourceSelector {
                labels: requires(text, Operator::In(vec![text.to_owned(), "b".to_owned()])),
                ..selector()
            },
            ResourceSelector {
                labels: requires("tenant", Operator::NotIn(vec![text.to_owned()])),
                namespaces: Some(LabelSelector::default()),
                ..selector()
            },
        ];
        for more in ["", "resources: {namespaces: all, label_keys: exact, label_prefix: t}"] {
            let settings = settings(more);
            let compiled = of(vec![source("a", None, selectors.clone())], &settings, &cluster());
            assert_eq!(compiled.plan.as_ref().map(|plan| plan.sources.len()), Some(1));
            is_confined(&compiled, text);
        }
    }
}

#[test]
fn a_label_of_a_resource_cannot_be_the_label_of_the_tenant() {
    // With an empty prefix `tenant` of a resource is `tenant` of a metric: then both have to hold.
    let text = "resources: {label_keys: exact, label_prefix: te}";
    let labels = requires("nant", Operator::In(vec!["other".to_owned()]));
    let selectors = vec![ResourceSelector { labels, ..selector() }];
    let compiled = of(vec![source("a", None, selectors)], &settings(text), &cluster());
    assert_eq!(compiled.plan.unwrap().sources[0].selection, Selection::Raw(Vec::new()));
}

#[test]
fn values_of_tenants_are_never_read_as_anything_else() {
    for tenant in ["a|b", ".*", "\"} or {a=\"", "$1", "${0}", "\\", "a\r\nb", "é", "\u{202e}"] {
        let mut cluster = cluster();
        let labels = cluster.namespaces.get_mut("shop").unwrap();
        labels.insert("example.com/tenant".to_owned(), tenant.to_owned());
        for query in ["up", "sum(up)"] {
            let compiled = of(vec![source("a", Some(query), Vec::new())], &settings(""), &cluster);
            assert_eq!(
                compiled.plan.as_ref().map(|plan| plan.sources.len()),
                Some(1),
                "{tenant:?}"
            );
            is_confined(&compiled, tenant);
        }
    }
}

/// A selector of anything that a tenant can write.
fn resource_selector() -> impl Strategy<Value = ResourceSelector> {
    let groups = prop::collection::vec(
        select(&["*", "", "apps", "\"} or {", "networking.example.com"][..]),
        1..3,
    );
    let names =
        prop::collection::vec(select(&["*", "gateways", "Gateway", "Odd\"", "pods"][..]), 1..3);
    let value = select(&["", "me", "other", "a|b", ".*", "\""][..]);
    let values = prop::collection::vec(value.prop_map(str::to_owned), 1..3);
    let operator = (values, 0..4_u8).prop_map(|(values, which)| match which {
        0 => Operator::In(values),
        1 => Operator::NotIn(values),
        2 => Operator::Exists,
        _ => Operator::DoesNotExist,
    });
    let label = (select(&["app", "tenant", "a.b/c", "example.com/tenant"][..]), operator);
    let labels = prop::option::of(label).prop_map(|label| {
        label.map_or_else(LabelSelector::default, |(key, operator)| requires(key, operator))
    });
    let namespaces = prop::option::of(labels.clone());
    (groups, names, labels, namespaces).prop_map(|(groups, names, labels, namespaces)| {
        ResourceSelector { namespaces, labels, kinds: vec![kinds(&groups, &names)], ..selector() }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn all_that_is_sent_is_the_tenants(
        query in prop::option::of(generate::expression()),
        selectors in prop::collection::vec(resource_selector(), 0..3),
        tenant in select(&generate::TENANTS[..]),
        reach in select(&["own", "tenant", "all"][..]),
        prefix in select(&["label_", "t"][..]),
    ) {
        let mut cluster = cluster();
        let labels = cluster.namespaces.get_mut("shop").unwrap();
        labels.insert("example.com/tenant".to_owned(), tenant.to_owned());
        let settings = settings(&format!("resources: {{namespaces: {reach}, label_prefix: {prefix}}}"));
        let query = query.as_deref().filter(|text| !text.trim().is_empty());
        let compiled = of(vec![source("a", query, selectors)], &settings, &cluster);
        is_confined(&compiled, query.unwrap_or_default());
        // A source works, or it is said why not.
        let is_silent = compiled.findings.iter().all(|finding| !finding.is_error());
        let works = compiled.plan.is_some_and(|plan| !plan.sources.is_empty());
        prop_assert!(works || !is_silent);
    }
}
