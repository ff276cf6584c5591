//! `cluster-state` beside a counter that pages by 100, metadata only, as the telemetry library of Kong does.

use std::time::{Duration, Instant};

use ktel::{Catalog, Product, Workflow};
use kube::Api;
use kube::api::ListParams;
use kube::core::{ApiResource, DynamicObject};

use crate::cluster::{Cluster, NODES, PODS, SERVICES};
use crate::page::{line, median};

const ROUNDS: usize = 3;

#[derive(Clone, Copy)]
struct Cost {
    requests: u64,
    bytes: u64,
    time: Duration,
}

pub(crate) fn section(cluster: &Cluster) -> anyhow::Result<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // A client wants the runtime at hand when it is made.
    let _inside = runtime.enter();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        theirs.push(runtime.block_on(measure(cluster, by_pages(cluster.client()?)))?);
        ours.push(runtime.block_on(measure(cluster, by_ktel(cluster.client()?)))?);
    }
    let time = |costs: &[Cost]| median(costs.iter().map(|cost| cost.time.as_secs_f64()).collect());
    let (our, their) = (ours[0], theirs[0]);
    let bytes = their.bytes as f64 / our.bytes as f64;
    let speed = time(&theirs) / time(&ours);
    let mut out = format!(
        "
## Counting pods, services, nodes and namespaces

| | requests | bytes | time |
|---|---|---|---|
| by pages of 100, metadata only | {} | {} | {:.2} s |
| `ktel`, job `cluster-state` | {} | {} | {:.4} s |

| what | budget | measured | holds |
|---|---|---|---|
",
        their.requests,
        their.bytes,
        time(&theirs),
        our.requests,
        our.bytes,
        time(&ours)
    );
    line(&mut out, "fewer bytes", "100 times", &format!("{bytes:.0} times"), bytes >= 100.0);
    line(&mut out, "less time", "50 times", &format!("{speed:.0} times"), speed >= 50.0);
    Ok(out)
}

async fn measure(
    cluster: &Cluster,
    count: impl Future<Output = anyhow::Result<[u64; 3]>>,
) -> anyhow::Result<Cost> {
    let before = (cluster.counters.requests(), cluster.counters.bytes());
    let started = Instant::now();
    let counted = count.await?;
    let time = started.elapsed();
    let expected = [PODS, SERVICES, NODES].map(|count| count as u64);
    anyhow::ensure!(counted == expected, "counted {counted:?}, not {expected:?}");
    Ok(Cost {
        requests: cluster.counters.requests() - before.0,
        bytes: cluster.counters.bytes() - before.1,
        time,
    })
}

async fn by_pages(client: kube::Client) -> anyhow::Result<[u64; 3]> {
    let mut counts = [0; 3];
    let kinds =
        [("Pod", "pods"), ("Service", "services"), ("Node", "nodes"), ("Namespace", "namespaces")];
    for (index, (kind, plural)) in kinds.into_iter().enumerate() {
        let resource = ApiResource {
            group: String::new(),
            version: "v1".into(),
            api_version: "v1".into(),
            kind: kind.into(),
            plural: plural.into(),
        };
        let api: Api<DynamicObject> = Api::all_with(client.clone(), &resource);
        let mut params = ListParams::default().limit(100);
        let mut count = 0;
        loop {
            let page = api.list_metadata(&params).await?;
            count += page.items.len() as u64;
            match page.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => params = params.continue_token(&token),
                None => break,
            }
        }
        if let Some(place) = counts.get_mut(index) {
            *place = count;
        }
    }
    Ok(counts)
}

#[expect(clippy::disallowed_methods, reason = "a program reads the clock")]
async fn by_ktel(client: kube::Client) -> anyhow::Result<[u64; 3]> {
    let workflow = Workflow::builder().job(Catalog::built_in().find("cluster-state")?).build()?;
    let cluster = ktel::Cluster::new(client, Product::default());
    let outcome = workflow.run(&cluster, jiff::Timestamp::now()).await;
    anyhow::ensure!(outcome.failures.is_empty(), "{:?}", outcome.failures);
    let section = &outcome.report.to_json()["cluster-state"];
    Ok(["pods", "services", "nodes"].map(|field| section[field].as_u64().unwrap_or_default()))
}
