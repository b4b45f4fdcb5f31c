//! How a running gateway follows its control plane.

use serde::{Deserialize, Serialize};

/// What `/connected` tells, as far as it is of interest.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all(deserialize = "camelCase"))]
pub(super) struct Following {
    /// `fresh`, `stale`, `emergency` or `expired`.
    state: String,
    /// Age of what was taken over last, in seconds; absent: nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    age_seconds: Option<u64>,
    control_plane: String,
    signed_in: bool,
    /// Why the last attempt failed; absent: it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
    failures_in_a_row: u64,
    /// Digest of the bundle that it was started with.
    pub(super) base: String,
}

impl Following {
    /// For people.
    pub(super) fn sentence(&self) -> String {
        let age = match self.age_seconds {
            Some(age) => format!("confirmed {age} s ago"),
            None => "nothing taken over yet".to_owned(),
        };
        let mut text = format!("{}: {}, {age}", self.control_plane, self.state);
        if let Some(error) = &self.last_error {
            text.push_str(&format!(
                "; the last attempt failed ({} in a row): {error}",
                self.failures_in_a_row
            ));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_age_and_last_error_are_told() {
        let mut told = Following {
            state: "fresh".into(),
            age_seconds: Some(3),
            control_plane: "https://localhost:9443".into(),
            signed_in: true,
            last_error: None,
            failures_in_a_row: 0,
            base: String::new(),
        };
        assert_eq!(told.sentence(), "https://localhost:9443: fresh, confirmed 3 s ago");
        (told.age_seconds, told.last_error, told.failures_in_a_row) = (None, Some("no way".into()), 2);
        assert_eq!(
            told.sentence(),
            "https://localhost:9443: fresh, nothing taken over yet; the last attempt failed (2 in a row): no way"
        );
    }
}
