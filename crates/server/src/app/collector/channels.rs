//! The channels on which senders ask what is stored.
//!
//! Splunk gives a number before an event is written, and tells later whether it was. Here an answer
//! of success means that it is on disk, so that a number is good as soon as it is given: a channel
//! is no more than how many were.

use std::collections::HashMap;

use crate::limits::{CHANNEL_IDLE, CHANNELS_MAX};

/// The channels of all tokens; as many as tokens know, times [`CHANNELS_MAX`].
#[derive(Debug, Default)]
pub(crate) struct Channels {
    by_token: HashMap<[u8; 32], HashMap<String, Channel>>,
}

#[derive(Debug, Clone, Copy)]
struct Channel {
    next: u64,
    used_at_ms: u64,
}

impl Channels {
    /// Gives the number of what was stored now.
    ///
    /// If a token has too many channels, the least recently used one is removed. Its sender gets no
    /// acknowledgement, sends again, and the repeated events are recognized by their ids.
    pub(super) fn give(&mut self, token: &[u8; 32], channel: &str, now_ms: u64) -> u64 {
        let channels = self.by_token.entry(*token).or_default();
        let name = channel.to_ascii_lowercase();
        if !channels.contains_key(&name) && channels.len() >= CHANNELS_MAX {
            forget_one(channels, now_ms);
        }
        let channel = channels.entry(name).or_insert(Channel { next: 0, used_at_ms: now_ms });
        if is_idle(channel, now_ms) {
            channel.next = 0;
        }
        let number = channel.next;
        *channel = Channel { next: number + 1, used_at_ms: now_ms };
        number
    }

    /// Tells of each number whether it was given, which means that what it stands for is stored.
    pub(super) fn are_given(
        &mut self,
        token: &[u8; 32],
        channel: &str,
        numbers: &[u64],
        now_ms: u64,
    ) -> Vec<bool> {
        let channels = self.by_token.get_mut(token);
        let channel = channels.and_then(|all| all.get_mut(&channel.to_ascii_lowercase()));
        let next = match channel {
            Some(channel) if !is_idle(channel, now_ms) => {
                channel.used_at_ms = now_ms;
                channel.next
            }
            Some(_) | None => 0,
        };
        numbers.iter().map(|number| *number < next).collect()
    }
}

fn is_idle(channel: &Channel, now_ms: u64) -> bool {
    u128::from(now_ms.saturating_sub(channel.used_at_ms)) > CHANNEL_IDLE.as_millis()
}

/// Makes room for one: forgets all that are idle, or the one that is closest to it.
fn forget_one(channels: &mut HashMap<String, Channel>, now_ms: u64) {
    channels.retain(|_, channel| !is_idle(channel, now_ms));
    if channels.len() < CHANNELS_MAX {
        return;
    }
    let oldest = channels.iter().min_by_key(|(_, channel)| channel.used_at_ms);
    if let Some(name) = oldest.map(|(name, _)| name.clone()) {
        channels.remove(&name);
    }
}

/// Tells whether a text could be a channel: a UUID, as Splunk wants it.
pub(super) fn is_channel(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::{CHANNEL_IDLE, CHANNELS_MAX, Channels, is_channel};

    const A: &[u8; 32] = &[b'a'; 32];
    const B: &[u8; 32] = &[b'b'; 32];
    const ONE: &str = "0aeb1d4f-0000-4000-8000-000000000001";

    #[test]
    fn a_number_is_good_on_its_own_channel_and_token_only() {
        let mut channels = Channels::default();
        assert_eq!(channels.give(A, ONE, 0), 0);
        assert_eq!(channels.give(A, &ONE.to_uppercase(), 0), 1, "a UUID in capitals is the same");
        assert_eq!(channels.are_given(A, ONE, &[0, 1, 2], 0), [true, true, false]);
        assert_eq!(channels.are_given(A, ONE, &[0], 0), [true], "an answer may get lost");
        assert_eq!(channels.are_given(B, ONE, &[0], 0), [false]);
        assert_eq!(channels.are_given(A, "other", &[0], 0), [false]);
    }

    #[test]
    fn a_channel_that_nobody_uses_is_forgotten() {
        let mut channels = Channels::default();
        channels.give(A, ONE, 0);
        let idle = u64::try_from(CHANNEL_IDLE.as_millis()).unwrap();
        assert_eq!(channels.are_given(A, ONE, &[0], idle), [true]);
        assert_eq!(channels.are_given(A, ONE, &[0], 2 * idle + 1), [false]);
        assert_eq!(channels.give(A, ONE, 2 * idle + 1), 0);
    }

    #[test]
    fn a_token_has_so_many_channels_and_loses_the_oldest_first() {
        let mut channels = Channels::default();
        for number in 0..CHANNELS_MAX as u64 + 1 {
            channels.give(A, &number.to_string(), number);
        }
        assert_eq!(channels.by_token[A].len(), CHANNELS_MAX);
        assert_eq!(channels.are_given(A, "0", &[0], 1), [false]);
        assert_eq!(channels.are_given(A, "1", &[0], 1), [true]);
    }

    #[test]
    fn a_channel_is_a_uuid() {
        for (text, expected) in
            [(ONE, true), ("", false), ("1", false), (&ONE.replace('a', "g"), false)]
        {
            assert_eq!(is_channel(text), expected, "{text}");
        }
    }
}
