//! Writes answers: as JSON, as CSV, one object a line, or as a table for people.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::Answer;

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AnswerFormat {
    /// One object with columns and rows.
    Json,
    /// RFC 4180, safe for spreadsheets.
    Csv,
    /// One object a line.
    Lines,
    /// Columns of text.
    Table,
}

impl AnswerFormat {
    /// Gives its media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Lines => "application/x-ndjson",
            Self::Table => "text/plain; charset=utf-8",
        }
    }

    /// Reads what a client takes: the first that is known here.
    #[must_use]
    pub fn from_accept(accept: &str) -> Option<Self> {
        accept.split(',').find_map(|one| {
            let name = one.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            match name.as_str() {
                "" | "*/*" | "application/*" | "application/json" => Some(Self::Json),
                "text/csv" | "text/*" => Some(Self::Csv),
                "application/x-ndjson" | "application/ndjson" => Some(Self::Lines),
                _ => None,
            }
        })
    }

    /// Writes an answer.
    #[must_use]
    pub fn write(self, answer: &Answer) -> String {
        match self {
            Self::Json => {
                format!("{}\n", json!({"columns": answer.columns, "rows": answer.rows}))
            }
            Self::Csv => csv(answer),
            Self::Lines => {
                answer.objects().map(|row| format!("{}\n", Value::Object(row))).collect()
            }
            Self::Table => table(answer),
        }
    }
}

fn csv(answer: &Answer) -> String {
    let head = answer.columns.iter().map(|name| quoted(name)).collect::<Vec<_>>();
    let line = |row: &Vec<Value>| {
        let cells = row.iter().map(|value| match value {
            Value::String(text) => quoted(text),
            other => plain(other),
        });
        format!("{}\r\n", cells.collect::<Vec<_>>().join(","))
    };
    std::iter::once(format!("{}\r\n", head.join(","))).chain(answer.rows.iter().map(line)).collect()
}

fn table(answer: &Answer) -> String {
    let rows: Vec<Vec<String>> =
        answer.rows.iter().map(|row| row.iter().map(plain).collect()).collect();
    let width = |index: usize, name: &str| {
        let cells = rows.iter().filter_map(|row| row.get(index));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0).max(name.chars().count())
    };
    let widths: Vec<usize> =
        answer.columns.iter().enumerate().map(|(index, name)| width(index, name)).collect();
    let line = |cells: &[String]| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("{}\n", padded.collect::<Vec<_>>().join("  ").trim_end())
    };
    std::iter::once(line(&answer.columns)).chain(rows.iter().map(|row| line(row))).collect()
}

/// Writes a value for people; control characters for a terminal are omitted.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.chars().filter(|letter| !letter.is_control()).collect(),
        other => other.to_string(),
    }
}

/// Quotes a word for RFC 4180, and so that no spreadsheet takes it for a formula.
pub(crate) fn quoted(word: &str) -> String {
    let formula = word.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let word = if formula { format!("'{word}") } else { word.to_owned() };
    if word.contains([',', '"', '\r', '\n']) {
        return format!("\"{}\"", word.replace('"', "\"\""));
    }
    word
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Answer, AnswerFormat, quoted};

    #[test]
    fn a_word_is_no_formula_and_ends_where_it_should() {
        for (word, expected) in [
            ("6-20", "6-20"),
            ("a,b", "\"a,b\""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
            ("=1+1", "'=1+1"),
        ] {
            assert_eq!(quoted(word), expected);
        }
    }

    #[test]
    fn one_answer_has_four_forms() {
        let answer = Answer {
            columns: vec!["word".into(), "number".into()],
            rows: vec![vec![json!("a,b\u{1b}"), json!(-3)], vec![json!(null), json!(0.5)]],
        };
        for (form, expected) in [
            (
                AnswerFormat::Json,
                "{\"columns\":[\"word\",\"number\"],\"rows\":[[\"a,b\\u001b\",-3],[null,0.5]]}\n",
            ),
            (AnswerFormat::Csv, "word,number\r\n\"a,b\u{1b}\",-3\r\n,0.5\r\n"),
            (
                AnswerFormat::Lines,
                "{\"word\":\"a,b\\u001b\",\"number\":-3}\n{\"word\":null,\"number\":0.5}\n",
            ),
            (AnswerFormat::Table, "word  number\na,b   -3\n      0.5\n"),
        ] {
            assert_eq!(form.write(&answer), expected, "{form:?}");
        }
    }

    #[test]
    fn a_client_gets_the_first_form_that_it_takes() {
        for (accept, expected) in [
            ("", Some(AnswerFormat::Json)),
            ("text/csv", Some(AnswerFormat::Csv)),
            ("image/png, Application/X-NDJSON;q=0.5, */*", Some(AnswerFormat::Lines)),
            ("text/html,*/*", Some(AnswerFormat::Json)),
            ("image/png", None),
        ] {
            assert_eq!(AnswerFormat::from_accept(accept), expected, "{accept}");
        }
    }
}
