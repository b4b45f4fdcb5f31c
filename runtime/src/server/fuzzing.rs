//! What is stapled to certificates, for the fuzz targets.

use super::ocsp::check;

/// Looks at an OCSP response. What is sent is what was there.
pub(crate) fn stapled(bytes: &[u8]) {
    if let Ok(sent) = check(bytes.to_vec()) {
        assert_eq!(sent, bytes);
    }
}
