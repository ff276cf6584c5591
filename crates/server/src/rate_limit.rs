//! Rate limits: a token bucket for each access token, each endpoint without tokens, and each client
//! subnet.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;

use crate::limits::{
    RATE_BURST, RATE_PER_SECOND, SUBNET_BURST, SUBNET_PER_SECOND, SUBNET_SWEEP_MS, SUBNETS_MAX,
};

/// How many requests are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// In a burst.
    pub burst: u32,
    /// Per second, in the long run.
    pub per_second: u32,
}

impl RateLimit {
    /// The limit of one access token.
    pub const TOKEN: Self = Self { burst: RATE_BURST, per_second: RATE_PER_SECOND };
    /// The shared limit of all requests of one client subnet that have no `ingest` token.
    pub const SUBNET: Self = Self { burst: SUBNET_BURST, per_second: SUBNET_PER_SECOND };
}

/// What a rate limit applies to, wherever its requests come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum RateKey {
    /// One access token, by its digest.
    Token([u8; 32]),
    /// All requests of one endpoint that needs no token.
    Endpoint(&'static str),
}

/// The requests that are left, refilled over time.
#[derive(Debug, Clone, Copy)]
pub struct TokenBucket {
    rate: RateLimit,
    available: f64,
    filled_at_ms: u64,
}

impl TokenBucket {
    /// Starts full.
    #[must_use]
    pub fn new(rate: RateLimit, now_ms: u64) -> Self {
        Self { rate, available: f64::from(rate.burst), filled_at_ms: now_ms }
    }

    /// Takes one request, if one is left.
    pub fn try_acquire(&mut self, now_ms: u64) -> bool {
        self.available = self.at(now_ms);
        self.filled_at_ms = self.filled_at_ms.max(now_ms);
        let may = self.available >= 1.0;
        if may {
            self.available -= 1.0;
        }
        may
    }

    fn at(&self, now_ms: u64) -> f64 {
        let passed_ms = now_ms.saturating_sub(self.filled_at_ms);
        let earned = passed_ms as f64 / 1000.0 * f64::from(self.rate.per_second);
        (self.available + earned).min(f64::from(self.rate.burst))
    }

    /// Whether it is equivalent to a new one.
    fn is_full(&self, now_ms: u64) -> bool {
        self.at(now_ms) >= f64::from(self.rate.burst)
    }
}

/// The subnet of a client: the first 24 bits of an IPv4 address, or the first 48 of an IPv6 address. It
/// identifies a network rather than a person, is kept in memory only, and is never printed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientSubnet([u8; 7]);

impl ClientSubnet {
    /// Truncates an address.
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

impl std::fmt::Debug for ClientSubnet {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("ClientSubnet") // addresses are never logged, not even in part
    }
}

/// The buckets of client subnets. A full bucket is equivalent to none, so full buckets are removed when
/// there are too many. While none is full, new subnets share one bucket.
#[derive(Debug)]
struct SubnetBuckets {
    buckets: HashMap<ClientSubnet, TokenBucket>,
    shared: TokenBucket,
    swept_at_ms: u64,
}

impl SubnetBuckets {
    fn new(now_ms: u64) -> Self {
        let shared = TokenBucket::new(RateLimit::SUBNET, now_ms);
        Self { buckets: HashMap::new(), shared, swept_at_ms: now_ms }
    }

    fn try_acquire(&mut self, subnet: ClientSubnet, now_ms: u64) -> bool {
        if let Some(bucket) = self.buckets.get_mut(&subnet) {
            return bucket.try_acquire(now_ms);
        }
        // A sweep visits all buckets, which is too expensive for every request.
        let may_sweep = now_ms.saturating_sub(self.swept_at_ms) >= SUBNET_SWEEP_MS;
        if self.buckets.len() >= SUBNETS_MAX && may_sweep {
            self.swept_at_ms = now_ms;
            self.buckets.retain(|_, bucket| !bucket.is_full(now_ms));
        }
        if self.buckets.len() >= SUBNETS_MAX {
            return self.shared.try_acquire(now_ms);
        }
        self.buckets
            .entry(subnet)
            .or_insert_with(|| TokenBucket::new(RateLimit::SUBNET, now_ms))
            .try_acquire(now_ms)
    }
}

