//! Completions that shells ask for while somebody types. A shell starts this program again for them, so that
//! names are those of now, and options are those of this version.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::{Command, ValueEnum};
use clap_complete::engine::{self, CompletionCandidate};
use clap_complete::env::{CompleteEnv, EnvCompleter, Shells};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;

/// The variable by which the script of a shell asks.
const VARIABLE: &str = "KTEL_COMPLETE";
/// The name under which kubectl starts a program that completes `kubectl ktel`.
const OF_KUBECTL: &str = "kubectl_complete-ktel";
/// What kubectl does with the words: it offers no files in addition (`ShellCompDirectiveNoFileComp`).
const NO_FILES: &str = ":4";

/// The shells that have completions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CompletionShell {
    Bash,
    Elvish,
    Fish,
    Powershell,
    Zsh,
}

/// Answers instead of running a command, if a shell or kubectl asks for completions.
pub(crate) fn answer_if_asked(words: &[OsString], program: fn() -> Command) -> Option<ExitCode> {
    let here = std::env::current_dir().ok();
    let stem = words.first().and_then(|word| Path::new(word).file_stem());
    if stem.is_some_and(|stem| stem == OF_KUBECTL) {
        let mut asked = words.to_vec();
        // kubectl passes at least the empty word that is being typed.
        let index = asked.len().saturating_sub(1).max(1);
        asked.resize(index + 1, OsString::new());
        // Nobody reads an error between the keystrokes.
        let found =
            engine::complete(&mut program(), asked, index, here.as_deref()).unwrap_or_default();
        let lines: String = found.iter().map(line).collect();
        drop(Printer::new(true).out(format!("{lines}{NO_FILES}\n")));
        return Some(Exit::Done.into());
    }
    let asked = CompleteEnv::with_factory(program)
        .var(VARIABLE)
        .try_complete(words.to_vec(), here.as_deref());
    match asked {
        Ok(false) => None,
        Ok(true) => Some(Exit::Done.into()),
        Err(error) => Some(crate::printer::usage(&error).into()),
    }
}

/// A word and its description, as kubectl wants them.
fn line(candidate: &CompletionCandidate) -> String {
    let word = candidate.get_value().to_string_lossy();
    match candidate.get_help() {
        Some(help) => {
            let help = help.to_string();
            format!("{word}\t{}\n", help.lines().next().unwrap_or_default())
        }
        None => format!("{word}\n"),
    }
}

/// Gives the script that makes a shell ask.
pub(crate) fn script(shell: CompletionShell) -> Result<Vec<u8>, Failure> {
    let name = match shell {
        CompletionShell::Bash => "bash",
        CompletionShell::Elvish => "elvish",
        CompletionShell::Fish => "fish",
        CompletionShell::Powershell => "powershell",
        CompletionShell::Zsh => "zsh",
    };
    let shells = Shells::builtins();
    let completer: &dyn EnvCompleter = shells.completer(name).ok_or_else(|| {
        Failure::usage(anyhow::anyhow!("there are no completions for `{name}`"), None::<String>)
    })?;
    let mut script = Vec::new();
    completer.write_registration(VARIABLE, "ktel", "ktel", "ktel", &mut script)?;
    Ok(script)
}
