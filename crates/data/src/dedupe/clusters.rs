//! Rows that are near-duplicates of each other, or of each other's near-duplicates.

use super::index::Index;
use super::sketch::Sketch;

/// Puts rows that are alike into one cluster, so that a split can keep them together.
#[derive(Debug)]
pub struct Clusters {
    index: Index,
    /// Each row's link to an earlier row of its cluster, or to itself.
    links: Vec<u32>,
}

impl Clusters {
    /// Clusters of rows of at least this similarity (0 to 1) to another row of the cluster.
    pub fn new(threshold: f64) -> Self {
        Self { index: Index::new(threshold), links: Vec::new() }
    }

    /// Adds the next row.
    pub fn push(&mut self, text: &str) {
        let row = self.links.len() as u32;
        self.links.push(row);
        let sketch = Sketch::of(text);
        let (matches, is_equal) = self.index.matches(&sketch);
        for found in &matches {
            let (a, b) = (self.root(row), self.root(found.row));
            self.links[a.max(b) as usize] = a.min(b);
        }
        // What is like this row is like the equal one as well.
        if !is_equal {
            self.index.insert(row, &sketch);
        }
    }

    /// Each row's cluster, named by its first row; nothing for a row that is like no other.
    pub fn of_rows(mut self) -> Vec<Option<u64>> {
        let roots: Vec<u32> = (0..self.links.len() as u32).map(|row| self.root(row)).collect();
        let mut sizes = vec![0u32; roots.len()];
        for &root in &roots {
            sizes[root as usize] += 1;
        }
        roots.iter().map(|&root| (sizes[root as usize] > 1).then_some(u64::from(root))).collect()
    }

    fn root(&mut self, mut row: u32) -> u32 {
        while self.links[row as usize] != row {
            let link = self.links[self.links[row as usize] as usize];
            self.links[row as usize] = link;
            row = link;
        }
        row
    }
}
