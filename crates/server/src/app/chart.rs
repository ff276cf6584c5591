//! One chart at its own address: as a page, as a picture, for a frame, and as numbers.

use std::sync::{Arc, LazyLock};

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::choice::Choice;
use super::html::{framed, html};
use super::reader::{Asking, ChartReader};
use super::responses::{error_response, json_response};
use super::state::{App, ChartAccess};
use crate::dashboard::address::{Chosen, Compared};
use crate::dashboard::chart_page::{ChartPage, Drawn};
use crate::dashboard::standalone::{PICTURE_STYLE, embed, svg};
use crate::dashboard::{Part, View, draw, entry};
use crate::query::format::quoted;

/// The style of a picture is within it, and nothing else may be.
static PICTURE_POLICY: LazyLock<String> = LazyLock::new(|| {
    let digest = STANDARD.encode(Sha256::digest(PICTURE_STYLE.as_bytes()));
    format!("default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'")
});

/// A row of a file with numbers: a word and its number, of a week or of all.
type Row = (Option<String>, String, Option<i64>);

/// The parameters, as they were sent.
type Given = Result<Query<Choice>, QueryRejection>;

/// How one chart is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Page,
    Picture,
    Frame,
    Counts,
    Series,
}

pub(super) async fn page(app: State<Arc<App>>, choice: Given, asking: Asking) -> Response {
    respond(&app, choice, &asking, Wanted::Page).await
}

pub(super) async fn picture(app: State<Arc<App>>, choice: Given, asking: Asking) -> Response {
    respond(&app, choice, &asking, Wanted::Picture).await
}

pub(super) async fn frame(app: State<Arc<App>>, choice: Given, asking: Asking) -> Response {
    respond(&app, choice, &asking, Wanted::Frame).await
}

pub(super) async fn counts(app: State<Arc<App>>, choice: Given, asking: Asking) -> Response {
    respond(&app, choice, &asking, Wanted::Counts).await
}

pub(super) async fn series(app: State<Arc<App>>, choice: Given, asking: Asking) -> Response {
    respond(&app, choice, &asking, Wanted::Series).await
}

async fn respond(app: &App, choice: Given, asking: &Asking, wanted: Wanted) -> Response {
    match app.chart(choice, asking, wanted).await {
        Ok(answer) => answer,
        Err(answer) => *answer,
    }
}

impl App {
    async fn chart(
        &self,
        choice: Given,
        asking: &Asking,
        wanted: Wanted,
    ) -> Result<Response, Box<Response>> {
        let choice = Choice::of(choice)?;
        let (reader, view) = self.resolve(asking, &choice)?;
        let chosen = choice.chart()?;
        let counts = self.read_counts(&reader, &view).await?;
        let parts = draw(&self.catalog, &counts, &view, self.today());
        let Some(drawn) = Drawn::find(&parts, &chosen) else {
            let is_known = parts.iter().any(|part| part.schema.id() == chosen.schema);
            let what = if is_known { "field" } else { "schema" };
            let message = format!("there is no data for this {what}");
            return Err(Box::new(error_response(404, "not_found", &message, None)));
        };
        match wanted {
            Wanted::Page => self.chart_page(asking, (&reader, &view), &chosen, drawn).await,
            Wanted::Picture => Ok(picture_of(&drawn, &chosen)),
            Wanted::Frame => {
                let page = embed(&drawn, &view, &chosen, reader.sees_all());
                Ok(framed(page, self.chart_access == ChartAccess::Public))
            }
            Wanted::Counts => numbers(&choice, &view, &chosen, &drawn, count_rows(&drawn)),
            Wanted::Series => numbers(&choice, &view, &chosen, &drawn, week_rows(&drawn)),
        }
    }

