//! What passed by: the first 256 KiB and the last 768 KiB, never more.

const HEAD: usize = 256 * 1024;
const TAIL: usize = 768 * 1024;
/// As much as a pipe holds.
const CHUNK: usize = 64 * 1024;
/// The kernel copies to the start of a page twice as fast as to somewhere in it.
const PAGE: usize = 4096;

/// A bounded memory of a stream. Its pages are touched only when they are filled.
pub struct Capture {
    room: Vec<u8>,
    /// Where the first page of `room` begins.
    start: usize,
    total: usize,
}

impl Default for Capture {
    fn default() -> Self {
        let room = vec![0; HEAD + TAIL + PAGE];
        let start = room.as_ptr().align_offset(PAGE).min(PAGE);
        Self {
            room,
            start,
            total: 0,
        }
    }
}

impl Capture {
    /// Where the next bytes are to be read to.
    pub fn room(&mut self) -> &mut [u8] {
        let (at, end) = if self.total < HEAD {
            (self.total, HEAD)
        } else {
            (HEAD + (self.total - HEAD) % TAIL, HEAD + TAIL)
        };
        &mut self.room[self.start..][at..end.min(at + CHUNK)]
    }

    fn bytes(&self) -> &[u8] {
        &self.room[self.start..self.start + HEAD + TAIL]
    }

    /// Counts the first `count` bytes of the last [`Capture::room`] as passed, and shows them.
    pub fn passed(&mut self, count: usize) -> &[u8] {
        let at = if self.total < HEAD {
            self.total
        } else {
            HEAD + (self.total - HEAD) % TAIL
        };
        self.total += count;
        &self.bytes()[at..at + count]
    }

    /// What is remembered, in order; whole lines are missing between the first and the second part
    /// if [`Capture::is_cut`]: half a line could pass for another one.
    #[must_use]
    pub fn parts(&self) -> [&[u8]; 3] {
        let bytes = self.bytes();
        let head = &bytes[..self.total.min(HEAD)];
        let in_tail = self.total.saturating_sub(HEAD);
        if in_tail <= TAIL {
            return [head, &bytes[HEAD..HEAD + in_tail], &[]];
        }
        let at = HEAD + in_tail % TAIL;
        let (second, third) = (&bytes[at..], &bytes[HEAD..at]);
        let end = |part: &[u8]| part.iter().position(|&byte| byte == b'\n');
        let head = head.iter().rposition(|&byte| byte == b'\n');
        let head = &bytes[..head.map_or(0, |at| at + 1)];
        match (end(second), end(third)) {
            (Some(at), _) => [head, &second[at + 1..], third],
            (None, Some(at)) => [head, &third[at + 1..], &[]],
            (None, None) => [head, &[], &[]],
        }
    }

    /// Whether bytes were forgotten.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.total > HEAD + TAIL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(length: usize) -> Vec<u8> {
        (0..=250).cycle().take(length).collect()
    }

    fn feed(capture: &mut Capture, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let room = capture.room();
            let count = room.len().min(rest.len());
            room[..count].copy_from_slice(&rest[..count]);
            assert_eq!(capture.passed(count), &rest[..count]);
            rest = &rest[count..];
        }
    }

    #[test]
    fn everything_is_kept_up_to_the_bound() {
        let mut capture = Capture::default();
        let bytes: Vec<u8> = pattern(HEAD + TAIL);
        feed(&mut capture, &bytes);
        assert!(!capture.is_cut());
        assert_eq!(capture.parts().concat(), bytes);
    }

    #[test]
    fn beyond_the_bound_the_middle_is_forgotten() {
        let mut capture = Capture::default();
        let bytes: Vec<u8> = pattern(HEAD + 3 * TAIL + 12_345);
        feed(&mut capture, &bytes);
        assert!(capture.is_cut());
        let kept = capture.parts().concat();
        let whole = |bytes: &[u8]| bytes.iter().rposition(|&byte| byte == b'\n').unwrap() + 1;
        let head = whole(&bytes[..HEAD]);
        assert_eq!(&kept[..head], &bytes[..head]);
        let tail = &bytes[bytes.len() - TAIL..];
        let begun = tail.iter().position(|&byte| byte == b'\n').unwrap() + 1;
        assert_eq!(&kept[head..], &tail[begun..]);
    }
}
