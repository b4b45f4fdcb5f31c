//! User names of the control plane. In API Cloud they are `<e-mail>@<org key>`, with two `@`.

use std::fmt;

/// The tenant of user names that name none.
pub(crate) const SUPER_TENANT: &str = "carbon.super";

/// Stands in the place of a name that nobody told.
const UNKNOWN: &str = "(unknown)";

/// A user name as the control plane knows it, tenant included where there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UserName(String);

/// Why a user name cannot be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AccountError {
    /// No `@`, or nothing before or after it.
    #[error("`{0}` is not an e-mail address")]
    Email(String),
    /// Blank, or with an `@` or a blank inside.
    #[error("`{0}` is not an organisation key")]
    Organisation(String),
    /// Blank, or with a character that cannot be sent.
    #[error("`{0}` is not a user name")]
    Name(String),
}

impl UserName {
    /// Joins an e-mail address and the key of an organisation in API Cloud.
    pub(crate) fn in_organisation(email: &str, organisation: &str) -> Result<Self, AccountError> {
        let (email, organisation) = (email.trim(), organisation.trim());
        let well_formed = matches!(email.split_once('@'), Some((local, domain)) if !local.is_empty() && !domain.is_empty())
            && is_sendable(email);
        if !well_formed {
            return Err(AccountError::Email(email.to_owned()));
        }
        if organisation.is_empty() || organisation.contains('@') || !is_sendable(organisation) {
            return Err(AccountError::Organisation(organisation.to_owned()));
        }
        Ok(Self(format!("{email}@{organisation}")))
    }

    /// Takes a complete user name, with or without a tenant.
    pub(crate) fn complete(name: &str) -> Result<Self, AccountError> {
        let name = name.trim();
        if name.is_empty() || name.starts_with('@') || name.ends_with('@') || !is_sendable(name) {
            return Err(AccountError::Name(name.to_owned()));
        }
        Ok(Self(name.to_owned()))
    }

    /// Stands for a user whom nobody has named; the organisation may be known all the same.
    pub(crate) fn unknown(organisation: Option<&str>) -> Self {
        match organisation {
            Some(organisation) => Self(format!("{UNKNOWN}@{organisation}")),
            None => Self(UNKNOWN.to_owned()),
        }
    }

    /// The whole name.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// What follows the last `@`: the organisation key in API Cloud.
    pub(crate) fn tenant(&self) -> &str {
        self.0.rsplit_once('@').map_or(SUPER_TENANT, |(_, tenant)| tenant)
    }

    /// Whether nobody knows the user's own name.
    pub(crate) fn is_unknown(&self) -> bool {
        self.0.rsplit_once('@').map_or(self.0.as_str(), |(name, _)| name) == UNKNOWN
    }

    /// Whether the name says of which organisation of API Cloud the user is.
    pub(crate) fn names_organisation(&self) -> bool {
        self.has_email_and_organisation()
            || self
                .0
                .rsplit_once('@')
                .is_some_and(|(name, organisation)| name == UNKNOWN && organisation != SUPER_TENANT)
    }

    /// Whether the name has the form `<e-mail>@<org key>`.
    pub(crate) fn has_email_and_organisation(&self) -> bool {
        self.0
            .rsplit_once('@')
            .is_some_and(|(email, organisation)| Self::in_organisation(email, organisation).is_ok())
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A colon would end the name inside a Basic header.
fn is_sendable(text: &str) -> bool {
    !text.chars().any(|c| c == ':' || c.is_whitespace() || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tenant_follows_the_last_at() {
        let user = UserName::in_organisation(" ana.ruiz@meridian.example ", "meridianpay").unwrap();
        assert_eq!(user.as_str(), "ana.ruiz@meridian.example@meridianpay");
        assert_eq!(user.tenant(), "meridianpay");
        assert!(user.has_email_and_organisation());
        let admin = UserName::complete("admin").unwrap();
        assert_eq!(admin.tenant(), "carbon.super");
        assert!(!admin.has_email_and_organisation());
        assert!(
            !UserName::complete("ana@meridian.example")
                .unwrap()
                .has_email_and_organisation()
        );
    }

    #[test]
    fn names_that_cannot_be_right_are_refused() {
        for email in ["", "ana", "@x", "ana@", "a:b@x", "a b@x"] {
            assert_eq!(
                UserName::in_organisation(email, "org"),
                Err(AccountError::Email(email.into()))
            );
        }
        for organisation in ["", "a@b", "a b", "a:b"] {
            assert_eq!(
                UserName::in_organisation("ana@x", organisation),
                Err(AccountError::Organisation(organisation.into()))
            );
        }
        for name in ["", "@x", "x@", "a:b", "a\nb"] {
            assert_eq!(UserName::complete(name), Err(AccountError::Name(name.into())));
        }
    }
}
