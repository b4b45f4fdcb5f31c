//! The identifier that this gateway family gives an API.

use crate::Digest;

/// Returns `api_` and the lower-case hex SHA-256 of `name:version`, the name under which operators override endpoints.
pub fn api_id(name: &str, version: &str) -> String {
    format!("api_{}", Digest::of(format!("{name}:{version}").as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::api_id;

    #[test]
    fn hashes_name_and_version_with_a_colon_between() {
        // echo -n 'PizzaShack:1.0.0' | sha256sum
        assert_eq!(
            api_id("PizzaShack", "1.0.0"),
            "api_3206c7ad19b4d41c31dec27bea04b51e85832f982e2729269e7b7f1d0d2d52fd"
        );
    }
}
