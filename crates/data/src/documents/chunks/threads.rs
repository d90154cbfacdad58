//! The same work for many items on several threads.

use std::num::NonZero;
use std::panic::resume_unwind;

/// Items that are worth a thread.
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
    let f = &f;
    std::thread::scope(|scope| {
        let spawn = |part| scope.spawn(move || <[T]>::iter(part).map(f).collect::<Vec<R>>());
        let parts: Vec<_> = items.chunks(items.len().div_ceil(threads)).map(spawn).collect();
        parts.into_iter().flat_map(|part| part.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    })
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
