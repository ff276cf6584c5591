//! Selectors: which series a query looks at.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash, Hasher};

use crate::pattern::{Pattern, escape};
use crate::span::Place;

/// The label that holds the name of a metric.
pub(crate) const METRIC_NAME: &str = "__name__";

/// Series by their labels: or-groups of filters that must all hold.
///
/// In every group the filter for the metric name comes first. No groups at all, or a group without
/// filters, select everything.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Selector {
    groups: Vec<Vec<Filter>>,
    place: Place,
}

/// A filter on one label.
#[derive(Debug, Clone)]
pub struct Filter {
    label: String,
    operator: FilterOperator,
    value: String,
    pattern: Option<Pattern>,
}

/// How a filter compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FilterOperator {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`
    Matches,
    /// `!~`
    NotMatches,
}

impl FilterOperator {
    /// Gives the operator as it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Matches => "=~",
            Self::NotMatches => "!~",
        }
    }

    /// Whether the value is a regular expression.
    #[must_use]
    pub fn is_pattern(self) -> bool {
        matches!(self, Self::Matches | Self::NotMatches)
    }
}

/// The labels of a series, the metric name under `__name__`.
pub trait Labels {
    /// Gives the value of a label, `None` or empty where the series lacks it.
    fn value(&self, label: &str) -> Option<&str>;
}

impl<V: AsRef<str>> Labels for BTreeMap<String, V> {
    fn value(&self, label: &str) -> Option<&str> {
        self.get(label).map(AsRef::as_ref)
    }
}

impl<V: AsRef<str>, S: BuildHasher> Labels for HashMap<String, V, S> {
    fn value(&self, label: &str) -> Option<&str> {
        self.get(label).map(AsRef::as_ref)
    }
}

impl<K: AsRef<str>, V: AsRef<str>> Labels for [(K, V)] {
    fn value(&self, label: &str) -> Option<&str> {
        let pair = self.iter().find(|(name, _)| name.as_ref() == label);
        pair.map(|(_, value)| value.as_ref())
    }
}

impl<K: AsRef<str>, V: AsRef<str>> Labels for Vec<(K, V)> {
    fn value(&self, label: &str) -> Option<&str> {
        self.as_slice().value(label)
    }
}

impl<K: AsRef<str>, V: AsRef<str>, const N: usize> Labels for [(K, V); N] {
    fn value(&self, label: &str) -> Option<&str> {
        self.as_slice().value(label)
    }
}

impl Selector {
    pub(crate) fn into_groups(self) -> Vec<Vec<Filter>> {
        self.groups
    }

    /// Makes a selector; filters given twice in a group are dropped, and the name comes first.
    #[must_use]
    pub fn new(mut groups: Vec<Vec<Filter>>) -> Self {
        for group in &mut groups {
            if group.iter().skip(1).any(Filter::is_metric_name) {
                group.sort_by_key(|filter| !filter.is_metric_name());
            }
            deduplicate(group);
        }
        Self { groups, place: Place::default() }
    }

    /// Makes the selector of one metric.
    #[must_use]
    pub fn metric(name: impl Into<String>) -> Self {
        Self { groups: vec![vec![Filter::metric_name(name)]], place: Place::default() }
    }

    /// Gives where the selector stands.
    #[must_use]
    pub fn place(&self) -> Place {
        self.place
    }

    pub(crate) fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }

    /// Gives the or-groups.
    #[must_use]
    pub fn groups(&self) -> &[Vec<Filter>] {
        &self.groups
    }

    /// Gives the metric name that every or-group asks for.
    #[must_use]
    pub fn metric_name(&self) -> Option<&str> {
        let mut names = self.groups.iter().map(|group| {
            let first = group.first().filter(|filter| filter.is_metric_name())?;
            Some(first.value.as_str())
        });
        let name = names.next()??;
        names.all(|other| other == Some(name)).then_some(name)
    }

    /// Whether there is nothing but one metric name.
    pub(crate) fn is_only_metric_name(&self) -> bool {
        self.metric_name().is_some_and(|name| !name.is_empty())
            && self.groups.iter().all(|group| group.len() == 1)
    }

    /// Whether the selector selects a series with these labels.
    ///
    /// A label that is missing has the empty value. Regular expressions match the whole value.
    ///
    /// ```
    /// use ktel_metricsql::{Expr, parse};
    ///
    /// let (expr, _) = parse(r#"up{job=~"node|api", env!="test"}"#)?;
    /// let Expr::Selector(selector) = expr else { panic!("a bare selector") };
    /// assert!(selector.matches(&[("__name__", "up"), ("job", "api")]));
    /// assert!(!selector.matches(&[("__name__", "up"), ("job", "apis")]));
    /// # Ok::<(), ktel_metricsql::Error>(())
    /// ```
    #[must_use]
    pub fn matches<L: Labels + ?Sized>(&self, labels: &L) -> bool {
        let holds = |group: &Vec<Filter>| {
            group.iter().all(|filter| filter.holds(labels.value(&filter.label).unwrap_or_default()))
        };
        self.groups.is_empty() || self.groups.iter().any(holds)
    }
}

