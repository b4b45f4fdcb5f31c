//! Finds the API and the resource for a request.
//!
//! First the base path, longest first, at a segment boundary, by case; an API at `/` takes what is left. Then the template
//! below it, the least in the order of [`mgw_bundle::template`] among the resources that declare the method. There is no way
//! back from a base path to a shorter one.
//!
//! [`path`] says how paths are read and which are refused; [`RouteTable::find`] is the whole decision; [`unreachable`] asks
//! it which resources nobody reaches.

mod base_paths;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod leaf;
mod methods;
mod path;
mod patterns;
mod resources;
mod samples;
mod survey;
#[cfg(test)]
mod tests;

pub(crate) use methods::{MethodSet, routed};
pub(crate) use path::PathRefusal;
pub use samples::{samples, unused_character};
pub use survey::{Instead, Unreachable, unreachable};

use base_paths::BasePaths;
use mgw_bundle::config::{Api, Method};
use mgw_bundle::template::TemplateError;
use path::RequestPath;
use resources::ResourceTable;

/// Position of an API in the bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ApiIndex(pub(crate) u32);

/// Position of a resource in its API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ResourceIndex(pub(crate) u32);

/// Why a bundle's APIs cannot be routed.
#[derive(Debug, thiserror::Error)]
pub enum RouteError {
    /// A template that cannot be routed.
    #[error("path template {template} is not supported: {reason}")]
    Template {
        /// As in the bundle.
        template: String,
        /// What is wrong with it.
        reason: TemplateError,
    },
    /// Two APIs at one base path.
    #[error("{first} and {second} share the base path {base_path}")]
    SharedBasePath {
        /// The path.
        base_path: String,
        /// Name and version of the first API.
        first: String,
        /// Name and version of the second.
        second: String,
    },
    /// A base path that does not start with `/`.
    #[error("base path {base_path} does not start with /")]
    BasePath {
        /// As in the bundle.
        base_path: String,
    },
    /// More APIs or resources than an index can count.
    #[error("there are more resources than can be counted")]
    TooMany,
}

/// What serves HEAD where a definition declares GET only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadRule {
    /// The resource of GET: its security, limits and backends. HTTP has HEAD wherever there is GET.
    LikeGet,
    /// Nothing, as in micro-gw: 405.
    Declared,
}

/// Where a request goes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route<'r> {
    /// To a resource.
    Resource {
        api: ApiIndex,
        resource: ResourceIndex,
        /// The raw path below the base path: empty, or starting with `/`.
        below: &'r str,
    },
    /// OPTIONS where no resource declares it; `methods` are those declared at the path.
    UndeclaredOptions { api: ApiIndex, methods: MethodSet },
    /// The path exists, the method does not.
    MethodNotAllowed { api: ApiIndex, methods: MethodSet },
    /// No template of the API matches.
    NoResource { api: ApiIndex },
    /// No API is at this path.
    NoApi,
    /// The path is not served, whatever the APIs are.
    Refused(PathRefusal),
}

/// The APIs of a bundle, ready for look-up.
#[derive(Debug, Clone)]
pub struct RouteTable {
    base_paths: BasePaths,
    apis: Vec<ResourceTable>,
}

/// Whether a path is one that is looked up at all: no APIs are needed to tell.
pub(crate) fn is_readable(raw_path: &str) -> bool {
    RequestPath::parse(raw_path).is_ok()
}

/// What a path means to one reader of it; all readings must agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Resource(ApiIndex, ResourceIndex),
    Methods(ApiIndex, MethodSet),
    NoApi,
}

impl RouteTable {
    /// Arranges the resources of APIs for look-up.
    ///
    /// # Errors
    ///
    /// When two APIs share a base path, or a template cannot be routed.
    pub fn build(apis: &[Api], head: HeadRule) -> Result<Self, RouteError> {
        Ok(Self {
            base_paths: BasePaths::build(apis)?,
            apis: apis
                .iter()
                .map(|api| ResourceTable::build(&api.resources, head))
                .collect::<Result<_, _>>()?,
        })
    }

    /// The positions of the API and the resource that serve a request, if any does; for tools.
    pub fn resource_at(&self, method: Method, raw_path: &str) -> Option<(usize, usize)> {
        match self.find(Some(method), raw_path) {
            Route::Resource { api, resource, .. } => Some((api.0 as usize, resource.0 as usize)),
            _ => None,
        }
    }

    /// The methods that are declared at a path.
    pub(crate) fn methods_at(&self, raw_path: &str) -> MethodSet {
        match self.find(None, raw_path) {
            Route::MethodNotAllowed { methods, .. } => methods,
            _ => MethodSet::default(),
        }
    }

    /// Decides where a request goes. `method` is `None` for methods that no resource can declare.
    pub(crate) fn find<'r>(&self, method: Option<Method>, raw_path: &'r str) -> Route<'r> {
        let path = match RequestPath::parse(raw_path) {
            Ok(path) => path,
            Err(refusal) => return Route::Refused(refusal),
        };
        let (target, base_length) = self.target(method, &path.matched);
        let agrees = |reading: &String| self.target(method, reading).0 == target;
        if !path.alternates.iter().all(agrees) {
            return Route::Refused(PathRefusal::Ambiguous);
        }
        let is_another = |reading: &String| {
            let kept = self.target(method, reading).0;
            matches!(kept, Target::Resource(..)) && kept != target
        };
        if path.kept.iter().any(is_another) {
            return Route::Refused(PathRefusal::Ambiguous);
        }
        match target {
            Target::NoApi => Route::NoApi,
            Target::Resource(api, resource) => Route::Resource {
                api,
                resource,
                below: path.raw_below(base_length),
            },
            Target::Methods(api, methods) if methods.is_empty() => Route::NoResource { api },
            Target::Methods(api, methods) if method == Some(Method::Options) => {
                Route::UndeclaredOptions { api, methods }
            }
            Target::Methods(api, methods) => Route::MethodNotAllowed { api, methods },
        }
    }

    /// The target and the length of the base path within `path`.
    fn target(&self, method: Option<Method>, path: &str) -> (Target, usize) {
        let Some((api, base_length)) = self.base_paths.find(path) else {
            return (Target::NoApi, 0);
        };
        let Some(resources) = self.apis.get(api.0 as usize) else {
            return (Target::NoApi, 0);
        };
        let below = path.get(base_length..).unwrap_or("");
        if let Some(resource) = method.and_then(|method| resources.find(method, below)) {
            return (Target::Resource(api, resource), base_length);
        }
        // OPTIONS at the base path itself asks about the whole API.
        let methods = if method == Some(Method::Options) && below.is_empty() {
            resources.declared()
        } else {
            resources.methods_at(below)
        };
        (Target::Methods(api, methods), base_length)
    }
}
