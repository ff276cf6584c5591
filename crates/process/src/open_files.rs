//! How many files this process may have open, and asking the system for more.

use rustix::process::{Resource, getrlimit, setrlimit};
use tracing::debug;

/// Asks for so many, and says how many it is: what an administrator has set as the most stays.
pub fn raise(wanted: u64) -> u64 {
    let mut limit = getrlimit(Resource::Nofile);
    // No limit is more than anybody wants.
    let most = limit.maximum.unwrap_or(u64::MAX);
    let now = limit.current.unwrap_or(u64::MAX);
    let next = wanted.min(most);
    if next <= now {
        return now;
    }
    limit.current = Some(next);
    match setrlimit(Resource::Nofile, limit) {
        Ok(()) => next,
        Err(error) => {
            debug!(error = &error as &dyn std::error::Error, "no more files may be open");
            now
        }
    }
}

#[cfg(test)]
mod tests {
    use rustix::process::{Resource, getrlimit};

    use super::raise;

    #[test]
    fn the_limit_is_raised_as_far_as_it_may_be_and_never_lowered() {
        let now = || getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        let before = now();
        assert_eq!(raise(1), before, "not lowered");
        assert_eq!(now(), before);
        let most = raise(u64::MAX);
        assert!(most >= before);
        assert_eq!(now(), most);
    }
}
