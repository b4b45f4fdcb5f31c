//! What a record keeps of a request's headers: copies, because a header holds on to the whole buffer that was read with it.

use super::values::MAX_VALUE;
use std::borrow::Cow;

/// `User-Agent`, host and correlation id, each cut to what a value may have, in one piece of memory.
#[derive(Debug)]
pub(crate) struct Texts {
    bytes: Box<[u8]>,
    agent: usize,
    host: usize,
}

impl Texts {
    pub(crate) fn copy(agent: &[u8], host: &[u8], id: &[u8]) -> Self {
        let [agent, host, id] = [agent, host, id].map(|text| text.get(..MAX_VALUE).unwrap_or(text));
        Self {
            bytes: [agent, host, id].concat().into_boxed_slice(),
            agent: agent.len(),
            host: agent.len() + host.len(),
        }
    }

    pub(super) fn agent(&self) -> Cow<'_, str> {
        text(self.bytes.get(..self.agent))
    }

    pub(super) fn host(&self) -> Cow<'_, str> {
        text(self.bytes.get(self.agent..self.host))
    }

    /// Correlation id.
    pub(super) fn id(&self) -> Cow<'_, str> {
        text(self.bytes.get(self.host..))
    }
}

fn text(bytes: Option<&[u8]>) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_and_told_apart() {
        let long = "a".repeat(5000);
        let texts = Texts::copy(long.as_bytes(), b"", b"id");
        assert_eq!(
            (texts.agent().len(), &*texts.host(), &*texts.id()),
            (MAX_VALUE, "", "id")
        );
        assert_eq!(texts.bytes.len(), MAX_VALUE + 2);
    }
}
