//! The public exit codes.

/// Why the program ended, as the number that pipelines see. The values are a public contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitCode {
    /// Success.
    Success = 0,
    /// A bug in mgw.
    Internal = 1,
    /// The command line is wrong.
    Usage = 2,
    /// A project or definition is invalid.
    Invalid = 3,
    /// A gate is shut: something would break or be weakened, and nobody said that it may.
    Gate = 4,
    /// Tests failed.
    Tests = 5,
    /// A bundle's digest or signature does not match.
    Mismatch = 6,
    /// A port, file or permission stands in the way.
    Environment = 7,
    /// Some of the work was done; the rest was reported.
    Partial = 8,
    /// Input is needed and there is no terminal to ask on.
    InputNeeded = 10,
    /// Not signed in, or the session expired.
    NotSignedIn = 11,
    /// Signed in, but not permitted.
    NotPermitted = 12,
    /// The control plane, or a running gateway, cannot be reached.
    Unreachable = 13,
    /// The control plane, or a running gateway, answered with an error.
    ControlPlane = 14,
    /// The lock file is out of date (`--locked`).
    LockOutOfDate = 15,
    /// Something changes, or a request would be refused (`--exit-code`); something would be repaired (`--dry-run`).
    Changes = 20,
    /// Nothing changes (`--exit-code`).
    NothingChanged = 34,
    /// Interrupted by the user.
    Interrupted = 130,
}

impl ExitCode {
    /// Every code, the gravest first.
    const BY_GRAVITY: [Self; 18] = [
        Self::Interrupted,
        Self::Internal,
        Self::Environment,
        Self::Usage,
        Self::Invalid,
        Self::LockOutOfDate,
        Self::Mismatch,
        Self::Tests,
        Self::Gate,
        Self::ControlPlane,
        Self::Unreachable,
        Self::NotPermitted,
        Self::NotSignedIn,
        Self::InputNeeded,
        Self::Partial,
        Self::Changes,
        Self::NothingChanged,
        Self::Success,
    ];

    /// The gravest of several, as the documentation orders them; success, where there is none.
    pub fn gravest(codes: impl IntoIterator<Item = Self>) -> Self {
        let rank = |code: &Self| Self::BY_GRAVITY.iter().position(|known| known == code);
        codes.into_iter().min_by_key(rank).unwrap_or(Self::Success)
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::ExitCode;

    #[test]
    fn the_gravest_is_as_the_documentation_has_it() {
        let page = include_str!("../docs/src/reference/exit-codes.md");
        let order = page
            .lines()
            .find_map(|line| line.strip_prefix("Gravest first: "))
            .expect("the order");
        let codes: Vec<u8> = order
            .trim_end_matches('.')
            .split(", ")
            .map(|code| code.parse().expect("a code"))
            .collect();
        assert_eq!(codes, ExitCode::BY_GRAVITY.map(|code| code as u8));
        assert_eq!(ExitCode::gravest([]), ExitCode::Success);
        let all = [ExitCode::Success, ExitCode::Gate, ExitCode::Invalid, ExitCode::Partial];
        assert_eq!(ExitCode::gravest(all), ExitCode::Invalid);
    }
}
