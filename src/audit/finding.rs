//! What a rule found.

use crate::diagnostics::{About, Code, Severity};
use mgw_bundle::config::{Api, Resource};
use mgw_runtime::config::Origin;

/// What a finding is about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Subject<'a> {
    /// An API as a whole.
    Api(&'a Api),
    /// One operation of an API.
    Operation(&'a Api, &'a Resource),
    /// A setting of the gateway: where it was made (`None`: nobody made it), and the API that alone it concerns.
    Setting {
        origin: Option<&'a Origin>,
        api: Option<&'a Api>,
    },
    /// A file that is no definition, and the API that alone it concerns.
    File { file: &'a str, api: Option<&'a Api> },
}

/// What a rule found.
#[derive(Debug)]
pub(super) struct Finding<'a> {
    pub(super) code: Code,
    pub(super) severity: Severity,
    pub(super) subject: Subject<'a>,
    pub(super) message: String,
    pub(super) remedy: String,
}

impl<'a> Finding<'a> {
    /// Something that is most likely not meant.
    pub(super) fn warning(
        code: Code,
        subject: Subject<'a>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            code,
            severity: Severity::Warning,
            subject,
            message: message.into(),
            remedy: remedy.into(),
        }
    }

    /// Something that may be meant.
    pub(super) fn note(
        code: Code,
        subject: Subject<'a>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            severity: Severity::Note,
            ..Self::warning(code, subject, message, remedy)
        }
    }

    /// The API or operation that it is about.
    pub(super) fn about(&self) -> Option<About> {
        match self.subject {
            Subject::Operation(api, resource) => Some(About::operation(api, resource)),
            Subject::Api(api) => Some(About::api(api)),
            Subject::Setting { api, .. } | Subject::File { api, .. } => api.map(About::api),
        }
    }
}

/// `NAME:VERSION`
pub(super) fn name(api: &Api) -> String {
    format!("{}:{}", api.name, api.version)
}

/// `METHOD TEMPLATE`
pub(super) fn operation(resource: &Resource) -> String {
    format!("{} {}", resource.method.as_str(), resource.template)
}
