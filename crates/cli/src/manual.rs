//! Examples, environment variables and exit codes of each command: the end of its `--help` and of its manual
//! page.

use clap::Command;

mod pages;

use pages::{PAGES, PLAIN, Page, VARIABLES};

/// Adds the end of every page.
pub(crate) fn complete(program: Command) -> Command {
    let codes = "Exit codes:\n  0    success\n  1    some jobs failed, or a check found errors\n  \
         2    something that you can correct: arguments, input, kubeconfig, credentials\n  \
         3    a server did not get everything\n  130  a signal ended the command";
    let variables: Vec<&str> = VARIABLES.iter().map(|(name, _)| *name).collect();
    let text = format!(
        "Examples:\n  ktel demo\n  ktel workflows run --jobs cluster-state,identify-platform\n  \
         ktel telemetry list\n\n{}\n\n{codes}",
        variables_of(&variables)
    );
    // `-h` fits a screen; `--help` and the manual have everything.
    walk(program.after_long_help(text), &mut Vec::new())
}

fn walk(command: Command, path: &mut Vec<String>) -> Command {
    let names: Vec<String> =
        command.get_subcommands().map(|inner| inner.get_name().to_owned()).collect();
    let mut command = command;
    for name in names {
        path.push(name.clone());
        let words = path.join(" ");
        command = command.mut_subcommand(name, |inner| {
            let page = PAGES.iter().find(|page| page.command == words);
            let is_group = inner.has_subcommands();
            walk(if is_group { inner } else { inner.after_help(end(page.unwrap_or(&PLAIN))) }, path)
        });
        path.pop();
    }
    command
}

fn end(page: &Page) -> String {
    let Page { command: _, examples, variables, codes } = page;
    let mut parts = Vec::new();
    if !examples.is_empty() {
        let lines: Vec<String> =
            examples.iter().map(|example| format!("  ktel {example}")).collect();
        parts.push(format!("Examples:\n{}", lines.join("\n")));
    }
    if !variables.is_empty() {
        parts.push(variables_of(variables));
    }
    let mut lines = vec!["  0    success".to_owned()];
    lines.extend(codes.iter().map(|(code, meaning)| format!("  {code:<3}  {meaning}")));
    parts.push(format!("Exit codes:\n{}", lines.join("\n")));
    parts.join("\n\n")
}

fn variables_of(names: &[&str]) -> String {
    let width = names.iter().map(|name| name.len()).max().unwrap_or_default();
    let lines: Vec<String> = VARIABLES
        .iter()
        .filter(|(name, _)| names.contains(name))
        .map(|(name, meaning)| format!("  {name:width$}  {meaning}"))
        .collect();
    format!("Environment:\n{}", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use clap::Command;

    use super::{PAGES, VARIABLES};

    /// Names of the commands that do something.
    fn leaves(command: &Command, path: &str, found: &mut Vec<String>) {
        let mut inner = command.get_subcommands().filter(|one| one.get_name() != "help").peekable();
        if inner.peek().is_none() {
            found.push(path.to_owned());
        }
        for one in inner {
            leaves(one, format!("{path} {}", one.get_name()).trim(), found);
        }
    }

    #[test]
    fn every_command_has_an_end_and_every_end_a_command() {
        let mut commands = Vec::new();
        leaves(&crate::command(), "", &mut commands);
        let pages: Vec<&str> = PAGES.iter().map(|page| page.command).collect();
        for page in &pages {
            assert!(commands.iter().any(|command| command == page), "`{page}` is no command");
        }
        commands.retain(|command| !pages.contains(&command.as_str()));
        assert_eq!(commands, Vec::<String>::new(), "without a page");
    }

    #[test]
    fn every_example_is_of_its_command_and_parses() {
        for page in PAGES {
            for example in page.examples {
                assert!(example.starts_with(page.command), "{example}: {}", page.command);
                let words = example.split(" | ").next().unwrap_or(example);
                let words = words.split(" > ").next().unwrap_or(words);
                let words = ["ktel"].into_iter().chain(words.split_whitespace());
                let parsed = crate::command().try_get_matches_from(words);
                assert!(parsed.is_ok(), "{example}: {}", parsed.unwrap_err());
            }
        }
    }

    #[test]
    fn every_variable_is_explained_and_documented() {
        let page = include_str!("../../../docs/reference/environment.md");
        for (name, _) in VARIABLES {
            assert!(page.contains(&format!("`{name}`")), "{name} is not in environment.md");
        }
        for page in PAGES {
            for name in page.variables {
                assert!(VARIABLES.iter().any(|(known, _)| known == name), "{name}");
            }
        }
    }
}
