//! Plays a reader who keeps every number that he ever saw, has one token, and sends lines.
//!
//! What is proved for any history of reports, and how:
//!
//! - *Every view of a reader depends on the published tables only*, and on what everybody knows: the catalog, the
//!   day, the configuration. The receiver is asked for everything a reader can ask for (pages, charts, pictures,
//!   frames, comparisons, JSON, CSV, queries, public pages, the site of files, lists of products, and what is
//!   denied to him), and so is a twin that has the published tables and nothing else of what was sent. Both say
//!   the same, byte for byte.
//! - *Every published number, and every number in JSON, CSV and the answer to a query, is a multiple of the
//!   floor*, at all times. So is each of their sums and differences with whole factors, from whatever tables, weeks,
//!   products and times: between one and the floor there is none.
//! - *A published word was reported with a floor of other tokens than the attacker's*, in this product, week and schema,
//!   and a table changes only when a floor of others are new in it. Each further token of the attacker lowers this by
//!   one (`one_table`, `made_up`).
//!
//! What is not covered: what a reader concludes from ranges instead of sums (a multiple of ten says that the number
//! is one of ten); what moves the bound at which a number rises, as decision 9 says; and how long an answer takes.

use proptest::prelude::*;

use self::history::Deed;
use self::views::{Reader, Seen};
use self::world::World;
use crate::published::FLOOR;

mod history;
mod made_up;
mod one_table;
mod views;
mod world;

/// The smallest number above zero that sums and differences of numbers can give.
fn smallest_combination(numbers: &[i64]) -> i64 {
    fn common(one: i64, other: i64) -> i64 {
        if other == 0 { one } else { common(other, one % other) }
    }
    numbers.iter().copied().fold(0, common)
}

#[test]
fn the_attacker_finds_the_smallest_combination() {
    assert_eq!(smallest_combination(&[20, 30, 23]), 1);
    assert_eq!(smallest_combination(&[20, 30, 50]), 10);
    assert_eq!(smallest_combination(&[]), 0);
}

/// Lets a reader look at everything, on the receiver and on its twin.
async fn look_twice(world: &mut World) -> Vec<Seen> {
    world.publish().await;
    // It makes the key that signs receipts, which its twin has as well.
    let reader = Reader::on(&world.folder, world.today).await;
    let twin = world.twin();
    let dice = u64::from(world.today.day_of_year().unsigned_abs()) + world.numbers.len() as u64;
    let seen = reader.see_all(dice).await;
    let of_twin = Reader::on(twin.path(), world.today).await.see_all(dice).await;
    assert_eq!(seen.len(), of_twin.len(), "products of the site");
    for (seen, of_twin) in seen.iter().zip(&of_twin) {
        assert_eq!(seen, of_twin, "what was sent shows in {}", seen.address);
        for number in views::numbers(seen) {
            assert_eq!(number % FLOOR, 0, "{number} in {}: {}", seen.address, seen.text);
        }
    }
    seen
}

/// A history with something in every table of both populations, and senders below the floor beside it.
fn everything() -> Vec<Deed> {
    let mut all = Vec::new();
    for (product, values) in [(0, 0), (0, 30), (1, 90), (1, 91)] {
        for weeks_ago in 0..3 {
            all.push(Deed::Report { product, senders: 26, groups: 13, weeks_ago, values });
            let (senders, values) = (4, values + 7);
            all.push(Deed::Report { product, senders, groups: 4, weeks_ago, values });
        }
        all.push(Deed::Lines { product, senders: 25, values });
        all.push(Deed::Install { product, first: 0, installations: 13, values });
    }
    all.push(Deed::Report { product: 2, senders: 9, groups: 9, weeks_ago: 1, values: 0 });
    all.extend([Deed::Release { product: 0 }, Deed::NextWeek]);
    all
}

#[test]
fn every_view_of_a_reader_shows_published_tables_and_nothing_else() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut world = World::new().await;
        for deed in everything() {
            world.play(&deed).await;
        }
        let seen = look_twice(&mut world).await;
        // The test would prove nothing of a view that is empty.
        let of = |begin: &str, end: &str| {
            let is_it =
                |seen: &&Seen| seen.address.starts_with(begin) && seen.address.ends_with(end);
            let numbers = seen.iter().filter(is_it).flat_map(views::numbers);
            numbers.filter(|number| *number > 0).count()
        };
        for table in ktel_server::query::tables::TABLES {
            let is_of_groups = table.contains("by_week");
            let numbers = of(&format!("SELECT * FROM {table} "), "as application/json");
            // No installation is without a secret here.
            let is_empty = !is_of_groups || table == "unauthenticated_installs_by_week";
            assert_eq!(numbers == 0, is_empty, "{table}: {numbers}");
        }
        for (begin, end) in [
            ("/v1/counts", ""),
            ("/v1/counts", "format=csv"),
            ("/v1/series", ""),
            ("/v1/series", "format=csv"),
            ("/public/alpha", "values.csv"),
            ("site alpha", "values.csv"),
        ] {
            assert!(of(begin, end) > 0, "nothing in {begin} {end}");
        }
        for path in ["/?", "/chart?", "/chart.svg?", "/embed?", "/public/alpha", "site alpha"] {
            let drawn = |seen: &&Seen| seen.address.starts_with(path) && seen.text.contains("<svg");
            let tabled =
                |seen: &&Seen| seen.address.starts_with(path) && seen.text.contains("<table");
            let shows = seen.iter().any(|seen| drawn(&seen) || tabled(&seen));
            assert!(shows, "nothing in {path}");
        }
        let hides = |seen: &&Seen| !seen.address.contains("gamma") && seen.text.contains("gamma");
        let named: Vec<&Seen> = seen.iter().filter(hides).collect();
        assert!(named.is_empty(), "a product below the floor is named in {:?}", named.first());
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]
    #[test]
    fn no_history_of_reports_shows_in_any_view_but_through_published_tables(deeds in history::deeds()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut world = World::new().await;
            for deed in &deeds {
                world.play(deed).await;
                // As often as the receiver does; what it publishes is compared with what is true.
                world.publish().await;
                if matches!(deed, Deed::View) {
                    look_twice(&mut world).await;
                }
            }
            look_twice(&mut world).await;
            let numbers: Vec<i64> = world.numbers.iter().copied().collect();
            let smallest = smallest_combination(&numbers);
            assert!(smallest == 0 || smallest >= FLOOR, "{smallest} of {numbers:?}");
        });
    }
}
