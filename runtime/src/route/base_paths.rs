//! Finds the API at a path: the longest base path that ends at a segment boundary.

use super::{ApiIndex, RouteError};
use mgw_bundle::config::Api;
use std::collections::HashMap;

/// Base paths and default-version paths of every API.
#[derive(Debug, Clone)]
pub(super) struct BasePaths {
    by_path: HashMap<Box<str>, ApiIndex>,
    /// The API at `/`.
    root: Option<ApiIndex>,
    longest: usize,
}

impl BasePaths {
    pub(super) fn build(apis: &[Api]) -> Result<Self, RouteError> {
        let mut paths = Self {
            by_path: HashMap::new(),
            root: None,
            longest: 0,
        };
        for (index, api) in apis.iter().enumerate() {
            let index = ApiIndex(u32::try_from(index).map_err(|_| RouteError::TooMany)?);
            for path in std::iter::once(&api.base_path).chain(&api.default_version_path) {
                let earlier = paths.insert(path, index)?;
                if let Some(first) = earlier.and_then(|earlier| apis.get(earlier.0 as usize)) {
                    return Err(RouteError::SharedBasePath {
                        base_path: path.clone(),
                        first: format!("{}:{}", first.name, first.version),
                        second: format!("{}:{}", api.name, api.version),
                    });
                }
            }
        }
        Ok(paths)
    }

    fn insert(&mut self, path: &str, api: ApiIndex) -> Result<Option<ApiIndex>, RouteError> {
        if !path.starts_with('/') {
            return Err(RouteError::BasePath {
                base_path: path.to_owned(),
            });
        }
        let path = super::path::decode(path.trim_end_matches('/'));
        if path.is_empty() {
            return Ok(self.root.replace(api));
        }
        self.longest = self.longest.max(path.len());
        Ok(self.by_path.insert(path.into(), api))
    }

    /// The API and the length of its base path.
    pub(super) fn find(&self, path: &str) -> Option<(ApiIndex, usize)> {
        if path.len() <= self.longest
            && let Some(api) = self.by_path.get(path)
        {
            return Some((*api, path.len()));
        }
        let mut end = path.len().min(self.longest + 1);
        let bytes = path.as_bytes();
        while let Some(slash) = memchr::memrchr(b'/', bytes.get(..end).unwrap_or_default()) {
            if slash == 0 {
                break;
            }
            if let Some(api) = path.get(..slash).and_then(|prefix| self.by_path.get(prefix)) {
                return Some((*api, slash));
            }
            end = slash;
        }
        self.root.map(|api| (api, 0))
    }
}
