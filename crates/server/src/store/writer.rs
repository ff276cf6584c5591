//! The writer thread: one group, one transaction, one sync, then the responses.

use std::error::Error as _;
use std::sync::mpsc::Receiver;

use serde_json::{Map, Value};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tracing::{error, warn};

use super::engine::Engine;
use super::error::Error;
use super::group;
use super::keep::{Expired, Forgotten};
use super::outcome::Appended;
use super::view::View;
use crate::audit::AuditEntry;
use crate::limits::{DAYS_BACK_MAX, PUBLISH_TABLES_MAX};
use crate::publication::{Publisher, WEEK_DAYS};
use crate::receipt::SigningKey;
use crate::record::Record;
use crate::token::TokenRecord;

type Answer<T> = oneshot::Sender<Result<T, Error>>;

/// The records of one request, with their share of the queue until they are answered.
#[derive(Debug)]
pub(super) struct Append {
    pub(super) records: Vec<Record>,
    pub(super) room: OwnedSemaphorePermit,
    pub(super) answer: Answer<Vec<Result<Appended, Error>>>,
}

/// A job of the writer.
#[derive(Debug)]
pub(super) enum Job {
    Append(Append),
    Probe { answer: Answer<()> },
    Expire { today: i32, answer: Answer<Expired> },
    Publish { publisher: Publisher, today: i32, answer: Answer<usize> },
    Forget { installation: String, answer: Answer<Forgotten> },
    Rows { view: View, answer: Answer<Vec<Map<String, Value>>> },
    AddAuditEntry { entry: AuditEntry, answer: Answer<()> },
    ExpireAudit { before: i64, answer: Answer<()> },
    AddToken { token: TokenRecord, answer: Answer<()> },
    RemoveToken { token: TokenRecord, answer: Answer<()> },
    Tokens { answer: Answer<Vec<TokenRecord>> },
    Key { made: SigningKey, answer: Answer<SigningKey> },
}

impl Job {
    fn records(&self) -> usize {
        if let Self::Append(append) = self { append.records.len() } else { 0 }
    }
}

/// Writes until every sender is gone.
pub(super) fn run(mut engine: Engine, waiting: &Receiver<Job>) {
    while let Some(jobs) = group::next(waiting, Job::records) {
        let mut appends = Vec::new();
        let mut rest = Vec::new();
        for job in jobs {
            match job {
                Job::Append(some) => appends.push(some),
                other => rest.push(other),
            }
        }
        append(&mut engine, appends);
        for job in rest {
            answer_one(&mut engine, job);
        }
    }
}

fn append(engine: &mut Engine, appends: Vec<Append>) {
    let all: Vec<&Record> = appends.iter().flat_map(|append| &append.records).collect();
    if all.is_empty() {
        return;
    }
    let answers = match engine.commit(&all) {
        Ok(stored) => stored.into_iter().map(Ok).collect(),
        Err(error) if error.is_of_one_record() && all.len() > 1 => {
            warn!(error = error.source(), records = all.len(), "writing records one by one");
            let mut one = |record| engine.commit(&[record]).map(|stored| stored[0]);
            all.into_iter().map(&mut one).collect()
        }
        Err(error) => {
            error!(error = &error as &dyn std::error::Error, records = all.len(), "not written");
            vec![Err(error); all.len()]
        }
    };
    let mut answers: std::vec::IntoIter<Result<Appended, Error>> = answers.into_iter();
    for Append { records, room, answer } in appends {
        drop(room);
        give(answer, Ok(answers.by_ref().take(records.len()).collect()));
    }
}

fn answer_one(engine: &mut Engine, job: Job) {
    match job {
        Job::Append(some) => append(engine, vec![some]),
        Job::Expire { today, answer } => give(answer, engine.expire(today)),
        Job::Publish { publisher, today, answer } => {
            let from = today - DAYS_BACK_MAX - WEEK_DAYS;
            give(answer, engine.publish(&publisher, (from, today), PUBLISH_TABLES_MAX));
        }
        Job::Forget { installation, answer } => give(answer, engine.forget(&installation)),
        Job::Probe { answer } => give(answer, engine.probe()),
        Job::Rows { view, answer } => give(answer, engine.rows(&view)),
        Job::AddAuditEntry { entry, answer } => give(answer, engine.add_audit_entry(&entry)),
        Job::ExpireAudit { before, answer } => give(answer, engine.expire_audit(before)),
        Job::AddToken { token, answer } => give(answer, engine.add_token(&token)),
        Job::RemoveToken { token, answer } => give(answer, engine.remove_token(&token)),
        Job::Tokens { answer } => give(answer, engine.tokens()),
        Job::Key { made, answer } => give(answer, engine.key(&made)),
    }
}

fn give<T>(answer: Answer<T>, result: Result<T, Error>) {
    // The caller may be gone; what was written stays written.
    drop(answer.send(result));
}
