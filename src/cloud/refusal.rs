//! Why the control plane lets a user not in, by its own words. It answers a wrong password, a locked account and an unknown
//! organisation with the same error code, and tells them apart in the text alone.

/// Why a user is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// User name or password are wrong, as far as anybody tells.
    Credentials,
    /// Too many wrong passwords, or an administrator locked it.
    Locked,
    /// An administrator disabled it.
    Disabled,
    /// The user has not answered the mail yet.
    Unconfirmed,
    /// The password is too old.
    PasswordExpired,
    /// Somebody asked for a new password.
    PasswordReset,
    /// There is no such organisation, or it is not active.
    Organisation,
}

impl Refusal {
    /// Reads the server's message. Names may hold any word, so that of the user does not count.
    pub(crate) fn of(message: &str, user: &str) -> Self {
        let user = user.to_lowercase();
        let tenant = user.rsplit_once('@').map_or("", |(_, tenant)| tenant);
        let name = user
            .strip_suffix(tenant)
            .unwrap_or(&user)
            .trim_end_matches('@')
            .to_owned();
        let mut text = message.to_lowercase();
        for known in [user.as_str(), name.as_str(), tenant] {
            if !known.is_empty() {
                text = text.replace(known, " ");
            }
        }
        let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
        // The identity server's own numbers come before its words.
        if has(&["17003"]) {
            Self::Locked
        } else if has(&["17004"]) {
            Self::Disabled
        } else if has(&["17005"]) {
            Self::Unconfirmed
        } else if has(&["17006", "17007", "17008"]) {
            Self::PasswordReset
        } else if has(&["17001", "17002"]) {
            Self::Credentials
        } else if has(&["password"]) && has(&["expired", "has to be changed", "must be changed"]) {
            Self::PasswordExpired
        } else if has(&["tenant", "organization", "organisation"])
            && has(&[
                "invalid",
                "unknown",
                "not exist",
                "inactive",
                "not active",
                "deactivated",
                "not found",
            ])
        {
            Self::Organisation
        } else if has(&["locked"]) {
            Self::Locked
        } else if has(&["disabled"]) {
            Self::Disabled
        } else {
            Self::Credentials
        }
    }

    /// What it means, as a sentence without a full stop.
    pub(crate) fn sentence(self, user: &str) -> String {
        match self {
            Self::Credentials => format!("the control plane does not accept user {user} with this password"),
            Self::Locked => format!("the account of {user} is locked"),
            Self::Disabled => format!("the account of {user} is disabled"),
            Self::Unconfirmed => format!("the account of {user} is not confirmed yet"),
            Self::PasswordExpired => format!("the password of {user} has expired"),
            Self::PasswordReset => format!("{user} has to set a new password"),
            Self::Organisation => {
                let tenant = user
                    .rsplit_once('@')
                    .map_or(super::account::SUPER_TENANT, |(_, tenant)| tenant);
                format!("the control plane knows no active organisation {tenant}")
            }
        }
    }

    /// What to do about it.
    pub(crate) fn hint(self) -> &'static str {
        match self {
            Self::Credentials => {
                "Check e-mail address, organisation key and password; the password is the one of the web login."
            }
            Self::Locked => {
                "Wait some minutes where wrong passwords locked it, or have an administrator unlock it; further attempts \
                 keep it locked."
            }
            Self::Disabled => "Ask an administrator of the organisation to enable it.",
            Self::Unconfirmed => "Follow the link in the mail of the control plane first.",
            Self::PasswordExpired => "Set a new password at the web login, then sign in with it.",
            Self::PasswordReset => {
                "Follow the mail about it, or ask an administrator; then sign in with the new password."
            }
            Self::Organisation => "Check the organisation key: it stands on the organisation page of API Cloud.",
        }
    }

    /// Whether another way to write the user name could help.
    pub(crate) fn may_be_of_the_name(self) -> bool {
        matches!(self, Self::Credentials | Self::Organisation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_server_are_told_apart() {
        use Refusal::*;
        for (message, expected) in [
            ("", Credentials),
            ("Authentication failed for ana@meridian.example@meridian", Credentials),
            ("17002", Credentials),
            ("17003", Locked),
            ("17003:ana@meridian.example Account is locked", Locked),
            (
                "Error when handling event : PRE_AUTHENTICATION. User account is locked",
                Locked,
            ),
            ("17004 User account is disabled", Disabled),
            ("17005:pending", Unconfirmed),
            ("17006:reset", PasswordReset),
            ("Password has expired", PasswordExpired),
            ("Tenant domain meridian is inactive", Organisation),
            ("Invalid tenant domain meridian", Organisation),
            ("Tenant is not active", Organisation),
        ] {
            assert_eq!(
                Refusal::of(message, "ana@meridian.example@meridian"),
                expected,
                "{message}"
            );
        }
        // Words in names say nothing.
        for (message, user) in [
            (
                "Authentication failed for padlocked@a.example@org",
                "padlocked@a.example@org",
            ),
            (
                "Authentication failed for ana@a.example@disabled-tenant",
                "ana@a.example@disabled-tenant",
            ),
        ] {
            assert_eq!(Refusal::of(message, user), Credentials, "{message}");
        }
    }
}
