//! Frames of WebSocket (RFC 6455) as they pass: where messages begin, how large they get, and where a frame of the
//! gateway's own may stand. Payloads are neither kept nor unmasked.

/// Opcodes.
const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;

/// The largest payload of a control frame.
const CONTROL_PAYLOAD: u64 = 125;

/// Who sent the frames: those of clients are masked, those of servers are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sender {
    Client,
    Server,
}

/// What the bytes come to next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// A message begins with the next byte.
    Message,
    /// All bytes have been looked at.
    Done,
    /// These bytes are not WebSocket, or too much; nothing of what follows can be passed on.
    Violation(Violation),
}

/// Why frames cannot be passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Violation {
    /// Not frames that this side may send.
    Protocol,
    /// A message larger than allowed.
    TooLarge,
}

/// Follows the frames of one direction.
#[derive(Debug)]
pub(crate) struct Scanner {
    sender: Sender,
    /// Bytes of a message's payload.
    limit: u64,
    state: State,
    /// Payload of the message whose frames are passing, as far as they have come; `None` between messages.
    message: Option<u64>,
    /// [`Event::Message`] was returned for the byte that comes next.
    announced: bool,
    closed: bool,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// At the first byte of a frame.
    Start,
    /// At the second.
    Length { opcode: u8 },
    /// Within the extended length.
    Extended { opcode: u8, left: u8, value: u64, size: u8 },
    /// Within the mask and the payload behind it.
    Rest { opcode: u8, left: u64 },
}

impl Scanner {
    /// `limit` bounds the payload of a message, in bytes.
    pub(crate) fn new(sender: Sender, limit: u64) -> Self {
        Self {
            sender,
            limit,
            state: State::Start,
            message: None,
            announced: false,
            closed: false,
        }
    }

    /// Whether a frame of the gateway's own may follow what has passed.
    pub(crate) fn is_between_frames(&self) -> bool {
        matches!(self.state, State::Start)
    }

    /// Whether a close frame has passed: nothing may follow.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Looks at bytes until something happens. Returns how many may be passed on, and what is next. After
    /// [`Event::Message`] the call with the bytes that are left goes on with that message.
    pub(crate) fn scan(&mut self, bytes: &[u8]) -> (usize, Event) {
        let mut position = 0;
        while let Some(&byte) = bytes.get(position) {
            let step = match self.state {
                State::Rest { opcode, left } => {
                    let available = (bytes.len() - position) as u64;
                    let taken = left.min(available);
                    self.rest(opcode, left - taken);
                    position += taken as usize;
                    continue;
                }
                State::Start => {
                    if !self.announced && matches!(byte & 0x0F, TEXT | BINARY) && self.message.is_none() && !self.closed
                    {
                        self.announced = true;
                        return (position, Event::Message);
                    }
                    self.announced = false;
                    self.first(byte)
                }
                State::Length { opcode } => self.length(opcode, byte),
                State::Extended {
                    opcode,
                    left,
                    value,
                    size,
                } => self.extended(opcode, left, value << 8 | u64::from(byte), size),
            };
            if let Err(violation) = step {
                return (position, Event::Violation(violation));
            }
            position += 1;
        }
        (position, Event::Done)
    }

    /// Has [`Event::Message`] told once more.
    pub(super) fn tell_again(&mut self) {
        self.announced = false;
    }

    /// Looks at bytes to the end of the frame that is passing. Returns how many may be passed on, and whether they are well
    /// formed.
    pub(super) fn finish_frame(&mut self, bytes: &[u8]) -> (usize, bool) {
        let mut passed = 0;
        while passed < bytes.len() && !self.is_between_frames() {
            let left = match self.state {
                State::Rest { left, .. } => usize::try_from(left).unwrap_or(usize::MAX),
                _ => 1,
            };
            let next = bytes.get(passed..).unwrap_or_default();
            let next = next.get(..left.min(next.len())).unwrap_or_default();
            let (taken, event) = self.scan(next);
            passed += taken;
            if event != Event::Done {
                return (passed, false);
            }
        }
        (passed, true)
    }

    fn first(&mut self, byte: u8) -> Result<(), Violation> {
        let (is_final, opcode) = (byte & 0x80 != 0, byte & 0x0F);
        // The other bits belong to extensions, which both sides have agreed on.
        let fits = !self.closed
            && match opcode {
                CONTINUATION => self.message.is_some(),
                TEXT | BINARY => self.message.is_none(),
                CLOSE | PING | PONG => is_final,
                _ => false,
            };
        if !fits {
            return Err(Violation::Protocol);
        }
        if matches!(opcode, TEXT | BINARY) {
            self.message = Some(0);
        }
        let opcode = if is_final { opcode | 0x80 } else { opcode };
        self.state = State::Length { opcode };
        Ok(())
    }

