//! Published tables as a site of files that any web server can serve.

use std::sync::Arc;

use jiff::civil::Date;
use maud::{Markup, html};

use crate::anonymity::Population;
use crate::catalog::Catalog;
use crate::dashboard::public_page::{Links, PublicPage, period};
use crate::dashboard::{ICON, STYLE, View, bare, draw};
use crate::limits::SITE_PRODUCTS_MAX;
use crate::store::error::Error;
use crate::store::{Asked, Store};

/// One file of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteFile {
    /// Its path within the site.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// Writes the page of every product of which something is published, and a list of them.
///
/// # Errors
/// When the store cannot be read.
pub async fn site(
    store: &Store,
    catalog: &Arc<Catalog>,
    today: Date,
) -> Result<Vec<SiteFile>, Error> {
    let mut names = Vec::new();
    for population in Population::ALL {
        names.extend(store.published_products(population).await?);
    }
    names.sort_unstable();
    names.dedup();
    names.retain(|name| is_folder(name));
    names.truncate(SITE_PRODUCTS_MAX);
    let file = |path: String, text: String| SiteFile { path, text };
    let mut files = vec![
        file("dashboard.css".to_owned(), STYLE.to_owned()),
        file("favicon.svg".to_owned(), ICON.to_owned()),
        file("index.html".to_owned(), list(&names, today).into_string()),
    ];
    for name in &names {
        let links = Links { root: "../", values: "values.csv" };
        let page = public_page(store, catalog, name, (today, links)).await?;
        files.push(file(format!("{name}/index.html"), page.render().into_string()));
        files.push(file(format!("{name}/values.csv"), page.values()));
    }
    Ok(files)
}

/// Reads what is published of a product.
///
/// # Errors
/// When the store cannot be read.
pub async fn public_page<'a>(
    store: &Store,
    catalog: &'a Catalog,
    product: &'a str,
    (today, links): (Date, Links<'a>),
) -> Result<PublicPage<'a>, Error> {
    let mut parts = Population::ALL.map(|population| (population, Vec::new()));
    for (population, parts) in &mut parts {
        let period = period(today);
        let (from, to) = (period.first(), period.last_week());
        let product = Some(product.to_owned());
        let asked =
            Asked { population: *population, product: product.clone(), version: None, from, to };
        let counts = store.published(asked).await?;
        let view =
            View { population: *population, product, version: None, period, min_group_size: 1 };
        *parts = draw(catalog, &counts, &view, today);
    }
    Ok(PublicPage { product, parts, today, links })
}

fn list(names: &[String], today: Date) -> Markup {
    let main = html! {
        h1 { "Published telemetry" }
        p.note { "As of " (today) "." }
        @if names.is_empty() { p { "Nothing is published yet." } }
        ul { @for name in names { li { a href={ (name) "/index.html" } { (name) } } } }
    };
    bare("Published telemetry", "", &main)
}

/// Whether the name of a product can be that of a folder of the site.
fn is_folder(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.')
}
