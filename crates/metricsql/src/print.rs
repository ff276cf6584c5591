//! Writes expressions: the reference's canonical form, and the form that is safe to send.

use std::fmt;

use crate::expr::{Aggregate, Binary, Call, Expr, Fill, Filter, Rollup, Selector};
use crate::identifier::push_quoted as push_quoted_name;
use crate::identifier::{can_be_escaped, push_escaped, push_numbered};
use crate::operator::Operator;
use crate::quote::push_quoted;

mod lines;
mod selector;

use lines::Lines;

pub(crate) use selector::is_plain_name;

impl fmt::Display for Expr {
    /// Writes the reference's canonical form, byte for byte.
    ///
    /// Where filters with `or` share a metric name this form may select less than the expression
    /// does, and some expressions in it mean something else when they are read again. To send an
    /// expression, use [`wire`](Expr::wire).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut writer = Writer::new(Form::Canonical);
        writer.expr(self);
        f.write_str(&writer.out)
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut writer = Writer::new(Form::Canonical);
        writer.canonical_selector(self);
        f.write_str(&writer.out)
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut writer = Writer::new(Form::Canonical);
        writer.filter(self);
        f.write_str(&writer.out)
    }
}

impl Expr {
    /// Writes the form to send: every or-group is explicit, and reading it gives the expression
    /// again.
    ///
    /// ```
    /// let (expr, _) = ktel_metricsql::parse(r#"{"up",job="a" or __name__="up"}"#)?;
    /// assert_eq!(expr.to_string(), r#"up{job="a"}"#); // as the reference prints it: too little
    /// assert_eq!(expr.wire(), r#"{__name__="up",job="a" or __name__="up"}"#);
    /// # Ok::<(), ktel_metricsql::Error>(())
    /// ```
    #[must_use]
    pub fn wire(&self) -> String {
        let mut writer = Writer::new(Form::Wire);
        writer.expr(self);
        writer.out
    }
}

impl Expr {
    /// Writes the form to send on as many lines as it takes, for people to read.
    ///
    /// ```
    /// let query = "sum(rate(http_requests_total{code=~'5..'}[5m])) by (job) / \
    ///     sum(rate(http_requests_total[5m])) by (job)";
    /// let (expr, _) = ktel_metricsql::parse(query)?;
    /// assert_eq!(
    ///     expr.pretty(),
    ///     r#"sum(rate(http_requests_total{code=~"5.."}[5m])) by(job)
    /// / sum(rate(http_requests_total[5m])) by(job)"#
    /// );
    /// # Ok::<(), ktel_metricsql::Error>(())
    /// ```
    #[must_use]
    pub fn pretty(&self) -> String {
        let mut writer = Writer::new(Form::Lines);
        writer.expr(self);
        writer.out
    }
}

impl Selector {
    /// Writes the form to send; see [`Expr::wire`].
    #[must_use]
    pub fn wire(&self) -> String {
        let mut writer = Writer::new(Form::Wire);
        writer.wire_selector(self);
        writer.out
    }
}

/// What is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// The reference's canonical form.
    Canonical,
    /// The form to send, on one line.
    Wire,
    /// The form to send, on as many lines as it takes.
    Lines,
}

struct Writer {
    out: String,
    /// Whether it must be read as the same expression.
    wire: bool,
    lines: Option<Lines>,
}

impl Writer {
    fn new(form: Form) -> Self {
        let lines = (form == Form::Lines).then(Lines::default);
        Self { out: String::new(), wire: form != Form::Canonical, lines }
    }

