//! Which state an age stands for.

use std::time::Duration;

/// How far a gateway has fallen behind its control plane. Traffic is served in every one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConnectedState {
    /// What is served is what the control plane said a short while ago.
    Fresh,
    /// Some attempts in a row have failed, or none has succeeded yet.
    Stale,
    /// The control plane has been away so long that somebody should look.
    Emergency,
    /// What is served is too old to be relied on.
    Expired,
}

impl ConnectedState {
    /// All of them, from good to bad.
    pub const ALL: [Self; 4] = [Self::Fresh, Self::Stale, Self::Emergency, Self::Expired];

    /// Returns its name for operators.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Stale => "stale",
            Self::Emergency => "emergency",
            Self::Expired => "expired",
        }
    }
}

/// The ages at which states begin. Later ones begin no earlier than those before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// From this age on it is stale.
    pub stale: Duration,
    /// From this age on it is an emergency.
    pub emergency: Duration,
    /// From this age on it has expired.
    pub expired: Duration,
}

impl Thresholds {
    /// Returns the state for an age; `never`: nothing has been taken over, and the age is how long that has been tried.
    pub fn state(&self, age: Duration, never: bool) -> ConnectedState {
        if age >= self.expired {
            ConnectedState::Expired
        } else if age >= self.emergency {
            ConnectedState::Emergency
        } else if age >= self.stale || never {
            ConnectedState::Stale
        } else {
            ConnectedState::Fresh
        }
    }

    /// Returns the age at which a state begins.
    pub fn begins(&self, state: ConnectedState) -> Duration {
        match state {
            ConnectedState::Fresh => Duration::ZERO,
            ConnectedState::Stale => self.stale,
            ConnectedState::Emergency => self.emergency,
            ConnectedState::Expired => self.expired,
        }
    }

    /// Returns how long it takes until the next state begins; `None`: there is no other.
    pub fn until_next(&self, age: Duration) -> Option<Duration> {
        [self.stale, self.emergency, self.expired]
            .into_iter()
            .find(|begins| *begins > age)
            .map(|begins| begins - age)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ConnectedState::{Emergency, Expired, Fresh, Stale};

    const SECOND: Duration = Duration::from_secs(1);
    const THRESHOLDS: Thresholds = Thresholds {
        stale: Duration::from_secs(180),
        emergency: Duration::from_secs(3600),
        expired: Duration::from_secs(86_400),
    };

    #[test]
    fn a_state_begins_at_its_age() {
        for (seconds, once, never) in [
            (0, Fresh, Stale),
            (179, Fresh, Stale),
            (180, Stale, Stale),
            (3599, Stale, Stale),
            (3600, Emergency, Emergency),
            (86_399, Emergency, Emergency),
            (86_400, Expired, Expired),
            (u64::MAX, Expired, Expired),
        ] {
            let age = Duration::from_secs(seconds);
            assert_eq!(THRESHOLDS.state(age, false), once, "{seconds} s");
            assert_eq!(THRESHOLDS.state(age, true), never, "{seconds} s, never");
        }
    }

    #[test]
    fn equal_thresholds_leave_states_out() {
        let thresholds = Thresholds {
            stale: SECOND,
            emergency: SECOND,
            expired: SECOND * 2,
        };
        assert_eq!(thresholds.state(SECOND, false), Emergency);
        assert_eq!(thresholds.state(Duration::ZERO, false), Fresh);
    }

    #[test]
    fn the_next_state_is_waited_for() {
        for (seconds, next) in [
            (0, Some(180)),
            (179, Some(1)),
            (180, Some(3420)),
            (3600, Some(82_800)),
            (86_400, None),
        ] {
            let waited = THRESHOLDS.until_next(Duration::from_secs(seconds));
            assert_eq!(waited, next.map(Duration::from_secs), "{seconds} s");
        }
        for state in ConnectedState::ALL {
            assert_eq!(THRESHOLDS.state(THRESHOLDS.begins(state), false), state);
        }
    }
}
