//! Why the parcels of a spool are held, for the people who list them.
//!
//! The file `hold` is not synced. If a crash loses it, the next try holds the parcels again, for the
//! price of one exchange.

use std::io;
use std::time::Duration;

use super::disk::Disk;
use super::record::Id;
use crate::limits::{HELD_PAUSE, HOLD_FILE_BYTES_MAX, HOLD_MESSAGE_CHARS_MAX};
use crate::verdict::Hold;

const FILE: &str = "hold";

/// The last try that held the parcels of a spool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// What has to be corrected.
    pub hold: Hold,
    /// The message of the receiver or of the transport, without secrets.
    pub message: String,
    /// When it was tried, since the epoch.
    pub time: Duration,
    /// The last parcel that was held. It is held, and so is every parcel before it that still waits.
    /// Those behind it wait too, unless they are held one by one ([`Hold::may_concern_one_parcel`]).
    pub through: Id,
    /// The parcel that was tried last. The next delivery goes on behind it, so that each is tried in its turn.
    pub last: Id,
    /// With what it was tried; see [`Carrier::configuration`](crate::courier::Carrier::configuration).
    pub configuration: u32,
}

impl Held {
    /// Makes it, with the message as one short line.
    #[must_use]
    pub fn new(hold: Hold, message: &str, time: Duration, through: Id) -> Self {
        let line = message.chars().filter(|one| !one.is_control());
        let message = line.take(HOLD_MESSAGE_CHARS_MAX).collect();
        Self { hold, message, time, through, last: through, configuration: 0 }
    }

    /// Adds one more parcel to those that an earlier try held.
    #[cfg(any(test, feature = "network"))] // only a courier holds
    #[must_use]
    pub(crate) fn behind(self, before: &Self) -> Self {
        if self.through <= before.through {
            // It was tried again.
            return Self { through: before.through, ..self };
        }
        // It never was before: the turn of those that are tried again does not change.
        let is_new_turn = before.last == before.through;
        Self { last: if is_new_turn { self.last } else { before.last }, ..self }
    }

    /// Says with what it was tried.
    #[must_use]
    pub fn under(self, configuration: u32) -> Self {
        Self { configuration, ..self }
    }

    /// Says whether a parcel that waits is held. Those that were never tried pass others that are held one by one.
    #[must_use]
    pub fn holds(&self, parcel: Id) -> bool {
        parcel <= self.through || !self.hold.may_concern_one_parcel()
    }

    /// Says whether the same try would be too early.
    #[must_use]
    pub fn pauses(&self, configuration: u32, now: Duration) -> bool {
        // After the clock was set back, the time of the hold is in the future. Then it is tried.
        let since = now.checked_sub(self.time);
        self.configuration == configuration && since.is_some_and(|since| since < HELD_PAUSE)
    }

