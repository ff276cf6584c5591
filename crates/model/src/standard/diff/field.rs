//! One field in two versions of a schema.

use std::collections::BTreeSet;

use super::super::schema::{Collect, Expiry, Field, MapValue, Type, Words};
use super::super::word::Word;
use super::change::{Changes, Impact};

pub(super) fn compare(
    path: &str,
    old: &Field,
    new: &Field,
    model_raised: bool,
    changes: &mut Changes,
) {
    let Field {
        semconv,
        of,
        sensitivity,
        identifiability,
        why,
        example,
        since,
        expires,
        required,
        against,
        collect,
    } = new;
    compare_type(path, &old.of, of, model_raised, changes);
    match (&old.expires, expires) {
        (Expiry::On(old), Expiry::On(new)) => {
            changes.ordered(old, new, format!("field `{path}` ends on {new}, not on {old}"));
        }
        (Expiry::On(_), Expiry::Never(_)) => {
            changes.note(Impact::Widened, format!("field `{path}` never ends"));
        }
        (Expiry::Never(_), Expiry::On(date)) => {
            changes.note(Impact::Narrowed, format!("field `{path}` ends on {date}"));
        }
        (old, new) => changes.wording(old, new, &format!("why field `{path}` never ends")),
    }
    let what = format!("field `{path}` is {}, not {}", sensitivity.word(), old.sensitivity.word());
    changes.ordered(&old.sensitivity, sensitivity, what);
    let (now, before) = (identifiability.word(), old.identifiability.word());
    let what = format!("field `{path}` has the identifiability {now}, not {before}");
    changes.ordered(&old.identifiability, identifiability, what);
    if *required != old.required {
        let what = if *required { "required" } else { "optional" };
        let raise = if model_raised { "" } else { "; raise MODEL" };
        let impact = if model_raised { Impact::Wording } else { Impact::Breaking };
        changes.note(impact, format!("field `{path}` is {what}{raise}"));
    }
    match (&old.against, against) {
        (old, new) if old == new => {}
        (_, Some(other)) => {
            let what = format!("field `{path}` is counted together with `{other}`");
            changes.note(Impact::Widened, what);
        }
        (_, None) => {
            let what = format!("field `{path}` is counted by itself only");
            changes.note(Impact::Narrowed, what);
        }
    }
    compare_collect(path, old.collect.as_ref(), collect.as_ref(), changes);
    changes.wording(&old.why, why, &format!("why field `{path}` is collected"));
    if new.record().is_none() {
        changes.wording(&old.example, example, &format!("the example of field `{path}`"));
    }
    changes.wording(&old.semconv, semconv, &format!("the canonical name of field `{path}`"));
    changes.wording(&old.since, since, &format!("the beginning of field `{path}`"));
}

