//! The report servers of a command. They are checked before the cluster is read; afterwards the
//! report is sent to all of them at the same time.

use std::io;
use std::path::Path;

use futures::future::join_all;
use ktel::destination::{self, Content, Owner, Remote, ReportServer, Sender, Tokens};
use ktel::directories::{Directories, process_environment};
use ktel::outbox::{self, Fate, Outbox, Shipment};
use ktel::product_file::ProductFile;
use ktel_delivery::Parcel;
use ktel_delivery::courier::Account;
use ktel_delivery::secret::Secret;
use ktel_delivery::spool::Held;
use tokio::time::Instant;

use crate::arguments::shared::SendingArguments;
use crate::clock;
use crate::failure::Failure;
use crate::printer::Printer;

/// The servers that a report is sent to.
pub(crate) struct Servers(Vec<ReportServer>);

/// The same, with the tokens and certificates that sending needs.
pub(crate) struct Ready<'a> {
    local: Vec<&'a ReportServer>,
    remote: Vec<(&'a Remote, Sender)>,
    outbox: Option<Outbox>,
    sending: &'a SendingArguments,
}

/// Finds the outbox of this user; `None` without a home directory, as in a pod.
pub(crate) fn outbox() -> Option<Outbox> {
    Directories::of(&process_environment).outbox().map(Outbox::at)
}

/// Reads the tokens of the environment.
pub(crate) fn tokens() -> Tokens {
    let token = |name| {
        let value = process_environment(name)?.into_string().ok()?; // tokens are text
        Some(Secret::new(&value)).filter(|secret| !secret.reveal().is_empty())
    };
    Tokens { splunk: token("KTEL_SPLUNK_TOKEN"), bearer: token("KTEL_TOKEN") }
}

/// Makes the sender of reports to a server.
pub(crate) fn sender(remote: &Remote) -> Result<Sender, Failure> {
    sender_with(remote, &tokens())
}

/// Makes the sender of events to a product's server, with the key of the product file. The tokens of
/// the environment are for the user's own servers, so they are not sent to servers that a product chose.
pub(crate) fn events_sender(remote: &Remote, product: &ProductFile) -> Result<Sender, Failure> {
    let key = product.key.as_deref().map(Secret::new);
    sender_with(remote, &Tokens { splunk: key.clone(), bearer: key })
}

fn sender_with(remote: &Remote, tokens: &Tokens) -> Result<Sender, Failure> {
    remote.sender(tokens, clock::since_epoch).map_err(|error| {
        let hint = error.hint();
        Failure::usage(error, hint)
    })
}

fn failure(error: destination::Error) -> Failure {
    let hint = error.hint();
    Failure::usage(error, hint)
}

impl Servers {
    pub(crate) fn parse(urls: &[String]) -> Result<Self, Failure> {
        let servers: Result<Vec<ReportServer>, _> = urls.iter().map(|url| url.parse()).collect();
        servers.map(Self).map_err(failure)
    }

    /// Gives no server: nothing is sent.
    pub(crate) fn none() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells whether one of them prints the report.
    pub(crate) fn print(&self) -> bool {
        self.0.contains(&ReportServer::Stdout)
    }

    /// Reads tokens and certificates.
    pub(crate) fn ready<'a>(
        &'a self,
        sending: &'a SendingArguments,
        printer: &mut Printer,
    ) -> Result<Ready<'a>, Failure> {
        let (mut local, mut remote) = (Vec::new(), Vec::new());
        for server in &self.0 {
            match server {
                ReportServer::Remote(one) => {
                    if let Some(warning) = one.warning() {
                        printer.warn(&warning);
                    }
                    remote.push((&**one, sender(one)?));
                }
                ReportServer::Stdout | ReportServer::File(_) => local.push(server),
            }
        }
        let mut outbox = if sending.no_spool || remote.is_empty() { None } else { outbox() };
        if let Some(Err(error)) = outbox.as_ref().map(Outbox::try_to_write) {
            let within = sending.send_timeout.as_secs();
            printer.warn(&format!(
                "reports cannot be kept: {:#}; what is not delivered within {within} s is lost\n  \
                 to send without an outbox, use `--no-spool`, and `--send-timeout` for more time; \
                 to have one, set XDG_STATE_HOME to a directory that can be written",
                anyhow::Error::new(error)
            ));
            outbox = None;
        }
        Ok(Ready { local, remote, outbox, sending })
    }

    /// Prints what each server would get, and sends nothing.
    pub(crate) fn show(
        &self,
        content: Content<'_>,
        printer: &mut Printer,
    ) -> Result<bool, Failure> {
        for server in &self.0 {
            let bytes = server.render(content).map_err(failure)?;
            printer.say(&format!("to {server}, {} bytes:", bytes.len()));
            printer.out(&bytes)?;
            if !bytes.ends_with(b"\n") {
                printer.say(""); // the next output starts on a new line
            }
        }
        Ok(true)
    }
}

