//! The reference of the command line, from the very words that the program parses.

use std::fmt::Write;

use clap::{Arg, ArgAction, Command};

/// Writes every command with its options as Markdown.
pub(super) fn reference(mut command: Command) -> String {
    command.build();
    let mut out = String::from(
        "# Commands\n\nGenerated from the program by `cargo xtask generate`. `ktel COMMAND --help` prints the same.\n",
    );
    describe(&command, &mut out);
    out
}

fn describe(command: &Command, out: &mut String) {
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ");
    write!(out, "\n## `{name}`\n\n{about}.\n\n```console\n$ {usage}\n```\n")
        .expect("a string takes everything");
    options(command, out);
    for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
        describe(inner, out);
    }
}

/// Writes the table of a command's options.
pub(super) fn options(command: &Command, out: &mut String) {
    let mut arguments = command.get_arguments().filter(|one| is_shown(one)).peekable();
    if arguments.peek().is_some() {
        out.push_str("\n| option | meaning |\n|---|---|\n");
    }
    for argument in arguments {
        writeln!(out, "| `{}` | {} |", words(argument), meaning(argument))
            .expect("a string takes everything");
    }
}

/// Says whether an option is listed. Every command has `--help`; the `--version` of `ktel events emit`
/// is another one than that of `ktel`.
fn is_shown(argument: &Arg) -> bool {
    let everywhere = matches!(
        argument.get_action(),
        ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong | ArgAction::Version
    );
    !everywhere && !argument.is_hide_set()
}

fn words(argument: &Arg) -> String {
    let short = argument.get_short().map(|short| format!("-{short}"));
    let long = argument.get_long().map(|long| format!("--{long}"));
    let flags: Vec<String> = short.into_iter().chain(long).collect();
    let takes_value = argument.get_action().takes_values();
    let names = argument.get_value_names().unwrap_or_default();
    let value = names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(" ");
    match (flags.is_empty(), takes_value) {
        (true, _) => value,
        (false, true) => format!("{} {value}", flags.join(", ")),
        (false, false) => flags.join(", "),
    }
}

fn meaning(argument: &Arg) -> String {
    let mut text = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let values: Vec<String> = match argument.is_hide_possible_values_set() {
        true => Vec::new(),
        false => argument
            .get_possible_values()
            .iter()
            .map(|value| format!("`{}`", value.get_name()))
            .collect(),
    };
    if argument.get_action().takes_values() && !values.is_empty() {
        write!(text, ": {}", values.join(", ")).expect("a string takes everything");
    }
    let defaults: Vec<_> =
        argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if argument.get_action().takes_values() && !defaults.is_empty() {
        write!(text, " (default: `{}`)", defaults.join(", ")).expect("a string takes everything");
    }
    text.replace('|', "\\|")
}
