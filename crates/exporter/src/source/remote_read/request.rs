//! The request: or-groups as queries. Pure.

use ktel_metricsql::{Filter, FilterOperator};

use super::protobuf::{put_bytes, put_number};
use crate::limits::SELECTORS_BYTES_MAX;
use crate::time::Window;

/// What we can read: `STREAMED_XOR_CHUNKS`.
const STREAMED_CHUNKS: u64 = 1;

/// Writes requests, as few as their size allows.
pub(super) fn bodies(groups: &[Vec<Filter>], window: Window) -> Vec<Vec<u8>> {
    let mut bodies: Vec<Vec<u8>> = Vec::new();
    for group in groups {
        let query = query(group, window);
        match bodies.last_mut() {
            Some(last) if last.len() + query.len() <= SELECTORS_BYTES_MAX => {
                put_bytes(last, 1, &query);
            }
            _ => {
                let mut body = Vec::new();
                put_number(&mut body, 2, STREAMED_CHUNKS);
                put_bytes(&mut body, 1, &query);
                bodies.push(body);
            }
        }
    }
    bodies
}

fn query(group: &[Filter], window: Window) -> Vec<u8> {
    let mut query = Vec::new();
    put_number(&mut query, 1, window.start.0.cast_unsigned());
    put_number(&mut query, 2, window.last().0.cast_unsigned());
    for filter in group {
        put_bytes(&mut query, 3, &matcher(filter.operator(), filter.label(), filter.value()));
    }
    if group.is_empty() {
        // A query needs something that it asks for.
        put_bytes(&mut query, 3, &matcher(FilterOperator::Matches, "__name__", ".+"));
    }
    query
}

fn matcher(operator: FilterOperator, label: &str, value: &str) -> Vec<u8> {
    let kind = match operator {
        FilterOperator::Equal => 0,
        FilterOperator::NotEqual => 1,
        FilterOperator::Matches => 2,
        FilterOperator::NotMatches => 3,
    };
    let mut matcher = Vec::new();
    put_number(&mut matcher, 1, kind);
    put_bytes(&mut matcher, 2, label.as_bytes());
    put_bytes(&mut matcher, 3, value.as_bytes());
    matcher
}
