//! Binary operators: how they are written, bound and computed.

use std::fmt;

mod exact;

/// A binary operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each is its own name")]
pub enum Operator {
    Default,
    If,
    IfNot,
    Or,
    And,
    Unless,
    Equal,
    NotEqual,
    Less,
    Greater,
    LessEqual,
    GreaterEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Atan2,
    Power,
}

impl Operator {
    /// Every operator, the loosest first.
    pub const ALL: [Self; 19] = [
        Self::Default,
        Self::If,
        Self::IfNot,
        Self::Or,
        Self::And,
        Self::Unless,
        Self::Equal,
        Self::NotEqual,
        Self::Less,
        Self::Greater,
        Self::LessEqual,
        Self::GreaterEqual,
        Self::Add,
        Self::Subtract,
        Self::Multiply,
        Self::Divide,
        Self::Modulo,
        Self::Atan2,
        Self::Power,
    ];

    /// Gives the operator as it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::If => "if",
            Self::IfNot => "ifnot",
            Self::Or => "or",
            Self::And => "and",
            Self::Unless => "unless",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::Greater => ">",
            Self::LessEqual => "<=",
            Self::GreaterEqual => ">=",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
            Self::Atan2 => "atan2",
            Self::Power => "^",
        }
    }

    /// Reads an operator that is written as a word.
    pub(crate) fn of_word(word: &str) -> Option<Self> {
        const WORDS: [Operator; 7] = [
            Operator::Or,
            Operator::And,
            Operator::Unless,
            Operator::If,
            Operator::IfNot,
            Operator::Default,
            Operator::Atan2,
        ];
        if !(2..=7).contains(&word.len()) {
            return None;
        }
        WORDS.into_iter().find(|operator| word.eq_ignore_ascii_case(operator.as_str()))
    }

    /// Gives how tightly the operator binds.
    #[must_use]
    pub fn precedence(self) -> u8 {
        match self {
            Self::Default => 0,
            Self::If | Self::IfNot => 1,
            Self::Or => 2,
            Self::And | Self::Unless => 3,
            _ if self.compares() => 4,
            Self::Add | Self::Subtract => 5,
            Self::Power => 7,
            _ => 6,
        }
    }

    /// Whether `a op b op c` is `a op (b op c)`.
    #[must_use]
    pub fn right_associative(self) -> bool {
        self == Self::Power
    }

    /// Whether the operator compares, and so takes `bool`.
    #[must_use]
    pub fn compares(self) -> bool {
        matches!(
            self,
            Self::Equal
                | Self::NotEqual
                | Self::Less
                | Self::Greater
                | Self::LessEqual
                | Self::GreaterEqual
        )
    }

    /// Whether the operator works on sets of series, and so takes no `group_left`.
    #[must_use]
    pub fn is_set(self) -> bool {
        matches!(self, Self::And | Self::Or | Self::Unless)
    }

    /// Whether the operator chooses between series, and so takes no `fill`.
    pub(crate) fn is_logical(self) -> bool {
        self.is_set() || matches!(self, Self::If | Self::IfNot | Self::Default)
    }

    /// Computes the operator for two numbers; with `boolean`, a comparison gives 0 or 1.
    #[must_use]
    pub fn evaluate(self, left: f64, right: f64, boolean: bool) -> f64 {
        let keep = |holds: bool| match (boolean, holds) {
            (true, _) => f64::from(u8::from(holds)),
            (false, true) => left,
            (false, false) => f64::NAN,
        };
        let equal = left == right || left.is_nan() && right.is_nan();
        match self {
            Self::Equal => keep(equal),
            Self::NotEqual => keep(!equal),
            Self::Less => keep(left < right),
            Self::Greater => keep(left > right),
            Self::LessEqual => keep(left <= right),
            Self::GreaterEqual => keep(left >= right),
            Self::Add => left + right,
            Self::Subtract => left - right,
            Self::Multiply => left * right,
            Self::Divide => left / right,
            Self::Modulo => left % right,
            Self::Atan2 => exact::atan2(left, right),
            Self::Power if left.is_nan() => f64::NAN,
            Self::Power => exact::power(left, right),
            Self::And if right.is_nan() => f64::NAN,
            Self::And => left,
            Self::Or | Self::Default if left.is_nan() => right,
            Self::Or | Self::Default => left,
            Self::If if right.is_nan() => f64::NAN,
            Self::IfNot if !right.is_nan() => f64::NAN,
            Self::If | Self::IfNot => left,
            Self::Unless => f64::NAN,
        }
    }

    /// Compares two strings; `None` for an operator that does not compare.
    pub(crate) fn compare(self, left: &str, right: &str) -> Option<bool> {
        match self {
            Self::Equal => Some(left == right),
            Self::NotEqual => Some(left != right),
            Self::Less => Some(left < right),
            Self::Greater => Some(left > right),
            Self::LessEqual => Some(left <= right),
            Self::GreaterEqual => Some(left >= right),
            _ => None,
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_powers_round_as_go_rounds_them() {
        let table: [(f64, f64, f64); 9] = [
            (2.0, 10.0, 1024.0),
            (-3.0, 3.0, -27.0),
            (10.0, -3.0, 0.001),
            (1.1, 100.0, 13780.612339822364),
            (2.0, 1023.0, 8.98846567431158e307),
            (2.0, 1024.0, f64::INFINITY),
            (2.0, -1074.0, 5e-324),
            (2.0, -1080.0, 0.0),
            (0.0, 2.0, 0.0),
        ];
        for (base, exponent, expected) in table {
            let result = Operator::Power.evaluate(base, exponent, false);
            assert_eq!(result.to_bits(), expected.to_bits(), "{base}^{exponent}: {result}");
        }
    }

    #[test]
    fn every_operator_is_read_back_from_what_it_prints() {
        for operator in Operator::ALL {
            let word = operator.as_str();
            if word.starts_with(|c: char| c.is_ascii_alphabetic()) {
                assert_eq!(Operator::of_word(&word.to_uppercase()), Some(operator));
            }
        }
    }
}
