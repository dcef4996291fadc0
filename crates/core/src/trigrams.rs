//! Which of many needles can't occur in a text: said at once, without building an automaton,
//! which costs more than reading a short text does.

/// The runs of three bytes that occur in a text, whatever the case of ASCII letters, by a hash.
#[derive(Debug)]
pub struct Trigrams([u64; 1 << (Trigrams::BITS - 6)]);

impl Trigrams {
    /// 4 KiB of bits: sparse for a text of some kilobytes.
    const BITS: u32 = 15;

    /// Notes what occurs in `text`.
    #[must_use]
    pub fn of(text: &[u8]) -> Self {
        let mut set = Self([0; 1 << (Self::BITS - 6)]);
        for run in text.windows(3) {
            let (word, bit) = Self::place(run);
            set.0[word] |= bit;
        }
        set
    }

    /// False: `needle` doesn't occur in the text, in no case of its letters. True: it may,
    /// as whatever is shorter than a run.
    #[must_use]
    pub fn may_hold(&self, needle: &str) -> bool {
        needle.as_bytes().windows(3).all(|run| {
            let (word, bit) = Self::place(run);
            self.0[word] & bit != 0
        })
    }

    fn place(run: &[u8]) -> (usize, u64) {
        let hash = run.iter().fold(0_u32, |hash, byte| {
            (hash << 8 | u32::from(byte.to_ascii_lowercase())).wrapping_mul(0x9E37_79B1)
        });
        let hash = hash >> (u32::BITS - Self::BITS);
        ((hash >> 6) as usize, 1 << (hash & 63))
    }
}

#[cfg(test)]
mod tests {
    use super::Trigrams;

    #[test]
    fn what_occurs_is_never_ruled_out() {
        let text = "fatal: unable to access 'https://git.corp.example/': Could not resolve host";
        let trigrams = Trigrams::of(text.as_bytes());
        for start in 0..text.len() {
            for end in start..=text.len() {
                assert!(trigrams.may_hold(&text[start..end]));
                assert!(trigrams.may_hold(&text[start..end].to_ascii_uppercase()));
            }
        }
    }

    #[test]
    fn most_of_what_does_not_occur_is_ruled_out() {
        let trigrams = Trigrams::of(b"no such host");
        assert!(!trigrams.may_hold("connection refused"));
        assert!(!trigrams.may_hold("no such file"));
    }
}
