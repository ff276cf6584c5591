//! How often one sender may come: a bucket of turns that fills with time, for each token and for
//! each neighbourhood of addresses.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::limits::{
    PREFIX_BURST, PREFIX_PER_SECOND, PREFIX_SWEEP_MS, PREFIXES_MAX, RATE_BURST, RATE_PER_SECOND,
};

/// How many turns there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// At once.
    pub burst: u32,
    /// A second, for long.
    pub per_second: u32,
}

impl Rate {
    /// What one token may do.
    pub const TOKEN: Self = Self { burst: RATE_BURST, per_second: RATE_PER_SECOND };
    /// What all may do together who come from one neighbourhood and show no token of a sender.
    pub const PREFIX: Self = Self { burst: PREFIX_BURST, per_second: PREFIX_PER_SECOND };
}

/// Whose turns are counted wherever requests come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Whose {
    /// Those of a token, by its digest.
    Token([u8; 32]),
    /// Those of all who come one way without a token.
    Way(&'static str),
}

/// The turns that one sender has left.
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    rate: Rate,
    turns: f64,
    filled_at_ms: u64,
}

impl Bucket {
    /// Starts full.
    #[must_use]
    pub fn new(rate: Rate, now_ms: u64) -> Self {
        Self { rate, turns: f64::from(rate.burst), filled_at_ms: now_ms }
    }

    /// Takes a turn, if there is one.
    pub fn take(&mut self, now_ms: u64) -> bool {
        self.turns = self.at(now_ms);
        self.filled_at_ms = self.filled_at_ms.max(now_ms);
        let may = self.turns >= 1.0;
        if may {
            self.turns -= 1.0;
        }
        may
    }

    fn at(&self, now_ms: u64) -> f64 {
        let passed_ms = now_ms.saturating_sub(self.filled_at_ms);
        let earned = passed_ms as f64 / 1000.0 * f64::from(self.rate.per_second);
        (self.turns + earned).min(f64::from(self.rate.burst))
    }

    /// Tells whether it is as good as a new one.
    fn is_full(&self, now_ms: u64) -> bool {
        self.at(now_ms) >= f64::from(self.rate.burst)
    }
}

/// A neighbourhood of addresses: the first 24 bits of version 4, the first 48 of version 6. It names
/// a network rather than somebody in it, lives in memory only, and does not print itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Prefix([u8; 7]);

impl Prefix {
    /// Cuts an address off.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                Self([4, a, b, c, 0, 0, 0])
            }
            IpAddr::V6(address) => {
                let [a, b, c, d, e, f, ..] = address.octets();
                Self([6, a, b, c, d, e, f])
            }
        }
    }
}

impl std::fmt::Debug for Prefix {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Prefix") // addresses are logged nowhere, not even the beginning of one
    }
}

/// The buckets of neighbourhoods. A full bucket is as good as none, so those are what is thrown away
/// when there are too many; while none is full, newcomers share one.
#[derive(Debug)]
pub struct Prefixes {
    buckets: HashMap<Prefix, Bucket>,
    newcomers: Bucket,
    swept_at_ms: u64,
}

impl Prefixes {
    /// Starts with no bucket.
    #[must_use]
    pub fn new(now_ms: u64) -> Self {
        let newcomers = Bucket::new(Rate::PREFIX, now_ms);
        Self { buckets: HashMap::new(), newcomers, swept_at_ms: now_ms }
    }

