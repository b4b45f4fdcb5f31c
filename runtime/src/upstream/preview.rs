//! Where a request would be sent first, without sending it.

use super::attempts::Attempts;
use super::endpoint::Endpoint;
use super::error::UpstreamError;
use super::target::Target;
use http::{HeaderValue, Uri};

/// Where a request would be sent first.
#[derive(Debug)]
pub(crate) struct Preview {
    /// Number of the target in its endpoint.
    pub(crate) position: usize,
    /// The backend's URL without its path.
    pub(crate) root: String,
    /// Path and query as the backend gets them.
    pub(crate) target: Uri,
    /// `Host` as the backend gets it.
    pub(crate) host: HeaderValue,
    /// Whether discovery says where the target is.
    pub(crate) is_found: bool,
    /// Whether it is likely to get the request by HTTP/2.
    pub(crate) is_http2: bool,
}

impl Endpoint {
    /// Chooses as [`Upstream::send`](super::Upstream::send) does, and addresses the request as it does.
    pub(crate) fn preview(
        &self,
        key: Option<u64>,
        below: &str,
        query: Option<&str>,
        host: Option<&HeaderValue>,
    ) -> Result<Preview, UpstreamError> {
        let (_, position) = Attempts::begin(self, key)?;
        let chosen = self.targets.get(position);
        let place = chosen.and_then(Target::place).ok_or(UpstreamError::Unusable)?;
        let address = place.address(below, query, host);
        let (target, host) = address.ok_or(UpstreamError::Unaddressable)?;
        Ok(Preview {
            position,
            root: place.root(),
            target,
            host,
            is_found: chosen.is_some_and(Target::is_found),
            is_http2: chosen.is_some_and(Target::expects_http2),
        })
    }
}
