//! The SQL of the book in which stands who looked at what.

use super::sql::Dialect;

impl Dialect {
    /// Gives what writes a look: minute, who, role, kind, asked, purpose, answered.
    pub(super) fn look(self) -> String {
        let places: Vec<String> = (1..=7).map(|number| self.place(number)).collect();
        format!(
            "INSERT INTO ktel_audit (_minute, who, role, kind, asked, purpose, answered) \
             VALUES ({})",
            places.join(", ")
        )
    }

    /// Gives what reads the newest looks, so many.
    pub(super) fn trail(self) -> String {
        let most = self.place(1);
        format!(
            "SELECT _minute, who, role, kind, asked, purpose, answered FROM ktel_audit \
             ORDER BY _sequence DESC LIMIT {most}"
        )
    }

    /// Gives how often was looked since a minute.
    pub(super) fn uses(self) -> String {
        let since = self.place(1);
        format!(
            "SELECT role, kind, purpose, count(*), max(_minute) FROM ktel_audit \
             WHERE _minute >= {since} GROUP BY role, kind, purpose \
             ORDER BY role, kind, purpose LIMIT 100"
        )
    }

    /// Gives what forgets looks before a minute.
    pub(super) fn expire_looks(self) -> String {
        format!("DELETE FROM ktel_audit WHERE _minute < {}", self.place(1))
    }

    fn place(self, number: usize) -> String {
        match self {
            Self::Sqlite => format!("?{number}"),
            Self::Postgres => format!("${number}"),
        }
    }
}
