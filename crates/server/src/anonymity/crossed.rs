//! Suppresses pairs of words, given that other charts publish the total of each single word.
//!
//! The total of a word less its published pairs is the sum of its suppressed pairs. A reader can solve
//! these equations. So further pairs are suppressed until every sum that can be computed reaches the
//! minimum group size (complementary suppression).

use std::collections::BTreeMap;

use super::suppress::{Group, Overlap, Published, senders_in_at_least};
use crate::limits::PAIR_WORDS_MAX;

/// The tolerance of floating point.
const NEAR: f64 = 1e-6;

/// A pair of words that was reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crossed {
    /// The two words.
    pub words: [String; 2],
    /// The counts; the word of the group is the name of the pair.
    pub group: Group,
}

/// Suppresses pairs; `alone` are the published groups of the first words and of the second words.
#[must_use]
pub fn suppress_crossed(
    pairs: Vec<Crossed>,
    alone: [&Published; 2],
    overlap: Overlap,
    min_group_size: i64,
) -> Published {
    let mut sheet = Sheet::of(&pairs, alone, overlap, min_group_size);
    while let Some(line) = sheet.exposed() {
        if !sheet.hide_one(line) {
            return Published { too_few: true, ..Published::default() };
        }
    }
    let mut published = Published::default();
    for (pair, place) in pairs.into_iter().zip(&sheet.places) {
        if place.is_some_and(|cell| !sheet.cells[cell].is_hidden) {
            published.groups.push(pair.group);
        } else {
            *published.other.get_or_insert_default() += pair.group.number;
        }
    }
    published
        .groups
        .sort_by(|one, other| (other.number, &one.word).cmp(&(one.number, &other.word)));
    published
}

/// One pair: its senders, and whether it is suppressed.
#[derive(Debug, Clone, Copy)]
struct PairCell {
    senders: i64,
    is_hidden: bool,
}

/// The pairs, and which of their sums are published.
#[derive(Debug)]
struct Sheet {
    cells: Vec<PairCell>,
    /// The cell of each pair, if it may be published.
    places: Vec<Option<usize>>,
    /// The cells of each published sum: the total first, then one for each word.
    lines: Vec<Vec<usize>>,
    overlap: Overlap,
    min_group_size: i64,
}

impl Sheet {
    fn of(
        pairs: &[Crossed],
        alone: [&Published; 2],
        overlap: Overlap,
        min_group_size: i64,
    ) -> Self {
        let [across, up] = [0, 1].map(|side| largest(pairs, side));
        let columns = up.len();
        // A reader does not know which pairs are empty.
        let empty = PairCell { senders: 0, is_hidden: true };
        let mut cells = vec![empty; across.len() * columns];
        let row = |row: usize| (row * columns..(row + 1) * columns).collect();
        let column = |column: usize| (0..across.len()).map(|row| row * columns + column).collect();
        let all = (0..cells.len()).collect();
        let mut lines: Vec<Vec<usize>> = vec![all];
        lines.extend((0..across.len()).map(row));
        lines.extend((0..columns).map(column));
        let mut places = Vec::new();
        for Crossed { words: [first, second], group: Group { senders, .. } } in pairs {
            let of = |words: &[&str], word: &str| words.iter().position(|one| *one == word);
            let (row, column) = (of(&across, first), of(&up, second));
            let place = row.zip(column).map(|(row, column)| row * columns + column);
            match place {
                Some(place) => {
                    cells[place] =
                        PairCell { senders: *senders, is_hidden: *senders < min_group_size };
                }
                None => {
                    let row = row.map(|row| 1 + row);
                    let column = column.map(|column| 1 + across.len() + column);
                    let lines = lines.iter_mut().enumerate();
                    let within = lines.filter(|(line, _)| {
                        *line == 0 || Some(*line) == row || Some(*line) == column
                    });
                    within.for_each(|(_, line)| line.push(cells.len()));
                    cells.push(PairCell { senders: *senders, is_hidden: true });
                }
            }
            places.push(place);
        }
        // A word whose total is not published reveals nothing of its pairs.
        let is_shown =
            |side: &Published, word: &&str| side.groups.iter().any(|it| it.word == *word);
        let across = across.iter().map(|word| is_shown(alone[0], word));
        let up = up.iter().map(|word| is_shown(alone[1], word));
        let shown = std::iter::once(true).chain(across).chain(up);
        let lines =
            lines.into_iter().zip(shown).filter_map(|(line, is_shown)| is_shown.then_some(line));
        Self { cells, places, lines: lines.collect(), overlap, min_group_size }
    }

