//! A keyed hash: SipHash-2-4 (Aumasson and Bernstein, 2012), with its key derived from the project's secret.
//!
//! Who holds a store of fingerprints without the secret cannot test a guess against it.

use sha2::{Digest, Sha256};

/// The project's secret: what makes surrogates and fingerprints this project's own.
#[derive(Clone)]
pub struct Secret {
    key: (u64, u64),
}

impl Secret {
    /// A secret from any bytes, for example the project's seed or a line of `.env`.
    pub fn new(bytes: &[u8]) -> Self {
        let digest = Sha256::digest(bytes);
        let word = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| digest[at + i]));
        Self { key: (word(0), word(8)) }
    }

    /// The keyed hash of bytes for one purpose; different purposes are independent.
    pub(crate) fn hash(&self, purpose: u64, bytes: &[u8]) -> u64 {
        siphash24(self.key.0 ^ purpose.wrapping_mul(0x9E37_79B9_7F4A_7C15), self.key.1, bytes)
    }

    /// An endless stream of numbers that only the secret, the purpose and the bytes decide.
    pub(crate) fn stream(&self, purpose: u64, bytes: &[u8]) -> Stream {
        let seed = self.hash(purpose, bytes);
        Stream { key: (self.key.0 ^ seed, self.key.1.rotate_left(32) ^ purpose), n: 0 }
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Numbers in counter mode.
#[derive(Debug)]
pub(crate) struct Stream {
    key: (u64, u64),
    n: u64,
}

impl Stream {
    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.n += 1;
        let word = siphash24(self.key.0, self.key.1, &self.n.to_le_bytes());
        ((u128::from(word) * bound as u128) >> 64) as usize
    }

    /// A decimal digit.
    pub(crate) fn digit(&mut self) -> char {
        char::from(b'0' + self.below(10) as u8)
    }
}

fn siphash24(k0: u64, k1: u64, bytes: &[u8]) -> u64 {
    let mut v = [
        k0 ^ 0x736f_6d65_7073_6575,
        k1 ^ 0x646f_7261_6e64_6f6d,
        k0 ^ 0x6c79_6765_6e65_7261,
        k1 ^ 0x7465_6462_7974_6573,
    ];
    let mut words = bytes.chunks_exact(8);
    for word in &mut words {
        absorb(&mut v, u64::from_le_bytes(std::array::from_fn(|i| word[i])));
    }
    let tail = words.remainder().iter().enumerate().fold(0, |w, (i, &b)| w | u64::from(b) << (8 * i));
    absorb(&mut v, tail | (bytes.len() as u64) << 56);
    v[2] ^= 0xff;
    (0..4).for_each(|_| round(&mut v));
    v[0] ^ v[1] ^ v[2] ^ v[3]
}

fn absorb(v: &mut [u64; 4], word: u64) {
    v[3] ^= word;
    round(v);
    round(v);
    v[0] ^= word;
}

fn round(v: &mut [u64; 4]) {
    v[0] = v[0].wrapping_add(v[1]);
    v[1] = v[1].rotate_left(13) ^ v[0];
    v[0] = v[0].rotate_left(32);
    v[2] = v[2].wrapping_add(v[3]);
    v[3] = v[3].rotate_left(16) ^ v[2];
    v[0] = v[0].wrapping_add(v[3]);
    v[3] = v[3].rotate_left(21) ^ v[0];
    v[2] = v[2].wrapping_add(v[1]);
    v[1] = v[1].rotate_left(17) ^ v[2];
    v[2] = v[2].rotate_left(32);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_the_paper() {
        let (k0, k1) = (0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908);
        let message: Vec<u8> = (0..15).collect();
        assert_eq!(siphash24(k0, k1, &message), 0xa129_ca61_49be_45e5);
        assert_eq!(siphash24(k0, k1, &[]), 0x726f_db47_dd0e_0e31);
    }

    #[test]
    fn purposes_and_secrets_differ() {
        let (a, b) = (Secret::new(b"a"), Secret::new(b"b"));
        assert_ne!(a.hash(1, b"x"), a.hash(2, b"x"));
        assert_ne!(a.hash(1, b"x"), b.hash(1, b"x"));
        assert_eq!(format!("{a:?}"), "Secret(…)");
    }
}
