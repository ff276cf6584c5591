//! The schemas that come with ktel and are no jobs': of what agents tell, and of lines that programs
//! before this one send.

use ktel_model::Schema;

const FILES: [(&str, &str); 6] = [
    ("telemetry/kamaji-stats.yaml", include_str!("../../../telemetry/kamaji-stats.yaml")),
    ("telemetry/kamaji-create.yaml", include_str!("../../../telemetry/kamaji-create.yaml")),
    ("telemetry/kamaji-update.yaml", include_str!("../../../telemetry/kamaji-update.yaml")),
    ("telemetry/kamaji-delete.yaml", include_str!("../../../telemetry/kamaji-delete.yaml")),
    ("telemetry/kic-ping.yaml", include_str!("../../../telemetry/kic-ping.yaml")),
    ("telemetry/kongctl.yaml", include_str!("../../../telemetry/kongctl.yaml")),
];

/// Gives the schemas that come with ktel and are no jobs'.
#[must_use]
pub fn built_in() -> Vec<Schema> {
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
