//! Forces labels into every selector of an expression.

use crate::error::shown;
use crate::expr::{Aggregate, Binary, Call, Expr, Filter, FilterOperator, Rollup, Selector};

/// A label and what its value may be.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Matcher {
    label: String,
    allowed: Allowed,
}

/// What the value of a label may be.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Allowed {
    /// One of these, sorted.
    Values(Vec<String>),
    /// What this filter matches.
    Pattern(Filter),
}

/// Why labels cannot be forced into an expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// The expression's own filter excludes every value that is forced.
    #[error("the filter `{}` cannot hold together with the enforced {enforced}", shown(filter))]
    Contradiction {
        /// The filter.
        filter: String,
        /// What is enforced.
        enforced: String,
    },
    /// Two of the forced matchers exclude each other.
    #[error("no value of the enforced label `{label}` is allowed by all of its matchers")]
    Matchers {
        /// The label.
        label: String,
    },
    /// A filter that selects by other means than labels.
    #[error("`{}` selects series by other means than their labels", shown(filter))]
    Implicit {
        /// The filter.
        filter: String,
    },
    /// A function that selects series nobody wrote a selector for.
    #[error("the function `{name}` may select series by itself")]
    Function {
        /// The function.
        name: String,
    },
    /// A matcher that forces nothing.
    #[error(
        "a matcher needs a label, and values or an expression that the empty value does not pass"
    )]
    EmptyMatcher,
    /// A matcher whose regular expression cannot be read.
    #[error("invalid regular expression `{}`: {reason}", shown(pattern))]
    Pattern {
        /// The expression.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Matcher {
    /// Makes a matcher for exactly one value.
    ///
    /// # Errors
    ///
    /// Rejects an empty label or value: an empty value selects the series that lack the label.
    pub fn equal(label: impl Into<String>, value: impl Into<String>) -> Result<Self, Violation> {
        Self::one_of(label, [value])
    }

    /// Makes a matcher for any of several values, none of which is read as a regular expression.
    ///
    /// # Errors
    ///
    /// Rejects an empty label, an empty value, and no values at all.
    pub fn one_of<V: Into<String>>(
        label: impl Into<String>,
        values: impl IntoIterator<Item = V>,
    ) -> Result<Self, Violation> {
        let label = label.into();
        let mut values: Vec<String> = values.into_iter().map(Into::into).collect();
        values.sort_unstable();
        values.dedup();
        if values.is_empty() || values.iter().any(String::is_empty) {
            return Err(Violation::EmptyMatcher);
        }
        Self::new(label, Allowed::Values(values))
    }

    /// Makes a matcher for what a regular expression matches as a whole.
    ///
    /// ```
    /// use ktel_metricsql::{Matcher, enforce, parse};
    ///
    /// let team = Matcher::matching("namespace", "team-1-.*")?;
    /// let (expr, _) = parse("up")?;
    /// assert_eq!(enforce(&expr, &[team])?.wire(), r#"up{namespace=~"team-1-.*"}"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// A filter of the query that wants one value is an error if the expression does not match it.
    /// Any other filter on the label stays, and both must hold.
    ///
    /// # Errors
    ///
    /// Rejects an empty label, what is no regular expression, and one that matches the empty value,
    /// which would select the series that lack the label.
    pub fn matching(
        label: impl Into<String>,
        pattern: impl Into<String>,
    ) -> Result<Self, Violation> {
        let (label, pattern) = (label.into(), pattern.into());
        let filter = Filter::new(label.clone(), FilterOperator::Matches, pattern.clone())
            .map_err(|reason| Violation::Pattern { pattern, reason })?;
        if filter.holds("") {
            return Err(Violation::EmptyMatcher);
        }
        Self::new(label, Allowed::Pattern(filter))
    }

    fn new(label: String, allowed: Allowed) -> Result<Self, Violation> {
        match label.as_str() {
            "" => Err(Violation::EmptyMatcher),
            GRAPHITE => Err(Violation::Implicit { filter: label }),
            _ => Ok(Self { label, allowed }),
        }
    }

    /// Gives the label.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Gives the values, sorted; none for a regular expression.
    #[must_use]
    pub fn values(&self) -> &[String] {
        match &self.allowed {
            Allowed::Values(values) => values,
            Allowed::Pattern(_) => &[],
        }
    }

    /// Gives the regular expression, if this is a matcher for one.
    #[must_use]
    pub fn pattern(&self) -> Option<&str> {
        match &self.allowed {
            Allowed::Values(_) => None,
            Allowed::Pattern(filter) => Some(filter.value()),
        }
    }

    /// Whether a label with this value passes.
    #[must_use]
    pub fn allows(&self, value: &str) -> bool {
        match &self.allowed {
            Allowed::Values(values) => {
                values.binary_search_by(|allowed| allowed.as_str().cmp(value)).is_ok()
            }
            Allowed::Pattern(filter) => filter.holds(value),
        }
    }

    /// Makes the filter that is put into selectors.
    fn filter(&self) -> Filter {
        match &self.allowed {
            Allowed::Pattern(filter) => filter.clone(),
            Allowed::Values(values) => match values.as_slice() {
                [value] => Filter::equal(&self.label, value),
                values => Filter::one_of(&self.label, values),
            },
        }
    }

    fn describe(&self) -> String {
        match self.values() {
            [] | [_] => format!("`{}`", self.filter()),
            values => format!("`{}` of {} values", self.label, values.len()),
        }
    }
}

