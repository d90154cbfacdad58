//! The printed rules, read back: characters, articles with their paths, and cells, against what was written.

use std::collections::BTreeMap;

use data::documents::{Block, Cell, Content, Document, Level, Table, Tree, pdf, structure, versions};
use synth::rules::{Book, Rules, changes};

/// The longest common subsequence of two texts, bit-parallel (Hyyrö 2004).
fn common(a: &[char], b: &[char]) -> usize {
    let words = a.len().div_ceil(64);
    let mut masks: BTreeMap<char, Vec<u64>> = BTreeMap::new();
    for (i, c) in a.iter().enumerate() {
        masks.entry(*c).or_insert_with(|| vec![0; words])[i / 64] |= 1 << (i % 64);
    }
    let mut row = vec![u64::MAX; words];
    for c in b {
        let Some(mask) = masks.get(c) else { continue };
        let mut carry = 0;
        for (v, m) in row.iter_mut().zip(mask) {
            let u = *v & m;
            let (sum, first) = v.overflowing_add(u);
            let (sum, second) = sum.overflowing_add(carry);
            carry = u64::from(first || second);
            *v = sum | (*v - u);
        }
    }
    (0..a.len()).filter(|i| row[i / 64] >> (i % 64) & 1 == 0).count()
}

fn letters(text: &str) -> Vec<char> {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// F1 of the letters in their order.
fn f1(truth: &str, read: &str) -> f64 {
    let (truth, read) = (letters(truth), letters(read));
    2.0 * common(&truth, &read) as f64 / (truth.len() + read.len()) as f64
}

#[test]
fn the_measure_counts_letters_in_their_order() {
    let close = |a: f64, b: f64| (a - b).abs() < 1e-12;
    assert!(close(f1("가나 다라", "가나다라"), 1.0));
    assert!(close(f1("가나다라", "다라가나"), 0.5));
    assert!(close(f1("가나다라", "가나다라마바사아"), 8.0 / 12.0));
    let long: String = ('가'..='힣').take(300).collect();
    assert!(close(f1(&long, &long[3 * 100..]), 400.0 / 500.0));
}

fn document(book: Book) -> Document {
    let printed = book.pdf();
    pdf::read(printed.bytes.to_vec(), printed.name, &pdf::Limits::default(), &|| false)
        .expect("it can be read")
}

/// The first page a block stands on.
fn page(block: &Block) -> u32 {
    block.places.first().map_or(0, |place| place.page)
}

/// What a block says; nothing for furniture.
fn said(block: &Block) -> String {
    match &block.content {
        Content::Paragraph(text) | Content::Heading { text, .. } => text.clone(),
        Content::ListItem { marker, text, .. } => format!("{marker} {text}"),
        Content::Table(table) => {
            table.rows.iter().flatten().map(|cell| cell.text.as_str()).collect::<Vec<_>>().join(" ")
        }
        Content::Furniture(_) => String::new(),
    }
}

/// The text from the first heading on: without title, preamble and contents.
fn body_of(document: &Document, book: Book) -> String {
    let from = book.setting().text_from;
    let first = Rules::of(book).tree.nodes[2].heading.clone();
    let blocks = document.blocks.iter().filter(|block| page(block) >= from);
    let text: Vec<String> = blocks.map(said).collect();
    let text = text.join("\n");
    text.find(&first).map_or(text.clone(), |at| text[at..].to_owned())
}

/// The text of a book from its first heading on.
fn body(rules: &Rules) -> String {
    let text = rules.text();
    let at = text.find(rules.tree.nodes[2].heading.as_str()).expect("it has headings");
    text[at..].to_owned()
}

#[test]
fn printed_rules_are_read_letter_by_letter() {
    let mut wrong = Vec::new();
    for book in Book::ALL {
        let (truth, read) = (body(&Rules::of(book)), body_of(&document(book), book));
        let score = f1(&truth, &read);
        if score < 0.998 {
            wrong.push(format!("{book:?}: {score:.4}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// How often each word stands in a text.
fn words(text: &str) -> BTreeMap<&str, i64> {
    let mut counts = BTreeMap::new();
    for word in text.split_whitespace() {
        *counts.entry(word).or_default() += 1;
    }
    counts
}

#[test]
fn words_broken_at_a_lines_end_are_joined_and_others_are_not() {
    for book in Book::ALL {
        let (truth, read) = (body(&Rules::of(book)), body_of(&document(book), book));
        let (truth, read) = (words(&truth), words(&read));
        let missing: Vec<_> = (truth.iter())
            .filter(|(word, n)| read.get(*word).copied().unwrap_or(0) < **n)
            .map(|(word, _)| *word)
            .collect();
        let total: i64 = truth.values().sum();
        // One in a hundred: in narrow columns a line that ends with a word's last letter leaves no trace of its blank.
        assert!(missing.len() as i64 * 100 <= total, "{book:?}: {} of {total}: {missing:?}", missing.len());
    }
}

#[test]
fn running_heads_and_feet_are_furniture_and_nothing_else_is() {
    for book in Book::ALL {
        let (setting, document) = (book.setting(), document(book));
        assert_eq!(document.pages.len() as u32, setting.pages, "{book:?}");
        let squeezed = |text: &str| text.split_whitespace().collect::<String>();
        let foot = squeezed(setting.foot);
        // They are printed again where a table goes on over a page's end.
        let tables = Rules::of(book).tree.nodes.into_iter().filter_map(|node| node.table);
        let heads_of_tables: Vec<String> = tables
            .filter_map(|table| Some(table.rows.first()?.iter().map(|cell| squeezed(&cell.text)).collect()))
            .collect();
        for block in &document.blocks {
            let Content::Furniture(text) = &block.content else { continue };
            let number = text.chars().filter(char::is_ascii_digit).collect::<String>();
            let rest =
                setting.heads.iter().fold(squeezed(text), |rest, head| rest.replace(&squeezed(head), ""));
            let is_known = rest.is_empty()
                || rest == foot.replace('#', &number)
                || heads_of_tables.contains(&squeezed(text));
            assert!(is_known, "{book:?}: {text:?} was taken for furniture");
        }
        for setting_page in setting.head_from..=setting.pages {
            let on_page = || document.blocks.iter().filter(|block| page(block) == setting_page);
            let furniture: String =
                on_page().filter(|b| matches!(b.content, Content::Furniture(_))).map(furniture).collect();
            for head in setting.heads {
                assert!(
                    squeezed(&furniture).contains(&squeezed(head)),
                    "{book:?} page {setting_page}: {head}"
                );
            }
            let foot = foot.replace('#', &setting_page.to_string());
            assert!(
                squeezed(&furniture).contains(&foot),
                "{book:?} page {setting_page}: {foot} in {furniture:?}"
            );
        }
    }
}

fn furniture(block: &Block) -> String {
    match &block.content {
        Content::Furniture(text) => format!("{text} "),
        _ => String::new(),
    }
}

#[test]
fn bookmarks_name_the_headings_where_there_are_any() {
    for book in Book::ALL {
        let (rules, document) = (Rules::of(book), document(book));
        if !book.setting().bookmarks {
            assert!(document.outline.is_empty(), "{book:?}");
            continue;
        }
        let titles: Vec<_> = document.outline.iter().map(|entry| entry.title.as_str()).collect();
        for at in rules.articles() {
            let node = &rules.tree.nodes[at];
            let in_supplement = node.path.starts_with("부칙");
            let named = titles.iter().any(|title| title.starts_with(&node.heading));
            assert!(named || in_supplement, "{book:?}: {}", node.heading);
        }
    }
}

/// The cells of a table with what they fill, row by row.
type Cells = Vec<(usize, u32, u32, u32, String)>;

fn cells(table: &Table) -> Cells {
    let row = |(at, row): (usize, &Vec<Cell>)| {
        row.iter()
            .map(|cell| (at, cell.column, cell.columns, cell.rows, letters(&cell.text).into_iter().collect()))
            .collect::<Cells>()
    };
    table.rows.iter().enumerate().flat_map(row).collect()
}

#[test]
fn tables_have_their_cells() {
    let mut wrong = Vec::new();
    for book in Book::ALL {
        let (rules, document) = (Rules::of(book), document(book));
        let truth: Vec<_> =
            rules.tree.nodes.iter().filter_map(|node| Some((&node.path, node.table.as_ref()?))).collect();
        let read: Vec<Cells> = (document.blocks.iter())
            .filter_map(|block| match &block.content {
                Content::Table(table) => Some(cells(table)),
                _ => None,
            })
            .collect();
        for (path, table) in truth {
            let wanted = cells(table);
            let best =
                read.iter().map(|found| wanted.iter().filter(|cell| found.contains(cell)).count()).max();
            if best.unwrap_or(0) != wanted.len() {
                wrong.push(format!("{book:?} {path}: {best:?} of {} cells", wanted.len()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Where a node stands: level and number of itself and of what it stands in; 부칙 are counted.
fn place(tree: &Tree, node: usize) -> String {
    let mut parts = Vec::new();
    let mut at = Some(node);
    while let Some(index) = at {
        let node = &tree.nodes[index];
        match (node.level, node.number) {
            (Level::Supplement, _) => {
                let before = tree.nodes[..index].iter().filter(|n| n.level == Level::Supplement).count();
                parts.push(format!("부칙{}", before + 1));
            }
            (Level::Heading(_), _) => parts.push(node.heading.clone()),
            (level, Some(number)) => parts.push(format!("{level:?} {}.{}", number.main, number.branch)),
            (_, None) => {}
        }
        at = node.parent;
    }
    parts.reverse();
    parts.join("/")
}

/// Every numbered place in order, with all that is written in it apart from what stands in numbered places of its own:
/// what follows a list belongs to what the list stands in.
fn places(tree: &Tree, skip: &[Level]) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for (index, node) in tree.nodes.iter().enumerate() {
        let is_skipped = |at: usize| skip.contains(&tree.nodes[at].level);
        let above = std::iter::successors(Some(index), |at| tree.nodes[*at].parent);
        if above.into_iter().any(is_skipped) {
            continue;
        }
        let table = node.table.iter().flat_map(|table| &table.rows).flatten().map(|cell| cell.text.as_str());
        let says = [node.heading.as_str(), &node.text].into_iter().chain(table).collect::<String>();
        let says: String = letters(&says).into_iter().collect();
        let place = place(tree, index);
        match found.iter_mut().find(|found| found.0 == place) {
            Some(same) => same.1 += &says,
            None => found.push((place, says)),
        }
    }
    found
}

#[test]
fn every_article_paragraph_and_item_is_found_where_it_stands() {
    let mut wrong = Vec::new();
    for book in Book::ALL {
        let read = structure::tree(&document(book));
        let skip = [Level::Preamble, Level::Contents, Level::Comparison];
        let truth = places(&Rules::of(book).tree, &skip);
        let found = places(&read, &skip);
        let names = |of: &[(String, String)]| of.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        for name in names(&truth).iter().filter(|name| !names(&found).contains(name)) {
            wrong.push(format!("{book:?}: {name} is missing"));
        }
        for name in names(&found).iter().filter(|name| !names(&truth).contains(name)) {
            wrong.push(format!("{book:?}: {name} is invented"));
        }
        for (name, says) in truth.iter().filter(|(name, _)| !name.is_empty()) {
            if let Some((_, other)) = found.iter().find(|(found, _)| found == name)
                && other != says
            {
                wrong.push(format!("{book:?} {name}:\n  printed {says}\n  read    {other}"));
            }
        }
        wrong.extend(read.findings.iter().map(|finding| format!("{book:?}: {finding:?}")));
    }
    assert!(wrong.is_empty(), "{} places:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn two_printed_editions_are_told_apart_and_what_differs_is_found() {
    let trees = [Book::PayOf2020, Book::Pay, Book::Employment].map(|book| structure::tree(&document(book)));
    let rules = versions::rules(&trees.each_ref().map(versions::Card::of), None);
    let told: Vec<_> = rules.iter().map(|rule| (rule.current, rule.older.as_slice())).collect();
    assert_eq!(told, [(1, &[0][..]), (2, &[])]);
    assert_eq!(rules[0].findings, []);
    let found = versions::changes(&trees[0], &trees[1]);
    let articles = found.iter().filter(|change| change.path.rsplit('/').next().unwrap().contains('조'));
    let found: Vec<&str> = articles.map(|change| change.path.as_str()).collect();
    let written = changes(&Rules::of(Book::PayOf2020), &Rules::of(Book::Pay));
    let written: Vec<&str> = written.iter().map(|change| change.path.as_str()).collect();
    assert_eq!(found, written);
}
