//! Reads tokens into a query as it was written.
//!
//! The order of the decisions is the reference's: which words are operators, functions or metrics
//! depends on what follows them, and queries in the wild rely on every case of it.

use crate::duration::{self, Duration};
use crate::error::{ErrorKind, shown};
use crate::expr::{Fill, Grouping, Join, Matching};
use crate::number::Number;
use crate::operator::Operator;
use crate::syntax::{Length, Node, Piece, RawAggregate, RawBinary, RawCall, RawRollup, Text};
use crate::syntax::{Template, With};
use crate::token::{Kind, Token, Tokens, straightened, without_quotes};
use crate::{Error, FunctionKind, Limits, Place, Span, function, identifier, nearest, quote};

mod selector;

type Result<T> = std::result::Result<T, Error>;

/// Reads a whole query.
pub(crate) fn read(query: &str, tokens: Tokens, limits: &Limits) -> Result<Node> {
    let mut parser = Parser { query, tokens, at: 0, limits, depth: 0, height: 0, placed: true };
    let node = parser.expr()?;
    if parser.kind() == Kind::End { Ok(node) } else { Err(parser.unexpected("an operator")) }
}

/// Reads one template: `name(parameters) = body`.
pub(crate) fn read_template(query: &str, tokens: Tokens, limits: &Limits) -> Result<Template> {
    Parser { query, tokens, at: 0, limits, depth: 0, height: 0, placed: false }.template()
}

struct Parser<'a> {
    query: &'a str,
    tokens: Tokens,
    at: usize,
    limits: &'a Limits,
    /// How many productions are open, which is what takes stack.
    depth: u32,
    /// The height of the node read last.
    height: u32,
    /// Whether the text is the query, in which nodes have a place.
    placed: bool,
}

