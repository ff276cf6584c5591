//! The schemas of lines that programs before this one send, for receivers and for whoever wants to know.

use ktel_model::Schema;

const FILES: [(&str, &str); 2] = [
    ("telemetry/kic-ping.yaml", include_str!("../../../../telemetry/kic-ping.yaml")),
    ("telemetry/kongctl.yaml", include_str!("../../../../telemetry/kongctl.yaml")),
];

/// Gives the schemas of lines that programs before this one send.
#[must_use]
pub fn built_in_schemas() -> Vec<Schema> {
    let parse = |(file, text): &(&str, &str)| {
        Schema::parse(text, file).expect("a test proves the built-in schemas")
    };
    FILES.iter().map(parse).collect()
}

#[cfg(test)]
mod tests {
    use super::FILES;

    #[test]
    fn the_built_in_files_pass_the_linter() {
        for (file, text) in FILES {
            let checked = ktel_model::standard::check(text, file, jiff::civil::date(2026, 11, 21));
            let checked = checked.unwrap_or_else(|findings| panic!("{file}: {findings:#?}"));
            assert!(checked.warnings.is_empty(), "{file}: {:?}", checked.warnings);
        }
    }
}
