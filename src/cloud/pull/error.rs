//! Why nothing was pulled.

use crate::cloud::CloudError;
use crate::lock::LockError;
use crate::ui::count;

/// Why nothing was pulled. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PullError {
    /// Neither flags nor settings say what to pull.
    #[error("nothing says what to pull")]
    NothingSelected,
    /// Not of the form `NAME:VERSION`.
    #[error("`{0}` is not an API reference")]
    Reference(String),
    /// Nothing, or a character that no label has.
    #[error("`{0}` cannot be a gateway label")]
    Label(String),
    /// Nothing, or a character that no tag has.
    #[error("`{0}` cannot be a tag")]
    Tag(String),
    /// A tag whose APIs are none, or not served.
    #[error("no API with the tag `{tag}` can be served")]
    EmptyTag {
        /// As given.
        tag: String,
        /// APIs with that tag that are not served, with their state.
        not_served: Vec<String>,
    },
    /// Everything is meant, and nothing can be served.
    #[error("there is no API that can be served, or you may not see it")]
    NothingServed,
    /// No such label.
    #[error("there is no gateway label `{label}`")]
    UnknownLabel {
        /// As given.
        label: String,
        /// The labels there are.
        known: Vec<String>,
    },
    /// A label whose APIs are none, or not served.
    #[error("no API with the label `{label}` can be served")]
    EmptyLabel {
        /// As given.
        label: String,
        /// APIs with that label that are not served, with their state.
        not_served: Vec<String>,
    },
    /// No such API, or not visible.
    #[error("there is no API {reference}, or you may not see it")]
    UnknownApi {
        /// As given.
        reference: String,
        /// What is visible, as `NAME:VERSION`.
        known: Vec<String>,
    },
    /// The API is there, but not in a state in which it is served.
    #[error("the API {reference} is {state}: it is not served")]
    NotServed {
        /// As given.
        reference: String,
        /// Life-cycle state.
        state: String,
    },
    /// Several owners have an API of that name and version.
    #[error("several APIs are called {reference}")]
    AmbiguousApi {
        /// As given.
        reference: String,
        /// Complete references.
        candidates: Vec<String>,
    },
    /// Two APIs that end in the same file.
    #[error("two of the selected APIs are called {name}:{version}")]
    SameName {
        /// Name.
        name: String,
        /// Version.
        version: String,
        /// Their owners.
        providers: Vec<String>,
    },
    /// One API, deployed in two versions of itself.
    #[error("different revisions of {name} {version} are selected")]
    SeveralRevisions {
        /// Name.
        name: String,
        /// Version.
        version: String,
        /// Which revision is deployed where.
        deployed: Vec<String>,
    },
    /// Some APIs could not be read; all of them are named.
    #[error("{} of {} could not be read", failed.len(), count::apis(*total))]
    Apis {
        /// Number of selected APIs.
        total: usize,
        /// API and cause.
        failed: Vec<(String, CloudError)>,
    },
    /// A definition is said to be unchanged of which none is known.
    #[error("the definition of {0} is neither here nor sent")]
    UnknownDefinition(String),
    /// A file cannot be staged.
    #[error(transparent)]
    Stage(#[from] LockError),
    /// A document cannot be written as JSON.
    #[error("cannot write down what was pulled")]
    Document(#[from] serde_json::Error),
    /// The conversation failed.
    #[error(transparent)]
    Cloud(#[from] CloudError),
}
