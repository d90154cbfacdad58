//! The one thread pool: a call hands out numbered tasks, and returns when all are done.
//!
//! Between calls workers spin for a moment, because the next operation of a step comes at once, and then sleep.
//! Which thread runs a task is left to chance; what a task computes must not depend on it.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;

/// A task's body: (number of the task, number of the thread).
type Body<'a> = dyn Fn(usize, usize) + Sync + 'a;

/// Rounds of waiting before a worker sleeps; some tens of microseconds.
const SPINS: usize = 4_000;

/// In the job's state: workers may still join. The lower bits count those that joined, the higher bits the jobs.
const OPEN: usize = 1 << 15;
const JOB: usize = 1 << 16;

/// Threads that run tasks.
pub struct Pool {
    shared: Arc<Hall>,
    /// One caller at a time.
    entry: Mutex<()>,
    workers: Vec<JoinHandle<()>>,
}

struct Hall {
    state: AtomicUsize,
    next: AtomicUsize,
    tasks: AtomicUsize,
    body: Mutex<Option<BodyPointer>>,
    failed: AtomicBool,
    closing: AtomicBool,
    sleepers: Mutex<usize>,
    bell: Condvar,
}

#[derive(Clone, Copy)]
struct BodyPointer(*const Body<'static>);
// SAFETY: the body is Sync, and outlives the job: `run` returns only when no worker has joined any more.
unsafe impl Send for BodyPointer {}

impl Pool {
    /// A pool of `threads` threads, the caller's among them.
    pub fn new(threads: usize) -> Self {
        let shared = Arc::new(Hall {
            state: AtomicUsize::new(0),
            next: AtomicUsize::new(0),
            tasks: AtomicUsize::new(0),
            body: Mutex::new(None),
            failed: AtomicBool::new(false),
            closing: AtomicBool::new(false),
            sleepers: Mutex::new(0),
            bell: Condvar::new(),
        });
        let workers = (1..threads.max(1))
            .map(|index| {
                let hall = shared.clone();
                let name = format!("kernels-{index}");
                let thread = std::thread::Builder::new().name(name).spawn(move || hall.work(index));
                thread.expect("the system starts a thread")
            })
            .collect();
        Self { shared, entry: Mutex::new(()), workers }
    }

    /// Number of threads, the caller's among them.
    pub fn threads(&self) -> usize {
        self.workers.len() + 1
    }

    /// Runs `body(task, thread)` for every task below `tasks`. Must not be called from a task.
    ///
    /// # Panics
    /// When a task panics.
    pub fn run(&self, tasks: usize, body: impl Fn(usize, usize) + Sync) {
        let _alone = self.entry.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if self.workers.is_empty() || tasks <= 1 {
            (0..tasks).for_each(|task| body(task, 0));
            return;
        }
        let hall = &*self.shared;
        let body: &Body<'_> = &body;
        #[expect(
            clippy::transmute_ptr_to_ptr,
            reason = "a cast cannot change the lifetime of a trait object"
        )]
        // SAFETY: only the lifetime changes; the pointer is taken back below, before `body` ends.
        let pointer =
            BodyPointer(unsafe { std::mem::transmute::<*const Body<'_>, *const Body<'static>>(body) });
        *hall.body.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(pointer);
        hall.next.store(0, Ordering::Relaxed);
        hall.tasks.store(tasks, Ordering::Relaxed);
        hall.failed.store(false, Ordering::Relaxed);
        let job = hall.state.load(Ordering::Relaxed) & !(JOB - 1);
        hall.state.store(job.wrapping_add(JOB) | OPEN, Ordering::SeqCst);
        hall.wake();
        let own = catch_unwind(AssertUnwindSafe(|| hall.take_tasks(body, 0)));
        hall.state.fetch_and(!OPEN, Ordering::SeqCst);
        let mut rounds = 0;
        while hall.state.load(Ordering::Acquire) & (OPEN - 1) != 0 {
            rounds += 1;
            if rounds < SPINS { std::hint::spin_loop() } else { std::thread::yield_now() }
        }
        if let Err(panic) = own {
            resume_unwind(panic);
        }
        assert!(!hall.failed.load(Ordering::Relaxed), "a task panicked on another thread");
    }
}

