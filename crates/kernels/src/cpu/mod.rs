//! The CPU: the reference's operations over tiles, threads and vectors.
//!
//! 1. [`Pool`] is the one thread pool; a matrix product is made of fixed tiles, each on one thread (`micro`).
//! 2. Tiles and the order of sums follow from the shapes alone, so that results do not depend on threads or timing.
//! 3. Loops are compiled for several instruction sets (`simd`) and chosen at run time.

mod activation;
mod attention;
mod attention_backward;
mod attention_decode;
mod buffer;
mod cache;
mod decode;
mod device;
mod embedding;
mod features;
mod gemm;
mod head;
mod integer;
mod linear;
mod lora;
mod math;
mod micro;
mod norm;
mod optimizer;
mod panel;
mod pool;
mod rope;

pub use buffer::Buffer;
pub use cache::Cache;
pub use features::instruction_sets;
pub use pool::Pool;

/// The CPU as a device.
#[derive(Debug)]
pub struct Cpu {
    pool: Pool,
}

impl Cpu {
    /// A device with so many threads, at least one.
    pub fn new(threads: usize) -> Self {
        Self { pool: Pool::new(threads) }
    }

    /// The sum of all numbers, with all threads, as fast as memory gives them: to see how fast that is.
    pub fn read_all(&self, buffer: &Buffer) -> f32 {
        const CHUNK: usize = 1 << 16;
        let tasks = buffer.len().div_ceil(CHUNK);
        let mut sums = vec![0.0; tasks];
        let shared = buffer::Shared::new(&mut sums);
        self.pool.run(tasks, |task, _| {
            let numbers = &buffer[chunk(task, CHUNK, buffer.len())];
            // SAFETY: a task's number is its own.
            let to = unsafe { shared.part(task, 1) };
            simd(
                #[inline(always)]
                || to[0] = math::sum(numbers.len(), |i| numbers[i]),
            );
        });
        sums.iter().sum()
    }

    /// Number of threads.
    pub fn threads(&self) -> usize {
        self.pool.threads()
    }
}

/// Runs a loop with the widest vectors that the processor has.
#[inline(always)]
pub(crate) fn simd<T>(body: impl FnOnce() -> T) -> T {
    struct Wide<F>(F);
    impl<T, F: FnOnce() -> T> pulp::WithSimd for Wide<F> {
        type Output = T;
        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _simd: S) -> T {
            (self.0)()
        }
    }
    pulp::Arch::new().dispatch(Wide(body))
}

/// Number of tasks for `len` items in chunks of `chunk`, and the items of task `task`.
fn chunk(task: usize, chunk: usize, len: usize) -> std::ops::Range<usize> {
    task * chunk..((task + 1) * chunk).min(len)
}

/// Rows of about 16,384 numbers: enough work for a task, little enough to share out evenly.
fn rows_per_task(width: usize) -> usize {
    (16_384 / width.max(1)).max(1)
}
