//! A query in a process of its own, which has limits that this process could not set for a part of itself.
//!
//! The child gets one line of JSON with the question, and then the database, on standard input. It answers
//! with one line of JSON, and then the rows in the format that was asked for.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{ExitCode, Stdio};

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::time::timeout;
use tracing::warn;

use super::format::AnswerFormat;
use super::image::{Error, Image};
use crate::limits::{
    QUERY_BYTES_MAX, QUERY_CHILD_WITHIN, QUERY_MEMORY_BYTES_MAX, QUERY_ROWS_MAX,
    QUERY_TEXT_BYTES_MAX, QUERY_WITHIN,
};

/// The only argument of a child.
pub const ARGUMENT: &str = "__answer-query";

/// Where queries run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Runner {
    /// On a thread of this process, which shares its memory.
    #[default]
    Thread,
    /// In a process of this program, which calls [`answer_if_asked`] at its start.
    Program(PathBuf),
}

/// An answer as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The number of rows.
    pub rows: usize,
    /// The rows in the format that was asked for.
    pub body: Vec<u8>,
}

/// The first line of the input.
#[derive(Debug, Serialize, Deserialize)]
struct Question {
    sql: String,
    format: AnswerFormat,
}

/// The first line of the output.
#[derive(Debug, Serialize, Deserialize)]
enum Head {
    Rows(usize),
    Failed(Error),
}

impl Runner {
    /// Runs one query.
    ///
    /// # Errors
    /// When the query is not allowed, or too expensive.
    pub async fn ask(
        &self,
        image: Image,
        sql: String,
        format: AnswerFormat,
    ) -> Result<Text, Error> {
        match self {
            Self::Thread => {
                let asked = tokio::task::spawn_blocking(move || text(&image, &sql, format));
                // The task ends early only when the process does.
                asked.await.unwrap_or(Err(Error::TooExpensive))
            }
            Self::Program(program) => {
                let mut child = match spawn(program) {
                    Ok(child) => child,
                    Err(error) => {
                        warn!(error = &error as &dyn std::error::Error, "no process for a query");
                        return Err(Error::NoProcess);
                    }
                };
                let talk = talk(&mut child, &image, Question { sql, format });
                // A child that is too slow is killed when it is dropped.
                timeout(QUERY_CHILD_WITHIN, talk).await.unwrap_or(Err(Error::TooExpensive))
            }
        }
    }
}

fn text(image: &Image, sql: &str, format: AnswerFormat) -> Result<Text, Error> {
    let answer = image.ask(sql)?;
    let body = format.write(&answer).into_bytes();
    if body.len() > QUERY_TEXT_BYTES_MAX {
        return Err(Error::TooLarge { rows: QUERY_ROWS_MAX, bytes: QUERY_BYTES_MAX });
    }
    Ok(Text { rows: answer.rows.len(), body })
}

fn spawn(program: &PathBuf) -> std::io::Result<Child> {
    Command::new(program)
        .arg(ARGUMENT)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
}

async fn talk(child: &mut Child, image: &Image, question: Question) -> Result<Text, Error> {
    let (input, output) = (child.stdin.take(), child.stdout.take());
    let (mut input, output) = input.zip(output).ok_or(Error::NoProcess)?;
    let mut line = serde_json::to_vec(&question).expect("texts become JSON");
    line.push(b'\n');
    let write = async move {
        input.write_all(&line).await?;
        input.write_all(image.bytes()).await?;
        input.shutdown().await
    };
    let mut said = Vec::new();
    let most = 2 * QUERY_TEXT_BYTES_MAX as u64;
    let mut output = output.take(most);
    // A child that ends early does not read its input to the end.
    let (_, read) = tokio::join!(write, output.read_to_end(&mut said));
    let (Ok(_), Some(end)) = (read, said.iter().position(|byte| *byte == b'\n')) else {
        // It was ended by its limits.
        return Err(Error::TooExpensive);
    };
    let is_done = child.wait().await.is_ok_and(|status| status.success());
    let head = serde_json::from_slice(&said[..end]).ok().filter(|_| is_done);
    match head.ok_or(Error::TooExpensive)? {
        Head::Failed(error) => Err(error),
        Head::Rows(rows) => {
            said.drain(..=end);
            said.shrink_to_fit();
            Ok(Text { rows, body: said })
        }
    }
}

/// Answers the query on standard input and gives the exit code, if this process was started for that.
///
/// It has to run before anything else: the limits hold for everything that follows.
pub fn answer_if_asked(argument: Option<&std::ffi::OsStr>) -> Option<ExitCode> {
    if argument? != ARGUMENT {
        return None;
    }
    #[cfg(unix)]
    if ktel_process::confinement::confine(QUERY_MEMORY_BYTES_MAX, QUERY_WITHIN).is_err() {
        return Some(ExitCode::FAILURE);
    }
    let answered = answer(std::io::stdin().lock(), std::io::stdout().lock());
    Some(if answered.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn answer(input: impl Read, mut output: impl Write) -> std::io::Result<()> {
    let mut input = BufReader::new(input);
    let mut line = String::new();
    input.read_line(&mut line)?;
    let Question { sql, format } = serde_json::from_str(&line)?;
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes)?;
    let (head, body) = match text(&Image::from_bytes(bytes), &sql, format) {
        Ok(Text { rows, body }) => (Head::Rows(rows), body),
        Err(error) => (Head::Failed(error), Vec::new()),
    };
    serde_json::to_writer(&mut output, &head)?;
    output.write_all(b"\n")?;
    output.write_all(&body)?;
    output.flush()
}

#[cfg(test)]
mod tests {
    use super::{AnswerFormat, Question, answer};
    use crate::query::tests::groups;

    #[track_caller]
    fn check(sql: &str, expected: &str) {
        let question = Question { sql: sql.to_owned(), format: AnswerFormat::Csv };
        let mut input = serde_json::to_vec(&question).unwrap();
        input.push(b'\n');
        input.extend_from_slice(groups().bytes());
        let mut output = Vec::new();
        answer(&*input, &mut output).unwrap();
        assert_eq!(String::from_utf8(output).unwrap(), expected);
    }

    #[test]
    fn a_child_answers_with_a_line_and_the_rows() {
        check("SELECT number FROM by_week", "{\"Rows\":1}\nnumber\r\n40\r\n");
        check("DELETE FROM by_week", "{\"Failed\":\"Forbidden\"}\n");
    }
}
