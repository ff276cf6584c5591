//! Draws one measure across and another up, as cells that are the darker the more they hold.

use maud::{Markup, html};

use super::order::place;
use super::parts::Row;
use super::unit::OTHER;

/// The width of a drawing, in its own units.
const WIDTH: i64 = 420;
/// Where the cells begin, behind the words of what goes up.
const LEFT: i64 = 92;
const TOP: i64 = 22;
const CELL_HEIGHT: i64 = 30;
/// Of a hundred, how dark a cell with next to nothing is.
const FAINTEST: i64 = 12;

/// Draws the cells; `axes` are the names of what goes across and of what goes up, and `named` is the id of
/// the element that says what it is.
pub(super) fn draw(rows: Vec<Row<'_>>, axes: (&str, &str), named: &str) -> Markup {
    let (other, cells): (Vec<Row<'_>>, Vec<Row<'_>>) =
        rows.into_iter().partition(|(first, second, _)| (*first, *second) == (OTHER, OTHER));
    let across = words(cells.iter().map(|(first, ..)| *first));
    let mut up = words(cells.iter().map(|(_, second, _)| *second));
    // What is more stands higher.
    up.reverse();
    let most = cells.iter().map(|(.., number)| *number).max().unwrap_or(0).max(1);
    let wide = (WIDTH - LEFT) / i64::try_from(across.len()).unwrap_or(1).max(1);
    let at = |words: &[&str], word: &str| {
        let place = words.iter().position(|one| *one == word);
        place.and_then(|place| i64::try_from(place).ok()).unwrap_or(0)
    };
    let bottom = TOP + CELL_HEIGHT * i64::try_from(up.len()).unwrap_or(0);
    html! {
        svg viewBox={ "0 0 " (WIDTH) " " (bottom + 58) } role="img" aria-labelledby=(named) {
            text class="scale" x="0" y="13" { (axes.1) " ↑" }
            @for (first, second, number) in &cells {
                @let (x, y) = (LEFT + wide * at(&across, first), TOP + CELL_HEIGHT * at(&up, second));
                @let dark = FAINTEST + (100 - FAINTEST) * number / most;
                rect class="cell" x=(x + 1) y=(y + 1) width=(wide - 2) height=(CELL_HEIGHT - 2) rx="2"
                    fill-opacity={ (dark / 100) "." (format!("{:02}", dark % 100)) } {
                    title { (axes.0) " " (first) ", " (axes.1) " " (second) ": " (number) }
                }
                text class=(if dark > 55 { "in dark" } else { "in" })
                    x=(x + wide / 2) y=(y + CELL_HEIGHT / 2 + 5) text-anchor="middle" { (number) }
            }
            @for (line, word) in (0..).zip(&up) {
                text x=(LEFT - 8) y=(TOP + CELL_HEIGHT * line + CELL_HEIGHT / 2 + 5) text-anchor="end" { (word) }
            }
            // Long words stand by turns in two lines, so that they do not meet.
            @for (column, word) in (0..).zip(&across) {
                text x=(LEFT + wide * column + wide / 2) y=(bottom + 15 + 14 * (column % 2)) text-anchor="middle" { (word) }
            }
            text class="scale" x=(WIDTH) y=(bottom + 50) text-anchor="end" { (axes.0) " →" }
            @for (.., number) in &other {
                text class="scale" x="0" y=(bottom + 50) { "other: " (number) }
            }
        }
    }
}

/// Gives each word once, from small to large.
fn words<'w>(said: impl Iterator<Item = &'w str>) -> Vec<&'w str> {
    let mut words: Vec<&str> = said.collect();
    words.sort_by_key(|word| place(word));
    words.dedup();
    words
}

#[cfg(test)]
mod tests {
    use super::draw;

    #[test]
    fn small_stands_left_and_below_and_more_is_darker() {
        let rows = vec![
            ("101-1000", "21-100", 40),
            ("6-20", "2-5", 20),
            ("101-1000", "2-5", 10),
            ("other", "other", 15),
        ];
        let drawing = draw(rows, ("pods", "seconds"), "it").into_string();
        assert_eq!(drawing.matches("<rect").count(), 3, "{drawing}");
        let cell = |said: &str| {
            let (before, _) = drawing.split_once(&format!("<title>{said}</title>")).unwrap();
            let (_, cell) = before.rsplit_once("<rect").unwrap();
            let value = |name: &str| -> f64 {
                let (_, behind) = cell.split_once(&format!(" {name}=\"")).unwrap();
                behind.split_once('"').unwrap().0.parse().unwrap()
            };
            (value("x"), value("y"), value("fill-opacity"))
        };
        let small = cell("pods 6-20, seconds 2-5: 20");
        let large = cell("pods 101-1000, seconds 21-100: 40");
        assert!(small.0 < large.0, "{small:?} {large:?}");
        assert!(small.1 > large.1, "up is less far down: {small:?} {large:?}");
        assert!(small.2 < large.2 && large.2 == 1.0, "{small:?} {large:?}");
        assert!(drawing.contains("other: 15"), "{drawing}");
    }
}
