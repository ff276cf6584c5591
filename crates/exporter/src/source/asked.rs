//! What a store is asked for, as it is sent: for people who want to see which labels are enforced.

use super::error::ReadError;
use super::{Reader, StoreKind};
use crate::plan::{Selection, Tenant};

/// What a store is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asked {
    /// The path of the request.
    pub path: String,
    /// The queries, with the tenant's labels in every selector.
    pub queries: Vec<String>,
    /// Parameters by which the store itself enforces the tenant's labels.
    pub enforced: Vec<(&'static str, String)>,
}

impl Reader {
    /// Gives what the store is asked for.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub fn asks(&self, tenant: &Tenant, selection: &Selection) -> Result<Asked, ReadError> {
        let (queries, endpoint) = match (selection, self.0.kind) {
            (Selection::Expression { expr, .. }, _) => {
                (vec![self.expression(expr)?], "query_range")
            }
            (Selection::Raw(selectors), kind) => {
                let queries = selectors.iter().map(|selector| self.query(selector));
                let endpoint = match kind {
                    StoreKind::VictoriaMetrics(_) => "export",
                    StoreKind::Prometheus => "read",
                    StoreKind::Other => "query",
                };
                (queries.collect::<Result<_, _>>()?, endpoint)
            }
        };
        let path = self.endpoint(tenant, &["api", "v1", endpoint])?.path().to_owned();
        Ok(Asked { path, queries, enforced: self.enforced(tenant)? })
    }
}
