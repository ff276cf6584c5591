//! The dashboard page: HTML that works without JavaScript, with a table for every chart.

use std::collections::BTreeMap;

use jiff::civil::Date;
use maud::{Markup, html};

use super::empty::Empty;
use super::frame::{Visitor, capital, frame, remark, words};
use super::overview::Overview;
use super::parts::{Chart, Part};
use super::period::Period;
use super::series::Series;
use super::unit::Unit;
use super::view::View;
use super::{figure, overview_page};
use crate::anonymity::Population;

/// The periods that can be chosen, in weeks.
pub const PERIODS: [u32; 3] = [4, 13, 52];

/// The counters of the receiver since it was started.
#[derive(Debug, Clone, Copy, Default)]
pub struct Health {
    /// Items that were stored.
    pub stored: u64,
    /// Items that were stored before.
    pub repeated: u64,
    /// Items and parts of items that were rejected.
    pub rejected: u64,
    /// Values that were omitted, since no schema declares them.
    pub omitted: u64,
}

/// The content of the page.
#[derive(Debug)]
pub struct Page<'a> {
    /// The filters.
    pub view: &'a View,
    /// What charts have to have in their names.
    pub search: &'a str,
    /// The products to choose from.
    pub products: &'a [String],
    /// The versions to choose from, if numbers are divided by version.
    pub versions: Option<&'a [String]>,
    /// The charts.
    pub parts: &'a [Part<'a>],
    /// The answers that stand first.
    pub overview: Option<&'a Overview>,
    /// What is missing, and what to do.
    pub empty: Option<&'a Empty>,
    /// The counters.
    pub health: Option<Health>,
    /// The day.
    pub today: Date,
    /// Whether groups of any size are shown.
    pub sees_all: bool,
    /// How the visitor is known.
    pub visitor: Visitor,
}

impl Page<'_> {
    /// Writes the page.
    #[must_use]
    pub fn render(&self) -> Markup {
        let product = self.view.product.as_deref().unwrap_or("All products");
        let found = self.found();
        let main = html! {
            h1 { (product) @if let Some(version) = &self.view.version { " " (version) } }
            (remark(self.view, self.sees_all))
            (self.filters())
            @if let Some(empty) = self.empty { (empty.render(self.view)) }
            (self.product_list())
            @if let Some(overview) = self.overview {
                (overview_page::render(overview, self.view, self.parts))
            }
            @if !self.parts.is_empty() {
                (self.search())
                (contents(&found))
                @if found.is_empty() { p { "No chart has “" (self.search) "” in its name or reason." } }
            }
            @for (part, charts) in &found { (self.part(part, charts)) }
            @if let Some(health) = self.health { (self.received(health)) }
        };
        frame(product, self.visitor, &main)
    }

    /// The schemas and charts that fit the search.
    fn found(&self) -> Vec<(&Part<'_>, Vec<&Chart<'_>>)> {
        let search = self.search.to_lowercase();
        let fits = |text: &str| text.to_lowercase().contains(&search);
        let parts = self.parts.iter().filter_map(|part| {
            let all = fits(&part.schema.title) || fits(&part.schema.id());
            let fit = |chart: &&Chart<'_>| {
                all || fits(&chart.path) || fits(&words(&chart.path)) || fits(&chart.field.why)
            };
            let charts: Vec<&Chart<'_>> = part.charts.iter().filter(fit).collect();
            (all || !charts.is_empty()).then_some((part, charts))
        });
        let main = self.overview.map(|overview| overview.schema.as_str());
        let mut parts: Vec<_> = parts.collect();
        // What counts the product itself stands first.
        parts.sort_by_key(|(part, _)| main != Some(part.schema.id().as_str()));
        parts
    }

    fn filters(&self) -> Markup {
        let View { population, product, version, period, .. } = self.view;
        html! {
            form method="get" action="/" {
                @if *population == Population::Unauthenticated {
                    input type="hidden" name="population" value=(population.as_str());
                }
                label { "Product "
                    select name="product" {
                        option value="" { "all" }
                        @for one in self.products.iter().filter(|one| !one.is_empty()) {
                            option value=(one) selected[product.as_deref() == Some(one)] { (one) }
                        }
                    }
                }
                @if let Some(versions) = self.versions {
                    label { "Version "
                        select name="version" {
                            option value="" { "all" }
                            @for one in versions {
                                option value=(one) selected[version.as_deref() == Some(one)] { (one) }
                            }
                        }
                    }
                }
                (periods(period, true))
                button type="submit" { "Show" }
            }
        }
    }

    /// The products, if there are several and none was chosen.
    fn product_list(&self) -> Markup {
        let named: Vec<&String> = self.products.iter().filter(|one| !one.is_empty()).collect();
        let of = |product: &String| View { product: Some(product.clone()), ..self.view.clone() };
        html! {
            @if self.view.product.is_none() && named.len() > 1 {
                nav.contents aria-label="Products" {
                    ul { @for one in named { li { a href=(of(one).page()) { (one) } } } }
                }
            }
        }
    }

    fn search(&self) -> Markup {
        html! {
            form.search method="get" action="/" role="search" {
                @for (name, value) in self.view.parameters() {
                    input type="hidden" name=(name) value=(value);
                }
                label { "Find a chart " input type="search" name="q" value=(self.search) maxlength="128"; }
                button type="submit" { "Find" }
            }
        }
    }

    fn part(&self, part: &Part<'_>, charts: &[&Chart<'_>]) -> Markup {
        let id = part.schema.id();
        let shared = shared_reason(charts);
        let reason = |chart: &Chart<'_>| {
            let why = chart.field.why.as_str();
            (shared != Some(why)).then(|| why.to_owned())
        };
        html! {
            section.schema aria-labelledby=(id) {
                h2 id=(id) { (part.schema.title) }
                p.question { (part.schema.purpose.question) }
                @if let Unit::Installations(week) = part.unit {
                    p.note { "Tables count installations by their last report in the week of " (week) "." }
                }
                @if let Some(why) = shared { p.why { (why) } }
                @if part.charts.is_empty() { p { "No value of it is known or common enough to be shown." } }
                div.charts {
                    @if self.has_own_total(part) {
                        (figure::total(self.view, part, &format!("{id}:weeks")))
                    }
                    @for chart in charts {
                        (figure::field(self.view, part, chart, reason(chart).as_deref()))
                    }
                    @if charts.len() == part.charts.len() {
                        @for pair in &part.pairs { (figure::pair(self.view, part, pair)) }
                    }
                }
            }
        }
    }

    /// Whether the total is drawn: not where it is that of the overview, or of an earlier schema. One report
    /// has sections of many schemas.
    fn has_own_total(&self, part: &Part<'_>) -> bool {
        let numbers = |totals: &Series| totals.totals.clone();
        let is_same = |other: &Part<'_>| {
            other.unit.as_str() == part.unit.as_str()
                && numbers(&other.totals) == numbers(&part.totals)
        };
        let main = self.overview.map(|overview| overview.schema.as_str());
        let before = self.parts.iter().take_while(|other| other.schema.id() != part.schema.id());
        let drawn = self.parts.iter().filter(|other| Some(other.schema.id().as_str()) == main);
        !before.chain(drawn).any(is_same)
    }

    fn received(&self, health: Health) -> Markup {
        let Health { stored, repeated, rejected, omitted } = health;
        let rows = [
            ("stored", stored),
            ("repeated (already stored)", repeated),
            ("rejected", rejected),
            ("omitted values (not declared by a schema)", omitted),
        ];
        html! {
            section aria-labelledby="health" {
                h2 id="health" { "This receiver" }
                table {
                    caption { "Since the start of the process; " (self.today) }
                    tbody {
                        @for (what, number) in rows {
                            tr { th scope="row" { (what) } td { (number) } }
                        }
                    }
                }
                p.links { a href="/metrics" aria-label="Prometheus metrics" { "metrics" } }
            }
        }
    }
}

