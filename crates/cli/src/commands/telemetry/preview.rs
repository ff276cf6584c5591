//! `ktel telemetry preview` and `explain`: what would be sent, and why.

use ktel::event::{Ending, Event, EventSchema, Outcome, Version};
use ktel::product_file::ProductFile;
use ktel::telemetry::Telemetry as Ambient;
use ktel_model::standard::dictionary;
use ktel_model::standard::schema::{Expiry, Form};
use serde_json::{Map, Value};

use super::subject;
use crate::arguments::shared::OutputFormat;
use crate::clock;
use crate::count::count;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::table::table;
use crate::{listing, products};

/// Prints the next request body byte for byte, and explains each value.
pub(super) fn preview(ambient: &Ambient<'_>, printer: &mut Printer) -> Result<Exit, Failure> {
    let product = ambient.product();
    let consent = ambient.consent();
    if !consent.given {
        printer.say(&format!("telemetry is off: {}; nothing would be sent", consent.winner));
        return Ok(Exit::Done);
    }
    let schema = &product.event_schema;
    let (today, now) = (clock::today(), clock::since_epoch());
    let remote = products::server(product)?;
    let next = match &remote {
        Some(remote) => subject::stored(&product.name)?
            .settle_batch(remote, schema, today, now)
            .map_err(|error| Failure::usage(error, None::<String>))?,
        None => None,
    };
    if let Some(parcel) = next.as_ref().and_then(|next| next.parcel.as_ref()) {
        let waiting = next.as_ref().map_or(0, |next| next.events.len());
        printer.say(&format!(
            "{} would be sent to {}:\n",
            count(waiting as u64, "event"),
            parcel.to
        ));
        printer.out(&parcel.body)?;
        printer.say("\n\nthe values of the first event:\n");
        let first = next.iter().flat_map(|next| &next.events).next();
        printer.say(&annotated(schema, None, first.unwrap_or(&Map::new())));
        return Ok(Exit::Done);
    }
    printer.say(if remote.is_some() {
        "no event waits; an event recorded now would be:\n"
    } else {
        "the product has no server; an event recorded now would be:\n"
    });
    let (raw, sent) = example(product);
    printer.out(format!("{}\n", Value::Object(sent.clone())))?;
    printer.say(&format!("\n{}", annotated(schema, Some(&raw), &sent)));
    Ok(Exit::Done)
}

/// Makes an event of the current time, as recorded and as sent.
fn example(product: &ProductFile) -> (Map<String, Value>, Map<String, Value>) {
    let command = product.vocabulary.commands().first().map_or("plugin", String::as_str);
    let event = Event::new(clock::now(), env!("CARGO_PKG_VERSION"), command);
    let event = match product.event_version {
        Version::One => event,
        Version::Two => {
            let outcome = Outcome::Success;
            event.ending(Ending { outcome, error_category: None, duration: None })
        }
    };
    (event.raw(), product.event_schema.apply(&event, Form::Exact).sent)
}

fn annotated(
    schema: &EventSchema,
    raw: Option<&Map<String, Value>>,
    sent: &Map<String, Value>,
) -> String {
    let text = |value: Option<&Value>| match value {
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => "-".to_owned(),
    };
    let rows = sent.iter().filter_map(|(name, value)| {
        let field = schema.schema().field(name)?;
        let until = match &field.expires {
            Expiry::On(date) => date.to_string(),
            Expiry::Never(_) => "no end".to_owned(),
        };
        let measured = raw.map_or_else(|| "not stored".to_owned(), |raw| text(raw.get(name)));
        Some([name.clone(), measured, text(Some(value)), until, field.why.clone()])
    });
    table(["FIELD", "RAW", "SENT", "UNTIL", "WHY"], rows)
}

pub(super) fn explain(
    product: &ProductFile,
    field: &str,
    output: OutputFormat,
    printer: &mut Printer,
) -> Result<Exit, Failure> {
    let entry = product.all_schemas().find_map(|schema| {
        let text = dictionary::describe_field(schema, field)?;
        Some((text, dictionary::document_field(schema, field)?))
    });
    let Some((text, value)) = entry else {
        let error = anyhow::anyhow!("`{}` sends no field `{field}`", product.name);
        let known: Vec<&str> = product
            .all_schemas()
            .flat_map(|schema| schema.fields.keys())
            .map(String::as_str)
            .collect();
        return Err(Failure::usage(error, Some(format!("its fields are {}", known.join(", ")))));
    };
    printer.out(listing::text(output, || text, &value))?;
    Ok(Exit::Done)
}
