//! Forces labels into every selector of an expression.

use crate::expr::{Aggregate, Binary, Call, Expr, Filter, FilterOperator, Rollup, Selector};

/// A label and the values it must have one of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matcher {
    label: String,
    values: Vec<String>,
}

/// Why labels cannot be forced into an expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// The expression's own filter excludes every value that is forced.
    #[error("the filter `{filter}` cannot hold together with the enforced {enforced}")]
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
    #[error("`{filter}` selects series by other means than their labels")]
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
    #[error("a matcher needs a label and values that are not empty")]
    EmptyMatcher,
}

impl Matcher {
    /// Makes a matcher for exactly one value.
    ///
    /// # Errors
    ///
    /// Refuses an empty label or value: an empty value selects the series that lack the label.
    pub fn equal(label: impl Into<String>, value: impl Into<String>) -> Result<Self, Violation> {
        Self::one_of(label, [value])
    }

    /// Makes a matcher for any of several values, none of which is read as a regular expression.
    ///
    /// # Errors
    ///
    /// Refuses an empty label, an empty value, and no values at all.
    pub fn one_of<V: Into<String>>(
        label: impl Into<String>,
        values: impl IntoIterator<Item = V>,
    ) -> Result<Self, Violation> {
        let label = label.into();
        let mut values: Vec<String> = values.into_iter().map(Into::into).collect();
        values.sort_unstable();
        values.dedup();
        if label.is_empty() || values.is_empty() || values.iter().any(String::is_empty) {
            return Err(Violation::EmptyMatcher);
        }
        Ok(Self { label, values })
    }

    /// Gives the label.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Gives the values, sorted.
    #[must_use]
    pub fn values(&self) -> &[String] {
        &self.values
    }

    /// Whether a label with this value passes.
    #[must_use]
    pub fn allows(&self, value: &str) -> bool {
        self.values.binary_search_by(|allowed| allowed.as_str().cmp(value)).is_ok()
    }

    /// Makes the filter that is put into selectors.
    fn filter(&self) -> Result<Filter, Violation> {
        match self.values.as_slice() {
            [value] => Ok(Filter::equal(&self.label, value)),
            values => {
                let escaped: Vec<String> = values.iter().map(|value| escape(value)).collect();
                Filter::new(&self.label, FilterOperator::Matches, escaped.join("|"))
                    .map_err(|_| Violation::Implicit { filter: self.describe() })
            }
        }
    }

    fn describe(&self) -> String {
        match self.values.as_slice() {
            [value] => format!("`{}`", Filter::equal(&self.label, value)),
            values => format!("`{}` of {} values", self.label, values.len()),
        }
    }
}

/// Escapes what means something in a regular expression, by RE2's rules.
fn escape(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for c in value.chars() {
        if r"\.+*?()|[]{}^$".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
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
/// Refuses a filter of the expression that no enforced value passes, rather than replace it, and
/// whatever selects series by other means than a selector.
pub fn enforce(expr: &Expr, matchers: &[Matcher]) -> Result<Expr, Violation> {
    Enforcer::new(matchers)?.expr(expr)
}

struct Enforcer<'a> {
    matchers: &'a [Matcher],
    filters: Vec<Filter>,
}

impl<'a> Enforcer<'a> {
    fn new(matchers: &'a [Matcher]) -> Result<Self, Violation> {
        let enforcer = Self {
            matchers,
            filters: matchers.iter().map(Matcher::filter).collect::<Result<_, _>>()?,
        };
        for matcher in matchers {
            if enforcer.allowed(matcher.label()).next().is_none() {
                return Err(Violation::Matchers { label: matcher.label().to_owned() });
            }
        }
        Ok(enforcer)
    }

    /// Gives the values of a label that all of its matchers allow.
    fn allowed<'s>(&'s self, label: &'s str) -> impl Iterator<Item = &'s str> {
        let own = move |matcher: &&Matcher| matcher.label == label;
        let values = self.matchers.iter().find(own).map(Matcher::values).unwrap_or_default();
        values
            .iter()
            .map(String::as_str)
            .filter(move |value| self.matchers.iter().filter(own).all(|m| m.allows(value)))
    }

    /// Copies an expression. There is no wildcard here: a new kind of node must be thought about.
    fn expr(&self, expr: &Expr) -> Result<Expr, Violation> {
        Ok(match expr {
            Expr::Number(number) => Expr::Number(number.clone()),
            Expr::String(text) => Expr::String(text.clone()),
            Expr::Duration(duration) => Expr::Duration(duration.clone()),
            Expr::Selector(selector) => Expr::Selector(self.selector(selector)?),
            Expr::Rollup(rollup) => {
                let Rollup { expr, window, step, inherit_step, offset, at } = rollup.as_ref();
                Expr::Rollup(Box::new(Rollup {
                    expr: self.expr(expr)?,
                    window: window.clone(),
                    step: step.clone(),
                    inherit_step: *inherit_step,
                    offset: offset.clone(),
                    at: at.as_ref().map(|at| self.expr(at)).transpose()?,
                }))
            }
            Expr::Call(call) => {
                let Call { name, args, keep_metric_names } = call.as_ref();
                if SELECTING_FUNCTIONS.iter().any(|known| name.eq_ignore_ascii_case(known)) {
                    return Err(Violation::Function { name: name.clone() });
                }
                let (name, args) = (name.clone(), self.all(args)?);
                let keep_metric_names = *keep_metric_names;
                Expr::Call(Box::new(Call { name, args, keep_metric_names }))
            }
            Expr::Aggregate(aggregate) => {
                let Aggregate { name, args, grouping, limit } = aggregate.as_ref();
                Expr::Aggregate(Box::new(Aggregate {
                    name: name.clone(),
                    args: self.all(args)?,
                    grouping: grouping.clone(),
                    limit: *limit,
                }))
            }
            Expr::Binary(binary) => {
                let Binary { operator, boolean, matching, join, keep_metric_names, left, right } =
                    binary.as_ref();
                Expr::Binary(Box::new(Binary {
                    operator: *operator,
                    boolean: *boolean,
                    matching: matching.clone(),
                    join: join.clone(),
                    keep_metric_names: *keep_metric_names,
                    left: self.expr(left)?,
                    right: self.expr(right)?,
                }))
            }
        })
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
        Ok(Selector::new(groups))
    }

    /// Refuses filters that exclude every allowed value together, or select by other means.
    fn check(&self, group: &[Filter]) -> Result<(), Violation> {
        if let Some(filter) = group.iter().find(|filter| filter.label() == GRAPHITE) {
            return Err(Violation::Implicit { filter: filter.to_string() });
        }
        for matcher in self.matchers {
            let own = |filter: &&Filter| filter.label() == matcher.label();
            let passes = |value: &str| group.iter().filter(own).all(|filter| filter.holds(value));
            if self.allowed(matcher.label()).any(passes) {
                continue;
            }
            let filters: Vec<String> = group.iter().filter(own).map(ToString::to_string).collect();
            let (filter, enforced) = (filters.join(","), matcher.describe());
            return Err(Violation::Contradiction { filter, enforced });
        }
        Ok(())
    }
}
