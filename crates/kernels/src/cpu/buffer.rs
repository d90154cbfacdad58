//! Memory for vectors: f32, beginning at a cache line, zero at first.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

/// A cache line, which is also the widest vector, in bytes.
const LINE: usize = 64;
/// A large page, in bytes.
const PAGE: usize = 2 << 20;

/// Numbers of the CPU device. Reads and writes as a slice.
pub struct Buffer {
    /// What the system gave, with the alignment it gives for nothing.
    given: *mut u8,
    layout: Layout,
    start: NonNull<f32>,
    len: usize,
}

impl Buffer {
    /// Zeros. Pages that are never touched take no memory.
    pub fn zeros(len: usize) -> Self {
        Self::with_pages(len, LARGE)
    }

    /// Zeros of which only some will ever be touched: in small pages, so that the rest takes no memory.
    pub fn sparse(len: usize) -> Self {
        Self::with_pages(len, SMALL)
    }

    fn with_pages(len: usize, advice: i32) -> Self {
        let bytes = len.checked_mul(4).expect("a buffer's size fits in memory's addresses");
        // Asking for more alignment than the system's own would make the allocator touch every page.
        let align = if bytes >= 2 * PAGE { PAGE } else { LINE };
        let layout =
            Layout::from_size_align(bytes + align, 8).expect("a buffer's size fits in memory's addresses");
        // SAFETY: the layout has a size above zero.
        let given = unsafe { alloc_zeroed(layout) };
        if given.is_null() {
            handle_alloc_error(layout)
        }
        // SAFETY: at most `align` bytes further, behind which `bytes` bytes are left.
        let start = unsafe { given.add(given.align_offset(align)) };
        if align == PAGE {
            advise(start, bytes, advice);
        }
        #[expect(clippy::cast_ptr_alignment, reason = "moved to a multiple of a cache line above")]
        let start = NonNull::new(start.cast::<f32>()).expect("an address inside an allocation");
        Self { given, layout, start, len }
    }
}

/// Advice to the system. Matrices span many small pages, and looking those up would cost as much as reading them.
const LARGE: i32 = 14;
/// As above: large pages would be taken whole where little of them is used.
const SMALL: i32 = 15;

#[cfg(target_os = "linux")]
fn advise(start: *mut u8, bytes: usize, advice: i32) {
    unsafe extern "C" {
        fn madvise(start: *mut u8, bytes: usize, advice: i32) -> i32;
    }
    // SAFETY: the range lies inside one allocation and the advice changes no contents. Refusal does no harm.
    let _ = unsafe { madvise(start, bytes, advice) };
}

#[cfg(not(target_os = "linux"))]
fn advise(_start: *mut u8, _bytes: usize, _advice: i32) {}

impl Drop for Buffer {
    fn drop(&mut self) {
        // SAFETY: allocated in `zeros` with the same layout.
        unsafe { dealloc(self.given, self.layout) }
    }
}

impl Deref for Buffer {
    type Target = [f32];
    fn deref(&self) -> &[f32] {
        // SAFETY: `start` points to `len` initialised numbers that live as long as `self`.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: as in `deref`, and `self` is borrowed exclusively.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}

// SAFETY: a buffer owns its numbers, which are plain.
unsafe impl Send for Buffer {}
// SAFETY: sharing a buffer gives out shared slices only.
unsafe impl Sync for Buffer {}

impl std::fmt::Debug for Buffer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Buffer").field("len", &self.len).finish_non_exhaustive()
    }
}

/// A slice of which threads write disjoint parts.
#[derive(Clone, Copy)]
pub struct Shared<'a, T = f32> {
    start: *mut T,
    len: usize,
    life: std::marker::PhantomData<&'a mut [T]>,
}

// SAFETY: parts are handed out by `part`, whose callers promise that they are disjoint.
unsafe impl<T: Send> Send for Shared<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Shared<'_, T> {}

impl<'a, T> Shared<'a, T> {
    /// The whole slice.
    pub fn new(slice: &'a mut [T]) -> Self {
        Self { start: slice.as_mut_ptr(), len: slice.len(), life: std::marker::PhantomData }
    }

    /// `len` elements from `offset` on.
    ///
    /// # Safety
    /// No other part in use at the same time overlaps this one.
    pub unsafe fn part(&self, offset: usize, len: usize) -> &'a mut [T] {
        assert!(offset + len <= self.len, "part {offset}..+{len} of {}", self.len);
        // SAFETY: inside the slice, by the assertion; disjoint from others, by the caller.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(offset), len) }
    }

    /// Address of element `offset`, of which `span` elements from there on are inside.
    pub fn at(&self, offset: usize, span: usize) -> *mut T {
        assert!(offset + span <= self.len, "{offset}..+{span} of {}", self.len);
        // SAFETY: inside the slice, by the assertion.
        unsafe { self.start.add(offset) }
    }
}
