//! The credentials of a sink, out of its Secrets.

use std::collections::BTreeMap;

use crate::compile::SecretNeeds;
use crate::control::secrets::{Known, SecretName, Secrets};
use crate::credentials::Credentials;
use crate::resource::spec::SecretKey;

/// Gives the credentials of a sink, or what is wrong with them; nothing while a Secret has not been looked for.
pub(super) fn credentials(
    namespace: &str,
    needs: &SecretNeeds,
    secrets: &Secrets,
) -> Option<Result<Credentials, (&'static str, String)>> {
    let mut data = BTreeMap::new();
    for name in needs.names() {
        let secret = SecretName { namespace: namespace.to_owned(), name: name.to_owned() };
        match secrets.get(&secret) {
            Known::Pending => return None,
            Known::Present(found) => {
                data.insert(name, found);
            }
            Known::Absent => {
                let message =
                    format!("the Secret `{name}` does not exist; create it in `{namespace}`");
                return Some(Err(("SecretNotFound", message)));
            }
            Known::Unreadable(why) => {
                return Some(Err((
                    "SecretUnreadable",
                    format!("the Secret `{name}` cannot be read: {why}"),
                )));
            }
        }
    }
    let get =
        |key: &SecretKey| data.get(key.name.as_str())?.get(&key.key).map(|value| value.0.clone());
    let found = needs.credentials(get).map_err(|missing| {
        let all: Vec<String> = missing.iter().map(ToString::to_string).collect();
        ("SecretIncomplete", all.join("; "))
    });
    Some(found)
}
