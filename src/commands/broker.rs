//! The broker of the control plane's event hub, and its password.

use super::secrets::secret;
use crate::context::Environment;
use crate::exit::ExitCode;
use crate::failure::Failure;
use secrecy::ExposeSecret;
use url::Url;

/// The setting that the flag stands for.
const SETTING: &str = "apim.eventHub.eventListeningEndpoints";

/// The setting for an AMQP URL with a user, and the password of the environment. Errors quote nothing: there may be a
/// password in it.
pub(super) fn setting(broker: &str, environment: &Environment) -> Result<(String, String), Failure> {
    let mut url = checked(broker).map_err(|(problem, remedy)| {
        Failure::new(ExitCode::Usage, format!("--broker (MGW_BROKER) {problem}")).hint(remedy)
    })?;
    let password = secret(environment, "MGW_BROKER_PASSWORD", "MGW_BROKER_PASSWORD_FILE")?;
    let password = password.ok_or_else(|| {
        Failure::new(ExitCode::Usage, "the broker needs a password")
            .hint("Set MGW_BROKER_PASSWORD, or MGW_BROKER_PASSWORD_FILE to a file that holds it.")
    })?;
    // Refused only for URLs without a host.
    let _ = url.set_password(Some(password.expose_secret()));
    Ok((SETTING.to_owned(), url.into()))
}

/// The URL, or what is wrong with it and the remedy.
fn checked(broker: &str) -> Result<Url, (&'static str, &'static str)> {
    const FORM: &str = "Write it like amqps://USER@HOST:8672/carbon, an @ in the user's name as %40.";
    let url = Url::parse(broker).map_err(|_| ("is no URL", FORM))?;
    if !matches!(url.scheme(), "amqp" | "amqps") || !url.has_host() {
        return Err(("is no address of an AMQP broker", FORM));
    }
    if url.password().is_some() {
        return Err((
            "holds a password, which others can see",
            "Leave it out and set MGW_BROKER_PASSWORD or MGW_BROKER_PASSWORD_FILE.",
        ));
    }
    if url.username().is_empty() {
        return Err(("names no user", FORM));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_stay_out_of_the_command_line() {
        for (text, word) in [
            ("amqp://ana:canary@cp:5672/carbon", "holds a password"),
            ("amqp://cp:5672/carbon", "no user"),
            ("https://ana@cp", "no address"),
            ("ana@cp:5672", "no URL"),
            ("", "no URL"),
        ] {
            let (problem, _) = checked(text).expect_err(text);
            assert!(problem.contains(word), "{text}: {problem}");
        }
        assert!(checked("amqps://ana%40meridian@cp:8672/carbon").is_ok());
    }
}