/// The choice of a period: a number of weeks, or any range of days.
pub(super) fn periods(period: &Period, with_range: bool) -> Markup {
    let is_usual = |weeks: u32| !period.is_range() && period.week_count() == weeks;
    html! {
        label { "Period "
            select name="weeks" {
                @if !PERIODS.into_iter().any(is_usual) {
                    option value=(period.week_count()) selected { (period.described()) }
                }
                @for one in PERIODS {
                    option value=(one) selected[is_usual(one)] { (one) " weeks" }
                }
            }
        }
        @if with_range {
            label { "From " input type="date" name="from" value=[period.is_range().then(|| period.first())]; }
            label { "to " input type="date" name="to" value=[period.is_range().then(|| period.last_day())]; }
        }
    }
}

/// The sections and their charts, as links.
fn contents(found: &[(&Part<'_>, Vec<&Chart<'_>>)]) -> Markup {
    html! {
        @if found.iter().map(|(_, charts)| charts.len()).sum::<usize>() > 1 {
            nav.contents aria-labelledby="contents" {
                h2 id="contents" { "Contents" }
                ul { @for (part, charts) in found {
                    @let id = part.schema.id();
                    li {
                        a href={ "#" (id) } { (part.schema.title) }
                        @if charts.len() > 1 {
                            ul { @for chart in charts {
                                li { a href={ "#" (id) ":" (chart.path) } { (words(&chart.path)) } }
                            } }
                        }
                    }
                } }
            }
        }
    }
}

/// A reason that several charts share; it stands once.
fn shared_reason<'c>(charts: &[&'c Chart<'_>]) -> Option<&'c str> {
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for chart in charts {
        *times.entry(&chart.field.why).or_default() += 1;
    }
    times
        .into_iter()
        .filter(|(_, times)| *times > 1)
        .max_by_key(|(_, times)| *times)
        .map(|(why, _)| why)
}

/// The page of a product or of another thing that is not known here.
#[must_use]
pub fn unknown(view: &View, products: &[String], visitor: Visitor) -> Markup {
    let named: Vec<&String> = products.iter().filter(|one| !one.is_empty()).collect();
    let of = |product: &String| View { product: Some(product.clone()), ..view.clone() };
    let product = view.product.as_deref().unwrap_or_default();
    let main = html! {
        h1 { "No data of this product" }
        p { "Nothing is shown of a product “" (product) "”. "
            "A product is listed when something of it can be shown." }
        @if named.is_empty() {
            p { a href=(View { product: None, ..view.clone() }.page()) { "All charts" } }
        } @else {
            nav.contents aria-label="Products" {
                ul { @for one in named { li { a href=(of(one).page()) { (one) } } } }
            }
        }
    };
    frame(&capital("unknown product"), visitor, &main)
}
