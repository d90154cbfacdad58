//! Strided operands, and their product on one thread.

use super::micro::{self, Isa};

/// A strided matrix that is read.
#[derive(Clone, Copy)]
pub struct Operand {
    start: *const f32,
    /// Distance between rows.
    row: isize,
    /// Distance between columns.
    column: isize,
}

impl Operand {
    /// Rows of `stride` numbers; checked to hold `rows` by `columns`.
    pub fn rows(slice: &[f32], stride: usize, rows: usize, columns: usize) -> Self {
        check(slice.len(), stride, rows, columns);
        Self { start: slice.as_ptr(), row: stride as isize, column: 1 }
    }

    /// The part that begins at a row and a column.
    pub fn from(self, row: usize, column: usize) -> Self {
        let offset = row as isize * self.row + column as isize * self.column;
        // The part may be empty, and begin behind the end.
        Self { start: self.start.wrapping_offset(offset), ..self }
    }

    /// The first number.
    pub fn start(self) -> *const f32 {
        self.start
    }

    /// Distance between rows.
    pub fn row_distance(self) -> isize {
        self.row
    }

    /// Distance between columns.
    pub fn column_distance(self) -> isize {
        self.column
    }

    /// The transpose.
    pub fn transposed(self) -> Self {
        Self { start: self.start, row: self.column, column: self.row }
    }
}

fn check(len: usize, stride: usize, rows: usize, columns: usize) {
    assert!(
        rows == 0 || columns == 0 || (rows - 1) * stride + columns <= len,
        "({rows}, {columns}) by {stride} in {len}"
    );
}

/// Numbers that a tile of `rows` by `columns` with rows `stride` apart spans.
pub fn span(stride: usize, rows: usize, columns: usize) -> usize {
    if rows == 0 || columns == 0 { 0 } else { (rows - 1) * stride + columns }
}

/// `out = [out +] factor · a · b`, where `out` is (m, n) with rows `stride` apart, a is (m, k), b is (k, n).
///
/// # Safety
/// `out` points to [`span`]`(stride, m, n)` numbers of which no other thread uses the tile's; `a` and `b` have the said sizes.
pub unsafe fn product(
    out: *mut f32,
    stride: usize,
    [m, n, k]: [usize; 3],
    a: Operand,
    b: Operand,
    factor: f32,
    accumulate: bool,
) {
    if m == 0 || n == 0 {
        return;
    }
    // SAFETY: sizes and exclusiveness by the caller; the instruction set is the processor's.
    unsafe { micro::product(Isa::best(), out, stride, [m, n, k], a, b, factor, accumulate) }
}

/// `extent` in pieces of about `target`, each but the last a multiple of 16: (number of pieces, length of a piece).
pub fn pieces(extent: usize, target: usize) -> (usize, usize) {
    pieces_of(extent, target, 16)
}

/// As [`pieces`], with multiples of `unit`, of which `target` is one.
pub fn pieces_of(extent: usize, target: usize, unit: usize) -> (usize, usize) {
    let count = extent.div_ceil(target).max(1);
    let length = extent.div_ceil(count).next_multiple_of(unit);
    (extent.div_ceil(length), length)
}
