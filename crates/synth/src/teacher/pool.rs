//! Work of the same kind on several threads, told of on the caller's.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};

use super::clock::Halt;

/// Does `work(i)` for each `i` below `n`, at most `threads` at once and in this order, until it is halted. Events come
/// to `on_event` as they are sent.
pub(super) fn run<E: Send>(
    threads: usize,
    n: usize,
    halt: &Halt,
    work: &(dyn Fn(usize, &Sender<E>) + Sync),
    on_event: &mut dyn FnMut(E),
) {
    let next = AtomicUsize::new(0);
    let (sender, events) = channel();
    std::thread::scope(|scope| {
        for _ in 0..threads.min(n) {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                while !halt.is_on() {
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    if i >= n {
                        return;
                    }
                    work(i, &sender);
                }
            });
        }
        drop(sender);
        events.into_iter().for_each(on_event);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_done_once() {
        let mut seen = Vec::new();
        let work = |i: usize, sender: &Sender<usize>| sender.send(i * 2).unwrap();
        run(3, 50, &Halt::default(), &work, &mut |double| seen.push(double / 2));
        seen.sort_unstable();
        assert_eq!(seen, (0..50).collect::<Vec<_>>());
    }

    #[test]
    fn nothing_is_begun_after_a_halt() {
        let halt = Halt::default();
        let mut n = 0;
        let work = |_: usize, sender: &Sender<()>| {
            halt.now();
            sender.send(()).unwrap();
        };
        run(1, 50, &halt, &work, &mut |()| n += 1);
        assert_eq!(n, 1);
    }
}
