use super::*;
use std::collections::VecDeque;

/// A socket that takes `room` bytes and then none.
struct Narrow {
    room: usize,
    taken: Vec<u8>,
}

impl Write for Narrow {
    fn write(&mut self, data: &[u8]) -> std::io::Result<usize> {
        let count = data.len().min(self.room);
        if count == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.room -= count;
        self.taken.extend(data.iter().take(count));
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A socket that gives these pieces and then none for now.
struct Pieces(VecDeque<&'static [u8]>);

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let Some(piece) = self.0.pop_front() else {
            return Err(ErrorKind::WouldBlock.into());
        };
        buffer[..piece.len()].copy_from_slice(piece);
        Ok(piece.len())
    }
}

#[test]
fn what_does_not_fit_waits_in_order() {
    let mut to = Narrow {
        room: 3,
        taken: Vec::new(),
    };
    let mut pending = Vec::new();
    let mut buffer = [0; 4];
    copy(
        &mut Pieces([&b"abcd"[..], b"ef"].into()),
        &mut to,
        &mut pending,
        &mut buffer,
    )
    .unwrap();
    assert_eq!((to.taken.as_slice(), pending.as_slice()), (&b"abc"[..], &b"def"[..]));

    to.room = 2;
    flush(&mut to, &mut pending).unwrap();
    assert_eq!((to.taken.as_slice(), pending.as_slice()), (&b"abcde"[..], &b"f"[..]));
}

#[test]
fn an_end_is_passed_on() {
    let mut to = Narrow {
        room: 9,
        taken: Vec::new(),
    };
    let error = copy(&mut std::io::empty(), &mut to, &mut Vec::new(), &mut [0; 4]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
}

#[test]
fn a_short_read_is_the_last() {
    let mut to = Narrow {
        room: 9,
        taken: Vec::new(),
    };
    let mut from = Pieces([&b"ab"[..], b"cd"].into());
    copy(&mut from, &mut to, &mut Vec::new(), &mut [0; 4]).unwrap();
    assert_eq!(to.taken, b"ab");
    assert_eq!(from.0.len(), 1);
}
