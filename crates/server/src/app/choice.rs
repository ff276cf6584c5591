//! The parameters of pages with charts: which reports, which chart, and how it is drawn.

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::response::Response;
use jiff::civil::Date;
use serde::Deserialize;

use super::responses::error_response;
use crate::anonymity::Population;
use crate::dashboard::address::{Chosen, Compared, Scale};
use crate::dashboard::page::PERIODS;
use crate::dashboard::{Period, View};
use crate::limits::{PARAMETER_BYTES_MAX, PERIOD_WEEKS_MAX};

/// The parameters; an empty one is none, as a form sends it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Choice {
    population: Option<String>,
    product: Option<String>,
    version: Option<String>,
    weeks: Option<u32>,
    from: Option<String>,
    to: Option<String>,
    schema: Option<String>,
    field: Option<String>,
    scale: Option<String>,
    compare: Option<String>,
    compare_version: Option<String>,
    q: Option<String>,
    pub(super) format: Option<String>,
}

/// A parameter that cannot be used, as a response.
type Wrong = Box<Response>;

impl Choice {
    pub(super) fn of(choice: Result<Query<Self>, QueryRejection>) -> Result<Self, Wrong> {
        let wrong = |_said| wrong("choice", "the query parameters are malformed");
        choice.map(|Query(choice)| choice).map_err(wrong)
    }

    /// The filters of a page.
    pub(super) fn view(&self, min_group_size: i64, today: Date) -> Result<View, Wrong> {
        let population = match word(self.population.as_ref())? {
            None => Population::default(),
            Some(name) => Population::from_name(&name).ok_or_else(|| {
                wrong("population", "the populations are authenticated and unauthenticated")
            })?,
        };
        Ok(View {
            population,
            product: word(self.product.as_ref())?,
            version: word(self.version.as_ref())?,
            period: self.period(today)?,
            min_group_size,
        })
    }

    fn period(&self, today: Date) -> Result<Period, Wrong> {
        let day = |given: &Option<String>| match word(given.as_ref())? {
            None => Ok(None),
            Some(text) => text
                .parse::<Date>()
                .map(Some)
                .map_err(|_error| wrong("period", "`from` and `to` are days, as in 2026-11-21")),
        };
        let (from, to) = (day(&self.from)?, day(&self.to)?);
        if from.is_none() && to.is_none() {
            return Ok(Period::last(self.weeks.unwrap_or(PERIODS[1]), today));
        }
        let to = to.unwrap_or(today);
        Period::between(from.unwrap_or(to), to).ok_or_else(|| {
            let message = format!("`from` is before `to`, and at most {PERIOD_WEEKS_MAX} weeks");
            wrong("period", &message)
        })
    }

    pub(super) fn chart(&self) -> Result<Chosen, Wrong> {
        let scale = match word(self.scale.as_ref())? {
            None => Scale::default(),
            Some(name) => Scale::from_name(&name)
                .ok_or_else(|| wrong("scale", "the scales are percent and absolute"))?,
        };
        let product = word(self.compare.as_ref())?.map(Compared::Product);
        let version = word(self.compare_version.as_ref())?.map(Compared::Version);
        Ok(Chosen {
            schema: word(self.schema.as_ref())?.unwrap_or_default(),
            field: word(self.field.as_ref())?.unwrap_or_default(),
            scale,
            compared: product.or(version),
        })
    }

    /// What charts have to have in their names.
    pub(super) fn search(&self) -> Result<String, Wrong> {
        Ok(word(self.q.as_ref())?.unwrap_or_default())
    }
}

fn word(given: Option<&String>) -> Result<Option<String>, Wrong> {
    match given.filter(|word| !word.is_empty()) {
        Some(word) if word.len() > PARAMETER_BYTES_MAX => {
            Err(wrong("word", "a query parameter is too long"))
        }
        word => Ok(word.cloned()),
    }
}

fn wrong(code: &str, message: &str) -> Wrong {
    Box::new(error_response(400, code, message, None))
}
