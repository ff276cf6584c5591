//! Expands `WITH` templates, and resolves what selectors, strings and durations take from them.
//!
//! As in the reference, arguments are expanded where they are given and once more where they are
//! used, with the names visible there; a parameter may thus capture a word of an argument.

use std::collections::HashMap;
use std::mem;
use std::rc::Rc;
use std::sync::OnceLock;

use crate::duration::Duration;
use crate::error::ErrorKind;
use crate::operator::Operator;
use crate::syntax::{Length, Node, Piece, RawAggregate, RawBinary, RawCall, RawRollup};
use crate::syntax::{Template, Text};
use crate::{Error, Limits, Span, parser, token};

mod selector;
mod weight;

type Result<T> = std::result::Result<T, Error>;

/// Expands a query.
pub(crate) fn expand(node: Node, limits: &Limits) -> Result<Node> {
    let expander =
        &mut Expander { limits, depth: 0, height: 0, spent: 0, states: limits.pattern_states };
    let built_in =
        Block { parent: Scope::default(), names: None, bindings: Bindings::templates(built_in()) };
    let scope = Scope { visible: built_in.bindings.len(), block: Some(Rc::new(built_in)) };
    expander.expand(&scope, node)
}

/// The templates every query can use.
fn built_in() -> &'static [Template] {
    const SOURCES: [&str; 4] = [
        "ru(freev, maxv) = clamp_min(maxv - clamp_min(freev, 0), 0) / clamp_min(maxv, 0) * 100",
        "ttf(freev) = smooth_exponential(clamp_max(clamp_max(-freev, 0) / \
         clamp_max(deriv_fast(freev), 0), 365*24*3600), clamp_max(step()/300, 1))",
        "range_median(q) = range_quantile(0.5, q)",
        "alias(q, name) = label_set(q, \"__name__\", name)",
    ];
    static TEMPLATES: OnceLock<Vec<Template>> = OnceLock::new();
    TEMPLATES.get_or_init(|| {
        let read = |source| {
            parser::read_template(source, token::cut(source), &Limits::default())
                .expect("the built-in templates are written correctly")
        };
        SOURCES.into_iter().map(read).collect()
    })
}

/// The names visible somewhere: the first `visible` of a block, and then those of its parent.
#[derive(Clone, Default)]
struct Scope<'a> {
    block: Option<Rc<Block<'a>>>,
    visible: usize,
}

/// The templates of one `WITH`, or the arguments of one call.
struct Block<'a> {
    parent: Scope<'a>,
    /// Made where there are too many names to look at each.
    names: Option<HashMap<&'a str, usize>>,
    bindings: Bindings<'a>,
}

enum Bindings<'a> {
    Templates(&'a [Template]),
    Arguments(&'a [String], Vec<Node>),
}

/// What a name stands for, and where it was defined.
struct Found<'a> {
    block: Rc<Block<'a>>,
    index: usize,
}

/// Lists shorter than this are searched one by one.
const NAMES_FEW: usize = 8;

impl<'a> Bindings<'a> {
    fn templates(templates: &'a [Template]) -> Self {
        Self::Templates(templates)
    }

    fn len(&self) -> usize {
        match self {
            Self::Templates(templates) => templates.len(),
            Self::Arguments(names, _) => names.len(),
        }
    }

    fn name(&self, index: usize) -> Option<&'a str> {
        match self {
            Self::Templates(templates) => templates.get(index).map(|t| t.name.as_str()),
            Self::Arguments(names, _) => names.get(index).map(String::as_str),
        }
    }
}

impl<'a> Scope<'a> {
    /// Opens a block in which these names are visible too.
    fn with(&self, bindings: Bindings<'a>) -> Self {
        let visible = bindings.len();
        let names = (visible > NAMES_FEW)
            .then(|| (0..visible).filter_map(|i| Some((bindings.name(i)?, i))).collect());
        let block = Block { parent: self.clone(), names, bindings };
        Self { block: Some(Rc::new(block)), visible }
    }

