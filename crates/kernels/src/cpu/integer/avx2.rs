//! Sixteen lanes as two vectors of 256 bits.

use std::arch::x86_64::{
    __m128i, __m256, __m256i, _mm_add_ps, _mm_add_ss, _mm_cvtss_f32, _mm_loadl_epi64, _mm_loadu_si128,
    _mm_movehdup_ps, _mm_movehl_ps, _mm256_abs_epi8, _mm256_add_epi32, _mm256_add_ps, _mm256_and_si256,
    _mm256_broadcastsi128_si256, _mm256_castps256_ps128, _mm256_cvtepi8_epi32, _mm256_cvtepi32_ps,
    _mm256_cvtepu8_epi32, _mm256_cvtph_ps, _mm256_extractf128_ps, _mm256_loadu_ps, _mm256_loadu_si256,
    _mm256_madd_epi16, _mm256_maddubs_epi16, _mm256_mul_ps, _mm256_or_si256, _mm256_set1_epi8,
    _mm256_set1_epi16, _mm256_set1_epi32, _mm256_set1_ps, _mm256_setzero_si256, _mm256_shuffle_epi8,
    _mm256_sign_epi8, _mm256_slli_epi16, _mm256_slli_epi32, _mm256_srli_epi16, _mm256_srli_epi32,
    _mm256_storeu_ps, _mm256_sub_epi32, _mm256_sub_ps, _mm256_xor_si256,
};

use super::lanes::Lanes;

/// AVX2 and F16C.
#[derive(Clone, Copy)]
pub struct Avx2;

type Int = [__m256i; 2];
type Float = [__m256; 2];

#[inline(always)]
unsafe fn four(x: *const i8) -> __m256i {
    // SAFETY: four bytes, by the caller.
    unsafe { _mm256_set1_epi32(x.cast::<i32>().read_unaligned()) }
}

/// Adds neighbours of 16 bits, which do not overflow by what the caller promises of the bytes.
#[inline(always)]
unsafe fn add_products(sum: __m256i, pairs: __m256i) -> __m256i {
    unsafe { _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1))) }
}

macro_rules! both {
    ($a:expr, |$v:ident| $e:expr) => {{
        let [first, second] = $a;
        // SAFETY: the processor has AVX2, by the callers.
        unsafe {
            [
                {
                    let $v = first;
                    $e
                },
                {
                    let $v = second;
                    $e
                },
            ]
        }
    }};
}

macro_rules! pairs {
    ($f:ident, $a:expr, $b:expr) => {{
        let (a, b) = ($a, $b);
        // SAFETY: the processor has AVX2, by the callers.
        unsafe { [$f(a[0], b[0]), $f(a[1], b[1])] }
    }};
}

// SAFETY: each operation is what its name says; addresses are read as far as is said.
unsafe impl Lanes for Avx2 {
    type Int = Int;
    type Float = Float;
    type Bytes = Int;

    #[inline(always)]
    unsafe fn bytes(from: *const u8) -> Int {
        unsafe { [_mm256_loadu_si256(from.cast()), _mm256_loadu_si256(from.add(32).cast())] }
    }
    #[inline(always)]
    unsafe fn low(b: Int) -> Int {
        both!(b, |v| _mm256_and_si256(v, _mm256_set1_epi8(15)))
    }
    #[inline(always)]
    unsafe fn high(b: Int) -> Int {
        both!(b, |v| _mm256_and_si256(_mm256_srli_epi16::<4>(v), _mm256_set1_epi8(15)))
    }
    #[inline(always)]
    unsafe fn two_bits<const PAIR: u32>(b: Int) -> Int {
        both!(b, |v| {
            let moved = match PAIR {
                0 => _mm256_slli_epi16::<4>(v),
                1 => _mm256_slli_epi16::<2>(v),
                2 => v,
                _ => _mm256_srli_epi16::<2>(v),
            };
            _mm256_and_si256(moved, _mm256_set1_epi8(0x30))
        })
    }
    #[inline(always)]
    unsafe fn join(a: Int, b: Int) -> Int {
        pairs!(_mm256_or_si256, a, b)
    }
    #[inline(always)]
    unsafe fn flip_signs(b: Int) -> Int {
        both!(b, |v| _mm256_xor_si256(v, _mm256_set1_epi8(-128)))
    }
    #[inline(always)]
    unsafe fn look_up(table: &[u8; 16], b: Int) -> Int {
        both!(b, |v| {
            let table = _mm256_broadcastsi128_si256(_mm_loadu_si128(table.as_ptr().cast::<__m128i>()));
            _mm256_shuffle_epi8(table, v)
        })
    }

