//! The limit of open files of this process.

use rustix::process::{Resource, getrlimit, setrlimit};
use tracing::debug;

/// Raises the soft limit to `wanted`, at most to the hard limit, and gives the limit that holds now.
pub fn raise(wanted: u64) -> u64 {
    let mut limit = getrlimit(Resource::Nofile);
    // None means that there is no limit.
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
