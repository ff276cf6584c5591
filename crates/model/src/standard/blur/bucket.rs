//! Numbers as buckets: `0`, `1`, `2-5`, `1001+`.

use serde_json::Value;

/// The labels of all buckets, lowest first.
pub(crate) fn labels(buckets: &[u64]) -> Vec<String> {
    (0..buckets.len()).filter_map(|index| label_at(buckets, index)).collect()
}

fn label_at(buckets: &[u64], index: usize) -> Option<String> {
    let low = *buckets.get(index)?;
    Some(match buckets.get(index + 1).map(|next| next.saturating_sub(1)) {
        None => format!("{low}+"),
        Some(high) if high <= low => low.to_string(),
        Some(high) => format!("{low}-{high}"),
    })
}

/// The label of the bucket that a number falls in.
pub(crate) fn label(buckets: &[u64], number: u64) -> Option<String> {
    let above = buckets.partition_point(|low| *low <= number);
    label_at(buckets, above.checked_sub(1)?)
}

/// The lowest number of the bucket that a label names.
pub(super) fn lowest(buckets: &[u64], label: &str) -> Option<u64> {
    let index = (0..buckets.len()).find(|at| label_at(buckets, *at).as_deref() == Some(label))?;
    buckets.get(index).copied()
}

/// A count as a number or as a label.
pub(super) fn count(buckets: &[u64], exact: bool, raw: &Value) -> Option<Value> {
    match raw {
        Value::String(text) => lowest(buckets, text).map(|_| raw.clone()),
        Value::Number(number) => {
            let number = number.as_u64()?;
            if exact { Some(number.into()) } else { label(buckets, number).map(Value::String) }
        }
        _ => None,
    }
}

/// Seconds as a number or as a label; buckets are of whole seconds.
pub(super) fn duration(buckets: &[u64], exact: bool, raw: &Value) -> Option<Value> {
    match raw {
        Value::Number(number) if number.as_u64().is_none() => {
            let seconds = number.as_f64().filter(|seconds| *seconds >= 0.0)?;
            let whole = seconds as u64;
            if exact { Some(raw.clone()) } else { label(buckets, whole).map(Value::String) }
        }
        _ => count(buckets, exact, raw),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const DEFAULT: [u64; 7] = [0, 1, 2, 6, 21, 101, 1001];

    #[test]
    fn buckets_are_labelled_by_their_ends() {
        assert_eq!(labels(&DEFAULT), ["0", "1", "2-5", "6-20", "21-100", "101-1000", "1001+"]);
        assert_eq!(labels(&[0]), ["0+"]);
        assert!(labels(&[]).is_empty());
    }

    #[test]
    fn a_count_falls_in_the_bucket_that_holds_it() {
        let table = [(0, "0"), (1, "1"), (2, "2-5"), (5, "2-5"), (6, "6-20"), (1000, "101-1000")];
        for (number, expected) in table.into_iter().chain([(1001, "1001+"), (u64::MAX, "1001+")]) {
            assert_eq!(count(&DEFAULT, false, &json!(number)), Some(json!(expected)), "{number}");
            assert_eq!(count(&DEFAULT, true, &json!(number)), Some(json!(number)));
        }
    }

    #[test]
    fn only_counts_and_their_labels_are_counts() {
        for raw in [json!(-1), json!(1.5), json!("7"), json!("2-6"), json!(null), json!([1])] {
            assert_eq!(count(&DEFAULT, true, &raw), None, "{raw}");
        }
        assert_eq!(count(&DEFAULT, true, &json!("2-5")), Some(json!("2-5")));
    }

    #[test]
    fn a_duration_may_have_fractions_and_its_bucket_has_none() {
        assert_eq!(duration(&DEFAULT, true, &json!(1.5)), Some(json!(1.5)));
        assert_eq!(duration(&DEFAULT, false, &json!(5.9)), Some(json!("2-5")));
        assert_eq!(duration(&DEFAULT, false, &json!(1e300)), Some(json!("1001+")));
        assert_eq!(duration(&DEFAULT, true, &json!(-0.1)), None);
    }
}
