//! The real `helm` with the chart of this repository.

use std::path::{Path, PathBuf};
use std::process::Command;

use ktel_testkit::real;
use serde_json::Value;

pub(crate) const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/chart");

/// Helm, with a home of its own.
pub(crate) struct Helm {
    program: PathBuf,
    home: tempfile::TempDir,
}

impl Helm {
    /// Finds helm.
    pub(crate) fn find() -> Self {
        let [program] = real::require(["helm"]);
        Self { program, home: tempfile::tempdir().expect("a home") }
    }

    /// Runs helm; gives what it printed, or what it said of an error.
    pub(crate) fn run(&self, kubeconfig: Option<&Path>, words: &[&str]) -> Result<String, String> {
        let mut command = Command::new(&self.program);
        command.env_clear().args(words);
        for folder in ["HOME", "HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"] {
            command.env(folder, self.home.path());
        }
        command.envs(kubeconfig.map(|kubeconfig| ("KUBECONFIG", kubeconfig)));
        let output = command.output().expect("helm can be started");
        let text = |bytes| String::from_utf8(bytes).expect("helm writes UTF-8");
        match output.status.success() {
            true => Ok(text(output.stdout)),
            false => Err(text(output.stderr)),
        }
    }

    /// Writes values where helm can read them.
    pub(crate) fn values(&self, yaml: &str) -> String {
        let (_, path) = tempfile::Builder::new()
            .suffix(".yaml")
            .tempfile_in(&self.home)
            .and_then(|file| Ok(file.keep()?))
            .expect("a file");
        std::fs::write(&path, yaml).expect("the values can be written");
        path.display().to_string()
    }

    /// Renders the chart as the release `x` in the namespace `obs`.
    pub(crate) fn template(&self, values: &str) -> Result<String, String> {
        let values = self.values(values);
        self.run(None, &["template", "x", CHART, "--namespace=obs", "--values", &values])
    }

    /// Renders the chart and reads the objects.
    #[track_caller]
    pub(crate) fn objects(&self, values: &str) -> Vec<Value> {
        documents(&self.template(values).expect("the chart can be rendered"))
    }
}

/// Reads manifests.
#[track_caller]
pub(crate) fn documents(yaml: &str) -> Vec<Value> {
    let mut documents: Vec<Value> = serde_saphyr::from_multiple(yaml).expect("YAML");
    documents.retain(|document| !document.is_null());
    documents
}

/// Names an object as `kind/name`.
pub(crate) fn name(object: &Value) -> String {
    let word = |value: &Value| value.as_str().expect("a word").to_owned();
    format!("{}/{}", word(&object["kind"]), word(&object["metadata"]["name"]))
}
