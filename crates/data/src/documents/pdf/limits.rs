//! What a file may cost.

/// What a file may cost. The defaults leave a thousand-page book alone and stop what only a hostile file asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file.
    pub file_bytes: u64,
    /// Pages.
    pub pages: u64,
    /// Bytes that one compressed stream may unpack to.
    pub stream_bytes: u64,
    /// Bytes that the contents of one page, its forms included, may unpack to.
    pub page_bytes: u64,
    /// Operators on one page, its forms included.
    pub page_operators: u64,
    /// Operators of the whole file, shared out among its pages.
    pub operators: u64,
    /// Glyphs on one page.
    pub page_glyphs: u64,
    /// Forms inside forms.
    pub form_depth: u32,
    /// Graphics states that wait to be restored.
    pub states: u32,
    /// Threads that read pages; the result is the same for any number.
    pub threads: std::num::NonZeroUsize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 512 << 20,
            pages: 5000,
            stream_bytes: 256 << 20,
            page_bytes: 256 << 20,
            page_operators: 2_000_000,
            operators: 200_000_000,
            page_glyphs: 100_000,
            form_depth: 12,
            states: 512,
            threads: std::num::NonZeroUsize::MIN,
        }
    }
}
