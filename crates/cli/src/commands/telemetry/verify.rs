//! `ktel telemetry verify`: checks the receipt of a receiver, and shows what it proves.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Args;
use ktel_delivery::http::{Client, Protocol, Url};
use ktel_delivery::tls::Trust;
use ktel_model::signature::installation_id;
use ktel_server::receipt::{self, Claim, Receipt};
use ktel_server::{Catalog, hex};
use serde_json::Value;

use crate::arguments::shared::Format;
use crate::clock;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::runtime::runtime;
use crate::{listing, schemas};
use shown::Verified;

mod shown;

/// The member of `/v1/keys` with the digits of a key.
const PUBLIC_KEY: &str = "public_key";

#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    /// The receipt, or the response of a receiver that contains receipts
    #[arg(value_name = "FILE")]
    pub(crate) receipt: PathBuf,
    /// The report as it was sent; or several reports, one per line
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// The key of the receiver: its id, its digits, or a file with the response of /v1/keys
    #[arg(long, value_name = "KEY", conflicts_with = "server")]
    pub(crate) key: Option<String>,
    /// The receiver to get the key from
    #[arg(long, value_name = "URL")]
    pub(crate) server: Option<String>,
    /// A schema file that the receiver uses in addition to the built-in ones (repeatable)
    #[arg(long = "schema", value_name = "FILE")]
    pub(crate) schemas: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) format: Format,
}

pub(super) fn run(arguments: &VerifyArguments, printer: &mut Printer) -> Result<Exit, Failure> {
    let VerifyArguments { receipt: file, report, key, server, schemas: more, format } = arguments;
    let known = match (key, server) {
        (Some(key), _) => Some(keys_of(key)?),
        (None, Some(server)) => Some(ask(server)?),
        (None, None) => None,
    };
    let reports = report.as_deref().map(read).transpose()?;
    let more = more.iter().map(|file| schemas::load(file)).collect::<Result<Vec<_>, _>>()?;
    let catalog = Catalog::new(more).map_err(|error| Failure::usage(error, None::<String>))?;
    let receipts = receipts(file)?;
    let mut verified = Vec::new();
    for value in &receipts {
        let receipt = Receipt::read(value).map_err(|error| distrust(file, error))?;
        if let Some(known) = &known {
            is_known(&receipt, known)?;
        }
        let same = match &reports {
            Some(reports) if matches!(receipt.claim, Claim::Stored(_)) => {
                receipt.compare(reports, &catalog).map_err(|error| differs(&receipt, error))?;
                true
            }
            _ => false,
        };
        verified.push(Verified { receipt, is_known: known.is_some(), is_same: same });
    }
    let text = || verified.iter().map(shown::text).collect();
    let value = verified.iter().map(shown::json).collect();
    printer.out(listing::text(format.output, text, &value))?;
    printer.say(
        "A receipt proves what the receiver stored or deleted. It does not prove what the receiver \
         does with the data.",
    );
    Ok(Exit::Done)
}

/// Checks the signature of every receipt in a file, without the key of a receiver and without reports.
pub(super) fn check(file: &Path) -> Result<Vec<Result<String, String>>, Failure> {
    let check = |value: &Value| match Receipt::read(value) {
        Ok(receipt) => Ok(shown::text(&Verified { receipt, is_known: false, is_same: false })),
        Err(error) => Err(error.to_string()),
    };
    Ok(receipts(file)?.iter().map(check).collect())
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| schemas::unreadable(path, error))
}

/// Finds receipts: one, one per line, or those of a response.
fn receipts(path: &Path) -> Result<Vec<Value>, Failure> {
    let bytes = read(path)?;
    let values = serde_json::Deserializer::from_slice(&bytes).into_iter::<Value>();
    let hint = "save the response to a report that was sent with `Prefer: return=representation`";
    let values = values.collect::<Result<Vec<_>, _>>().map_err(|error| {
        let error = anyhow!(error).context(format!("read `{}` as JSON", path.display()));
        Failure::usage(error, Some(hint))
    })?;
    let mut found = Vec::new();
    for mut value in values {
        match (
            value.get_mut("receipts").map(Value::take),
            value.get_mut("receipt").map(Value::take),
        ) {
            (Some(Value::Array(receipts)), _) => found.extend(receipts),
            (_, Some(receipt)) => found.push(receipt),
            _ => found.push(value),
        }
    }
    if found.is_empty() {
        let error = anyhow!("`{}` contains no receipt", path.display());
        let hint = "a receiver returns a receipt only the first time it stores a report";
        return Err(Failure::usage(error, Some(hint)));
    }
    Ok(found)
}