    fn push(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn expr(&mut self, expr: &Expr) {
        let (outer, long) = (self.is_broken(), self.is_long(expr));
        self.set_broken(long);
        self.part(expr);
        self.set_broken(outer);
    }

    /// Whether an expression does not fit on a line of its own.
    fn is_long(&self, expr: &Expr) -> bool {
        self.lines.as_ref().is_some_and(|lines| !lines.fits(expr.wire().chars().count()))
    }

    /// Whether the node at hand is broken into lines.
    fn is_broken(&self) -> bool {
        self.lines.as_ref().is_some_and(|lines| lines.broken)
    }

    fn set_broken(&mut self, broken: bool) {
        if let Some(lines) = &mut self.lines {
            lines.broken = broken;
        }
    }

    /// Starts a line one step further in, if the node is broken.
    fn indent(&mut self, broken: bool) {
        self.step(broken, 1);
    }

    /// Starts a line one step further out, if the node is broken.
    fn dedent(&mut self, broken: bool) {
        self.step(broken, -1);
    }

    fn step(&mut self, broken: bool, change: isize) {
        match &mut self.lines {
            Some(lines) if broken => {
                lines.step(change);
                lines.start(&mut self.out);
            }
            _ => {}
        }
    }

    /// Writes a space, or starts a line if the node is broken.
    fn separate(&mut self, broken: bool) {
        match &self.lines {
            Some(lines) if broken => lines.start(&mut self.out),
            _ => self.out.push(' '),
        }
    }

    fn part(&mut self, expr: &Expr) {
        match expr {
            Expr::Number(number) => self.number(number),
            Expr::String(string) => push_quoted(&mut self.out, string.as_str()),
            Expr::Duration(duration) => self.push(duration.text()),
            Expr::Selector(selector) if self.wire => self.wire_selector(selector),
            Expr::Selector(selector) => self.canonical_selector(selector),
            Expr::Rollup(rollup) => self.rollup(rollup),
            Expr::Call(call) => self.call(call),
            Expr::Aggregate(aggregate) => self.aggregate(aggregate),
            Expr::Binary(binary) => self.binary(binary),
        }
    }

    fn number(&mut self, number: &crate::Number) {
        let negative_zero = number.value() == 0.0 && number.value().is_sign_negative();
        let text = match (self.wire, negative_zero) {
            // `-0` would be read as zero minus zero, which is not the same.
            (true, true) => "(0 * -1)",
            (true, false) => number.text().trim_start_matches('+'),
            (false, _) => number.text(),
        };
        self.push(text);
    }

    fn in_parens(&mut self, expr: &Expr, parens: bool) {
        if !parens {
            return self.expr(expr);
        }
        let broken = self.is_long(expr);
        self.push("(");
        self.indent(broken);
        self.expr(expr);
        self.dedent(broken);
        self.push(")");
    }

    fn args(&mut self, args: &[Expr]) {
        let broken = self.is_broken() && !args.is_empty();
        self.push("(");
        self.indent(broken);
        for (index, arg) in args.iter().enumerate() {
            if index > 0 {
                self.push(",");
                self.separate(broken);
            }
            self.expr(arg);
        }
        self.dedent(broken);
        self.push(")");
    }

    fn call(&mut self, call: &Call) {
        // One argument in parentheses would be read as that argument.
        let name = if self.wire && call.args.len() == 1 && call.name.is_empty() {
            "union"
        } else {
            &call.name
        };
        push_escaped(&mut self.out, name);
        self.args(&call.args);
        if call.keep_metric_names {
            self.push(" keep_metric_names");
        }
    }

    fn aggregate(&mut self, aggregate: &Aggregate) {
        push_escaped(&mut self.out, &aggregate.name);
        self.args(&aggregate.args);
        if let Some(grouping) = &aggregate.grouping {
            self.push(if grouping.without { " without" } else { " by" });
            self.words(&grouping.labels, false);
        }
        if let Some(limit) = aggregate.limit {
            self.push(&format!(" limit {limit}"));
        }
    }

    /// Writes labels in parentheses; only a join has a star that is not a label.
    fn words(&mut self, words: &[String], star: bool) {
        self.push("(");
        for (index, word) in words.iter().enumerate() {
            if index > 0 {
                self.push(",");
            }
            if word == "*" && (star && words.len() == 1 || !self.wire) {
                self.push("*");
            } else {
                self.name(word);
            }
        }
        self.push(")");
    }

    /// Writes a name in a list, where a quoted name must start as a word does.
    ///
    /// On the wire, characters beyond ASCII are written by number: which of them are letters depends
    /// on the age of the reader.
    fn name(&mut self, name: &str) {
        if self.wire && !can_be_escaped(name) {
            push_quoted_name(&mut self.out, name);
        } else if self.wire {
            push_numbered(&mut self.out, name);
        } else {
            push_escaped(&mut self.out, name);
        }
    }

    fn rollup(&mut self, rollup: &Rollup) {
        let parens = match &rollup.expr {
            Expr::Rollup(_) | Expr::Binary(_) => true,
            Expr::Aggregate(inner) => {
                inner.grouping.is_some() || self.wire && inner.limit.is_some()
            }
            inner => self.wire && is_signed(inner),
        };
        self.in_parens(&rollup.expr, parens);
        self.window(rollup);
        if let Some(offset) = &rollup.offset {
            self.push(" offset ");
            self.push(offset.text());
        }
        if let Some(at) = &rollup.at {
            self.push(" @ ");
            let parens = match at {
                Expr::Binary(_) => true,
                Expr::Number(_) => self.wire && is_signed(at),
                Expr::Call(call) => self.wire && call.keep_metric_names,
                _ => self.wire,
            };
            self.in_parens(at, parens);
        }
    }

    fn window(&mut self, rollup: &Rollup) {
        let empty = rollup.window.is_none() && rollup.step.is_none() && !rollup.inherit_step;
        if empty {
            // A rollup without anything was written so; the reference forgets it.
            if self.wire && rollup.offset.is_none() && rollup.at.is_none() {
                self.push("[$__interval]");
            }
            return;
        }
        self.push("[");
        if let Some(window) = &rollup.window {
            self.push(window.text());
        }
        if let Some(step) = &rollup.step {
            // `:1h-5m` is cut at the minus, because a name can start with a colon; `: 1h-5m` is not.
            self.push(if self.wire && step.text().contains('-') { ": " } else { ":" });
            self.push(step.text());
        } else if rollup.inherit_step {
            self.push(":");
        }
        self.push("]");
    }

    fn binary(&mut self, binary: &Binary) {
        let broken = self.is_broken();
        if binary.keep_metric_names {
            self.push("(");
        }
        let parens = if self.wire {
            needs_parens_to_be_read(&binary.left, binary.operator)
        } else {
            needs_parens(&binary.left)
        };
        self.in_parens(&binary.left, parens);
        self.separate(broken);
        self.modifiers(binary);
        self.push(" ");
        let parens = needs_parens(&binary.right)
            || match &binary.right {
                Expr::Selector(selector) => selector.metric_name().is_some_and(is_reserved),
                Expr::Call(call) => call.keep_metric_names || binary.keep_metric_names,
                // `a + "b" + c` would be read as a sum of strings, as below.
                Expr::String(_) => self.wire,
                right => self.wire && is_signed(right),
            };
        self.in_parens(&binary.right, parens);
        if binary.keep_metric_names {
            self.push(") keep_metric_names");
        }
    }

    fn modifiers(&mut self, binary: &Binary) {
        self.push(binary.operator.as_str());
        if binary.boolean {
            self.push("bool");
        }
        if let Some(matching) = &binary.matching {
            self.push(if matching.ignoring { " ignoring" } else { " on" });
            self.words(&matching.labels, false);
        }
        if let Some(join) = &binary.join {
            self.push(if join.right { " group_right" } else { " group_left" });
            self.words(&join.labels, true);
            if let Some(prefix) = &join.prefix {
                self.push(" prefix ");
                push_quoted(&mut self.out, prefix);
            }
        }
        if let Some(fill) = &binary.fill {
            self.fill(fill);
        }
    }

    fn fill(&mut self, fill: &Fill) {
        let (word, first, second) = match fill {
            Fill::Both(value) => ("fill", value, None),
            Fill::Left(left) => ("fill_left", left, None),
            Fill::Right(right) => ("fill_right", right, None),
            Fill::Each { left, right } => ("fill_left", left, Some(right)),
        };
        // Only a sign that nobody wrote can be a plus, and it cannot be read here.
        let text = |number: &crate::Number| number.text().trim_start_matches('+').to_owned();
        self.push(&format!(" {word}({})", text(first)));
        if let Some(right) = second {
            self.push(&format!(" fill_right({})", text(right)));
        }
    }
}

/// Whether the reference puts a side of an operator into parentheses.
fn needs_parens(side: &Expr) -> bool {
    match side {
        Expr::Binary(_) => true,
        Expr::Rollup(rollup) => {
            let keeps = matches!(&rollup.expr, Expr::Binary(inner) if inner.keep_metric_names);
            keeps || rollup.offset.is_some() || rollup.at.is_some()
        }
        _ => false,
    }
}

/// Whether a left side must be in parentheses to be read back.
///
/// A chain of a thousand operators has none, and so is not a thousand levels deep.
pub(crate) fn needs_parens_to_be_read(left: &Expr, operator: Operator) -> bool {
    match left {
        Expr::Binary(inner) => {
            let (own, after) = (inner.operator.precedence(), operator.precedence());
            let binds = own > after || own == after && !operator.right_associative();
            !binds && !inner.keep_metric_names
        }
        // `"a" + b` would be read as a sum of strings, one of them a template.
        Expr::String(_) => true,
        left => needs_parens(left) || is_signed(left),
    }
}

/// Whether a number is written with a sign, which binds less than what may follow it.
pub(crate) fn is_signed(expr: &Expr) -> bool {
    matches!(expr, Expr::Number(number) if number.text().starts_with('-'))
}

/// Whether a metric would be read as a modifier of the operator before it.
fn is_reserved(name: &str) -> bool {
    const RESERVED: [&str; 9] = [
        "on",
        "ignoring",
        "group_left",
        "group_right",
        "bool",
        "prefix",
        "fill",
        "fill_left",
        "fill_right",
    ];
    RESERVED.iter().any(|word| name.eq_ignore_ascii_case(word))
}
