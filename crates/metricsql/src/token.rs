//! Tokens: what a query is cut into.

use crate::error::ErrorKind;
use crate::operator::Operator;
use crate::warning::{Warning, WarningKind};
use crate::{Error, Span, duration, identifier, number};

/// What a token is; its text is in the query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    End,
    /// The text cannot be cut further; the error is in [`Tokens::broken`].
    Broken,
    Word,
    Quoted,
    /// A value in the quotes of a word processor, treated as a quoted one.
    Typographic,
    Number,
    Duration,
    Interval,
    Operator(Operator),
    /// `=`, `=~` and `!~`; `!=` is [`Operator::NotEqual`].
    Assign,
    Matches,
    MatchesNot,
    BraceOpen,
    BraceClose,
    BracketOpen,
    BracketClose,
    ParenOpen,
    ParenClose,
    Comma,
    At,
}

/// A token and where it stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) span: Span,
}

/// A query cut into tokens; the last one is the end, or broken.
#[derive(Debug)]
pub(crate) struct Tokens {
    pub(crate) list: Vec<Token>,
    pub(crate) broken: Option<Error>,
    pub(crate) warnings: Vec<Warning>,
}

/// Cuts a query into tokens, up to the first error.
pub(crate) fn cut(query: &str) -> Tokens {
    // Dashboards have about one token for each four bytes.
    let list = Vec::with_capacity(query.len() / 4 + 2);
    let mut tokens = Tokens { list, broken: None, warnings: Vec::new() };
    let mut at = 0;
    loop {
        at = skip_blank(query, at);
        let rest = query.get(at..).unwrap_or_default();
        if rest.is_empty() {
            tokens.list.push(Token { kind: Kind::End, span: Span::new(at, at) });
            return tokens;
        }
        let (kind, length) = match next(rest, at) {
            Ok(found) => found,
            Err(error) => {
                tokens.list.push(Token { kind: Kind::Broken, span: error.span });
                tokens.broken = Some(error);
                return tokens;
            }
        };
        let span = Span::new(at, at + length);
        if kind == Kind::Typographic {
            tokens.warnings.push(typographic_warning(query, span));
        }
        tokens.list.push(Token { kind, span });
        at += length;
    }
}

/// Skips blanks and comments.
fn skip_blank(query: &str, mut at: usize) -> usize {
    let bytes = query.as_bytes();
    while let Some(byte) = bytes.get(at) {
        match byte {
            b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r' => at += 1,
            b'#' => {
                let rest = bytes.get(at..).unwrap_or_default();
                let newline = rest.iter().position(|byte| *byte == b'\n');
                at += newline.map_or(rest.len(), |newline| newline + 1);
            }
            _ => break,
        }
    }
    at
}

fn next(rest: &str, at: usize) -> Result<(Kind, usize), Error> {
    let bytes = rest.as_bytes();
    let second = bytes.get(1).copied().unwrap_or_default();
    let found = match bytes.first().copied().unwrap_or_default() {
        b'{' => (Kind::BraceOpen, 1),
        b'}' => (Kind::BraceClose, 1),
        b'[' => (Kind::BracketOpen, 1),
        b']' => (Kind::BracketClose, 1),
        b'(' => (Kind::ParenOpen, 1),
        b')' => (Kind::ParenClose, 1),
        b',' => (Kind::Comma, 1),
        b'@' => (Kind::At, 1),
        quote @ (b'"' | b'\'' | b'`') => (Kind::Quoted, quoted_length(rest, quote, at)?),
        b'+' => (Kind::Operator(Operator::Add), 1),
        b'-' => (Kind::Operator(Operator::Subtract), 1),
        b'*' => (Kind::Operator(Operator::Multiply), 1),
        b'/' => (Kind::Operator(Operator::Divide), 1),
        b'%' => (Kind::Operator(Operator::Modulo), 1),
        b'^' => (Kind::Operator(Operator::Power), 1),
        b'=' if second == b'=' => (Kind::Operator(Operator::Equal), 2),
        b'=' if second == b'~' => (Kind::Matches, 2),
        b'=' => (Kind::Assign, 1),
        b'!' if second == b'=' => (Kind::Operator(Operator::NotEqual), 2),
        b'!' if second == b'~' => (Kind::MatchesNot, 2),
        b'<' if second == b'=' => (Kind::Operator(Operator::LessEqual), 2),
        b'<' => (Kind::Operator(Operator::Less), 1),
        b'>' if second == b'=' => (Kind::Operator(Operator::GreaterEqual), 2),
        b'>' => (Kind::Operator(Operator::Greater), 1),
        b'$' if rest.starts_with(duration::INTERVAL) => (Kind::Interval, duration::INTERVAL.len()),
        b'$' if rest.starts_with(RATE_INTERVAL) => (Kind::Interval, RATE_INTERVAL.len()),
        b'0'..=b'9' | b'.' => numeric(rest, at)?,
        _ => worded(rest, at)?,
    };
    Ok(found)
}

