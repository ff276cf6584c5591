//! Label selectors: `app=web,tier in (a, b),!canary`.

use serde_json::{Map, Value};

/// One condition on one label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Requirement {
    key: String,
    test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    Exists,
    Absent,
    In(Vec<String>),
    /// Also true where the label is absent, as in Kubernetes.
    NotIn(Vec<String>),
    More(i64),
    Less(i64),
}

impl Requirement {
    pub(crate) fn matches(&self, labels: Option<&Map<String, Value>>) -> bool {
        let value = labels.and_then(|labels| labels.get(&self.key)).and_then(Value::as_str);
        let number = || value.and_then(|value| value.parse::<i64>().ok());
        match &self.test {
            Test::Exists => value.is_some(),
            Test::Absent => value.is_none(),
            Test::In(values) => value.is_some_and(|value| values.iter().any(|one| one == value)),
            Test::NotIn(values) => value.is_none_or(|value| values.iter().all(|one| one != value)),
            Test::More(bound) => number().is_some_and(|number| number > *bound),
            Test::Less(bound) => number().is_some_and(|number| number < *bound),
        }
    }
}

/// Reads a label selector.
///
/// # Errors
///
/// What was found where something else was expected.
pub(crate) fn parse(text: &str) -> Result<Vec<Requirement>, String> {
    let mut tokens = Tokens { rest: text };
    let mut requirements = Vec::new();
    if tokens.peek() == Token::End {
        return Ok(requirements);
    }
    loop {
        requirements.push(requirement(&mut tokens)?);
        match tokens.next() {
            Token::End => return Ok(requirements),
            Token::Symbol(",") => {}
            other => return Err(other.unexpected("',' or the end")),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a str),
    Symbol(&'static str),
    End,
}

impl Token<'_> {
    fn unexpected(&self, expected: &str) -> String {
        match self {
            Self::Word(text) => format!("found '{text}', expected: {expected}"),
            Self::Symbol(text) => format!("found '{text}', expected: {expected}"),
            Self::End => format!("found '', expected: {expected}"),
        }
    }
}

/// The longer symbols stand first.
const SYMBOLS: [&str; 9] = ["==", "!=", "=", "!", ",", "(", ")", ">", "<"];

struct Tokens<'a> {
    rest: &'a str,
}

impl<'a> Tokens<'a> {
    fn peek(&self) -> Token<'a> {
        Self { rest: self.rest }.next()
    }

    fn next(&mut self) -> Token<'a> {
        self.rest = self.rest.trim_start();
        if self.rest.is_empty() {
            return Token::End;
        }
        for symbol in SYMBOLS {
            if let Some(rest) = self.rest.strip_prefix(symbol) {
                self.rest = rest;
                return Token::Symbol(symbol);
            }
        }
        let ends = |one: char| one.is_whitespace() || "=!,()><".contains(one);
        let (word, rest) = self.rest.split_at(self.rest.find(ends).unwrap_or(self.rest.len()));
        self.rest = rest;
        Token::Word(word)
    }
}

fn requirement(tokens: &mut Tokens<'_>) -> Result<Requirement, String> {
    let absent = tokens.peek() == Token::Symbol("!");
    if absent {
        tokens.next();
    }
    let key = match tokens.next() {
        Token::Word(key) => key.to_owned(),
        other => return Err(other.unexpected("identifier")),
    };
    if absent {
        return Ok(Requirement { key, test: Test::Absent });
    }
    if matches!(tokens.peek(), Token::End | Token::Symbol(",")) {
        return Ok(Requirement { key, test: Test::Exists });
    }
    let test = match tokens.next() {
        Token::Symbol("=" | "==") => Test::In(vec![value(tokens)?]),
        Token::Symbol("!=") => Test::NotIn(vec![value(tokens)?]),
        Token::Symbol(">") => Test::More(number(tokens)?),
        Token::Symbol("<") => Test::Less(number(tokens)?),
        Token::Word("in") => Test::In(values(tokens)?),
        Token::Word("notin") => Test::NotIn(values(tokens)?),
        other => return Err(other.unexpected("in, notin, =, ==, !=, gt, lt")),
    };
    Ok(Requirement { key, test })
}

/// Reads one value, which may be empty.
fn value(tokens: &mut Tokens<'_>) -> Result<String, String> {
    match tokens.peek() {
        Token::Word(word) => {
            tokens.next();
            Ok(word.to_owned())
        }
        Token::End | Token::Symbol("," | ")") => Ok(String::new()),
        other => Err(other.unexpected("identifier")),
    }
}

fn number(tokens: &mut Tokens<'_>) -> Result<i64, String> {
    let text = value(tokens)?;
    text.parse().map_err(|_| format!("found '{text}', expected: an integer"))
}

fn values(tokens: &mut Tokens<'_>) -> Result<Vec<String>, String> {
    match tokens.next() {
        Token::Symbol("(") => {}
        other => return Err(other.unexpected("'('")),
    }
    let mut values = Vec::new();
    loop {
        values.push(value(tokens)?);
        match tokens.next() {
            Token::Symbol(",") => {}
            Token::Symbol(")") => return Ok(values),
            other => return Err(other.unexpected("',' or ')'")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(selector: &str, expected: Option<bool>) {
        let labels = json!({"app": "web", "tier": "a", "empty": "", "size": "7"});
        let result =
            parse(selector).map(|all| all.iter().all(|one| one.matches(labels.as_object())));
        assert_eq!(result.ok(), expected, "{selector}");
    }

    #[test]
    fn label_selectors_read_as_kubernetes_documents_them() {
        for (selector, matches) in [
            ("", true),
            ("app=web", true),
            ("app == web , tier=a", true),
            ("app!=web", false),
            ("other!=web", true),
            ("tier in (a, b)", true),
            ("tier in (b,c)", false),
            ("tier notin (b)", true),
            ("other notin (b)", true),
            ("app", true),
            ("other", false),
            ("!other", true),
            ("! app", false),
            ("empty=", true),
            ("empty=,app", true),
            ("empty in ()", true),
            ("size>6,size<8", true),
            ("size>7", false),
            ("in in (in)", false),
        ] {
            check(selector, Some(matches));
        }
        for wrong in [",", "app=web,", "=a", "app in a", "app in (a", "app is web", "a b", "size>x"]
        {
            check(wrong, None);
        }
    }
}