    async fn chart_page(
        &self,
        asking: &Asking,
        (reader, view): (&ChartReader, &View),
        chosen: &Chosen,
        drawn: Drawn<'_>,
    ) -> Result<Response, Box<Response>> {
        let selectable = self.selectable(reader, view).await?;
        let other = match &chosen.compared {
            None => None,
            Some(Compared::Product(product)) => {
                Some(View { product: Some(product.clone()), version: None, ..view.clone() })
            }
            Some(Compared::Version(_)) if !reader.sees_all() => {
                let message = "published numbers are not divided by version";
                return Err(Box::new(error_response(400, "version", message, None)));
            }
            Some(Compared::Version(version)) => {
                Some(View { version: Some(version.clone()), ..view.clone() })
            }
        };
        let others = match &other {
            None => Vec::new(),
            Some(view) => self.read_counts(reader, view).await?,
        };
        let parts = match &other {
            None => Vec::<Part<'_>>::new(),
            Some(view) => draw(&self.catalog, &others, view, self.today()),
        };
        let page = ChartPage {
            view,
            chosen,
            drawn,
            compared: Drawn::find(&parts, chosen),
            products: &selectable.products,
            versions: selectable.versions.as_deref(),
            address: &self.address(&asking.headers),
            is_public: self.chart_access == ChartAccess::Public,
            sees_all: reader.sees_all(),
            visitor: self.visitor(asking),
        };
        Ok(html(page.render()))
    }
}

fn picture_of(drawn: &Drawn<'_>, chosen: &Chosen) -> Response {
    let headers = [
        (CONTENT_TYPE, "image/svg+xml"),
        (CONTENT_SECURITY_POLICY, &**PICTURE_POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CACHE_CONTROL, "no-store"),
    ];
    (headers, svg(drawn, chosen)).into_response()
}

/// The words of a chart, or the weeks of a total.
fn count_rows(drawn: &Drawn<'_>) -> Vec<Row> {
    let Some(groups) = drawn.groups() else {
        let totals = drawn.series.weeks.iter().zip(&drawn.series.totals);
        return totals.map(|(week, number)| (None, week.to_string(), *number)).collect();
    };
    let words = groups.words.iter().map(|(word, number)| (None, word.clone(), Some(*number)));
    let other = groups.other.map(|number| (None, "other".to_owned(), Some(number)));
    words.chain(other).collect()
}

/// Every word in every week of which something is known.
fn week_rows(drawn: &Drawn<'_>) -> Vec<Row> {
    let series = drawn.series;
    let of_week = |at: usize| {
        let week = series.weeks.get(at).map(ToString::to_string);
        series.lines.iter().map(move |line| (week.clone(), line.word.clone(), line.at(at)))
    };
    series.known_weeks().flat_map(of_week).collect()
}

/// Responds with the numbers of a chart.
fn numbers(
    choice: &Choice,
    view: &View,
    chosen: &Chosen,
    drawn: &Drawn<'_>,
    rows: Vec<Row>,
) -> Result<Response, Box<Response>> {
    match choice.format.as_deref().filter(|format| !format.is_empty()) {
        Some("csv") => Ok(csv(&rows)),
        Some("json") | None => {
            let row = |(week, word, number): Row| match week {
                Some(week) => json!({"week": week, "word": word, "number": number}),
                None => json!({"word": word, "number": number}),
            };
            let rows: Vec<Value> = rows.into_iter().map(row).collect();
            Ok(json_response(
                200,
                &json!({
                    "schema": chosen.schema, "field": chosen.field, "unit": drawn.part.unit.as_str(),
                    "population": view.population.as_str(), "min_group_size": view.min_group_size,
                    "rows": rows, "why": entry(drawn.part.schema, &chosen.field),
                }),
            ))
        }
        Some(_) => {
            let message = "the formats are json and csv";
            Err(Box::new(error_response(400, "format", message, None)))
        }
    }
}

fn csv(rows: &[Row]) -> Response {
    let has_weeks = rows.first().is_some_and(|(week, ..)| week.is_some());
    let head = if has_weeks { "week,word,number\r\n" } else { "word,number\r\n" };
    let lines = rows.iter().map(|(week, word, number)| {
        let week = week.as_ref().map(|week| format!("{week},")).unwrap_or_default();
        let number = number.map(|number| number.to_string()).unwrap_or_default();
        format!("{week}{},{number}\r\n", quoted(word))
    });
    let body: String = std::iter::once(head.to_owned()).chain(lines).collect();
    let headers = [(CONTENT_TYPE, "text/csv; charset=utf-8"), (CACHE_CONTROL, "no-store")];
    (headers, body).into_response()
}
