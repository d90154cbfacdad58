//! A set of small values that is filled from very many rows.

use std::borrow::Cow;

/// Values in one piece of memory: new ones at the end, sorted and without repetitions whenever they have doubled.
#[derive(Debug, Clone)]
pub(crate) struct Sorted<T> {
    items: Vec<T>,
    /// The items at the beginning that are sorted and all different.
    n_sorted: usize,
}

impl<T> Default for Sorted<T> {
    fn default() -> Self {
        Self { items: Vec::new(), n_sorted: 0 }
    }
}

impl<T: Copy + Ord> Sorted<T> {
    /// New values that are taken before they are sorted.
    const PATIENCE: usize = 4096;

    pub(crate) fn insert(&mut self, item: T) {
        self.items.push(item);
        if self.items.len() >= 2 * self.n_sorted.max(Self::PATIENCE) {
            self.sort();
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        if self.items.is_empty() {
            *self = other;
        } else {
            self.items.extend(other.items);
            self.sort();
        }
    }

    fn sort(&mut self) {
        self.items.sort_unstable();
        self.items.dedup();
        self.n_sorted = self.items.len();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// All values once, from the least to the greatest.
    pub(crate) fn values(&self) -> Cow<'_, [T]> {
        if self.n_sorted == self.items.len() {
            return Cow::Borrowed(&self.items);
        }
        let mut sorted = self.clone();
        sorted.sort();
        Cow::Owned(sorted.items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_once_in_order() {
        let (mut a, mut b) = (Sorted::default(), Sorted::default());
        assert!(a.is_empty() && a.values().is_empty());
        for i in 0..30_000u32 {
            let value = i * 7919 % 10_007;
            if i % 3 == 0 { a.insert(value) } else { b.insert(value) }
        }
        assert!(a.items.len() < 20_014, "{} values are kept twice or more often", a.items.len());
        a.merge(b);
        assert!(a.values().iter().copied().eq(0..10_007));
    }
}
