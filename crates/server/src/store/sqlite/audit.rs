//! Who looked at what, in `SQLite`.

use rusqlite::{Connection, params};

use crate::audit::{Look, Use};
use crate::store::Error;
use crate::store::sql::Dialect;

/// Writes a look; it is on disk when this returns.
pub(super) fn add(connection: &Connection, look: &Look) -> Result<(), Error> {
    let Look { minute, who, role, kind, asked, purpose, answered } = look;
    let values = params![minute, who, role, kind, asked, purpose, answered];
    connection.prepare_cached(&Dialect::Sqlite.look())?.execute(values)?;
    Ok(())
}

/// Gives the newest looks.
pub(in crate::store) fn trail(connection: &Connection, most: u32) -> Result<Vec<Look>, Error> {
    let mut statement = connection.prepare_cached(&Dialect::Sqlite.trail())?;
    let looks = statement.query_map([most], |row| {
        Ok(Look {
            minute: row.get(0)?,
            who: row.get(1)?,
            role: row.get(2)?,
            kind: row.get(3)?,
            asked: row.get(4)?,
            purpose: row.get(5)?,
            answered: row.get(6)?,
        })
    })?;
    Ok(looks.collect::<Result<_, _>>()?)
}

/// Gives how often was looked.
pub(in crate::store) fn uses(connection: &Connection, since: i64) -> Result<Vec<Use>, Error> {
    let mut statement = connection.prepare_cached(&Dialect::Sqlite.uses())?;
    let uses = statement.query_map([since], |row| {
        let (role, kind, purpose) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(Use { role, kind, purpose, times: row.get(3)?, last: row.get(4)? })
    })?;
    Ok(uses.collect::<Result<_, _>>()?)
}
