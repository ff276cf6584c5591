//! What service accounts asked the server for, as its audit log has it.

use std::collections::BTreeSet;
use std::fs;

use anyhow::Context;
use serde_json::{Value, json};

use super::ApiServer;

/// A request, in the words of RBAC.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Access {
    /// The API group; the core group is empty.
    pub group: String,
    /// The resource, with its subresource behind a slash.
    pub resource: String,
    /// The name, where the request has one.
    pub name: String,
    /// The namespace, where the request has one.
    pub namespace: String,
    /// Such as `list`.
    pub verb: String,
    /// Whether the roles of the account allow it.
    pub is_allowed: bool,
}

impl ApiServer {
    /// Gives what an account asked for since the server was made.
    ///
    /// # Errors
    ///
    /// The audit log cannot be read.
    pub fn accesses(&self, namespace: &str, account: &str) -> anyhow::Result<BTreeSet<Access>> {
        let user = format!("system:serviceaccount:{namespace}:{account}");
        let log = fs::read_to_string(self.directory.join("audit.log")).context("read the log")?;
        let mut accesses = BTreeSet::new();
        for line in log.lines() {
            let event: Value = serde_json::from_str(line).context("parse the log")?;
            if event["user"]["username"] == user {
                accesses.extend(access(&event));
            }
        }
        Ok(accesses)
    }

    /// Has the server log what service accounts ask for, before it answers them.
    pub(super) fn write_audit_policy(&self) -> anyhow::Result<()> {
        let policy = json!({
            "apiVersion": "audit.k8s.io/v1", "kind": "Policy",
            "omitStages": ["RequestReceived"],
            "rules": [
                {"level": "Metadata", "userGroups": ["system:serviceaccounts"]},
                {"level": "None"},
            ],
        });
        fs::write(self.directory.join("audit.yaml"), policy.to_string()).context("write the policy")
    }
}

/// Requests without a resource, such as discovery, are open to every account.
fn access(event: &Value) -> Option<Access> {
    let object = event.get("objectRef")?;
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let subresource = object["subresource"].as_str().map(|name| format!("/{name}"));
    Some(Access {
        group: word(&object["apiGroup"]),
        resource: word(&object["resource"]) + &subresource.unwrap_or_default(),
        name: word(&object["name"]),
        namespace: word(&object["namespace"]),
        verb: word(&event["verb"]),
        is_allowed: event["responseStatus"]["code"] != 403,
    })
}
