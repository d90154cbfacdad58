//! How many values of each kind were masked, and how many were kept.

use serde::{Serialize, Serializer};

use super::entity::Entity;

/// Masked and kept values of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Count {
    /// Replaced.
    pub masked: u64,
    /// Left as they are: on the recipe's `keep` list, in a public source, or of a kind that is not masked.
    pub kept: u64,
}

/// Counts of every kind, in the kinds' order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts(Vec<(Entity, Count)>);

impl Counts {
    /// The counts of one kind.
    pub fn of(&self, entity: Entity) -> Count {
        self.place(entity).map_or_else(|_| Count::default(), |at| self.0[at].1)
    }

    /// All kinds that occurred.
    pub fn iter(&self) -> impl Iterator<Item = (Entity, Count)> + '_ {
        self.0.iter().copied()
    }

    /// All kinds together.
    pub fn total(&self) -> Count {
        self.0
            .iter()
            .fold(Count::default(), |t, (_, c)| Count { masked: t.masked + c.masked, kept: t.kept + c.kept })
    }

    /// Adds the counts of another text.
    pub fn add(&mut self, other: &Self) {
        for (entity, count) in other.iter() {
            let sum = self.entry(entity);
            sum.masked += count.masked;
            sum.kept += count.kept;
        }
    }

    pub(crate) fn masked(&mut self, entity: Entity) {
        self.entry(entity).masked += 1;
    }

    pub(crate) fn kept(&mut self, entity: Entity) {
        self.entry(entity).kept += 1;
    }

    fn place(&self, entity: Entity) -> Result<usize, usize> {
        self.0.binary_search_by_key(&entity, |(e, _)| *e)
    }

    fn entry(&mut self, entity: Entity) -> &mut Count {
        let at = self.place(entity).unwrap_or_else(|at| {
            self.0.insert(at, (entity, Count::default()));
            at
        });
        &mut self.0[at].1
    }
}

impl Serialize for Counts {
    /// A map of kind names; recipe patterns are `pattern_0`, `pattern_1` … in the recipe's order.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let name = |e: &Entity| match e {
            Entity::Pattern(n) => format!("pattern_{n}"),
            named => named.name().to_owned(),
        };
        serializer.collect_map(self.0.iter().map(|(e, c)| (name(e), c)))
    }
}
