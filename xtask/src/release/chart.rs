//! The chart as `helm` packs it, and as an artefact of an OCI registry.

use std::fs;
use std::path::Path;

use anyhow::Context;
use serde_json::{Value, json};

use super::program::add_tree;
use crate::oci::{self, Artifact, Blob};
use crate::tar;

const CHART: &str = "deploy/chart";

/// Packs the chart: <https://helm.sh/docs/topics/charts/>.
pub(super) fn archive(root: &Path) -> anyhow::Result<Vec<u8>> {
    let mut archive = Vec::new();
    add_tree(&mut archive, &root.join(CHART), "ktel/")?;
    tar::end(&mut archive);
    oci::compressed(&archive)
}

/// Writes the packed chart as an OCI layout: <https://helm.sh/docs/topics/registries/>.
pub(super) fn layout(
    root: &Path,
    archive: Vec<u8>,
    output: &Path,
    version: &str,
) -> anyhow::Result<()> {
    let chart =
        fs::read_to_string(root.join(CHART).join("Chart.yaml")).context("read Chart.yaml")?;
    oci::write(output, &artifact(&chart, archive)?, version)
}

fn artifact(chart: &str, archive: Vec<u8>) -> anyhow::Result<Artifact> {
    let chart: Value = serde_saphyr::from_str(chart).context("read Chart.yaml")?;
    let annotations = json!({
        "org.opencontainers.image.title": chart["name"],
        "org.opencontainers.image.description": chart["description"],
        "org.opencontainers.image.version": chart["version"],
    });
    Ok(Artifact {
        config: Blob {
            media_type: "application/vnd.cncf.helm.config.v1+json",
            bytes: chart.to_string().into_bytes(),
        },
        layer: Blob {
            media_type: "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
            bytes: archive,
        },
        annotations,
        platform: None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    #[test]
    fn the_configuration_of_a_chart_is_its_own_file_as_json() {
        let chart = "# Generated.\napiVersion: v2\nname: ktel\nversion: 0.1.0\nappVersion: 0.1.0\n";
        let artifact = super::artifact(chart, vec![1]).unwrap();
        let config: Value = serde_json::from_slice(&artifact.config.bytes).unwrap();
        assert_eq!(
            config.to_string(),
            r#"{"apiVersion":"v2","name":"ktel","version":"0.1.0","appVersion":"0.1.0"}"#
        );
        assert_eq!(artifact.annotations["org.opencontainers.image.version"], "0.1.0");
    }
}
