//! A chart by itself: as an SVG file, and as a page for the frame of another page.

use std::sync::LazyLock;

use maud::{Markup, PreEscaped, html};

use super::address::Chosen;
use super::chart_page::{Drawn, title};
use super::frame::{bare, remark};
use super::view::View;

/// The style of a chart as a file; it has no other. Browsers take the colours of the reader's scheme. What else
/// draws SVG, such as an office program, mostly knows no variables of CSS: it takes the light colours.
pub static PICTURE_STYLE: LazyLock<String> =
    LazyLock::new(|| with_plain_colours(include_str!("chart.css")));

/// The id of the element that names a chart.
const NAME: &str = "chart";

/// Writes an SVG file with its style.
#[must_use]
pub fn svg(drawn: &Drawn<'_>, chosen: &Chosen) -> String {
    let drawing = drawn.drawing(chosen, NAME).into_string();
    // A file names its namespace, brings its style, and says what it is.
    let head = html! { title id=(NAME) { (title(drawn.part, &chosen.field)) } style { (PreEscaped(PICTURE_STYLE.as_str())) } };
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

/// Puts the value that a variable has first before each use of it. Who does not know variables ignores the use.
fn with_plain_colours(style: &str) -> String {
    let value = |name: &str| {
        let (_, rest) = style.split_once(&format!("--{name}: "))?;
        rest.split(';').next()
    };
    let plain = |declaration: &str| {
        let (before, variable) = declaration.split_once(": var(--")?;
        let property = before.rsplit(' ').next()?;
        let value = value(variable.strip_suffix(");")?)?;
        Some(format!("{before}: {value}; {property}: var(--{variable}"))
    };
    let declarations = style.split_inclusive(';');
    declarations.map(|one| plain(one).unwrap_or_else(|| one.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::{PICTURE_STYLE, with_plain_colours};

    #[test]
    fn who_knows_no_variables_takes_the_light_colours() {
        let style = "svg { --ink: #111; font-size: 13px; }\n@media (dark) { svg { --ink: #eee; } }\n\
                     svg text { fill: var(--ink); }\nsvg .b { opacity: .5; stroke: var(--ink); }\n";
        assert_eq!(
            with_plain_colours(style),
            "svg { --ink: #111; font-size: 13px; }\n@media (dark) { svg { --ink: #eee; } }\n\
             svg text { fill: #111; fill: var(--ink); }\nsvg .b { opacity: .5; stroke: #111; stroke: var(--ink); }\n"
        );
        let uses = PICTURE_STYLE.split(';').filter_map(|one| one.split_once(": var(--"));
        let count = uses.inspect(|(before, _)| assert!(!before.contains('{'), "{before}")).count();
        assert!(count > 30, "{count}");
    }
}
