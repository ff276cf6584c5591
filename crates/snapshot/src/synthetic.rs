//! A made-up cluster: its objects are computed from their index, none is stored.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::catalog::Catalog;
use crate::collection::Collection;
use crate::intake::{self, Found, Intake};
use crate::kinds;
use crate::version::VersionInfo;

mod plan;
mod series;
mod size;
mod template;

use plan::Plan;
use series::Made;
pub(crate) use series::Series;
pub use size::Synthetic;

/// The resource version of the cluster; objects have lesser ones.
pub(crate) const REVISION: u64 = 1_000_000_000;

/// Namespaces and services that tell that a mesh is there; they count as ordinary ones.
const MESHES: [(&str, &str); 2] = [("istio-system", "istiod"), ("linkerd", "linkerd-destination")];

/// Makes the catalog of a cluster.
pub(crate) fn intake(synthetic: &Synthetic) -> Intake {
    // With a mesh its own namespaces and services are among the numbers asked for, not beside them.
    let room = synthetic.namespaces > MESHES.len() && synthetic.services >= MESHES.len();
    let mesh = synthetic.meshed_share > 0.0 && room;
    let objects: Vec<Value> =
        if mesh { MESHES.iter().flat_map(control_plane).collect() } else { vec![] };
    let found = objects
        .into_iter()
        .filter_map(|object| match object {
            Value::Object(object) => Some(Found { object, plural: None }),
            _ => None,
        })
        .collect();
    let Intake { mut catalog, .. } =
        intake::intake(found).expect("the objects above have kinds and names");
    let plan = Arc::new(Plan::new(synthetic, if mesh { MESHES.len() } else { 0 }));
    for made in Made::ALL {
        put(&mut catalog, Series::new(Arc::clone(&plan), made));
    }
    let version = Some(VersionInfo::new(&synthetic.version, "linux/amd64"));
    Intake { catalog, version, revision: REVISION }
}

fn put(catalog: &mut Catalog, series: Series) {
    let (group, kind) = series.kind();
    let resource = kinds::find(group, kind).expect("all that is made up is built in");
    let shelf = catalog.shelf(resource);
    let kept = std::mem::take(&mut shelf.collection);
    shelf.collection = Arc::new(Collection::over(&kept, series));
}

fn control_plane((namespace, service): &(&str, &str)) -> [Value; 2] {
    [
        json!({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": namespace, "resourceVersion": "100"},
            "status": {"phase": "Active"},
        }),
        json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"name": service, "namespace": namespace, "resourceVersion": "101"},
            "spec": {"type": "ClusterIP", "selector": {"app": service}, "ports": [{"port": 15012}]},
        }),
    ]
}
