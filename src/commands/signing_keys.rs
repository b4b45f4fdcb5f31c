//! The keys that a command line or a pipeline's environment names.

use super::secrets::unreadable;
use crate::context::{Context, Environment};
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::private_file::{is_exposed, mode};
use crate::signing::{KeyReference, KeyStore, SigningError, TrustedKeys};
use mgw_bundle::SigningKey;
use std::path::PathBuf;

/// A pipeline's signing key itself, as secret stores hand it out, and the file that holds it.
const VARIABLE: &str = "MGW_SIGNING_KEY";
const FILE_VARIABLE: &str = "MGW_SIGNING_KEY_FILE";
/// Keys one of which must have signed.
const CHECKING: &str = "MGW_VERIFY_KEY";

/// The user's keys.
pub(crate) fn store(environment: &Environment) -> Result<KeyStore, Failure> {
    Ok(KeyStore::new(&environment.config_dir()?))
}

/// The keys to sign with, as [`signing`] finds them; private keys that others can read are told.
pub(crate) fn to_sign_with(named: &[KeyReference], context: &Context) -> Result<Vec<SigningKey>, Failure> {
    let environment = &context.environment;
    let keys = signing(named, environment)?;
    for path in exposed(named, environment) {
        context.ui.warn(format_args!(
            "others can read the signing key {}: run `chmod 600` on it, and replace the key where somebody may have read it",
            path.display()
        ));
    }
    Ok(keys)
}

/// The files of private keys to sign with that others than their owner can read.
fn exposed(named: &[KeyReference], environment: &Environment) -> Vec<PathBuf> {
    let of_environment = || environment.get(FILE_VARIABLE).map(PathBuf::from).into_iter().collect();
    let files: Vec<PathBuf> = match (named, store(environment)) {
        ([], _) => of_environment(),
        (_, Err(_)) => Vec::new(),
        (named, Ok(store)) => named.iter().filter_map(|key| store.private_file(key)).collect(),
    };
    files
        .into_iter()
        .filter(|path| mode(path).is_some_and(is_exposed))
        .collect()
}

/// The keys to sign with: those that are named, else the environment's, else none.
///
/// # Errors
///
/// When one of them cannot be used, or the environment names two, or one that came out empty: nobody should take a bundle
/// for a signed one.
fn signing(named: &[KeyReference], environment: &Environment) -> Result<Vec<SigningKey>, Failure> {
    if !named.is_empty() {
        let store = store(environment)?;
        let keys = named.iter().map(|reference| store.signing(reference));
        return Ok(keys.collect::<Result<_, _>>()?);
    }
    match (environment.get(VARIABLE), environment.get(FILE_VARIABLE)) {
        (Some(_), Some(_)) => Err(Failure::new(
            ExitCode::Usage,
            format!("{VARIABLE} and {FILE_VARIABLE} are both set"),
        )
        .hint("Set one of them, so that it is certain which key is meant.")),
        (Some(pem), None) => {
            let key = SigningKey::from_pem(pem).map_err(|source| SigningError::Variable {
                variable: VARIABLE,
                source,
            })?;
            Ok(vec![key])
        }
        (None, Some(path)) => {
            let file = KeyReference::File(path.into());
            let key = store(environment)?.signing(&file).map_err(|error| match error {
                SigningError::File { source, .. } => unreadable(FILE_VARIABLE, VARIABLE, path, source),
                error => error.into(),
            });
            Ok(vec![key?])
        }
        (None, None) => match [VARIABLE, FILE_VARIABLE]
            .iter()
            .find(|name| environment.get_even_empty(name).is_some())
        {
            Some(empty) => Err(
                Failure::new(ExitCode::Usage, format!("{empty} is set to nothing")).hint(format!(
                    "Set it to {}; unset it where no signature is meant.",
                    if *empty == VARIABLE {
                        "a signing key in PEM"
                    } else {
                        "the file of a signing key"
                    }
                )),
            ),
            None => Ok(Vec::new()),
        },
    }
}

/// The keys that are named for checking: on the command line, else in the environment, with commas between them.
///
/// # Errors
///
/// When the environment names nothing between two commas, or nothing at all.
pub(crate) fn named_for_checking(
    named: &[KeyReference],
    environment: &Environment,
) -> Result<Vec<KeyReference>, Failure> {
    let Some(text) = environment.get_even_empty(CHECKING).filter(|_| named.is_empty()) else {
        return Ok(named.to_vec());
    };
    let keys = text.split(',').map(|key| key.trim().parse());
    keys.collect::<Result<_, _>>().map_err(|error: &str| {
        Failure::new(
            ExitCode::Usage,
            format!("a key that {CHECKING} names cannot be one: {error}"),
        )
        .hint("Write names or PEM files with commas between them; unset it where no signature is asked for.")
    })
}

