//! The values of the chart that install an agent as its files say.

use std::collections::BTreeMap;

use anyhow::Context;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::listing;

const HEAD: &str = "# Values of ktel's chart for this agent, made of the files beside it: helm install NAME CHART --values FILE
# In a chart that depends on ktel's, they stand under the name of the dependency.
";

/// Writes the values. `agent` is the agent file, and `schemas` are those that it names.
pub(super) fn values(agent: &str, schemas: &BTreeMap<String, &str>) -> Result<String, Failure> {
    let config: Value = serde_saphyr::from_str(agent)
        .context("read the agent file")
        .map_err(|error| Failure::usage(error, None::<String>))?;
    let values = json!({"agent": {"enabled": true, "config": config, "schemas": schemas}});
    Ok(format!("{HEAD}{}", listing::yaml(&values)))
}
