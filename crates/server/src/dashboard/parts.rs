//! The charts of a schema.

use ktel_model::Schema;
use ktel_model::standard::schema::Field;

use super::groups::Groups;
use super::series::Series;
use super::unit::{OTHER, Unit};
use crate::pair::Pair;

/// One schema's charts.
#[derive(Debug, Clone, PartialEq)]
pub struct Part<'a> {
    /// The schema.
    pub schema: &'a Schema,
    /// What is counted.
    pub unit: Unit,
    /// The total of each week.
    pub totals: Series,
    /// One chart for each field with data.
    pub charts: Vec<Chart<'a>>,
    /// One chart for each pair of fields with data.
    pub pairs: Vec<PairChart<'a>>,
}

/// One field.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart<'a> {
    /// Its name, the parts joined by dots.
    pub path: String,
    /// Its declaration.
    pub field: &'a Field,
    /// Whether it is the version of the product.
    pub is_version: bool,
    /// Its groups.
    pub groups: Groups,
    /// The same by week.
    pub series: Series,
}

/// Two fields.
#[derive(Debug, Clone, PartialEq)]
pub struct PairChart<'a> {
    /// The two fields.
    pub pair: Pair<'a>,
    /// Its groups.
    pub groups: Groups,
    /// The same by week.
    pub series: Series,
}

/// One pair of words: the first, the second, how often.
pub(crate) type Row<'f> = (&'f str, &'f str, i64);

impl PairChart<'_> {
    /// The rows of the chart; the combined small groups are the last one.
    pub(crate) fn rows(&self) -> Vec<Row<'_>> {
        let shown = self.groups.words.iter().filter_map(|(word, number)| {
            let (first, second) = self.pair.sides(word)?;
            Some((first, second, *number))
        });
        shown.chain(self.groups.other.map(|number| (OTHER, OTHER, number))).collect()
    }
}
