//! Strict base64url: the URL alphabet only, canonical trailing bits, padding only where the caller may allow it.

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Decodes `text`. Padding, where present, has to be canonical; whether it may be present is the issuer's business.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    ENGINE.decode(text).ok()
}

/// Returns whether `text` carries padding.
pub(super) fn is_padded(text: &str) -> bool {
    text.ends_with('=')
}
