//! The page of one chart: large, with a choice of period, scale and comparison, and links to its numbers.

use maud::{Markup, html};

use super::address::{Chosen, Compared, Scale};
use super::figure::{by_week, entry, pair_drawing, pair_table, titles};
use super::frame::{Visitor, capital, frame, remark, words};
use super::groups::Groups;
use super::over_time::{self, Detail, Drawing};
use super::page::periods;
use super::parts::{PairChart, Part};
use super::series::Series;
use super::view::View;
use crate::anonymity::Population;

/// What a chart shows.
#[derive(Debug, Clone, Copy)]
pub struct Drawn<'a> {
    /// The schema.
    pub part: &'a Part<'a>,
    /// The numbers by week.
    pub series: &'a Series,
    /// The words with their numbers; none of a total.
    groups: Option<&'a Groups>,
    /// The pair of fields, if it is a chart of two.
    pub pair: Option<&'a PairChart<'a>>,
}

/// The content of the page.
#[derive(Debug)]
pub struct ChartPage<'a> {
    /// The filters.
    pub view: &'a View,
    /// Which chart it is.
    pub chosen: &'a Chosen,
    /// The chart.
    pub drawn: Drawn<'a>,
    /// What it is compared with, if there is data of it.
    pub compared: Option<Drawn<'a>>,
    /// The products to choose from.
    pub products: &'a [String],
    /// The versions to choose from, if numbers are divided by version.
    pub versions: Option<&'a [String]>,
    /// The address of this server, as the browser called it.
    pub address: &'a str,
    /// Whether other sites may show the chart: everybody may read it.
    pub is_public: bool,
    /// Whether groups of any size are shown.
    pub sees_all: bool,
    /// How the visitor is known.
    pub visitor: Visitor,
}

impl<'a> Drawn<'a> {
    /// Finds a chart among those of a page.
    #[must_use]
    pub fn find(parts: &'a [Part<'a>], chosen: &Chosen) -> Option<Self> {
        let part = parts.iter().find(|part| part.schema.id() == chosen.schema)?;
        if chosen.field.is_empty() {
            return Some(Self { part, series: &part.totals, groups: None, pair: None });
        }
        if let Some(chart) = part.charts.iter().find(|chart| chart.path == chosen.field) {
            let groups = Some(&chart.groups);
            return Some(Self { part, series: &chart.series, groups, pair: None });
        }
        let pair = part.pairs.iter().find(|pair| pair.pair.name == chosen.field)?;
        let groups = Some(&pair.groups);
        Some(Self { part, series: &pair.series, groups, pair: Some(pair) })
    }

    /// The words with their numbers; none of a total.
    #[must_use]
    pub fn groups(&self) -> Option<&'a Groups> {
        self.groups
    }

    pub(super) fn drawing(&self, chosen: &Chosen, named: &str) -> Markup {
        self.drawing_with(chosen, &self.series.drawable(), None, named)
    }

    /// Draws it with certain words and an axis that goes up to a certain number.
    fn drawing_with(
        &self,
        chosen: &Chosen,
        series: &Series,
        most: Option<i64>,
        named: &str,
    ) -> Markup {
        if let Some(pair) = self.pair {
            return pair_drawing(pair, named);
        }
        // A total is always all of it.
        let scale = if chosen.field.is_empty() { Scale::Absolute } else { chosen.scale };
        let drawing = Drawing { series, scale, most, detail: Detail::Full, named };
        over_time::draw(&drawing)
    }
}

/// The title of a chart.
pub(super) fn title(part: &Part<'_>, field: &str) -> String {
    let of = &part.schema.title;
    if field.is_empty() {
        return format!("{of}: {} by week", part.unit.as_str());
    }
    let pair = part.pairs.iter().find(|pair| pair.pair.name == field);
    let name = pair.map_or_else(|| words(field), |pair| titles(pair)[0].clone());
    format!("{of}: {name}")
}

