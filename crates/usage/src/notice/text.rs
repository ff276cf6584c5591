//! The words of a notice, from the product file and from what its schemas disclose.

use crate::consent::{DefaultConsent, Variables};
use crate::product_file::{Notice, ProductFile};

/// Writes the notice of a product, a line for each thing.
#[must_use]
pub fn text(product: &ProductFile) -> String {
    let name = &product.name;
    let Notice { text, url, off, stood: _ } = &product.notice;
    let why = match product.consent {
        DefaultConsent::OptIn => "as you asked",
        DefaultConsent::OptOut | DefaultConsent::Off => "unless you say no",
    };
    let mut notice = format!("{name} sends telemetry, {why}.\n");
    if let Some(text) = text {
        notice += &format!("{}\n", text.trim_end());
    }
    for schema in product.all_schemas() {
        let fields: Vec<&str> = schema.fields.keys().map(String::as_str).collect();
        notice += &format!("  {}: {}\n", schema.title, fields.join(", "));
    }
    if let Some(url) = url {
        notice += &format!("What and why: {url}\n");
    }
    let command = match off {
        Some(off) => off.clone(),
        None => format!("ktel telemetry --product {name} off"),
    };
    let variables = Variables::of(name);
    notice +=
        &format!("Say no: `{command}`, or set {}=1 or DO_NOT_TRACK=1\n", variables.no_telemetry());
    notice
}
