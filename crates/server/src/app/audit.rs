//! Writes down who looks at what before it is shown, and shows that to administrators.

use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::response::Response;
use serde_json::{Map, Value, json};
use tracing::info;

use super::shown::Shown;
use super::{App, text_answer, unstored};
use crate::audit::{Kind, Look, minute, moment};
use crate::limits::AUDIT_ROWS_MAX;
use crate::query::Answer;
use crate::query::write::Form;
use crate::token::Stamp;

/// What somebody looks at.
#[derive(Debug)]
pub(super) struct Looked<'a> {
    pub(super) kind: Kind,
    pub(super) what: &'a str,
    pub(super) purpose: &'a str,
    pub(super) answered: usize,
}

pub(super) async fn trail(
    State(app): State<Arc<App>>,
    Extension(shown): Extension<Shown>,
) -> Response {
    let stamp = match App::administrator(&shown) {
        Ok(stamp) => stamp,
        Err(answer) => return *answer,
    };
    let looks = match app.store.trail().await {
        Ok(looks) => looks,
        Err(error) => return unstored(&error),
    };
    let what = format!("the newest {AUDIT_ROWS_MAX}");
    let asked = Looked { kind: Kind::Audit, what: &what, purpose: "", answered: looks.len() };
    match app.write_down(stamp, asked).await {
        Ok(()) => text_answer(Form::Lines, Form::Lines.write(&written(looks))),
        Err(answer) => *answer,
    }
}

/// Writes looks as an answer.
#[must_use]
pub fn written(looks: Vec<Look>) -> Answer {
    let row = |look: Look| -> Map<String, Value> {
        let Look { minute, who, role, kind, asked, purpose, answered } = look;
        let pairs = [
            ("minute", json!(moment(minute).to_string())),
            ("who", json!(who)),
            ("role", json!(role)),
            ("kind", json!(kind)),
            ("asked", json!(asked)),
            ("purpose", json!(purpose)),
            ("answered", json!(answered)),
        ];
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    };
    Answer::of(looks.into_iter().map(row).collect())
}

impl App {
    /// Writes a look down. Whoever cannot be written down is shown nothing.
    pub(super) async fn write_down(
        &self,
        stamp: &Stamp,
        asked: Looked<'_>,
    ) -> Result<(), Box<Response>> {
        let Looked { kind, what, purpose, answered } = asked;
        let (who, role) = (stamp.id(), stamp.role.word());
        info!(target: "ktel::audit", who, role, kind = kind.word(), what, answered, "somebody looks");
        let look = Look {
            minute: minute((self.now)()),
            who,
            role: role.to_owned(),
            kind: kind.word().to_owned(),
            asked: what.to_owned(),
            purpose: purpose.to_owned(),
            answered: i64::try_from(answered).unwrap_or(i64::MAX),
        };
        self.store.look(look).await.map_err(|error| Box::new(unstored(&error)))
    }
}
