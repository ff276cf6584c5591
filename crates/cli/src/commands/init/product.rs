//! `ktel init product`: a product file, with comments.

use std::io;
use std::path::PathBuf;

use clap::Args;
use ktel::product_file::ProductFile;

use super::write::{self, quoted};
use crate::editor::EditorFile;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::products;

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

pub(super) fn run(arguments: &ProductArguments, printer: &mut Printer) -> Result<Exit, Failure> {
    let ProductArguments { name, commands, server, file } = arguments;
    let text = text(name, commands, server);
    let nothing = |_: &str| Err(io::ErrorKind::NotFound.into());
    // The same check as when it is used.
    let parsed = ProductFile::parse(&text, &format!("{name}.yaml"), &nothing);
    let parsed = parsed.map_err(products::failure)?;
    let path = file.clone().unwrap_or_else(|| PathBuf::from(format!("{name}.yaml")));
    // What `--product` takes for a file rather than for a name.
    let shown = path.display().to_string();
    let shown =
        if shown.contains('/') || shown.ends_with(".yaml") { shown } else { format!("./{shown}") };
    write::all(&[(path, text)], "name another file with `--file`")?;
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
fn text(name: &str, commands: &[String], server: &str) -> String {
    let list: String =
        commands.iter().map(|command| format!("\n  - {}", quoted(command.trim()))).collect();
    format!(
        "{}# What {name} sends, and how it asks. All keys: docs/reference/product-file.md
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
        EditorFile::Product.modeline(),
        quoted(name),
        quoted(server),
        quoted(&format!("{name} counts which commands are used. It sends no arguments and no names.")),
        quoted(&format!("ktel telemetry --product {name} off")),
    )
}
