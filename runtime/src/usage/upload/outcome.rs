//! What an answer to an upload means.

/// Whose service takes the uploads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// API Manager's analytics: uploaded files are deleted.
    ApiManager,
    /// API Cloud: uploaded files are kept for a while, and a round ends with the first failure.
    ApiCloud,
}

/// What came of uploading a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The service has it now.
    Accepted,
    /// The service had it already.
    Duplicate,
    /// The service does not take it under its name: no use in trying again.
    Refused,
    /// The service does not take the credentials.
    Credentials,
    /// The service could not be reached in time.
    Unreached,
    /// Any other answer: the file is kept.
    Failed,
}

/// What the service says of a file that it has; with the status 500.
const DUPLICATE: &str = "A duplicate entry found for the file";

impl Outcome {
    pub(in crate::usage) const ALL: [Self; 6] = [
        Self::Accepted,
        Self::Duplicate,
        Self::Refused,
        Self::Credentials,
        Self::Unreached,
        Self::Failed,
    ];

    /// Reads an answer. Only 201 says that a file was taken: other successes come from whoever else answers there.
    pub(super) fn of(status: u16, body: &str) -> Self {
        match status {
            201 => Self::Accepted,
            500 if body.contains(DUPLICATE) => Self::Duplicate,
            400 => Self::Refused,
            401 | 403 => Self::Credentials,
            _ => Self::Failed,
        }
    }

    /// Whether the next file is tried after this.
    pub fn goes_on(self, service: Service) -> bool {
        match self {
            Self::Accepted | Self::Duplicate | Self::Refused => true,
            Self::Credentials | Self::Unreached => false,
            Self::Failed => service == Service::ApiManager,
        }
    }

    /// Whether the service has the file.
    pub fn is_done(self) -> bool {
        matches!(self, Self::Accepted | Self::Duplicate)
    }

    /// Returns what people are told.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Duplicate => "already there",
            Self::Refused => "refused: the service does not take the file under its name",
            Self::Credentials => "the user name or the password is wrong",
            Self::Unreached => "the service could not be reached in time",
            Self::Failed => "the service failed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read() {
        for (status, body, outcome, cloud_goes_on, manager_goes_on) in [
            (201, "File uploaded successfully.", Outcome::Accepted, true, true),
            (200, "<html>", Outcome::Failed, false, true),
            (
                500,
                "A duplicate entry found for the file : api-usage-data.dat.1.zip",
                Outcome::Duplicate,
                true,
                true,
            ),
            (500, "oops", Outcome::Failed, false, true),
            (
                503,
                "A duplicate entry found for the file",
                Outcome::Failed,
                false,
                true,
            ),
            (400, "FileName Header is missing.", Outcome::Refused, true, true),
            (401, "", Outcome::Credentials, false, false),
            (403, "", Outcome::Credentials, false, false),
            (404, "", Outcome::Failed, false, true),
            (302, "", Outcome::Failed, false, true),
        ] {
            let found = Outcome::of(status, body);
            assert_eq!(found, outcome, "{status}");
            assert_eq!(found.goes_on(Service::ApiCloud), cloud_goes_on, "{status}");
            assert_eq!(found.goes_on(Service::ApiManager), manager_goes_on, "{status}");
        }
    }
}
