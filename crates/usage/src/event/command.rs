//! Which words of a command may be told: those that the product declared, and no others.

use thiserror::Error;

/// What stands for every command that the product did not declare.
pub const PLUGIN: &str = "plugin";

/// Commands that say nothing about what a product is used for.
const SKIPPED: [&str; 5] = ["version", "help", "completion", "__complete", "__completeNoDesc"];
/// The limit of the standard for a field's words.
const WORDS_MAX: usize = 256;
/// The limit of the standard for the words of one command.
const COMMAND_WORDS_MAX: usize = 8;
/// No word that a human types is longer.
const WORD_LENGTH_MAX: usize = 64;

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
    /// A command is none.
    #[error("`{}` is not a command; use 1 to {COMMAND_WORDS_MAX} words of letters, digits, `-` and `_`", command.escape_debug())]
    NotACommand {
        /// As given.
        command: String,
    },
    /// There are too many.
    #[error("the commands have {count} different words, more than {WORDS_MAX}")]
    TooMany {
        /// How many.
        count: usize,
    },
}

/// What may be told of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command<'v> {
    /// Its words.
    Declared(&'v str),
    /// That there was one; it goes by the name of [`PLUGIN`].
    Unknown,
    /// Nothing: it is one of those that are skipped, or only the binary was called.
    Untold,
}

impl<'v> Command<'v> {
    /// Gives what an event says; `None` where there is none.
    #[must_use]
    pub fn name(self) -> Option<&'v str> {
        match self {
            Self::Declared(name) => Some(name),
            Self::Unknown => Some(PLUGIN),
            Self::Untold => None,
        }
    }
}

impl Vocabulary {
    /// Declares the commands of a binary, as in `get apis`.
    ///
    /// # Errors
    /// When one of them is no command, or there are too many.
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
            count if count > WORDS_MAX => Err(InvalidVocabulary::TooMany { count }),
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

    /// Gives every word that can be told, sorted, [`PLUGIN`] included.
    #[must_use]
    pub fn words(&self) -> Vec<&str> {
        let words = self.commands.iter().flat_map(|command| command.split(' '));
        let mut words: Vec<&str> = words.chain([PLUGIN]).collect();
        words.sort_unstable();
        words.dedup();
        words
    }

    /// Tells what may be told of a command, given the words that a parser of arguments resolved;
    /// the name of the binary may stand before them. Allocates nothing.
    ///
    /// A command and the groups that it stands in are declared together: with `get apis`, `get` is.
    #[must_use]
    pub fn resolve(&self, path: &str) -> Command<'_> {
        let path = path.trim_ascii();
        let path = match path.strip_prefix(&self.binary) {
            Some(rest) if rest.is_empty() || rest.starts_with(' ') => rest,
            _ => path,
        };
        match path.split_ascii_whitespace().next() {
            None => return Command::Untold,
            Some(first) if SKIPPED.contains(&first) => return Command::Untold,
            Some(_) => {}
        }
        let declared = self.commands.iter().find_map(|command| group(command, path));
        declared.map_or(Command::Unknown, Command::Declared)
    }
}

fn is_word(word: &&str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    word.len() <= WORD_LENGTH_MAX && !word.starts_with('-') && word.chars().all(allowed)
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
    fn a_declared_command_is_told_in_its_own_words() {
        check("get apis", Some("get apis"));
        check("acme get apis", Some("get apis"));
        check(" acme  get   apis ", Some("get apis"));
        check("get", Some("get"));
        check("dump declarative", Some("dump declarative"));
        check("plan", Some("plan"));
    }

    #[test]
    fn what_was_not_declared_is_a_plugin() {
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
    fn some_commands_and_the_bare_binary_are_not_told() {
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
        assert_eq!(vocabulary().resolve("acme"), Command::Untold);
    }

    #[test]
    fn words_are_those_of_the_commands() {
        let words = vocabulary().words().join(",");
        assert_eq!(words, "all,api-products,apis,declarative,dump,get,login,plan,plugin");
    }

    #[test]
    fn what_is_no_command_cannot_be_declared() {
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
