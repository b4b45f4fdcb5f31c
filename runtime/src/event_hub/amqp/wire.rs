//! The data types of AMQP 0-9-1, as far as a consumer needs them.

/// Longest short string, in bytes.
pub(crate) const MAX_SHORT: usize = u8::MAX as usize;

/// Takes values from the front of a frame's payload; `None`: it ends too early, or is no such value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Input<'a>(pub(super) &'a [u8]);

impl<'a> Input<'a> {
    fn bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.try_into().ok()
    }

    pub(super) fn octet(&mut self) -> Option<u8> {
        self.array().map(u8::from_be_bytes)
    }

    pub(super) fn short(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn long(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn long_long(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    pub(super) fn short_text(&mut self) -> Option<&'a str> {
        let length = self.octet()?.into();
        std::str::from_utf8(self.bytes(length)?).ok()
    }

    /// Long strings and tables begin with their length. Nothing in a table matters here.
    pub(super) fn long_bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.long()?).ok()?;
        self.bytes(length)
    }
}

/// Builds the payload of a frame.
#[derive(Debug, Default)]
pub(super) struct Output(pub(super) Vec<u8>);

impl Output {
    pub(super) fn octet(mut self, value: u8) -> Self {
        self.0.push(value);
        self
    }

    pub(super) fn short(mut self, value: u16) -> Self {
        self.0.extend(value.to_be_bytes());
        self
    }

    pub(super) fn long(mut self, value: u32) -> Self {
        self.0.extend(value.to_be_bytes());
        self
    }

    pub(super) fn long_long(mut self, value: u64) -> Self {
        self.0.extend(value.to_be_bytes());
        self
    }

    /// `text` has at most [`MAX_SHORT`] bytes; settings are checked for it.
    pub(super) fn short_text(self, text: &str) -> Self {
        let length = text.len().min(MAX_SHORT);
        let mut output = self.octet(u8::try_from(length).unwrap_or(u8::MAX));
        output.0.extend_from_slice(&text.as_bytes()[..length]);
        output
    }

    pub(super) fn long_bytes(self, bytes: &[u8]) -> Self {
        let mut output = self.long(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        output.0.extend_from_slice(bytes);
        output
    }

    pub(super) fn table(self, table: Table) -> Self {
        self.long_bytes(&table.0.0)
    }
}

/// Builds a table of named values.
#[derive(Debug, Default)]
pub(super) struct Table(Output);

impl Table {
    pub(super) fn text(self, name: &str, value: &str) -> Self {
        Self(self.0.short_text(name).octet(b'S').long_bytes(value.as_bytes()))
    }

    pub(super) fn truth(self, name: &str) -> Self {
        Self(self.0.short_text(name).octet(b't').octet(1))
    }

    pub(super) fn table(self, name: &str, value: Table) -> Self {
        Self(self.0.short_text(name).octet(b'F').table(value))
    }
}
