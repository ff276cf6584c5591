//! Everybody on this machine who has a say in the telemetry of a product.

use std::path::Path;

use ktel::consent::{self, Consent, DefaultConsent, Sources, Variables};
use ktel::directories::{Directories, process_environment};
use ktel::product_name::ProductName;

/// Asks them all. Nobody's silence is a no: whoever calls this was asked to report.
pub(crate) fn ask(product: &ProductName) -> Consent {
    let directories = Directories::of(&process_environment);
    let sources = Sources {
        product,
        variables: &Variables::of(product),
        flag: false,
        environment: &process_environment,
        directories: &directories,
        ktel_policy: Path::new(consent::KTEL_POLICY),
        product_policy: None,
        configuration: None,
        default: DefaultConsent::OptOut,
    };
    consent::decide(sources.gather())
}
