//! `ktel init product`: a product file, with comments.

use std::io;
use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;
use ktel::product_file::ProductFile;

use super::ask::{self, Question, Questions};
use super::write::{self, quoted};
use crate::editor::EditorFile;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::products;

#[derive(Debug, Args)]
pub(crate) struct ProductArguments {
    /// The name of the product
    name: Option<String>,
    /// The commands that events may contain, separated by commas
    #[arg(long, value_name = "COMMAND,…")]
    commands: Option<String>,
    /// Where events go [default: http://127.0.0.1:8090]
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// The file [default: NAME.yaml]
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

const NAME: Question<'_> = Question {
    text: "Name of the product, in lower-case words joined by `-`",
    argument: "NAME",
    default: None,
};
const COMMANDS: Question<'_> = Question {
    text: "Commands that events may contain, separated by commas",
    argument: "--commands",
    default: None,
};
const SERVER: Question<'_> =
    Question { text: "Where events go", argument: "--server", default: Some(SERVER_HERE) };
/// Where `ktel serve` listens by default.
const SERVER_HERE: &str = "http://127.0.0.1:8090";
/// A command that is right, while only the name is checked.
const EXAMPLE: &str = "plan";

pub(super) fn run(arguments: &ProductArguments, printer: &mut Printer) -> Result<Exit, Failure> {
    let ProductArguments { name, commands, server, file } = arguments;
    let mut questions = Questions::on_terminal(printer);
    let name = questions.answer(name.as_deref(), &NAME, |name| {
        let name = ask::product(name)?;
        checked(&name, &[EXAMPLE.to_owned()], SERVER_HERE).map(|_| name)
    })?;
    let commands = questions.answer(commands.as_deref(), &COMMANDS, |commands| {
        let commands = ask::list(commands);
        checked(&name, &commands, SERVER_HERE).map(|_| commands)
    })?;
    let (text, parsed) = questions.answer(server.as_deref(), &SERVER, |server| {
        let parsed = checked(&name, &commands, server)?;
        Ok((text(&name, &commands, server), parsed))
    })?;
    let printer = questions.done();
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

/// Makes the same check as when the file is used.
fn checked(name: &str, commands: &[String], server: &str) -> Result<ProductFile, Failure> {
    if commands.is_empty() {
        let error = anyhow!("no command is named");
        return Err(Failure::usage(
            error,
            Some("name at least one, such as `--commands get,plan`"),
        ));
    }
    let nothing = |_: &str| Err(io::ErrorKind::NotFound.into());
    let text = text(name, commands, server);
    ProductFile::parse(&text, &format!("{name}.yaml"), &nothing).map_err(products::failure)
}

/// Writes the file. Values are quoted, so that each is what was given.
fn text(name: &str, commands: &[String], server: &str) -> String {
    let list: String =
        commands.iter().map(|command| format!("\n  - {}", quoted(command))).collect();
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
