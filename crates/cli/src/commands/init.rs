//! `ktel init`: writes a file to begin with, checked, and says what to type next.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use ktel::product_file::ProductFile;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;

#[derive(Debug, Subcommand)]
pub(crate) enum InitCommand {
    /// Write a product file, with comments
    Product(ProductArguments),
}

#[derive(Debug, Args)]
pub(crate) struct ProductArguments {
    /// The name of the product
    name: String,
    /// The commands that events may contain, separated by commas
    #[arg(long, value_name = "COMMAND,…", value_delimiter = ',', required = true)]
    commands: Vec<String>,
    /// Where events go
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8090")]
    server: String,
    /// The file [default: NAME.yaml]
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

pub(super) fn run(command: &InitCommand, printer: &mut Printer) -> Result<Exit, Failure> {
    match command {
        InitCommand::Product(arguments) => product(arguments, printer),
    }
}

fn product(arguments: &ProductArguments, printer: &mut Printer) -> Result<Exit, Failure> {
    let ProductArguments { name, commands, server, file } = arguments;
    let text = product_text(name, commands, server);
    let nothing = |_: &str| Err(io::ErrorKind::NotFound.into());
    // The same check as when it is used.
    let parsed = ProductFile::parse(&text, &format!("{name}.yaml"), &nothing);
    let parsed = parsed.map_err(|error| {
        let hint = error.hint();
        Failure::usage(error, hint)
    })?;
    let path = file.clone().unwrap_or_else(|| PathBuf::from(format!("{name}.yaml")));
    let written = OpenOptions::new().write(true).create_new(true).open(&path);
    written.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| {
        let hint = match error.kind() {
            io::ErrorKind::AlreadyExists => Some("it exists; name another file with `--file`"),
            _ => None,
        };
        let error = anyhow::Error::new(error).context(format!("write `{}`", path.display()));
        Failure::usage(error, hint)
    })?;
    // What `--product` takes for a file rather than for a name.
    let shown = path.display().to_string();
    let shown =
        if shown.contains('/') || shown.ends_with(".yaml") { shown } else { format!("./{shown}") };
    let command = parsed.vocabulary.commands().first().map_or("plugin", String::as_str);
    printer.say(&format!(
        "`{shown}` is written. Next:
  ktel serve --product {shown}                       # in another terminal
  ktel token add --role events --product {shown}     # then write the key into the file
  ktel telemetry --product {shown} on
  ktel events check --product {shown}
  ktel events emit --product {shown} --version 1.2.3 --command \"{command}\""
    ));
    Ok(Exit::Done)
}

/// Writes the file. Values are quoted, so that each is what was given.
fn product_text(name: &str, commands: &[String], server: &str) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let list: String =
        commands.iter().map(|command| format!("\n  - {}", quoted(command.trim()))).collect();
    format!(
        "# What {name} sends, and how it asks. All keys: docs/reference/product-file.md
ktel: 1
name: {}
# opt-in: nothing is sent before the user turns it on; opt-out: after the notice was shown on a terminal; off
consent: opt-in
server: {}
# The key of the server: public, for events of this product only. `ktel token add --role events` prints it
# key: …
# The only words that an event can contain; other commands are sent as `plugin`
commands:{list}
# 2 adds the outcome, the error category and a bucket of the duration
event_version: 1
# false: `ktel events emit` never starts an upload; run `ktel events upload` yourself
auto_upload: true
notice:
  text: {}
  off: {}
",
        quoted(name),
        quoted(server),
        quoted(&format!("{name} counts which commands are used. It sends no arguments and no names.")),
        quoted(&format!("ktel telemetry --product {name} off")),
    )
}
