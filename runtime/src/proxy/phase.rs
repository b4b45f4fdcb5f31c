//! The phases of a request, in order.

/// The phases of a request, in order. Each may answer; the phases after it then do not run, except [`Phase::Respond`].
///
/// | Phase | Reads | May answer with |
/// |---|---|---|
/// | listener | request line, headers, sizes | 400, 413, 414, 431, health |
/// | route | method, path | 404, 405, OPTIONS and pre-flight answers |
/// | authn | credentials | 401, 403, 429, 500 |
/// | authz | the caller, scopes, subscription | 403 |
/// | throttle | the caller's and the resource's limits | 429, 500 |
/// | transform | headers, path | 403 when no endpoint serves the key type |
/// | upstream | the body | 502, 503, 504, 408, 413 |
/// | respond | the answer's headers | – |
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Listener,
    Route,
    Authn,
    Authz,
    Throttle,
    Transform,
    Upstream,
    Respond,
}

impl Phase {
    /// Name in logs.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Listener => "listener",
            Self::Route => "route",
            Self::Authn => "authn",
            Self::Authz => "authz",
            Self::Throttle => "throttle",
            Self::Transform => "transform",
            Self::Upstream => "upstream",
            Self::Respond => "respond",
        }
    }
}
