//! The dashboard pages, and the numbers of their charts.

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

use super::audit::Access;
use super::authentication::AuthResult;
use super::responses::{error_response, json_response, status, store_error};
use super::state::{App, ChartAccess};
use crate::anonymity::Population;
use crate::audit::{AuditAction, MINUTES_OF_A_DAY, minute};
use crate::dashboard::page::{PERIODS, Page, SCRIPT, STYLE, entry};
use crate::dashboard::{Part, View, dictionary, draw, transparency};
use crate::limits::{AUDIT_SUMMARY_DAYS, PARAMETER_BYTES_MAX};
use crate::query::format::quoted;
use crate::store::counts::{Asked, Count};
use crate::store::error::Error as StoreError;
use crate::token::{Role, TokenRecord};

/// Allows only our own style and script, no frames, and forms only to this server.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The parameters of the dashboard and of `/v1/counts`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Choice {
    population: Option<String>,
    product: Option<String>,
    version: Option<String>,
    weeks: Option<u32>,
    schema: Option<String>,
    field: Option<String>,
    format: Option<String>,
}

/// What a reader may see.
#[derive(Debug, Clone, PartialEq, Eq)]
enum ChartReader {
    /// Published tables.
    Published,
    /// Groups of any size.
    AllGroups(TokenRecord),
}

pub(super) async fn page(
    State(app): State<Arc<App>>,
    choice: Result<Query<Choice>, QueryRejection>,
    Extension(auth): Extension<AuthResult>,
) -> Response {
    let choice = match chosen(choice) {
        Ok(choice) => choice,
        Err(answer) => return *answer,
    };
    let (reader, view) = match app.resolve(&auth, &choice) {
        Ok(resolved) => resolved,
        Err(answer) => return *answer,
    };
    let read = tokio::join!(app.counts(&reader, &view), app.selectable(&reader, &view));
    let (counts, selectable) = match read {
        (Ok(counts), Ok(selectable)) => (counts, selectable),
        (Err(error), _) | (_, Err(error)) => return store_error(&error),
    };
    if let Err(answer) = app.record_chart_access(&reader, &view, counts.len()).await {
        return *answer;
    }
    let today = app.today();
    let parts = draw(&app.catalog, &counts, &view, today);
    let sees_all = matches!(reader, ChartReader::AllGroups(_));
    let page = Page {
        view: &view,
        products: &selectable.products,
        versions: selectable.versions.as_deref(),
        parts: &parts,
        health: sees_all.then(|| app.counters().health()),
        today,
        sees_all,
    };
    html(page.render())
}

fn chosen(choice: Result<Query<Choice>, QueryRejection>) -> Result<Choice, Box<Response>> {
    let wrong =
        |_said| Box::new(error_response(400, "choice", "the query parameters are malformed", None));
    choice.map(|Query(choice)| choice).map_err(wrong)
}

/// The numbers of one chart.
pub(super) async fn counts(
    State(app): State<Arc<App>>,
    choice: Result<Query<Choice>, QueryRejection>,
    Extension(auth): Extension<AuthResult>,
) -> Response {
    let choice = match chosen(choice) {
        Ok(choice) => choice,
        Err(answer) => return *answer,
    };
    let (reader, view) = match app.resolve(&auth, &choice) {
        Ok(resolved) => resolved,
        Err(answer) => return *answer,
    };
    let counts = match app.counts(&reader, &view).await {
        Ok(counts) => counts,
        Err(error) => return store_error(&error),
    };
    if let Err(answer) = app.record_chart_access(&reader, &view, counts.len()).await {
        return *answer;
    }
    let parts = draw(&app.catalog, &counts, &view, app.today());
    let schema = choice.schema.unwrap_or_default();
    let field = choice.field.unwrap_or_default();
    let Some(part) = parts.iter().find(|part| part.schema.id() == schema) else {
        return error_response(404, "not_found", "there is no data for this schema", None);
    };
    let Some(rows) = rows(part, &field) else {
        return error_response(404, "not_found", "there is no data for this field", None);
    };
    match choice.format.as_deref() {
        Some("csv") => csv(&rows),
        Some("json") | None => {
            let unit = part.unit.as_str();
            let rows: Vec<Value> =
                rows.iter().map(|(word, number)| json!({"word": word, "number": number})).collect();
            let body = json!({
                "schema": schema, "field": field, "unit": unit, "population": view.population.as_str(),
                "min_group_size": view.min_group_size, "rows": rows, "why": entry(part.schema, &field),
            });
            json_response(200, &body)
        }
        Some(_) => error_response(400, "format", "the formats are json and csv", None),
    }
}

pub(super) async fn dictionary(State(app): State<Arc<App>>) -> Response {
    html(dictionary::render(&app.catalog, app.min_group_size))
}

pub(super) async fn transparency(State(app): State<Arc<App>>) -> Response {
    let since = minute((app.now)()) - AUDIT_SUMMARY_DAYS * MINUTES_OF_A_DAY;
    match app.store.audit_summary(since).await {
        Ok(summary) => html(transparency::render(&app.catalog, &summary, &app.decisions)),
        Err(error) => store_error(&error),
    }
}

pub(super) async fn style() -> Response {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], STYLE).into_response()
}

pub(super) async fn script() -> Response {
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], SCRIPT).into_response()
}

