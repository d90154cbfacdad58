//! Sixteen lanes as one vector of 512 bits, with products of bytes (VNNI).

use std::arch::x86_64::{
    __m128i, __m256i, __m512, __m512i, _mm_loadu_si128, _mm256_add_ps, _mm256_castpd_ps, _mm256_loadu_si256,
    _mm512_add_epi32, _mm512_add_ps, _mm512_and_si512, _mm512_broadcast_i32x4, _mm512_castps_pd,
    _mm512_castps512_ps256, _mm512_cvtepi8_epi32, _mm512_cvtepi32_ps, _mm512_cvtepu8_epi32, _mm512_cvtph_ps,
    _mm512_dpbusd_epi32, _mm512_extractf64x4_pd, _mm512_loadu_ps, _mm512_loadu_si512, _mm512_mul_ps,
    _mm512_or_si512, _mm512_set1_epi8, _mm512_set1_epi32, _mm512_set1_ps, _mm512_shuffle_epi8,
    _mm512_slli_epi16, _mm512_slli_epi32, _mm512_srli_epi16, _mm512_srli_epi32, _mm512_storeu_ps,
    _mm512_sub_epi32, _mm512_sub_ps, _mm512_xor_si512,
};

use super::lanes::Lanes;

/// AVX-512 F, BW and VNNI.
#[derive(Clone, Copy)]
pub struct Avx512;

#[inline(always)]
unsafe fn four(x: *const i8) -> __m512i {
    // SAFETY: four bytes, by the caller.
    unsafe { _mm512_set1_epi32(x.cast::<i32>().read_unaligned()) }
}

// SAFETY: each operation is what its name says; addresses are read as far as is said.
unsafe impl Lanes for Avx512 {
    type Int = __m512i;
    type Float = __m512;
    type Bytes = __m512i;

    #[inline(always)]
    unsafe fn bytes(from: *const u8) -> __m512i {
        unsafe { _mm512_loadu_si512(from.cast()) }
    }
    #[inline(always)]
    unsafe fn low(b: __m512i) -> __m512i {
        unsafe { _mm512_and_si512(b, _mm512_set1_epi8(15)) }
    }
    #[inline(always)]
    unsafe fn high(b: __m512i) -> __m512i {
        unsafe { _mm512_and_si512(_mm512_srli_epi16::<4>(b), _mm512_set1_epi8(15)) }
    }
    #[inline(always)]
    unsafe fn two_bits<const PAIR: u32>(b: __m512i) -> __m512i {
        unsafe {
            let moved = match PAIR {
                0 => _mm512_slli_epi16::<4>(b),
                1 => _mm512_slli_epi16::<2>(b),
                2 => b,
                _ => _mm512_srli_epi16::<2>(b),
            };
            _mm512_and_si512(moved, _mm512_set1_epi8(0x30))
        }
    }
    #[inline(always)]
    unsafe fn join(a: __m512i, b: __m512i) -> __m512i {
        unsafe { _mm512_or_si512(a, b) }
    }
    #[inline(always)]
    unsafe fn flip_signs(b: __m512i) -> __m512i {
        unsafe { _mm512_xor_si512(b, _mm512_set1_epi8(-128)) }
    }
    #[inline(always)]
    unsafe fn look_up(table: &[u8; 16], b: __m512i) -> __m512i {
        unsafe {
            let table = _mm512_broadcast_i32x4(_mm_loadu_si128(table.as_ptr().cast::<__m128i>()));
            _mm512_shuffle_epi8(table, b)
        }
    }

    #[inline(always)]
    unsafe fn int(v: i32) -> __m512i {
        unsafe { _mm512_set1_epi32(v) }
    }
    #[inline(always)]
    unsafe fn dot(sum: __m512i, w: __m512i, x: *const i8) -> __m512i {
        unsafe { _mm512_dpbusd_epi32(sum, w, four(x)) }
    }
    #[inline(always)]
    unsafe fn offset_start(sum: i32) -> __m512i {
        unsafe { _mm512_set1_epi32(-128 * sum) }
    }
    #[inline(always)]
    unsafe fn dot_offset(sum: __m512i, w: __m512i, x: *const i8) -> __m512i {
        // The offset was taken off at the start.
        unsafe { Self::dot(sum, w, x) }
    }
    #[inline(always)]
    unsafe fn widen(from: *const u8) -> __m512i {
        unsafe { _mm512_cvtepu8_epi32(_mm_loadu_si128(from.cast::<__m128i>())) }
    }
    #[inline(always)]
    unsafe fn widen_signed(from: *const u8) -> __m512i {
        unsafe { _mm512_cvtepi8_epi32(_mm_loadu_si128(from.cast::<__m128i>())) }
    }
    #[inline(always)]
    unsafe fn and(a: __m512i, mask: i32) -> __m512i {
        unsafe { _mm512_and_si512(a, _mm512_set1_epi32(mask)) }
    }
    #[inline(always)]
    unsafe fn or(a: __m512i, b: __m512i) -> __m512i {
        unsafe { _mm512_or_si512(a, b) }
    }
    #[inline(always)]
    unsafe fn right<const BITS: u32>(a: __m512i) -> __m512i {
        unsafe { _mm512_srli_epi32::<BITS>(a) }
    }
    #[inline(always)]
    unsafe fn left<const BITS: u32>(a: __m512i) -> __m512i {
        unsafe { _mm512_slli_epi32::<BITS>(a) }
    }
    #[inline(always)]
    unsafe fn add_int(a: __m512i, b: __m512i) -> __m512i {
        unsafe { _mm512_add_epi32(a, b) }
    }
    #[inline(always)]
    unsafe fn sub_int(a: __m512i, b: __m512i) -> __m512i {
        unsafe { _mm512_sub_epi32(a, b) }
    }

    #[inline(always)]
    unsafe fn float(a: __m512i) -> __m512 {
        unsafe { _mm512_cvtepi32_ps(a) }
    }
    #[inline(always)]
    unsafe fn halves(from: *const u8) -> __m512 {
        unsafe { _mm512_cvtph_ps(_mm256_loadu_si256(from.cast::<__m256i>())) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> __m512 {
        unsafe { _mm512_loadu_ps(from) }
    }
    #[inline(always)]
    unsafe fn store(to: *mut f32, v: __m512) {
        unsafe { _mm512_storeu_ps(to, v) }
    }
    #[inline(always)]
    unsafe fn splat(v: f32) -> __m512 {
        unsafe { _mm512_set1_ps(v) }
    }
    #[inline(always)]
    unsafe fn mul(a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_mul_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn add(a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_add_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn sub(a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_sub_ps(a, b) }
    }

    #[inline(always)]
    unsafe fn sum(a: __m512) -> f32 {
        unsafe {
            let upper = _mm256_castpd_ps(_mm512_extractf64x4_pd::<1>(_mm512_castps_pd(a)));
            super::avx2::sum_of_eight(_mm256_add_ps(_mm512_castps512_ps256(a), upper))
        }
    }
}
