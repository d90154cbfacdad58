//! The same work for many items on several threads.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Items that a thread takes at a time.
const LEAST: usize = 16;

/// What `f` makes of each item, in order.
pub(super) fn each<T: Sync, R: Send>(
    items: &[T],
    threads: NonZero<usize>,
    f: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let threads = threads.get().min(items.len() / LEAST);
    if threads < 2 {
        return items.iter().map(f).collect();
    }
    // Whoever is done takes the next few: items differ much in length.
    let (next, f) = (AtomicUsize::new(0), &f);
    let work = || {
        let mut done = Vec::new();
        loop {
            let from = next.fetch_add(LEAST, Ordering::Relaxed);
            let Some(rest) = items.get(from..).filter(|rest| !rest.is_empty()) else { return done };
            done.push((from, rest.iter().take(LEAST).map(f).collect::<Vec<R>>()));
        }
    };
    let mut parts: Vec<(usize, Vec<R>)> = std::thread::scope(|scope| {
        let started: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        started
            .into_iter()
            .flat_map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    });
    parts.sort_unstable_by_key(|(from, _)| *from);
    parts.into_iter().flat_map(|(_, part)| part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_stand_in_the_order_of_their_items() {
        for len in [0, 1, LEAST, 2 * LEAST, 5 * LEAST + 3] {
            let items: Vec<usize> = (0..len).collect();
            for threads in 1..=4 {
                let doubled = each(&items, NonZero::new(threads).unwrap(), |item| 2 * item);
                assert_eq!(doubled, items.iter().map(|item| 2 * item).collect::<Vec<_>>());
            }
        }
    }
}