    #[inline(always)]
    unsafe fn int(v: i32) -> Int {
        unsafe { [_mm256_set1_epi32(v); 2] }
    }
    #[inline(always)]
    unsafe fn dot(sum: Int, w: Int, x: *const i8) -> Int {
        unsafe {
            let x = four(x);
            [
                add_products(sum[0], _mm256_maddubs_epi16(w[0], x)),
                add_products(sum[1], _mm256_maddubs_epi16(w[1], x)),
            ]
        }
    }
    #[inline(always)]
    unsafe fn offset_start(_sum: i32) -> Int {
        unsafe { [_mm256_setzero_si256(); 2] }
    }
    #[inline(always)]
    unsafe fn dot_offset(sum: Int, w: Int, x: *const i8) -> Int {
        unsafe {
            let x = four(x);
            // Products of magnitudes up to 128 with bytes from −127 on: two of them fit in 16 bits.
            let one = |sum, w| {
                let w = _mm256_xor_si256(w, _mm256_set1_epi8(-128));
                add_products(sum, _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(x, w)))
            };
            [one(sum[0], w[0]), one(sum[1], w[1])]
        }
    }
    #[inline(always)]
    unsafe fn widen(from: *const u8) -> Int {
        unsafe {
            [
                _mm256_cvtepu8_epi32(_mm_loadl_epi64(from.cast())),
                _mm256_cvtepu8_epi32(_mm_loadl_epi64(from.add(8).cast())),
            ]
        }
    }
    #[inline(always)]
    unsafe fn widen_signed(from: *const u8) -> Int {
        unsafe {
            [
                _mm256_cvtepi8_epi32(_mm_loadl_epi64(from.cast())),
                _mm256_cvtepi8_epi32(_mm_loadl_epi64(from.add(8).cast())),
            ]
        }
    }
    #[inline(always)]
    unsafe fn and(a: Int, mask: i32) -> Int {
        both!(a, |v| _mm256_and_si256(v, _mm256_set1_epi32(mask)))
    }
    #[inline(always)]
    unsafe fn or(a: Int, b: Int) -> Int {
        pairs!(_mm256_or_si256, a, b)
    }
    #[inline(always)]
    unsafe fn right<const BITS: u32>(a: Int) -> Int {
        match BITS {
            4 => both!(a, |v| _mm256_srli_epi32::<4>(v)),
            6 => both!(a, |v| _mm256_srli_epi32::<6>(v)),
            _ => unreachable!("scales are moved by four or six bits"),
        }
    }
    #[inline(always)]
    unsafe fn left<const BITS: u32>(a: Int) -> Int {
        match BITS {
            1 => both!(a, |v| _mm256_slli_epi32::<1>(v)),
            4 => both!(a, |v| _mm256_slli_epi32::<4>(v)),
            8 => both!(a, |v| _mm256_slli_epi32::<8>(v)),
            _ => unreachable!("scales and sums are moved by one, four or eight bits"),
        }
    }
    #[inline(always)]
    unsafe fn add_int(a: Int, b: Int) -> Int {
        pairs!(_mm256_add_epi32, a, b)
    }
    #[inline(always)]
    unsafe fn sub_int(a: Int, b: Int) -> Int {
        pairs!(_mm256_sub_epi32, a, b)
    }

    #[inline(always)]
    unsafe fn float(a: Int) -> Float {
        both!(a, |v| _mm256_cvtepi32_ps(v))
    }
    #[inline(always)]
    unsafe fn halves(from: *const u8) -> Float {
        unsafe {
            [
                _mm256_cvtph_ps(_mm_loadu_si128(from.cast::<__m128i>())),
                _mm256_cvtph_ps(_mm_loadu_si128(from.add(16).cast::<__m128i>())),
            ]
        }
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Float {
        unsafe { [_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(8))] }
    }
    #[inline(always)]
    unsafe fn store(to: *mut f32, v: Float) {
        unsafe {
            _mm256_storeu_ps(to, v[0]);
            _mm256_storeu_ps(to.add(8), v[1]);
        }
    }
    #[inline(always)]
    unsafe fn splat(v: f32) -> Float {
        unsafe { [_mm256_set1_ps(v); 2] }
    }
    #[inline(always)]
    unsafe fn mul(a: Float, b: Float) -> Float {
        pairs!(_mm256_mul_ps, a, b)
    }
    #[inline(always)]
    unsafe fn add(a: Float, b: Float) -> Float {
        pairs!(_mm256_add_ps, a, b)
    }
    #[inline(always)]
    unsafe fn sub(a: Float, b: Float) -> Float {
        pairs!(_mm256_sub_ps, a, b)
    }

    #[inline(always)]
    unsafe fn sum(a: Float) -> f32 {
        unsafe { sum_of_eight(_mm256_add_ps(a[0], a[1])) }
    }
}

/// The sum of eight lanes, halves added to halves.
#[inline(always)]
pub unsafe fn sum_of_eight(a: __m256) -> f32 {
    unsafe {
        let four = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps::<1>(a));
        let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
        _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
    }
}
