use super::super::block::{Cell, Table};
use super::super::tree::{Node, Number};
use super::*;

const ONE: NonZero<usize> = NonZero::<usize>::MIN;

fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

fn node(parent: Option<usize>, level: Level, path: String, heading: &str, text: String) -> Node {
    let number = Some(Number { main: 1, branch: 0 });
    Node {
        parent,
        level,
        number,
        heading: heading.to_owned(),
        title: String::new(),
        text,
        table: None,
        revisions: Vec::new(),
        path,
        places: Vec::new(),
    }
}

struct Draws(u64);

impl Draws {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }
}

/// A tree of any shape; every word in it is another.
fn random(seed: u64) -> Tree {
    let mut draws = Draws(seed);
    let mut nodes = vec![node(None, Level::Document, String::new(), "", String::new())];
    let mut word = 0;
    let mut text = |draws: &mut Draws, most: usize| {
        let mut out = String::new();
        for i in 0..draws.below(most) {
            word += 1;
            out.push_str(&format!(
                "{}w{word}{}",
                if i > 0 { " " } else { "" },
                if word % 7 == 0 { "." } else { "" }
            ));
        }
        out
    };
    let mut open = vec![0];
    for i in 1..=draws.below(60) + 1 {
        while open.len() > 1 && draws.below(3) == 0 {
            open.pop();
        }
        let levels = [
            Level::Chapter,
            Level::Article,
            Level::Paragraph,
            Level::Item,
            Level::Text,
            Level::Table,
            Level::Heading(2),
            Level::Supplement,
            Level::Contents,
        ];
        let level = levels[draws.below(levels.len())];
        let most = if draws.below(9) == 0 { 90 } else { 15 };
        let heading = if level == Level::Text { String::new() } else { format!("h{i}") };
        let mut made = node(open.last().copied(), level, format!("p{i}"), &heading, text(&mut draws, most));
        if level == Level::Table {
            made.heading.clear();
            made.text.clear();
            let cell = |text: String| Cell { text, column: 0, columns: 1, rows: 1 };
            let rows = (0..=draws.below(12))
                .map(|_| vec![cell(text(&mut draws, 6)), cell(text(&mut draws, 6))])
                .collect();
            made.table = Some(Table { rows, heading_rows: 1 });
        }
        nodes.push(made);
        if !matches!(level, Level::Table | Level::Text) {
            open.push(nodes.len() - 1);
        }
    }
    Tree { document: "d".into(), title: "title".into(), nodes, findings: Vec::new() }
}

