//! Where secrets come from: a variable, a file that a variable names, standard input. Never the command line.

use crate::context::Environment;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::signing::is_key_text;
use crate::whole_file::{read_open, read_text};
use secrecy::SecretString;
use std::path::Path;

/// The largest secret that is read; tokens with many claims are the longest.
const LONGEST: u64 = 64 * 1024;

/// The value of a variable, or of the file that another one names, as container platforms mount secrets.
///
/// # Errors
///
/// When both are set, or the file cannot be read or holds nothing.
pub(crate) fn secret(
    environment: &Environment,
    name: &str,
    file_variable: &str,
) -> Result<Option<SecretString>, Failure> {
    match (environment.get(name), environment.get(file_variable)) {
        (Some(_), Some(_)) => Err(
            Failure::new(ExitCode::Usage, format!("{name} and {file_variable} are both set"))
                .hint("Set one of them, so that it is certain which secret is meant."),
        ),
        (Some(_), None) => secret_of_variable(environment, name),
        (None, Some(value)) => {
            let path = Path::new(value);
            let text = read_text(path, LONGEST).map_err(|error| unreadable(file_variable, name, value, error))?;
            alone(&text, path).map(Some)
        }
        (None, None) => Ok(None),
    }
}

/// The value of a variable.
///
/// # Errors
///
/// When it is not one line.
pub(crate) fn secret_of_variable(environment: &Environment, name: &str) -> Result<Option<SecretString>, Failure> {
    let Some(value) = environment.get(name) else {
        return Ok(None);
    };
    one_line(value).map(Some).ok_or_else(|| {
        Failure::new(ExitCode::Usage, format!("{name} does not hold one secret on one line"))
            .hint("Set it to the secret and nothing else; what reads it from a file may have brought more lines.")
    })
}

/// Reads a secret from a file, without the line end that editors leave.
pub(crate) fn secret_of_file(path: &Path) -> Result<SecretString, Failure> {
    let text = read_text(path, LONGEST).map_err(|error| Failure::file("read", path, error))?;
    alone(&text, path)
}

/// A file that a variable names and that cannot be read. The value is not repeated: it may be the secret itself, whose
/// variable is `name`.
pub(crate) fn unreadable(file_variable: &str, name: &str, value: &str, error: std::io::Error) -> Failure {
    let mut failure = Failure::file_called("read", &format!("the file that {file_variable} names"), error);
    if let Some(remedy) = in_place_of_a_file(file_variable, name, value) {
        failure.hints = vec![remedy];
    }
    failure
}

/// What to do where a variable seems to hold a secret, and not the file that holds it.
pub(crate) fn in_place_of_a_file(file_variable: &str, name: &str, value: &str) -> Option<String> {
    (is_key_text(value) || value.contains('\n')).then(|| {
        format!(
            "{file_variable} seems to hold the secret itself: put that into {name}, or into a file, and name the file."
        )
    })
}

fn alone(text: &str, path: &Path) -> Result<SecretString, Failure> {
    one_line(text).ok_or_else(|| {
        Failure::new(
            ExitCode::Usage,
            format!("{} does not hold one secret on one line", path.display()),
        )
        .hint("Write the secret into the file and nothing else.")
    })
}

/// Reads a secret from standard input; `what` names it, for example `password`.
pub(crate) fn secret_of_stdin(what: &str) -> Result<SecretString, Failure> {
    let bytes = read_open(std::io::stdin().lock(), LONGEST)
        .map_err(|error| Failure::new(ExitCode::InputNeeded, format!("cannot read the {what}")).because(error))?;
    std::str::from_utf8(&bytes).ok().and_then(one_line).ok_or_else(|| {
        Failure::new(
            ExitCode::InputNeeded,
            format!("standard input does not hold one {what} on one line"),
        )
        .hint(format!("Pipe the {what} in, for example from a secret store."))
    })
}

fn one_line(text: &str) -> Option<SecretString> {
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    (!line.is_empty() && !line.contains(['\n', '\0'])).then(|| line.to_owned().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn a_variable_or_its_file_and_never_both() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret").display().to_string();
        let value = |variables: &[(&str, &str)]| {
            let environment: Environment = variables.iter().copied().collect();
            secret(&environment, "MGW_PASSWORD", "MGW_PASSWORD_FILE")
        };
        assert!(value(&[]).unwrap().is_none());
        assert!(
            value(&[("MGW_PASSWORD", ""), ("MGW_PASSWORD_FILE", "")])
                .unwrap()
                .is_none()
        );
        let given = value(&[("MGW_PASSWORD", " canary ")]).unwrap().unwrap();
        assert_eq!(given.expose_secret(), " canary ");
        for (content, expected) in [
            ("canary\n", Some("canary")),
            ("canary", Some("canary")),
            ("canary\r\n", Some("canary")),
            ("a b", Some("a b")),
            ("", None),
            ("\n", None),
            ("a\nb\n", None),
        ] {
            if !content.is_empty() {
                let found = value(&[("MGW_PASSWORD", content)]).ok().flatten();
                assert_eq!(found.as_ref().map(ExposeSecret::expose_secret), expected, "{content:?}");
            }
            std::fs::write(&path, content).unwrap();
            let found = value(&[("MGW_PASSWORD_FILE", &path)]);
            assert_eq!(
                found.ok().flatten().as_ref().map(ExposeSecret::expose_secret),
                expected,
                "{content:?}"
            );
        }
        std::fs::write(&path, "x".repeat(70_000)).unwrap();
        assert!(value(&[("MGW_PASSWORD_FILE", &path)]).is_err());
        #[cfg(unix)]
        {
            std::fs::remove_file(&path).unwrap();
            crate::whole_file::tests::pipe(Path::new(&path));
            let failure = value(&[("MGW_PASSWORD_FILE", &path)]).unwrap_err();
            assert_eq!(failure.code, ExitCode::Environment);
            assert_eq!(failure.hints, ["Give a regular file."]);
        }
        let both = value(&[("MGW_PASSWORD", "canary"), ("MGW_PASSWORD_FILE", &path)]).unwrap_err();
        assert_eq!(both.code, ExitCode::Usage);
        assert!(!format!("{both:?}").contains("canary"));
    }

    #[test]
    fn what_may_be_the_secret_itself_is_not_repeated() {
        for (value, hint) in [
            ("canary", "Check the path for a typing error."),
            (
                "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----",
                "MGW_PASSWORD_FILE seems to hold the secret itself: put that into MGW_PASSWORD, or into a file, and name the file.",
            ),
        ] {
            let environment: Environment = [("MGW_PASSWORD_FILE", value)].into_iter().collect();
            let failure = secret(&environment, "MGW_PASSWORD", "MGW_PASSWORD_FILE").unwrap_err();
            assert_eq!(failure.code, ExitCode::Environment);
            assert_eq!(failure.message, "cannot read the file that MGW_PASSWORD_FILE names");
            assert_eq!(failure.hints, [hint]);
            assert!(!format!("{failure:?}").contains("canary"), "{failure:?}");
        }
    }
}
