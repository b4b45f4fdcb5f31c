//! Entry point of the fuzz targets into what is read of sign-ins.

use super::browser::fuzzing::{self as browser, Back};
use super::token_claims;
use super::tokens::{Answer, taken};
use crate::cloud::account::UserName;
use crate::cloud::address::Address;
use crate::cloud::http::{CustomHeaders, error_text, is_own_error};
use crate::ui::visible;
use secrecy::ExposeSecret;

/// Reads an answer of the token endpoint, an error page, the line that a browser brings back, a token, and what the user types
/// in beside. What is shown of them is short and fools no terminal.
pub fn sign_in(bytes: &[u8]) -> String {
    let mut said = error_text(bytes);
    assert!(
        said.chars().count() <= 200 && !said.contains(char::is_control),
        "{said:?}"
    );
    let _ = is_own_error(bytes, 400);
    if let Ok(answer) = serde_json::from_slice::<Answer>(bytes) {
        let tokens = taken(&answer);
        assert!(tokens.lifetime.as_secs() <= 10 * 365 * 86_400);
        let _ = token_claims(&tokens.access);
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return said;
    };
    let claims = token_claims(&text.to_owned().into());
    assert!(claims.scopes.is_sorted());
    if let Back::Refused(refused) = browser::read(text, "state") {
        for text in [&refused.error, &refused.description] {
            assert!(
                text.chars().count() <= 200 && !text.contains(char::is_control),
                "{text:?}"
            );
        }
    }
    match Address::parse(text) {
        Ok(address) => {
            let again = Address::parse(&address.to_string()).expect("it was written just now");
            assert_eq!(again, address);
        }
        Err(error) => said.push_str(&error.to_string()),
    }
    if let Ok(user) = UserName::complete(text) {
        assert_eq!(visible(user.as_str()), user.as_str());
    }
    match CustomHeaders::parse(text.lines()) {
        Ok(headers) => {
            let lines: Vec<String> = headers
                .iter()
                .map(|(name, value)| format!("{name}: {}", value.expose_secret()))
                .collect();
            let again = CustomHeaders::parse(lines.iter().map(String::as_str)).expect("they were read just now");
            assert_eq!(again.iter().count(), headers.iter().count());
        }
        Err(error) => said.push_str(&error.to_string()),
    }
    said
}
