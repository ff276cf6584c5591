//! What roles allow, in a form in which two of them can be compared.

use std::collections::BTreeSet;

use serde_json::Value;

/// One thing that is allowed: group or path, resource, name or `*`, verb.
pub(crate) type Right = [String; 4];

/// Reads rules, however they are grouped.
pub(crate) fn rights(rules: &Value) -> BTreeSet<Right> {
    let mut rights = BTreeSet::new();
    let words = |rule: &Value, key: &str| -> Vec<String> {
        let words = rule[key].as_array().into_iter().flatten();
        words.map(|word| word.as_str().expect("a word").to_owned()).collect()
    };
    for rule in rules.as_array().into_iter().flatten() {
        let mut names = words(rule, "resourceNames");
        if names.is_empty() {
            names.push("*".to_owned());
        }
        for verb in words(rule, "verbs") {
            for path in words(rule, "nonResourceURLs") {
                rights.insert([path, String::new(), String::new(), verb.clone()]);
            }
            for group in words(rule, "apiGroups") {
                for resource in words(rule, "resources") {
                    for name in &names {
                        let right = [group.clone(), resource.clone(), name.clone(), verb.clone()];
                        rights.insert(right);
                    }
                }
            }
        }
    }
    rights
}

/// What the roles of these manifests allow in a namespace.
pub(crate) fn rights_in(namespace: &str, objects: &[Value]) -> BTreeSet<Right> {
    let mut all = BTreeSet::new();
    for object in objects {
        let here = match object["kind"].as_str() {
            Some("ClusterRole") => true,
            Some("Role") => object["metadata"]["namespace"] == namespace,
            _ => false,
        };
        if here {
            all.extend(rights(&object["rules"]));
        }
    }
    all
}
