//! Products by plain loops, for processors without the vectors of the others.

use super::Tile;

/// Columns of a strip.
pub const STRIP: usize = 16;
/// Rows whose sums are held at a time.
const ROWS: usize = 4;

/// `a · b + c`: fused where that is one instruction. Without one it is a call, slower than all else together.
#[inline(always)]
pub fn fused(a: f32, b: f32, c: f32) -> f32 {
    if cfg!(target_arch = "x86_64") { a * b + c } else { a.mul_add(b, c) }
}

/// All rows of a tile, whose strip is packed in whole vectors of [`STRIP`].
///
/// # Safety
/// The tile's sizes and exclusiveness.
pub unsafe fn multiply(tile: Tile) {
    for row in (0..tile.rows).step_by(ROWS) {
        let rows = (tile.rows - row).min(ROWS);
        let mut sums = [[0.0f32; STRIP]; ROWS];
        for term in 0..tile.depth {
            // SAFETY: the strip has the term, padded with zeros.
            let b = unsafe { &*tile.strip.add(term * STRIP).cast::<[f32; STRIP]>() };
            for (i, sums) in sums.iter_mut().enumerate().take(rows) {
                let at = (row + i) as isize * tile.a_row + term as isize * tile.a_term;
                // SAFETY: the row and the term are the tile's.
                let factor = unsafe { *tile.a.offset(at) };
                for (sum, b) in sums.iter_mut().zip(b) {
                    *sum = fused(factor, *b, *sum);
                }
            }
        }
        for (i, sums) in sums.iter().enumerate().take(rows) {
            for (column, sum) in sums[..tile.columns].iter().enumerate() {
                // SAFETY: the place is the tile's.
                let out = unsafe { &mut *tile.out.add((row + i) * tile.out_row + column) };
                *out = if tile.accumulate { fused(*sum, tile.factor, *out) } else { tile.factor * sum };
            }
        }
    }
}
