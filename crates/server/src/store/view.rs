//! What can be read as rows.

use std::sync::Arc;

use crate::layout::Table;

/// A table, or a part of one.
#[derive(Debug, Clone)]
pub(crate) enum View {
    All(Arc<Table>),
    Latest(Arc<Table>),
    Items,
    Records,
}
