//! Who looked at what, in `PostgreSQL`.

use tokio_postgres::Client;

use super::session::Session;
use crate::audit::{Look, Use};
use crate::store::Error;
use crate::store::sql::Dialect;

/// Writes a look; it is on disk when this returns.
pub(super) async fn add(session: &mut Session, look: &Look) -> Result<(), Error> {
    let Look { minute, who, role, kind, asked, purpose, answered } = look;
    let statement = session.prepare(&Dialect::Postgres.look()).await?;
    session
        .client
        .execute(&statement, &[minute, who, role, kind, asked, purpose, answered])
        .await?;
    Ok(())
}

/// Gives the newest looks.
pub(super) async fn trail(client: &Client, most: u32) -> Result<Vec<Look>, Error> {
    let rows = client.query(&Dialect::Postgres.trail(), &[&i64::from(most)]).await?;
    let look = |row: &tokio_postgres::Row| {
        Ok(Look {
            minute: row.try_get(0)?,
            who: row.try_get(1)?,
            role: row.try_get(2)?,
            kind: row.try_get(3)?,
            asked: row.try_get(4)?,
            purpose: row.try_get(5)?,
            answered: row.try_get(6)?,
        })
    };
    rows.iter().map(look).collect()
}

/// Gives how often was looked.
pub(super) async fn uses(client: &Client, since: i64) -> Result<Vec<Use>, Error> {
    let rows = client.query(&Dialect::Postgres.uses(), &[&since]).await?;
    let one = |row: &tokio_postgres::Row| {
        let (role, kind, purpose) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        Ok(Use { role, kind, purpose, times: row.try_get(3)?, last: row.try_get(4)? })
    };
    rows.iter().map(one).collect()
}
