//! Blocks of sixteen rows side by side, so that one vector holds the same four numbers' codes of each of them.
//!
//! A tile is sixteen rows; rows that are missing in the last are zeros. For each block along the rows it holds the
//! blocks' codes, four bytes of the first row, four of the second and so on, then the next four of each; and apart
//! from them the blocks' scales in the same manner, each in its own width. Nothing is lost: a row's blocks can be
//! put together again.

use crate::cpu::{Buffer, simd};

use super::{Format, Run};

/// Rows of a tile.
pub const LANES: usize = 16;
/// Bytes of codes that a row has side by side.
const GROUP: usize = 4;
/// Bytes of a group of codes of all rows.
pub const LINE: usize = GROUP * LANES;

/// Where a block's codes and scales lie in it: first byte and length of the codes, then first byte and width of each
/// scale. Codes are a multiple of four bytes.
type Pieces = (usize, usize, &'static [(usize, usize)]);

/// The pieces of a block. None where there is no integer product for the format, which then is kept row by row.
#[inline(always)]
const fn pieces(format: Format) -> Option<Pieces> {
    match format {
        Format::Nf4 => Some((0, 32, &[])),
        Format::Q8_0 => Some((2, 32, &[(0, 2)])),
        Format::Q4_0 => Some((2, 16, &[(0, 2)])),
        Format::Q4K => Some((16, 128, &SCALES_OF_Q4_K)),
        Format::Q6K => Some((0, 192, &SCALES_OF_Q6_K)),
        Format::Q4_1 | Format::Q5_0 | Format::Q5_1 | Format::Q5K => None,
    }
}

const SCALES_OF_Q4_K: [(usize, usize); 14] = {
    let mut scales = [
        (0, 2),
        (2, 2),
        (0, 0),
        (0, 0),
        (0, 0),
        (0, 0),
        (0, 0),
        (0, 0),
        (0, 0),
        (0, 0),
        (0, 0),
        (0, 0),
        (0, 0),
        (0, 0),
    ];
    let mut i = 2;
    while i < 14 {
        scales[i] = (2 + i, 1);
        i += 1;
    }
    scales
};

const SCALES_OF_Q6_K: [(usize, usize); 17] = {
    let mut scales = [(208, 2); 17];
    let mut i = 0;
    while i < 16 {
        scales[i] = (192 + i, 1);
        i += 1;
    }
    scales
};

/// Bytes of the scales of a block.
#[inline(always)]
const fn scale_bytes(scales: &[(usize, usize)]) -> usize {
    let mut sum = 0;
    let mut i = 0;
    while i < scales.len() {
        sum += scales[i].1;
        i += 1;
    }
    sum
}

/// Rows in blocks, tile by tile.
#[derive(Debug)]
pub struct Tiles {
    format: Format,
    rows: usize,
    /// Blocks of a row.
    blocks: usize,
    codes: Bytes,
    scales: Bytes,
}

impl PartialEq for Tiles {
    fn eq(&self, other: &Self) -> bool {
        (self.format, self.rows, self.blocks) == (other.format, other.rows, other.blocks)
            && self.codes.get() == other.codes.get()
            && self.scales.get() == other.scales.get()
    }
}

impl Tiles {
    /// Takes `rows` rows of `blocks` blocks each, as files lay them out; of NF4 the codes. None where the format has
    /// no integer product.
    pub fn of(format: Format, rows: usize, blocks: usize, bytes: &[u8], run: Run<'_>) -> Option<Self> {
        let (_, code_len, scales) = pieces(format)?;
        let scale_len = scale_bytes(scales);
        let count = rows.div_ceil(LANES);
        let mut tiles = Self {
            format,
            rows,
            blocks,
            codes: Bytes::zeros(count * blocks * code_len * LANES),
            scales: Bytes::zeros(count * blocks * scale_len * LANES),
        };
        let row = blocks * block_len(format);
        let [code_len, scale_len] = [code_len, scale_len].map(|len| blocks * len * LANES);
        let (codes, scales) = (tiles.codes.shared(), tiles.scales.shared());
        run(count, &|tile| {
            let rows = &bytes[tile * LANES * row..((tile + 1) * LANES * row).min(bytes.len())];
            // SAFETY: a tile's bytes are its task's alone.
            let (codes, scales) =
                unsafe { (codes.part(tile * code_len, code_len), scales.part(tile * scale_len, scale_len)) };
            fill(format, codes, scales, rows, row);
        });
        Some(tiles)
    }

    /// Bytes that the rows' blocks occupy, without those that fill the last tile up.
    pub fn len_bytes(&self) -> usize {
        self.rows * self.blocks * block_len(self.format)
    }

    /// Number of tiles.
    pub fn count(&self) -> usize {
        self.rows.div_ceil(LANES)
    }

    /// Rows that are there.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Blocks of a row.
    pub fn blocks(&self) -> usize {
        self.blocks
    }

    /// Codes and scales of a tile.
    pub fn tile(&self, tile: usize) -> (&[u8], &[u8]) {
        let of = |bytes: &'_ Bytes| {
            let len = bytes.len / self.count();
            tile * len..(tile + 1) * len
        };
        (&self.codes.get()[of(&self.codes)], &self.scales.get()[of(&self.scales)])
    }

    /// Puts scales, and codes from byte `first` on, of a row's block together again, where they lie in a block of a
    /// file; the rest of `to` is left as it is.
    #[inline(always)]
    pub fn gather<const N: usize, const M: usize>(
        &self,
        format: Format,
        to: &mut [u8; N],
        row: usize,
        block: usize,
        first: usize,
    ) {
        let Some((at, len, scales)) = pieces(format) else { return };
        let (tile, lane) = (row / LANES, row % LANES);
        let index = tile * self.blocks + block;
        let lines = &self.codes.get()[(index * len + first) * LANES..].as_chunks::<LINE>().0[..M / GROUP];
        for (to, line) in to[at + first..at + first + M].as_chunks_mut::<GROUP>().0.iter_mut().zip(lines) {
            to.copy_from_slice(&line[lane * GROUP..][..GROUP]);
        }
        let mut from = index * scale_bytes(scales) * LANES;
        let held = self.scales.get();
        for &(at, width) in scales {
            to[at] = held[from + lane * width];
            if width == 2 {
                to[at + 1] = held[from + lane * 2 + 1];
            }
            from += width * LANES;
        }
    }
}

