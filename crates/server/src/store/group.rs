//! Groups queued jobs, so that many senders share one sync.

use std::sync::mpsc::Receiver;

use crate::limits::GROUP_RECORDS_MAX;

/// Waits for a job and takes all that are queued by then; `None` when all senders are gone.
///
/// No job waits for others. Jobs that arrive during a transaction form the next group, so groups grow as
/// soon as senders are faster than the disk.
pub(super) fn next<T>(waiting: &Receiver<T>, records: impl Fn(&T) -> usize) -> Option<Vec<T>> {
    let first = waiting.recv().ok()?;
    let mut count = records(&first);
    let mut group = vec![first];
    while count < GROUP_RECORDS_MAX && group.len() < GROUP_RECORDS_MAX {
        let Ok(job) = waiting.try_recv() else { break };
        count += records(&job);
        group.push(job);
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
        let first = next(&waiting, |_| 1).unwrap();
        assert_eq!(first, (0..GROUP_RECORDS_MAX).collect::<Vec<_>>());
        let rest = vec![GROUP_RECORDS_MAX, GROUP_RECORDS_MAX + 1];
        assert_eq!(next(&waiting, |_| 1), Some(rest));
        drop(send);
        assert_eq!(next(&waiting, |_| 1), None);
    }

    #[test]
    fn a_request_of_many_records_fills_a_group_and_is_never_cut() {
        let (send, waiting) = sync_channel(8);
        [100, 1000, 1, 0].into_iter().for_each(|records| send.send(records).unwrap());
        assert_eq!(next(&waiting, |records| *records), Some(vec![100, 1000]));
        assert_eq!(next(&waiting, |records| *records), Some(vec![1, 0]));
    }
}
