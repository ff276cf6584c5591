//! The text of a notice, from the product file and its schemas.

use crate::consent::{DefaultConsent, Variables};
use crate::product_file::{Notice, ProductFile};

/// Writes the notice of a product.
#[must_use]
pub fn text(product: &ProductFile) -> String {
    let name = &product.name;
    let Notice { text, url, off, stood: _ } = &product.notice;
    let why = match product.consent {
        DefaultConsent::OptIn => "because you turned it on",
        DefaultConsent::OptOut | DefaultConsent::Off => "unless you turn it off",
    };
    let mut notice = format!("{name} sends telemetry {why}.\n");
    if let Some(text) = text {
        notice += &format!("{}\n", text.trim_end());
    }
    for schema in product.all_schemas() {
        let fields: Vec<&str> = schema.fields.keys().map(String::as_str).collect();
        notice += &format!("  {}: {}\n", schema.title, fields.join(", "));
    }
    if let Some(url) = url {
        notice += &format!("More: {url}\n");
    }
    let command = match off {
        Some(off) => off.clone(),
        None => format!("ktel telemetry --product {name} off"),
    };
    let variables = Variables::of(name);
    notice += &format!(
        "Turn it off: `{command}`, or set {}=1 or DO_NOT_TRACK=1\n",
        variables.no_telemetry()
    );
    notice
}
