//! The pages of the dashboard, and their files.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;

use super::choice::Choice;
use super::html::{html, wants_html};
use super::reader::{Asking, ChartReader, asked};
use super::responses::{error_response, status, store_error};
use super::state::App;
use crate::anonymity::Population;
use crate::audit::{MINUTES_OF_A_DAY, minute};
use crate::dashboard::empty::{Empty, Reason};
use crate::dashboard::overview::Overview;
use crate::dashboard::page::{Page, unknown};
use crate::dashboard::{ICON, Part, SCRIPT, STYLE, View, dictionary, draw, transparency};
use crate::limits::AUDIT_SUMMARY_DAYS;
use crate::store::counts::Count;
use crate::tally::ALL;

pub(super) async fn page(
    State(app): State<Arc<App>>,
    choice: Result<Query<Choice>, QueryRejection>,
    asking: Asking,
) -> Response {
    match app.page(choice, &asking).await {
        Ok(answer) => answer,
        Err(answer) => *answer,
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

pub(super) async fn icon() -> Response {
    ([(CONTENT_TYPE, "image/svg+xml")], ICON).into_response()
}

impl App {
    async fn page(
        &self,
        choice: Result<Query<Choice>, QueryRejection>,
        asking: &Asking,
    ) -> Result<Response, Box<Response>> {
        let choice = Choice::of(choice)?;
        let (reader, view) = self.resolve(asking, &choice)?;
        let search = choice.search()?;
        let counts = self.read_counts(&reader, &view).await?;
        let selectable = self.selectable(&reader, &view).await?;
        let (today, visitor) = (self.today(), self.visitor(asking));
        let parts = draw(&self.catalog, &counts, &view, today);
        let products = &selectable.products;
        let is_known = |product: &String| products.contains(product) || !parts.is_empty();
        if !view.product.as_ref().is_none_or(is_known) {
            if !wants_html(&asking.headers) {
                let message = "there is no data of this product";
                return Err(Box::new(error_response(404, "not_found", message, None)));
            }
            let mut answer = html(unknown(&view, products, visitor));
            *answer.status_mut() = status(404);
            return Ok(answer);
        }
        let names_one = view.product.is_some() || products.len() == 1;
        let empty = self.empty(&reader, &view, (&parts, &counts, products)).await?;
        let empty = empty.map(|(reason, has_others)| Empty {
            reason,
            address: self.address(&asking.headers),
            has_others,
            min_group_size: self.min_group_size,
        });
        let overview = Overview::of(&parts, &self.end_of_life, names_one, today);
        let page = Page {
            view: &view,
            search: &search,
            products,
            versions: selectable.versions.as_deref(),
            parts: &parts,
            overview: overview.as_ref(),
            empty: empty.as_ref(),
            health: reader.sees_all().then(|| self.counters().health()),
            today,
            sees_all: reader.sees_all(),
            visitor,
        };
        Ok(html(page.render()))
    }

    /// Finds what is missing on a page, and whether the other population has data.
    async fn empty(
        &self,
        reader: &ChartReader,
        view: &View,
        (parts, counts, products): (&[Part<'_>], &[Count], &[String]),
    ) -> Result<Option<(Reason, bool)>, Box<Response>> {
        let failed = |error| Box::new(store_error(&error));
        if !parts.is_empty() {
            // How many senders there are is for administrators: for readers, it would be a number below the floor.
            let is_one = view.product.is_some() || products.len() == 1;
            if !reader.sees_all() || !is_one || view.version.is_some() {
                return Ok(None);
            }
            let published = self.store.published(asked(view)).await.map_err(failed)?;
            let all = counts.iter().filter(|count| count.value.field == ALL);
            let senders = all.map(|count| count.senders).max().unwrap_or(0);
            return Ok(published.is_empty().then_some((Reason::TooFewSenders(senders), false)));
        }
        let mut others = Population::ALL.into_iter().filter(|it| *it != view.population);
        let has_others = match others.next() {
            Some(other) => self.has_any(reader, other).await.map_err(failed)?,
            None => false,
        };
        let reason = match (products.is_empty(), reader) {
            (false, _) if view.version.is_none() => Reason::OtherPeriod,
            (_, ChartReader::AllGroups(_)) => Reason::NothingReceived,
            (_, ChartReader::Published) => Reason::NothingPublished,
        };
        Ok(Some((reason, has_others)))
    }
}
