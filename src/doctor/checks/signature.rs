//! Whether the bundle is signed by whom the operator trusts.

use crate::commands::{bundle_file, signing_keys};
use crate::doctor::{Finding, Sight};
use crate::serve::demand_signature;
use crate::signing::KeyReference;
use crate::ui::count::Counted;

pub(in crate::doctor) fn look(sight: &Sight) -> Vec<Finding> {
    vec![decide(sight).unwrap_or_else(|failure| Finding::of(&failure))]
}

fn decide(sight: &Sight) -> Result<Finding, crate::failure::Failure> {
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
    let keys = trusted.load()?.len();
    let bundle = super::bundle::path(sight).and_then(|path| Some((bundle_file::read(&path).ok()?, path)));
    let Some((bundle, path)) = bundle else {
        return Ok(Finding::skipped("there is no bundle to look at"));
    };
    if let Some(key) = demand_signature(&bundle, &path, &trusted)? {
        return Ok(Finding::ok(format!("signed with {}, which is trusted", key.reference)));
    }
    debug_assert_eq!(keys, 0);
    Ok(match bundle.signers.len() {
        0 => Finding::ok("none, and none is demanded"),
        count => Finding::ok(format!(
            "{}; none is demanded",
            Counted(count, "signature", "signatures")
        )),
    })
}
