//! Faults planted by code into the pairs of three texts: the example rules, a statute, an English handbook.

use std::path::Path;

use data::documents::Tree;
use data::validate::{Kind, Limits, Sources, Validator};
use synth::questions::{Quotas, Setting, write};
use synth::rules::{Book, Rules};

use super::plant::{FAULTS, plant};
use super::{Table, simple};

/// Pairs to plant into, and the text they are about.
fn texts() -> Vec<(&'static str, Vec<Tree>)> {
    let mut texts = vec![
        ("example rules", vec![Rules::of(Book::Employment).tree, Rules::of(Book::Pay).tree]),
        ("example handbook", vec![Rules::of(Book::Handbook).tree]),
    ];
    texts.extend(statute().map(|tree| ("statute", vec![tree])));
    texts.extend(handbook().map(|trees| ("18F", trees)));
    texts
}

pub fn statute() -> Option<Tree> {
    let folder = testing::shared_data("konlpy-corpus")?;
    let text = std::fs::read_to_string(folder.join("konlpy/data/corpus/kolaw/constitution.txt")).unwrap();
    let body = &text[text.find("제1장 총강").unwrap()..text.find("부칙 <헌법").unwrap()];
    // Articles that begin with a paragraph have it on a line of its own.
    let lines: Vec<String> = body.lines().map(|line| line.trim().to_owned()).collect();
    Some(simple::korean("대한민국헌법", &format!("=대한민국헌법\n{}", lines.join("\n"))))
}

pub fn handbook() -> Option<Vec<Tree>> {
    let folder = testing::shared_data("18f-handbook")?.join("pages");
    let mut files = Vec::new();
    for part in [
        "travel-and-leave",
        "travel-and-leave/travel-and-leave-policies",
        "general-information-and-resources",
        "performance-management",
    ] {
        let Ok(entries) = std::fs::read_dir(folder.join(part)) else { continue };
        files.extend(
            entries.map(|entry| entry.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "md")),
        );
    }
    files.sort();
    Some(files.iter().map(|path| page(path)).collect())
}

/// Every page of the handbook; that of [`handbook`] are those about leave, travel and the like.
pub fn whole_handbook() -> Option<Vec<Tree>> {
    let mut folders = vec![testing::shared_data("18f-handbook")?.join("pages")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "md") {
                files.push(path);
            }
        }
    }
    files.sort();
    Some(files.iter().map(|path| page(path)).collect())
}

fn page(path: &Path) -> Tree {
    let text = std::fs::read_to_string(path).unwrap();
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    simple::headings(&name, &markdown(&text, &name))
}

/// The plain words of Markdown: links by their words, tables row by row, no front matter, no template marks.
fn markdown(text: &str, name: &str) -> String {
    let body = text.strip_prefix("---").and_then(|t| t.split_once("\n---")).map_or(text, |(_, rest)| rest);
    let mut out = format!("={}\n", name.replace('-', " "));
    let mut heads: Vec<&str> = Vec::new();
    for line in &unwrapped(body) {
        let line = line.trim_start_matches(['*', '-', '>', ' ']);
        if line.starts_with('|') {
            out += &row(line, &mut heads);
            continue;
        }
        heads.clear();
        let mut plain = String::new();
        let mut rest = line;
        while let Some((before, after)) = rest.split_once('[') {
            plain += before;
            match after.split_once("](").and_then(|(words, url)| Some((words, url.split_once(')')?.1))) {
                Some((words, tail)) => {
                    plain += words;
                    rest = tail;
                }
                None => rest = after,
            }
        }
        out += &(plain + rest);
        out.push('\n');
    }
    out
}

/// Lines as a reader of Markdown has them: what is wrapped over several lines is one, and template marks are none.
fn unwrapped(body: &str) -> Vec<String> {
    let begins = |line: &str| {
        line.starts_with(['#', '|', '>', '*', '-', '+']) || line.starts_with(|c: char| c.is_ascii_digit())
    };
    let mut lines: Vec<String> = Vec::new();
    let mut is_open = false;
    for line in body.lines().map(str::trim) {
        let is_mark = line.starts_with("{%") || line.starts_with('<') && !line.starts_with("<http");
        if line.is_empty() || is_mark {
            is_open = false;
        } else if is_open && !begins(line) {
            let last = lines.last_mut().expect("a line is open");
            last.push(' ');
            last.push_str(line);
        } else {
            is_open = !line.starts_with(['#', '|']);
            lines.push(line.to_owned());
        }
    }
    lines
}

/// A row of a table as a reader of tables gives it: each cell behind the heading of its column. The first row is the
/// headings.
fn row<'a>(line: &'a str, heads: &mut Vec<&'a str>) -> String {
    let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
    let is_rule = cells.iter().all(|cell| cell.chars().all(|c| matches!(c, '-' | ':' | ' ')));
    if heads.is_empty() {
        *heads = cells;
        return String::new();
    }
    if is_rule {
        return String::new();
    }
    let cell =
        |(i, cell): (usize, &&str)| format!("{} {cell}", heads.get(i).unwrap_or(&"")).trim().to_owned();
    cells.iter().enumerate().map(cell).collect::<Vec<_>>().join(" | ") + "\n"
}

#[test]
fn faults_planted_by_code_are_caught_and_good_pairs_pass() {
    let mut table = Table::default();
    let mut shown = 0;
    for (name, trees) in texts() {
        let chunks = trees.iter().flat_map(simple::chunks).collect();
        let mut validator = Validator::new(Sources::new(trees.clone(), chunks), Limits::default());
        let quotas = Quotas {
            lookup: 200,
            procedure: 200,
            absent: 40,
            further_absent: 0,
            further_answerable: 0,
            cover: false,
        };
        let drafts = write(&mut validator, &Setting { quotas, seed: 7, again: 0.2 });
        let good: Vec<_> = drafts.questions.iter().map(|question| question.pair.clone()).collect();
        // Duplicates that the generator itself makes are no good pairs.
        for refused in &drafts.refused {
            let is_duplicate = refused.verdict.codes() == [data::validate::Code::Duplicate];
            if !is_duplicate {
                table.add("good", name, true);
                if shown < 60 {
                    shown += 1;
                    println!(
                        "GOOD REFUSED {name}: {}\n   {}\n   {:?}",
                        refused.pair.question, refused.pair.answer, refused.verdict.findings
                    );
                }
            }
        }
        for _ in &good {
            table.add("good", name, false);
        }
        for fault in FAULTS {
            let mut planted = 0;
            let mut missed = 0;
            for (n, pair) in good.iter().enumerate().filter(|(_, pair)| pair.kind != Kind::Absent) {
                if planted == 60 {
                    break;
                }
                let Some(bad) = plant(fault, pair, &good, n) else { continue };
                planted += 1;
                let is_duplicate = fault == "duplicate";
                let verdict = if is_duplicate { validator.judge(&bad) } else { validator.judge_alone(&bad) };
                let is_caught = super::hand::is_named(fault, &verdict.codes());
                if !is_caught && missed < 8 {
                    missed += 1;
                    println!(
                        "MISSED {fault} {name}: {}\n   {}\n   was {}",
                        bad.question, bad.answer, pair.answer
                    );
                    println!("   {:?}", verdict.codes());
                }
                table.add(fault, name, is_caught);
            }
        }
    }
    table.show();
    let good = table.total("good");
    assert!(good.caught * 100 <= (good.all) * 3, "good pairs refused: {good:?}");
    for fault in FAULTS {
        let count = table.total(fault);
        assert!(count.all >= 50 && count.caught * 100 >= count.all * 95, "{fault}: {count:?}");
    }
}