/// The label by which VictoriaMetrics selects with a query of Graphite.
const GRAPHITE: &str = "__graphite__";

/// Functions that select series nobody wrote a selector for. The reference has none of them; they
/// are here for the day it learns them from Prometheus.
const SELECTING_FUNCTIONS: [&str; 1] = ["info"];

/// Forces every matcher into every or-group of every selector.
///
/// The result selects no series that a matcher does not allow, and every other series that the
/// expression selected.
///
/// ```
/// use ktel_metricsql::{Matcher, enforce, parse};
///
/// let (expr, _) = parse("sum(rate(up[5m])) / count({job=\"a\" or job=\"b\"})")?;
/// let enforced = enforce(&expr, &[Matcher::equal("tenant", "me")?])?;
/// assert_eq!(
///     enforced.wire(),
///     "sum(rate(up{tenant=\"me\"}[5m])) / count({job=\"a\",tenant=\"me\" or job=\"b\",tenant=\"me\"})"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Rejects a filter of the expression that no enforced value passes, rather than replace it, and
/// whatever selects series by other means than a selector.
///
/// What a store does not survive is another matter: write what you send with
/// [`Store::query`](crate::Store::query).
pub fn enforce(expr: &Expr, matchers: &[Matcher]) -> Result<Expr, Violation> {
    Enforcer::new(matchers)?.expr(expr)
}

struct Enforcer<'a> {
    matchers: &'a [Matcher],
    filters: Vec<Filter>,
}

impl<'a> Enforcer<'a> {
    fn new(matchers: &'a [Matcher]) -> Result<Self, Violation> {
        let enforcer = Self { matchers, filters: matchers.iter().map(Matcher::filter).collect() };
        for matcher in matchers {
            if enforcer.values(matcher.label()).is_some_and(|mut values| values.next().is_none()) {
                return Err(Violation::Matchers { label: matcher.label().to_owned() });
            }
        }
        Ok(enforcer)
    }

    fn of_label<'s>(&'s self, label: &'s str) -> impl Iterator<Item = &'s Matcher> {
        self.matchers.iter().filter(move |matcher| matcher.label == label)
    }

    /// Gives the values of a label that all of its matchers allow; `None` if they are patterns, and
    /// nobody can list the values.
    fn values<'s>(&'s self, label: &'s str) -> Option<impl Iterator<Item = &'s str>> {
        let listed = self.of_label(label).map(Matcher::values).find(|values| !values.is_empty())?;
        let allowed = move |value: &&str| self.of_label(label).all(|own| own.allows(value));
        Some(listed.iter().map(String::as_str).filter(allowed))
    }

    /// Copies an expression. There is no wildcard here: a new kind of node must be thought about.
    #[deny(clippy::wildcard_enum_match_arm, reason = "a node that is forgotten is a leak")]
    fn expr(&self, expr: &Expr) -> Result<Expr, Violation> {
        match expr {
            Expr::Number(number) => Ok(Expr::Number(number.clone())),
            Expr::String(_) => Ok(expr.clone()),
            Expr::Duration(duration) => Ok(Expr::Duration(duration.clone())),
            Expr::Selector(selector) => self.selector(selector).map(Expr::Selector),
            Expr::Rollup(rollup) => self.rollup(rollup).map(Expr::Rollup),
            Expr::Call(call) => self.call(call).map(Expr::Call),
            Expr::Aggregate(aggregate) => self.aggregate(aggregate).map(Expr::Aggregate),
            Expr::Binary(binary) => self.chain(binary).map(Expr::Binary),
        }
    }