fn compare_type(path: &str, old: &Type, new: &Type, model_raised: bool, changes: &mut Changes) {
    let finer = |what: &str| format!("the {what} form of field `{path}` keeps more");
    let coarser = |what: &str| format!("the {what} form of field `{path}` keeps less");
    let mut form = |what, old: u8, new: u8| {
        let text = if new > old { finer(what) } else { coarser(what) };
        changes.ordered(&old, &new, text);
    };
    match (old, new) {
        (Type::Version(old), Type::Version(new)) => {
            form(
                "exact",
                rank(old.exact.unwrap_or(old.coarse)),
                rank(new.exact.unwrap_or(new.coarse)),
            );
            form("coarse", rank(old.coarse), rank(new.coarse));
        }
        (Type::Date(old), Type::Date(new)) => {
            form(
                "exact",
                rank(old.exact.unwrap_or(old.coarse)),
                rank(new.exact.unwrap_or(new.coarse)),
            );
            form("coarse", rank(old.coarse), rank(new.coarse));
        }
        (Type::Ratio(old), Type::Ratio(new)) => {
            form("exact", old.exact.into(), new.exact.into());
            match new.step.total_cmp(&old.step) {
                std::cmp::Ordering::Less => form("coarse", 0, 1),
                std::cmp::Ordering::Greater => form("coarse", 1, 0),
                std::cmp::Ordering::Equal => {}
            }
        }
        (Type::Count(old), Type::Count(new)) => {
            form("exact", old.exact.into(), new.exact.into());
            buckets(path, &old.buckets, &new.buckets, changes);
        }
        (Type::Duration(old), Type::Duration(new)) => {
            form("exact", old.exact.into(), new.exact.into());
            buckets(path, &old.buckets, &new.buckets, changes);
        }
        (Type::Enum(old), Type::Enum(new)) | (Type::List(old), Type::List(new)) => {
            words(path, old, new, changes);
        }
        (Type::Map(old, MapValue::Count(old_form)), Type::Map(new, MapValue::Count(new_form))) => {
            form("exact", old_form.exact.into(), new_form.exact.into());
            buckets(path, &old_form.buckets, &new_form.buckets, changes);
            words(path, old, new, changes);
        }
        (Type::Map(old, MapValue::Bool), Type::Map(new, MapValue::Bool)) => {
            words(path, old, new, changes);
        }
        (Type::CommandPath(old), Type::CommandPath(new)) => vocabulary(path, old, new, changes),
        // The fields of records are compared one by one.
        (Type::Record(_), Type::Record(_)) | (Type::Bool, Type::Bool) | (Type::Id, Type::Id) => {}
        (_, _) => {
            changes.note(Impact::Widened, format!("field `{path}` has another type"));
            if !model_raised {
                let what = format!("field `{path}` has another type; raise MODEL");
                changes.note(Impact::Breaking, what);
            }
        }
    }
}

/// The position of a word in its table. Tables are ordered from coarse to fine.
fn rank<W: Word>(word: W) -> u8 {
    let rank = W::WORDS.iter().position(|(member, _)| *member == word);
    rank.and_then(|rank| u8::try_from(rank).ok()).unwrap_or(u8::MAX)
}

fn buckets(path: &str, old: &[u64], new: &[u64], changes: &mut Changes) {
    let all_in = |these: &[u64], those: &[u64]| these.iter().all(|edge| those.contains(edge));
    if old != new {
        let (impact, how) = if all_in(new, old) {
            (Impact::Narrowed, "wider")
        } else if all_in(old, new) {
            (Impact::Widened, "narrower")
        } else {
            (Impact::Widened, "other")
        };
        changes.note(impact, format!("field `{path}` has {how} buckets"));
    }
}

fn words(path: &str, old: &Words, new: &Words, changes: &mut Changes) {
    vocabulary(path, &old.values, &new.values, changes);
    if old.other != new.other {
        let what =
            format!("field `{path}` says `{}` for all others, not `{}`", new.other, old.other);
        changes.note(Impact::Breaking, what);
    }
}

fn vocabulary(path: &str, old: &[String], new: &[String], changes: &mut Changes) {
    let set = |words: &[String]| words.iter().cloned().collect::<BTreeSet<_>>();
    let (more, less) =
        (format!("field `{path}` can say"), format!("field `{path}` no longer says"));
    changes.sets(&set(old), &set(new), (&more, &less));
    if set(old) == set(new) {
        changes.wording(&old, &new, &format!("the list of words of field `{path}`"));
    }
}

fn compare_collect(
    path: &str,
    old: Option<&Collect>,
    new: Option<&Collect>,
    changes: &mut Changes,
) {
    if old == new {
        return;
    }
    let verb = |collect: Option<&Collect>| collect.map(|collect| collect.verb);
    let from = |collect: Option<&Collect>| collect.map_or(Vec::new(), |step| step.from.clone());
    let fewer = from(new).iter().all(|source| from(old).contains(source));
    if verb(old) == verb(new) && fewer {
        changes.note(Impact::Narrowed, format!("field `{path}` is collected from less"));
    } else if new.is_none() {
        changes.note(Impact::Wording, format!("field `{path}` is filled by code"));
    } else {
        changes.note(Impact::Widened, format!("field `{path}` is collected in another way"));
    }
}
