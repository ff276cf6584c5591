//! The thread that writes: one group, one transaction, one sync, then the answers.

use std::error::Error as _;
use std::sync::mpsc::Receiver;

use serde_json::{Map, Value};
use tokio::sync::oneshot;
use tracing::{error, warn};

use super::engine::Engine;
use super::{Error, Stored, View, group};
use crate::record::Record;
use crate::token::Stamp;

type Answer<T> = oneshot::Sender<Result<T, Error>>;

/// What is asked of the writer.
#[derive(Debug)]
pub(super) enum Job {
    Append { record: Box<Record>, answer: Answer<Stored> },
    Probe { answer: Answer<()> },
    Rows { view: View, answer: Answer<Vec<Map<String, Value>>> },
    AddToken { stamp: Stamp, answer: Answer<()> },
    Tokens { answer: Answer<Vec<Stamp>> },
}

/// Writes until every sender is gone.
pub(super) fn run(mut engine: Engine, waiting: &Receiver<Job>) {
    let mut last = 0;
    while let Some(jobs) = group::next(waiting, last) {
        last = jobs.len();
        let mut records = Vec::new();
        let mut rest = Vec::new();
        for job in jobs {
            match job {
                Job::Append { record, answer } => records.push((record, answer)),
                other => rest.push(other),
            }
        }
        append(&mut engine, records);
        for job in rest {
            answer_one(&mut engine, job);
        }
    }
}

fn append(engine: &mut Engine, records: Vec<(Box<Record>, Answer<Stored>)>) {
    if records.is_empty() {
        return;
    }
    let all: Vec<&Record> = records.iter().map(|(record, _)| &**record).collect();
    match engine.commit(&all) {
        Ok(stored) => {
            for ((_, answer), stored) in records.into_iter().zip(stored) {
                give(answer, Ok(stored));
            }
        }
        Err(error) if error.is_of_one_record() && records.len() > 1 => {
            warn!(error = error.source(), records = records.len(), "writing records one by one");
            for (record, answer) in records {
                let stored = engine.commit(&[&record]).map(|stored| stored[0]);
                give(answer, stored);
            }
        }
        Err(error) => {
            error!(error = error.source(), records = records.len(), "records were not written");
            for (_, answer) in records {
                give(answer, Err(error.clone()));
            }
        }
    }
}

fn answer_one(engine: &mut Engine, job: Job) {
    match job {
        Job::Append { record, answer } => append(engine, vec![(record, answer)]),
        Job::Probe { answer } => give(answer, engine.probe()),
        Job::Rows { view, answer } => give(answer, engine.rows(&view)),
        Job::AddToken { stamp, answer } => give(answer, engine.add_token(&stamp)),
        Job::Tokens { answer } => give(answer, engine.tokens()),
    }
}

fn give<T>(answer: Answer<T>, result: Result<T, Error>) {
    // Whoever asked may have hung up; what was written stays written.
    drop(answer.send(result));
}

impl Error {
    /// Tells whether one record may be to blame, and the others could be written without it.
    fn is_of_one_record(&self) -> bool {
        match self {
            Self::Sqlite(_) => true,
            Self::Scheme { .. }
            | Self::Folder { .. }
            | Self::Changed { .. }
            | Self::Full
            | Self::Busy
            | Self::Closed => false,
        }
    }
}