    fn senders(&self, cells: &[usize]) -> i64 {
        senders_in_at_least(cells.iter().map(|cell| self.cells[*cell].senders), self.overlap)
    }

    /// Whether cells have senders, but too few of them.
    fn is_small(&self, cells: &[usize]) -> bool {
        (1..self.min_group_size).contains(&self.senders(cells))
    }

    /// Finds a line in which another pair has to be suppressed, because a small sum can be computed; the
    /// total if no line has one.
    fn exposed(&self) -> Option<usize> {
        let hidden = |line: &Vec<usize>| -> Vec<usize> {
            line.iter().copied().filter(|cell| self.cells[*cell].is_hidden).collect()
        };
        let mut equations: Vec<Vec<usize>> = self.lines.iter().map(hidden).collect();
        loop {
            let known = sums(&equations, self.cells.len());
            if let Some(small) = known.iter().find(|cells| self.is_small(cells)) {
                // A pair of the same word hides it best, so the total, the first line, is tried last.
                let hides = |line: &Vec<usize>| {
                    let has_more = line.iter().any(|cell| !self.cells[*cell].is_hidden);
                    has_more && small.iter().all(|cell| line.contains(cell))
                };
                return self.lines.iter().rposition(hides).or(Some(0));
            }
            // If a sum is zero, each of its cells is known to be zero.
            let zeros = known.into_iter().filter(|cells| self.senders(cells) == 0);
            let zeros: Vec<usize> = zeros.flatten().collect();
            if zeros.is_empty() {
                return None;
            }
            equations.iter_mut().for_each(|cells| cells.retain(|cell| !zeros.contains(cell)));
        }
    }

    /// Suppresses the smallest published pair of a line, if there is one.
    fn hide_one(&mut self, line: usize) -> bool {
        let shown = self.lines[line].iter().copied().filter(|cell| !self.cells[*cell].is_hidden);
        let next = shown.min_by_key(|cell| self.cells[*cell].senders);
        if let Some(cell) = next {
            self.cells[cell].is_hidden = true;
        }
        next.is_some()
    }
}

/// The most frequent words of one side.
fn largest(pairs: &[Crossed], side: usize) -> Vec<&str> {
    let mut words: BTreeMap<&str, i64> = BTreeMap::new();
    for pair in pairs {
        *words.entry(pair.words[side].as_str()).or_default() += pair.group.number;
    }
    let mut words: Vec<(i64, &str)> =
        words.into_iter().map(|(word, number)| (-number, word)).collect();
    words.sort_unstable();
    words.into_iter().take(PAIR_WORDS_MAX).map(|(_, word)| word).collect()
}

