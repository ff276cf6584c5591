//! Reads selectors: `metric{label="value" or other=~"pattern"}`.

use super::{Parser, Result};
use crate::expr::FilterOperator;
use crate::identifier;
use crate::operator::Operator;
use crate::syntax::{Node, RawFilter, RawSelector, Text};
use crate::token::{Kind, without_quotes};

impl Parser<'_> {
    pub(super) fn selector(&mut self) -> Result<Node> {
        let span = self.token().span;
        let mut name = None;
        if self.kind() == Kind::Word {
            let value = Text::Done(identifier::unescape(self.text()));
            let label = crate::expr::METRIC_NAME.to_owned();
            let value = Some((FilterOperator::Equal, value));
            name = Some(RawFilter { label, value, quoted: false, span });
            self.advance();
        }
        let groups = if self.accept(Kind::BraceOpen) {
            self.groups(name)?
        } else {
            name.map(|name| vec![vec![name]]).unwrap_or_default()
        };
        let place = self.place_from(span.start);
        Ok(Node::Selector(Box::new(RawSelector { groups, span, place })))
    }

    fn groups(&mut self, name: Option<RawFilter>) -> Result<Vec<Vec<RawFilter>>> {
        if self.accept(Kind::BraceClose) {
            return Ok(name.map(|name| vec![vec![name]]).unwrap_or_default());
        }
        let mut groups = Vec::new();
        loop {
            let mut group: Vec<RawFilter> = name.iter().cloned().collect();
            loop {
                group.push(self.filter()?);
                if self.accept(Kind::Comma) {
                    if self.kind() == Kind::BraceClose {
                        break;
                    }
                } else if self.kind() == Kind::BraceClose || self.is_word("or") {
                    break;
                } else {
                    return Err(self.unexpected("`,`, `or` or `}`"));
                }
            }
            groups.push(group);
            if self.accept(Kind::BraceClose) {
                return Ok(groups);
            }
            self.advance();
        }
    }

    fn filter(&mut self) -> Result<RawFilter> {
        let span = self.token().span;
        let quoted = matches!(self.kind(), Kind::Quoted | Kind::Typographic);
        let text = match self.kind() {
            Kind::Word => self.text(),
            _ if quoted => without_quotes(self.text()),
            _ => return Err(self.unexpected("a label")),
        };
        let label = identifier::unescape(text);
        self.advance();
        let operator = match self.kind() {
            Kind::Assign => FilterOperator::Equal,
            Kind::Operator(Operator::NotEqual) => FilterOperator::NotEqual,
            Kind::Matches => FilterOperator::Matches,
            Kind::MatchesNot => FilterOperator::NotMatches,
            // A template, or a quoted metric name.
            Kind::Comma | Kind::BraceClose => {
                return Ok(RawFilter { label, value: None, quoted, span });
            }
            Kind::Word if self.is_word("or") => {
                return Ok(RawFilter { label, value: None, quoted, span });
            }
            _ => return Err(self.unexpected("`=`, `!=`, `=~`, `!~`, `,`, `or` or `}`")),
        };
        self.advance();
        let value = Some((operator, self.sum_of_strings()?));
        Ok(RawFilter { label, value, quoted, span })
    }
}
