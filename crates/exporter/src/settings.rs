//! The operator's settings: which store, whose data is whose, what an Exporter may reach, and how much of everything.
//!
//! ```yaml
//! ktel: 1                                   # the format
//! store:
//!   kind: victoria-metrics                  # victoria-metrics, prometheus or other
//!   version: "1.145"                        # for victoria-metrics
//!   url: http://vmselect.monitoring.svc:8481/select/{tenant}/prometheus
//!   authorization_file: /etc/ktel/store/authorization   # the value of the header `Authorization`
//!   ca_file: /etc/ktel/store/ca.crt
//!   query_bytes_max: 16384
//! tenancy:
//!   labels:                                 # what every series has to carry
//!     project: {namespace_label: example.com/project}
//!     cluster: {fixed: prod-1}
//!     namespace: namespace_name
//!   path: {namespace_label: example.com/account}        # replaces {tenant} in the URL
//!   single_tenant: false                    # true: nothing is enforced, all is everybody's
//! resources:                                # how a resource stands on its metrics
//!   group: service_name
//!   core_group: ""
//!   kind: resource_kind
//!   namespace: resource_namespace
//!   name: resource_name
//!   label_prefix: label_
//!   label_keys: underscores                 # or exact
//!   resolve: metrics                        # or objects
//!   namespaces: own                         # own, tenant or all
//! egress:
//!   allow_http: false
//!   allowed_networks: [10.20.0.0/16]
//!   denied_networks: [198.51.100.0/24]
//!   ports: [443, 4318]
//!   proxy_from_environment: false
//! reading: {window: 30s, lag: 15s, lag_min: 5s}
//! limits:
//!   memory: 64Mi
//!   store_requests_max: 8
//!   tenant: {series_max: 1000000, points_per_second: 100000, bytes_per_second: 32Mi, query_bytes_max: 16384, store_requests_max: 2}
//! ```

use std::path::{Path, PathBuf};

use ktel_delivery::Secret;
use ktel_delivery::secret::read_text;

use crate::source::Store;

mod error;
mod format;
mod raw;
mod types;
mod values;

pub use error::Error;
pub use types::{
    LabelKeys, Limits, Reach, Reading, Resolve, Resources, Settings, StoreSettings, Tenancy,
    TenantLimits, ValueFrom,
};

#[cfg(test)]
mod tests;

impl Settings {
    /// Reads the text of a settings file; `file` is its name for messages.
    ///
    /// # Errors
    /// When it is not of the format.
    pub fn parse(text: &str, file: &str) -> Result<Self, Error> {
        format::read(text).map_err(|wrong| wrong.of(file))
    }

    /// Reads a settings file.
    ///
    /// # Errors
    /// When it cannot be read, or is not of the format.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let text =
            read_text(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
        Self::parse(&text, &path.display().to_string())
    }
}

impl StoreSettings {
    /// Reads the files that the settings name, and gives the store.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub fn open(&self) -> Result<Store, Error> {
        let read = |path: &PathBuf| {
            read_text(path).map_err(|source| Error::Read { path: path.clone(), source })
        };
        let authorization = self.authorization_file.as_ref().map(read).transpose()?;
        let authorities = self.ca_file.as_ref().map(read).transpose()?;
        Ok(Store {
            kind: self.kind,
            url: self.url.clone(),
            authorization: authorization.as_deref().map(Secret::new),
            authorities: authorities.map(String::into_bytes),
            query_bytes_max: self.query_bytes_max,
        })
    }
}