/// Bytes of a block as it is given: of NF4 the codes alone.
fn block_len(format: Format) -> usize {
    if format == Format::Nf4 { format.block() / 2 } else { format.block_bytes() }
}

/// Lays the rows of one tile side by side.
fn fill(format: Format, codes: &mut [u8], scales: &mut [u8], rows: &[u8], row_len: usize) {
    let Some((at, len, places)) = pieces(format) else { return };
    let (block_len, scale_len) = (block_len(format), scale_bytes(places));
    simd(
        #[inline(always)]
        || {
            for (lane, row) in rows.chunks_exact(row_len).enumerate() {
                for (index, block) in row.chunks_exact(block_len).enumerate() {
                    let lines = codes[index * len * LANES..][..len * LANES].as_chunks_mut::<LINE>().0;
                    for (line, group) in lines.iter_mut().zip(block[at..at + len].as_chunks::<GROUP>().0) {
                        line[lane * GROUP..][..GROUP].copy_from_slice(group);
                    }
                    let mut to = index * scale_len * LANES;
                    for &(at, width) in places {
                        scales[to + lane * width..][..width].copy_from_slice(&block[at..at + width]);
                        to += width * LANES;
                    }
                }
            }
        },
    );
}

/// Bytes that begin where a line of the cache does, in large pages where the system has them.
#[derive(Debug)]
struct Bytes {
    words: Buffer,
    len: usize,
}

impl Bytes {
    fn zeros(len: usize) -> Self {
        Self { words: Buffer::zeros(len.div_ceil(4)), len }
    }

    #[inline(always)]
    fn get(&self) -> &[u8] {
        // SAFETY: the words are plain, initialised, and at least `len` bytes.
        unsafe { std::slice::from_raw_parts(self.words.as_ptr().cast(), self.len) }
    }

    fn shared(&mut self) -> SharedBytes {
        SharedBytes { start: self.words.as_mut_ptr().cast(), len: self.len }
    }
}

/// Bytes of which tasks write disjoint parts.
#[derive(Clone, Copy)]
struct SharedBytes {
    start: *mut u8,
    len: usize,
}

// SAFETY: parts are handed out by `part`, whose callers promise that they are disjoint.
unsafe impl Send for SharedBytes {}
// SAFETY: as above.
unsafe impl Sync for SharedBytes {}

impl SharedBytes {
    /// # Safety
    /// The bytes outlive the part, and no other part in use at the same time overlaps it.
    unsafe fn part<'a>(self, offset: usize, len: usize) -> &'a mut [u8] {
        assert!(offset + len <= self.len, "part {offset}..+{len} of {}", self.len);
        // SAFETY: inside the bytes, by the assertion; the rest by the caller.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(offset), len) }
    }
}
