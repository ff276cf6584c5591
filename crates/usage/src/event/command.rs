//! Which words of a command an event may contain: those that the product declared, and no others.

use thiserror::Error;

use crate::limits::{COMMAND_VOCABULARY_MAX, COMMAND_WORDS_MAX, WORD_BYTES_MAX};

/// The name in an event of every command that the product did not declare.
pub const PLUGIN: &str = "plugin";

/// Commands without an event, because they say nothing about how a product is used.
const SKIPPED: [&str; 5] = ["version", "help", "completion", "__complete", "__completeNoDesc"];

/// The commands of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vocabulary {
    binary: String,
    /// Each with one space between its words.
    commands: Vec<String>,
}

/// Commands that cannot be declared.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum InvalidVocabulary {
    /// A text is not a command.
    #[error("`{}` is not a command; use 1 to {COMMAND_WORDS_MAX} words of letters, digits, `-` and `_`", command.escape_debug())]
    NotACommand {
        /// As given.
        command: String,
    },
    /// There are too many words.
    #[error("the commands have {count} different words, more than {COMMAND_VOCABULARY_MAX}")]
    TooMany {
        /// How many.
        count: usize,
    },
}

/// What an event contains of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command<'v> {
    /// Its words.
    Declared(&'v str),
    /// [`PLUGIN`], because the product did not declare it.
    Unknown,
    /// No event is made: the command is one of those that are skipped, or only the binary was called.
    Skipped,
}

impl<'v> Command<'v> {
    /// Gives the words of the event, or `None` if no event is made.
    #[must_use]
    pub fn name(self) -> Option<&'v str> {
        match self {
            Self::Declared(name) => Some(name),
            Self::Unknown => Some(PLUGIN),
            Self::Skipped => None,
        }
    }
}

impl Vocabulary {
    /// Declares the commands of a binary, as in `get apis`.
    ///
    /// # Errors
    /// When one of them is not a command, or there are too many words.
    pub fn new<S: AsRef<str>>(
        binary: &str,
        commands: impl IntoIterator<Item = S>,
    ) -> Result<Self, InvalidVocabulary> {
        let mut declared = Vec::new();
        for command in commands {
            let command = command.as_ref();
            let words: Vec<&str> = command.split_ascii_whitespace().collect();
            if words.is_empty() || words.len() > COMMAND_WORDS_MAX || !words.iter().all(is_word) {
                return Err(InvalidVocabulary::NotACommand { command: command.to_owned() });
            }
            declared.push(words.join(" "));
        }
        declared.sort_unstable();
        declared.dedup();
        let vocabulary = Self { binary: binary.to_owned(), commands: declared };
        match vocabulary.words().len() {
            count if count > COMMAND_VOCABULARY_MAX => Err(InvalidVocabulary::TooMany { count }),
            _ => Ok(vocabulary),
        }
    }

    /// Gives the name of the binary.
    #[must_use]
    pub fn binary(&self) -> &str {
        &self.binary
    }

    /// Gives the commands, sorted.
    #[must_use]
    pub fn commands(&self) -> &[String] {
        &self.commands
    }

    /// Gives every word that an event can contain, sorted, [`PLUGIN`] included.
    #[must_use]
    pub fn words(&self) -> Vec<&str> {
        let words = self.commands.iter().flat_map(|command| command.split(' '));
        let mut words: Vec<&str> = words.chain([PLUGIN]).collect();
        words.sort_unstable();
        words.dedup();
        words
    }

    /// Decides what an event contains of a command. `path` has the words that the argument parser
    /// resolved, with or without the name of the binary. Allocates nothing.
    ///
    /// A command declares its groups too: `get apis` declares `get`.
    #[must_use]
    pub fn resolve(&self, path: &str) -> Command<'_> {
        let path = path.trim_ascii();
        let path = match path.strip_prefix(&self.binary) {
            Some(rest) if rest.is_empty() || rest.starts_with(' ') => rest,
            _ => path,
        };
        match path.split_ascii_whitespace().next() {
            None => return Command::Skipped,
            Some(first) if SKIPPED.contains(&first) => return Command::Skipped,
            Some(_) => {}
        }
        let declared = self.commands.iter().find_map(|command| group(command, path));
        declared.map_or(Command::Unknown, Command::Declared)
    }
}

fn is_word(word: &&str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    word.len() <= WORD_BYTES_MAX && !word.starts_with('-') && word.chars().all(allowed)
}

/// Gives the first words of a command if they are the words of the path.
fn group<'v>(command: &'v str, path: &str) -> Option<&'v str> {
    let mut end = 0;
    for word in path.split_ascii_whitespace() {
        let rest = command.get(end..)?;
        let rest = if end == 0 { rest } else { rest.strip_prefix(' ')? };
        let rest = rest.strip_prefix(word)?;
        if !rest.is_empty() && !rest.starts_with(' ') {
            return None;
        }
        end = command.len() - rest.len();
    }
    command.get(..end)
}

#[cfg(test)]
mod tests {
    use super::{Command, InvalidVocabulary, Vocabulary};

    fn vocabulary() -> Vocabulary {
        let commands = ["get apis", "get  api-products ", "plan", "login", "dump declarative all"];
        Vocabulary::new("acme", commands).unwrap()
    }

    #[track_caller]
    fn check(path: &str, expected: Option<&str>) {
        assert_eq!(vocabulary().resolve(path).name(), expected, "{path:?}");
    }

    #[test]
    fn a_declared_command_is_resolved_to_its_words() {
        check("get apis", Some("get apis"));
        check("acme get apis", Some("get apis"));
        check(" acme  get   apis ", Some("get apis"));
        check("get", Some("get"));
        check("dump declarative", Some("dump declarative"));
        check("plan", Some("plan"));
    }

    #[test]
    fn an_undeclared_command_is_a_plugin() {
        for path in [
            "acme-extension x",
            "acmeplan",
            "acme-plan",
            "acme acme",
            "my-secret-tool",
            "get apis customer-4711",
            "get api",
            "get apisx",
            "get --output",
            "get --output json",
            "apis get",
            "declarative",
            "GET APIS",
            "get\u{a0}apis",
            "é",
        ] {
            check(path, Some("plugin"));
        }
    }

    #[test]
    fn some_commands_and_the_bare_binary_are_skipped() {
        for path in [
            "",
            " ",
            "acme",
            "acme ",
            "version",
            "acme version --short",
            "help get apis",
            "completion bash",
            "__complete get",
            "__completeNoDesc get",
        ] {
            check(path, None);
        }
        assert_eq!(vocabulary().resolve("acme"), Command::Skipped);
    }

    #[test]
    fn words_are_those_of_the_commands() {
        let words = vocabulary().words().join(",");
        assert_eq!(words, "all,api-products,apis,declarative,dump,get,login,plan,plugin");
    }

    #[test]
    fn a_text_that_is_not_a_command_cannot_be_declared() {
        for command in
            ["", " ", "get --all", "get apis!", "é", "a b c d e f g h i", &"a".repeat(65)]
        {
            let error = Vocabulary::new("acme", [command]).unwrap_err();
            assert_eq!(error, InvalidVocabulary::NotACommand { command: command.into() });
        }
        let many = (0..256).map(|number| format!("c{number}"));
        assert_eq!(Vocabulary::new("acme", many), Err(InvalidVocabulary::TooMany { count: 257 }));
    }
}
