//! Memory for vectors: f32, beginning at a cache line, zero at first.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

/// A cache line, which is also the widest vector.
const ALIGN: usize = 64;

/// Numbers of the CPU device. Reads and writes as a slice.
pub struct Buffer {
    start: NonNull<f32>,
    len: usize,
}

impl Buffer {
    /// Zeros. Pages that are never touched take no memory.
    pub fn zeros(len: usize) -> Self {
        if len == 0 {
            return Self { start: NonNull::dangling(), len };
        }
        let layout = Self::layout(len);
        // SAFETY: the layout has a size above zero.
        let start = unsafe { alloc_zeroed(layout) }.cast::<f32>();
        let Some(start) = NonNull::new(start) else { handle_alloc_error(layout) };
        Self { start, len }
    }

    fn layout(len: usize) -> Layout {
        let bytes = len.checked_mul(4).expect("a buffer's size fits in memory's addresses");
        Layout::from_size_align(bytes, ALIGN).expect("a buffer's size fits in memory's addresses")
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if self.len > 0 {
            // SAFETY: allocated in `zeros` with the same layout.
            unsafe { dealloc(self.start.as_ptr().cast(), Self::layout(self.len)) }
        }
    }
}

impl Deref for Buffer {
    type Target = [f32];
    fn deref(&self) -> &[f32] {
        // SAFETY: `start` points to `len` initialised numbers that live as long as `self`; dangling only when `len` is 0.
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
pub struct Shared<'a> {
    start: *mut f32,
    len: usize,
    life: std::marker::PhantomData<&'a mut [f32]>,
}

// SAFETY: parts are handed out by `part`, whose callers promise that they are disjoint.
unsafe impl Send for Shared<'_> {}
// SAFETY: as above.
unsafe impl Sync for Shared<'_> {}

impl<'a> Shared<'a> {
    /// The whole slice.
    pub fn new(slice: &'a mut [f32]) -> Self {
        Self { start: slice.as_mut_ptr(), len: slice.len(), life: std::marker::PhantomData }
    }

    /// `len` numbers from `offset` on.
    ///
    /// # Safety
    /// No other part in use at the same time overlaps this one.
    #[expect(clippy::mut_from_ref, reason = "the caller promises that parts are disjoint")]
    pub unsafe fn part(&self, offset: usize, len: usize) -> &'a mut [f32] {
        assert!(offset + len <= self.len, "part {offset}..+{len} of {}", self.len);
        // SAFETY: inside the slice, by the assertion; disjoint from others, by the caller.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(offset), len) }
    }

    /// Address of number `offset`, of which `span` numbers from there on are inside.
    pub fn at(&self, offset: usize, span: usize) -> *mut f32 {
        assert!(offset + span <= self.len, "{offset}..+{span} of {}", self.len);
        // SAFETY: inside the slice, by the assertion.
        unsafe { self.start.add(offset) }
    }
}
