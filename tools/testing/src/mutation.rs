//! Files changed at random, the same for the same seed: what a bad disk, a cut copy or a hostile hand leaves.

use std::path::Path;

/// Numbers drawn from a seed (SplitMix64, Steele, Lea and Flood 2014).
#[derive(Debug, Clone)]
pub struct Draws(u64);

impl Draws {
    /// The draws of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `n`, or 0 where there is none.
    pub fn below(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { (self.bits() % n as u64) as usize }
    }

    /// One of several.
    ///
    /// # Panics
    /// Where there are none.
    pub fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// Bytes that mean something to one format or another.
const LOUD: &[u8] = b"\0\x01\x7f\x80\xff\"',;\t\n\r{}[]()<>&\\/=#.-+eE0123456789 ";

/// Numbers at the edge of a width, as a file would write them.
const EDGES: &[u64] = &[
    0,
    1,
    0x7F,
    0xFF,
    0x7FFF,
    0xFFFF,
    0x7FFF_FFFF,
    0x8000_0000,
    0xFFFF_FFFF,
    0x7FFF_FFFF_FFFF_FFFF,
    0x8000_0000_0000_0000,
    u64::MAX,
];

/// Words that a text format may stumble over.
const WORDS: &[&str] = &[
    "-1",
    "1e999",
    "-0.0",
    "NaN",
    "99999999999999999999999999",
    "18446744073709551615",
    "null",
    "true",
    "\"\"",
    "\\u0000",
    "\\ud800",
    "\u{feff}",
    "\u{1F468}\u{200D}\u{1F469}",
    "\u{1100}",
    "{{",
    "%s",
    "../../..",
];

/// `file` with one to six changes that only the seed decides.
pub fn mutated(file: &[u8], draws: &mut Draws) -> Vec<u8> {
    let mut bytes = file.to_vec();
    for _ in 0..=draws.below(6) {
        change(&mut bytes, draws);
    }
    bytes
}

/// Writes a file anew. An old one goes first: some file systems wait for the disk where an old file is cut and written
/// again, which in thousands of cases is hours.
///
/// # Panics
/// Where the file cannot be written.
pub fn write_new(path: &Path, bytes: &[u8]) {
    let _ = std::fs::remove_file(path);
    std::fs::write(path, bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

fn change(bytes: &mut Vec<u8>, draws: &mut Draws) {
    let at = draws.below(bytes.len());
    let range = {
        let longest = (bytes.len() - at).min(1 << draws.below(12));
        at..at + draws.below(longest + 1)
    };
    match draws.below(11) {
        0 if !bytes.is_empty() => bytes[at] ^= 1 << draws.below(8),
        1 if !bytes.is_empty() => bytes[at] = *draws.one(LOUD),
        2 => bytes.truncate(at),
        3 => drop(bytes.drain(range)),
        4 => {
            let piece = bytes[range].to_vec();
            let to = draws.below(bytes.len() + 1);
            bytes.splice(to..to, piece);
        }
        5 => {
            let noise: Vec<u8> = (0..draws.below(64)).map(|_| draws.bits() as u8).collect();
            bytes.splice(range, noise);
        }
        6 => {
            let edge = draws.one(EDGES).to_le_bytes();
            let width = 1 << draws.below(4);
            let end = (at + width).min(bytes.len());
            bytes[at..end].copy_from_slice(&edge[..end - at]);
        }
        7 => number(bytes, at, draws),
        8 => {
            let word = draws.one(WORDS).as_bytes().to_vec();
            bytes.splice(range, word);
        }
        9 => {
            // Deep nesting, and long runs of one byte.
            let byte = *draws.one(b"[{(<\"\n\0 9a");
            let run = vec![byte; 1 << draws.below(18)];
            bytes.splice(at..at, run);
        }
        _ => {
            let to = draws.below(bytes.len());
            if !bytes.is_empty() {
                bytes.swap(at, to);
            }
        }
    }
}

/// Replaces the run of digits at or after a place.
fn number(bytes: &mut Vec<u8>, at: usize, draws: &mut Draws) {
    let Some(start) = bytes[at..].iter().position(u8::is_ascii_digit).map(|i| at + i) else { return };
    let end = bytes[start..].iter().position(|b| !b.is_ascii_digit()).map_or(bytes.len(), |i| start + i);
    bytes.splice(start..end, draws.one(EDGES).to_string().into_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_decides_everything() {
        let file = b"id,question\n1,\"where is it?\"\n22,[]\n".as_slice();
        let of = |seed| mutated(file, &mut Draws::new(seed));
        assert_eq!(of(7), of(7));
        let differing = (0..200).filter(|&seed| of(seed) != file).count();
        assert!(differing > 180, "{differing} of 200 differ");
        for seed in 0..500 {
            mutated(b"", &mut Draws::new(seed));
            mutated(b"7", &mut Draws::new(seed));
        }
    }
}
