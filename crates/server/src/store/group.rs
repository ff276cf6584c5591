//! Takes together what waits, so that many senders share one sync.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use crate::limits::{GROUP_QUIET, GROUP_RECORDS_MAX, GROUP_WITHIN};

/// Waits for a first job and takes those that come close behind it; none when all senders are gone.
///
/// A lone sender waits for nobody: only where the last group had more than one job is there reason
/// to expect another. A group is full with so many records, whichever jobs they are in.
pub(super) fn next<T>(
    waiting: &Receiver<T>,
    last: usize,
    records: impl Fn(&T) -> usize,
) -> Option<Vec<T>> {
    let first = waiting.recv().ok()?;
    let deadline = Instant::now() + GROUP_WITHIN;
    let patience = if last > 1 { GROUP_QUIET } else { Duration::ZERO };
    let mut count = records(&first);
    let mut group = vec![first];
    while count < GROUP_RECORDS_MAX && group.len() < GROUP_RECORDS_MAX {
        let left = deadline.saturating_duration_since(Instant::now()).min(patience);
        match waiting.recv_timeout(left) {
            Ok(job) => {
                count += records(&job);
                group.push(job);
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
        }
    }
    Some(group)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::{GROUP_RECORDS_MAX, next};

    #[test]
    fn what_waits_goes_together_in_order_and_up_to_the_limit() {
        let (send, waiting) = sync_channel(2 * GROUP_RECORDS_MAX);
        (0..GROUP_RECORDS_MAX + 2).for_each(|number| send.send(number).unwrap());
        let first = next(&waiting, 0, |_| 1).unwrap();
        assert_eq!(first, (0..GROUP_RECORDS_MAX).collect::<Vec<_>>());
        let rest = vec![GROUP_RECORDS_MAX, GROUP_RECORDS_MAX + 1];
        assert_eq!(next(&waiting, first.len(), |_| 1), Some(rest));
        drop(send);
        assert_eq!(next(&waiting, 2, |_| 1), None);
    }

    #[test]
    fn a_request_of_many_records_fills_a_group_and_is_never_cut() {
        let (send, waiting) = sync_channel(8);
        [100, 1000, 1, 0].into_iter().for_each(|records| send.send(records).unwrap());
        assert_eq!(next(&waiting, 0, |records| *records), Some(vec![100, 1000]));
        assert_eq!(next(&waiting, 0, |records| *records), Some(vec![1, 0]));
    }
}
