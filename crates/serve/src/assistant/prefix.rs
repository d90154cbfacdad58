//! System turns that are remembered: computed once, copied to every conversation that begins with them.

use model::ModelError;

use crate::engine::Engine;

/// Which slots of the cache hold which beginnings.
#[derive(Debug)]
pub(super) struct Prefixes {
    entries: Vec<Entry>,
    clock: u64,
    computed: usize,
    remembered: usize,
}

#[derive(Debug)]
struct Entry {
    slot: usize,
    ids: Vec<u32>,
    adapter: Option<usize>,
    used: u64,
}

impl Prefixes {
    /// `count` slots from `first` on.
    pub(super) fn new(first: usize, count: usize) -> Self {
        let entry = |slot| Entry { slot, ids: Vec::new(), adapter: None, used: 0 };
        let entries = (first..first + count).map(entry).collect();
        Self { entries, clock: 0, computed: 0, remembered: 0 }
    }

    /// Beginnings that were computed, and times that one was remembered.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.computed, self.remembered)
    }

    /// Makes slot `to` hold `ids` and nothing else, from memory where it can.
    pub(super) fn fill(
        &mut self,
        engine: &mut impl Engine,
        to: usize,
        ids: &[u32],
        adapter: Option<usize>,
    ) -> Result<(), ModelError> {
        self.clock += 1;
        let known = self.entries.iter().position(|e| e.ids == ids && e.adapter == adapter);
        let oldest = (0..self.entries.len()).min_by_key(|&i| self.entries[i].used);
        let Some(at) = known.or(oldest) else {
            self.computed += 1;
            engine.keep(to, to, 0);
            return engine.prefill(to, ids, adapter).map(|_| ());
        };
        let entry = &mut self.entries[at];
        if known.is_none() {
            // Whatever goes wrong, what is left in the slot is not taken for a beginning.
            entry.ids.clear();
            engine.keep(entry.slot, entry.slot, 0);
            engine.prefill(entry.slot, ids, adapter)?;
            (entry.ids, entry.adapter) = (ids.to_vec(), adapter);
            self.computed += 1;
        } else {
            self.remembered += 1;
        }
        entry.used = self.clock;
        engine.keep(entry.slot, to, ids.len());
        Ok(())
    }
}
