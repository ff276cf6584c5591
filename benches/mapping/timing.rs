//! Time on the processor.

use std::hint::black_box;
use std::time::Duration;

/// How often each side is run.
const ROUNDS: u32 = 60;

/// Gives how long a call takes. The clock has steps of some milliseconds, so that many calls are timed at once.
pub(crate) fn time<T>(mut what: impl FnMut() -> T) -> Duration {
    // The first large allocation after a side that frees many small ones tidies up behind that side.
    drop(black_box(what()));
    let began = on_processor();
    for _ in 0..ROUNDS {
        drop(black_box(what()));
    }
    (on_processor().saturating_sub(began) / ROUNDS).max(Duration::from_nanos(1))
}

/// Gives how long this thread ran: the time that others take does not count.
fn on_processor() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split(' ').next().and_then(|first| first.parse().ok());
    Duration::from_nanos(nanos.unwrap_or_default())
}
