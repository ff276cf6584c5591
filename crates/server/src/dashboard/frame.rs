//! What all pages share: head, navigation, and the content between.

use maud::{DOCTYPE, Markup, html};

use super::view::View;
use crate::anonymity::Population;

/// The stylesheet, served beside the page.
pub const STYLE: &str = concat!(include_str!("style.css"), include_str!("chart.css"));
/// Applies a changed filter at once, and filters charts while somebody types. Pages work without it.
pub const SCRIPT: &str = include_str!("script.js");
/// The icon of browsers' tabs.
pub const ICON: &str = include_str!("icon.svg");

/// The charts of what anybody can send.
pub(super) const UNAUTHENTICATED: &str = "/?population=unauthenticated";

/// How a visitor is known to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Visitor {
    /// A page that is the same for everybody.
    #[default]
    Anybody,
    /// Reads what is published, without a token.
    Public,
    /// Sent a token with the request.
    Token,
    /// Logged in.
    Session,
}

/// Wraps the content of a page in header and navigation.
pub(super) fn frame(title: &str, visitor: Visitor, main: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            (head(title, "/"))
            body {
                a.skip href="#main" { "Skip to the content" }
                header {
                    strong { "ktel" }
                    nav aria-label="Pages" {
                        a href="/" { "Charts" }
                        a href=(UNAUTHENTICATED) { "Unauthenticated" }
                        a href="/dictionary" { "Dictionary" }
                        a href="/transparency" { "Data usage" }
                    }
                    @match visitor {
                        Visitor::Public => a.account href="/login" { "Log in" },
                        Visitor::Session => form.account method="post" action="/logout" {
                            button type="submit" { "Log out" }
                        },
                        Visitor::Anybody | Visitor::Token => {},
                    }
                }
                main id="main" { (main) }
                script src="/dashboard.js" {}
            }
        }
    }
}

/// A page without navigation: for the frame of another page, or of a site of files. `root` begins the
/// addresses of its files.
pub(crate) fn bare(title: &str, root: &str, main: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            (head(title, root))
            body.bare { main id="main" { (main) } }
        }
    }
}

fn head(title: &str, root: &str) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            title { (title) " · ktel" }
            link rel="stylesheet" href={ (root) "dashboard.css" };
            link rel="icon" type="image/svg+xml" href={ (root) "favicon.svg" };
        }
    }
}

/// What numbers are, for readers and for administrators.
pub(super) fn remark(view: &View, sees_all: bool) -> Markup {
    html! {
        @if view.population == Population::Unauthenticated {
            p.note role="note" {
                strong { "Anybody can add to these numbers. " }
                "They count what was sent without a secret: lines, documents of Kamaji’s clients, reports with a public token, and events with a product key. "
                "They are never added to the numbers of " a href="/" { "authenticated senders" } "."
            }
        }
        @if sees_all {
            p.note role="note" { "You are an administrator: groups of any size are shown." }
        } @else {
            p.note {
                "Numbers are rounded down to multiples of " (view.min_group_size)
                ", and groups with fewer senders are combined into “other”. "
                "The numbers of a running week follow in steps of at least as many senders."
            }
        }
    }
}

/// Names a field as people would; the arrow is that of a pair.
pub(super) fn words(path: &str) -> String {
    path.replace('_', " ").replace('.', ": ").replace('→', " → ").replace('×', " × ")
}

/// Begins with a capital letter.
pub(super) fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
