//! Whether the bundle is signed by whom the operator trusts.

use crate::commands::{bundle_file, signing_keys};
use crate::doctor::{Finding, Sight};
use crate::failure::Failure;
use crate::serve::demand_signature;
use crate::signing::KeyReference;
use crate::ui::count::Counted;

pub(in crate::doctor) fn look(sight: &Sight) -> Vec<Finding> {
    vec![match seen(sight) {
        Err(failure) => Finding::of(&failure),
        Ok(Seen::NoBundle { .. }) => Finding::skipped("there is no bundle to look at"),
        Ok(Seen::Trusted { by }) => Finding::ok(format!("signed with {by}, which is trusted")),
        Ok(Seen::NotAsked { signatures: 0 }) => Finding::ok("none, and none is demanded"),
        Ok(Seen::NotAsked { signatures }) => Finding::ok(format!(
            "{}; none is demanded",
            Counted(signatures, "signature", "signatures")
        )),
    }]
}

/// What a gateway would say of the bundle's signatures.
pub(super) enum Seen {
    NoBundle {
        /// One without a signature would not do.
        is_demanded: bool,
    },
    NotAsked {
        signatures: usize,
    },
    Trusted {
        /// The key.
        by: String,
    },
}

/// Asks for signatures as a gateway does when it starts.
///
/// # Errors
///
/// What it would refuse to start with.
pub(super) fn seen(sight: &Sight) -> Result<Seen, Failure> {
    let mut references = signing_keys::named_for_checking(&[], &sight.environment)?;
    if references.is_empty() {
        let of_settings = sight
            .settings()
            .into_iter()
            .flat_map(|config| config.trusted_keys.iter().cloned());
        references.extend(of_settings.map(KeyReference::File));
    }
    let trusted = signing_keys::trusted(references, &sight.environment)?;
    // A key that cannot be read stops every gateway that is to check with it, bundle or not.
    trusted.load()?;
    let bundle = super::bundle::path(sight).and_then(|path| Some((bundle_file::read(&path).ok()?, path)));
    let Some((bundle, path)) = bundle else {
        let is_demanded = trusted.are_demanded();
        return Ok(Seen::NoBundle { is_demanded });
    };
    Ok(match demand_signature(&bundle, &path, &trusted)? {
        Some(key) => Seen::Trusted {
            by: key.reference.to_string(),
        },
        None => Seen::NotAsked {
            signatures: bundle.signers.len(),
        },
    })
}
