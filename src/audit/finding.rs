//! What a rule found.

use crate::diagnostics::{Code, Severity};
use mgw_bundle::config::{Api, Resource};

/// What a finding is about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Subject<'a> {
    /// An API as a whole.
    Api(&'a Api),
    /// One operation of an API.
    Operation(&'a Api, &'a Resource),
    /// The gateway's settings.
    Settings,
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

    /// `NAME:VERSION` of the API.
    pub(super) fn api(&self) -> Option<String> {
        match self.subject {
            Subject::Api(api) | Subject::Operation(api, _) | Subject::File { api: Some(api), .. } => Some(name(api)),
            Subject::Settings | Subject::File { api: None, .. } => None,
        }
    }

    /// `METHOD TEMPLATE` of the operation.
    pub(super) fn operation(&self) -> Option<String> {
        self.resource().map(operation)
    }

    pub(super) fn resource(&self) -> Option<&'a Resource> {
        match self.subject {
            Subject::Operation(_, resource) => Some(resource),
            Subject::Api(_) | Subject::Settings | Subject::File { .. } => None,
        }
    }

    /// The definition behind it, inside the project.
    pub(super) fn source(&self) -> Option<&'a str> {
        match self.subject {
            Subject::Api(api) | Subject::Operation(api, _) => Some(&api.source),
            Subject::Settings | Subject::File { .. } => None,
        }
    }

    /// The file behind it that is no definition.
    pub(super) fn file(&self) -> Option<&'a str> {
        match self.subject {
            Subject::File { file, .. } => Some(file),
            _ => None,
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