impl Parser<'_> {
    fn token(&self) -> Token {
        let last = self.tokens.list.last().copied();
        let end = Token { kind: Kind::End, span: Span::default() };
        self.tokens.list.get(self.at).copied().or(last).unwrap_or(end)
    }

    fn kind(&self) -> Kind {
        self.token().kind
    }

    /// Gives the kind of a token further on.
    fn ahead(&self, count: usize) -> Kind {
        self.tokens.list.get(self.at + count).map_or(Kind::End, |token| token.kind)
    }

    fn text(&self) -> &str {
        self.query.get(self.token().span.range()).unwrap_or_default()
    }

    fn is_word(&self, word: &str) -> bool {
        self.kind() == Kind::Word && self.text().eq_ignore_ascii_case(word)
    }

    /// Gives the place from a byte to the end of the token read last.
    fn place_from(&self, start: usize) -> Place {
        let last = self.at.checked_sub(1).and_then(|last| self.tokens.list.get(last));
        match last {
            Some(token) if self.placed => Place::of(Span::new(start, token.span.end)),
            _ => Place::default(),
        }
    }

    fn place_of(&self, span: Span) -> Place {
        if self.placed { Place::of(span) } else { Place::default() }
    }

    fn advance(&mut self) {
        self.at += 1;
    }

    fn accept(&mut self, kind: Kind) -> bool {
        let found = self.kind() == kind;
        self.at += usize::from(found);
        found
    }

    fn accept_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, kind: Kind, expected: &'static str) -> Result<()> {
        if self.accept(kind) { Ok(()) } else { Err(self.unexpected(expected)) }
    }

    fn unexpected(&self, expected: &'static str) -> Error {
        if self.kind() == Kind::Broken {
            if let Some(error) = &self.tokens.broken {
                return error.clone();
            }
        }
        let found = match self.kind() {
            Kind::End => "the end of the query".to_owned(),
            _ => format!("`{}`", shown(self.text())),
        };
        let nearest = (self.kind() == Kind::Word)
            .then(|| nearest::nearest(self.text(), KEYWORDS.into_iter()))
            .flatten()
            .filter(|word| !word.eq_ignore_ascii_case(self.text()));
        let kind = ErrorKind::Unexpected { expected, found, nearest };
        Error::new(kind, self.token().span)
    }

    /// Runs a production one level deeper.
    fn deeper<T>(&mut self, production: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= self.limits.depth {
            return Err(self.too_deep());
        }
        self.depth += 1;
        let result = production(self);
        self.depth -= 1;
        result
    }

    fn too_deep(&self) -> Error {
        let max = usize::try_from(self.limits.depth).unwrap_or(usize::MAX);
        let kind = ErrorKind::Limit { what: "levels of nesting", max };
        Error::new(kind, self.token().span)
    }

    fn grow(&mut self, height: u32) -> Result<()> {
        self.height = height + 1;
        if self.height <= self.limits.height {
            return Ok(());
        }
        let max = usize::try_from(self.limits.height).unwrap_or(usize::MAX);
        let kind = ErrorKind::Limit { what: "operators in a row", max };
        Err(Error::new(kind, self.token().span))
    }

    fn expr(&mut self) -> Result<Node> {
        self.deeper(|parser| {
            let mut left = parser.single()?;
            while let Some(operator) = parser.operator() {
                let height = parser.height;
                let binary = parser.operation(operator)?;
                parser.grow(height.max(parser.height))?;
                left = parser.balance(left, binary)?;
            }
            Ok(left)
        })
    }

    /// Puts an operation into the tree to its left, by precedence.
    ///
    /// A minus before an operand is an operation too, which is why the right edge of the whole
    /// tree is looked at: in `a * -b ^ c` it is `b` that is raised.
    fn balance(&self, left: Node, mut operation: Box<RawBinary>) -> Result<Node> {
        let after = operation.operator;
        let mut root = left;
        let mut edge = &mut root;
        let mut depth = 0;
        while let Node::Binary(binary) = edge {
            let (own, new) = (binary.operator.precedence(), after.precedence());
            if own > new || own == new && !after.right_associative() {
                break;
            }
            depth += 1;
            if depth > self.limits.depth {
                return Err(self.too_deep());
            }
            match edge {
                Node::Binary(binary) => edge = &mut binary.right,
                _ => break,
            }
        }
        operation.left = std::mem::replace(edge, Node::Parens(Vec::new()));
        *edge = Node::Binary(operation);
        Ok(root)
    }

    fn operator(&self) -> Option<Operator> {
        match self.kind() {
            Kind::Operator(operator) => Some(operator),
            Kind::Word => Operator::of_word(self.text()),
            _ => None,
        }
    }

    /// Reads an operator with its modifiers and its right side; the left side is put in later.
    fn operation(&mut self, operator: Operator) -> Result<Box<RawBinary>> {
        let span = self.token().span;
        let mut binary = RawBinary::boxed(operator, span, self.place_of(span));
        self.advance();
        self.modifiers(operator, &mut binary)?;
        binary.right = self.single()?;
        binary.keep_metric_names = self.accept_word("keep_metric_names");
        Ok(binary)
    }

    fn modifiers(&mut self, operator: Operator, binary: &mut RawBinary) -> Result<()> {
        if self.is_word("bool") {
            if !operator.compares() {
                return Err(self.misplaced_modifier(operator));
            }
            self.advance();
            binary.boolean = true;
        }
        if self.is_word("on") || self.is_word("ignoring") {
            let ignoring = self.is_word("ignoring");
            self.advance();
            binary.matching = Some(Matching { ignoring, labels: self.words(false)? });
            self.join(operator, binary)?;
        }
        self.fill(operator, binary)
    }

    /// Reads `fill(0)`, `fill_left(0)` and `fill_right(0)`; without a parenthesis each is a metric.
    fn fill(&mut self, operator: Operator, binary: &mut RawBinary) -> Result<()> {
        while let Some(side) = FILLS.into_iter().find(|word| self.is_word(word)) {
            if operator.is_logical() {
                return Err(self.misplaced_modifier(operator));
            }
            if self.ahead(1) != Kind::ParenOpen {
                break;
            }
            self.advance();
            self.advance();
            let value = self.signed_number()?;
            self.expect(Kind::ParenClose, "`)`")?;
            let before = binary.fill.take();
            binary.fill = Some(match side {
                "fill_left" => Fill::with_left(before, value),
                "fill_right" => Fill::with_right(before, value),
                _ => Fill::Both(value),
            });
        }
        Ok(())
    }

    fn signed_number(&mut self) -> Result<Number> {
        let negative = self.accept(Kind::Operator(Operator::Subtract));
        let numeric = match self.kind() {
            Kind::Number => true,
            Kind::Word => is_constant(self.text()),
            _ => false,
        };
        if !numeric {
            return Err(self.unexpected("a number"));
        }
        let number = self.literal()?;
        Ok(if negative { number.negated() } else { number })
    }

    fn join(&mut self, operator: Operator, binary: &mut RawBinary) -> Result<()> {
        let right = self.is_word("group_right");
        if !right && !self.is_word("group_left") {
            return Ok(());
        }
        if operator.is_set() {
            return Err(self.misplaced_modifier(operator));
        }
        self.advance();
        let listed = self.kind() == Kind::ParenOpen;
        let labels = if listed { self.words(true)? } else { Vec::new() };
        binary.join = Some(Join { right, labels, prefix: None });
        if self.accept_word("prefix") {
            binary.prefix = Some(self.sum_of_strings()?);
        }
        Ok(())
    }

    fn misplaced_modifier(&self, operator: Operator) -> Error {
        let modifier = self.text().to_lowercase();
        let kind = ErrorKind::Modifier { modifier, operator: operator.as_str() };
        Error::new(kind, self.token().span)
    }

    /// Reads anything but a binary operator.
    fn single(&mut self) -> Result<Node> {
        if self.is_word("with") && self.ahead(1) == Kind::ParenOpen {
            return self.with();
        }
        let start = self.token().span.start;
        let expr = self.without_suffix()?;
        match self.kind() {
            Kind::BracketOpen | Kind::At => self.rollup(expr, start),
            Kind::Word if self.is_word("offset") => self.rollup(expr, start),
            _ => Ok(expr),
        }
    }

    fn without_suffix(&mut self) -> Result<Node> {
        self.height = 1;
        match self.kind() {
            Kind::Duration | Kind::Interval => match self.positive_length()? {
                Length::Done(duration) => Ok(Node::Duration(duration)),
                Length::Name(..) => Err(self.unexpected("a duration")),
            },
            Kind::Quoted | Kind::Typographic => {
                let start = self.token().span.start;
                let text = self.sum_of_strings()?;
                Ok(Node::Text(text, self.place_from(start)))
            }
            Kind::Number => self.number(),
            Kind::Word if is_constant(self.text()) => self.number(),
            Kind::Word => self.word(),
            Kind::ParenOpen => self.parens(),
            Kind::BraceOpen => self.selector(),
            Kind::Operator(Operator::Subtract) => {
                let span = self.token().span;
                let mut binary = RawBinary::boxed(Operator::Subtract, span, self.place_of(span));
                self.advance();
                binary.left = Node::Number(Number::new(0.0));
                binary.right = self.deeper(Self::single)?;
                self.grow(self.height)?;
                Ok(Node::Binary(binary))
            }
            Kind::Operator(Operator::Add) => {
                self.advance();
                self.deeper(Self::single)
            }
            _ => Err(self.unexpected("an expression")),
        }
    }

    fn number(&mut self) -> Result<Node> {
        self.literal().map(Node::Number)
    }

    fn literal(&mut self) -> Result<Number> {
        let number = Number::parse(self.text()).ok_or_else(|| {
            let kind = ErrorKind::Number { text: self.text().to_owned() };
            Error::new(kind, self.token().span)
        })?;
        let place = self.place_of(self.token().span);
        self.advance();
        Ok(number.at(place))
    }

    /// Reads what starts with a word: what follows says what it is.
    fn word(&mut self) -> Result<Node> {
        let aggregate =
            || function(self.text()).is_some_and(|known| known.kind == FunctionKind::Aggregate);
        match self.ahead(1) {
            Kind::ParenOpen if aggregate() => self.aggregate(),
            Kind::ParenOpen => self.call(),
            Kind::Word => {
                let next = self.tokens.list.get(self.at + 1).map(|token| token.span.range());
                let next = next.and_then(|range| self.query.get(range)).unwrap_or_default();
                if !next.eq_ignore_ascii_case("offset") && aggregate() {
                    return self.aggregate();
                }
                self.selector()
            }
            Kind::End
            | Kind::Operator(_)
            | Kind::BraceOpen
            | Kind::BracketOpen
            | Kind::ParenClose
            | Kind::Comma
            | Kind::At => self.selector(),
            _ => {
                self.advance();
                Err(self.unexpected("an operator, `(`, `{`, `[` or `@`"))
            }
        }
    }

    fn parens(&mut self) -> Result<Node> {
        let mut exprs = self.arguments()?;
        if let [Node::Binary(binary)] = exprs.as_mut_slice() {
            if self.accept_word("keep_metric_names") {
                binary.keep_metric_names = true;
            }
        }
        Ok(Node::Parens(exprs))
    }

    /// Reads expressions in parentheses; a comma may follow the last.
    fn arguments(&mut self) -> Result<Vec<Node>> {
        self.expect(Kind::ParenOpen, "`(`")?;
        let mut args = Vec::new();
        let mut height = 0;
        while self.kind() != Kind::ParenClose {
            args.push(self.expr()?);
            height = height.max(self.height);
            if !self.accept(Kind::Comma) && self.kind() != Kind::ParenClose {
                return Err(self.unexpected("`,` or `)`"));
            }
        }
        self.advance();
        self.grow(height)?;
        Ok(args)
    }

    fn call(&mut self) -> Result<Node> {
        let span = self.token().span;
        let name = identifier::unescape(self.text());
        self.advance();
        let args = self.arguments()?;
        let keep_metric_names = self.accept_word("keep_metric_names");
        let place = self.place_from(span.start);
        Ok(Node::Call(Box::new(RawCall { name, args, keep_metric_names, span, place })))
    }

    fn aggregate(&mut self) -> Result<Node> {
        let span = self.token().span;
        let name = self.text().to_ascii_lowercase();
        self.advance();
        let mut grouping = None;
        if self.kind() == Kind::Word {
            grouping = self.grouping()?;
            if grouping.is_none() {
                return Err(self.unexpected("`by`, `without` or `(`"));
            }
        }
        let args = self.arguments()?;
        if grouping.is_none() {
            grouping = self.grouping()?;
        }
        let limit = if self.accept_word("limit") { self.limit()? } else { None };
        let place = self.place_from(span.start);
        Ok(Node::Aggregate(Box::new(RawAggregate { name, args, grouping, limit, span, place })))
    }

    fn grouping(&mut self) -> Result<Option<Grouping>> {
        let without = self.is_word("without");
        if !without && !self.is_word("by") {
            return Ok(None);
        }
        self.advance();
        Ok(Some(Grouping { without, labels: self.words(false)? }))
    }

    fn limit(&mut self) -> Result<Option<u64>> {
        let text = self.text();
        let plain = self.kind() == Kind::Number && text.bytes().all(|byte| byte.is_ascii_digit());
        let Some(limit) = text.parse::<i64>().ok().filter(|_| plain) else {
            return Err(self.unexpected("a whole number"));
        };
        self.advance();
        Ok(u64::try_from(limit).ok().filter(|limit| *limit > 0))
    }

    /// Reads names in parentheses; quoted ones too, as Prometheus 3 writes them.
    fn words(&mut self, star: bool) -> Result<Vec<String>> {
        self.expect(Kind::ParenOpen, "`(`")?;
        if star && self.accept(Kind::Operator(Operator::Multiply)) {
            self.expect(Kind::ParenClose, "`)`")?;
            return Ok(vec!["*".into()]);
        }
        let mut words = Vec::new();
        while !self.accept(Kind::ParenClose) {
            words.push(self.label_name()?);
            if !self.accept(Kind::Comma) && self.kind() != Kind::ParenClose {
                return Err(self.unexpected("`,` or `)`"));
            }
        }
        Ok(words)
    }

    fn label_name(&mut self) -> Result<String> {
        let text = match self.kind() {
            Kind::Word => self.text(),
            Kind::Quoted | Kind::Typographic => without_quotes(self.text()),
            _ => return Err(self.unexpected("a label")),
        };
        // The reference reads quoted names by the rules of words, and so must we.
        if identifier::scan(text) == 0 {
            return Err(self.unexpected("a label"));
        }
        let name = identifier::unescape(text);
        self.advance();
        Ok(name)
    }

    fn with(&mut self) -> Result<Node> {
        self.advance();
        self.expect(Kind::ParenOpen, "`(`")?;
        let mut templates: Vec<Template> = Vec::new();
        let mut names = std::collections::HashSet::new();
        while !self.accept(Kind::ParenClose) {
            let span = self.token().span;
            let template = self.template()?;
            if !names.insert(template.name.clone()) {
                return Err(Error::new(ErrorKind::DuplicateName { name: template.name }, span));
            }
            templates.push(template);
            if !self.accept(Kind::Comma) && self.kind() != Kind::ParenClose {
                return Err(self.unexpected("`,` or `)`"));
            }
        }
        let expr = self.expr()?;
        Ok(Node::With(Box::new(With { templates: templates.into(), expr })))
    }

    fn template(&mut self) -> Result<Template> {
        if self.kind() != Kind::Word {
            return Err(self.unexpected("the name of a template"));
        }
        let name = identifier::unescape(self.text());
        self.advance();
        let mut parameters = Vec::new();
        if self.kind() == Kind::ParenOpen {
            let span = self.token().span;
            parameters = self.words(false)?;
            let mut seen = std::collections::HashSet::new();
            if let Some(twice) = parameters.iter().find(|name| !seen.insert(name.as_str())) {
                let name = twice.clone();
                return Err(Error::new(ErrorKind::DuplicateName { name }, span));
            }
        }
        self.expect(Kind::Assign, "`=`")?;
        let body = self.expr()?;
        Ok(Template { name, parameters, body })
    }

    fn rollup(&mut self, expr: Node, start: usize) -> Result<Node> {
        let height = self.height;
        let mut rollup = RawRollup {
            expr,
            window: None,
            step: None,
            inherit_step: false,
            offset: None,
            at: None,
            place: Place::default(),
        };
        if self.accept(Kind::BracketOpen) {
            self.window(&mut rollup)?;
        }
        self.height = 0;
        if self.kind() == Kind::At {
            rollup.at = Some(self.time()?);
        }
        if self.accept_word("offset") {
            rollup.offset = Some(self.length()?);
        }
        if self.kind() == Kind::At {
            if rollup.at.is_some() {
                return Err(Error::new(ErrorKind::DuplicateAt, self.token().span));
            }
            rollup.at = Some(self.time()?);
        }
        self.grow(height.max(self.height))?;
        rollup.place = self.place_from(start);
        Ok(Node::Rollup(Box::new(rollup)))
    }

    fn time(&mut self) -> Result<Node> {
        self.advance();
        self.deeper(Self::without_suffix)
    }

    /// Reads a window and a step after `[`.
    fn window(&mut self, rollup: &mut RawRollup) -> Result<()> {
        if !self.starts_with_colon() && !self.accept(Kind::Interval) {
            rollup.window = Some(self.positive_length()?);
        }
        if self.starts_with_colon() {
            self.skip_colon();
            if self.kind() == Kind::BracketClose {
                rollup.inherit_step = true;
            } else {
                rollup.step = Some(self.positive_length()?);
            }
        }
        self.expect(Kind::BracketClose, "`]`")
    }

    fn starts_with_colon(&self) -> bool {
        self.kind() == Kind::Word && self.text().starts_with(':')
    }

    /// Skips the colon at the start of a word: `:3s` is cut as a word, because names have colons.
    fn skip_colon(&mut self) {
        let before = self.at;
        self.skip_in_word(1);
        let kind = reclassified(self.text());
        if self.at == before {
            if let Some(token) = self.tokens.list.get_mut(before) {
                token.kind = kind;
            }
        }
    }

    /// Takes the first bytes off a word; what is left stays the current token.
    fn skip_in_word(&mut self, bytes: usize) {
        if let Some(token) = self.tokens.list.get_mut(self.at) {
            token.span.start += bytes;
            if token.span.start >= token.span.end {
                self.at += 1;
            }
        }
    }

    fn length(&mut self) -> Result<Length> {
        let negative = self.accept(Kind::Operator(Operator::Subtract));
        match self.positive_length()? {
            Length::Done(duration) if negative => {
                let text = || format!("-{}", duration.text());
                duration.negated().map(Length::Done).ok_or_else(|| {
                    Error::new(ErrorKind::Duration { text: text() }, self.token().span)
                })
            }
            // No template has a name with a minus; it will be reported as missing.
            Length::Name(name, span) if negative => Ok(Length::Name(format!("-{name}"), span)),
            length => Ok(length),
        }
    }

    fn positive_length(&mut self) -> Result<Length> {
        let span = self.token().span;
        let invalid = |text: &str| Error::new(ErrorKind::Duration { text: text.to_owned() }, span);
        match self.kind() {
            Kind::Word => {
                let text = self.text();
                let name = text.split_once(':').map_or(text, |(name, _)| name).to_owned();
                self.skip_in_word(name.len());
                Ok(Length::Name(name, span))
            }
            Kind::Interval => {
                self.advance();
                let step = Duration::parse("1i").ok_or_else(|| invalid(duration::INTERVAL))?;
                Ok(Length::Done(step.at(self.place_of(span))))
            }
            Kind::Duration | Kind::Number => {
                let text = self.text();
                if self.kind() == Kind::Number && Number::parse(text).is_none() {
                    return Err(invalid(text));
                }
                let duration = Duration::parse(text).ok_or_else(|| invalid(text))?;
                self.advance();
                Ok(Length::Done(duration.at(self.place_of(span))))
            }
            _ => Err(self.unexpected("a duration")),
        }
    }

    /// Reads a string, or a sum of strings and names of templates.
    fn sum_of_strings(&mut self) -> Result<Text> {
        let mut pieces = Vec::new();
        loop {
            pieces.push(self.piece()?);
            // `"s" + m{}` and `"s" + f()` are operations on the string.
            let more = self.kind() == Kind::Operator(Operator::Add)
                && match self.ahead(1) {
                    Kind::Quoted | Kind::Typographic => true,
                    Kind::Word => !matches!(self.ahead(2), Kind::ParenOpen | Kind::BraceOpen),
                    _ => false,
                };
            if !more {
                return Ok(match <[Piece; 1]>::try_from(pieces) {
                    Ok([Piece::Literal(text)]) => Text::Done(text),
                    Ok(piece) => Text::Sum(piece.into()),
                    Err(pieces) => Text::Sum(pieces),
                });
            }
            self.advance();
        }
    }

    fn piece(&mut self) -> Result<Piece> {
        let span = self.token().span;
        let text = self.text();
        let piece = match self.kind() {
            Kind::Word => Piece::Name(text.to_owned(), span),
            Kind::Quoted | Kind::Typographic => {
                let value = match self.kind() {
                    Kind::Typographic => quote::unquote(&straightened(text)),
                    _ => quote::unquote(text),
                };
                match value {
                    Some(value) => Piece::Literal(value),
                    None => {
                        let kind = ErrorKind::String { text: text.to_owned() };
                        Piece::Broken(Box::new(Error::new(kind, span)))
                    }
                }
            }
            _ => return Err(self.unexpected("a string")),
        };
        self.advance();
        Ok(piece)
    }
}

/// The modifiers that give a value for series that one side of an operator lacks.
const FILLS: [&str; 3] = ["fill", "fill_left", "fill_right"];

/// The words with a meaning of their own, for guessing what was meant.
const KEYWORDS: [&str; 21] = [
    "and",
    "atan2",
    "bool",
    "by",
    "default",
    "fill",
    "fill_left",
    "fill_right",
    "group_left",
    "group_right",
    "if",
    "ifnot",
    "ignoring",
    "keep_metric_names",
    "limit",
    "offset",
    "on",
    "or",
    "prefix",
    "unless",
    "without",
];

fn is_constant(word: &str) -> bool {
    word.eq_ignore_ascii_case("inf") || word.eq_ignore_ascii_case("nan")
}

/// Says what the rest of a word is once a colon before it is gone.
fn reclassified(text: &str) -> Kind {
    let bytes = text.as_bytes();
    if identifier::scan(text) > 0 {
        Kind::Word
    } else if duration::scan(bytes) == bytes.len() {
        Kind::Duration
    } else {
        Kind::Number
    }
}