    /// Reads it. A garbled file is none.
    pub(super) fn load(disk: &dyn Disk) -> io::Result<Option<Self>> {
        match disk.read(FILE, 0, HOLD_FILE_BYTES_MAX + 1) {
            Ok(bytes) => Ok(Self::parse(&bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) fn store(&self, disk: &dyn Disk) -> io::Result<()> {
        let Self { hold, message, time, through, last, configuration } = self;
        let (word, time_ms) = (hold.word(), time.as_millis());
        let text = format!("{word} {time_ms} {through} {last} {configuration}\n{message}\n");
        disk.replace(FILE, text.as_bytes())
    }

    pub(super) fn remove(disk: &dyn Disk) -> io::Result<()> {
        disk.remove(FILE)
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        if bytes.len() as u64 > HOLD_FILE_BYTES_MAX {
            return None;
        }
        // Not written by us, or not to its end.
        let text = std::str::from_utf8(bytes).ok()?.strip_suffix('\n')?;
        let (numbers, message) = text.split_once('\n')?;
        let mut words = numbers.split(' ');
        let word = words.next()?;
        let hold = Hold::ALL.into_iter().find(|hold| hold.word() == word)?;
        let mut number = || words.next()?.parse::<u64>().ok(); // garbled, as above
        let (time_ms, through, last) = (number()?, number()?, number()?);
        let configuration = u32::try_from(number()?).ok()?; // garbled, as above
        let held = Self::new(hold, message, Duration::from_millis(time_ms), through);
        Some(Self { last, ..held.under(configuration) })
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, FILE, Held, Hold};
    use crate::limits::{HELD_PAUSE, HOLD_FILE_BYTES_MAX, HOLD_MESSAGE_CHARS_MAX};
    use crate::spool::{Disk, Memory};

    #[test]
    fn a_hold_is_read_back_and_fits_its_file() {
        let disk = Memory::default();
        assert_eq!(Held::load(&disk).unwrap(), None);
        for hold in Hold::ALL {
            for message in ["", "status 401: no\ntoken\x07", &"𝄞".repeat(5000)] {
                let held = Held::new(hold, message, Duration::from_millis(u64::MAX), u64::MAX);
                let held = Held { last: u64::MAX - 1, ..held.under(u32::MAX) };
                assert!(held.message.chars().count() <= HOLD_MESSAGE_CHARS_MAX);
                held.store(&disk).unwrap();
                assert_eq!(Held::load(&disk).unwrap(), Some(held));
                assert!(disk.files().unwrap()[0].1 <= HOLD_FILE_BYTES_MAX);
            }
        }
        Held::remove(&disk).unwrap();
        assert_eq!(Held::load(&disk).unwrap(), None);
    }

    #[test]
    fn a_parcel_that_is_held_keeps_the_turn_of_the_others() {
        let held = |through| Held::new(Hold::Unprocessed, "status 500", Duration::ZERO, through);
        let at = |last, through| Held { last, ..held(through) };
        for (before, tried, expected) in [
            // The first ones: all of them were tried once.
            (held(1), held(3), at(3, 3)),
            // One of them was tried again, and then a new one.
            (held(9), held(4), at(4, 9)),
            (at(4, 9), held(12), at(4, 12)),
            (at(4, 9), held(5), at(5, 9)),
        ] {
            assert_eq!(tried.clone().behind(&before), expected, "{before:?} {tried:?}");
        }
    }

    #[test]
    fn a_parcel_behind_those_that_are_held_one_by_one_is_not_held() {
        for hold in Hold::ALL {
            let held = Held::new(hold, "status", Duration::ZERO, 7);
            let is_one = matches!(hold, Hold::Forbidden | Hold::Unprocessed);
            assert_eq!([7, 8].map(|id| held.holds(id)), [true, !is_one], "{hold:?}");
        }
    }

    #[test]
    fn the_same_try_pauses_and_another_configuration_does_not() {
        let second = Duration::from_secs;
        let held = Held::new(Hold::NotFound, "status 404", second(1000), 1).under(7);
        for (configuration, now, pauses) in [
            (7, second(1000), true),
            (7, second(1000) + HELD_PAUSE - second(1), true),
            (7, second(1000) + HELD_PAUSE, false),
            (8, second(1000), false),
            // The clock was set back.
            (7, second(999), false),
        ] {
            assert_eq!(held.pauses(configuration, now), pauses, "{configuration} {now:?}");
        }
    }

    #[test]
    fn a_garbled_file_is_none() {
        let disk = Memory::default();
        let long = format!("not-found 1 2 3 4\n{}\n", "x".repeat(5000));
        for text in [
            "",
            "\n",
            "not-found",
            "not-found 1 2 3 4",
            "not-found 1 2 3 4\nstatus 4",
            "not-found 1 2 3\nwhy\n",
            "not-found one 2 3 4\nwhy\n",
            "not-found 1 2 3 4294967296\nwhy\n",
            "lost 1 2 3 4\nwhy\n",
            long.as_str(),
        ] {
            disk.replace(FILE, text.as_bytes()).unwrap();
            assert_eq!(Held::load(&disk).unwrap(), None, "{text:.40}");
        }
        disk.replace(FILE, b"not-found 1 2 3 4\n\xff\n").unwrap();
        assert_eq!(Held::load(&disk).unwrap(), None);
    }
}
