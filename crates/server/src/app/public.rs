//! The page of a product for everybody, where the operator chose to show one.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use super::html::html;
use super::responses::{error_response, store_error};
use super::state::App;
use crate::dashboard::public_page::Links;
use crate::site::public_page;

/// A name that is not valid UTF-8 is that of no product.
type Named = Result<Path<String>, PathRejection>;

pub(super) async fn page(State(app): State<Arc<App>>, product: Named) -> Response {
    let Some(product) = app.public_product(product) else { return unknown() };
    let values = format!("/public/{product}/values.csv");
    let links = Links { root: "/", values: &values };
    match public_page(&app.store, &app.catalog, product, (app.today(), links)).await {
        Ok(page) => html(page.render()),
        Err(error) => store_error(&error),
    }
}

pub(super) async fn values(State(app): State<Arc<App>>, product: Named) -> Response {
    let Some(product) = app.public_product(product) else { return unknown() };
    let links = Links { root: "/", values: "" };
    match public_page(&app.store, &app.catalog, product, (app.today(), links)).await {
        Ok(page) => {
            let headers = [(CONTENT_TYPE, "text/csv; charset=utf-8"), (CACHE_CONTROL, "no-store")];
            (headers, page.values()).into_response()
        }
        Err(error) => store_error(&error),
    }
}

impl App {
    fn public_product(&self, product: Named) -> Option<&str> {
        let Path(product) = product.ok()?;
        self.public_pages.iter().find(|page| **page == product).map(String::as_str)
    }
}

fn unknown() -> Response {
    error_response(404, "not_found", "there is no public page of this product", None)
}