const RATE_INTERVAL: &str = "$__rate_interval";

fn numeric(rest: &str, at: usize) -> Result<(Kind, usize), Error> {
    let bytes = rest.as_bytes();
    let length = duration::scan(bytes);
    if length > 0 {
        return Ok((Kind::Duration, length));
    }
    if !number::starts(bytes) {
        return Err(unexpected(rest, at));
    }
    match number::scan(bytes) {
        Some(length) => Ok((Kind::Number, length)),
        None => {
            let text: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric()).collect();
            let span = Span::new(at, at + text.len());
            Err(Error::new(ErrorKind::Number { text }, span))
        }
    }
}

fn worded(rest: &str, at: usize) -> Result<(Kind, usize), Error> {
    let length = identifier::scan(rest);
    if length > 0 {
        return Ok((Kind::Word, length));
    }
    match rest.chars().next() {
        Some(quote) if closing_quotes(quote).is_some() => {
            Ok((Kind::Typographic, typographic_length(rest, quote, at)?))
        }
        _ => Err(unexpected(rest, at)),
    }
}

fn unexpected(rest: &str, at: usize) -> Error {
    let found = rest.chars().next().unwrap_or_default();
    Error::new(ErrorKind::Character { found }, Span::new(at, at + found.len_utf8()))
}

/// Finds the end of a string: a quote with an even number of backslashes before it.
fn quoted_length(rest: &str, quote: u8, at: usize) -> Result<usize, Error> {
    let mut escaped = false;
    for (index, byte) in rest.bytes().enumerate().skip(1) {
        match byte {
            b'\\' => escaped = !escaped,
            _ if byte == quote && !escaped => return Ok(index + 1),
            _ => escaped = false,
        }
    }
    let kind = ErrorKind::OpenString { quote: quote.into() };
    Err(Error::new(kind, Span::new(at, at + rest.len())))
}

/// The quotes that may close what a typographic quote opened.
fn closing_quotes(open: char) -> Option<&'static [char]> {
    match open {
        '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{201f}' => {
            Some(&['\u{201c}', '\u{201d}', '\u{201f}', '"'])
        }
        '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}' => {
            Some(&['\u{2018}', '\u{2019}', '\u{201b}', '\''])
        }
        _ => None,
    }
}

fn typographic_length(rest: &str, open: char, at: usize) -> Result<usize, Error> {
    let close = closing_quotes(open).unwrap_or_default();
    let mut escaped = false;
    for (index, c) in rest.char_indices().skip(1) {
        match c {
            '\\' => escaped = !escaped,
            _ if close.contains(&c) && !escaped => return Ok(index + c.len_utf8()),
            _ => escaped = false,
        }
    }
    let quote = close.get(1).copied().unwrap_or('"');
    Err(Error::new(ErrorKind::OpenString { quote }, Span::new(at, at + rest.len())))
}

/// Takes the quotes from a quoted token, whichever they are.
pub(crate) fn without_quotes(token: &str) -> &str {
    let mut chars = token.chars();
    chars.next();
    chars.next_back();
    chars.as_str()
}

/// Writes a typographically quoted token with straight quotes.
pub(crate) fn straightened(token: &str) -> String {
    format!("\"{}\"", without_quotes(token).replace('"', "\\\""))
}

fn typographic_warning(query: &str, span: Span) -> Warning {
    let (line, column) = span.line_and_column(query);
    let fix = straightened(query.get(span.range()).unwrap_or_default());
    Warning { kind: WarningKind::TypographicQuotes { line, column, fix }, span }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(query: &str) -> Vec<Kind> {
        cut(query).list.iter().map(|token| token.kind).collect()
    }

    #[test]
    fn a_query_is_cut_as_the_reference_cuts_it() {
        use Kind::{BracketClose, BracketOpen, Duration, End, Interval, Number, Word};
        let minus = Kind::Operator(Operator::Subtract);
        let table: [(&str, &[Kind]); 8] = [
            ("1h-5m", &[Duration, End]),
            ("1h - 5m", &[Duration, minus, Duration, End]),
            ("5M-5m", &[Number, minus, Duration, End]),
            ("a[5m:3s]", &[Word, BracketOpen, Duration, Word, BracketClose, End]),
            ("[$__rate_interval]", &[BracketOpen, Interval, BracketClose, End]),
            ("x # }\n y", &[Word, Word, End]),
            ("0x1f.5", &[Number, Number, End]),
            ("5m-s", &[Duration, End]),
        ];
        for (query, expected) in table {
            assert_eq!(kinds(query), expected, "{query}");
        }
    }

    #[test]
    fn typographic_quotes_are_cut_with_a_warning() {
        let tokens = cut("{a=“b”,\n b=‘c’}");
        let fixes: Vec<String> = tokens.warnings.iter().map(ToString::to_string).collect();
        assert_eq!(
            fixes,
            ["typographic quotes at 1:4; write \"b\"", "typographic quotes at 2:4; write \"c\""]
        );
    }
}
