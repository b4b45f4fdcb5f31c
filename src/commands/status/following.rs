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
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
    /// How the clocks differ, where they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    clock_skew: Option<String>,
    /// The bundle that it was given last, where it does not serve that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refused_bundle: Option<RefusedBundle>,
    /// Digest of the bundle that it was started with.
    pub(super) base: String,
}

/// A bundle that a gateway was given and does not serve.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all(deserialize = "camelCase"))]
pub(super) struct RefusedBundle {
    /// Absent: it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    reason: String,
    at_ms: u64,
}

impl RefusedBundle {
    /// For people.
    pub(super) fn sentence(&self) -> String {
        let digest = self.digest.as_deref().map(|digest| format!(" ({digest})"));
        format!(
            "the bundle that it was given last{} is not served: {}",
            digest.unwrap_or_default(),
            self.reason
        )
    }
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
        if let Some(skew) = &self.clock_skew {
            text.push_str(&format!("; {skew}"));
        }
        if let Some(refused) = &self.refused_bundle {
            text.push_str(&format!("; {}", refused.sentence()));
        }
        if let Some(remedy) = &self.remedy {
            text.push_str(&format!(". {remedy}"));
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
            remedy: None,
            clock_skew: None,
            refused_bundle: None,
            base: String::new(),
        };
        assert_eq!(told.sentence(), "https://localhost:9443: fresh, confirmed 3 s ago");
        (told.age_seconds, told.last_error, told.failures_in_a_row) = (None, Some("no way".into()), 2);
        assert_eq!(
            told.sentence(),
            "https://localhost:9443: fresh, nothing taken over yet; the last attempt failed (2 in a row): no way"
        );
        told.clock_skew = Some("the clock here is 1 day ahead".into());
        told.refused_bundle = Some(RefusedBundle {
            digest: Some("sha256:0".into()),
            reason: "it follows another control plane".into(),
            at_ms: 1,
        });
        told.remedy = Some("Run mgw login.".into());
        assert_eq!(
            told.sentence(),
            "https://localhost:9443: fresh, nothing taken over yet; the last attempt failed (2 in a row): no way; the \
             clock here is 1 day ahead; the bundle that it was given last (sha256:0) is not served: it follows another \
             control plane. Run mgw login."
        );
    }
}
