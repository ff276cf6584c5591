//! `ktel telemetry`: shows the telemetry of a product, and turns it on or off.

use ktel::directories::process_environment;
use ktel::product_file::ProductFile;
use ktel::product_name::ProductName;
use ktel::telemetry::Telemetry as Ambient;

use arguments::{TelemetryArguments, TelemetryCommand};
use subject::Subject;

use crate::arguments::shared::Format;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::products;

pub(super) mod arguments;
mod decide;
mod list;
mod preview;
mod show;
mod status;
mod subject;
mod verify;

pub(super) fn run(arguments: &TelemetryArguments, printer: &mut Printer) -> Result<Exit, Failure> {
    let TelemetryArguments { product, command, .. } = arguments;
    let product = product.as_ref();
    let file = || products::find(subject::named(product)?);
    let name = || subject::name(subject::named(product)?);
    match command {
        TelemetryCommand::List(format) => list::run(format.output, printer),
        TelemetryCommand::Status(Format { output }) => match product {
            None => list::run(*output, printer),
            Some(product) => match Subject::find(product)? {
                Subject { file: Some(file), .. } => {
                    status::of_file(&ambient(&file, arguments), *output, printer)
                }
                Subject { file: None, name } => status::of_name(&name, *output, printer),
            },
        },
        TelemetryCommand::Show(show) => show::run(show, &ambient(&file()?, arguments), printer),
        TelemetryCommand::Preview => preview::preview(&ambient(&file()?, arguments), printer),
        TelemetryCommand::Log => log(&name()?, printer),
        TelemetryCommand::Explain { field, format } => {
            preview::explain(&file()?, field, format.output, printer)
        }
        TelemetryCommand::On => decide::on(&ambient(&file()?, arguments), printer),
        TelemetryCommand::Off { all: true } => decide::off_all(printer),
        TelemetryCommand::Off { all: false } => decide::off(&name()?, printer),
        TelemetryCommand::Forget => decide::forget(&name()?, printer),
        // A receipt can be of any product. It needs no product file.
        TelemetryCommand::Verify(verify) => verify::run(verify, printer),
    }
}

fn ambient<'a>(file: &'a ProductFile, arguments: &'a TelemetryArguments) -> Ambient<'a> {
    let TelemetryArguments { config, profile, .. } = arguments;
    Ambient::of(file, &process_environment).configuration(config.as_deref(), profile.as_deref())
}

fn log(name: &ProductName, printer: &mut Printer) -> Result<Exit, Failure> {
    let text = subject::stored(name)?.accepted().read()?;
    if text.is_empty() {
        printer.say("no server has accepted an event yet");
    }
    printer.out(text)?;
    Ok(Exit::Done)
}
