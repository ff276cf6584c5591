//! The certificate authorities of the system, read once for many connections.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use rustls::RootCertStore;

use crate::limits::SYSTEM_AUTHORITIES_KEPT;

/// The authorities, and when they were read.
type Kept = Option<(Instant, Arc<RootCertStore>)>;

/// Gives the authorities of the system. A program with a thousand receivers shares one list of some 150 certificates.
pub(super) fn authorities() -> Arc<RootCertStore> {
    static KEPT: Mutex<Kept> = Mutex::new(None);
    get(&mut KEPT.lock().unwrap_or_else(PoisonError::into_inner), Instant::now())
}

fn get(kept: &mut Kept, now: Instant) -> Arc<RootCertStore> {
    if let Some((since, roots)) = kept
        && now.saturating_duration_since(*since) < SYSTEM_AUTHORITIES_KEPT
    {
        return Arc::clone(roots);
    }
    let mut roots = RootCertStore::empty();
    // Some files of a system are often unreadable or malformed; the others are enough.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let roots = Arc::new(roots);
    *kept = Some((now, Arc::clone(&roots)));
    roots
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn connections_share_one_list_which_is_read_again_when_it_is_old() {
        let (mut kept, start) = (None, Instant::now());
        let first = get(&mut kept, start);
        let just_before = start + SYSTEM_AUTHORITIES_KEPT.saturating_sub(Duration::from_millis(1));
        assert!(Arc::ptr_eq(&first, &get(&mut kept, just_before)));
        let second = get(&mut kept, start + SYSTEM_AUTHORITIES_KEPT);
        assert!(!Arc::ptr_eq(&first, &second));
        assert!(Arc::ptr_eq(&second, &get(&mut kept, start + SYSTEM_AUTHORITIES_KEPT)));
    }
}
