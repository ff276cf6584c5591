//! Enforcement, against every series of a small world.

use ktel_metricsql::{Matcher, Violation, enforce, parse};
use proptest::prelude::*;
use proptest::sample::subsequence;

use crate::evaluator::{Series, passes, selects};
use crate::generate::{TENANTS, expression};

/// Every series there can be: three metrics, three jobs, all tenants and none.
fn world() -> Vec<Series> {
    let mut world = Vec::new();
    for metric in ["up", "down", "温度", "sum", "x.y"] {
        for job in ["", "a", "a.b", "A"] {
            for tenant in TENANTS {
                let labels = [("__name__", metric), ("job", job), ("tenant", tenant)];
                let kept = labels.into_iter().filter(|(_, value)| !value.is_empty());
                world.push(kept.map(|(name, value)| (name.into(), value.into())).collect());
            }
        }
    }
    world
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_wire_selects_what_the_expression_selects(query in expression()) {
        let Ok((expr, _)) = parse(&query) else { return Ok(()) };
        let (sent, _) = parse(&expr.wire()).unwrap();
        let (own, sent) = (expr.selectors(), sent.selectors());
        prop_assert_eq!(own.len(), sent.len());
        for (own, sent) in own.iter().zip(sent) {
            for series in world() {
                prop_assert_eq!(selects(own, &series), selects(sent, &series), "{} {:?}", query, series);
                prop_assert_eq!(selects(own, &series), own.matches(&series), "{} {:?}", own, series);
            }
        }
    }

    #[test]
    fn an_enforced_expression_selects_all_of_the_tenant_and_nothing_else(
        query in expression(),
        tenants in subsequence(&TENANTS[..3], 1..=2),
    ) {
        let Ok((expr, _)) = parse(&query) else { return Ok(()) };
        let allowed = |series: &Series| {
            series.get("tenant").is_some_and(|tenant| tenants.contains(&tenant.as_str()))
        };
        let matcher = Matcher::one_of("tenant", tenants.clone()).unwrap();
        match enforce(&expr, std::slice::from_ref(&matcher)) {
            Ok(enforced) => {
                // What is checked is what the store will read.
                let (sent, _) = parse(&enforced.wire()).unwrap();
                prop_assert_eq!(&sent, &enforced);
                prop_assert_eq!(expr.selectors().len(), sent.selectors().len());
                for (own, enforced) in expr.selectors().iter().zip(sent.selectors()) {
                    for series in world() {
                        let expected = selects(own, &series) && allowed(&series);
                        prop_assert_eq!(selects(enforced, &series), expected, "{} {:?}", query, series);
                        prop_assert_eq!(enforced.matches(&series), expected, "{} {:?}", query, series);
                    }
                }
            }
            Err(Violation::Contradiction { .. }) => {
                // Some or-group could never have selected anything of the tenant.
                let groups = expr.selectors().into_iter().flat_map(|selector| selector.groups());
                let hopeless = |group: &Vec<_>| {
                    tenants.iter().all(|tenant| {
                        let series = Series::from([("tenant".into(), (*tenant).into())]);
                        let own = group.iter().filter(|f: &&ktel_metricsql::Filter| f.label() == "tenant");
                        own.into_iter().any(|filter| !passes(filter, &series))
                    })
                };
                prop_assert!(groups.into_iter().any(hopeless), "{}", query);
            }
            Err(other) => prop_assert!(false, "{}: {}", query, other),
        }
    }
}
