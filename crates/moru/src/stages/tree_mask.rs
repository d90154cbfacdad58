//! Personal values are taken out of a document's structure: out of its texts, out of the paths that its headings make,
//! and out of what was found about it.

use std::collections::{BTreeMap, HashMap, HashSet};

use data::documents::{Tree, TreeFinding};
use data::privacy::{KnownValues, Masked, Masker};

use super::privacy::{Tally, entity_name};

/// Masks all texts of a document together: a name that one place gives away is hidden in all. `tally` counts what is
/// found in texts; paths and findings repeat them.
pub fn mask(
    tree: &mut Tree,
    masker: &Masker,
    mut known: Option<&mut KnownValues>,
    tally: &mut BTreeMap<String, Tally>,
) {
    let document = tree.document.clone();
    let mut steps = steps(tree);
    let mut texts: Vec<&mut String> = Vec::new();
    for node in &mut tree.nodes {
        texts.extend([&mut node.heading, &mut node.title, &mut node.text]);
        let cells = node.table.iter_mut().flat_map(|table| table.rows.iter_mut().flatten());
        texts.extend(cells.map(|cell| &mut cell.text));
    }
    texts.push(&mut tree.title);
    let counted = texts.len();
    texts.extend(steps.iter_mut().map(|step| &mut step.text));
    texts.extend(tree.findings.iter_mut().filter_map(|finding| match finding {
        TreeFinding::NotInTree { heading, .. } => Some(heading),
        _ => None,
    }));
    let raw: Vec<&str> = texts.iter().map(|text| text.as_str()).collect();
    let masked = masker.mask_fields(&raw, &[]);
    for (at, (text, masked)) in texts.into_iter().zip(masked).enumerate() {
        if let Some(known) = &mut known {
            known.observe(&document, text, &masked);
        }
        if at < counted {
            count(&masked, masker, tally);
        }
        *text = masked.text;
    }
    rename(tree, &steps);
}

fn count(masked: &Masked, masker: &Masker, tally: &mut BTreeMap<String, Tally>) {
    for (entity, count) in masked.counts().iter() {
        let entry = tally.entry(entity_name(masker, entity)).or_default();
        entry.masked += count.masked;
        entry.kept += count.kept;
        entry.rows += u64::from(count.masked > 0);
    }
}

/// What a node adds to the path of the node that it stands in.
struct Step {
    text: String,
    /// Whether the parent's path stands before it.
    is_below: bool,
}

fn steps(tree: &Tree) -> Vec<Step> {
    let step = |node: &data::documents::Node| {
        let above = node.parent.map_or("", |parent| tree.nodes[parent].path.as_str());
        let below = node.path.strip_prefix(above).and_then(|rest| rest.strip_prefix('/'));
        match below.filter(|_| !above.is_empty()) {
            Some(below) => Step { text: below.to_owned(), is_below: true },
            None => Step { text: node.path.clone(), is_below: false },
        }
    };
    tree.nodes.iter().map(step).collect()
}

/// Puts paths together again. Headings that differed in a masked value alone are told apart by a number.
fn rename(tree: &mut Tree, steps: &[Step]) {
    let mut taken: HashSet<String> = HashSet::with_capacity(steps.len());
    let mut renamed: HashMap<String, String> = HashMap::with_capacity(steps.len());
    for (at, step) in steps.iter().enumerate() {
        let above = tree.nodes[at].parent.filter(|_| step.is_below).map(|parent| &tree.nodes[parent].path);
        let base = above.map_or_else(|| step.text.clone(), |above| format!("{above}/{}", step.text));
        let mut path = base.clone();
        let mut n = 1;
        while !taken.insert(path.clone()) {
            n += 1;
            path = format!("{base} ({n})");
        }
        let before = std::mem::replace(&mut tree.nodes[at].path, path.clone());
        renamed.insert(before, path);
    }
    for finding in &mut tree.findings {
        let (TreeFinding::NumberGap { path, .. }
        | TreeFinding::Restart { path, .. }
        | TreeFinding::NotInContents { path }) = finding
        else {
            continue;
        };
        if let Some(new) = renamed.get(path.as_str()) {
            path.clone_from(new);
        }
    }
}

#[cfg(test)]
mod tests {
    use data::documents::{Number, markdown, structure};
    use data::privacy::MaskConfig;

    use super::*;

    #[test]
    fn paths_and_findings_hold_no_values_and_stay_unique() {
        let page = "# 안내\n\n## 담당자 010-2345-6789\n\n첫째.\n\n### 시간\n\n둘째.\n\n## 담당자 010-3456-7890\n\n셋째.\n";
        let mut tree = structure::tree(&markdown::document("guide.md", page).0);
        let before: Vec<String> = tree.nodes.iter().map(|node| node.path.clone()).collect();
        let at = before.iter().position(|path| path.contains("7890")).unwrap();
        let number = Number { main: 1, branch: 0 };
        tree.findings = vec![
            TreeFinding::NumberGap { path: before[at].clone(), after: number, found: number },
            TreeFinding::NotInTree { heading: "담당 010-4567-8901".into(), page: 1 },
        ];
        let masker = Masker::new(MaskConfig::default()).unwrap();
        mask(&mut tree, &masker, None, &mut BTreeMap::new());
        let said = format!("{tree:?}");
        for value in ["2345", "3456", "4567"] {
            assert!(!said.contains(value), "{value} in {said}");
        }
        let paths: HashSet<&str> = tree.nodes.iter().map(|node| node.path.as_str()).collect();
        assert_eq!(paths.len(), tree.nodes.len(), "{paths:?}");
        assert!(tree.nodes[at].path.ends_with(" (2)"), "{}", tree.nodes[at].path);
        let TreeFinding::NumberGap { path, .. } = &tree.findings[0] else { panic!("{:?}", tree.findings) };
        assert_eq!(*path, tree.nodes[at].path);
        // Where nothing is masked nothing changes.
        let mut plain = structure::tree(
            &markdown::document("rule.md", "# 규정\n\n제1조(목적) 가.\n\n제2조(정의) 나.\n").0,
        );
        let as_read = plain.clone();
        mask(&mut plain, &masker, None, &mut BTreeMap::new());
        assert_eq!(plain, as_read);
    }
}