impl Ready<'_> {
    /// Sends the report to all servers; tells whether all have it.
    pub(crate) async fn ship(
        &self,
        content: Content<'_>,
        printer: &mut Printer,
    ) -> Result<bool, Failure> {
        let mut delivered = true;
        for server in &self.local {
            delivered &= write(server, content, printer)?;
        }
        let shipments = self.remote.iter().map(async |(remote, sender)| {
            let parcel = remote.parcel(content)?;
            Ok((parcel.clone(), self.ship_to(remote, sender, &parcel).await))
        });
        let shipments: Vec<Result<(Parcel, Shipment), destination::Error>> =
            join_all(shipments).await;
        for ((remote, _), shipment) in self.remote.iter().zip(shipments) {
            delivered &= match shipment {
                Ok((_, shipment)) => tell(remote, shipment, printer),
                Err(error) => {
                    let hint = error.hint();
                    printer.error(&format!("{:#}", anyhow::Error::new(error)), hint.as_deref());
                    false
                }
            };
        }
        Ok(delivered)
    }

    async fn ship_to(&self, remote: &Remote, sender: &Sender, parcel: &Parcel) -> Shipment {
        let deadline = Instant::now() + self.sending.send_timeout;
        let clock = clock::clock();
        Box::pin(outbox::ship(self.outbox.as_ref(), remote, sender, parcel, deadline, clock)).await
    }
}

fn write(
    server: &ReportServer,
    content: Content<'_>,
    printer: &mut Printer,
) -> Result<bool, Failure> {
    let bytes = server.render(content).map_err(failure)?;
    let written = match server {
        ReportServer::File(path) => destination::append(path, &bytes),
        _ => printer.out(&bytes).map_err(|source| destination::Error::Write {
            path: Path::new("/dev/stdout").to_owned(),
            source,
        }),
    };
    match written {
        Ok(()) => Ok(true),
        Err(destination::Error::Write { source, .. })
            if source.kind() == io::ErrorKind::BrokenPipe =>
        {
            Err(source.into())
        }
        Err(error) => {
            let hint = error.hint();
            printer.error(&format!("{:#}", anyhow::Error::new(error)), hint.as_deref());
            Ok(false)
        }
    }
}

/// Prints what happened to a report; tells whether the server has it.
pub(crate) fn tell(remote: &Remote, shipment: Shipment, printer: &mut Printer) -> bool {
    let Shipment { fate, account, not_kept } = shipment;
    let server = remote.url();
    if let Some(error) = not_kept {
        printer.warn(&format!(
            "reports for `{server}` cannot be kept: {:#}",
            anyhow::Error::new(error)
        ));
    }
    tell_rejected(server, &account, printer);
    let hint = |otherwise: &str| match &account.held {
        Some(held) => format!("{}; {otherwise}", remote.remedy(held.hold, Owner::User)),
        None => otherwise.to_owned(),
    };
    match fate {
        Fate::Delivered => return true,
        Fate::Rejected { message } => {
            printer.error(&format!("`{server}` rejected the report: {message}"), None);
        }
        Fate::Waits { message } => {
            let why = message.unwrap_or_else(|| "not tried yet".to_owned());
            let waits = "it waits in the outbox; the next run or `ktel outbox flush` sends it";
            let text = format!("`{server}` does not have the report yet: {why}");
            printer.error(&text, Some(&hint(waits)));
        }
        Fate::Lost { message } => {
            let text = format!("`{server}` does not have the report: {message}");
            printer.error(&text, Some(&hint("it was not kept; run the command again")));
        }
    }
    false
}

/// Says why everything that waits for a server is held, and what to do.
pub(crate) fn tell_held(remote: &Remote, held: &Held, owner: Owner, printer: &mut Printer) {
    let text = format!("deliveries to `{remote}` are held: {}", held.message);
    printer.error(&text, Some(&remote.remedy(held.hold, owner)));
}

/// Prints what a server rejected of a report that it accepted.
pub(crate) fn tell_rejected(server: &str, account: &Account, printer: &mut Printer) {
    let Account { rejected_items, rejected_because, .. } = account;
    if *rejected_items > 0 {
        let why = rejected_because.as_deref().unwrap_or("no reason given");
        printer.warn(&format!("`{server}` rejected {rejected_items} items: {why}"));
    }
}