/// The keys one of which must have signed.
pub(crate) fn trusted(references: Vec<KeyReference>, environment: &Environment) -> Result<TrustedKeys, Failure> {
    // Without any, the store need not exist, nor a home folder to look for it.
    match references.is_empty() {
        true => Ok(TrustedKeys::none()),
        false => Ok(TrustedKeys::new(store(environment)?, references)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_for_checking_are_named_by_flags_else_by_the_environment() {
        let keys = |named: &[&str], variable: Option<&str>| {
            let environment: Environment = variable.map(|value| (CHECKING, value)).into_iter().collect();
            let named: Vec<KeyReference> = named.iter().filter_map(|name| name.parse().ok()).collect();
            let keys = named_for_checking(&named, &environment).ok()?;
            Some(keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
        };
        for (named, variable, expected) in [
            (&[][..], None, Some("")),
            (&[], Some("release, ./old.pem"), Some("release ./old.pem")),
            (&["new"], Some("release"), Some("new")),
            (&["new"], Some(""), Some("new")),
            (&[], Some("release,"), None),
            (&[], Some(","), None),
            // A secret that a pipeline has not got.
            (&[], Some(""), None),
        ] {
            assert_eq!(keys(named, variable).as_deref(), expected, "{named:?} {variable:?}");
        }
    }

    #[test]
    fn a_named_key_goes_before_the_environments() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = folder.path().display().to_string();
        let own = KeyStore::new(folder.path());
        let release = own.create(&"release".parse().expect("a name")).expect("made");
        let pipeline = own.create(&"pipeline".parse().expect("a name")).expect("made");
        let file = pipeline.private_file.expect("there");
        let pem = std::fs::read_to_string(&file).expect("readable");
        let file = file.display().to_string();
        let signers = |named: &[&str], variables: &[(&str, &str)]| {
            let home = [("MGW_CONFIG_DIR", home.as_str())];
            let environment: Environment = home.iter().chain(variables).copied().collect();
            let named: Vec<KeyReference> = named.iter().filter_map(|name| name.parse().ok()).collect();
            signing(&named, &environment).map(|keys| keys.iter().map(SigningKey::public).collect::<Vec<_>>())
        };
        let both = [(VARIABLE, pem.as_str()), (FILE_VARIABLE, file.as_str())];
        assert_eq!(signers(&[], &[]).expect("none"), []);
        let exposed = |named: &[&str], variables: &[(&str, &str)]| {
            let home = [("MGW_CONFIG_DIR", home.as_str())];
            let environment: Environment = home.iter().chain(variables).copied().collect();
            let named: Vec<KeyReference> = named.iter().filter_map(|name| name.parse().ok()).collect();
            exposed(&named, &environment).len()
        };
        let variable = [(FILE_VARIABLE, file.as_str())];
        assert_eq!(
            (exposed(&["release", "pipeline"], &[]), exposed(&[], &variable)),
            (0, 0)
        );
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        std::fs::set_permissions(&file, open).expect("ours");
        assert_eq!(
            (exposed(&["release", "pipeline"], &[]), exposed(&[], &variable)),
            (1, 1)
        );
        assert_eq!(exposed(&["release", file.as_str()], &variable), 1);
        assert_eq!(signers(&[], &both[..1]).expect("its value"), [pipeline.public]);
        assert_eq!(signers(&[], &both[1..]).expect("its file"), [pipeline.public]);
        assert_eq!(signers(&["release"], &both).expect("named"), [release.public]);
        assert_eq!(
            signers(&["release", &file], &[]).expect("both"),
            [release.public, pipeline.public]
        );
        assert_eq!(signers(&[], &both).expect_err("two").code, ExitCode::Usage);
        // A secret that a pipeline has not got, unless the other one is there.
        for empty in [VARIABLE, FILE_VARIABLE] {
            let refused = signers(&[], &[(empty, "")]).expect_err("empty");
            assert_eq!(
                (refused.code, refused.message),
                (ExitCode::Usage, format!("{empty} is set to nothing"))
            );
            assert_eq!(signers(&["release"], &[(empty, "")]).expect("named"), [release.public]);
        }
        assert_eq!(
            signers(&[], &[both[0], (FILE_VARIABLE, "")]).expect("its value"),
            [pipeline.public]
        );
        assert_eq!(
            signers(&[], &[(VARIABLE, ""), both[1]]).expect("its file"),
            [pipeline.public]
        );
        for variable in [VARIABLE, FILE_VARIABLE] {
            let canary = signers(&[], &[(variable, "canary")]).expect_err("no key");
            assert!(!format!("{canary:?}").contains("canary"), "{canary:?}");
        }
        let own_text = signers(&[], &[(FILE_VARIABLE, &pem)]).expect_err("no file");
        assert_eq!(own_text.message, "cannot read the file that MGW_SIGNING_KEY_FILE names");
        assert!(
            own_text.hints[0].contains("put that into MGW_SIGNING_KEY,"),
            "{own_text:?}"
        );
        let key = pem.lines().nth(1).expect("three lines");
        assert!(!format!("{own_text:?}").contains(key));
        let environment: Environment = [(CHECKING, pem.as_str())].into_iter().collect();
        let checked = named_for_checking(&[], &environment).expect_err("no name");
        assert_eq!(
            checked.message,
            "a key that MGW_VERIFY_KEY names cannot be one: it is the text of a key, not a name or a file"
        );
    }
}
