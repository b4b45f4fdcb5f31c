//! Entry point of the fuzz target into what reads frames.

use super::frame::{Event, Scanner, Sender};

/// Follows frames of either side. Nothing is passed on twice, and a violation stays one.
pub fn web_socket_frames(bytes: &[u8]) {
    for sender in [Sender::Client, Sender::Server] {
        let mut scanner = Scanner::new(sender, 1000);
        let mut rest = bytes;
        loop {
            let (passed, event) = scanner.scan(rest);
            rest = rest.get(passed..).unwrap_or_default();
            match event {
                Event::Message => assert!(scanner.is_between_frames()),
                Event::Done => {
                    assert!(rest.len() < 10);
                    break;
                }
                Event::Violation(violation) => {
                    assert_eq!(scanner.scan(rest), (0, Event::Violation(violation)));
                    break;
                }
            }
        }
    }
}
