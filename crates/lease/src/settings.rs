//! The three times of a leader election, named as in client-go.

use std::time::Duration;

use thiserror::Error;

use crate::limits;

/// How long a lease holds, and how often it is renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How long others wait after the last renewal that they saw before they take the lease.
    pub lease_duration: Duration,
    /// How long a leader may act after the start of its last successful renewal.
    pub renew_deadline: Duration,
    /// How often a leader renews, and how often others look. One renewal takes no longer than that.
    pub retry_period: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            lease_duration: limits::LEASE_DURATION,
            renew_deadline: limits::RENEW_DEADLINE,
            retry_period: limits::RETRY_PERIOD,
        }
    }
}

/// Why settings cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SettingsError {
    /// A Lease cannot store this duration.
    #[error("`lease_duration` is {0:?}; a Lease stores whole seconds, at least 1")]
    LeaseDuration(Duration),
    /// Two could lead at once.
    #[error(
        "`renew_deadline` is {renew_deadline:?}; it must be below `lease_duration`, {lease_duration:?}"
    )]
    RenewDeadline {
        /// What is too long.
        renew_deadline: Duration,
        /// What it must be shorter than.
        lease_duration: Duration,
    },
    /// The API server would get too many requests.
    #[error("`retry_period` is {0:?}; it must be at least {min:?}", min = limits::RETRY_PERIOD_MIN)]
    RetryPeriod(Duration),
    /// One lost request would end a term.
    #[error(
        "`retry_period` is {retry_period:?}; `renew_deadline`, {renew_deadline:?}, must have room for {min} of it",
        min = limits::RENEWALS_MIN
    )]
    TooFewRenewals {
        /// What is too long.
        retry_period: Duration,
        /// What it has to fit into.
        renew_deadline: Duration,
    },
}

impl Settings {
    /// Checks that one leader ends before the next can begin, and that it has time to renew.
    ///
    /// # Errors
    /// When it does not.
    pub fn validate(self) -> Result<(), SettingsError> {
        let Self { lease_duration, renew_deadline, retry_period } = self;
        let is_stored = lease_duration.subsec_nanos() == 0
            && (Duration::from_secs(1)..=limits::LEASE_DURATION_MAX).contains(&lease_duration);
        if !is_stored {
            return Err(SettingsError::LeaseDuration(lease_duration));
        }
        if renew_deadline >= lease_duration {
            return Err(SettingsError::RenewDeadline { renew_deadline, lease_duration });
        }
        if retry_period < limits::RETRY_PERIOD_MIN {
            return Err(SettingsError::RetryPeriod(retry_period));
        }
        if retry_period.saturating_mul(limits::RENEWALS_MIN) > renew_deadline {
            return Err(SettingsError::TooFewRenewals { retry_period, renew_deadline });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Settings, SettingsError};

    #[test]
    fn settings_under_which_two_could_lead_or_none_could_renew_are_rejected() {
        let ms = Duration::from_millis;
        let check = |lease_duration, renew_deadline, retry_period| {
            Settings { lease_duration, renew_deadline, retry_period }.validate()
        };
        assert_eq!(Settings::default().validate(), Ok(()));
        assert_eq!(check(ms(3000), ms(2000), ms(500)), Ok(()));
        for wrong in [ms(0), ms(999), ms(1500), Duration::from_secs(1 << 31)] {
            let expected = Err(SettingsError::LeaseDuration(wrong));
            assert_eq!(check(wrong, ms(400), ms(100)), expected, "{wrong:?}");
        }
        for wrong in [ms(3000), ms(4000)] {
            let error = check(ms(3000), wrong, ms(500)).unwrap_err();
            assert!(matches!(error, SettingsError::RenewDeadline { .. }), "{error}");
        }
        for wrong in [ms(0), ms(99)] {
            let expected = Err(SettingsError::RetryPeriod(wrong));
            assert_eq!(check(ms(3000), ms(2000), wrong), expected);
        }
        let error = check(ms(3000), ms(2000), ms(700)).unwrap_err();
        assert!(matches!(error, SettingsError::TooFewRenewals { .. }), "{error}");
    }
}
