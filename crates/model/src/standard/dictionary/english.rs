//! Types and access in words.

use super::super::blur::bucket;
use super::super::schema::{
    Access, Calls, DatePart, MapValue, Reads, Scope, Type, Verb, VersionPart, Words,
};
use crate::limits::BUCKETS_SHOWN_MAX;

/// The possible values of a type.
pub(super) fn of(of: &Type) -> String {
    match of {
        Type::Bool => "yes or no".to_owned(),
        Type::Enum(words) => format!("one of {}", vocabulary(words)),
        Type::Count(form) => number("how many", &form.buckets, form.exact),
        Type::Duration(form) => number("how many seconds", &form.buckets, form.exact),
        Type::Ratio(form) => {
            let steps = format!("in steps of {}", form.step);
            let exact = if form.exact { format!("; blurred {steps}") } else { format!(" {steps}") };
            format!("a share between 0 and 1{exact}")
        }
        Type::Version(form) => {
            let exact = version(form.exact.unwrap_or(form.coarse));
            let blurred = form.exact.map(|_| format!("; blurred: {}", version(form.coarse)));
            format!("a version number: {exact}{}", blurred.unwrap_or_default())
        }
        Type::Date(form) => {
            let exact = date(form.exact.unwrap_or(form.coarse));
            let blurred = form.exact.map(|_| format!("; blurred to {}", date(form.coarse)));
            format!("{exact}{}", blurred.unwrap_or_default())
        }
        Type::Id => "a random identifier of this installation, made for this alone".to_owned(),
        Type::CommandPath(words) => format!(
            "the words of a command, if all of them are among {}; never its arguments",
            words.join(", ")
        ),
        Type::Map(words, MapValue::Bool) => format!("yes or no for each of {}", vocabulary(words)),
        Type::Map(words, MapValue::Count(form)) => {
            let each = number("how many", &form.buckets, form.exact);
            format!("for each of {}: {each}", vocabulary(words))
        }
        Type::List(words) => format!("those that apply of {}", vocabulary(words)),
        Type::Record(fields) => {
            let names: Vec<&str> = fields.keys().map(String::as_str).collect();
            format!("several values: {}", names.join(", "))
        }
    }
}

fn vocabulary(words: &Words) -> String {
    let Words { values, other } = words;
    if values.is_empty() {
        return format!("nothing yet (anything is sent as {other})");
    }
    format!("{} (anything else is sent as {other})", values.join(", "))
}

fn number(what: &str, buckets: &[u64], exact: bool) -> String {
    let labels = bucket::labels(buckets);
    let labels = match (labels.first(), labels.last()) {
        (Some(first), Some(last)) if labels.len() > BUCKETS_SHOWN_MAX => {
            format!("{} ranges from {first} to {last}", labels.len())
        }
        _ => labels.join(", "),
    };
    if exact { format!("{what}; blurred: {labels}") } else { format!("{what}, as one of {labels}") }
}

fn version(part: VersionPart) -> &'static str {
    match part {
        VersionPart::Major => "its first number and the word of a pre-release",
        VersionPart::Minor => "its first two numbers and the word of a pre-release",
        VersionPart::Patch => {
            "its three numbers and the word of a pre-release, without what vendors add"
        }
        VersionPart::Full => "its three numbers and whether it is a pre-release",
    }
}

fn date(part: DatePart) -> &'static str {
    match part {
        DatePart::Month => "a month",
        DatePart::Week => "a week",
        DatePart::Day => "a day",
        DatePart::Second | DatePart::Timestamp => "a date and time, to the second, in UTC",
    }
}

/// The access that is needed.
pub(super) fn access(access: &[Access]) -> String {
    if access.is_empty() {
        return "nothing of the cluster".to_owned();
    }
    access.iter().map(rule).collect::<Vec<_>>().join("; ")
}

fn rule(access: &Access) -> String {
    let Access::Resources { group, resources, verbs, scope, reads, calls } = access else {
        let Access::Paths { paths } = access else { return String::new() };
        return format!("{} of the API server", paths.join(", "));
    };
    let names = resources.join(", ");
    let group = if group.is_empty() { String::new() } else { format!(" of {group}") };
    let place = match scope {
        Scope::Cluster => "in the whole cluster",
        Scope::Namespace => "in the product's own namespace",
    };
    let much = match reads {
        Reads::Metadata => "their metadata only",
        Reads::Object => "the objects themselves",
    };
    let calls = match calls {
        Calls::Fixed(1) => "one request".to_owned(),
        Calls::Fixed(number) => format!("{number} requests"),
        Calls::Pages => "page by page".to_owned(),
    };
    let followed = if verbs.contains(&Verb::Watch) { ", followed as they change" } else { "" };
    format!("{names}{group} {place}: {much}, {calls}{followed}")
}
