//! Finds the cluster: a snapshot, a kubeconfig, or the pod's own service account.

use std::io::Read;
use std::path::PathBuf;
use std::{env, io};

use anyhow::anyhow;
use ktel_snapshot::Snapshot;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use tempfile::NamedTempFile;

use crate::arguments::shared::ClusterArguments;
use crate::failure::Failure;
use crate::limits::SNAPSHOT_BYTES_MAX;

/// Makes a client for the cluster that the user chose. It makes no request yet.
pub(crate) async fn connect(cluster: &ClusterArguments) -> Result<Client, Failure> {
    if let Some(path) = &cluster.snapshot {
        let piped = if path.as_os_str() == "-" { Some(standard_input()?) } else { None };
        let path = piped.as_ref().map_or(path.as_path(), NamedTempFile::path);
        let snapshot = Snapshot::load(path).map_err(|error| {
            Failure::usage(error, Some("`--snapshot` reads objects in JSON or YAML, as `kubectl get … -o json` prints them"))
        })?;
        return Ok(Client::new(snapshot.service(), "default"));
    }
    let config = config(cluster).await?;
    Client::try_from(config).map_err(|error| {
        Failure::usage(error, Some("check the certificates and the user of this kubeconfig"))
    })
}

/// Keeps standard input in a file for as long as it is read: a snapshot is read from files.
fn standard_input() -> Result<NamedTempFile, Failure> {
    let mut file = tempfile::Builder::new().suffix(".yaml").tempfile()?;
    let mut stdin = io::stdin().lock().take(SNAPSHOT_BYTES_MAX);
    io::copy(&mut stdin, &mut file)?;
    Ok(file)
}

async fn config(cluster: &ClusterArguments) -> Result<Config, Failure> {
    let Some(kubeconfig) = kubeconfig(cluster)? else {
        return Config::incluster().map_err(|_| {
            Failure::usage(
                anyhow!("no kubeconfig: `--kubeconfig` and KUBECONFIG are not set, ~/.kube/config does not exist, and this is not a pod"),
                Some("set `--kubeconfig FILE`, or run `ktel demo`, which needs no cluster"),
            )
        });
    };
    let named = cluster.context.as_ref().or(kubeconfig.current_context.as_ref());
    let known: Vec<&str> = kubeconfig.contexts.iter().map(|one| one.name.as_str()).collect();
    if known.is_empty() {
        return Err(Failure::usage(
            anyhow!("the kubeconfig has no contexts, so it names no cluster"),
            Some(
                "choose another with `--kubeconfig` or KUBECONFIG; `kubectl config set-context` adds one",
            ),
        ));
    }
    match named {
        Some(name) if !known.contains(&name.as_str()) => {
            return Err(Failure::usage(
                anyhow!("context \"{name}\" is not in the kubeconfig"),
                Some(format!("its contexts are: {}", known.join(", "))),
            ));
        }
        Some(_) => {}
        None => {
            return Err(Failure::usage(
                anyhow!("the kubeconfig has no current context"),
                Some(format!("choose one with `--context`: {}", known.join(", "))),
            ));
        }
    }
    let options =
        KubeConfigOptions { context: cluster.context.clone(), ..KubeConfigOptions::default() };
    Config::from_custom_kubeconfig(kubeconfig, &options)
        .await
        .map_err(|error| Failure::usage(error, Some("the kubeconfig is not valid")))
}

/// Reads the kubeconfig that the user chose, else the default one; `None` when there is none.
fn kubeconfig(cluster: &ClusterArguments) -> Result<Option<Kubeconfig>, Failure> {
    if let Some(path) = &cluster.kubeconfig {
        return read(path.clone()).map(Some);
    }
    if env::var_os("KUBECONFIG").is_some_and(|paths| !paths.is_empty()) {
        return Kubeconfig::from_env().map_err(|error| {
            Failure::usage(
                error,
                Some("KUBECONFIG is set to this file; choose another with `--kubeconfig`"),
            )
        });
    }
    let usual = env::home_dir().map(|home| home.join(".kube/config"));
    match usual.filter(|path| path.is_file()) {
        Some(path) => read(path).map(Some),
        None => Ok(None),
    }
}

fn read(path: PathBuf) -> Result<Kubeconfig, Failure> {
    let kubeconfig = Kubeconfig::read_from(&path).map_err(|error| {
        // The client library prints the cause twice. The cause alone is enough.
        let error = anyhow::Error::from(error);
        let error = anyhow!("read the kubeconfig `{}`: {}", path.display(), error.root_cause());
        Failure::usage(error, Some("choose another with `--kubeconfig` or KUBECONFIG"))
    })?;
    // Every key is optional for the client library, so it takes any other YAML for a kubeconfig.
    if kubeconfig.clusters.is_empty() && kubeconfig.contexts.is_empty() && kubeconfig.kind.is_none()
    {
        let error = anyhow!(
            "`{}` is not a kubeconfig: it has neither clusters nor contexts",
            path.display()
        );
        return Err(Failure::usage(
            error,
            Some("choose another with `--kubeconfig` or KUBECONFIG"),
        ));
    }
    Ok(kubeconfig)
}

/// Finds the pod that this program runs in, by the variables that its manifest sets.
pub(crate) fn own_pod() -> Option<(String, String)> {
    let variable = |name| env::var(name).ok().filter(|value| !value.is_empty());
    variable("POD_NAMESPACE").zip(variable("POD_NAME"))
}
