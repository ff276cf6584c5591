//! The pages for people, and the numbers behind their charts.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS,
};
use maud::Markup;
use serde::Deserialize;
use serde_json::{Value, json};

use super::audit::Looked;
use super::shown::Shown;
use super::{App, Readers, json_answer, refusal, status, unstored};
use crate::audit::{Kind, MINUTES_OF_A_DAY, minute};
use crate::dashboard::page::{PERIODS, Page, SCRIPT, STYLE, entry};
use crate::dashboard::{Part, View, dictionary, draw, transparency};
use crate::query::write::quoted;
use crate::store::{Asked, Count};
use crate::token::{Role, Stamp};

/// Nothing but our own style and script, no frames, no forms to elsewhere.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// How far back the page looks about who asks what: a quarter of a year.
const USES_DAYS: i64 = 91;
/// How long a word in a query may be; longer ones are no words of ours.
const WORD_BYTES_MAX: usize = 128;

/// What a page or a list of numbers is asked for.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Choice {
    product: Option<String>,
    version: Option<String>,
    weeks: Option<u32>,
    schema: Option<String>,
    field: Option<String>,
    format: Option<String>,
}

/// Who reads.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Reader {
    /// Groups that are large enough.
    OfGroups,
    /// Everything.
    OfAll(Stamp),
}

pub(super) async fn page(
    State(app): State<Arc<App>>,
    choice: Result<Query<Choice>, QueryRejection>,
    Extension(shown): Extension<Shown>,
) -> Response {
    let choice = match chosen(choice) {
        Ok(choice) => choice,
        Err(answer) => return *answer,
    };
    let (reader, view) = match app.look(&shown, &choice) {
        Ok(look) => look,
        Err(answer) => return *answer,
    };
    let (counts, versions) = match tokio::join!(app.counts(&view), app.store.versions()) {
        (Ok(counts), Ok(versions)) => (counts, versions),
        (Err(error), _) | (_, Err(error)) => return unstored(&error),
    };
    if let Err(answer) = app.note(&reader, &view, counts.len()).await {
        return *answer;
    }
    let today = app.today();
    let parts = draw(&app.catalog, &counts, &view, today);
    let page = Page {
        view: &view,
        versions: &versions,
        parts: &parts,
        health: app.counters.health(),
        today,
        sees_all: matches!(reader, Reader::OfAll(_)),
    };
    html(page.render())
}

fn chosen(choice: Result<Query<Choice>, QueryRejection>) -> Result<Choice, Box<Response>> {
    let wrong = |_said| Box::new(refusal(400, "choice", "what is asked for cannot be read", None));
    choice.map(|Query(choice)| choice).map_err(wrong)
}

/// The numbers of one chart.
pub(super) async fn counts(
    State(app): State<Arc<App>>,
    choice: Result<Query<Choice>, QueryRejection>,
    Extension(shown): Extension<Shown>,
) -> Response {
    let choice = match chosen(choice) {
        Ok(choice) => choice,
        Err(answer) => return *answer,
    };
    let (reader, view) = match app.look(&shown, &choice) {
        Ok(look) => look,
        Err(answer) => return *answer,
    };
    let counts = match app.counts(&view).await {
        Ok(counts) => counts,
        Err(error) => return unstored(&error),
    };
    if let Err(answer) = app.note(&reader, &view, counts.len()).await {
        return *answer;
    }
    let parts = draw(&app.catalog, &counts, &view, app.today());
    let schema = choice.schema.unwrap_or_default();
    let field = choice.field.unwrap_or_default();
    let Some(part) = parts.iter().find(|part| part.schema.id() == schema) else {
        return refusal(404, "not_found", "nothing was received of this schema", None);
    };
    let Some(rows) = rows(part, &field) else {
        return refusal(404, "not_found", "nothing was received of this field", None);
    };
    match choice.format.as_deref() {
        Some("csv") => csv(&rows),
        Some("json") | None => {
            let unit = part.unit.word();
            let rows: Vec<Value> =
                rows.iter().map(|(word, number)| json!({"word": word, "number": number})).collect();
            let body = json!({
                "schema": schema, "field": field, "unit": unit, "floor": view.floor, "rows": rows,
                "why": entry(part.schema, &field),
            });
            json_answer(200, &body)
        }
        Some(_) => refusal(400, "format", "the formats are json and csv", None),
    }
}

pub(super) async fn dictionary(State(app): State<Arc<App>>) -> Response {
    html(dictionary::render(&app.catalog, app.floor))
}