    fn rollup(&self, rollup: &Rollup) -> Result<Box<Rollup>, Violation> {
        let Rollup { expr, window, step, inherit_step, offset, at, place } = rollup;
        Ok(Box::new(Rollup {
            expr: self.expr(expr)?,
            window: window.clone(),
            step: step.clone(),
            inherit_step: *inherit_step,
            offset: offset.clone(),
            at: at.as_ref().map(|at| self.expr(at)).transpose()?,
            place: *place,
        }))
    }

    fn call(&self, call: &Call) -> Result<Box<Call>, Violation> {
        let Call { name, args, keep_metric_names, place } = call;
        if SELECTING_FUNCTIONS.iter().any(|known| name.eq_ignore_ascii_case(known)) {
            return Err(Violation::Function { name: name.clone() });
        }
        let (name, args) = (name.clone(), self.all(args)?);
        Ok(Box::new(Call { name, args, keep_metric_names: *keep_metric_names, place: *place }))
    }

    fn aggregate(&self, aggregate: &Aggregate) -> Result<Box<Aggregate>, Violation> {
        let Aggregate { name, args, grouping, limit, place } = aggregate;
        Ok(Box::new(Aggregate {
            name: name.clone(),
            args: self.all(args)?,
            grouping: grouping.clone(),
            limit: *limit,
            place: *place,
        }))
    }

    /// Copies a chain of operators from its left end, without a call for each of them.
    fn chain(&self, last: &Binary) -> Result<Box<Binary>, Violation> {
        let mut operations = vec![last];
        let mut left = &last.left;
        while let Expr::Binary(inner) = left {
            operations.push(inner);
            left = &inner.left;
        }
        let first = operations.pop().unwrap_or(last);
        let mut copied = self.operation(first, self.expr(&first.left)?)?;
        for operation in operations.into_iter().rev() {
            copied = self.operation(operation, Expr::Binary(copied))?;
        }
        Ok(copied)
    }

    fn operation(&self, operation: &Binary, enforced: Expr) -> Result<Box<Binary>, Violation> {
        let Binary {
            operator,
            boolean,
            matching,
            join,
            fill,
            keep_metric_names,
            left: _,
            right,
            place,
        } = operation;
        Ok(Box::new(Binary {
            operator: *operator,
            boolean: *boolean,
            matching: matching.clone(),
            join: join.clone(),
            fill: fill.clone(),
            keep_metric_names: *keep_metric_names,
            left: enforced,
            right: self.expr(right)?,
            place: *place,
        }))
    }

    fn all(&self, exprs: &[Expr]) -> Result<Vec<Expr>, Violation> {
        exprs.iter().map(|expr| self.expr(expr)).collect()
    }

    fn selector(&self, selector: &Selector) -> Result<Selector, Violation> {
        let mut groups = selector.groups().to_vec();
        if groups.is_empty() {
            // `{}` selects everything; now it selects what is allowed.
            groups.push(Vec::new());
        }
        for group in &mut groups {
            self.check(group)?;
            group.extend(self.filters.iter().cloned());
        }
        Ok(Selector::new(groups).at(selector.place()))
    }

    /// Rejects filters that exclude every allowed value together, or select by other means.
    fn check(&self, group: &[Filter]) -> Result<(), Violation> {
        if let Some(filter) = group.iter().find(|filter| filter.label() == GRAPHITE) {
            return Err(Violation::Implicit { filter: filter.to_string() });
        }
        for matcher in self.matchers {
            let own = |filter: &&Filter| filter.label() == matcher.label();
            let passes = |value: &str| group.iter().filter(own).all(|filter| filter.holds(value));
            let possible = match self.values(matcher.label()) {
                Some(mut values) => values.any(passes),
                // Only a filter for one value tells which value it would be.
                None => group
                    .iter()
                    .filter(own)
                    .filter(|filter| filter.operator() == FilterOperator::Equal)
                    .all(|filter| matcher.allows(filter.value()) && passes(filter.value())),
            };
            if possible {
                continue;
            }
            let filters: Vec<String> = group.iter().filter(own).map(ToString::to_string).collect();
            let (filter, enforced) = (filters.join(","), matcher.describe());
            return Err(Violation::Contradiction { filter, enforced });
        }
        Ok(())
    }
}
