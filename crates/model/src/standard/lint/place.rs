//! Where a field stands in its file.

/// `fields.record.fields.field` for `record.field`.
pub(super) fn line_path(path: &str) -> String {
    match path.split_once('.') {
        None => format!("fields.{path}"),
        Some((record, field)) => format!("fields.{record}.fields.{field}"),
    }
}