/// All rate limits of a receiver.
///
/// The number of access tokens and of endpoints is small, so their buckets are never removed.
#[derive(Debug)]
pub(crate) struct RateLimiter {
    buckets: Mutex<HashMap<RateKey, TokenBucket>>,
    subnets: Mutex<SubnetBuckets>,
}

impl Default for RateLimiter {
    fn default() -> Self {
        Self { buckets: Mutex::default(), subnets: Mutex::new(SubnetBuckets::new(0)) }
    }
}

impl RateLimiter {
    /// Takes one request from the limit of a token or an endpoint, if one is left.
    pub(crate) fn try_acquire(&self, key: RateKey, now_ms: u64) -> bool {
        let mut buckets = self.buckets.lock().expect("no holder panics");
        let bucket = buckets.entry(key);
        bucket.or_insert_with(|| TokenBucket::new(RateLimit::TOKEN, now_ms)).try_acquire(now_ms)
    }

    /// Takes one request from the limit of a client subnet, if one is left.
    pub(crate) fn try_acquire_subnet(&self, subnet: ClientSubnet, now_ms: u64) -> bool {
        self.subnets.lock().expect("no holder panics").try_acquire(subnet, now_ms)
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::{ClientSubnet, RateLimit, SubnetBuckets, TokenBucket};
    use crate::limits::{SUBNET_BURST, SUBNET_SWEEP_MS, SUBNETS_MAX};

    #[test]
    fn a_burst_is_taken_and_then_what_time_gives() {
        let rate = RateLimit { burst: 20, per_second: 10 };
        let mut bucket = TokenBucket::new(rate, 0);
        let mut taken = |now_ms| (0..40).filter(|_| bucket.try_acquire(now_ms)).count();
        assert_eq!(taken(0), 20);
        assert_eq!(taken(500), 5);
        assert_eq!(taken(400), 0, "a clock that goes back gives nothing");
        assert_eq!(taken(500), 0, "nor does it when it comes forward again");
        assert_eq!(taken(550), 0, "a part of a request is none");
        assert_eq!(taken(600), 1);
        assert_eq!(taken(1_000_000), 20);
    }

    #[test]
    fn addresses_of_one_subnet_share_a_limit_and_are_never_printed() {
        let of = |address: &str| ClientSubnet::of(address.parse().unwrap());
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
        assert_eq!(format!("{:?}", of("192.0.2.1")), "ClientSubnet");
    }

    fn numbered(number: usize) -> ClientSubnet {
        let number = u32::try_from(number).unwrap();
        ClientSubnet::of(IpAddr::V4(Ipv4Addr::from(number << 8)))
    }

    #[test]
    fn one_subnet_does_not_use_up_the_limit_of_another() {
        let mut subnets = SubnetBuckets::new(0);
        let mut taken = |number| {
            (0..2 * SUBNET_BURST).filter(|_| subnets.try_acquire(numbered(number), 0)).count()
        };
        assert_eq!(taken(1), SUBNET_BURST as usize);
        assert_eq!(taken(1), 0);
        assert_eq!(taken(2), SUBNET_BURST as usize);
    }

    #[test]
    fn the_number_of_buckets_is_bounded_and_an_empty_one_is_never_removed() {
        let mut subnets = SubnetBuckets::new(0);
        let empty = numbered(SUBNETS_MAX + 5);
        while subnets.try_acquire(empty, 0) {}
        for number in 0..2 * SUBNETS_MAX {
            subnets.try_acquire(numbered(number), 0);
        }
        assert_eq!(subnets.buckets.len(), SUBNETS_MAX);
        assert!(!subnets.try_acquire(numbered(3 * SUBNETS_MAX), 0), "new subnets share one");
        assert!(!subnets.try_acquire(empty, 0), "many others do not fill it");
        // Buckets that lost one request are full again a little later, and are removed.
        let later = SUBNET_SWEEP_MS;
        assert!(subnets.try_acquire(numbered(3 * SUBNETS_MAX), later - 1));
        assert_eq!(subnets.buckets.len(), SUBNETS_MAX, "there is no sweep so soon");
        assert!(subnets.try_acquire(numbered(3 * SUBNETS_MAX), later));
        assert_eq!(subnets.buckets.len(), 2);
        for number in 0..2 * SUBNETS_MAX {
            subnets.try_acquire(numbered(number), later);
        }
        subnets.try_acquire(numbered(3 * SUBNETS_MAX + 1), 2 * later - 1);
        assert_eq!(subnets.buckets.len(), SUBNETS_MAX, "nor a second one");
    }
}