impl ChartPage<'_> {
    /// Writes the page.
    #[must_use]
    pub fn render(&self) -> Markup {
        let part = self.drawn.part;
        let title = title(part, &self.chosen.field);
        let field = part.schema.field(&self.chosen.field);
        let main = html! {
            p.back { a href={ (self.view.page()) "#" (part.schema.id()) } { "All charts" } }
            h1 { (title) }
            @if let Some(field) = field { p.question { (field.why) } }
            @else { p.question { (part.schema.purpose.question) } }
            (remark(self.view, self.sees_all))
            (self.choices())
            div.charts.large { (self.figures()) }
            @if self.drawn.pair.is_none() {
                p.note { "Point at a week, or go through the weeks with the Tab key, to read its numbers." }
            }
            (self.numbers(&title))
        };
        frame(&title, self.visitor, &main)
    }

    fn figures(&self) -> Markup {
        let all = [Some(self.drawn), self.compared];
        // Two charts that are compared have one axis, and a word has one colour.
        let most = all.iter().flatten().map(|drawn| drawn.series.most()).max();
        let series: Vec<&Series> = all.iter().flatten().map(|drawn| drawn.series).collect();
        let words = Series::frequent(&series);
        let names = [self.own_name(), self.compared_name()];
        html! {
            @for (at, (drawn, name)) in all.into_iter().zip(names).enumerate() {
                @let id = format!("chart{at}");
                @if let Some(drawn) = drawn {
                    figure.alone {
                        figcaption id=(id) { (name) ", " (self.view.period.described()) }
                        @let series = drawn.series.with_words(&words);
                        (drawn.drawing_with(self.chosen, &series, most, &id))
                        details open[self.compared.is_none()] {
                            summary { "Table" }
                            @match drawn.pair {
                                Some(pair) => (pair_table(drawn.part, pair)),
                                None => (by_week(&series, drawn.part.unit.as_str())),
                            }
                        }
                    }
                } @else if self.chosen.compared.is_some() {
                    figure.alone { figcaption { (name) } p { "There is no data to compare with in this period." } }
                }
            }
        }
    }

    fn own_name(&self) -> String {
        let product = self.view.product.as_deref().unwrap_or("all products");
        let version = self.view.version.as_deref().map(|version| format!(" {version}"));
        capital(&format!("{product}{}", version.unwrap_or_default()))
    }

    fn compared_name(&self) -> String {
        match &self.chosen.compared {
            Some(Compared::Product(product)) => capital(product),
            Some(Compared::Version(version)) => {
                let product = self.view.product.as_deref().unwrap_or("all products");
                capital(&format!("{product} {version}"))
            }
            None => String::new(),
        }
    }

    fn choices(&self) -> Markup {
        let View { population, product, version, period, .. } = self.view;
        let Chosen { schema, field, scale, compared } = self.chosen;
        let (with_product, with_version) = match compared {
            Some(Compared::Product(product)) => (Some(product), None),
            Some(Compared::Version(version)) => (None, Some(version)),
            None => (None, None),
        };
        html! {
            form method="get" action="/chart" {
                input type="hidden" name="schema" value=(schema);
                input type="hidden" name="field" value=(field);
                @if *population == Population::Unauthenticated {
                    input type="hidden" name="population" value=(population.as_str());
                }
                (select("Product", "product", self.products, product.as_ref(), "all"))
                (select("compare with", "compare", self.products, with_product, "nothing"))
                @if let Some(versions) = self.versions {
                    (select("Version", "version", versions, version.as_ref(), "all"))
                    (select("compare with", "compare_version", versions, with_version, "nothing"))
                }
                (periods(period, true))
                @if !field.is_empty() && self.drawn.pair.is_none() {
                    label { "Scale "
                        select name="scale" {
                            @for one in Scale::ALL {
                                option value=(one.as_str()) selected[scale == &one] { (one.as_str()) }
                            }
                        }
                    }
                }
                button type="submit" { "Show" }
            }
        }
    }

    /// The numbers as files, and how another page shows the chart.
    fn numbers(&self, title: &str) -> Markup {
        let address = |path: &str, format: Option<&str>| self.view.chart(path, self.chosen, format);
        let picture = address("/chart.svg", None);
        let file: String = title
            .chars()
            .map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' })
            .collect();
        let frame = format!(
            "<iframe src=\"{}{}\" title=\"{}\" width=\"640\" height=\"460\"></iframe>",
            self.address,
            address("/embed", None).replace('&', "&amp;"),
            title.replace('&', "&amp;").replace('"', "&quot;")
        );
        html! {
            section aria-labelledby="numbers" {
                h2 id="numbers" { "Numbers and picture" }
                p.links {
                    a href=(picture) data-png=(file) { "SVG" }
                    a href=(address("/v1/series", Some("csv"))) { "CSV by week" }
                    a href=(address("/v1/series", Some("json"))) { "JSON by week" }
                    a href=(address("/v1/counts", Some("csv"))) { "CSV" }
                    a href=(address("/v1/counts", Some("json"))) { "JSON" }
                    a href=(entry(self.drawn.part.schema, &self.chosen.field)) { "Why it is collected" }
                }
                h3 { "Embed" }
                @if self.is_public {
                    pre tabindex="0" { code { (frame) } }
                } @else {
                    p { "Other sites can show this chart if everybody may read it: start the server with " code { "--public" } "." }
                }
            }
        }
    }
}

fn select(
    label: &str,
    name: &str,
    words: &[String],
    chosen: Option<&String>,
    none: &str,
) -> Markup {
    html! {
        label { (label) " "
            select name=(name) {
                option value="" { (none) }
                @for one in words.iter().filter(|one| !one.is_empty()) {
                    option value=(one) selected[chosen == Some(one)] { (one) }
                }
            }
        }
    }
}
