//! What is wrong with the arguments of a program that records events. Nothing of it is an error: the
//! command of a user never fails because of its telemetry.

use ktel::event::{Command, Version};
use ktel::product_file::ProductFile;

use super::arguments::EndingArguments;

/// Says why no event of this version can be sent, if none can.
pub(super) fn of_version(product: &ProductFile, version: &str) -> Option<String> {
    let accepted = product.event_schema.accepts_version(version);
    (!accepted).then(|| format!("`{}` is not a version such as 1.2.3", version.escape_debug()))
}

/// Says what an event has in place of a command.
pub(super) fn of_command(product: &ProductFile, command: &str) -> Option<String> {
    let shown = command.escape_debug();
    match product.vocabulary.resolve(command) {
        Command::Declared(_) => None,
        Command::Unknown => Some(format!(
            "`{shown}` is not in `commands` of the product file; its event says `plugin`"
        )),
        Command::Skipped => Some(format!("`{shown}` makes no event")),
    }
}

/// Names the flags that the product's version of the event ignores.
pub(super) fn of_ending(product: &ProductFile, ending: &EndingArguments) -> Option<String> {
    let EndingArguments { outcome, error_category, duration } = ending;
    let given = [
        ("--outcome", outcome.is_some()),
        ("--error-category", error_category.is_some()),
        ("--duration", duration.is_some()),
    ];
    let ignored: Vec<&str> =
        given.into_iter().filter(|(_, is)| *is).map(|(name, _)| name).collect();
    if product.event_version == Version::Two || ignored.is_empty() {
        return None;
    }
    Some(format!(
        "{} of no effect: the product file has `event_version: 1`; set it to 2",
        ignored.join(", ") + if ignored.len() == 1 { " is" } else { " are" },
    ))
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::time::Duration;

    use super::{EndingArguments, ProductFile, of_command, of_ending, of_version};

    fn acme(version: u32) -> ProductFile {
        let text = format!(
            "{{ktel: 1, name: acme, consent: opt-in, commands: [get apis], event_version: {version}}}"
        );
        ProductFile::parse(&text, "acme.yaml", &|_| Err(io::ErrorKind::NotFound.into())).unwrap()
    }

    #[test]
    fn what_an_event_would_not_say_is_named() {
        let (one, two) = (acme(1), acme(2));
        assert_eq!(of_version(&one, "1.2.3"), None);
        assert_eq!(of_version(&one, "dev").unwrap(), "`dev` is not a version such as 1.2.3");
        assert_eq!(of_command(&one, "acme get apis"), None);
        assert!(of_command(&one, "get pods").unwrap().contains("its event says `plugin`"));
        assert_eq!(of_command(&one, "help").unwrap(), "`help` makes no event");
        let none = EndingArguments { outcome: None, error_category: None, duration: None };
        assert_eq!(of_ending(&one, &none), None);
        let took = EndingArguments { duration: Some(Duration::from_secs(1)), ..none };
        assert!(of_ending(&one, &took).unwrap().starts_with("--duration is of no effect"));
        assert_eq!(of_ending(&two, &took), None);
    }
}
