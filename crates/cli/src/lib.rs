//! The command line of ktel. It parses arguments, calls the libraries, and prints.
//!
//! It must not know a wire format, a table or a schema by itself. What another program could use is in a library.
//! Standard output has only the result of a command. Messages go to standard error.

mod arguments;
mod clock;
mod cluster;
mod commands;
mod completion;
mod count;
mod decisions;
mod editor;
mod end_of_life;
mod exit;
mod failure;
mod files;
mod hints;
mod limits;
mod lines_address;
mod listening;
mod listing;
mod manual;
mod printer;
mod products;
mod progress;
mod runtime;
mod schemas;
mod servers;
mod stores;
mod table;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::{Command, CommandFactory, FromArgMatches};
use ktel_process::logs::{self, Format, Verbosity};
use ktel_server::query::child::answer_if_asked;

use arguments::Arguments;
use exit::Exit;
use printer::Printer;

/// Gives the commands and options, for the generated documents.
#[must_use]
pub fn command() -> Command {
    manual::complete(Arguments::command())
}

/// Runs one command line to its exit code.
pub fn main(words: impl IntoIterator<Item = OsString>) -> ExitCode {
    let words: Vec<OsString> = words.into_iter().collect();
    if let Some(code) = answer_if_asked(words.get(1).map(OsString::as_os_str)) {
        return code;
    }
    if let Some(code) = completion::answer_if_asked(&words, command) {
        return code;
    }
    if let Some(code) = commands::upload_if_asked() {
        return code;
    }
    let mut program = command();
    if is_plugin(words.first()) {
        program = program.bin_name("kubectl ktel").display_name("kubectl ktel");
    }
    let parsed = program
        .try_get_matches_from(words)
        .and_then(|matches| Arguments::from_arg_matches(&matches));
    let arguments = match parsed {
        Ok(arguments) => arguments,
        Err(error) => return printer::usage(&error).into(),
    };
    let Arguments { quiet, verbose, command } = arguments;
    let mut printer = Printer::new(quiet).verbose(verbose > 0);
    if let Err(error) = logs::init(Verbosity::from_flags(verbose, quiet), Format::Text) {
        printer.warn(&error.to_string());
    }
    match commands::run(command, self::command(), &mut printer) {
        Ok(exit) => exit.into(),
        Err(failure) if failure.is_broken_pipe() => Exit::Done.into(),
        Err(failure) => {
            printer.failure(&failure);
            failure.exit.into()
        }
    }
}

/// Tells whether kubectl started the program as its plugin.
fn is_plugin(program: Option<&OsString>) -> bool {
    let stem = program.and_then(|program| Path::new(program).file_stem());
    stem.is_some_and(|stem| stem == "kubectl-ktel" || stem == "kubectl_ktel")
}
