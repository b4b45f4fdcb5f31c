//! The forms in which a password stands in a settings file.

use super::secret;
use secrecy::SecretString;

/// A password as it is written.
#[derive(Debug, Clone)]
pub(crate) enum WrittenPassword {
    /// Itself.
    Plain(SecretString),
    /// In an environment variable: `$env{NAME}`.
    Environment(String),
    /// Where only the old gateway finds it; says how.
    Sealed(&'static str),
}

/// No password is as long as what is encrypted.
const SHORTEST_CIPHER_TEXT: usize = 80;

impl WrittenPassword {
    /// Tells the form; `None` where none is set.
    pub(super) fn read(text: &str) -> Option<Self> {
        let within = |prefix: &str| text.strip_prefix(prefix)?.strip_suffix('}');
        if matches!(text, "" | "$password") {
            None
        } else if let Some(name) = within("$env{").or_else(|| within("${env:")) {
            Some(Self::Environment(name.trim().to_owned()))
        } else if text.starts_with("$secret{") || text.starts_with("secretAlias:") || text.contains("vault-lookup(") {
            Some(Self::Sealed("is a name in the gateway's secure vault"))
        } else if text.starts_with("$sys{") || text.starts_with("$ref{") {
            Some(Self::Sealed("is a reference that the gateway resolves when it starts"))
        } else if is_cipher_text(text) {
            Some(Self::Sealed("is encrypted with the gateway's own key"))
        } else {
            Some(Self::Plain(secret(text)))
        }
    }
}

/// Long Base64, such as the vault's tool writes, whole lines of it joined.
fn is_cipher_text(text: &str) -> bool {
    text.len() >= SHORTEST_CIPHER_TEXT
        && text
            .trim_end_matches('=')
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn forms_are_told_apart() {
        let cipher_text = "ab+/".repeat(40);
        for (text, expected) in [
            ("", "nothing"),
            ("$password", "nothing"),
            ("$canary", "$canary"),
            ("$env{SHOP_SECRET}", "variable SHOP_SECRET"),
            ("$secret{admin_password}", "sealed"),
            ("secretAlias:admin.password", "sealed"),
            ("{wso2:vault-lookup('admin')}", "sealed"),
            (cipher_text.as_str(), "sealed"),
        ] {
            let told = match WrittenPassword::read(text) {
                None => "nothing".to_owned(),
                Some(WrittenPassword::Plain(password)) => password.expose_secret().to_owned(),
                Some(WrittenPassword::Environment(name)) => format!("variable {name}"),
                Some(WrittenPassword::Sealed(_)) => "sealed".to_owned(),
            };
            assert_eq!(told, expected, "{text}");
        }
        assert!(!format!("{:?}", WrittenPassword::read("canary")).contains("canary"));
    }
}
