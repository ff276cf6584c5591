//! Writes selectors.

use super::Writer;
use crate::FunctionKind;
use crate::expr::{Filter, Selector};
use crate::identifier::push_quoted as push_quoted_name;
use crate::identifier::{can_be_escaped, prints, push_escaped, push_numbered};
use crate::pattern::escape;
use crate::quote::push_quoted;

impl Writer {
    pub(super) fn filter(&mut self, filter: &Filter) {
        self.label(filter.label());
        self.push(filter.operator().as_str());
        push_quoted(&mut self.out, filter.value());
    }

    /// On the wire, what is not ASCII is quoted: which characters are letters depends on the age of
    /// the reader.
    fn label(&mut self, label: &str) {
        if !self.wire || label.is_ascii() {
            push_escaped(&mut self.out, label);
        } else if label.chars().all(prints) || !can_be_escaped(label) {
            push_quoted_name(&mut self.out, label);
        } else {
            push_numbered(&mut self.out, label);
        }
    }

    fn filters(&mut self, filters: &[Filter]) {
        for (index, filter) in filters.iter().enumerate() {
            if index > 0 {
                self.push(",");
            }
            self.filter(filter);
        }
    }

    fn open_brace(&mut self) {
        self.push("{");
        self.indent(self.is_broken());
    }

    fn close_brace(&mut self) {
        self.dedent(self.is_broken());
        self.push("}");
    }

    /// Writes one or-group; a metric name behind the first would be read as a second name, and so
    /// is written as a pattern for the same.
    fn wire_group(&mut self, filters: &[Filter], named: bool) {
        let broken = self.is_broken();
        for (index, filter) in filters.iter().enumerate() {
            if index > 0 {
                self.push(",");
                if broken {
                    self.separate(broken);
                }
            }
            if filter.is_metric_name() && (named || index > 0) {
                self.push("__name__=~");
                push_quoted(&mut self.out, &escape(filter.value()));
            } else {
                self.filter(filter);
            }
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
        let broken = self.is_broken();
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
                    self.open_brace();
                    self.wire_group(rest, named.is_some());
                    self.close_brace();
                }
            }
            groups => {
                self.open_brace();
                for (index, group) in groups.iter().enumerate() {
                    if index > 0 {
                        self.separate(broken);
                        self.push("or ");
                    }
                    self.wire_group(group, false);
                    if group.is_empty() {
                        // Nothing asked for is everything selected.
                        self.push("__name__=~\".*\"");
                    }
                }
                self.close_brace();
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