    fn find(&self, name: &str) -> Option<Found<'a>> {
        let mut scope = self;
        while let Some(block) = &scope.block {
            let index = match &block.names {
                Some(names) => names.get(name).copied().filter(|index| *index < scope.visible),
                None => (0..scope.visible).rev().find(|i| block.bindings.name(*i) == Some(name)),
            };
            if let Some(index) = index {
                return Some(Found { block: Rc::clone(block), index });
            }
            scope = &block.parent;
        }
        None
    }
}

impl<'a> Found<'a> {
    fn parameters(&self) -> &'a [String] {
        match &self.block.bindings {
            Bindings::Templates(templates) => {
                templates.get(self.index).map(|t| t.parameters.as_slice()).unwrap_or_default()
            }
            Bindings::Arguments(..) => &[],
        }
    }

    fn body(&self) -> Option<&Node> {
        match &self.block.bindings {
            Bindings::Templates(templates) => templates.get(self.index).map(|t| &t.body),
            Bindings::Arguments(_, nodes) => nodes.get(self.index),
        }
    }

    /// The names that were visible where this one was defined.
    fn scope(&self) -> Scope<'a> {
        Scope { block: Some(Rc::clone(&self.block)), visible: self.index }
    }
}

/// How a query refers to a template.
enum Reference {
    /// As a bare metric name, which may only look like a template.
    Name,
    /// With arguments, perhaps none.
    Call(Vec<Node>),
}

struct Expander<'l> {
    limits: &'l Limits,
    /// How deep the expansion recurses, which is what takes stack.
    depth: u32,
    /// How high the tree being built is above the node at hand.
    height: u32,
    /// What was copied so far.
    spent: usize,
    /// How many states regular expressions may still take.
    states: usize,
}

/// How many nodes one level of nesting of the query may be deep, about.
const NODES_PER_LEVEL: u32 = 3;

