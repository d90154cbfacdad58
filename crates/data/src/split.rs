//! Training, validation and test rows, without leakage: rows of one group, and near-duplicates, stay
//! together.
//!
//! Rows that share a group or a cluster form a unit, and a unit goes to one part as a whole. Units come
//! in an order that the seed decides (by a hash of their smallest id, so it does not depend on the
//! order of the rows), larger ones first; each goes to the part that lacks most of its quota. Strata are
//! filled one after the other, and what a stratum could not place evenly is made up by the next.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

/// What a row says about where it may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SplitRow<'a> {
    /// The row's id; unique.
    pub id: &'a str,
    /// Rows with the same group stay together. A row without one stands alone.
    pub group: Option<&'a str>,
    /// Rows with the same cluster (of near-duplicates) stay together.
    pub cluster: Option<u64>,
    /// Each stratum is split in the same proportions.
    pub stratum: Option<&'a str>,
}

/// A part and its share of the rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// `train`, `valid`, `test` …
    pub part: String,
    /// From 0 to 1; all shares make 1.
    pub share: f64,
}

/// Where each row goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// The part of each row, as an index into the shares.
    pub parts: Vec<usize>,
    /// What each part got, in the order of the shares.
    pub counts: Vec<PartCounts>,
}

/// What a part got.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PartCounts {
    /// The part.
    pub part: String,
    /// Its rows.
    pub rows: u64,
    /// Groups, clusters and single rows that were kept together.
    pub units: u64,
    /// Its rows by stratum, where there are strata.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub strata: BTreeMap<String, u64>,
}

/// Why rows cannot be split as asked.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SplitError {
    /// Shares that are no shares.
    #[error("the shares {} make {sum}, not 1; each has to be between 0 and 1", shown(shares))]
    Shares {
        /// As asked.
        shares: Vec<Share>,
        /// Their sum.
        sum: f64,
    },
    /// A part that would stay empty.
    #[error(
        "the part `{part}` (share {share}) would be empty: {rows} rows in {units} pieces that stay together, \
         the largest with {largest} rows; give it a larger share or 0, group by a finer column, or add rows"
    )]
    EmptyPart {
        /// The part.
        part: String,
        /// Its share.
        share: f64,
        /// All rows.
        rows: usize,
        /// Groups, clusters and single rows.
        units: usize,
        /// The rows of the largest of them.
        largest: usize,
    },
}

fn shown(shares: &[Share]) -> String {
    shares.iter().map(|s| format!("{} = {}", s.part, s.share)).collect::<Vec<_>>().join(", ")
}

