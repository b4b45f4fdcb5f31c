//! What a receiver answers.

/// Longest name of a session.
const MAX_SESSION: usize = 256;
/// Longest class of an error.
const MAX_CLASS: usize = 1024;
/// Longest text of an error.
const MAX_TEXT: usize = 64 << 10;
/// Longest answer, in bytes.
pub(super) const MAX_RESPONSE: usize = 1 + 4 + 4 + MAX_CLASS + MAX_TEXT;

const TAKEN: u8 = 0;
const ERROR: u8 = 1;
const SESSION: u8 = 2;

/// What a receiver answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Response {
    /// It did what it was told.
    Taken,
    /// It did not.
    Refused(Refused),
    /// It began a session, with this name.
    Session(String),
}

/// Why a receiver did not do what it was told, as far as that makes a difference. What else it says stays there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// There is no such session any more.
    Expired,
    /// The user name or the password is wrong.
    Credentials,
    /// Anything else.
    Otherwise,
}

/// No answer of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

impl Response {
    /// Reads an answer from the front of `bytes`; `None`: there is more to come. Tells how long it is.
    pub(super) fn read(bytes: &[u8]) -> Result<Option<(Self, usize)>, Malformed> {
        let mut input = Input { bytes, taken: 0 };
        match input.response() {
            Ok(response) => Ok(Some((response, input.taken))),
            Err(Unread::Early) => Ok(None),
            Err(Unread::Malformed) => Err(Malformed),
        }
    }
}

enum Unread {
    /// It ends too early.
    Early,
    Malformed,
}

struct Input<'a> {
    bytes: &'a [u8],
    taken: usize,
}

impl<'a> Input<'a> {
    fn response(&mut self) -> Result<Response, Unread> {
        match self.octet()? {
            TAKEN => Ok(Response::Taken),
            ERROR => {
                let class = self.length(MAX_CLASS)?;
                let text = self.length(MAX_TEXT)?;
                let class = self.take(class)?;
                self.take(text)?;
                Ok(Response::Refused(Refused::of(class)))
            }
            SESSION => {
                let length = self.length(MAX_SESSION)?;
                let name = std::str::from_utf8(self.take(length)?).map_err(|_| Unread::Malformed)?;
                if name.is_empty() {
                    return Err(Unread::Malformed);
                }
                Ok(Response::Session(name.to_owned()))
            }
            _ => Err(Unread::Malformed),
        }
    }

    fn octet(&mut self) -> Result<u8, Unread> {
        self.take(1)?.first().copied().ok_or(Unread::Early)
    }

    /// A length is refused before what it announces is waited for.
    fn length(&mut self, most: usize) -> Result<usize, Unread> {
        let bytes = self.take(4)?.try_into().map_err(|_| Unread::Early)?;
        let length = usize::try_from(u32::from_be_bytes(bytes)).map_err(|_| Unread::Malformed)?;
        if length > most {
            return Err(Unread::Malformed);
        }
        Ok(length)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Unread> {
        let (taken, rest) = self.bytes.split_at_checked(length).ok_or(Unread::Early)?;
        self.bytes = rest;
        self.taken += length;
        Ok(taken)
    }
}

impl Refused {
    /// The class has the name of a Java class, which packages move now and then.
    fn of(class: &[u8]) -> Self {
        let name = class.rsplit(|byte| *byte == b'.').next().unwrap_or(class);
        match name {
            b"SessionTimeoutException" => Self::Expired,
            b"AuthenticationException" => Self::Credentials,
            _ => Self::Otherwise,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn error(class: &str, text: &str) -> Vec<u8> {
        let length = |text: &str| u32::try_from(text.len()).expect("short").to_be_bytes();
        [
            &[1],
            &length(class)[..],
            &length(text),
            class.as_bytes(),
            text.as_bytes(),
        ]
        .concat()
    }

    #[test]
    fn answers_are_read() {
        let refused = |refused| Response::Refused(refused);
        for (bytes, expected) in [
            (b"\0".to_vec(), Response::Taken),
            (b"\x02\0\0\0\x03a-1".to_vec(), Response::Session("a-1".to_owned())),
            (
                error(
                    "org.wso2.carbon.databridge.commons.exception.SessionTimeoutException",
                    "gone",
                ),
                refused(Refused::Expired),
            ),
            (error("x.AuthenticationException", ""), refused(Refused::Credentials)),
            (error("SessionTimeoutException", "x"), refused(Refused::Expired)),
            (
                error("x.UndefinedEventTypeException", "\u{e4}"),
                refused(Refused::Otherwise),
            ),
            (error("", ""), refused(Refused::Otherwise)),
        ] {
            // Every beginning of it asks for more, and what follows is not looked at.
            for end in 0..bytes.len() {
                assert_eq!(Response::read(&bytes[..end]), Ok(None), "{bytes:?}");
            }
            let followed = [&bytes[..], b"\xff"].concat();
            assert_eq!(Response::read(&followed), Ok(Some((expected, bytes.len()))));
        }
    }

    #[test]
    fn what_is_no_answer_or_too_long_is_refused_at_once() {
        let session = "s".repeat(MAX_SESSION + 1);
        let long = [b"\x02\0\0\x01\x01", session.as_bytes()].concat();
        for bytes in [
            &b"\x03"[..],
            b"H",
            b"\x02\0\0\0\0",
            b"\x02\0\0\0\x01\xff",
            b"\x02\xff\xff\xff\xff",
            b"\x02\x7f\xff\xff\xff",
            b"\x01\0\0\x04\x01",
            b"\x01\0\0\0\0\0\x01\0\x01",
            b"\x01\xff\xff\xff\xff\0\0\0\0",
            &long,
        ] {
            assert_eq!(Response::read(bytes), Err(Malformed), "{bytes:?}");
        }
        let longest = error(&"c".repeat(MAX_CLASS), &"t".repeat(MAX_TEXT));
        assert_eq!(longest.len(), MAX_RESPONSE);
        assert!(matches!(Response::read(&longest), Ok(Some(_))));
    }

    proptest! {
        #[test]
        fn an_answer_is_never_longer_than_the_bytes_or_the_bound(bytes in any::<Vec<u8>>()) {
            if let Ok(Some((_, length))) = Response::read(&bytes) {
                prop_assert!((1..=bytes.len().min(MAX_RESPONSE)).contains(&length));
            }
        }
    }
}
