//! Entry point of the fuzz targets into the reader of request paths.

use super::path::RequestPath;

/// Brings a request path into the form that is matched. What is admitted has no way up in it.
pub fn request_path(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(path) = RequestPath::parse(text)
    {
        assert!(!path.matched.split('/').any(|segment| matches!(segment, "." | "..")));
        assert_eq!(path.raw, text);
    }
}