impl Hall {
    fn wake(&self) {
        let sleepers = self.sleepers.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if *sleepers > 0 {
            self.bell.notify_all();
        }
    }

    fn take_tasks(&self, body: &Body<'_>, thread: usize) {
        let tasks = self.tasks.load(Ordering::Relaxed);
        loop {
            let task = self.next.fetch_add(1, Ordering::Relaxed);
            if task >= tasks {
                return;
            }
            body(task, thread);
        }
    }

    fn work(&self, index: usize) {
        let mut seen = 0;
        while let Some(state) = self.wait(seen) {
            // Another worker joined first, or the job was closed: look again.
            if self.state.compare_exchange(state, state + 1, Ordering::SeqCst, Ordering::Relaxed).is_err() {
                continue;
            }
            seen = state & !(JOB - 1);
            let body = *self.body.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if let Some(BodyPointer(body)) = body {
                // SAFETY: this worker has joined, so `run` waits for it before the body ends.
                let body = unsafe { &*body };
                if catch_unwind(AssertUnwindSafe(|| self.take_tasks(body, index))).is_err() {
                    self.failed.store(true, Ordering::Relaxed);
                    self.next.fetch_max(usize::MAX / 2, Ordering::Relaxed);
                }
            }
            self.state.fetch_sub(1, Ordering::Release);
        }
    }

    /// The state of an open job other than `seen`; None when the pool closes.
    fn wait(&self, seen: usize) -> Option<usize> {
        let fresh = |state: usize| state & OPEN != 0 && state & !(JOB - 1) != seen;
        loop {
            for _ in 0..SPINS {
                let state = self.state.load(Ordering::SeqCst);
                if self.closing.load(Ordering::Relaxed) {
                    return None;
                }
                if fresh(state) {
                    return Some(state);
                }
                std::hint::spin_loop();
            }
            let mut sleepers = self.sleepers.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            while !fresh(self.state.load(Ordering::SeqCst)) && !self.closing.load(Ordering::SeqCst) {
                *sleepers += 1;
                sleepers = self.bell.wait(sleepers).unwrap_or_else(std::sync::PoisonError::into_inner);
                *sleepers -= 1;
            }
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::SeqCst);
        drop(self.shared.sleepers.lock());
        self.shared.bell.notify_all();
        for worker in self.workers.drain(..) {
            // A worker's panic was reported by `run`.
            let _ = worker.join();
        }
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").field("threads", &self.threads()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_runs_once_in_every_job() {
        let pool = Pool::new(3);
        for tasks in [0, 1, 2, 7, 100] {
            for _ in 0..300 {
                let counts: Vec<_> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
                pool.run(tasks, |task, thread| {
                    assert!(thread < 3);
                    counts[task].fetch_add(1, Ordering::Relaxed);
                });
                assert!(counts.iter().all(|c| c.load(Ordering::Relaxed) == 1), "{tasks} tasks");
            }
        }
    }

    #[test]
    fn a_pool_sleeps_and_wakes() {
        let pool = Pool::new(2);
        for _ in 0..3 {
            std::thread::sleep(std::time::Duration::from_millis(5));
            let sum = AtomicUsize::new(0);
            pool.run(10, |task, _| {
                sum.fetch_add(task, Ordering::Relaxed);
            });
            assert_eq!(sum.into_inner(), 45);
        }
    }

    #[test]
    fn a_panic_in_a_task_reaches_the_caller_and_leaves_the_pool_usable() {
        let pool = Pool::new(2);
        for bad in 0..8 {
            let result =
                catch_unwind(AssertUnwindSafe(|| pool.run(8, |task, _| assert!(task != bad, "task {task}"))));
            assert!(result.is_err());
            pool.run(4, |_, _| ());
        }
    }
}
