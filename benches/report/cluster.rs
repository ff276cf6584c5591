//! A large cluster, served over real HTTP by a thread of its own.

use std::sync::Arc;

use ktel_snapshot::{Counters, Snapshot, Synthetic};
use tokio::net::TcpListener;

pub(crate) const PODS: usize = 150_000;
pub(crate) const NODES: usize = 5_000;
pub(crate) const SERVICES: usize = 10_000;

pub(crate) struct Cluster {
    url: String,
    pub(crate) counters: Arc<Counters>,
}

impl Cluster {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let plan = Synthetic {
            nodes: NODES,
            pods: PODS,
            services: SERVICES,
            namespaces: 200,
            meshed_share: 0.3,
            ..Synthetic::default()
        };
        let service = Snapshot::synthetic(&plan).service();
        let counters = service.counters();
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}", listener.local_addr()?);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                ktel_snapshot::serve(service, TcpListener::from_std(listener)?).await
            })
        });
        Ok(Self { url, counters })
    }

    pub(crate) fn client(&self) -> anyhow::Result<kube::Client> {
        Ok(kube::Client::try_from(kube::Config::new(self.url.parse()?))?)
    }

    /// A kubeconfig for a program of its own.
    pub(crate) fn kubeconfig(&self) -> String {
        let url = &self.url;
        format!(
            "{{apiVersion: v1, kind: Config, current-context: c,
contexts: [{{name: c, context: {{cluster: c, user: u}}}}],
clusters: [{{name: c, cluster: {{server: '{url}'}}}}], users: [{{name: u, user: {{}}}}]}}"
        )
    }
}