    fn length(&mut self, opcode: u8, byte: u8) -> Result<(), Violation> {
        if (byte & 0x80 != 0) != (self.sender == Sender::Client) {
            return Err(Violation::Protocol);
        }
        match byte & 0x7F {
            126 => self.extend(opcode, 2),
            127 => self.extend(opcode, 8),
            length => self.payload(opcode, u64::from(length)),
        }
    }

    fn extend(&mut self, opcode: u8, size: u8) -> Result<(), Violation> {
        if is_control(opcode) {
            return Err(Violation::Protocol);
        }
        self.state = State::Extended {
            opcode,
            left: size,
            value: 0,
            size,
        };
        Ok(())
    }

    fn extended(&mut self, opcode: u8, left: u8, value: u64, size: u8) -> Result<(), Violation> {
        if left > 1 {
            self.state = State::Extended {
                opcode,
                left: left - 1,
                value,
                size,
            };
            return Ok(());
        }
        // The shortest form is the only one, and the highest bit is no length.
        let smallest = if size == 2 { 126 } else { 0x1_0000 };
        if value < smallest || value > i64::MAX as u64 {
            return Err(Violation::Protocol);
        }
        self.payload(opcode, value)
    }

    fn payload(&mut self, opcode: u8, length: u64) -> Result<(), Violation> {
        if is_control(opcode) {
            if length > CONTROL_PAYLOAD {
                return Err(Violation::Protocol);
            }
        } else if let Some(message) = &mut self.message {
            *message = message.saturating_add(length);
            if *message > self.limit {
                return Err(Violation::TooLarge);
            }
        }
        let mask = if self.sender == Sender::Client { 4 } else { 0 };
        self.rest(opcode, mask + length);
        Ok(())
    }

    /// Goes on with `left` bytes of mask and payload to come.
    fn rest(&mut self, opcode: u8, left: u64) {
        if left > 0 {
            self.state = State::Rest { opcode, left };
            return;
        }
        self.state = State::Start;
        if opcode & 0x0F == CLOSE {
            self.closed = true;
        } else if opcode & 0x80 != 0 && !is_control(opcode) {
            self.message = None;
        }
    }
}

fn is_control(opcode: u8) -> bool {
    opcode & 0x08 != 0
}

