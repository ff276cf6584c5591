//! The bill of materials in CycloneDX 1.6: every package that the program is linked from.
//!
//! Macros, build scripts and tests are not part of it: they only run while it is built. Optional features count where any crate of the workspace asks for them.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::lock::Checksums;

/// Builds the document from `cargo metadata`, for the package `root`.
pub(super) fn document(
    metadata: &Value,
    checksums: &Checksums<'_>,
    root: &str,
    date: Date,
) -> anyhow::Result<Value> {
    let packages: BTreeMap<&str, &Value> =
        items(&metadata["packages"])?.map(|package| (text(&package["id"]), package)).collect();
    let linked = linked(metadata, &packages)?;
    let is_root = |package: &&Value| package["name"] == root && package["source"].is_null();
    let found = packages.values().copied().find(is_root);
    let root = found.with_context(|| format!("cargo knows no package `{root}`"))?;

    let mut reached = BTreeSet::from([text(&root["id"])]);
    let mut next = vec![text(&root["id"])];
    while let Some(id) = next.pop() {
        let new = linked.get(id).into_iter().flatten().filter(|id| reached.insert(id));
        next.extend(new);
    }
    let of = |id: &str| packages.get(id).copied().context("cargo names a package it does not list");
    let (mut components, mut dependencies) = (Vec::new(), Vec::new());
    for id in reached {
        let package = of(id)?;
        if id != text(&root["id"]) {
            components.push(component(package, "library", checksums));
        }
        let targets = linked.get(id).into_iter().flatten().map(|id| anyhow::Ok(url(of(id)?)));
        let targets: BTreeSet<String> = targets.collect::<Result<_, _>>()?;
        dependencies.push(json!({"ref": url(package), "dependsOn": targets}));
    }
    Ok(json!({
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "metadata": {
            "timestamp": format!("{date}T00:00:00Z"),
            "component": component(root, "application", checksums),
        },
        "components": components, "dependencies": dependencies,
    }))
}

/// Which packages each package links, by their ids.
fn linked<'m>(
    metadata: &'m Value,
    packages: &BTreeMap<&str, &Value>,
) -> anyhow::Result<BTreeMap<&'m str, Vec<&'m str>>> {
    let is_macro = |id: &&str| packages.get(id).is_some_and(|package| is_macro(package));
    let mut linked = BTreeMap::new();
    for node in items(&metadata["resolve"]["nodes"])? {
        let is_linked = |dependency: &&Value| {
            let kinds = dependency["dep_kinds"].as_array();
            kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind["kind"].is_null()))
        };
        let packages = items(&node["deps"])?.filter(is_linked).map(|of| text(&of["pkg"]));
        linked.insert(text(&node["id"]), packages.filter(|id| !is_macro(id)).collect());
    }
    Ok(linked)
}

/// Whether the compiler runs the package, as it runs `serde_derive`.
fn is_macro(package: &Value) -> bool {
    let is_macro = |target: &Value| target["kind"][0] == "proc-macro";
    package["targets"].as_array().is_some_and(|targets| targets.iter().any(is_macro))
}

fn component(package: &Value, kind: &str, checksums: &Checksums<'_>) -> Value {
    let (name, version) = (text(&package["name"]), text(&package["version"]));
    let mut component = json!({
        "type": kind, "bom-ref": url(package), "name": name, "version": version,
    });
    if !package["source"].is_null() {
        component["purl"] = url(package).into();
    }
    if let Some(license) = package["license"].as_str() {
        // What cargo took before it took SPDX.
        let license = license.split('/').map(str::trim).collect::<Vec<_>>().join(" OR ");
        component["licenses"] = json!([{"expression": license}]);
    }
    if let Some(checksum) = checksums.get(&(name, version)) {
        component["hashes"] = json!([{"alg": "SHA-256", "content": checksum}]);
    }
    component
}

/// Names a package: <https://github.com/package-url/purl-spec>.
fn url(package: &Value) -> String {
    format!(
        "pkg:cargo/{}@{}",
        text(&package["name"]),
        text(&package["version"]).replace('+', "%2B")
    )
}

fn items(list: &Value) -> anyhow::Result<impl Iterator<Item = &Value>> {
    Ok(list.as_array().context("`cargo metadata` lacks a list")?.iter())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::document;
    use crate::release::lock::checksums;

    fn built() -> Value {
        let package = |name: &str, source: Value, license: &str| json!({"id": name, "name": name, "version": "1.0.0+x", "source": source, "license": license});
        let registry = || json!("registry");
        let dep = |name: &str, kind: Value| json!({"pkg": name, "dep_kinds": [{"kind": kind}]});
        let metadata = json!({
            "packages": [
                package("ours", Value::Null, "Apache-2.0"), package("linked", registry(), "MIT / Apache-2.0"),
                package("deeper", registry(), "MIT"), package("tests", registry(), "MIT"),
                package("elsewhere", registry(), "MIT"), package("of-macros", registry(), "MIT"),
                {"id": "macros", "name": "macros", "version": "1.0.0", "targets": [{"kind": ["proc-macro"]}]},
            ],
            "resolve": {"nodes": [
                {"id": "ours", "deps": [dep("linked", Value::Null), dep("tests", json!("dev"))]},
                {"id": "linked", "deps": [
                    dep("deeper", Value::Null), dep("tests", json!("build")), dep("macros", Value::Null),
                ]},
                {"id": "macros", "deps": [dep("of-macros", Value::Null)]}, {"id": "of-macros", "deps": []},
                {"id": "deeper", "deps": []}, {"id": "tests", "deps": []}, {"id": "elsewhere", "deps": []},
            ]},
        });
        let lock = "[[package]]\nname = \"linked\"\nversion = \"1.0.0+x\"\nchecksum = \"aa\"\n";
        let date = jiff::civil::date(2026, 11, 26);
        document(&metadata, &checksums(lock), "ours", date).unwrap()
    }

    #[test]
    fn what_is_linked_is_listed_and_what_builds_or_tests_is_not() {
        let built = built();
        let names: Vec<&Value> =
            built["components"].as_array().unwrap().iter().map(|of| &of["name"]).collect();
        assert_eq!(names, ["deeper", "linked"]);
        assert_eq!(built["metadata"]["component"]["name"], "ours");
        assert_eq!(
            built["dependencies"][1],
            json!({"ref": "pkg:cargo/linked@1.0.0%2Bx", "dependsOn": ["pkg:cargo/deeper@1.0.0%2Bx"]})
        );
    }

    #[test]
    fn a_package_has_its_licence_as_spdx_and_the_checksum_of_the_lock_file() {
        let linked = &built()["components"][1];
        assert_eq!(linked["licenses"], json!([{"expression": "MIT OR Apache-2.0"}]));
        assert_eq!(linked["hashes"], json!([{"alg": "SHA-256", "content": "aa"}]));
    }
}
