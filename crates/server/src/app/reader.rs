//! Who reads charts, and the numbers that they may see.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, Uri};

use super::audit::Access;
use super::authentication::{AuthError, AuthResult};
use super::choice::Choice;
use super::login::challenge;
use super::responses::{error_response, store_error};
use super::session;
use super::state::{App, ChartAccess};
use crate::anonymity::Population;
use crate::audit::AuditAction;
use crate::dashboard::login::LoginReason;
use crate::dashboard::order::Order;
use crate::dashboard::{View, Visitor};
use crate::store::counts::{Asked, Count};
use crate::store::error::Error as StoreError;
use crate::token::{Role, TokenRecord};

/// What a reader may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ChartReader {
    /// Published tables.
    Published,
    /// Groups of any size.
    AllGroups(TokenRecord),
}

/// What a reader can choose from.
#[derive(Debug)]
pub(super) struct Selectable {
    pub(super) products: Vec<String>,
    pub(super) versions: Option<Vec<String>>,
}

/// A request for charts, as far as it concerns its reader.
#[derive(Debug, Clone)]
pub(super) struct Asking {
    pub(super) headers: HeaderMap,
    pub(super) uri: Uri,
    pub(super) auth: AuthResult,
}

impl<S: Sync> FromRequestParts<S> for Asking {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let auth = parts.extensions.get::<AuthResult>().cloned();
        let auth = auth.unwrap_or(AuthResult(Err(AuthError::Missing)));
        Ok(Self { headers: parts.headers.clone(), uri: parts.uri.clone(), auth })
    }
}

impl ChartReader {
    pub(super) fn sees_all(&self) -> bool {
        matches!(self, Self::AllGroups(_))
    }
}

impl App {
    /// Resolves who reads which view.
    pub(super) fn resolve(
        &self,
        asking: &Asking,
        choice: &Choice,
    ) -> Result<(ChartReader, View), Box<Response>> {
        let reader = self.reader(&asking.auth).ok_or_else(|| {
            let next = asking.uri.path_and_query().map_or("/", |it| it.as_str());
            Box::new(challenge(&asking.headers, LoginReason::Needed, next))
        })?;
        let min_group_size = if reader.sees_all() { 1 } else { self.min_group_size };
        let view = choice.view(min_group_size, self.today())?;
        if view.version.is_some() && reader == ChartReader::Published {
            let message = "published numbers are not divided by version";
            return Err(Box::new(error_response(400, "version", message, None)));
        }
        Ok((reader, view))
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

    /// How a visitor is known, for the head of a page.
    pub(super) fn visitor(&self, asking: &Asking) -> Visitor {
        let has_session =
            session::token(&asking.headers, self.is_secure(&asking.headers)).is_some();
        match asking.auth.token() {
            Some(_) if has_session => Visitor::Session,
            Some(_) => Visitor::Token,
            None => Visitor::Public,
        }
    }

    /// Reads the numbers of a view, and logs access to groups of any size before they are returned.
    pub(super) async fn read_counts(
        &self,
        reader: &ChartReader,
        view: &View,
    ) -> Result<Vec<Count>, Box<Response>> {
        let asked = asked(view);
        let counts = match reader {
            ChartReader::Published => self.store.published(asked).await,
            ChartReader::AllGroups(_) => self.store.counts(asked).await,
        };
        let counts = counts.map_err(|error| Box::new(store_error(&error)))?;
        self.record_chart_access(reader, view, counts.len()).await?;
        Ok(counts)
    }

    /// Logs access to groups of any size; access to published tables is not logged.
    async fn record_chart_access(
        &self,
        reader: &ChartReader,
        view: &View,
        rows: usize,
    ) -> Result<(), Box<Response>> {
        let ChartReader::AllGroups(token) = reader else { return Ok(()) };
        let View { population, product, version, period, min_group_size: _ } = view;
        let population = population.as_str();
        let any = |word: &Option<String>| word.clone().unwrap_or_else(|| "any".to_owned());
        let period = if period.is_range() {
            period.described()
        } else {
            format!("{} weeks", period.week_count())
        };
        let request =
            format!("{population}, product {}, version {}, {period}", any(product), any(version));
        let access = Access { action: AuditAction::Charts, request: &request, purpose: "", rows };
        self.record_access(token, access).await
    }

    /// Reads what a reader can choose from.
    pub(super) async fn selectable(
        &self,
        reader: &ChartReader,
        view: &View,
    ) -> Result<Selectable, Box<Response>> {
        let failed = |error: StoreError| Box::new(store_error(&error));
        if *reader == ChartReader::Published {
            let products = self.store.published_products(view.population).await.map_err(failed)?;
            return Ok(Selectable { products, versions: None });
        }
        let all = self.store.versions(view.population).await.map_err(failed)?;
        let is_chosen = |product: &str| view.product.as_deref().is_none_or(|it| it == product);
        let versions = all.iter().filter(|(product, ..)| is_chosen(product));
        let mut versions: Vec<String> =
            versions.map(|(_, version, _)| version.clone()).filter(|it| !it.is_empty()).collect();
        versions.sort_by(|one, other| Order::Versions.compare((one, 0), (other, 0)));
        versions.dedup();
        let mut products: Vec<String> = all.into_iter().map(|(product, ..)| product).collect();
        products.dedup();
        Ok(Selectable { products, versions: Some(versions) })
    }

    /// Whether a reader can see anything of a population, at any time.
    pub(super) async fn has_any(
        &self,
        reader: &ChartReader,
        population: Population,
    ) -> Result<bool, StoreError> {
        Ok(match reader {
            ChartReader::Published => !self.store.published_products(population).await?.is_empty(),
            ChartReader::AllGroups(_) => !self.store.versions(population).await?.is_empty(),
        })
    }
}

/// What is read for a view.
pub(super) fn asked(view: &View) -> Asked {
    let View { population, product, version, period, min_group_size: _ } = view;
    Asked {
        population: *population,
        product: product.clone(),
        version: version.clone(),
        from: period.first(),
        to: period.last_week(),
    }
}
