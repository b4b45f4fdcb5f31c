//! What records say about an API.

use super::record::tenant_of;
use crate::auth::CallerKeyType;
use crate::upstream::AnsweredBy;
use mgw_bundle::config;
use std::borrow::Cow;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

/// What stands for a publisher that nobody named.
const UNKNOWN: &str = "__unknown__";
/// The tenant of those who name none.
pub(super) const SUPER_TENANT: &str = "carbon.super";

/// URLs of a resource's backends: for production, the sandbox, and other key types.
pub(crate) type Destinations = [Option<Arc<[Box<str>]>>; 3];

/// What records say about an API; made with the configuration.
#[derive(Debug)]
pub(crate) struct UsageApi {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) base_path: String,
    /// The base path, followed by the version unless it ends with it.
    pub(super) context: String,
    pub(super) creator: String,
    pub(super) creator_tenant: String,
    /// Templates of the resources, by number.
    pub(super) templates: Box<[String]>,
    /// By number of the resource.
    pub(super) destinations: Box<[Destinations]>,
}

/// A core's own handle on it: records count references here, where no other core does.
#[derive(Debug)]
pub(crate) struct CoreApi(Arc<UsageApi>);

/// The handles of all cores. That of a core exists from its first request to the API on.
#[derive(Debug)]
pub(crate) struct UsageApis {
    api: Arc<UsageApi>,
    cores: Box<[OnceLock<Arc<CoreApi>>]>,
}

impl UsageApis {
    pub(crate) fn new(api: UsageApi, cores: usize) -> Self {
        Self {
            api: Arc::new(api),
            cores: (0..cores).map(|_| OnceLock::new()).collect(),
        }
    }

    /// The handle of a core.
    pub(crate) fn of(&self, core: usize) -> Option<&Arc<CoreApi>> {
        let make = || Arc::new(CoreApi(Arc::clone(&self.api)));
        self.cores.get(core).map(|handle| handle.get_or_init(make))
    }
}

impl Deref for CoreApi {
    type Target = UsageApi;

    fn deref(&self) -> &UsageApi {
        &self.0
    }
}

impl UsageApi {
    pub(crate) fn new(api: &config::Api, destinations: Box<[Destinations]>) -> Self {
        Self {
            name: api.name.clone(),
            version: api.version.clone(),
            base_path: api.base_path.clone(),
            context: context(&api.base_path, &api.version),
            creator: api.provider.clone().unwrap_or_else(|| UNKNOWN.to_owned()),
            creator_tenant: api.provider.as_deref().map_or(SUPER_TENANT, tenant_of).to_owned(),
            templates: api.resources.iter().map(|resource| resource.template.clone()).collect(),
            destinations,
        }
    }

    /// The URL of the backend that answered a caller with such a key at a resource.
    pub(super) fn destination(&self, resource: usize, key: CallerKeyType, by: &AnsweredBy) -> Cow<'_, str> {
        if let Some(place) = &by.found {
            return Cow::Owned(place.url());
        }
        let destinations = self.destinations.get(resource);
        let urls = destinations.and_then(|by_key| by_key.get(key as usize)?.as_deref());
        Cow::Borrowed(urls.and_then(|urls| urls.get(by.position)).map_or("", |url| url))
    }
}

fn context(base_path: &str, version: &str) -> String {
    let base_path = base_path.trim_end_matches('/');
    if base_path.ends_with(version) {
        base_path.to_owned()
    } else {
        format!("{base_path}/{version}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_context_ends_with_the_version() {
        for (base_path, expected) in [
            ("/pay", "/pay/1.0"),
            ("/pay/", "/pay/1.0"),
            ("/pay/1.0", "/pay/1.0"),
            ("/pay/v1.0", "/pay/v1.0"),
            ("/pay1.0/x", "/pay1.0/x/1.0"),
        ] {
            assert_eq!(context(base_path, "1.0"), expected);
        }
    }
}