/// Splits rows.
///
/// # Errors
/// Shares that do not make 1, and a part with a share that would get no row.
pub fn split(rows: &[SplitRow<'_>], shares: &[Share], seed: u64) -> Result<Split, SplitError> {
    let sum: f64 = shares.iter().map(|s| s.share).sum();
    let in_range = shares.iter().all(|s| (0.0..=1.0).contains(&s.share));
    if !in_range || (sum - 1.0).abs() > 1e-6 {
        return Err(SplitError::Shares { shares: shares.to_vec(), sum: (sum * 1e9).round() / 1e9 });
    }
    let units = units(rows, seed);
    let mut parts = vec![0; rows.len()];
    let mut counts: Vec<PartCounts> =
        shares.iter().map(|s| PartCounts { part: s.part.clone(), ..PartCounts::default() }).collect();
    // What each part still lacks of its quota.
    let mut lack = vec![0.0; shares.len()];
    for units in units.values() {
        let in_stratum: usize = units.iter().map(|u| u.rows.len()).sum();
        for (lack, share) in lack.iter_mut().zip(shares) {
            *lack += share.share * in_stratum as f64;
        }
        for unit in units {
            let part = neediest(&lack, shares);
            lack[part] -= unit.rows.len() as f64;
            counts[part].units += 1;
            counts[part].rows += unit.rows.len() as u64;
            for &row in &unit.rows {
                parts[row] = part;
                if let Some(own) = rows[row].stratum {
                    *counts[part].strata.entry(own.to_owned()).or_default() += 1;
                }
            }
        }
    }
    check_parts(&counts, shares, &units)?;
    Ok(Split { parts, counts })
}

/// Refuses a part that has a share and got nothing.
fn check_parts(
    counts: &[PartCounts],
    shares: &[Share],
    units: &BTreeMap<Option<&str>, Vec<Unit>>,
) -> Result<(), SplitError> {
    let all: Vec<&Unit> = units.values().flatten().collect();
    for (count, share) in counts.iter().zip(shares) {
        if share.share > 0.0 && count.rows == 0 {
            return Err(SplitError::EmptyPart {
                part: share.part.clone(),
                share: share.share,
                rows: all.iter().map(|u| u.rows.len()).sum(),
                units: all.len(),
                largest: all.iter().map(|u| u.rows.len()).max().unwrap_or(0),
            });
        }
    }
    Ok(())
}

/// The part that lacks most; the first of equals. A part without a share gets nothing.
fn neediest(lack: &[f64], shares: &[Share]) -> usize {
    let mut best = shares.iter().position(|s| s.share > 0.0).unwrap_or(0);
    for (part, share) in shares.iter().enumerate() {
        // A hair's breadth of rounding decides nothing.
        if share.share > 0.0 && lack[part] > lack[best] + 1e-9 {
            best = part;
        }
    }
    best
}

struct Unit {
    rows: Vec<usize>,
    order: u64,
}

/// The units of each stratum, in the order in which they are placed.
fn units<'a>(rows: &[SplitRow<'a>], seed: u64) -> BTreeMap<Option<&'a str>, Vec<Unit>> {
    let mut roots = Roots((0..rows.len()).collect());
    let (mut groups, mut clusters) = (HashMap::new(), HashMap::new());
    for (i, row) in rows.iter().enumerate() {
        if let Some(group) = row.group {
            roots.join(i, *groups.entry(group).or_insert(i));
        }
        if let Some(cluster) = row.cluster {
            roots.join(i, *clusters.entry(cluster).or_insert(i));
        }
    }
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for i in 0..rows.len() {
        members.entry(roots.find(i)).or_default().push(i);
    }
    let mut strata: BTreeMap<Option<&str>, Vec<Unit>> = BTreeMap::new();
    for unit in members.into_values() {
        let smallest = unit.iter().map(|&i| rows[i].id).min().unwrap_or_default();
        let order = crate::hash::hash64(seed, &[smallest.as_bytes()]);
        strata.entry(commonest(rows, &unit)).or_default().push(Unit { rows: unit, order });
    }
    for units in strata.values_mut() {
        units.sort_by_key(|u| (std::cmp::Reverse(u.rows.len()), u.order));
    }
    strata
}

/// The stratum of most of a unit's rows; the smallest name of equals.
fn commonest<'a>(rows: &[SplitRow<'a>], unit: &[usize]) -> Option<&'a str> {
    let mut counts: BTreeMap<Option<&str>, usize> = BTreeMap::new();
    for &i in unit {
        *counts.entry(rows[i].stratum).or_default() += 1;
    }
    let mut best = (None, 0);
    for (stratum, n) in counts {
        if n > best.1 {
            best = (stratum, n);
        }
    }
    best.0
}

/// Disjoint sets; a set's root is its smallest member.
struct Roots(Vec<usize>);

impl Roots {
    fn find(&mut self, mut i: usize) -> usize {
        while self.0[i] != i {
            self.0[i] = self.0[self.0[i]];
            i = self.0[i];
        }
        i
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.find(a), self.find(b));
        self.0[a.max(b)] = a.min(b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(list: &[(&str, f64)]) -> Vec<Share> {
        list.iter().map(|&(part, share)| Share { part: part.to_owned(), share }).collect()
    }

    fn thirds() -> Vec<Share> {
        shares(&[("train", 0.8), ("valid", 0.1), ("test", 0.1)])
    }

    fn ids(n: usize) -> Vec<String> {
        (0..n).map(|i| format!("t#{i}")).collect()
    }

    fn rows(ids: &[String]) -> Vec<SplitRow<'_>> {
        ids.iter().map(|id| SplitRow { id, ..SplitRow::default() }).collect()
    }

    fn sizes(split: &Split) -> Vec<u64> {
        split.counts.iter().map(|c| c.rows).collect()
    }

