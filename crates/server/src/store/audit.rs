//! The SQL of the audit log.

use super::sql::Dialect;

impl Dialect {
    /// Inserts an entry: minute, actor, role, action, request, purpose, rows.
    pub(super) fn add_audit_entry(self) -> String {
        let places: Vec<String> = (1..=7).map(|number| self.place(number)).collect();
        format!(
            "INSERT INTO ktel_audit (_minute, actor, role, action, request, purpose, rows) \
             VALUES ({})",
            places.join(", ")
        )
    }

    /// Reads the newest entries, at most ?1.
    pub(super) fn audit_log(self) -> String {
        let most = self.place(1);
        format!(
            "SELECT _minute, actor, role, action, request, purpose, rows FROM ktel_audit \
             ORDER BY _sequence DESC LIMIT {most}"
        )
    }

    /// Counts the entries since a minute.
    pub(super) fn audit_summary(self) -> String {
        let since = self.place(1);
        format!(
            "SELECT role, action, purpose, count(*), max(_minute) FROM ktel_audit \
             WHERE _minute >= {since} GROUP BY role, action, purpose \
             ORDER BY role, action, purpose LIMIT 100"
        )
    }

    /// Deletes the entries before a minute.
    pub(super) fn expire_audit(self) -> String {
        format!("DELETE FROM ktel_audit WHERE _minute < {}", self.place(1))
    }

    fn place(self, number: usize) -> String {
        match self {
            Self::Sqlite => format!("?{number}"),
            Self::Postgres => format!("${number}"),
        }
    }
}
