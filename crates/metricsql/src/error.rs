//! Why a query cannot be parsed.

use crate::Span;
use crate::limits::QUOTED_CHARS_MAX;

/// Why a query was rejected, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct Error {
    /// What is wrong.
    pub kind: ErrorKind,
    /// Where it is wrong.
    pub span: Span,
}

/// What is wrong with a query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Something else was expected.
    #[error("expected {expected}, found {found}")]
    Unexpected {
        /// What would have been right here.
        expected: &'static str,
        /// What stands there: a token in backticks, or the end of the query.
        found: String,
        /// The nearest word that would have been right.
        nearest: Option<&'static str>,
    },
    /// A character no token starts with.
    #[error("unexpected character `{}`", shown(found.encode_utf8(&mut [0; 4])))]
    Character {
        /// The character.
        found: char,
    },
    /// A quotation that does not end.
    #[error("the string is not closed; expected `{quote}`")]
    OpenString {
        /// The quote that is missing.
        quote: char,
    },
    /// A string with an escape sequence the language does not have, or that is not UTF-8.
    #[error("invalid string `{}`", shown(text))]
    String {
        /// The string as written.
        text: String,
    },
    /// A number that cannot be read.
    #[error("invalid number `{}`", shown(text))]
    Number {
        /// The number as written.
        text: String,
    },
    /// A duration that cannot be read.
    #[error("invalid duration `{}`", shown(text))]
    Duration {
        /// The duration as written.
        text: String,
    },
    /// A modifier on an operator that does not take it.
    #[error("`{modifier}` cannot be applied to `{operator}`")]
    Modifier {
        /// The modifier.
        modifier: String,
        /// The operator.
        operator: &'static str,
    },
    /// A second `@` on one expression.
    #[error("`@` is given twice")]
    DuplicateAt,
    /// A template or a parameter defined twice in one list.
    #[error("`{}` is defined twice", shown(name))]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// A name that no template has, where only a template can stand.
    #[error("no WITH template is called `{}`", shown(name))]
    UnknownTemplate {
        /// The name.
        name: String,
    },
    /// A template that gives the wrong thing for its place.
    #[error("the WITH template `{}` cannot stand here; expected {expected}", shown(name))]
    Template {
        /// The name.
        name: String,
        /// What the place needs.
        expected: &'static str,
    },
    /// A template called with the wrong number of arguments.
    #[error("`{}` takes {expected} arguments, found {found}", shown(name))]
    TemplateArguments {
        /// The name.
        name: String,
        /// How many it takes.
        expected: usize,
        /// How many it got.
        found: usize,
    },
    /// An aggregate whose name is escaped, with `keep_metric_names`.
    #[error("`{name}` is an aggregate, which drops metric names: remove `keep_metric_names`")]
    KeepMetricNames {
        /// The aggregate.
        name: String,
    },
    /// A function that does not exist.
    #[error("no function is called `{}`", shown(name))]
    UnknownFunction {
        /// The name.
        name: String,
        /// The nearest one that exists.
        nearest: Option<&'static str>,
    },
    /// Two metric names in one or-group.
    #[error("the metric name is given twice: `{}` and `{}`", shown(first), shown(second))]
    TwoMetricNames {
        /// The name that came first.
        first: String,
        /// The other one.
        second: String,
    },
    /// A filter on a label without a name, which stores read as the metric name.
    #[error("a label needs a name")]
    EmptyLabel,
    /// A regular expression that cannot be compiled.
    #[error("invalid regular expression `{}`: {reason}", shown(pattern))]
    Pattern {
        /// The expression.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A limit of [`Limits`](crate::Limits) was reached.
    #[error("the query exceeds the limit of {max} {what}")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// How much is allowed.
        max: usize,
    },
}

/// Makes a part of a query fit for an error: one short line without control characters.
pub(crate) fn shown(text: &str) -> String {
    let mut shown = String::new();
    for (index, c) in text.chars().enumerate() {
        if index == QUOTED_CHARS_MAX {
            shown.push('…');
            break;
        }
        if c.is_control() {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, span: Span) -> Self {
        Self { kind, span }
    }

    /// Says what to do next, when that is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match &self.kind {
            ErrorKind::Unexpected { nearest: Some(word), .. }
            | ErrorKind::UnknownFunction { nearest: Some(word), .. } => {
                Some(format!("did you mean `{word}`?"))
            }
            _ => None,
        }
    }

    /// Writes the error with the line of the query and a caret under the place.
    ///
    /// ```
    /// let query = "sum(rat(requests_total[5m]))";
    /// let error = ktel_metricsql::parse(query).unwrap_err();
    /// assert_eq!(
    ///     error.render(query),
    ///     "no function is called `rat` at 1:5; did you mean `rate`?\n\
    ///      sum(rat(requests_total[5m]))\n    \
    ///          ^^^"
    /// );
    /// ```
    #[must_use]
    pub fn render(&self, query: &str) -> String {
        let (line, column) = self.span.line_and_column(query);
        let hint = self.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
        format!("{self} at {line}:{column}{hint}\n{}", self.span.render(query))
    }
}
