//! The report servers of a command. They are checked before the cluster is read; afterwards the
//! report is sent to all of them at the same time.

use std::io;
use std::path::Path;

use futures::future::join_all;
use ktel::destination::{self, Capture, Content, Owner, Remote, ReportServer, Sender, Tokens};
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
use crate::count::count;
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
pub(crate) fn sender(remote: &Remote, capture: Option<Capture>) -> Result<Sender, Failure> {
    sender_with(remote, &tokens()).map(|sender| sender.captured(capture))
}

/// Opens the file that gets every request.
pub(crate) fn capture(path: Option<&Path>) -> Result<Option<Capture>, Failure> {
    let opened = path.map(|path| {
        Capture::open(path).map_err(|error| {
            let error = anyhow::Error::new(error).context(format!("write `{}`", path.display()));
            Failure::usage(error, Some("`--capture` names a file that you can write to"))
        })
    });
    opened.transpose()
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
        let capture = capture(sending.capture.as_deref())?;
        for server in &self.0 {
            match server {
                ReportServer::Remote(one) => {
                    if let Some(warning) = one.warning() {
                        printer.warn(&warning);
                    }
                    remote.push((&**one, sender(one, capture.clone())?));
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
        raw: Option<&Path>,
        printer: &mut Printer,
    ) -> Result<bool, Failure> {
        for server in &self.0 {
            if let ReportServer::Remote(remote) = server {
                show_request(remote, &remote.parcel(content).map_err(failure)?, raw, printer)?;
                continue;
            }
            let bytes = server.render(content).map_err(failure)?;
            printer.say(&format!("to {server}, {}:", count(bytes.len() as u64, "byte")));
            printer.out(&bytes)?;
        }
        if self.is_empty() {
            printer.say("nothing would be sent: no report server is named");
        }
        Ok(true)
    }
}

/// Prints the request that a report becomes: its head to standard error, and its body, which is text, to
/// standard output. The bytes of the body are added to the end of a file.
fn show_request(
    remote: &Remote,
    parcel: &Parcel,
    raw: Option<&Path>,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let mut tokens = tokens();
    // A request can be shown without the token that sending it needs.
    let placeholder = || Some(Secret::new("none"));
    tokens.splunk = tokens.splunk.or_else(placeholder);
    let outgoing = sender_with(remote, &tokens)?.outgoing(parcel).map_err(|_unsafe| {
        Failure::usage(anyhow::anyhow!("a header cannot carry the report"), None::<String>)
    })?;
    printer.say(&format!("to {remote}, {}:", count(outgoing.body.len() as u64, "byte")));
    if !outgoing.head.is_empty() {
        printer.say(&outgoing.head);
    }
    printer.out(format!("{}\n", outgoing.text().trim_end_matches('\n')))?;
    if let Some(path) = raw {
        destination::append(&path.to_owned(), &outgoing.body).map_err(failure)?;
    }
    Ok(())
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
                Ok((parcel, shipment)) => {
                    let has_it = report_outcome(remote, shipment, printer);
                    if has_it {
                        let accepted = if remote.confirms() { ", accepted" } else { "" };
                        let bytes = count(parcel.body.len() as u64, "byte");
                        printer.note(&format!("sent {bytes} to {}{accepted}", host(remote)));
                    }
                    has_it
                }
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

/// Where a server is, without the path and the options of its URL.
fn host(remote: &Remote) -> &str {
    let rest = remote.url().split_once("://").map_or(remote.url(), |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or(rest)
}

/// What to do about a failure that the network describes in its own words.
pub(crate) fn network_remedy(remote: &Remote, message: Option<&str>) -> Option<String> {
    let (message, host) = (message?, host(remote));
    if message.contains("InvalidContentType") && remote.url().starts_with("https") {
        return Some(format!("`{host}` does not speak TLS; if it should not, write `http://`"));
    }
    if message.contains("Connection refused") {
        return Some(format!("nothing listens at `{host}`; check the address"));
    }
    let has_no_address = message.contains("failed to lookup address");
    has_no_address.then(|| format!("the host of `{host}` has no address; check its name"))
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

/// Prints what happened to a report, and says whether the server has it.
pub(crate) fn report_outcome(remote: &Remote, shipment: Shipment, printer: &mut Printer) -> bool {
    let Shipment { fate, account, not_kept } = shipment;
    let server = remote.url();
    if let Some(error) = not_kept {
        printer.warn(&format!(
            "reports for `{server}` cannot be kept: {:#}",
            anyhow::Error::new(error)
        ));
    }
    report_rejected(server, &account, printer);
    let hint = |message: Option<&str>, otherwise: &str| match &account.held {
        Some(held) => format!("{}; {otherwise}", remote.remedy(held.hold, Owner::User)),
        None => match network_remedy(remote, message) {
            Some(remedy) => format!("{remedy}; {otherwise}"),
            None => otherwise.to_owned(),
        },
    };
    match fate {
        Fate::Delivered => return true,
        Fate::Rejected { message } => {
            printer.error(&format!("`{server}` rejected the report: {message}"), None);
        }
        Fate::Waits { message } => {
            let waits =
                "the report waits in the outbox; the next run or `ktel outbox flush` sends it";
            let hint = hint(message.as_deref(), waits);
            let why = message.unwrap_or_else(|| "not tried yet".to_owned());
            let text = format!("`{server}` does not have the report yet: {why}");
            printer.error(&text, Some(&hint));
        }
        Fate::Lost { message } => {
            let text = format!("`{server}` does not have the report: {message}");
            let hint = hint(Some(&message), "the report was not kept; run the command again");
            printer.error(&text, Some(&hint));
        }
    }
    false
}

/// Says why everything that waits for a server is held, and what to do.
pub(crate) fn report_held(remote: &Remote, held: &Held, owner: Owner, printer: &mut Printer) {
    let text = format!("deliveries to `{remote}` are held: {}", held.message);
    printer.error(&text, Some(&remote.remedy(held.hold, owner)));
}

/// Prints what a server rejected of a report that it accepted.
pub(crate) fn report_rejected(server: &str, account: &Account, printer: &mut Printer) {
    let Account { rejected_items, rejected_because, .. } = account;
    if *rejected_items > 0 {
        let why = rejected_because.as_deref().unwrap_or("no reason given");
        printer.warn(&format!("`{server}` rejected {rejected_items} items: {why}"));
    }
}
