//! `ktel events check`: sends a test, and shows the answer.

use ktel::destination::{Answered, Owner};
use ktel::event::{Ending, Event, Outcome, Version};
use ktel::product_file::ProductFile;
use ktel_delivery::Verdict;
use ktel_model::standard::schema::Form;
use serde_json::{Map, Value};

use super::advice;
use super::arguments::CheckArguments;
use crate::clock;
use crate::count::count;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::products;
use crate::runtime::runtime;
use crate::servers;

pub(super) fn run(arguments: &CheckArguments, printer: &mut Printer) -> Result<Exit, Failure> {
    let product = products::find(&arguments.product)?;
    let commands = commands(arguments, &product);
    let mut wrong: Vec<String> =
        advice::of_version(&product, &arguments.version).into_iter().collect();
    wrong.extend(commands.iter().filter_map(|command| advice::of_command(&product, command)));
    wrong.extend(advice::of_ending(&product, &arguments.ending));
    for advice in &wrong {
        printer.warn(advice);
    }
    let Some(remote) = products::server(&product)? else {
        printer.warn(&format!(
            "`{}` has no `server` in its product file: nothing is sent",
            product.name
        ));
        return Ok(Exit::Usage);
    };
    let sender = servers::events_sender(&remote, &product)?;
    let sender = sender.captured(servers::capture(arguments.capture.as_deref())?);
    let events: Vec<_> =
        commands.iter().filter_map(|command| event(arguments, &product, command)).collect();
    let events: Vec<_> = events.into_iter().take(remote.events_at_once()).collect();
    if events.is_empty() {
        printer.warn("there is no event to test");
        return Ok(Exit::Usage);
    }
    let key = ktel::destination::random_id();
    let parcel = remote.events(product.name.as_str(), key, &events);
    let parcel = parcel.map_err(|error| Failure::usage(error, None::<String>))?;
    let sent = count(events.len() as u64, "event");
    let answer = match runtime()?.block_on(Box::pin(sender.test(&parcel))) {
        Ok(Some(answer)) => answer,
        Ok(None) => {
            printer.say(&format!("`{remote}` gives no answers, so nothing was sent"));
            return Ok(if wrong.is_empty() { Exit::Done } else { Exit::Usage });
        }
        Err(verdict) => {
            let hint = match &verdict {
                Verdict::Held { hold, .. } => Some(remote.remedy(*hold, Owner::Product)),
                verdict => servers::network_remedy(&remote, Some(&message(verdict))),
            };
            printer.error(
                &format!("`{remote}` did not answer: {}", message(&verdict)),
                hint.as_deref(),
            );
            return Ok(Exit::NotDelivered);
        }
    };
    printer
        .say(&format!("a test with {sent} was sent to {remote}; it answered {}:", answer.status));
    printer.out(format!("{}\n", answer.body.trim_end()))?;
    let verdict = judged(&answer, product.key.is_some());
    if let Some((error, hint)) = &verdict {
        printer.error(error, Some(hint));
    }
    Ok(match (verdict, wrong.is_empty()) {
        (Some(_), _) => Exit::NotDelivered,
        (None, false) => Exit::Usage,
        (None, true) => {
            printer.say(&format!("{}: events arrive", product.name));
            Exit::Done
        }
    })
}

/// The commands that are tested.
fn commands(arguments: &CheckArguments, product: &ProductFile) -> Vec<String> {
    match arguments.commands.as_slice() {
        [] if product.vocabulary.commands().is_empty() => vec!["plugin".to_owned()],
        [] => product.vocabulary.commands().to_vec(),
        given => given.to_vec(),
    }
}

/// Makes the event that `emit` would record.
fn event(
    arguments: &CheckArguments,
    product: &ProductFile,
    command: &str,
) -> Option<Map<String, Value>> {
    let command = product.vocabulary.resolve(command).name()?;
    let event = Event::new(clock::now(), &arguments.version, command);
    let event = match product.event_version {
        Version::One => event,
        Version::Two => event.ending(Ending {
            outcome: arguments.ending.outcome.unwrap_or(Outcome::Success),
            error_category: arguments.ending.error_category,
            duration: arguments.ending.duration,
        }),
    };
    let applied = product.event_schema.apply(&event, Form::Exact);
    applied.missing.is_empty().then_some(applied.sent)
}

/// What is wrong with an answer, and what to do next.
fn judged(answer: &Answered, has_key: bool) -> Option<(String, String)> {
    let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let omitted = body["test"]["omitted"].as_object().is_some_and(|omitted| !omitted.is_empty());
    let rejected = body["rejected"].as_array().is_some_and(|rejected| !rejected.is_empty());
    let (error, hint) = match answer.status {
        401 => (
            if has_key {
                "the server does not know the key of the product"
            } else {
                "the product file has no `key`, and the server asks for one"
            },
            "on the server, run `ktel token add --role events --product NAME`, and write the key into the product file as `key`",
        ),
        403 => (
            "the key is not one for events of this product",
            "on the server, `ktel token list` shows its role and its product",
        ),
        404 | 405 => {
            ("this is not the address of a receiver", "correct `server` in the product file")
        }
        status if !(200..300).contains(&status) => {
            ("the server does not accept events", "its answer says why")
        }
        _ if rejected => ("the server rejects some events", "its answer says why"),
        _ if omitted => (
            "the server would omit values that it does not know",
            "give it the product file: `ktel serve --product FILE`",
        ),
        _ => return None,
    };
    Some((error.to_owned(), hint.to_owned()))
}

fn message(verdict: &Verdict) -> String {
    let mut verdict = verdict.clone();
    verdict.message_mut().map_or_else(String::new, |message| message.clone())
}
