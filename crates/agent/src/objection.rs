//! Whether an agent may send anything.

use ktel_usage::consent::Consent;

use crate::file::AgentFile;

/// Gives why telemetry is off, or `None` where it is on: the flag, the agent file and all
/// [consent sources](ktel_usage::consent) have a say.
#[must_use]
pub fn objection(file: &AgentFile, flag: bool, consent: &Consent) -> Option<String> {
    if flag {
        return Some("`--disable-telemetry` is given".into());
    }
    if file.disabled {
        return Some("`telemetry.disabled` of the configuration is true".into());
    }
    (!consent.given).then(|| consent.winner.to_string())
}
