//! What a page without charts, or with few senders, says: what to do next, with the real address.

use maud::{Markup, html};

use super::frame::UNAUTHENTICATED;
use super::view::View;
use crate::anonymity::Population;

/// What is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Empty {
    /// The reason.
    pub reason: Reason,
    /// The address of this server, as the browser called it.
    pub address: String,
    /// Whether the other population has data.
    pub has_others: bool,
    /// The minimum number of senders of what readers see.
    pub min_group_size: i64,
}

/// Why nothing, or not everything, is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// An administrator sees no data.
    NothingReceived,
    /// A reader sees no published table.
    NothingPublished,
    /// An administrator sees data, and readers see nothing of it: the largest number of senders of a table.
    TooFewSenders(i64),
    /// There is data, but not in this period.
    OtherPeriod,
}

impl Empty {
    pub(super) fn render(&self, view: &View) -> Markup {
        match self.reason {
            Reason::NothingReceived => self.nothing_received(view),
            Reason::NothingPublished => self.nothing_published(view),
            Reason::TooFewSenders(senders) => self.too_few(senders, view.population),
            Reason::OtherPeriod => html! {
                p { "There is nothing in " (view.period.described()) ", but there is in other weeks." }
                p { a href=(longer(view)) { "Show 52 weeks" } }
            },
        }
    }

    fn nothing_received(&self, view: &View) -> Markup {
        html! {
            @if self.has_others { (others(view)) } @else { p { "Nothing was received yet." } }
            @if view.population == Population::Authenticated {
                p { "Reports with a secret token are shown here. Send one:" }
                pre tabindex="0" { code {
                    "export KTEL_TOKEN=…   # an ingest token; `ktel token add --role ingest` creates one\n"
                    "ktel workflows run --workflow all --report-server " (self.address)
                } }
            } @else {
                p { "Events of command-line programs are shown here. They need a product key and no secret:" }
                pre tabindex="0" { code {
                    "ktel token add --role events --product acme.yaml\n"
                    "# acme.yaml has `server: " (self.address) "` and the printed key as `key:`\n"
                    "ktel events check --product acme.yaml"
                } }
            }
        }
    }

    fn nothing_published(&self, view: &View) -> Markup {
        html! {
            @if self.has_others { (others(view)) }
            p {
                "Nothing was published in " (view.period.described()) ". A table is published when "
                @match view.population {
                    Population::Authenticated => {
                        "reports with more than " (self.min_group_size) " different tokens have arrived in a week. "
                    },
                    Population::Unauthenticated => {
                        "at least " (self.min_group_size) " senders have reported in a week. "
                    },
                }
                "An administrator of this server sees how many senders there are."
            }
            @if view.period.week_count() < 52 { p { a href=(longer(view)) { "Show 52 weeks" } } }
        }
    }

    fn too_few(&self, senders: i64, population: Population) -> Markup {
        let needed = population.needed(self.min_group_size);
        html! {
            p.note role="note" {
                @if senders < needed {
                    strong { (senders) " of the " (needed) " needed. " }
                    "Readers see nothing of this page yet: a table needs " (needed) " senders in a week"
                    @if population == Population::Authenticated { ", each with its own token" }
                    "."
                } @else if population == Population::Authenticated {
                    strong { "Readers see nothing of this page yet. " }
                    "There are " (senders) " senders in a week, but a table needs " (needed) " with different tokens: "
                    "give each installation its own token (" code { "ktel token add --role ingest" } "). "
                    "The table of a running week follows in steps."
                } @else {
                    strong { "Readers see nothing of this page yet. " }
                    "The table of a running week follows in steps."
                }
            }
        }
    }
}

fn longer(view: &View) -> String {
    let parameters =
        view.parameters().into_iter().filter(|(name, _)| !matches!(*name, "weeks" | "from" | "to"));
    super::address::address("/", parameters.chain([("weeks", "52".to_owned())]))
}

/// Where the other population is.
fn others(view: &View) -> Markup {
    html! {
        p {
            @match view.population {
                Population::Authenticated => {
                    "No reports with a secret token are shown here, but something arrived without one: "
                    a href=(UNAUTHENTICATED) { "what was sent without a secret" } "."
                },
                Population::Unauthenticated => {
                    "Nothing is shown here that was sent without a secret, but there are reports of "
                    a href="/" { "authenticated senders" } "."
                },
            }
        }
    }
}