impl Filter {
    /// Makes a filter that wants a label to have exactly this value.
    #[must_use]
    pub fn equal(label: impl Into<String>, value: impl Into<String>) -> Self {
        let operator = FilterOperator::Equal;
        Self { label: label.into(), operator, value: value.into(), pattern: None }
    }

    /// Makes a filter of any kind.
    ///
    /// # Errors
    ///
    /// Says why `value` is not a regular expression, where the operator wants one.
    pub fn new(
        label: impl Into<String>,
        operator: FilterOperator,
        value: impl Into<String>,
    ) -> Result<Self, String> {
        let value = value.into();
        let mut states = crate::Limits::default().pattern_states;
        Self::with_limit(label.into(), operator, value, &mut states)
    }

    pub(crate) fn with_limit(
        label: String,
        operator: FilterOperator,
        value: String,
        states: &mut usize,
    ) -> Result<Self, String> {
        let pattern = operator.is_pattern().then(|| Pattern::new(&value, states)).transpose()?;
        Ok(Self { label, operator, value, pattern })
    }

    /// Makes a filter that wants a label to have one of these values, none of which is read as a regular expression. An empty
    /// value stands for series without the label.
    ///
    /// ```
    /// use ktel_metricsql::{Filter, Selector};
    ///
    /// let filter = Filter::one_of("job", &["a.b".to_owned(), "c|d".to_owned()]);
    /// assert_eq!(Selector::new(vec![vec![filter]]).to_string(), r#"{job=~"a\\.b|c\\|d"}"#);
    /// ```
    #[must_use]
    pub fn one_of(label: impl Into<String>, values: &[String]) -> Self {
        Self::literals(label.into(), FilterOperator::Matches, values)
    }

    /// Makes a filter that wants a label to have none of these values, none of which is read as a regular expression. Series
    /// without the label pass, unless a value is empty.
    ///
    /// ```
    /// use ktel_metricsql::{Filter, Selector};
    ///
    /// let filter = Filter::none_of("job", &["a".to_owned(), ".*".to_owned()]);
    /// assert!(filter.holds("") && filter.holds("b") && !filter.holds(".*"));
    /// assert_eq!(Selector::new(vec![vec![filter]]).to_string(), r#"{job!~"a|\\.\\*"}"#);
    /// ```
    #[must_use]
    pub fn none_of(label: impl Into<String>, values: &[String]) -> Self {
        Self::literals(label.into(), FilterOperator::NotMatches, values)
    }

    fn literals(label: String, operator: FilterOperator, values: &[String]) -> Self {
        let escaped: Vec<String> = values.iter().map(|value| escape(value)).collect();
        let pattern = Some(Pattern::of_literals(values));
        Self { label, operator, value: escaped.join("|"), pattern }
    }

    pub(crate) fn metric_name(name: impl Into<String>) -> Self {
        Self::equal(METRIC_NAME, name)
    }

    /// Gives the label.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Gives the operator.
    #[must_use]
    pub fn operator(&self) -> FilterOperator {
        self.operator
    }

    /// Gives the value, or the regular expression as it was written.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Gives what a printer writes as names: the label, and a metric name.
    pub(crate) fn names(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.label).chain(self.is_metric_name().then_some(&self.value))
    }

    /// Whether the filter wants exactly one metric name.
    pub(crate) fn is_metric_name(&self) -> bool {
        self.operator == FilterOperator::Equal && self.label == METRIC_NAME
    }

    /// Whether a label with this value passes.
    #[must_use]
    pub fn holds(&self, value: &str) -> bool {
        let matches = || self.pattern.as_ref().is_some_and(|pattern| pattern.matches(value));
        match self.operator {
            FilterOperator::Equal => self.value == value,
            FilterOperator::NotEqual => self.value != value,
            FilterOperator::Matches => matches(),
            // VictoriaMetrics reads `!~".*"` as `!~".+"`: only series without the label pass.
            FilterOperator::NotMatches if self.value == ".*" => value.is_empty(),
            FilterOperator::NotMatches => !matches(),
        }
    }
}

/// Two filters are equal when they are written the same.
impl PartialEq for Filter {
    fn eq(&self, other: &Self) -> bool {
        self.operator == other.operator && self.label == other.label && self.value == other.value
    }
}

impl Eq for Filter {}

impl Hash for Filter {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.label, self.operator, &self.value).hash(state);
    }
}

/// Drops filters that are there already; short lists are the rule, long ones must not cost squares.
pub(crate) fn deduplicate(filters: &mut Vec<Filter>) {
    const SHORT: usize = 16;
    if filters.len() > SHORT {
        let mut seen = std::collections::HashSet::with_capacity(filters.len());
        let key = filters.iter().map(|one| (&one.label, one.operator, &one.value));
        let new: Vec<bool> = key.map(|key| seen.insert(key)).collect();
        let mut new = new.into_iter();
        filters.retain(|_| new.next().unwrap_or(true));
        return;
    }
    let mut kept = 0;
    for index in 0..filters.len() {
        let (before, rest) = filters.split_at(index);
        let known =
            rest.first().is_some_and(|filter| before.iter().take(kept).any(|k| k == filter));
        if !known {
            filters.swap(kept, index);
            kept += 1;
        }
    }
    filters.truncate(kept);
}
