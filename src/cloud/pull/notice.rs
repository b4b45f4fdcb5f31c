//! What a definition could not take over from its API, and where the API says it.

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Topic {
    /// A backend that cannot be used, or not as the control plane's own gateway uses it.
    Backend,
    /// A secret that stays behind.
    Secret,
    /// How callers present themselves.
    Security,
    /// Code that this gateway does not run.
    Mediation,
    /// A limit that is not applied.
    Limit,
}

/// Something that could not be taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    /// What it is about.
    pub(crate) topic: Topic,
    /// Keys that lead to it in the details of the API; as much of them as is known.
    pub(crate) at: Vec<String>,
    /// A sentence without the name of the API.
    pub(crate) text: String,
}

impl Notice {
    pub(super) fn new(topic: Topic, at: &[&str], text: impl Into<String>) -> Self {
        Self {
            topic,
            at: at.iter().map(|&key| key.to_owned()).collect(),
            text: text.into(),
        }
    }

    /// About the backends of one side.
    pub(super) fn backend(side: &str, text: impl Into<String>) -> Self {
        Self::new(Topic::Backend, &["endpointConfig", &format!("{side}_endpoints")], text)
    }

    /// About the credentials for the backends of one side.
    pub(super) fn credentials(topic: Topic, side: &str, text: impl Into<String>) -> Self {
        Self::new(topic, &["endpointConfig", "endpoint_security", side], text)
    }
}