impl App {
    /// Resolves who reads which view.
    fn resolve(
        &self,
        auth: &AuthResult,
        choice: &Choice,
    ) -> Result<(ChartReader, View), Box<Response>> {
        let reader = self.reader(auth).ok_or_else(|| Box::new(unauthorized()))?;
        let word =
            |word: &Option<String>| {
                let word = word.clone().filter(|word| !word.is_empty());
                match word {
                    Some(word) if word.len() > PARAMETER_BYTES_MAX => Err(Box::new(
                        error_response(400, "word", "a query parameter is too long", None),
                    )),
                    word => Ok(word),
                }
            };
        let weeks = choice.weeks.unwrap_or(PERIODS[1]).clamp(1, PERIODS[PERIODS.len() - 1]);
        let min_group_size =
            if matches!(reader, ChartReader::AllGroups(_)) { 1 } else { self.min_group_size };
        let population = match word(&choice.population)? {
            None => Population::default(),
            Some(name) => Population::from_name(&name).ok_or_else(|| {
                let message = "the populations are authenticated and unauthenticated";
                Box::new(error_response(400, "population", message, None))
            })?,
        };
        let version = word(&choice.version)?;
        if version.is_some() && reader == ChartReader::Published {
            let message = "published numbers are not divided by version";
            return Err(Box::new(error_response(400, "version", message, None)));
        }
        let product = word(&choice.product)?;
        Ok((reader, View { population, product, version, weeks, min_group_size }))
    }

    /// Logs access to groups of any size; access to published tables is not logged.
    async fn record_chart_access(
        &self,
        reader: &ChartReader,
        view: &View,
        rows: usize,
    ) -> Result<(), Box<Response>> {
        let ChartReader::AllGroups(token) = reader else { return Ok(()) };
        let View { population, product, version, weeks, min_group_size: _ } = view;
        let population = population.as_str();
        let any = |word: &Option<String>| word.clone().unwrap_or_else(|| "any".to_owned());
        let request = format!(
            "{population}, product {}, version {}, {weeks} weeks",
            any(product),
            any(version)
        );
        let access = Access { action: AuditAction::Charts, request: &request, purpose: "", rows };
        self.record_access(token, access).await
    }

    fn reader(&self, auth: &AuthResult) -> Option<ChartReader> {
        match (auth.token(), self.chart_access) {
            (Some(token), _) if token.role == Role::Admin => {
                Some(ChartReader::AllGroups(token.clone()))
            }
            (Some(token), _) if token.role == Role::Reader => Some(ChartReader::Published),
            (_, ChartAccess::Public) => Some(ChartReader::Published),
            (_, ChartAccess::TokenRequired) => None,
        }
    }

    async fn counts(&self, reader: &ChartReader, view: &View) -> Result<Vec<Count>, StoreError> {
        let (from, to) = (view.from(self.today()), self.today());
        let (product, version) = (view.product.clone(), view.version.clone());
        let asked = Asked { population: view.population, product, version, from, to };
        match reader {
            ChartReader::Published => self.store.published(asked).await,
            ChartReader::AllGroups(_) => self.store.counts(asked).await,
        }
    }

    /// Reads what a reader can choose from.
    async fn selectable(
        &self,
        reader: &ChartReader,
        view: &View,
    ) -> Result<Selectable, StoreError> {
        if *reader == ChartReader::Published {
            let products = self.store.published_products(view.population).await?;
            return Ok(Selectable { products, versions: None });
        }
        let all = self.store.versions(view.population).await?;
        let is_chosen = |product: &str| view.product.as_deref().is_none_or(|it| it == product);
        let versions = all.iter().filter(|(product, ..)| is_chosen(product));
        let mut versions: Vec<String> =
            versions.map(|(_, version, _)| version.clone()).filter(|it| !it.is_empty()).collect();
        versions.sort_unstable();
        versions.dedup();
        let mut products: Vec<String> = all.into_iter().map(|(product, ..)| product).collect();
        products.dedup();
        Ok(Selectable { products, versions: Some(versions) })
    }
}

/// What a reader can choose from.
struct Selectable {
    products: Vec<String>,
    versions: Option<Vec<String>>,
}

/// Responds to a reader without a known token.
pub(super) fn unauthorized() -> Response {
    let mut answer = error_response(401, "token", "a reader or admin token is needed", None);
    // A browser asks for a user name, which is ignored, and a password, which is the token.
    let ask = HeaderValue::from_static("Basic realm=\"ktel\", charset=\"UTF-8\"");
    answer.headers_mut().insert(WWW_AUTHENTICATE, ask);
    answer
}

/// Returns the rows of a chart; the empty field is the chart of weeks.
fn rows(part: &Part<'_>, field: &str) -> Option<Vec<(String, Option<i64>)>> {
    if field.is_empty() {
        let week = |(week, number): &(jiff::civil::Date, Option<i64>)| (week.to_string(), *number);
        return Some(part.weeks.iter().map(week).collect());
    }
    let charts = part.charts.iter().map(|chart| (&chart.path, &chart.groups));
    let pairs = part.pairs.iter().map(|chart| (&chart.pair.name, &chart.groups));
    let (_, groups) = charts.chain(pairs).find(|(path, _)| *path == field)?;
    let words = groups.words.iter().map(|(word, number)| (word.clone(), Some(*number)));
    let other = groups.other.map(|number| ("other".to_owned(), Some(number)));
    Some(words.chain(other).collect())
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
