//! The values of a row, and the words of its lists and maps.

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Yes or no.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number.
    Real(f64),
    /// A text of the forms that the standard allows.
    Text(String),
}

/// One word of a list or a map.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// The field.
    pub field: String,
    /// The word.
    pub word: String,
    /// What the map says of it.
    pub value: Option<Cell>,
}

impl Item {
    /// Gives what stands in the columns `number` and `bucket`.
    #[must_use]
    pub fn columns(&self) -> (Option<i64>, Option<&str>) {
        match &self.value {
            Some(Cell::Boolean(flag)) => (Some(i64::from(*flag)), None),
            Some(Cell::Integer(number)) => (Some(*number), None),
            Some(Cell::Text(bucket)) => (None, Some(bucket)),
            Some(Cell::Real(_)) | None => (None, None),
        }
    }
}
