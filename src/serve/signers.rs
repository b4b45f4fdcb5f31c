//! Refuses bundles that nobody signed whom the operator trusts.

use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::signing::{TrustedKey, TrustedKeys, trusted_signer};
use crate::ui::count::Counted;
use mgw_bundle::Bundle;
use std::path::Path;

/// Returns the trusted key that signed; `None` where nobody had to.
///
/// # Errors
///
/// When none of the trusted keys signed the bundle, or one of them cannot be read.
pub(crate) fn demand_signature(
    bundle: &Bundle,
    path: &Path,
    trusted: &TrustedKeys,
) -> Result<Option<TrustedKey>, Failure> {
    if !trusted.are_demanded() {
        return Ok(None);
    }
    let keys = trusted.load()?;
    if let Some(key) = trusted_signer(bundle, &keys) {
        return Ok(Some(key.clone()));
    }
    let mut failure = Failure::new(
        ExitCode::Mismatch,
        match bundle.signers.as_slice() {
            [] => format!("{} is not signed", path.display()),
            [one] => format!(
                "{} is signed with key {}, which is not trusted",
                path.display(),
                one.id()
            ),
            several => format!(
                "{} has {}, none of them by a trusted key",
                path.display(),
                Counted(several.len(), "signature", "signatures")
            ),
        },
    );
    for key in &keys {
        failure = failure.hint(format!("Trusted is {} ({}).", key.reference, key.public.id()));
    }
    Err(failure.hint("Have it signed with `mgw sign`, or fetch the bundle that was."))
}
