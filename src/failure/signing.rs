//! Failures of signing bundles, and of checking who signed.

use super::Failure;
use crate::exit::ExitCode;
use crate::signing::SigningError;
use mgw_bundle::{KeyError, SignError};

impl From<SigningError> for Failure {
    fn from(error: SigningError) -> Self {
        if let SigningError::File { action, path, source } = error {
            return Self::file(action, &path, source);
        }
        let code = match error {
            SigningError::Unknown { .. } | SigningError::Taken(_) | SigningError::PublicOnly(_) => ExitCode::Usage,
            SigningError::Generation(_) => ExitCode::Internal,
            _ => ExitCode::Environment,
        };
        let hint = hint(&error);
        let message = error.to_string();
        let failure = Self::new(code, message).hint(hint);
        match error {
            SigningError::Key { source, .. }
            | SigningError::Variable { source, .. }
            | SigningError::Generation(source) => failure.because(source),
            _ => failure,
        }
    }
}

fn hint(error: &SigningError) -> String {
    match error {
        SigningError::Unknown { near: Some(near), .. } => format!("Did you mean `{near}`?"),
        SigningError::Unknown { .. } => {
            "`mgw keys list` shows the keys that are here; a file is named with its path, such as ./key.pem.".to_owned()
        }
        SigningError::Taken(name) => {
            format!("Choose another name, or remove the key with `mgw keys remove {name}`.")
        }
        SigningError::PublicOnly(name) => {
            format!(
                "Whoever holds the private half signs; `mgw keys import` takes it over, after `mgw keys remove {name}`."
            )
        }
        SigningError::Key {
            source: KeyError::Encrypted,
            ..
        }
        | SigningError::Variable {
            source: KeyError::Encrypted,
            ..
        } => "Decrypt it into a file that only you can read: `openssl pkey -in FILE -out KEY.pem`.".to_owned(),
        SigningError::Key {
            source: KeyError::Several(_),
            ..
        }
        | SigningError::Variable {
            source: KeyError::Several(_),
            ..
        } => "Put each key into a file of its own, and name every one that counts.".to_owned(),
        SigningError::Key {
            source: KeyError::OneLine(_),
            ..
        }
        | SigningError::Variable {
            source: KeyError::OneLine(_),
            ..
        } => "Hand the key on as it is, with its line ends: in a shell within quotes, as \"$(cat FILE)\", or by its file.".to_owned(),
        SigningError::Key { purpose: "signing", .. } | SigningError::Variable { .. } => {
            "Signing needs an Ed25519 key in PEM (PKCS#8, `BEGIN PRIVATE KEY`); `mgw keys new NAME` makes one, as does \
             `openssl genpkey -algorithm ed25519`."
                .to_owned()
        }
        _ => "Checking needs an Ed25519 key in PEM (`BEGIN PUBLIC KEY`), as `mgw keys show NAME` prints it.".to_owned(),
    }
}

impl From<SignError> for Failure {
    fn from(error: SignError) -> Self {
        match error {
            SignError::Read(error) => error.into(),
            SignError::Write(error) => {
                Self::new(ExitCode::Internal, "the bundle could not be put together").because(error)
            }
            SignError::TooMany => Self::new(ExitCode::Invalid, error.to_string())
                .hint("Build the bundle again, and sign it with the keys that count."),
        }
    }
}
