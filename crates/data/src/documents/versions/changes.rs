//! What one edition of a rule changed in another: the headings, articles and annexes that have other words.
//!
//! A place of the newer edition belongs to the place of the older one that has its path and its title, else its
//! title alone (an article that was renumbered), else its path or its number (an article with a new title). What
//! stands before the first heading, 부칙 and contents pages are left out: every edition has its own.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::super::tree::{Level, Number, Tree};
use super::squeezed;

/// A place that two editions have in other words, or only one of them has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Where it stands in the newer edition; in the older one where it is gone.
    pub path: String,
    /// Its heading as printed: `제12조(연장근로수당)`.
    pub heading: String,
    /// What happened to it.
    pub how: Changed,
    /// Its lines in the older edition that the newer one does not have: headings, paragraphs, items, rows of tables.
    pub before: Vec<String>,
    /// Its lines in the newer edition that the older one does not have.
    pub after: Vec<String>,
}

/// What happened to a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Changed {
    /// It has other words.
    Altered,
    /// The older edition does not have it.
    Added,
    /// The newer edition does not have it.
    Removed,
}

/// A place with its lines.
struct Unit {
    level: Level,
    number: Option<Number>,
    path: String,
    heading: String,
    /// Without blanks.
    title: String,
    lines: Vec<String>,
}

/// What `after` changed in `before`, in the order of `after`; what is gone stands last.
///
/// ```
/// use data::documents::versions::{Changed, changes};
/// use data::documents::{structure, text};
///
/// let tree = |rule: &str| structure::tree(&text::document("rule.txt", rule));
/// let old = tree("제1조(목적) 이 규칙은 휴가를 정한다.\n제2조(일수) 휴가는 15일로 한다.\n");
/// let new = tree("제1조(목적) 이 규칙은 휴가를 정한다.\n제2조(일수) 휴가는 16일로 한다.\n제3조(신청) 3일 전에 신청한다.\n");
/// let found = changes(&old, &new);
/// assert_eq!(found[0].before, ["제2조(일수) 휴가는 15일로 한다."]);
/// assert_eq!((found[1].path.as_str(), found[1].how), ("제3조", Changed::Added));
/// ```
pub fn changes(before: &Tree, after: &Tree) -> Vec<Change> {
    let (old, new) = (units(before), units(after));
    let pairs = paired(&old, &new);
    let mut out = Vec::new();
    for (unit, earlier) in new.iter().zip(&pairs) {
        let earlier = earlier.map(|at| &old[at]);
        let (gone, come) = match earlier {
            Some(earlier) => (apart(&earlier.lines, &unit.lines), apart(&unit.lines, &earlier.lines)),
            None => (Vec::new(), unit.lines.clone()),
        };
        if earlier.is_none() || !gone.is_empty() || !come.is_empty() {
            let how = if earlier.is_some() { Changed::Altered } else { Changed::Added };
            out.push(change(unit, how, gone, come));
        }
    }
    let kept: HashSet<usize> = pairs.into_iter().flatten().collect();
    let gone = old.iter().enumerate().filter(|(at, _)| !kept.contains(at));
    out.extend(gone.map(|(_, unit)| change(unit, Changed::Removed, unit.lines.clone(), Vec::new())));
    out
}

fn change(unit: &Unit, how: Changed, before: Vec<String>, after: Vec<String>) -> Change {
    Change { path: unit.path.clone(), heading: unit.heading.clone(), how, before, after }
}

/// The lines that others do not have, blanks aside, however often.
fn apart(lines: &[String], others: &[String]) -> Vec<String> {
    let mut known: HashMap<String, usize> = HashMap::new();
    for line in others {
        *known.entry(squeezed(line)).or_default() += 1;
    }
    let is_new = |line: &&String| match known.get_mut(&squeezed(line)) {
        Some(left) if *left > 0 => {
            *left -= 1;
            false
        }
        _ => true,
    };
    lines.iter().filter(is_new).cloned().collect()
}

/// For each place of the newer edition the one of the older.
fn paired(old: &[Unit], new: &[Unit]) -> Vec<Option<usize>> {
    let mut pairs = vec![None; new.len()];
    let mut taken = vec![false; old.len()];
    type Key = (Level, String, Option<Number>);
    let whole: &dyn Fn(&Unit) -> Option<Key> =
        &|unit| Some((unit.level, format!("{}\n{}", unit.path, unit.title), None));
    let titled: &dyn Fn(&Unit) -> Option<Key> =
        &|unit| Some((unit.level, unit.title.clone(), None)).filter(|_| !unit.title.is_empty());
    let placed: &dyn Fn(&Unit) -> Option<Key> = &|unit| Some((unit.level, unit.path.clone(), None));
    let numbered: &dyn Fn(&Unit) -> Option<Key> = &|unit| {
        let is_counted = matches!(unit.level, Level::Article | Level::Annex | Level::Form);
        Some((unit.level, String::new(), Some(unit.number.filter(|_| is_counted)?)))
    };
    for key in [whole, titled, placed, numbered] {
        // A key that several have tells nothing.
        let mut places: HashMap<Key, Option<usize>> = HashMap::new();
        for (at, unit) in old.iter().enumerate().filter(|(at, _)| !taken[*at]) {
            if let Some(key) = key(unit) {
                places.entry(key).and_modify(|place| *place = None).or_insert(Some(at));
            }
        }
        let mut asked: HashMap<Key, u32> = HashMap::new();
        let open = |pairs: &[Option<usize>]| -> Vec<usize> {
            (0..new.len()).filter(|at| pairs[*at].is_none()).collect()
        };
        for key in open(&pairs).into_iter().filter_map(|at| key(&new[at])) {
            *asked.entry(key).or_default() += 1;
        }
        for at in open(&pairs) {
            let Some(key) = key(&new[at]).filter(|key| asked[key] == 1) else { continue };
            if let Some(Some(place)) = places.get(&key) {
                pairs[at] = Some(*place);
                taken[*place] = true;
            }
        }
    }
    pairs
}

