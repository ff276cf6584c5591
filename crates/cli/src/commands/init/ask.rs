//! Questions on a terminal, for what the arguments do not say.

use std::io::{self, BufRead, IsTerminal};

use anyhow::anyhow;
use ktel::product_name::ProductName;

use crate::failure::Failure;
use crate::printer::Printer;

/// Something that a command needs to know.
pub(super) struct Question<'a> {
    /// What is asked, without a question mark.
    pub(super) text: &'a str,
    /// The argument that answers it.
    pub(super) argument: &'a str,
    /// What an empty answer stands for. Without it, there has to be an answer.
    pub(super) default: Option<&'a str>,
}

/// Asks a person, or nobody.
pub(super) struct Questions<'a> {
    printer: &'a mut Printer,
    answers: Box<dyn BufRead>,
    /// Whether a person is there to answer.
    may_ask: bool,
    /// Whether something was asked. If the arguments answer all that has no default, nothing is.
    has_asked: bool,
}

impl<'a> Questions<'a> {
    /// Asks on the terminal, if there is one. A pipeline that is stuck at a question helps nobody.
    pub(super) fn on_terminal(printer: &'a mut Printer) -> Self {
        let is_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
        let may_ask = !is_ci && io::stdin().is_terminal() && io::stderr().is_terminal();
        Self { printer, answers: Box::new(io::stdin().lock()), may_ask, has_asked: false }
    }

    /// Reads what the argument says, else the answer to a question. A wrong answer is asked again.
    pub(super) fn answer<T>(
        &mut self,
        given: Option<&str>,
        question: &Question<'_>,
        read: impl Fn(&str) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let Question { text, argument, default } = *question;
        if let Some(given) = given {
            return read(given);
        }
        match default {
            Some(default) if !(self.may_ask && self.has_asked) => return read(default),
            None if !self.may_ask => {
                let hint = "on a terminal, without the variable CI, the command asks for it";
                return Err(Failure::usage(anyhow!("{argument} is missing"), Some(hint)));
            }
            _ => {}
        }
        self.has_asked = true;
        let shown = match default {
            Some("") => " [none]".to_owned(),
            Some(default) => format!(" [{default}]"),
            None => String::new(),
        };
        loop {
            self.printer.question(&format!("{text}{shown}: "));
            let mut line = String::new();
            if self.answers.read_line(&mut line)? == 0 {
                let error = anyhow!("there is no answer, so nothing is written");
                return Err(Failure::usage(error, Some(format!("it can be given as {argument}"))));
            }
            let answer = match (line.trim(), default) {
                ("", Some(default)) => default,
                ("", None) => continue,
                (answer, _) => answer,
            };
            match read(answer) {
                Ok(read) => return Ok(read),
                Err(failure) => self.printer.failure(&failure),
            }
        }
    }

    /// Gives the printer back.
    pub(super) fn done(self) -> &'a mut Printer {
        self.printer
    }
}

/// Reads the name of a product.
pub(super) fn product(answer: &str) -> Result<String, Failure> {
    let name: Result<ProductName, _> = answer.parse();
    name.map(String::from).map_err(|error| Failure::usage(error, None::<String>))
}

/// Reads the name of a job.
pub(super) fn name(answer: &str) -> Result<String, Failure> {
    let is_word = |word: &str| {
        !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    if answer.split('-').all(is_word) {
        return Ok(answer.to_owned());
    }
    let hint = "use lower-case words joined by `-`";
    Err(Failure::usage(anyhow!("`{answer}` cannot be a name"), Some(hint)))
}

/// Takes an answer as it is.
pub(super) fn any(answer: &str) -> Result<String, Failure> {
    Ok(answer.to_owned())
}

/// Reads a list, separated by commas.
pub(super) fn list(answer: &str) -> Vec<String> {
    answer.split(',').map(str::trim).filter(|one| !one.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::{Question, Questions, any, list, name};
    use crate::failure::Failure;
    use crate::printer::Printer;

    const NAME: Question<'_> = Question { text: "Name", argument: "NAME", default: None };
    const SERVER: Question<'_> =
        Question { text: "Server", argument: "--server", default: Some("here") };

    fn questions<'a>(printer: &'a mut Printer, answers: &'static str) -> Questions<'a> {
        let answers = Box::new(answers.as_bytes());
        Questions { printer, answers, may_ask: true, has_asked: false }
    }

    fn number(answer: &str) -> Result<u8, Failure> {
        answer.parse().map_err(|_| Failure::usage(anyhow!("`{answer}` is no number"), None::<&str>))
    }

    #[test]
    fn arguments_are_not_asked_for_and_defaults_only_beside_a_question() {
        let mut printer = Printer::new(true);
        let mut nobody = questions(&mut printer, "");
        assert_eq!(nobody.answer(Some("acme"), &NAME, any).unwrap(), "acme");
        assert_eq!(nobody.answer(None, &SERVER, any).unwrap(), "here");
        let mut printer = Printer::new(true);
        let mut asked = questions(&mut printer, "\nacme\n there \n\n");
        assert_eq!(asked.answer(None, &NAME, any).unwrap(), "acme");
        assert_eq!(asked.answer(None, &SERVER, any).unwrap(), "there");
        assert_eq!(asked.answer(None, &SERVER, any).unwrap(), "here");
    }

    #[test]
    fn a_wrong_answer_is_asked_again_and_a_wrong_argument_is_an_error() {
        let mut printer = Printer::new(true);
        let mut questions = questions(&mut printer, "many\n7\n");
        assert!(questions.answer(Some("many"), &NAME, number).is_err());
        assert_eq!(questions.answer(None, &NAME, number).unwrap(), 7);
        let end = questions.answer(None, &NAME, any).unwrap_err();
        assert!(end.error.to_string().contains("nothing is written"), "{end:?}");
    }

    #[test]
    fn without_a_person_what_is_missing_is_an_error() {
        let mut printer = Printer::new(true);
        let mut questions = Questions { may_ask: false, ..questions(&mut printer, "acme\n") };
        let failure = questions.answer(None, &NAME, any).unwrap_err();
        assert_eq!(failure.error.to_string(), "NAME is missing");
        assert_eq!(questions.answer(None, &SERVER, any).unwrap(), "here");
    }

    #[test]
    fn a_name_has_lower_case_words() {
        assert_eq!(name("lamp-usage2").unwrap(), "lamp-usage2");
        for wrong in ["Lamp", "lamp_usage", "-lamp", "lamp-", "", "lamp usage"] {
            assert!(name(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_list_has_no_empty_words() {
        assert_eq!(list("get apis, plan,,"), ["get apis", "plan"]);
        assert_eq!(list(" , "), Vec::<String>::new());
    }
}