/// Reads keys: the digits or the id of one, or a file with the response of `/v1/keys`.
fn keys_of(key: &str) -> Result<Vec<String>, Failure> {
    let path = PathBuf::from(key);
    if path.is_file() {
        let bytes = read(&path)?;
        return ids(&bytes).ok_or_else(|| {
            let error = anyhow!("`{key}` contains no keys");
            Failure::usage(error, Some("save the response of /v1/keys of the receiver"))
        });
    }
    let is_id = key.len() == 36 && key.bytes().all(|c| c.is_ascii_hexdigit() || c == b'-');
    match hex::read(key).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()) {
        Some(key) => Ok(vec![installation_id(&key)]),
        None if is_id => Ok(vec![key.to_ascii_lowercase()]),
        None => {
            let error = anyhow!("`{key}` is neither a file nor a key");
            let hint = "give a file of keys, or the id or the 64 digits of one key, as in /v1/keys";
            Err(Failure::usage(error, Some(hint)))
        }
    }
}

/// Reads the ids of keys. Each is computed from its key, so that a file cannot give a wrong one.
fn ids(bytes: &[u8]) -> Option<Vec<String>> {
    let keys: Value = serde_json::from_slice(bytes).ok()?;
    let id = |key: &Value| {
        let bytes = hex::read(key.get(PUBLIC_KEY)?.as_str()?)?;
        Some(installation_id(&bytes.try_into().ok()?))
    };
    let ids: Vec<String> = keys.get("keys")?.as_array()?.iter().filter_map(id).collect();
    (!ids.is_empty()).then_some(ids)
}

/// Gets the keys of a receiver.
fn ask(server: &str) -> Result<Vec<String>, Failure> {
    let hint = "give the receiver as https://HOST:PORT, or save its /v1/keys and use --key";
    let usage = |error| Failure::usage(error, Some(hint));
    let url: Url = format!("{}/v1/keys", server.trim_end_matches('/'))
        .parse()
        .with_context(|| format!("read `{server}` as a URL"))
        .map_err(usage)?;
    let client = Client::new(&url, &Trust::default(), Protocol::Any).context("ask the receiver");
    let client = client.map_err(usage)?;
    let asked = client.get(url, Default::default(), clock::since_epoch());
    let reply = runtime()?.block_on(asked);
    let reply = reply.with_context(|| format!("ask `{server}`")).map_err(usage)?;
    if reply.status != 200 {
        return Err(usage(anyhow!("`{server}` answered with {}", reply.status)));
    }
    ids(&reply.body).ok_or_else(|| usage(anyhow!("`{server}` returned no keys")))
}

fn distrust(file: &Path, error: receipt::Error) -> Failure {
    let hint = match error {
        receipt::Error::Form => "a receipt is an object whose schema is ktel/receipt",
        _ => "do not trust this receipt; get it again from its source",
    };
    let error = anyhow!(error).context(format!("check `{}`", file.display()));
    Failure::usage(error, Some(hint))
}

fn is_known(receipt: &Receipt, known: &[String]) -> Result<(), Failure> {
    let receiver = receipt.receiver();
    if known.contains(&receiver) {
        return Ok(());
    }
    let error =
        anyhow!("the receipt is signed by `{receiver}`, which is not the key of the receiver");
    Err(Failure::usage(error, Some(format!("the key of the receiver is {}", known.join(", ")))))
}

fn differs(receipt: &Receipt, error: receipt::Error) -> Failure {
    let id = match &receipt.claim {
        Claim::Stored(stored) => stored.id.as_str(),
        Claim::Forgotten { .. } => "none",
    };
    let hint = match error {
        receipt::Error::NoReport => "give the file with the report as it was sent",
        _ => {
            "if the report is as it was sent, the receiver may use other schemas than this program: \
             give them with --schema, or use the version of the receiver"
        }
    };
    let error = anyhow!(error).context(format!("compare the report `{id}`"));
    Failure::usage(error, Some(hint))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{ids, keys_of};

    #[test]
    fn a_key_is_known_by_its_digits_its_id_or_a_file() {
        let digits = "07".repeat(32);
        let id = keys_of(&digits).unwrap();
        assert_eq!(keys_of(&id[0]).unwrap(), id);
        // What a file says of an id does not matter.
        let keys = json!({"keys": [{"id": "other", "public_key": digits}, {"id": "none"}]});
        assert_eq!(ids(keys.to_string().as_bytes()), Some(id));
        for none in ["", "{}", "{\"keys\":[]}", "{\"keys\":[{\"public_key\":\"07\"}]}"] {
            assert_eq!(ids(none.as_bytes()), None, "{none}");
        }
        assert!(keys_of("nowhere.json").is_err() && keys_of(&"0".repeat(63)).is_err());
    }
}