    /// Takes a turn of a neighbourhood, if there is one.
    pub fn take(&mut self, prefix: Prefix, now_ms: u64) -> bool {
        if let Some(bucket) = self.buckets.get_mut(&prefix) {
            return bucket.take(now_ms);
        }
        // Looking at all of them costs too much to do it for everybody.
        let may_sweep = now_ms.saturating_sub(self.swept_at_ms) >= PREFIX_SWEEP_MS;
        if self.buckets.len() >= PREFIXES_MAX && may_sweep {
            self.swept_at_ms = now_ms;
            self.buckets.retain(|_, bucket| !bucket.is_full(now_ms));
        }
        if self.buckets.len() >= PREFIXES_MAX {
            return self.newcomers.take(now_ms);
        }
        self.buckets.entry(prefix).or_insert_with(|| Bucket::new(Rate::PREFIX, now_ms)).take(now_ms)
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::{Bucket, Prefix, Prefixes, Rate};
    use crate::limits::{PREFIX_BURST, PREFIX_SWEEP_MS, PREFIXES_MAX};

    #[test]
    fn a_burst_is_taken_and_then_what_time_gives() {
        let rate = Rate { burst: 20, per_second: 10 };
        let mut bucket = Bucket::new(rate, 0);
        let mut taken = |now_ms| (0..40).filter(|_| bucket.take(now_ms)).count();
        assert_eq!(taken(0), 20);
        assert_eq!(taken(500), 5);
        assert_eq!(taken(400), 0, "a clock that goes back gives nothing");
        assert_eq!(taken(500), 0, "nor does it when it comes forward again");
        assert_eq!(taken(550), 0, "a part of a turn is none");
        assert_eq!(taken(600), 1);
        assert_eq!(taken(1_000_000), 20);
    }

    #[test]
    fn neighbours_are_one_and_an_address_is_never_shown() {
        let of = |address: &str| Prefix::of(address.parse().unwrap());
        for (one, other, same) in [
            ("192.0.2.1", "192.0.2.255", true),
            ("192.0.2.1", "192.0.3.1", false),
            ("::ffff:192.0.2.1", "192.0.2.9", true),
            ("2001:db8:1::1", "2001:db8:1:ffff::2", true),
            ("2001:db8:1::1", "2001:db8:2::1", false),
            ("0.0.0.0", "::", false),
            ("4.1.2.3", "401:203::", false),
        ] {
            assert_eq!(of(one) == of(other), same, "{one} and {other}");
        }
        assert_eq!(format!("{:?}", of("192.0.2.1")), "Prefix");
    }

    fn numbered(number: usize) -> Prefix {
        let number = u32::try_from(number).unwrap();
        Prefix::of(IpAddr::V4(Ipv4Addr::from(number << 8)))
    }

    #[test]
    fn one_neighbourhood_does_not_use_up_what_another_has() {
        let mut prefixes = Prefixes::new(0);
        let mut taken =
            |number| (0..2 * PREFIX_BURST).filter(|_| prefixes.take(numbered(number), 0)).count();
        assert_eq!(taken(1), PREFIX_BURST as usize);
        assert_eq!(taken(1), 0);
        assert_eq!(taken(2), PREFIX_BURST as usize);
    }

    #[test]
    fn buckets_have_a_most_and_an_empty_one_is_never_thrown_away() {
        let mut prefixes = Prefixes::new(0);
        let empty = numbered(PREFIXES_MAX + 5);
        while prefixes.take(empty, 0) {}
        for number in 0..2 * PREFIXES_MAX {
            prefixes.take(numbered(number), 0);
        }
        assert_eq!(prefixes.buckets.len(), PREFIXES_MAX);
        assert!(!prefixes.take(numbered(3 * PREFIXES_MAX), 0), "newcomers share one");
        assert!(!prefixes.take(empty, 0), "many others do not fill it");
        // Those of which one turn was taken are full again a little later, and make room.
        let later = PREFIX_SWEEP_MS;
        assert!(prefixes.take(numbered(3 * PREFIXES_MAX), later - 1));
        assert_eq!(prefixes.buckets.len(), PREFIXES_MAX, "nobody looks so soon");
        assert!(prefixes.take(numbered(3 * PREFIXES_MAX), later));
        assert_eq!(prefixes.buckets.len(), 2);
        for number in 0..2 * PREFIXES_MAX {
            prefixes.take(numbered(number), later);
        }
        prefixes.take(numbered(3 * PREFIXES_MAX + 1), 2 * later - 1);
        assert_eq!(prefixes.buckets.len(), PREFIXES_MAX, "nor again");
    }
}
