//! Frames of WebSocket (RFC 6455) as they pass: where messages begin, how large they get, and where a frame of the
//! gateway's own may stand. Payloads are neither kept nor unmasked.

/// Opcodes.
const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;

/// The bit of a frame's first byte that says that its message ends with it.
const FINAL: u8 = 0x80;

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
    /// All bytes have been looked at. Those that may not be passed on begin a frame of which nobody can tell yet whether it may;
    /// they are looked at again with what comes behind them.
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

/// Follows the frames of one direction. Nothing of a frame passes before all of its head is good: behind half of one no close
/// frame could stand.
#[derive(Debug)]
pub(crate) struct Scanner {
    sender: Sender,
    /// Bytes of a message's payload.
    limit: u64,
    /// The frame that is passing; `None` between frames.
    passing: Option<Passing>,
    /// Payload of the message whose frames are passing, as far as they have come; `None` between messages.
    message: Option<u64>,
    /// [`Event::Message`] was returned for the byte that comes next.
    announced: bool,
    closed: bool,
}

/// A frame whose head has passed.
#[derive(Debug, Clone, Copy)]
struct Passing {
    /// With [`FINAL`].
    opcode: u8,
    /// Bytes of mask and payload to come.
    left: u64,
}

/// What a frame's head says.
struct Head {
    /// Its bytes.
    size: usize,
    frame: Passing,
    /// Payload of the message with this frame; `None` outside of messages.
    message: Option<u64>,
}

impl Scanner {
    /// `limit` bounds the payload of a message, in bytes.
    pub(crate) fn new(sender: Sender, limit: u64) -> Self {
        Self {
            sender,
            limit,
            passing: None,
            message: None,
            announced: false,
            closed: false,
        }
    }

    /// Whether a frame of the gateway's own may follow what has passed.
    pub(crate) fn is_between_frames(&self) -> bool {
        self.passing.is_none()
    }

    /// Whether a close frame has passed: nothing may follow.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Looks at bytes until something happens. Returns how many may be passed on, and what is next. After
    /// [`Event::Message`] the call with the bytes that are left goes on with that message.
    pub(crate) fn scan(&mut self, bytes: &[u8]) -> (usize, Event) {
        let mut position = 0;
        loop {
            position += self.finish_frame(bytes.get(position..).unwrap_or_default());
            let head = match self.head(bytes.get(position..).unwrap_or_default()) {
                Ok(Some(head)) => head,
                Ok(None) => return (position, Event::Done),
                Err(violation) => return (position, Event::Violation(violation)),
            };
            let begins_message = self.message.is_none() && head.message.is_some();
            if begins_message && !self.announced {
                self.announced = true;
                return (position, Event::Message);
            }
            self.announced = false;
            self.message = head.message;
            self.pass(head.frame);
            position += head.size;
        }
    }

    /// Has [`Event::Message`] told once more.
    pub(super) fn tell_again(&mut self) {
        self.announced = false;
    }

    /// Looks at bytes to the end of the frame that is passing. Returns how many may be passed on.
    pub(super) fn finish_frame(&mut self, bytes: &[u8]) -> usize {
        let Some(Passing { opcode, left }) = self.passing else {
            return 0;
        };
        let taken = left.min(bytes.len() as u64);
        let left = left - taken;
        self.pass(Passing { opcode, left });
        taken as usize
    }

    /// Reads the head of a frame; `None` where it is not all there, and good as far as it is.
    fn head(&self, bytes: &[u8]) -> Result<Option<Head>, Violation> {
        let Some(&first) = bytes.first().filter(|_| self.is_between_frames()) else {
            return Ok(None);
        };
        let (is_final, opcode) = (first & FINAL != 0, first & 0x0F);
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
        let Some(&second) = bytes.get(1) else {
            return Ok(None);
        };
        let is_masked = second & 0x80 != 0;
        if is_masked != (self.sender == Sender::Client) {
            return Err(Violation::Protocol);
        }
        // The shortest form of a length is the only one, and its highest bit is no part of it. Control frames are short.
        let (size, length, shortest) = match second & 0x7F {
            126 | 127 if is_control(opcode) => return Err(Violation::Protocol),
            126 => (4, bytes.get(2..4).map(number), 126),
            127 => (10, bytes.get(2..10).map(number), 0x1_0000),
            length => (2, Some(u64::from(length)), 0),
        };
        let Some(length) = length else {
            return Ok(None);
        };
        if length < shortest || length > i64::MAX as u64 {
            return Err(Violation::Protocol);
        }
        let message = if is_control(opcode) {
            self.message
        } else {
            Some(self.message.unwrap_or(0).saturating_add(length))
        };
        if message.is_some_and(|message| message > self.limit) {
            return Err(Violation::TooLarge);
        }
        let mask = if is_masked { 4 } else { 0 };
        let frame = Passing {
            opcode: first & FINAL | opcode,
            left: mask + length,
        };
        Ok(Some(Head { size, frame, message }))
    }

    /// Goes on with a frame.
    fn pass(&mut self, frame: Passing) {
        if frame.left > 0 {
            self.passing = Some(frame);
            return;
        }
        self.passing = None;
        let (is_final, opcode) = (frame.opcode & FINAL != 0, frame.opcode & 0x0F);
        if opcode == CLOSE {
            self.closed = true;
        } else if is_final && !is_control(opcode) {
            self.message = None;
        }
    }
}

/// Reads up to eight bytes as a number.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
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
        let (mut passed, mut end) = (0, 0);
        let mut sizes = pieces.iter().copied().chain(std::iter::repeat(bytes.len().max(1)));
        while end < bytes.len() {
            end = (end + sizes.next().unwrap_or(1).max(1)).min(bytes.len());
            loop {
                let (taken, event) = scanner.scan(&bytes[passed..end]);
                passed += taken;
                match event {
                    Event::Message => messages.push(passed),
                    Event::Done if passed == end => break,
                    Event::Done => {
                        assert!(scanner.is_between_frames() && end - passed < 10, "part of a head");
                        break;
                    }
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
            let good: usize = frames.iter().rev().skip(1).map(Vec::len).sum();
            assert!(
                found.is_none_or(|(place, _)| place == good),
                "{name}: nothing passes of the bad frame"
            );
        }
        let mut scanner = Scanner::new(Sender::Server, 1000);
        assert_eq!(
            scan(&mut scanner, &frame(0x81, 5, true), &[]).1,
            Some((0, Protocol)),
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
