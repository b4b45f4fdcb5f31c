//! Finds the API at a path: the longest base path that ends at a segment boundary.

use super::{ApiIndex, RouteError};
use mgw_bundle::config::Api;
use mgw_bundle::template::decoded;
use rustc_hash::FxHashMap;

/// Base paths and default-version paths of every API.
#[derive(Debug, Clone)]
pub(super) struct BasePaths {
    by_path: FxHashMap<Box<str>, ApiIndex>,
    /// The API at `/`.
    root: Option<ApiIndex>,
    /// By number of bytes: whether there is a base path as long. A path of many segments is looked up only where it has
    /// one of these lengths.
    lengths: Vec<bool>,
}

impl BasePaths {
    pub(super) fn build(apis: &[Api]) -> Result<Self, RouteError> {
        let mut paths = Self {
            by_path: FxHashMap::default(),
            root: None,
            lengths: Vec::new(),
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
        let path = decoded(path.trim_end_matches('/'));
        if path.is_empty() {
            return Ok(self.root.replace(api));
        }
        if self.lengths.len() <= path.len() {
            self.lengths.resize(path.len() + 1, false);
        }
        self.lengths[path.len()] = true;
        Ok(self.by_path.insert(path.into(), api))
    }

    /// The API and the length of its base path.
    pub(super) fn find(&self, path: &str) -> Option<(ApiIndex, usize)> {
        let mut end = path.len();
        if end >= self.lengths.len() {
            // Nothing is as long: begin at the last slash that could end a base path.
            let head = path.as_bytes().get(..self.lengths.len()).unwrap_or_default();
            end = last_slash(head);
        }
        while end > 0 {
            if let Some(api) = self.at(path, end) {
                return Some((api, end));
            }
            let head = path.as_bytes().get(..end).unwrap_or_default();
            end = last_slash(head);
        }
        self.root.map(|api| (api, 0))
    }

    /// The API whose base path is the first `length` bytes of `path`.
    fn at(&self, path: &str, length: usize) -> Option<ApiIndex> {
        self.lengths.get(length).filter(|exists| **exists)?;
        self.by_path.get(path.get(..length)?).copied()
    }
}

/// Where the last slash is; 0 where there is none behind the first byte. Segments are short: looking at each byte beats
/// setting up a wider search.
fn last_slash(head: &[u8]) -> usize {
    head.iter().rposition(|byte| *byte == b'/').unwrap_or(0)
}
