//! Entry point of the fuzz targets into the readers of keys.

use super::{KeyName, KeyReference};
use mgw_bundle::{PublicKey, SigningKey};

/// Reads a PEM file as a key of either half, and a line as the name of one. What is read is written as what is read again, and
/// nothing that is said shows the private half.
pub fn signing_key(bytes: &[u8]) -> String {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return String::new();
    };
    let mut said = String::new();
    match PublicKey::from_pem(text) {
        Ok(key) => assert_eq!(PublicKey::from_pem(&key.to_pem()), Ok(key)),
        Err(error) => said.push_str(&error.to_string()),
    }
    match SigningKey::from_pem(text) {
        Ok(key) => {
            let pem = key.to_pem().expect("a key can be written");
            assert_eq!(
                SigningKey::from_pem(&pem).expect("it was written just now").public(),
                key.public()
            );
            said.push_str(&format!("{key:?}"));
        }
        Err(error) => said.push_str(&error.to_string()),
    }
    if let Ok(name) = text.parse::<KeyName>() {
        assert_eq!(name.as_str(), text);
        assert!(!text.contains(['/', '\\', '\0']) && !text.starts_with('.'));
    }
    if let Ok(reference) = text.parse::<KeyReference>() {
        assert_eq!(reference.to_string().parse::<KeyReference>(), Ok(reference));
    }
    said
}
