//! The keys of the file formats as tables, proved against the parsers that read the files.
//!
//! Each mapping of a format has a probe: a file with the unknown key `zzz` in that mapping. The
//! parser's complaint names the keys that it knows there. A key that only the table or only the
//! parser has is an error, so a reference page cannot lag behind its format.

mod agent_file;
mod exporter_settings;
mod format;
mod product_file;
mod schema_file;

use format::Format;

pub(super) const FORMATS: [Format; 4] =
    [product_file::FORMAT, agent_file::FORMAT, schema_file::FORMAT, exporter_settings::FORMAT];

#[cfg(test)]
mod tests {
    use super::FORMATS;

    #[test]
    fn every_table_agrees_with_its_parser() {
        for format in FORMATS {
            format.tables().unwrap_or_else(|error| panic!("{error:#}"));
        }
    }
}
