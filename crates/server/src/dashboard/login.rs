//! The page on which a browser gets a session.

use maud::{Markup, html};

use super::frame::{Visitor, frame};

/// Why the page is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginReason {
    /// The visitor asked for it, or for a page that needs a token.
    Needed,
    /// The token is not known.
    Unknown,
    /// The token may only send.
    Role,
}

/// Writes the page. `next` is the page to go to afterwards.
#[must_use]
pub fn render(reason: LoginReason, next: &str) -> Markup {
    let wrong = match reason {
        LoginReason::Needed => None,
        LoginReason::Unknown => Some("This token is not known. It may have been revoked."),
        LoginReason::Role => {
            Some("This token may send and not read. Use a reader or an admin token.")
        }
    };
    let main = html! {
        h1 { "Log in" }
        p { "These charts need a reader or an admin token." }
        @if let Some(wrong) = wrong { p.error role="alert" { (wrong) } }
        form.login method="post" action="/login" {
            input type="hidden" name="next" value=(next);
            label { "Token "
                input type="password" name="token" required autocomplete="current-password" maxlength="1024"
                    aria-describedby="where";
            }
            button type="submit" { "Log in" }
        }
        p id="where" {
            "The first start of " code { "ktel serve" } " printed an admin token. "
            code { "ktel token add --role reader" } " creates a token that reads what is published."
        }
        p { "Programs send the token as " code { "Authorization: Bearer TOKEN" } "." }
    };
    frame("Log in", Visitor::Anybody, &main)
}