#[test]
fn every_word_is_in_exactly_one_chunk_and_in_order() {
    for seed in 0..400 {
        let tree = random(seed);
        let balance = Balance { count: &words, target: 20 + seed as usize % 30, maximum: 60, threads: ONE };
        let (chunks, findings) = super::chunks(&tree, &balance);
        let on_three = Balance { threads: NonZero::new(3).unwrap(), ..balance };
        assert_eq!(super::chunks(&tree, &on_three), (chunks.clone(), findings.clone()), "seed {seed}");
        let cut: Vec<&str> = findings
            .iter()
            .filter_map(|finding| match finding {
                ChunkFinding::TextCut { path, .. } | ChunkFinding::TableCut { path, .. } => {
                    Some(path.as_str())
                }
                ChunkFinding::OverMaximum { .. } => None,
            })
            .collect();
        let index = |path: &str| tree.nodes.iter().position(|n| n.path == path).unwrap();
        let order: Vec<usize> = chunks.iter().flat_map(|c| &c.paths).map(|p| index(p)).collect();
        for pair in order.windows(2) {
            let again = pair[0] == pair[1] && cut.contains(&tree.nodes[pair[0]].path.as_str());
            assert!(pair[0] < pair[1] || again, "seed {seed}: {order:?}");
        }
        let want: Vec<String> = tree
            .nodes
            .iter()
            .flat_map(|n| [n.text.clone(), n.table.as_ref().map_or(String::new(), Table::text)])
            .flat_map(|text| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
            .filter(|w| w != "|")
            .collect();
        let texts: Vec<&str> = chunks.iter().map(|c| c.text.as_str()).collect();
        let got: Vec<&str> =
            texts.iter().flat_map(|t| t.split_whitespace()).filter(|w| w.starts_with('w')).collect();
        assert_eq!(got, want, "seed {seed}");
        let ids: std::collections::HashSet<&str> = chunks.iter().map(|c| c.id.as_str()).collect();
        assert_eq!(ids.len(), chunks.len(), "seed {seed}");
        let over = findings.iter().filter(|f| matches!(f, ChunkFinding::OverMaximum { .. })).count();
        assert_eq!(chunks.iter().filter(|c| c.tokens > 60).count(), over, "seed {seed}");
        assert_eq!(over, 0, "seed {seed}: {findings:?}");
    }
}

#[test]
fn every_heading_is_seen_with_what_stands_under_it() {
    for seed in 0..100 {
        let tree = random(seed);
        let (chunks, _) = chunks(&tree, &Balance { count: &words, target: 20, maximum: 60, threads: ONE });
        for chunk in &chunks {
            let first = tree.nodes.iter().position(|n| n.path == chunk.paths[0]).unwrap();
            for above in tree.ancestors(first).filter(|at| !tree.nodes[*at].heading.is_empty()) {
                let heading = &tree.nodes[above].heading;
                let in_text = chunk.text.split_whitespace().any(|w| w == heading);
                let shortened = chunk.breadcrumb.iter().any(|crumb| crumb == "…");
                assert!(
                    in_text || shortened || chunk.breadcrumb.contains(heading),
                    "seed {seed}: {heading} of {}",
                    chunk.id
                );
            }
        }
    }
}

fn rule(articles: &[(&str, &[usize])]) -> Tree {
    let mut nodes = vec![node(None, Level::Document, String::new(), "", String::new())];
    let mut word = 0;
    let mut text = |n: usize| {
        let words: Vec<String> = (0..n)
            .map(|_| {
                word += 1;
                format!("w{word}")
            })
            .collect();
        words.join(" ")
    };
    for (name, paragraphs) in articles {
        let article = nodes.len();
        nodes.push(node(Some(0), Level::Article, (*name).to_owned(), name, String::new()));
        for (i, n) in paragraphs.iter().enumerate() {
            nodes.push(node(Some(article), Level::Paragraph, format!("{name}/제{}항", i + 1), "①", text(*n)));
        }
    }
    Tree { document: "d".into(), title: "t".into(), nodes, findings: Vec::new() }
}

#[test]
fn a_long_article_is_divided_by_its_paragraphs_and_short_ones_are_put_together() {
    let tree = rule(&[("제1조", &[5]), ("제2조", &[5]), ("제3조", &[30, 30, 30]), ("제4조", &[25])]);
    let (chunks, findings) = chunks(&tree, &Balance { count: &words, target: 40, maximum: 60, threads: ONE });
    let paths: Vec<Vec<&str>> = chunks.iter().map(|c| c.paths.iter().map(String::as_str).collect()).collect();
    assert_eq!(
        paths,
        [
            vec!["제1조", "제1조/제1항", "제2조", "제2조/제1항"],
            vec!["제3조/제1항"],
            vec!["제3조/제2항"],
            vec!["제3조/제3항"],
            vec!["제4조", "제4조/제1항"],
        ]
    );
    assert_eq!(chunks[1].breadcrumb, ["t", "제3조"]);
    assert_eq!(chunks[0].breadcrumb, ["t"]);
    assert!(findings.is_empty());
}

#[test]
fn a_text_over_the_maximum_is_cut_at_sentence_ends_and_said_so() {
    let mut tree = rule(&[("제1조", &[])]);
    tree.nodes[1].text = "하나는 둘이고 셋이다. 넷은 2024. 1. 1. 다섯이다. 여섯은 일곱이다.".to_owned();
    let (chunks, findings) = chunks(&tree, &Balance { count: &words, target: 6, maximum: 8, threads: ONE });
    let texts: Vec<&str> = chunks.iter().map(|c| c.text.as_str()).collect();
    assert_eq!(texts, ["제1조 하나는 둘이고 셋이다.", "넷은 2024. 1. 1. 다섯이다. 여섯은 일곱이다."]);
    assert_eq!(findings, [ChunkFinding::TextCut { path: "제1조".into(), parts: 2 }]);
    assert_eq!(chunks[1].id, "d#제1조@2");
}

#[test]
fn a_title_alone_goes_with_what_follows_and_a_preamble_stays() {
    let with_preamble = |words: usize| {
        let mut tree = rule(&[("제1조", &[30]), ("제2조", &[30])]);
        for node in &mut tree.nodes[1..] {
            node.parent = node.parent.map(|parent| if parent == 0 { 0 } else { parent + 1 });
        }
        let text = vec!["머리"; words].join(" ");
        tree.nodes.insert(1, node(Some(0), Level::Preamble, "서문".into(), "", text));
        tree
    };
    let paths = |words: usize, maximum: usize| -> Vec<Vec<String>> {
        let balance = Balance { count: &self::words, target: 32, maximum, threads: ONE };
        chunks(&with_preamble(words), &balance).0.into_iter().map(|chunk| chunk.paths).collect()
    };
    assert_eq!(paths(1, 60), [vec!["서문", "제1조", "제1조/제1항"], vec!["제2조", "제2조/제1항"]]);
    assert_eq!(paths(20, 60)[0], ["서문"]);
    // There is no room for it.
    assert_eq!(paths(4, 33)[0], ["서문"]);
}
