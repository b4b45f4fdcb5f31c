//! `Via` (RFC 9110, 7.6.3): through which intermediaries a request came.

use http::header::VIA;
use http::{HeaderMap, HeaderValue, Version};

/// How often a request may come by. An API whose backend is another API of the same gateway comes by twice, which is
/// nobody's mistake; what goes in circles comes by without end.
const PASSES: usize = 8;

/// The gateway's own entry.
#[derive(Debug, Clone)]
pub(super) struct Via {
    name: Box<[u8]>,
    http_10: HeaderValue,
    http_11: HeaderValue,
    http_2: HeaderValue,
}

impl Via {
    /// Builds the entries; `None` when the name cannot stand in a header.
    pub(super) fn new(name: &str) -> Option<Self> {
        let entry = |protocol: &str| HeaderValue::try_from(format!("{protocol} {name}")).ok();
        Some(Self {
            name: name.as_bytes().into(),
            http_10: entry("1.0")?,
            http_11: entry("1.1")?,
            http_2: entry("2.0")?,
        })
    }

    pub(super) fn mark(&self, headers: &mut HeaderMap, version: Version) {
        let entry = match version {
            Version::HTTP_2 => &self.http_2,
            Version::HTTP_10 | Version::HTTP_09 => &self.http_10,
            _ => &self.http_11,
        };
        headers.append(VIA, entry.clone());
    }

    pub(super) fn is_loop(&self, headers: &HeaderMap) -> bool {
        let entries = headers
            .get_all(VIA)
            .iter()
            .flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
        entries.filter(|entry| self.is_own(entry)).count() >= PASSES
    }

    /// `1.1 name`, `HTTP/1.1 name (comment)`
    fn is_own(&self, entry: &[u8]) -> bool {
        let mut words = entry.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        words.nth(1).is_some_and(|name| name.eq_ignore_ascii_case(&self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_goes_in_circles_is_noticed() {
        let via = Via::new("edge").expect("a name");
        let mut headers = HeaderMap::new();
        headers.append(VIA, HeaderValue::from_static("1.1 other, 1.0 edges (edge), edge"));
        for pass in 0..PASSES {
            assert!(!via.is_loop(&headers), "{pass}");
            via.mark(&mut headers, Version::HTTP_2);
        }
        assert!(via.is_loop(&headers));
        let mut headers = HeaderMap::new();
        headers.append(
            VIA,
            HeaderValue::try_from(["HTTP/1.1  EDGE (x)"; PASSES].join(",")).expect("a value"),
        );
        assert!(via.is_loop(&headers));
    }
}
