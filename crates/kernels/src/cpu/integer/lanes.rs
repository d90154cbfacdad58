//! What a product of codes asks of an instruction set: sixteen lanes, one for each row of a tile.
//!
//! Sums of integers are exact and numbers in f32 are computed one operation at a time, so that all instruction sets
//! give the same bits.

/// Rows of a tile.
pub const LANES: usize = 16;

/// Operations on sixteen lanes. Memory is given by address, and may lie anywhere.
///
/// # Safety
/// The processor has the instruction set, and there are as many bytes at an address as an operation reads or writes.
pub unsafe trait Lanes: Copy {
    /// 16 integers of 32 bits.
    type Int: Copy;
    /// 16 numbers.
    type Float: Copy;
    /// 64 bytes, four a lane.
    type Bytes: Copy;

    /// 64 bytes.
    unsafe fn bytes(from: *const u8) -> Self::Bytes;
    /// The lower halves of bytes.
    unsafe fn low(b: Self::Bytes) -> Self::Bytes;
    /// The upper halves of bytes.
    unsafe fn high(b: Self::Bytes) -> Self::Bytes;
    /// Bits `2 · PAIR` and `2 · PAIR + 1` of each byte as bits 4 and 5.
    unsafe fn two_bits<const PAIR: u32>(b: Self::Bytes) -> Self::Bytes;
    /// Bits of either.
    unsafe fn join(a: Self::Bytes, b: Self::Bytes) -> Self::Bytes;
    /// The uppermost bit of each byte turned: signed bytes become bytes that are greater by 128.
    unsafe fn flip_signs(b: Self::Bytes) -> Self::Bytes;
    /// A table's entries for bytes below 16.
    unsafe fn look_up(table: &[u8; 16], b: Self::Bytes) -> Self::Bytes;

    /// The same integer in all lanes.
    unsafe fn int(v: i32) -> Self::Int;
    /// Adds to each lane the product of its four bytes, from 0 to 127, with the four signed bytes at `x`, which are
    /// above −128.
    unsafe fn dot(sum: Self::Int, w: Self::Bytes, x: *const i8) -> Self::Int;
    /// What sums by [`Lanes::dot_offset`] begin with, given the sum of all of x's bytes.
    unsafe fn offset_start(sum: i32) -> Self::Int;
    /// Adds to each lane the product of its four bytes less 128 with the four signed bytes at `x`, which are above
    /// −128.
    unsafe fn dot_offset(sum: Self::Int, w: Self::Bytes, x: *const i8) -> Self::Int;
    /// 16 bytes as integers.
    unsafe fn widen(from: *const u8) -> Self::Int;
    /// 16 signed bytes as integers.
    unsafe fn widen_signed(from: *const u8) -> Self::Int;
    /// Bits of both.
    unsafe fn and(a: Self::Int, mask: i32) -> Self::Int;
    /// Bits of either.
    unsafe fn or(a: Self::Int, b: Self::Int) -> Self::Int;
    /// Lower bits taken off.
    unsafe fn right<const BITS: u32>(a: Self::Int) -> Self::Int;
    /// Zeros put below.
    unsafe fn left<const BITS: u32>(a: Self::Int) -> Self::Int;
    /// Sum.
    unsafe fn add_int(a: Self::Int, b: Self::Int) -> Self::Int;
    /// Difference.
    unsafe fn sub_int(a: Self::Int, b: Self::Int) -> Self::Int;

    /// Integers as numbers.
    unsafe fn float(a: Self::Int) -> Self::Float;
    /// 16 half floats as numbers.
    unsafe fn halves(from: *const u8) -> Self::Float;
    /// 16 numbers.
    unsafe fn load(from: *const f32) -> Self::Float;
    /// Writes 16 numbers.
    unsafe fn store(to: *mut f32, v: Self::Float);
    /// The same number in all lanes.
    unsafe fn splat(v: f32) -> Self::Float;
    /// Product.
    unsafe fn mul(a: Self::Float, b: Self::Float) -> Self::Float;
    /// Sum.
    unsafe fn add(a: Self::Float, b: Self::Float) -> Self::Float;
    /// Difference.
    unsafe fn sub(a: Self::Float, b: Self::Float) -> Self::Float;
    /// The sum of all lanes: each of the first half added to its counterpart in the second, and so on.
    unsafe fn sum(a: Self::Float) -> f32;
}
