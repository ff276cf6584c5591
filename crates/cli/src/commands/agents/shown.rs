//! What was found, for a person and for a program.

use serde_json::{Value, json};

use super::installed::{Installed, Rights};
use super::rights::Right;

/// Writes one paragraph for each.
pub(super) fn text(all: &[Installed]) -> String {
    all.iter().map(paragraph).collect::<Vec<String>>().join("\n")
}

fn paragraph(one: &Installed) -> String {
    let what = match (one.task, &one.product) {
        ("agent", Some(product)) => format!("the agent of {product}"),
        ("agent", None) => "an agent".to_owned(),
        ("report", Some(product)) => format!("a report job about {product}"),
        ("report", None) => "a report job".to_owned(),
        (task, _) => format!("the {task}"),
    };
    let mut text = format!("{} {}/{}: {what}\n", one.kind, one.namespace, one.name);
    let mut line = |label: &str, value: &str| {
        text.push_str(&format!("  {label:<9}  {value}\n"));
    };
    let mut lines = |label: &str, values: &[String]| {
        for (index, value) in values.iter().enumerate() {
            line(if index == 0 { label } else { "" }, value);
        }
    };
    lines("state", std::slice::from_ref(&one.state));
    lines("sends", &sends(one));
    if !one.servers.is_empty() {
        lines("to", &one.servers);
    }
    if !one.image.is_empty() {
        lines("image", std::slice::from_ref(&one.image));
        lines("account", std::slice::from_ref(&one.account));
    }
    lines("may", &may(&one.rights));
    lines("turn off", &one.turn_off);
    lines("note", &one.notes);
    text
}

fn sends(one: &Installed) -> Vec<String> {
    match &one.off {
        Some(off) => vec![format!("nothing: {off}")],
        None if one.sends.is_empty() => vec!["not known".to_owned()],
        None => one.sends.clone(),
    }
}

fn may(rights: &Rights) -> Vec<String> {
    match rights {
        Rights::Unknown(why) => vec![format!("not known: {why}")],
        Rights::Known(rights) if rights.is_empty() => {
            vec!["read nothing, beside what every account may".to_owned()]
        }
        Rights::Known(rights) => rights.iter().map(right).collect(),
    }
}

fn right(right: &Right) -> String {
    let Right { namespace, what, verbs } = right;
    match namespace {
        Some(namespace) => format!("{verbs} {what} in namespace {namespace}"),
        None if what.starts_with('/') => format!("{verbs} {what}"),
        None => format!("{verbs} {what} in the whole cluster"),
    }
}

/// Writes a list of objects.
pub(super) fn json(all: &[Installed]) -> Value {
    let rights = |rights: &Rights| {
        match rights {
        Rights::Unknown(why) => json!({"unknown": why}),
        Rights::Known(rights) => rights
            .iter()
            .map(|Right { namespace, what, verbs }| {
                json!({"namespace": namespace, "what": what, "verbs": verbs})
            })
            .collect(),
    }
    };
    let one = |one: &Installed| {
        let Installed {
            task,
            kind,
            namespace,
            name,
            product,
            image,
            account,
            state,
            off,
            sends,
            servers,
            rights: may,
            turn_off,
            notes,
        } = one;
        json!({
            "task": task, "kind": kind, "namespace": namespace, "name": name, "product": product,
            "image": image, "account": account, "state": state, "off": off, "sends": sends,
            "servers": servers, "rights": rights(may), "turn_off": turn_off, "notes": notes,
        })
    };
    all.iter().map(one).collect()
}
