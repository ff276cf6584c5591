//! A chart by itself: as an SVG file, and as a page for the frame of another page.

use maud::{Markup, PreEscaped, html};

use super::address::Chosen;
use super::chart_page::{Drawn, title};
use super::frame::{bare, remark};
use super::view::View;

/// The style of a chart outside of our pages; it has no other.
pub const CHART_STYLE: &str = include_str!("chart.css");

/// The id of the element that names a chart.
const NAME: &str = "chart";

/// Writes an SVG file with its style.
#[must_use]
pub fn svg(drawn: &Drawn<'_>, chosen: &Chosen) -> String {
    let drawing = drawn.drawing(chosen, NAME).into_string();
    // A file names its namespace, brings its style, and says what it is.
    let head = html! { title id=(NAME) { (title(drawn.part, &chosen.field)) } style { (PreEscaped(CHART_STYLE)) } };
    let begin = drawing.find('>').map_or(0, |end| end + 1);
    let (open, rest) = drawing.split_at(begin);
    let open = open.replacen("<svg", "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1000\"", 1);
    format!("{open}{}{rest}\n", head.into_string())
}

/// Writes a page for a frame.
#[must_use]
pub fn embed(drawn: &Drawn<'_>, view: &View, chosen: &Chosen, sees_all: bool) -> Markup {
    let title = title(drawn.part, &chosen.field);
    let main = html! {
        figure.alone {
            figcaption { h1 id=(NAME) { (title) } }
            (drawn.drawing(chosen, NAME))
            p.links { a href=(view.chart("/chart", chosen, None)) target="_top" { "Open the chart" } }
        }
        (remark(view, sees_all))
    };
    bare(&title, "/", &main)
}
