//! What a receipt proves, for a person and for a program.

use ktel_server::receipt::{Claim, Receipt, StoredClaim};
use serde_json::{Map, Value};

/// A receipt whose signature is valid.
pub(super) struct Verified {
    pub(super) receipt: Receipt,
    /// Whether its key was compared with that of the receiver.
    pub(super) is_known: bool,
    /// Whether it was compared with the report.
    pub(super) is_same: bool,
}

pub(super) fn text(verified: &Verified) -> String {
    let Verified { receipt, is_known, is_same } = verified;
    let receiver = receipt.receiver();
    let known =
        if *is_known { "the key of the receiver" } else { "not compared; use --server or --key" };
    let claim = match &receipt.claim {
        Claim::Stored(stored) => stored_text(stored, *is_same),
        Claim::Forgotten { installation, day, rows } => format!(
            "On {day} the receiver deleted {rows} rows of the installation {installation}.\n"
        ),
    };
    format!(
        "{claim}signature   valid, so the receipt was not changed\nkey         {receiver}, {known}\n"
    )
}

fn stored_text(stored: &StoredClaim, is_same: bool) -> String {
    let StoredClaim { id, day, received, product: _, digest, kept_until } = stored;
    let mut text = format!("On {received} the receiver stored the report {id} of {day}.\n");
    for (schema, day) in kept_until {
        text.push_str(&format!("kept until  {day}  {schema}\n"));
    }
    let same = if is_same { "the same as what was stored" } else { "not compared; use --report" };
    text.push_str(&format!("report      {same}\ndigest      {digest}\n"));
    text
}

pub(super) fn json(verified: &Verified) -> Value {
    let Verified { receipt, is_known, is_same } = verified;
    let mut value = match &receipt.claim {
        Claim::Stored(StoredClaim { id, day, received, product, digest, kept_until }) => {
            let kept: Map<String, Value> = kept_until
                .iter()
                .map(|(schema, day)| (schema.clone(), day.to_string().into()))
                .collect();
            serde_json::json!({
                "claim": "stored", "report": id, "day": day.to_string(),
                "received": received.to_string(), "product": product, "digest": digest,
                "kept_until": kept, "report_compared": is_same,
            })
        }
        Claim::Forgotten { installation, day, rows } => serde_json::json!({
            "claim": "deleted", "installation": installation, "day": day.to_string(), "rows": rows,
        }),
    };
    value["signature"] = "valid".into();
    value["receiver"] = receipt.receiver().into();
    value["receiver_compared"] = (*is_known).into();
    value
}
