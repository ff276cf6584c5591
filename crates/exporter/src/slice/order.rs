//! The order of series: by name, then by labels.
//!
//! Series of a metric begin alike, and what tells them apart stands far behind. So names are compared once each, and of the
//! rest first a few bytes behind what all series of the metric have in common; those are kept beside each series, and the
//! labels themselves are seldom looked at.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::series::Entry;
use super::text::name_and_rest;

/// What a series is sorted by.
#[derive(Debug, Clone, Copy)]
struct Rank {
    name: u32,
    /// The first bytes that differ.
    telling: u128,
    piece: u32,
}

/// A metric's name, and how many bytes of labels its series have in common.
#[derive(Debug)]
struct Name<'a> {
    name: &'a [u8],
    first: &'a [u8],
    common: usize,
}

/// Sorts pieces of series by their keys; pieces of one series stand together, in the order in which they came.
pub(super) fn sorted<'a>(pieces: &[Entry], key: impl Fn(&Entry) -> &'a [u8]) -> Vec<Entry> {
    let keys: Vec<(&[u8], &[u8])> = pieces.iter().map(|piece| name_and_rest(key(piece))).collect();
    let mut names: Vec<Name<'_>> = Vec::new();
    let name_of = name_of_each(&keys, &mut names);
    let place_of = places(&names);
    let mut ranks: Vec<Rank> = Vec::with_capacity(keys.len());
    // What all series of a metric have in common is not compared again.
    let mut tails: Vec<&[u8]> = Vec::with_capacity(keys.len());
    for (piece, ((_, rest), name)) in (0_u32..).zip(keys.iter().zip(&name_of)) {
        let rest = tail(rest, names.get(*name).map_or(0, |name| name.common));
        let place = place_of.get(*name).copied().unwrap_or_default();
        ranks.push(Rank { name: place, telling: telling(rest), piece });
        tails.push(rest);
    }
    let rest = |rank: &Rank| tails.get(rank.piece as usize).copied().unwrap_or_default();
    ranks.sort_unstable_by(|one, other| {
        (one.name, one.telling)
            .cmp(&(other.name, other.telling))
            .then_with(|| rest(one).cmp(rest(other)))
            .then(one.piece.cmp(&other.piece))
    });
    ranks.iter().filter_map(|rank| pieces.get(rank.piece as usize).copied()).collect()
}

/// Says which name each key has, and gathers the names.
fn name_of_each<'a>(keys: &[(&'a [u8], &'a [u8])], names: &mut Vec<Name<'a>>) -> Vec<usize> {
    let mut known: HashMap<&[u8], usize, RandomState> = HashMap::default();
    let mut last = None;
    let mut name_of = Vec::with_capacity(keys.len());
    for (name, rest) in keys {
        // Stores give the series of a metric one after the other.
        let index = match last {
            Some((before, index)) if before == *name => index,
            _ => *known.entry(name).or_insert_with(|| {
                names.push(Name { name, first: rest, common: rest.len() });
                names.len() - 1
            }),
        };
        last = Some((*name, index));
        if let Some(name) = names.get_mut(index) {
            name.meet(rest);
        }
        name_of.push(index);
    }
    name_of
}

/// Gives the place of each name among the sorted names.
fn places(names: &[Name<'_>]) -> Vec<u32> {
    let mut sorted: Vec<usize> = (0..names.len()).collect();
    sorted.sort_unstable_by_key(|index| names.get(*index).map(|name| name.name));
    let mut places = vec![0; names.len()];
    for (place, index) in (0_u32..).zip(sorted) {
        if let Some(of_name) = places.get_mut(index) {
            *of_name = place;
        }
    }
    places
}

impl Name<'_> {
    /// Takes another series of the metric into account.
    fn meet(&mut self, rest: &[u8]) {
        const PIECE: usize = 16;
        let first = self.first.get(..self.common).unwrap_or_default();
        if rest.get(..first.len()) == Some(first) {
            return;
        }
        let equal = |(one, other): &(&[u8], &[u8])| one == other;
        let pieces =
            first.chunks_exact(PIECE).zip(rest.chunks_exact(PIECE)).take_while(equal).count();
        let (one, other) = (tail(first, pieces * PIECE), tail(rest, pieces * PIECE));
        let alike = one.iter().zip(other).take_while(|(one, other)| one == other).count();
        self.common = pieces * PIECE + alike;
    }
}

fn tail(bytes: &[u8], from: usize) -> &[u8] {
    bytes.get(from..).unwrap_or_default()
}

/// Gives the first bytes as a number that is as large as they come late.
fn telling(rest: &[u8]) -> u128 {
    if let Some(sixteen) = rest.first_chunk::<16>() {
        return u128::from_be_bytes(*sixteen);
    }
    // Fewer are as if zeros followed; what is equal then is compared as a whole.
    let mut padded = [0; 16];
    for (to, from) in padded.iter_mut().zip(rest) {
        *to = *from;
    }
    u128::from_be_bytes(padded)
}
