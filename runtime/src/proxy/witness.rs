//! What an onlooker sees of the decisions about a request.

use crate::auth::{Caller, Service, Wait};
use crate::route::ResourceIndex;
use crate::snapshot::Api;
use crate::throttle::{CoreGlobal, GlobalRequest, GlobalThrottle, Levels};
use crate::upstream::{Endpoint, UpstreamError};
use http::{HeaderMap, HeaderValue, Method};
use std::net::IpAddr;

/// Sees what is decided about a request, at the place where it is decided. The gateway that serves has none, which is `()`:
/// it sees nothing, lets everything go on, and costs nothing.
pub(crate) trait Witness {
    /// Whose request it is.
    fn client(&mut self, _: IpAddr) {}

    /// The API, and where there is one the resource with the raw path below the base path.
    fn routed(&mut self, _: Option<&Api>, _: Option<(ResourceIndex, &str)>) {}

    /// Whether the gateway may ask somebody else, or another thread, before it goes on.
    fn may_ask(&mut self, _: Question<'_>) -> bool {
        true
    }

    /// The caller may call; `None` where nobody is asked for credentials.
    fn admitted(&mut self, _: Option<&Caller>) {}

    /// What limits the request. Nothing is counted yet.
    fn limited(&mut self, _: &Levels<'_>) {}

    /// The traffic manager limits the request, by decisions that are looked for next.
    fn limited_elsewhere(&mut self, _: &GlobalThrottle, _: &mut CoreGlobal, _: &GlobalRequest<'_>) {}

    /// The request is ready for the backend. `Some`: it ends here, and this is how.
    fn leaves(&mut self, _: &Leaving<'_>) -> Option<Result<(), UpstreamError>> {
        None
    }
}

impl Witness for () {}

/// What the gateway would ask before it goes on.
#[derive(Debug)]
pub(crate) enum Question<'q> {
    /// Something that the decision about the caller needs.
    Caller(&'q Wait),
    /// Claims about the user, for the token that introduces the caller to the backend.
    Claims,
    /// The request is for a service of the gateway's own, which answers it.
    Service(Service),
}

/// A request that is ready for its backend.
#[derive(Debug)]
pub(crate) struct Leaving<'r> {
    pub(crate) endpoint: &'r Endpoint,
    pub(crate) method: &'r Method,
    /// Without `Host`.
    pub(crate) headers: &'r HeaderMap,
    /// `Host` in place of the backend's own.
    pub(crate) host: Option<&'r HeaderValue>,
    /// What the endpoint chooses its target by.
    pub(crate) key: Option<u64>,
    /// Raw path below the base path.
    pub(crate) below: &'r str,
    /// Raw query.
    pub(crate) query: Option<&'r str>,
    /// Whether it is the endpoint of sandbox keys, and of no others.
    pub(crate) is_sandbox: bool,
    /// Query parameters of the API that carry keys.
    pub(crate) key_parameters: &'r [String],
}