pub(super) async fn transparency(State(app): State<Arc<App>>) -> Response {
    let since = minute((app.now)()) - USES_DAYS * MINUTES_OF_A_DAY;
    match app.store.uses(since).await {
        Ok(uses) => html(transparency::render(&app.catalog, &uses, &app.decisions)),
        Err(error) => unstored(&error),
    }
}

pub(super) async fn style() -> Response {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], STYLE).into_response()
}

pub(super) async fn script() -> Response {
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], SCRIPT).into_response()
}

impl App {
    /// Finds out who looks, and at what.
    fn look(&self, shown: &Shown, choice: &Choice) -> Result<(Reader, View), Box<Response>> {
        let reader = self.reader(shown).ok_or_else(|| Box::new(unknown_reader()))?;
        let word = |word: &Option<String>| {
            let word = word.clone().filter(|word| !word.is_empty());
            match word {
                Some(word) if word.len() > WORD_BYTES_MAX => {
                    Err(Box::new(refusal(400, "word", "no word is that long", None)))
                }
                word => Ok(word),
            }
        };
        let weeks = choice.weeks.unwrap_or(PERIODS[1]).clamp(1, PERIODS[PERIODS.len() - 1]);
        let floor = if matches!(reader, Reader::OfAll(_)) { 1 } else { self.floor };
        let view =
            View { product: word(&choice.product)?, version: word(&choice.version)?, weeks, floor };
        Ok((reader, view))
    }

    /// Writes down who looks at groups of any size; nobody else is.
    async fn note(
        &self,
        reader: &Reader,
        view: &View,
        answered: usize,
    ) -> Result<(), Box<Response>> {
        let Reader::OfAll(stamp) = reader else { return Ok(()) };
        let View { product, version, weeks, floor: _ } = view;
        let any = |word: &Option<String>| word.clone().unwrap_or_else(|| "any".to_owned());
        let what = format!("product {}, version {}, {weeks} weeks", any(product), any(version));
        let asked = Looked { kind: Kind::Charts, what: &what, purpose: "", answered };
        self.write_down(stamp, asked).await
    }

    fn reader(&self, shown: &Shown) -> Option<Reader> {
        match (shown.stamp(), self.readers) {
            (Some(stamp), _) if stamp.role == Role::Admin => Some(Reader::OfAll(stamp.clone())),
            (Some(stamp), _) if stamp.role == Role::Reader => Some(Reader::OfGroups),
            (_, Readers::Everybody) => Some(Reader::OfGroups),
            (_, Readers::WithToken) => None,
        }
    }

    async fn counts(&self, view: &View) -> Result<Vec<Count>, crate::store::Error> {
        let today = self.today();
        let (product, version) = (view.product.clone(), view.version.clone());
        self.store.counts(Asked { product, version, from: view.from(today), to: today }).await
    }
}

/// Gives the answer to a reader without a token that is known.
pub(super) fn unknown_reader() -> Response {
    let mut answer = refusal(401, "token", "a token of a reader is needed", None);
    // A browser asks for a name, which does not matter, and a password, which is the token.
    let ask = HeaderValue::from_static("Basic realm=\"ktel\", charset=\"UTF-8\"");
    answer.headers_mut().insert(WWW_AUTHENTICATE, ask);
    answer
}

/// Gives what a chart shows as rows; the empty field is the line of weeks.
fn rows(part: &Part<'_>, field: &str) -> Option<Vec<(String, Option<i64>)>> {
    if field.is_empty() {
        let week = |(week, number): &(jiff::civil::Date, Option<i64>)| (week.to_string(), *number);
        return Some(part.weeks.iter().map(week).collect());
    }
    let charts = part.charts.iter().map(|chart| (&chart.path, &chart.folded));
    let pairs = part.pairs.iter().map(|chart| (&chart.pair.name, &chart.folded));
    let (_, folded) = charts.chain(pairs).find(|(path, _)| *path == field)?;
    let groups = folded.groups.iter().map(|group| (group.word.clone(), Some(group.number)));
    let other = folded.other.map(|number| ("other".to_owned(), Some(number)));
    Some(groups.chain(other).collect())
}

fn csv(rows: &[(String, Option<i64>)]) -> Response {
    let lines = rows.iter().map(|(word, number)| {
        let number = number.map(|number| number.to_string()).unwrap_or_default();
        format!("{},{number}\r\n", quoted(word))
    });
    let body: String = std::iter::once("word,number\r\n".to_owned()).chain(lines).collect();
    let headers = [(CONTENT_TYPE, "text/csv; charset=utf-8"), (CACHE_CONTROL, "no-store")];
    (headers, body).into_response()
}

fn html(page: Markup) -> Response {
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
    ];
    (status(200), headers, page.into_string()).into_response()
}
