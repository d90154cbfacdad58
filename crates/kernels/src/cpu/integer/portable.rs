//! Sixteen lanes as arrays, for the compiler to vectorise.

use super::lanes::{LANES, Lanes};
use crate::weight::half_to_single;

/// Arrays.
#[derive(Clone, Copy)]
pub struct Portable;

type Int = [i32; LANES];
type Float = [f32; LANES];

#[inline(always)]
fn each<T: Copy, U>(a: [T; LANES], b: [T; LANES], f: impl Fn(T, T) -> U) -> [U; LANES] {
    std::array::from_fn(|i| f(a[i], b[i]))
}

#[inline(always)]
fn four(x: *const i8) -> [i32; 4] {
    // SAFETY: four bytes, by the callers.
    unsafe { x.cast::<[i8; 4]>().read_unaligned() }.map(i32::from)
}

#[inline(always)]
fn dot(sum: Int, w: [u8; 64], x: [i32; 4], offset: i32) -> Int {
    std::array::from_fn(|i| (0..4).fold(sum[i], |sum, k| sum + (i32::from(w[4 * i + k]) - offset) * x[k]))
}

// SAFETY: nothing is asked of the processor, and addresses are read as far as is said.
unsafe impl Lanes for Portable {
    type Int = Int;
    type Float = Float;
    type Bytes = [u8; 64];

    #[inline(always)]
    unsafe fn bytes(from: *const u8) -> [u8; 64] {
        // SAFETY: by the caller.
        unsafe { from.cast::<[u8; 64]>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn low(b: [u8; 64]) -> [u8; 64] {
        b.map(|b| b & 15)
    }
    #[inline(always)]
    unsafe fn high(b: [u8; 64]) -> [u8; 64] {
        b.map(|b| b >> 4)
    }
    #[inline(always)]
    unsafe fn two_bits<const PAIR: u32>(b: [u8; 64]) -> [u8; 64] {
        b.map(|b| (b >> (2 * PAIR) & 3) << 4)
    }
    #[inline(always)]
    unsafe fn join(a: [u8; 64], b: [u8; 64]) -> [u8; 64] {
        std::array::from_fn(|i| a[i] | b[i])
    }
    #[inline(always)]
    unsafe fn flip_signs(b: [u8; 64]) -> [u8; 64] {
        b.map(|b| b ^ 128)
    }
    #[inline(always)]
    unsafe fn look_up(table: &[u8; 16], b: [u8; 64]) -> [u8; 64] {
        b.map(|b| table[usize::from(b & 15)])
    }

    #[inline(always)]
    unsafe fn int(v: i32) -> Int {
        [v; LANES]
    }
    #[inline(always)]
    unsafe fn dot(sum: Int, w: [u8; 64], x: *const i8) -> Int {
        dot(sum, w, four(x), 0)
    }
    #[inline(always)]
    unsafe fn offset_start(_sum: i32) -> Int {
        [0; LANES]
    }
    #[inline(always)]
    unsafe fn dot_offset(sum: Int, w: [u8; 64], x: *const i8) -> Int {
        dot(sum, w, four(x), 128)
    }
    #[inline(always)]
    unsafe fn widen(from: *const u8) -> Int {
        // SAFETY: by the caller.
        unsafe { from.cast::<[u8; LANES]>().read_unaligned() }.map(i32::from)
    }
    #[inline(always)]
    unsafe fn widen_signed(from: *const u8) -> Int {
        // SAFETY: by the caller.
        unsafe { from.cast::<[i8; LANES]>().read_unaligned() }.map(i32::from)
    }
    #[inline(always)]
    unsafe fn and(a: Int, mask: i32) -> Int {
        a.map(|a| a & mask)
    }
    #[inline(always)]
    unsafe fn or(a: Int, b: Int) -> Int {
        each(a, b, |a, b| a | b)
    }
    #[inline(always)]
    unsafe fn right<const BITS: u32>(a: Int) -> Int {
        a.map(|a| (a.cast_unsigned() >> BITS).cast_signed())
    }
    #[inline(always)]
    unsafe fn left<const BITS: u32>(a: Int) -> Int {
        a.map(|a| a << BITS)
    }
    #[inline(always)]
    unsafe fn add_int(a: Int, b: Int) -> Int {
        each(a, b, i32::wrapping_add)
    }
    #[inline(always)]
    unsafe fn sub_int(a: Int, b: Int) -> Int {
        each(a, b, i32::wrapping_sub)
    }

    #[inline(always)]
    unsafe fn float(a: Int) -> Float {
        a.map(|a| a as f32)
    }
    #[inline(always)]
    unsafe fn halves(from: *const u8) -> Float {
        // SAFETY: by the caller.
        unsafe { from.cast::<[[u8; 2]; LANES]>().read_unaligned() }
            .map(|half| half_to_single(u16::from_le_bytes(half)))
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Float {
        // SAFETY: by the caller.
        unsafe { from.cast::<Float>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn store(to: *mut f32, v: Float) {
        // SAFETY: by the caller.
        unsafe { to.cast::<Float>().write_unaligned(v) }
    }
    #[inline(always)]
    unsafe fn splat(v: f32) -> Float {
        [v; LANES]
    }
    #[inline(always)]
    unsafe fn mul(a: Float, b: Float) -> Float {
        each(a, b, |a, b| a * b)
    }
    #[inline(always)]
    unsafe fn add(a: Float, b: Float) -> Float {
        each(a, b, |a, b| a + b)
    }
    #[inline(always)]
    unsafe fn sub(a: Float, b: Float) -> Float {
        each(a, b, |a, b| a - b)
    }

    #[inline(always)]
    unsafe fn sum(a: Float) -> f32 {
        let mut v = a;
        let mut half = LANES / 2;
        while half > 0 {
            for i in 0..half {
                v[i] += v[i + half];
            }
            half /= 2;
        }
        v[0]
    }
}