/// Returns a close frame; the reason is cut to what fits. `mask`: four bytes that nobody can foresee, for one that goes to a
/// server.
pub(crate) fn close_frame(code: u16, reason: &str, mask: Option<[u8; 4]>) -> Vec<u8> {
    let mut end = reason.len().min(123);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    let reason = reason.get(..end).unwrap_or_default();
    let mut payload = code.to_be_bytes().to_vec();
    payload.extend_from_slice(reason.as_bytes());
    // At most 125.
    let length = payload.len() as u8;
    let mut frame = vec![0x80 | CLOSE, length];
    if let Some(mask) = mask {
        frame[1] |= 0x80;
        frame.extend_from_slice(&mask);
        for (byte, mask) in payload.iter_mut().zip(mask.iter().cycle()) {
            *byte ^= mask;
        }
    }
    frame.extend_from_slice(&payload);
    frame
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame(first: u8, payload: usize, masked: bool) -> Vec<u8> {
        let mask = if masked { 0x80 } else { 0 };
        let mut frame = match payload {
            0..126 => vec![first, mask | payload as u8],
            126..0x1_0000 => [&[first, mask | 126][..], &(payload as u16).to_be_bytes()].concat(),
            _ => [&[first, mask | 127][..], &(payload as u64).to_be_bytes()].concat(),
        };
        // Bytes that look like heads of frames.
        frame.extend(std::iter::repeat_n(0x81, payload + if masked { 4 } else { 0 }));
        frame
    }

    /// Scans in pieces of these sizes; returns where messages begin and the violation with its place.
    fn scan(scanner: &mut Scanner, bytes: &[u8], pieces: &[usize]) -> (Vec<usize>, Option<(usize, Violation)>) {
        let mut messages = Vec::new();
        let mut passed = 0;
        let mut sizes = pieces.iter().copied().chain(std::iter::repeat(bytes.len().max(1)));
        while passed < bytes.len() {
            let end = (passed + sizes.next().unwrap_or(1).max(1)).min(bytes.len());
            while passed < end {
                let (taken, event) = scanner.scan(&bytes[passed..end]);
                passed += taken;
                match event {
                    Event::Message => messages.push(passed),
                    Event::Done => assert_eq!(passed, end),
                    Event::Violation(violation) => return (messages, Some((passed, violation))),
                }
            }
        }
        (messages, None)
    }

    #[test]
    fn what_frames_may_be() {
        use Violation::{Protocol, TooLarge};
        for (name, frames, violation) in [
            ("a text", vec![frame(0x81, 5, true)], None),
            ("compressed", vec![frame(0xC1, 5, true)], None),
            (
                "in parts, with a ping between",
                vec![frame(0x01, 5, true), frame(0x89, 1, true), frame(0x80, 5, true)],
                None,
            ),
            (
                "two at once",
                vec![frame(0x01, 5, true), frame(0x81, 5, true)],
                Some(Protocol),
            ),
            ("a part of nothing", vec![frame(0x80, 5, true)], Some(Protocol)),
            ("not masked", vec![frame(0x81, 5, false)], Some(Protocol)),
            ("a ping in parts", vec![frame(0x09, 5, true)], Some(Protocol)),
            ("a large ping", vec![frame(0x89, 126, true)], Some(Protocol)),
            ("an unknown kind", vec![frame(0x83, 0, true)], Some(Protocol)),
            (
                "after the end",
                vec![frame(0x88, 2, true), frame(0x81, 1, true)],
                Some(Protocol),
            ),
            (
                "a length in too many bytes",
                vec![vec![0x81, 0xFE, 0, 5]],
                Some(Protocol),
            ),
            (
                "a length with a sign",
                vec![vec![0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0]],
                Some(Protocol),
            ),
            ("as large as may be", vec![frame(0x82, 1000, true)], None),
            ("too large", vec![frame(0x82, 1001, true)], Some(TooLarge)),
            (
                "too large in parts",
                vec![frame(0x02, 900, true), frame(0x80, 101, true)],
                Some(TooLarge),
            ),
            (
                "too large to be",
                vec![vec![0x82, 0xFF, 0x7F, 255, 255, 255, 255, 255, 255, 255]],
                Some(TooLarge),
            ),
        ] {
            let mut scanner = Scanner::new(Sender::Client, 1000);
            let (_, found) = scan(&mut scanner, &frames.concat(), &[]);
            assert_eq!(found.map(|(_, violation)| violation), violation, "{name}");
        }
        let mut scanner = Scanner::new(Sender::Server, 1000);
        assert_eq!(
            scan(&mut scanner, &frame(0x81, 5, true), &[]).1,
            Some((1, Protocol)),
            "masked by a server"
        );
    }

    #[test]
    fn a_close_frame_is_one() {
        for mask in [None, Some([1, 2, 3, 4])] {
            let frame = close_frame(1008, &"ä".repeat(100), mask);
            let sender = if mask.is_some() { Sender::Client } else { Sender::Server };
            let mut scanner = Scanner::new(sender, 0);
            assert_eq!(scan(&mut scanner, &frame, &[]), (vec![], None));
            assert!(scanner.is_closed() && scanner.is_between_frames());
        }
        assert_eq!(close_frame(1001, "away", None), b"\x88\x06\x03\xe9away");
    }

    /// A message: sizes of its parts, and how many pings go before each.
    fn message() -> impl Strategy<Value = Vec<(usize, usize)>> {
        prop::collection::vec((prop_oneof![0..300usize, 65_500..65_600usize], 0..3usize), 1..4)
    }

    proptest! {
        #[test]
        fn messages_are_found_however_the_bytes_arrive(
            messages in prop::collection::vec(message(), 0..6),
            pieces in prop::collection::vec(1..40_000usize, 0..40),
            masked: bool,
        ) {
            let mut bytes = Vec::new();
            let mut begins = Vec::new();
            for parts in &messages {
                for (position, (size, pings)) in parts.iter().enumerate() {
                    for _ in 0..*pings {
                        bytes.extend(frame(0x89, 3, masked));
                    }
                    let is_final = if position + 1 == parts.len() { 0x80 } else { 0 };
                    if position == 0 {
                        begins.push(bytes.len());
                    }
                    bytes.extend(frame(is_final | if position == 0 { TEXT } else { CONTINUATION }, *size, masked));
                }
            }
            let sender = if masked { Sender::Client } else { Sender::Server };
            let mut scanner = Scanner::new(sender, u64::MAX);
            prop_assert_eq!(scan(&mut scanner, &bytes, &pieces), (begins, None));
            prop_assert!(scanner.is_between_frames() && !scanner.is_closed());
        }

        #[test]
        fn nothing_from_outside_upsets_it(bytes in prop::collection::vec(any::<u8>(), 0..200), pieces in prop::collection::vec(1..50usize, 0..20)) {
            for sender in [Sender::Client, Sender::Server] {
                let whole = scan(&mut Scanner::new(sender, 100), &bytes, &[]);
                let parts = scan(&mut Scanner::new(sender, 100), &bytes, &pieces);
                prop_assert_eq!(whole, parts);
            }
        }
    }
}