    #[test]
    fn quotas_are_exact_for_single_rows() {
        for (n, want) in [(10, [8, 1, 1]), (1000, [800, 100, 100]), (1003, [803, 100, 100])] {
            let ids = ids(n);
            let split = split(&rows(&ids), &thirds(), 42).unwrap();
            assert_eq!(sizes(&split), want);
        }
    }

    #[test]
    fn the_seed_decides_and_the_order_of_the_rows_does_not() {
        let ids = ids(200);
        let forward = rows(&ids);
        let backward: Vec<_> = forward.iter().rev().copied().collect();
        let a = split(&forward, &thirds(), 1).unwrap();
        let mut b = split(&backward, &thirds(), 1).unwrap();
        b.parts.reverse();
        assert_eq!(a.parts, b.parts);
        assert_ne!(a.parts, split(&forward, &thirds(), 2).unwrap().parts);
        // The test rows are no stretch of the source.
        let test: Vec<usize> = (0..200).filter(|&i| a.parts[i] == 2).collect();
        assert!(test[test.len() - 1] - test[0] > 100, "{test:?}");
    }

    #[test]
    fn groups_and_clusters_stay_together() {
        let ids = ids(300);
        let names: Vec<String> = (0..300).map(|i| format!("g{}", i / 7)).collect();
        let mut rows = rows(&ids);
        for (i, row) in rows.iter_mut().enumerate() {
            row.group = Some(&names[i]);
            // Row 3 and row 200 are near-duplicates: their two groups become one piece.
            row.cluster = matches!(i, 3 | 200).then_some(9);
        }
        let split = split(&rows, &thirds(), 42).unwrap();
        for i in 0..300 {
            let first = (i / 7) * 7;
            assert_eq!(split.parts[i], split.parts[first], "row {i}");
        }
        assert_eq!(split.parts[3], split.parts[200]);
        let sizes = sizes(&split);
        assert!(sizes[1].abs_diff(30) <= 7 && sizes[2].abs_diff(30) <= 7, "{sizes:?}");
        assert_eq!(split.counts.iter().map(|c| c.units).sum::<u64>(), 42);
    }

    #[test]
    fn strata_keep_their_proportions() {
        let ids = ids(1000);
        let mut rows = rows(&ids);
        for (i, row) in rows.iter_mut().enumerate() {
            row.stratum = Some(if i % 10 == 0 { "rare" } else { "common" });
        }
        let split = split(&rows, &thirds(), 7).unwrap();
        assert_eq!(sizes(&split), [800, 100, 100]);
        for part in &split.counts[1..] {
            assert_eq!((part.strata["common"], part.strata["rare"]), (90, 10), "{part:?}");
        }
        // Strata too small to split do not all go to the largest part.
        let names: Vec<String> = (0..100).map(|i| format!("s{i}")).collect();
        for (i, row) in rows.iter_mut().enumerate() {
            row.stratum = Some(&names[i / 10]);
        }
        assert_eq!(sizes(&super::split(&rows[..100], &thirds(), 7).unwrap()), [80, 10, 10]);
    }

    #[test]
    fn what_cannot_be_split_is_refused_with_its_numbers() {
        let ids = ids(5);
        let mut rows = rows(&ids);
        let error = split(&rows, &thirds(), 1).unwrap_err().to_string();
        assert!(error.contains("`test` (share 0.1) would be empty: 5 rows in 5 pieces"), "{error}");
        for row in &mut rows {
            row.group = Some("one document");
        }
        let error = split(&rows, &shares(&[("train", 0.5), ("test", 0.5)]), 1).unwrap_err().to_string();
        assert!(error.contains("5 rows in 1 pieces that stay together, the largest with 5 rows"), "{error}");
        for bad in [
            &[("train", 0.8), ("test", 0.1)][..],
            &[("train", 1.2), ("test", -0.2)],
            &[],
            &[("train", f64::NAN)],
        ] {
            assert!(matches!(split(&rows, &shares(bad), 1), Err(SplitError::Shares { .. })), "{bad:?}");
        }
        let all = split(&rows, &shares(&[("train", 1.0), ("valid", 0.0)]), 1).unwrap();
        assert_eq!(sizes(&all), [5, 0]);
    }
}
