//! Parses a product file and checks every key.

use std::io;
use std::path::PathBuf;

use ktel_model::Schema;
use serde::Deserialize;

use crate::consent::{DefaultConsent, Profiles};
use crate::event::{EventSchema, Version, Vocabulary};
use crate::limits::{KEY_BYTES_MAX, NOTICE_CHARS_MAX, NOTICE_LINES_MAX, SCHEMAS_MAX};
use crate::product_name::ProductName;
use crate::yaml;

use super::error::ProductFileError;
use super::types::{Notice, ProductFile, Stood};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    ktel: u64,
    name: ProductName,
    binary: Option<String>,
    consent: DefaultConsent,
    server: Option<String>,
    key: Option<String>,
    policy: Option<PathBuf>,
    default_profile: Option<String>,
    profiles: Option<Vec<String>>,
    #[serde(default)]
    commands: Vec<String>,
    event_version: Option<u64>,
    #[serde(default)]
    direct: bool,
    auto_upload: Option<bool>,
    #[serde(default)]
    schemas: Vec<String>,
    #[serde(default)]
    notice: Notice,
}

/// Reads a product file and its schemas.
pub(super) fn parse(
    text: &str,
    file: &str,
    read: &dyn Fn(&str) -> io::Result<String>,
) -> Result<ProductFile, ProductFileError> {
    let wrong = |message: String| ProductFileError::Format { file: file.to_owned(), message };
    let raw: Raw = yaml::parse(text).map_err(|error| wrong(yaml::explain(text, &error)))?;
    check(&raw).map_err(wrong)?;
    // Exhaustive on purpose: a new key does not compile until it is used here.
    let Raw {
        ktel: _,
        name,
        binary,
        consent,
        server,
        key,
        policy,
        default_profile,
        profiles,
        commands,
        event_version,
        direct,
        auto_upload,
        schemas,
        notice,
    } = raw;
    let profiles = self::profiles(default_profile, profiles).map_err(wrong)?;
    let binary = binary.as_deref().unwrap_or(name.as_str());
    let vocabulary = Vocabulary::new(binary, commands)
        .map_err(|source| ProductFileError::Commands { file: file.to_owned(), source })?;
    let event_version = if event_version == Some(2) { Version::Two } else { Version::One };
    let event_schema = EventSchema::new(&name, &vocabulary, event_version);
    let mut parsed = Vec::new();
    for schema in schemas {
        let text = read(&schema).map_err(|source| ProductFileError::SchemaFile {
            file: file.to_owned(),
            schema: schema.clone(),
            source,
        })?;
        parsed.push(Schema::parse(&text, &schema).map_err(|source| ProductFileError::Schema {
            file: file.to_owned(),
            schema,
            source: Box::new(source),
        })?);
    }
    let schemas = parsed;
    Ok(ProductFile {
        name,
        consent,
        server,
        key,
        policy,
        profiles,
        vocabulary,
        event_version,
        direct,
        auto_upload: auto_upload.unwrap_or(true),
        event_schema,
        schemas,
        notice,
    })
}

fn check(raw: &Raw) -> Result<(), String> {
    let Raw { ktel, consent, server, key, policy, event_version, schemas, notice, .. } = raw;
    if *ktel != 1 {
        return Err(format!("its format is {ktel}, and only `ktel: 1` is known"));
    }
    if let Some(version @ (0 | 3..)) = event_version {
        return Err(format!("`event_version` is {version}, and only 1 and 2 are known"));
    }
    if let Some(server) = server {
        server_is_plain(server)?;
    }
    if let Some(key) = key {
        key_is_a_word(key)?;
    }
    if policy.as_ref().is_some_and(|policy| !policy.is_absolute()) {
        return Err("`policy` must be an absolute path".to_owned());
    }
    if schemas.len() > SCHEMAS_MAX {
        return Err(format!("it names more than {SCHEMAS_MAX} schemas"));
    }
    if let Some(schema) = schemas.iter().find(|schema| schema.contains(['/', '\\'])) {
        return Err(format!(
            "the schema `{}` is not in the directory of the file",
            schema.escape_debug()
        ));
    }
    let Notice { text, url, off, stood } = notice;
    for (key, words) in [("text", text), ("url", url), ("off", off)] {
        printable(key, words.as_deref(), key == "text")?;
    }
    if let Some(Stood { reference, place: _ }) = stood {
        printable("stood", Some(reference), false)?;
    }
    if *consent == DefaultConsent::OptOut && text.is_none() && url.is_none() {
        return Err("an opt-out product needs a `notice` with a `text` or a `url`".to_owned());
    }
    Ok(())
}

/// Accepts profiles whose names can be part of a variable, and a default that is one of them.
fn profiles(default: Option<String>, names: Option<Vec<String>>) -> Result<Profiles, String> {
    let has_default = default.is_some();
    let default = default.unwrap_or_else(|| Profiles::default().default);
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let is_name = |name: &String| !name.is_empty() && name.chars().all(allowed);
    if let Some(name) = names.iter().flatten().chain([&default]).find(|name| !is_name(name)) {
        let name = name.escape_debug();
        return Err(format!("`{name}` is not a profile; use letters, digits, `-` and `_`"));
    }
    match names.as_deref() {
        Some([]) if has_default => Err("it has a `default_profile`, but no `profiles`".to_owned()),
        Some(names @ [_, ..]) if !names.contains(&default) => {
            Err(format!("the default profile `{default}` is not one of `profiles`"))
        }
        _ => Ok(Profiles { default, names }),
    }
}

/// Accepts a URL with a scheme and without a secret.
fn server_is_plain(server: &str) -> Result<(), String> {
    let Some((_, rest)) = server.split_once(':') else {
        return Err(format!("`server` has no scheme: `{}`", server.escape_debug()));
    };
    let authority = rest.trim_start_matches('/').split(['/', '?', '#']).next();
    if authority.is_some_and(|authority| authority.contains('@')) {
        return Err(
            "`server` contains a user name or a password, which everybody could read".to_owned()
        );
    }
    printable("server", Some(server), false)
}

/// Accepts a key that can be part of a header.
fn key_is_a_word(key: &str) -> Result<(), String> {
    if !key.is_empty() && key.len() <= KEY_BYTES_MAX && key.bytes().all(|c| c.is_ascii_graphic()) {
        return Ok(());
    }
    Err(format!("`key` is not a product key: letters, digits and signs, at most {KEY_BYTES_MAX}"))
}

/// Accepts a text that a terminal can show.
fn printable(key: &str, text: Option<&str>, lines: bool) -> Result<(), String> {
    let Some(text) = text else { return Ok(()) };
    let bad = |c: char| c.is_control() && !(lines && c == '\n');
    if text.trim().is_empty() || text.contains(bad) {
        return Err(format!("`{key}` is empty or contains control characters"));
    }
    if text.chars().count() > NOTICE_CHARS_MAX || text.lines().count() > NOTICE_LINES_MAX {
        return Err(format!("`{key}` does not fit on a screen"));
    }
    Ok(())
}