/// Solves equations, each a sum of unknown cells. Returns the cells of every known sum: those of the
/// equations, and those that follow from them.
fn sums(equations: &[Vec<usize>], cells: usize) -> Vec<Vec<usize>> {
    let mut rows: Vec<Vec<f64>> = Vec::new();
    for equation in equations {
        let mut row = vec![0.0; cells];
        equation.iter().for_each(|index| row[*index] = 1.0);
        rows.push(row);
    }
    let mut done = 0;
    for column in 0..cells {
        let Some(pivot) = (done..rows.len()).find(|row| rows[*row][column].abs() > NEAR) else {
            continue;
        };
        rows.swap(done, pivot);
        let factor = rows[done][column];
        rows[done].iter_mut().for_each(|value| *value /= factor);
        let solved = rows[done].clone();
        for (index, row) in rows.iter_mut().enumerate() {
            let factor = row[column];
            if index != done && factor.abs() > NEAR {
                row.iter_mut().zip(&solved).for_each(|(value, of)| *value -= factor * of);
            }
        }
        done += 1;
    }
    let is_one = |value: &f64| (value - 1.0).abs() < NEAR;
    let is_sum = |row: &&Vec<f64>| row.iter().all(|value| value.abs() < NEAR || is_one(value));
    let cells = |row: &Vec<f64>| {
        row.iter().enumerate().filter(|(_, value)| is_one(value)).map(|(index, _)| index).collect()
    };
    let solved = rows.iter().take(done).filter(is_sum).map(cells);
    equations.iter().filter(|cells| !cells.is_empty()).cloned().chain(solved).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Crossed, Group, Overlap, Published, suppress_crossed};
    use crate::anonymity::suppress::suppress;
    use crate::limits::PAIR_WORDS_MAX;

    /// What charts show of the words of each side.
    fn alone(table: &[Vec<i64>]) -> [Published; 2] {
        let row = |row: usize| table[row].iter().sum();
        let column = |column: usize| table.iter().map(|row| row[column]).sum();
        let side = |sum: &dyn Fn(usize) -> i64| {
            let group = |word: usize| {
                let senders = sum(word);
                Group { word: word.to_string(), number: 2 * senders, senders }
            };
            let said = (0..table.len()).map(group).filter(|group| group.senders > 0);
            suppress(said.collect(), Overlap::None, 10)
        };
        [side(&row), side(&column)]
    }

    /// Folds a table of how many said a first word and a second.
    fn crossed(table: &[Vec<i64>]) -> Published {
        let mut pairs = Vec::new();
        for (first, row) in table.iter().enumerate() {
            for (second, senders) in row.iter().copied().enumerate().filter(|(_, it)| *it > 0) {
                let words = [first.to_string(), second.to_string()];
                let group =
                    Group { word: format!("{first} {second}"), number: 2 * senders, senders };
                pairs.push(Crossed { words, group });
            }
        }
        let [first, second] = alone(table);
        suppress_crossed(pairs, [&first, &second], Overlap::None, 10)
    }

    #[track_caller]
    fn check<const N: usize>(table: [[i64; N]; N], shown: &[&str], other: Option<i64>) {
        let published = crossed(&table.map(Vec::from));
        let got: Vec<&str> = published.groups.iter().map(|group| group.word.as_str()).collect();
        assert_eq!((got.as_slice(), published.other), (shown, other), "{table:?}");
        assert_eq!(published.too_few, shown.is_empty() && other.is_none());
    }

    #[test]
    fn large_pairs_are_shown_where_they_leave_nothing_small() {
        check([[30, 40], [20, 10]], &["0 1", "0 0", "1 0", "1 1"], None);
        check([[30, 0], [0, 20]], &["0 0", "1 1"], None);
    }

    #[test]
    fn what_is_left_of_a_word_is_never_small() {
        // The three are what is left of both of their words, and the twenty would tell the rest.
        check([[30, 3], [20, 40]], &[], Some(186));
        // A third word takes part in nothing.
        check([[30, 3, 0], [20, 40, 0], [0, 0, 50]], &["2 2"], Some(186));
    }

    #[test]
    fn small_sums_are_shown_nowhere_and_take_nothing_along() {
        check([[30, 0, 0], [0, 4, 0], [0, 0, 8]], &["0 0"], Some(24));
        check([[30, 0], [0, 4]], &[], Some(68));
        check([[3]], &[], None);
    }

    #[test]
    fn no_more_words_are_shown_than_a_drawing_has_room_for() {
        let row = |row: i64| (0..15).map(|column| 100 + row + column).collect();
        let table: Vec<Vec<i64>> = (0..15).map(row).collect();
        let published = crossed(&table);
        assert_eq!(published.groups.len(), PAIR_WORDS_MAX * PAIR_WORDS_MAX);
        let all: i64 = table.iter().flatten().sum();
        let shown: i64 = published.groups.iter().map(|group| group.number).sum();
        assert_eq!(shown + published.other.unwrap(), 2 * all);
    }

    /// Gives the rank of equations, in numbers modulo a prime.
    fn rank(equations: &[Vec<usize>], cells: usize) -> usize {
        const PRIME: i64 = 1_000_003;
        let inverse = |value: i64| {
            let (mut power, mut base, mut result) = (PRIME - 2, value, 1);
            while power > 0 {
                if power % 2 == 1 {
                    result = result * base % PRIME;
                }
                (base, power) = (base * base % PRIME, power / 2);
            }
            result
        };
        let row = |equation: &Vec<usize>| -> Vec<i64> {
            (0..cells).map(|cell| i64::from(equation.contains(&cell))).collect()
        };
        let mut rows: Vec<Vec<i64>> = equations.iter().map(row).collect();
        let mut rank = 0;
        for column in 0..cells {
            let Some(pivot) = (rank..rows.len()).find(|row| rows[*row][column] != 0) else {
                continue;
            };
            rows.swap(rank, pivot);
            let (solved, factor) = (rows[rank].clone(), inverse(rows[rank][column]));
            for row in &mut rows[rank + 1..] {
                let times = row[column] * factor % PRIME;
                for (value, of) in row.iter_mut().zip(&solved) {
                    *value = (*value - times * of % PRIME).rem_euclid(PRIME);
                }
            }
            rank += 1;
        }
        rank
    }

    /// What a reader knows: the sums of all cells that are hidden in each line that is shown.
    fn equations(table: &[Vec<i64>], published: &Published) -> Vec<Vec<usize>> {
        let size = table.len();
        let shown = |cell: usize| {
            let word = format!("{} {}", cell / size, cell % size);
            published.groups.iter().any(|group| group.word == word)
        };
        let hidden = |cells: Vec<usize>| -> Vec<usize> {
            cells.into_iter().filter(|cell| !shown(*cell)).collect()
        };
        let senders = |cells: &[usize]| -> i64 {
            cells.iter().map(|cell| table[cell / size][cell % size]).sum()
        };
        let word = |group: &Group| group.word.parse::<usize>().unwrap();
        let row = |row: usize| (0..size).map(|column| row * size + column).collect();
        let column = |column: usize| (0..size).map(|row| row * size + column).collect();
        let [first, second] = alone(table).map(|side| side.groups);
        let lines = first.iter().map(word).map(row);
        let lines: Vec<Vec<usize>> = lines.chain(second.iter().map(word).map(column)).collect();
        let lines = lines.into_iter().map(hidden);
        let mut lines: Vec<Vec<usize>> =
            lines.chain([hidden((0..size * size).collect())]).collect();
        let empty = lines.iter().filter(|line| senders(line) == 0).flatten();
        let empty: Vec<usize> = empty.copied().collect();
        lines.iter_mut().for_each(|line| line.retain(|cell| !empty.contains(cell)));
        lines
    }

    proptest! {
        #[test]
        fn nothing_small_can_be_computed_from_what_is_shown(
            table in proptest::collection::vec(
                proptest::collection::vec(prop_oneof![2 => Just(0), 1 => 1..10_i64, 2 => 10..60_i64], 5),
                5,
            ),
        ) {
            let published = crossed(&table);
            prop_assert!(published.groups.iter().all(|group| group.senders >= 10));
            let equations = equations(&table, &published);
            for line in equations.iter().filter(|_| !published.too_few) {
                let senders: i64 = line.iter().map(|cell| table[cell / 5][cell % 5]).sum();
                prop_assert!(senders == 0 || senders >= 10, "{line:?} of {table:?}: {published:?}");
            }
            let small = (0..25).filter(|cell| (1..10).contains(&table[cell / 5][cell % 5]));
            for cell in small.filter(|_| !published.too_few) {
                // It is known if its own equation says nothing that the others do not.
                let with = [&*equations, &[vec![cell]]].concat();
                let is_known = rank(&equations, 25) == rank(&with, 25);
                prop_assert!(!is_known, "{cell} of {table:?}: {published:?}");
            }
        }
    }
}
