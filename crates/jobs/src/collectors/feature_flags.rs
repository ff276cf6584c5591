//! Which declared feature flags the product sets. Other flags are only counted.

use std::collections::BTreeMap;

use futures::FutureExt;
use futures::future::BoxFuture;
use ktel_model::Schema;
use serde_json::{Map, Value, json};

use crate::collected::Collected;
use crate::context::Context;
use crate::error::Error;
use crate::job::Collector;
use crate::workload::{Container, Workload};

/// Reads flags from the product's own workload.
pub(crate) struct FeatureFlags;

impl Collector for FeatureFlags {
    fn collect<'a>(
        &'a self,
        schema: &'a Schema,
        cx: &'a Context,
    ) -> BoxFuture<'a, Result<Collected, Error>> {
        async move {
            let workload = cx.workload().await?;
            Ok(section(gates(&workload), |name| schema.fields.contains_key(name)).into())
        }
        .boxed()
    }
}

/// Keeps the declared flags and counts the rest. A flag called `other` is counted, because the
/// count has this name.
fn section(gates: BTreeMap<String, bool>, declared: impl Fn(&str) -> bool) -> Map<String, Value> {
    let mut section = Map::new();
    let mut others = 0_u64;
    for (name, on) in gates {
        if name != "other" && declared(&name) {
            section.insert(name, json!(on));
        } else {
            others += 1;
        }
    }
    section.insert("other".into(), json!(others));
    section
}

/// Finds the flags in arguments and environment. The last value of a flag counts.
fn gates(workload: &Workload) -> BTreeMap<String, bool> {
    let mut gates = BTreeMap::new();
    for container in &workload.containers {
        for list in lists(container) {
            gates.extend(list.split(',').filter_map(gate));
        }
    }
    gates
}

/// Finds the lists of flags. The environment comes first, because arguments override it.
fn lists(container: &Container) -> Vec<&str> {
    let env = container.env.iter().filter(|variable| {
        variable.name == "FEATURE_GATES" || variable.name.ends_with("_FEATURE_GATES")
    });
    let mut lists: Vec<&str> = env.map(|variable| variable.value.as_str()).collect();
    let mut words = container.command.iter().chain(&container.args);
    while let Some(word) = words.next() {
        if let Some(list) = word.strip_prefix("--feature-gates=") {
            lists.push(list);
        } else if word == "--feature-gates" {
            lists.extend(words.next().map(String::as_str));
        }
    }
    lists
}

fn gate(text: &str) -> Option<(String, bool)> {
    let (name, value) = text.split_once('=')?;
    let on = match value.trim().to_ascii_lowercase().as_str() {
        "true" | "t" | "1" => true,
        "false" | "f" | "0" => false,
        _ => return None,
    };
    Some((name.trim().to_owned(), on))
}

#[cfg(test)]
mod tests {
    use super::{gates, section};
    use crate::workload::{Container, Variable, Workload};
    use serde_json::{Map, Value, json};

    #[track_caller]
    fn check(args: &[&str], env: &[(&str, &str)], expected: Value) {
        let strings = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let env = env
            .iter()
            .map(|(name, value)| Variable { name: (*name).into(), value: (*value).into() })
            .collect();
        let container = Container { args: strings(args), env, ..Container::default() };
        let workload = Workload { containers: vec![container], ..Workload::default() };
        let found: Map<_, _> = gates(&workload).into_iter().map(|(k, v)| (k, json!(v))).collect();
        assert_eq!(Value::Object(found), expected);
    }

    #[test]
    fn flags_are_found_however_they_are_written() {
        check(&["--feature-gates=A=true,B=false"], &[], json!({"A": true, "B": false}));
        check(&["--feature-gates", "A=true"], &[], json!({"A": true}));
        check(&["--feature-gates=A=true", "--feature-gates=A=false"], &[], json!({"A": false}));
        check(&[], &[("CONTROLLER_FEATURE_GATES", "A=True, B=0")], json!({"A": true, "B": false}));
        check(&["--feature-gates=A=false"], &[("FEATURE_GATES", "A=true")], json!({"A": false}));
        check(&["--feature-gates"], &[("MY_GATES", "A=true")], json!({}));
        check(&["--feature-gates=A,=,B=maybe,"], &[], json!({}));
    }

    #[test]
    fn an_undeclared_flag_is_counted_and_not_named() {
        let gates = [("A".to_owned(), true), ("customer-x".into(), true), ("other".into(), true)];
        let section = section(gates.into_iter().collect(), |name| ["A", "other"].contains(&name));
        assert_eq!(Value::Object(section), json!({"A": true, "other": 2}));
    }
}
