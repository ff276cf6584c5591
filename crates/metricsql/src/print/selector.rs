//! Writes selectors.

use super::Writer;
use crate::FunctionKind;
use crate::expr::{Filter, Selector};
use crate::identifier::push_escaped;
use crate::quote::push_quoted;

impl Writer {
    pub(super) fn filter(&mut self, filter: &Filter) {
        self.name(filter.label());
        self.push(filter.operator().as_str());
        push_quoted(&mut self.out, filter.value());
    }

    fn filters(&mut self, filters: &[Filter]) {
        for (index, filter) in filters.iter().enumerate() {
            if index > 0 {
                self.push(",");
            }
            self.filter(filter);
        }
    }

    /// Writes as the reference does, which loses or-groups that have nothing but a metric name.
    pub(super) fn canonical_selector(&mut self, selector: &Selector) {
        let name = selector.metric_name().filter(|name| !name.is_empty());
        if let Some(name) = name {
            push_escaped(&mut self.out, name);
            if selector.is_only_metric_name() {
                return;
            }
        }
        let skipped = usize::from(name.is_some());
        let rest = |group: &Vec<Filter>| group.get(skipped..).unwrap_or_default().to_vec();
        let groups: Vec<Vec<Filter>> = selector.groups().iter().map(rest).collect();
        self.push("{");
        for (index, group) in groups.iter().enumerate() {
            self.filters(group);
            let next_is_written = groups.get(index + 1).is_some_and(|next| !next.is_empty());
            if !group.is_empty() && next_is_written {
                self.push(" or ");
            }
        }
        self.push("}");
    }

    /// Writes every or-group with its own metric name.
    pub(super) fn wire_selector(&mut self, selector: &Selector) {
        match selector.groups() {
            [] => self.push("{}"),
            [group] if group.is_empty() => self.push("{}"),
            [group] => {
                let named = group
                    .first()
                    .filter(|filter| filter.is_metric_name() && is_plain_name(filter.value()));
                let rest = match named {
                    Some(name) => {
                        self.push(name.value());
                        group.get(1..).unwrap_or_default()
                    }
                    None => group,
                };
                if named.is_none() || !rest.is_empty() {
                    self.push("{");
                    self.filters(rest);
                    self.push("}");
                }
            }
            groups => {
                self.push("{");
                for (index, group) in groups.iter().enumerate() {
                    if index > 0 {
                        self.push(" or ");
                    }
                    self.filters(group);
                    if group.is_empty() {
                        // Nothing asked for is everything selected.
                        self.push("__name__=~\".*\"");
                    }
                }
                self.push("}");
            }
        }
    }
}

/// Whether a metric name can be written alone anywhere, and cannot be taken for a word.
pub(crate) fn is_plain_name(name: &str) -> bool {
    let first = name.bytes().next().unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':');
    (first.is_ascii_alphabetic() || first == b'_')
        && name.bytes().all(plain)
        && !WORDS.iter().any(|word| name.eq_ignore_ascii_case(word))
        // `sum or x` is read as a broken aggregate.
        && crate::function(name).is_none_or(|known| known.kind != FunctionKind::Aggregate)
}

/// Words that mean something in some place.
const WORDS: [&str; 25] = [
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
    "inf",
    "keep_metric_names",
    "limit",
    "nan",
    "offset",
    "on",
    "or",
    "prefix",
    "unless",
    "with",
    "without",
    "alias",
];
