//! The sandbox of queries: they may read the tables of groups and call pure functions, within limits.

use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;

use super::tables::TABLES;
use crate::limits::{
    QUERY_COLUMNS_MAX, QUERY_COMPOUND_MAX, QUERY_EXPRESSION_DEPTH_MAX, QUERY_INSTRUCTIONS_MAX,
    QUERY_MEMORY_BYTES_MAX, QUERY_PATTERN_BYTES_MAX, QUERY_STEPS, QUERY_VALUE_BYTES_MAX,
    SQL_BYTES_MAX,
};

/// The functions that may be called: none of them reads a file or makes a blob.
#[rustfmt::skip]
const FUNCTIONS: [&str; 58] = [
    "abs", "avg", "ceil", "ceiling", "char", "coalesce", "concat", "concat_ws", "count", "cume_dist", "date",
    "datetime", "dense_rank", "first_value", "floor", "glob", "group_concat", "ifnull", "iif", "instr", "julianday",
    "lag", "last_value", "lead", "length", "like", "lower", "ltrim", "max", "min", "mod", "nth_value", "ntile",
    "nullif", "percent_rank", "pow", "power", "rank", "replace", "round", "row_number", "rtrim", "sign", "sqrt",
    "strftime", "string_agg", "substr", "substring", "subtype", "sum", "time", "timediff", "total", "trim", "typeof",
    "unicode", "unixepoch", "upper",
];

/// Restricts a connection for one query.
pub(super) fn set(connection: &mut Connection, within: Duration) -> Result<(), rusqlite::Error> {
    // Sorting stays in memory, where it is limited, and writes nothing to disk.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "query_only", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    for (limit, most) in [
        (Limit::SQLITE_LIMIT_LENGTH, QUERY_VALUE_BYTES_MAX),
        (Limit::SQLITE_LIMIT_SQL_LENGTH, bytes(SQL_BYTES_MAX)),
        (Limit::SQLITE_LIMIT_COLUMN, QUERY_COLUMNS_MAX),
        (Limit::SQLITE_LIMIT_EXPR_DEPTH, QUERY_EXPRESSION_DEPTH_MAX),
        (Limit::SQLITE_LIMIT_COMPOUND_SELECT, QUERY_COMPOUND_MAX),
        (Limit::SQLITE_LIMIT_VDBE_OP, QUERY_INSTRUCTIONS_MAX),
        (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, QUERY_PATTERN_BYTES_MAX),
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
        (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, 0),
        (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
    ] {
        connection.set_limit(limit, most)?;
    }
    let (deadline, memory) = (Instant::now() + within, memory_bytes());
    connection.progress_handler(
        QUERY_STEPS,
        Some(move || {
            let grown = memory_bytes().saturating_sub(memory);
            Instant::now() > deadline || grown > QUERY_MEMORY_BYTES_MAX
        }),
    )?;
    connection.authorizer(Some(authorize))
}

fn authorize(context: AuthContext<'_>) -> Authorization {
    let may = match context.action {
        AuthAction::Select => true,
        AuthAction::Read { table_name, .. } => TABLES.contains(&table_name),
        AuthAction::Function { function_name } => {
            FUNCTIONS.binary_search(&function_name.to_ascii_lowercase().as_str()).is_ok()
        }
        // Writing, attaching, pragmas, transactions, recursion, and whatever a newer SQLite can do.
        _ => false,
    };
    if may { Authorization::Allow } else { Authorization::Deny }
}

fn bytes(most: usize) -> i32 {
    i32::try_from(most).unwrap_or(i32::MAX)
}

/// Gives how much memory the process has. `SQLite` has a limit of its own, but it is one for all
/// connections: the writer would fail for what a reader asks. Where there is no `/proc`, time is
/// the only limit.
fn memory_bytes() -> u64 {
    const PAGE_BYTES: u64 = 4096;
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or(0) * PAGE_BYTES
}

#[cfg(test)]
mod tests {
    use super::FUNCTIONS;

    #[test]
    fn functions_stand_in_their_order() {
        assert!(FUNCTIONS.is_sorted(), "they are searched so");
    }
}
