//! How often memory is allocated, in a process of its own: an allocator counts for a whole process.

use std::alloc::System;

use ktel_otlp::{AnyValue, ArrayValue, Attributes, Limits, LogRecord, ValueWriter};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Room for every value of this test.
const ROOM: usize = 16 * 1024;

fn allocations(what: impl FnOnce()) -> usize {
    let region = Region::new(ALLOCATOR);
    what();
    let change = region.change();
    change.allocations + change.reallocations
}

/// Builds a value within so many lists, and gives it away.
fn build(levels: usize, value: AnyValue<'_>, give: &mut dyn FnMut(AnyValue<'_>)) {
    if levels == 0 {
        return give(value);
    }
    let list = [value];
    build(levels - 1, AnyValue::Array(ArrayValue { values: (&list).into() }), give);
}

/// Streams a value within so many maps.
fn stream(levels: usize, out: ValueWriter<'_>) {
    if levels == 0 {
        return out.value(&AnyValue::Bool(true));
    }
    out.key_values(|map| {
        map.push("k", |value: ValueWriter<'_>| stream(levels - 1, value));
    });
}

fn count(value: AnyValue<'_>) -> usize {
    match value {
        AnyValue::Array(list) => 1 + list.values.iter().map(count).sum::<usize>(),
        AnyValue::KeyValues(map) => {
            1 + map.values.iter().filter_map(|pair| pair.value).map(count).sum::<usize>()
        }
        _ => 1,
    }
}

#[test]
fn no_level_of_nesting_allocates_when_it_is_written_streamed_or_read() {
    let limits = Limits::default().depth(101);
    for levels in [0, 1, 10, 100] {
        let mut out = Vec::with_capacity(ROOM);
        build(levels, AnyValue::Bool(true), &mut |body| {
            let record = LogRecord { body: Some(body), ..LogRecord::default() };
            let written = allocations(|| record.append_to(&mut out));
            assert_eq!(written, 0, "{levels} levels written");
        });
        let read = allocations(|| {
            let record = LogRecord::read(&out, &limits).unwrap();
            assert_eq!(record.body.map(count), Some(levels + 1));
        });
        assert_eq!(read, 0, "{levels} levels read");
        let mut attributes = Attributes::new();
        attributes.push("room", "x".repeat(ROOM).as_str());
        attributes.clear();
        let streamed = allocations(|| {
            attributes.push("deep", |value: ValueWriter<'_>| stream(levels, value));
        });
        assert_eq!(streamed, 0, "{levels} levels streamed");
    }
}
