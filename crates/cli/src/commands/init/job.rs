//! `ktel init job`: a schema file that counts a kind of resource, from its definition.

use std::path::PathBuf;

use clap::Args;
use jiff::civil::Date;
use ktel_model::standard::Finding;

use super::ask::{self, Question, Questions};
use super::crd::Kind;
use super::propose::{self, Head, Proposal};
use super::source::SourceArguments;
use super::write;
use crate::clock;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;

#[derive(Debug, Args)]
pub(crate) struct JobArguments {
    /// The name of the job: lower-case words joined by `-`
    name: Option<String>,
    #[command(flatten)]
    source: SourceArguments,
    /// Who is responsible for the schema: lower-case words joined by `-` [default: the first word of the API group]
    #[arg(long, value_name = "NAME")]
    vendor: Option<String>,
    /// The file [default: NAME.yaml]
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

const NAME: Question<'_> = Question {
    text: "Name of the job, in lower-case words joined by `-`",
    argument: "NAME",
    default: None,
};

pub(super) fn run(arguments: &JobArguments, printer: &mut Printer) -> Result<Exit, Failure> {
    let JobArguments { name, source, vendor, file } = arguments;
    let mut questions = Questions::on_terminal(printer);
    let name = questions.answer(name.as_deref(), &NAME, ask::name)?;
    let kind = source.kind(&mut questions)?;
    let first = vendor_of(&kind);
    let of_vendor = Question {
        text: "Who is responsible for the schema, in lower-case words joined by `-`",
        argument: "--vendor",
        default: Some(&first),
    };
    let proposal = questions.answer(vendor.as_deref(), &of_vendor, |vendor| {
        propose(&kind, &name, vendor, clock::today()).map_err(|findings| failure(&findings))
    })?;
    let printer = questions.done();
    let path = file.clone().unwrap_or_else(|| PathBuf::from(format!("{name}.yaml")));
    let shown = path.display().to_string();
    write::all(&[(path, proposal.text)], "name another file with `--file`")?;
    let fields: Vec<&str> = proposal.schema.fields.keys().map(String::as_str).collect();
    printer.say(&format!(
        "`{shown}` is written, with the fields {}.{} Next:
  ktel schema lint {shown}
  ktel workflows run --jobs-from {shown}                      # prints the report, sends nothing
  ktel jobs rbac --jobs-from {shown} | kubectl apply -f -     # the smallest role that it needs
  ktel serve --schema {shown}                                 # a server that accepts it",
        fields.join(", "),
        not_proposed(&kind),
    ));
    Ok(Exit::Done)
}

/// The vendor of a schema: the first word of the API group.
pub(super) fn vendor_of(kind: &Kind) -> String {
    kind.group.split('.').next().filter(|word| !word.is_empty()).unwrap_or("example").to_owned()
}

/// Says which values of the resource are texts. A person looks for them, and wonders.
pub(super) fn not_proposed(kind: &Kind) -> String {
    match kind.texts.as_slice() {
        [] => String::new(),
        texts => format!(" Not proposed, because free text cannot be sent: {}.", texts.join(", ")),
    }
}

/// Tells what the linter finds wrong, if no field is left.
pub(super) fn failure(findings: &[Finding]) -> Failure {
    let first = findings.first();
    let message = first.map_or("nothing can be proposed", |first| first.message.as_str());
    Failure::usage(anyhow::anyhow!("{message}"), first.map(|first| first.fix.clone()))
}

fn propose(kind: &Kind, name: &str, vendor: &str, today: Date) -> Result<Proposal, Vec<Finding>> {
    let mut fields = vec![propose::count(kind, true)];
    fields.extend(kind.values.iter().map(|value| propose::groups(kind, value, true)));
    let attempt = |reads: &str, calls: &str, fields| {
        let head = Head {
            vendor,
            name: name.to_owned(),
            kind: "job",
            title: capital(&kind.plural),
            question: format!("How many {} are there, and how are they used?", kind.plural),
            access: format!(
                "[{{group: \"{}\", resources: [{}], verbs: [list], scope: cluster, reads: {reads}, calls: {calls}}}]",
                kind.group, kind.plural
            ),
        };
        propose::schema(&head, fields, today)
    };
    if kind.values.is_empty() {
        return attempt("metadata", "1", fields);
    }
    // The count alone would read less than is declared, so the groups come first and the count joins them.
    fields.rotate_left(1);
    match attempt("object", "pages", fields) {
        Ok(proposal) => Ok(proposal),
        // Not one of the values can be declared.
        Err(_) => attempt("metadata", "1", vec![propose::count(kind, true)]),
    }
}

pub(super) fn capital(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
