//! Limits stand in `limits.rs` of their crate, each with a reason, and one name means one value.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use syn::{BinOp, Expr, Lit};

use super::metadata;
use super::source::{Crate, Module, Token};

#[cfg(test)]
mod tests;

/// Words at the end of a name that say it is a bound; they may be the whole name too.
const BOUNDS: [&str; 4] = ["MAX", "MIN", "LIMIT", "LIMITS"];

/// Words at the end of a name that say how long, how often or how much: a bound in other words.
const WAITS: [&str; 7] = ["EVERY", "WITHIN", "TIMEOUT", "TIMES", "TRIED", "SHOWN", "DEEP"];
/// Its waits only end tests that hang. They stand beside the program that is waited for.
const TESTKIT: &str = "crates/testkit";

/// A constant and where it stands.
#[derive(Debug, PartialEq, Eq)]
struct Constant {
    file: PathBuf,
    name: String,
    value: String,
}

/// Finds limits outside `limits.rs`, and names with two values.
pub(crate) fn run(root: &Path) -> anyhow::Result<Vec<String>> {
    let all = all_constants(root)?;
    let mut findings = elsewhere(&all);
    findings.extend(differing(&all));
    Ok(findings)
}

fn all_constants(root: &Path) -> anyhow::Result<Vec<Constant>> {
    let mut all = Vec::new();
    for first in metadata::targets(root)? {
        let is_source = first.starts_with("crates") && first.iter().nth(2) == Some("src".as_ref());
        if is_source {
            let read = |file: &Path| std::fs::read_to_string(root.join(file));
            let it = Crate::read(&first, &read)?;
            for module in &it.modules {
                all.extend(constants(&it.files[module.file], module));
            }
        }
    }
    Ok(all)
}

fn is_limits(file: &Path) -> bool {
    file.file_name() == Some("limits.rs".as_ref())
}

fn is_bound(it: &Constant) -> bool {
    let name = it.name.as_str();
    let last = name.rsplit('_').next().unwrap_or(name);
    let is_text = it.value.starts_with('"');
    let is_wait = WAITS.contains(&last) && !is_text && !it.file.starts_with(TESTKIT);
    is_wait || BOUNDS.contains(&last) || name.starts_with("MAX_") || name.starts_with("MIN_")
}

/// Finds limits that stand outside `limits.rs`.
fn elsewhere(all: &[Constant]) -> Vec<String> {
    all.iter()
        .filter(|it| is_bound(it) && !is_limits(&it.file))
        .map(|it| {
            format!(
                "{}: `{}` is a limit; move it to limits.rs of its crate and say why it has this value. \
                 A fact of somebody's format is no limit: name it after the format",
                it.file.display(),
                it.name
            )
        })
        .collect()
}

/// Finds limits of one name with different values.
fn differing(all: &[Constant]) -> Vec<String> {
    let mut by_name: BTreeMap<&str, Vec<&Constant>> = BTreeMap::new();
    for it in all.iter().filter(|it| is_limits(&it.file)) {
        by_name.entry(&it.name).or_default().push(it);
    }
    by_name
        .into_iter()
        .filter(|(_, many)| many.iter().any(|it| value(&it.value) != value(&many[0].value)))
        .map(|(name, many)| {
            let places: String = many
                .iter()
                .map(|it| format!("\n    {} in {}", it.value, it.file.display()))
                .collect();
            format!(
                "`{name}` has different values; give each a name that says what it bounds:{places}"
            )
        })
        .collect()
}

/// Finds all constants of a module, those in functions and implementations too.
fn constants(file: &Path, module: &Module) -> Vec<Constant> {
    let mut found = Vec::new();
    for (at, three) in module.tokens.windows(3).enumerate() {
        let [Token::Word(keyword), Token::Word(name), Token::Sign(':')] = three else { continue };
        if keyword == "const" {
            let after = &module.tokens[at + 3..];
            let equals = after.iter().position(|token| *token == Token::Sign('='));
            let value = equals.map(|equals| text(&after[equals + 1..])).unwrap_or_default();
            found.push(Constant { file: file.into(), name: name.clone(), value });
        }
    }
    found
}

/// Writes the tokens up to the end of the statement.
fn text(tokens: &[Token]) -> String {
    let mut text = String::new();
    let mut is_spaced = false;
    for token in tokens.iter().take_while(|token| **token != Token::Sign(';')) {
        let is_operator = matches!(token, Token::Sign('*' | '+' | '-' | '/' | '<' | '>' | '|'));
        if is_operator != is_spaced {
            text.push(' ');
        }
        is_spaced = is_operator;
        match token {
            Token::Word(word) | Token::Literal(word) => text += word,
            Token::PathSeparator => text += "::",
            Token::Sign(sign) => text.push(*sign),
        }
    }
    text.trim().to_owned()
}

/// Calculates what is written as a number, so that `1 << 20` equals `1024 * 1024`.
fn value(text: &str) -> String {
    let number = syn::parse_str(text).ok().and_then(|expression| calculated(&expression));
    number.map_or_else(|| text.to_owned(), |number| number.to_string())
}

fn calculated(expression: &Expr) -> Option<u128> {
    match expression {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Int(number) => number.base10_parse().ok(),
            _ => None,
        },
        Expr::Paren(inner) => calculated(&inner.expr),
        Expr::Binary(binary) => {
            let (left, right) = (calculated(&binary.left)?, calculated(&binary.right)?);
            match binary.op {
                BinOp::Add(_) => left.checked_add(right),
                BinOp::Sub(_) => left.checked_sub(right),
                BinOp::Mul(_) => left.checked_mul(right),
                BinOp::Shl(_) => left.checked_shl(right.try_into().ok()?),
                _ => None,
            }
        }
        _ => None,
    }
}