impl Expander<'_> {
    fn expand(&mut self, scope: &Scope<'_>, node: Node) -> Result<Node> {
        if self.depth >= self.limits.depth.saturating_mul(NODES_PER_LEVEL) {
            return Err(limit("levels of nesting", self.limits.depth));
        }
        if self.height >= self.limits.height {
            return Err(limit("operators in a row", self.limits.height));
        }
        self.depth += 1;
        self.height += 1;
        let result = self.expand_node(scope, node);
        self.depth -= 1;
        self.height -= 1;
        result
    }

    fn expand_node(&mut self, scope: &Scope<'_>, node: Node) -> Result<Node> {
        match node {
            Node::Number(_) | Node::Duration(_) | Node::Expanded(_) => Ok(node),
            Node::Text(text, place) => Ok(Node::Text(Text::Done(self.text(scope, text)?), place)),
            Node::Parens(nodes) => Ok(Node::Parens(self.expand_all(scope, nodes)?)),
            Node::Selector(raw) => self.selector(scope, *raw),
            Node::Rollup(rollup) => self.rollup(scope, rollup),
            Node::Binary(binary) => self.chain(scope, binary),
            Node::Call(call) => self.call(scope, call),
            Node::Aggregate(aggregate) => self.aggregate(scope, aggregate),
            Node::With(with) => {
                let scope = scope.with(Bindings::Templates(&with.templates));
                self.expand(&scope, with.expr)
            }
        }
    }

    fn call(&mut self, scope: &Scope<'_>, mut call: Box<RawCall>) -> Result<Node> {
        let args = self.expand_all(scope, mem::take(&mut call.args))?;
        if let Some(found) = scope.find(&call.name) {
            return self.instantiate(&found, &call.name, Reference::Call(args), call.span);
        }
        call.args = args;
        Ok(Node::Call(call))
    }

    fn aggregate(&mut self, scope: &Scope<'_>, mut node: Box<RawAggregate>) -> Result<Node> {
        let args = self.expand_all(scope, mem::take(&mut node.args))?;
        if let Some(found) = scope.find(&node.name) {
            return self.instantiate(&found, &node.name, Reference::Call(args), node.span);
        }
        node.args = args;
        if let Some(grouping) = &mut node.grouping {
            self.words(scope, &mut grouping.labels, node.span)?;
        }
        Ok(Node::Aggregate(node))
    }

    fn expand_all(&mut self, scope: &Scope<'_>, mut nodes: Vec<Node>) -> Result<Vec<Node>> {
        for node in &mut nodes {
            let taken = mem::replace(node, Node::Parens(Vec::new()));
            *node = self.expand(scope, taken)?;
        }
        Ok(nodes)
    }

    /// Expands a chain of operators from its left end, without a call for each of them.
    fn chain(&mut self, scope: &Scope<'_>, last: Box<RawBinary>) -> Result<Node> {
        let mut operations = vec![last];
        let leftmost = loop {
            let Some(outer) = operations.last_mut() else { break Node::Parens(Vec::new()) };
            match mem::replace(&mut outer.left, Node::Parens(Vec::new())) {
                Node::Binary(inner) => operations.push(inner),
                node => break node,
            }
        };
        let length = u32::try_from(operations.len()).unwrap_or(u32::MAX);
        self.height = self.height.saturating_add(length);
        let result = self.links(scope, leftmost, operations);
        self.height = self.height.saturating_sub(length);
        result
    }

    #[expect(clippy::vec_box, reason = "the boxes are there already, and are kept")]
    fn links(
        &mut self,
        scope: &Scope<'_>,
        leftmost: Node,
        operations: Vec<Box<RawBinary>>,
    ) -> Result<Node> {
        let mut left = self.expand(scope, leftmost)?;
        for mut operation in operations.into_iter().rev() {
            let right = mem::replace(&mut operation.right, Node::Parens(Vec::new()));
            operation.right = self.expand(scope, right)?;
            self.modifiers(scope, &mut operation)?;
            left = match (operation.operator, left, &mut operation.right) {
                // A template for a string may be a sum of templates.
                (
                    Operator::Add,
                    Node::Text(Text::Done(start), from),
                    Node::Text(Text::Done(end), to),
                ) => {
                    self.charge(start.len() + end.len())?;
                    Node::Text(Text::Done(start + end), from.cover(*to))
                }
                (_, left, _) => {
                    operation.left = left;
                    Node::Binary(operation)
                }
            };
        }
        Ok(left)
    }

    fn modifiers(&mut self, scope: &Scope<'_>, operation: &mut RawBinary) -> Result<()> {
        let span = operation.span;
        if let Some(matching) = &mut operation.matching {
            self.words(scope, &mut matching.labels, span)?;
        }
        if let Some(join) = &mut operation.join {
            self.words(scope, &mut join.labels, span)?;
        }
        if let Some(prefix) = operation.prefix.take() {
            let prefix = self.text(scope, prefix)?;
            if let Some(join) = &mut operation.join {
                join.prefix = Some(prefix);
            }
        }
        Ok(())
    }

    fn rollup(&mut self, scope: &Scope<'_>, mut rollup: Box<RawRollup>) -> Result<Node> {
        let expr = mem::replace(&mut rollup.expr, Node::Parens(Vec::new()));
        rollup.expr = self.expand(scope, expr)?;
        for length in [&mut rollup.window, &mut rollup.step, &mut rollup.offset] {
            if let Some(Length::Name(name, span)) = length {
                let duration = self.duration(scope, name, *span)?;
                *length = Some(Length::Done(duration));
            }
        }
        if let Some(at) = rollup.at.take() {
            rollup.at = Some(self.expand(scope, at)?);
        }
        Ok(Node::Rollup(rollup))
    }

    fn duration(&mut self, scope: &Scope<'_>, name: &str, span: Span) -> Result<Duration> {
        let found = scope.find(name).ok_or_else(|| unknown(name, span))?;
        let wrong = || misplaced(name, "a duration", span);
        match self.instantiate(&found, name, Reference::Call(Vec::new()), span)? {
            Node::Duration(duration) => Ok(duration),
            // A number of seconds.
            Node::Number(number) => Duration::parse(number.text()).ok_or_else(wrong),
            _ => Err(wrong()),
        }
    }

    /// Puts together a string.
    fn text(&mut self, scope: &Scope<'_>, text: Text) -> Result<String> {
        let pieces = match text {
            Text::Done(text) => return Ok(text),
            Text::Sum(pieces) => pieces,
        };
        let mut whole = String::new();
        for piece in pieces {
            match piece {
                Piece::Literal(literal) => whole.push_str(&literal),
                Piece::Broken(error) => return Err(*error),
                Piece::Name(name, span) => {
                    let found = scope.find(&name).ok_or_else(|| unknown(&name, span))?;
                    match self.instantiate(&found, &name, Reference::Name, span)? {
                        Node::Text(Text::Done(text), _) => {
                            self.charge(text.len())?;
                            whole.push_str(&text);
                        }
                        _ => return Err(misplaced(&name, "a string", span)),
                    }
                }
            }
        }
        Ok(whole)
    }

    /// Replaces names of templates in a list of labels, and drops those given twice.
    fn words(&mut self, scope: &Scope<'_>, words: &mut Vec<String>, span: Span) -> Result<()> {
        let mut expanded = Vec::with_capacity(words.len());
        let mut seen = std::collections::HashSet::new();
        for word in mem::take(words) {
            match scope.find(&word).filter(|found| found.parameters().is_empty()) {
                None => expanded.push(word),
                Some(found) => {
                    let names = metric_names(found.body()).ok_or_else(|| {
                        misplaced(&word, "an argument that is a list of names", span)
                    })?;
                    self.charge(names.iter().map(|name| name.len() + 1).sum())?;
                    expanded.extend(names);
                }
            }
        }
        expanded.retain(|word| seen.insert(word.clone()));
        *words = expanded;
        Ok(())
    }

    /// Gives what a template stands for in this place.
    fn instantiate(
        &mut self,
        found: &Found<'_>,
        name: &str,
        used: Reference,
        span: Span,
    ) -> Result<Node> {
        let parameters = found.parameters();
        let args = match used {
            Reference::Name if !parameters.is_empty() => return Ok(Node::metric(name)),
            Reference::Name => Vec::new(),
            Reference::Call(args) if args.len() != parameters.len() => {
                let (expected, found) = (parameters.len(), args.len());
                let kind = ErrorKind::TemplateArguments { name: name.to_owned(), expected, found };
                return Err(Error::new(kind, span));
            }
            Reference::Call(args) => args,
        };
        let Some(body) = found.body() else { return Err(unknown(name, span)) };
        self.charge(weight::of(body, self.limits.expansion))?;
        let body = body.clone();
        let scope = found.scope();
        if args.is_empty() {
            return self.expand(&scope, body);
        }
        let scope = scope.with(Bindings::Arguments(parameters, args));
        self.expand(&scope, body)
    }

    fn charge(&mut self, cost: usize) -> Result<()> {
        self.spent = self.spent.saturating_add(cost);
        if self.spent <= self.limits.expansion {
            return Ok(());
        }
        let kind = ErrorKind::Limit { what: "units of WITH expansion", max: self.limits.expansion };
        Err(Error::new(kind, Span::default()))
    }
}

/// Reads a template's body as names of labels: an argument that is a metric name or several.
fn metric_names(body: Option<&Node>) -> Option<Vec<String>> {
    let name = |node: &Node| match node {
        Node::Expanded(selector) if selector.is_only_metric_name() => {
            selector.metric_name().map(str::to_owned)
        }
        _ => None,
    };
    match body? {
        Node::Parens(nodes) => nodes.iter().map(name).collect(),
        node => name(node).map(|name| vec![name]),
    }
}

fn limit(what: &'static str, max: u32) -> Error {
    let max = usize::try_from(max).unwrap_or(usize::MAX);
    Error::new(ErrorKind::Limit { what, max }, Span::default())
}

fn unknown(name: &str, span: Span) -> Error {
    Error::new(ErrorKind::UnknownTemplate { name: name.to_owned() }, span)
}

fn misplaced(name: &str, expected: &'static str, span: Span) -> Error {
    Error::new(ErrorKind::Template { name: name.to_owned(), expected }, span)
}