/// The places of a tree that have headings, each with the lines that stand in it and in none of its own places.
fn units(tree: &Tree) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    let mut unit_of: Vec<Option<usize>> = Vec::with_capacity(tree.nodes.len());
    let is_left_out = |at: usize| {
        let level = tree.nodes[at].level;
        level.is_apart() || matches!(level, Level::Supplement | Level::Preamble)
    };
    for (at, node) in tree.nodes.iter().enumerate() {
        let left_out = is_left_out(at) || tree.ancestors(at).any(is_left_out);
        let heads = node.level > Level::Document && node.level <= Level::Article
            || matches!(node.level, Level::Annex | Level::Form | Level::Heading(_));
        if left_out {
            unit_of.push(None);
            continue;
        }
        if heads {
            unit_of.push(Some(units.len()));
            let title = if node.title.is_empty() { &node.heading } else { &node.title };
            units.push(Unit {
                level: node.level,
                number: node.number,
                path: node.path.clone(),
                heading: node.heading.clone(),
                title: squeezed(title),
                lines: Vec::new(),
            });
        } else {
            unit_of.push(node.parent.and_then(|parent| unit_of[parent]));
        }
        let Some(unit) = unit_of[at].map(|unit| &mut units[unit]) else { continue };
        let words: Vec<&str> =
            [node.heading.as_str(), &node.text].into_iter().filter(|words| !words.is_empty()).collect();
        unit.lines.extend((!words.is_empty()).then(|| words.join(" ")));
        unit.lines.extend(node.table.iter().flat_map(|table| {
            let text = table.text();
            text.lines().map(str::to_owned).collect::<Vec<_>>()
        }));
    }
    units
}

#[cfg(test)]
mod tests {
    use super::super::super::{structure, text};
    use super::*;

    fn found(old: &str, new: &str) -> Vec<(String, Changed, Vec<String>, Vec<String>)> {
        let tree = |rule: &str| structure::tree(&text::document("취업규칙.txt", rule));
        let changes = changes(&tree(old), &tree(new));
        changes.into_iter().map(|c| (c.path, c.how, c.before, c.after)).collect()
    }

    const OLD: &str = "취업규칙\n제1장 총칙\n제1조(목적) 목적을 정한다.\n제2조(정의) 뜻을 정한다.\n제2장 휴가\n\
                       제3조(연차) ① 연차는 15일로 한다.\n② 미리 신청한다.\n제4조(병가) 병가는 60일로 한다.\n부칙\n\
                       이 규칙은 2020년 1월 1일부터 시행한다.\n";

    #[test]
    fn one_edition_changes_nothing_in_itself() {
        assert_eq!(found(OLD, OLD), []);
        let later = OLD.replace("2020년", "2024년");
        assert_eq!(found(OLD, &later), [], "부칙 are every edition's own");
    }

    #[test]
    fn only_the_lines_that_differ_are_told() {
        let new = OLD.replace("15일", "16일");
        let line = |days: &str| vec![format!("① 연차는 {days}로 한다.")];
        assert_eq!(
            found(OLD, &new),
            [("제2장/제3조".to_owned(), Changed::Altered, line("15일"), line("16일"))]
        );
    }

    #[test]
    fn an_article_in_between_renumbers_those_after_it() {
        let new = OLD
            .replace("제4조(병가)", "제5조(병가)")
            .replace("② 미리 신청한다.\n", "② 미리 신청한다.\n제4조(공가) 공가를 준다.\n");
        let of = |text: &str| vec![text.to_owned()];
        assert_eq!(
            found(OLD, &new),
            [
                ("제2장/제4조".to_owned(), Changed::Added, vec![], of("제4조(공가) 공가를 준다.")),
                (
                    "제2장/제5조".to_owned(),
                    Changed::Altered,
                    of("제4조(병가) 병가는 60일로 한다."),
                    of("제5조(병가) 병가는 60일로 한다.")
                ),
            ]
        );
    }

    #[test]
    fn a_new_title_and_what_is_gone() {
        let new = OLD.replace("제2조(정의)", "제2조(용어)").replace("제4조(병가) 병가는 60일로 한다.\n", "");
        let paths: Vec<_> = found(OLD, &new).into_iter().map(|(path, how, ..)| (path, how)).collect();
        let of = |path: &str, how| (path.to_owned(), how);
        assert_eq!(paths, [of("제1장/제2조", Changed::Altered), of("제2장/제4조", Changed::Removed)]);
    }
}
