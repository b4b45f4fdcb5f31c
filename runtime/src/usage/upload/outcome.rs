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
    /// The service has a file of this name, which cannot be this one.
    Collided,
    /// The service does not take it under its name.
    Refused,
    /// The service, or something in front of it, does not take so large a file.
    TooLarge,
    /// The service does not take the credentials.
    Credentials,
    /// The service could not be reached in time.
    Unreached {
        /// What people are told.
        why: &'static str,
        /// Whether the service may have got the file.
        may_be_there: bool,
    },
    /// Any other answer: the file is kept.
    Failed,
}

/// What the service says of a file that it has; with the status 500.
const DUPLICATE: &str = "A duplicate entry found for the file";
/// What API Cloud's answer names when it does not take a name; with the status 400. Whatever else answers there does not.
const NAME: &str = "FileName";

impl Outcome {
    /// How many kinds there are.
    pub(in crate::usage) const PLACES: usize = 8;

    /// The place of its kind among all.
    pub(in crate::usage) const fn place(self) -> usize {
        match self {
            Self::Accepted => 0,
            Self::Duplicate => 1,
            Self::Collided => 2,
            Self::Refused => 3,
            Self::TooLarge => 4,
            Self::Credentials => 5,
            Self::Unreached { .. } => 6,
            Self::Failed => 7,
        }
    }

    /// Reads an answer. Only 201 says that a file was taken: other successes come from whoever else answers there.
    pub(super) fn of(status: u16, body: &str) -> Self {
        match status {
            201 => Self::Accepted,
            500 if body.contains(DUPLICATE) => Self::Duplicate,
            400 if body.contains(NAME) => Self::Refused,
            413 => Self::TooLarge,
            401 | 403 => Self::Credentials,
            _ => Self::Failed,
        }
    }

    /// What it means to this service: only API Cloud says that a name is wrong for good.
    pub fn at(self, service: Service) -> Self {
        match (self, service) {
            (Self::Refused, Service::ApiManager) => Self::Failed,
            _ => self,
        }
    }

    /// Whether the next file is tried after this. Where one name is not taken, most likely none is.
    pub fn goes_on(self, service: Service) -> bool {
        match self {
            Self::Accepted | Self::Duplicate | Self::Collided | Self::TooLarge => true,
            Self::Refused | Self::Credentials | Self::Unreached { .. } => false,
            Self::Failed => service == Service::ApiManager,
        }
    }

    /// Whether the service has the file.
    pub fn is_done(self) -> bool {
        matches!(self, Self::Accepted | Self::Duplicate)
    }

    /// Whether the file is set aside, for people to look at.
    pub fn is_set_aside(self) -> bool {
        matches!(self, Self::Refused | Self::TooLarge)
    }

    /// Whether the service may have the file after this.
    pub fn may_be_there(self) -> bool {
        match self {
            Self::Unreached { may_be_there, .. } => may_be_there,
            Self::Credentials | Self::Collided | Self::Refused | Self::TooLarge => false,
            Self::Accepted | Self::Duplicate | Self::Failed => true,
        }
    }

    /// Returns what people are told.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Duplicate => "already there",
            Self::Collided => "the service has another gateway's file of the same name",
            Self::Refused => "refused: the service does not take the file under its name",
            Self::TooLarge => "refused: the service does not take files of this size",
            Self::Credentials => "the user name or the password is wrong",
            Self::Unreached { why, .. } => why,
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
            (400, "FileName Header is missing.", Outcome::Refused, false, true),
            (400, "<html>Bad Request</html>", Outcome::Failed, false, true),
            (413, "", Outcome::TooLarge, true, true),
            (401, "", Outcome::Credentials, false, false),
            (403, "", Outcome::Credentials, false, false),
            (404, "", Outcome::Failed, false, true),
            (302, "", Outcome::Failed, false, true),
        ] {
            let found = Outcome::of(status, body);
            assert_eq!(found, outcome, "{status}");
            let goes_on = |service| found.at(service).goes_on(service);
            assert_eq!(goes_on(Service::ApiCloud), cloud_goes_on, "{status}");
            assert_eq!(goes_on(Service::ApiManager), manager_goes_on, "{status}");
        }
    }

    #[test]
    fn only_api_cloud_refuses_names() {
        assert!(!Outcome::Refused.at(Service::ApiManager).is_set_aside());
        assert!(Outcome::Refused.at(Service::ApiCloud).is_set_aside());
    }
}
