//! OCSP responses that are sent with certificates.

/// Largest response, in bytes.
const MAX_BYTES: usize = 64 * 1024;
/// The response status `successful` as the first element of the response.
const SUCCESSFUL: [u8; 3] = [0x0a, 0x01, 0x00];

/// Why a response is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OcspError {
    /// Too large.
    #[error("an OCSP response is at most {MAX_BYTES} bytes long")]
    TooLarge,
    /// Not DER, or cut off.
    #[error("it is no OCSP response in DER; fetch one with `openssl ocsp -respout FILE`")]
    Malformed,
    /// An error of the responder.
    #[error("it is an error of the responder, not a response about a certificate; fetch it again")]
    Unsuccessful,
}

/// Returns a response that can be sent. What it says is for clients to judge.
pub(super) fn check(bytes: Vec<u8>) -> Result<Vec<u8>, OcspError> {
    if bytes.len() > MAX_BYTES {
        return Err(OcspError::TooLarge);
    }
    let content = sequence(&bytes).ok_or(OcspError::Malformed)?;
    match content.get(..3) {
        Some(status) if status == SUCCESSFUL => Ok(bytes),
        Some([0x0a, 0x01, _]) => Err(OcspError::Unsuccessful),
        _ => Err(OcspError::Malformed),
    }
}

/// The content of a DER sequence that takes all bytes.
fn sequence(bytes: &[u8]) -> Option<&[u8]> {
    let (&first, rest) = bytes.strip_prefix(&[0x30])?.split_first()?;
    let (length, content) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x83 => {
            let (digits, content) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit));
            (length, content)
        }
        _ => return None,
    };
    (content.len() == length).then_some(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_successful_responses_are_sent() {
        let long = |length: usize| {
            let mut bytes = vec![0x30, 0x82];
            bytes.extend_from_slice(&u16::try_from(length).unwrap_or(0).to_be_bytes());
            bytes.extend_from_slice(&SUCCESSFUL);
            bytes.resize(4 + length, 0);
            bytes
        };
        for (bytes, expected) in [
            (vec![0x30, 3, 0x0a, 1, 0], None),
            (vec![0x30, 0x81, 3, 0x0a, 1, 0], None),
            (long(300), None),
            (vec![0x30, 3, 0x0a, 1, 3], Some(OcspError::Unsuccessful)),
            (vec![0x30, 4, 0x0a, 1, 0], Some(OcspError::Malformed)),
            (vec![0x30, 3, 0x0a, 1, 0, 0], Some(OcspError::Malformed)),
            (vec![0x30, 0x80, 0x0a, 1, 0], Some(OcspError::Malformed)),
            (vec![0x30, 0x84], Some(OcspError::Malformed)),
            (vec![0x30, 0], Some(OcspError::Malformed)),
            (b"-----BEGIN".to_vec(), Some(OcspError::Malformed)),
            (Vec::new(), Some(OcspError::Malformed)),
            (vec![0x30; MAX_BYTES + 1], Some(OcspError::TooLarge)),
        ] {
            assert_eq!(check(bytes.clone()).err(), expected, "{bytes:?}");
        }
    }
}
