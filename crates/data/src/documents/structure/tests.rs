use super::super::block::{Block, Cell, Content, Document, Look, OutlineEntry, Table};
use super::super::tree::{Level, Number, TreeFinding};
use super::super::{markdown, text};
use super::*;

/// The tree of a text, a line for each node: its path, heading and text.
fn shown(document: &Document) -> Vec<String> {
    let tree = tree(document);
    accept(document, &tree).unwrap();
    tree.nodes[1..].iter().map(|node| format!("{} | {} | {}", node.path, node.heading, node.text)).collect()
}

fn check(rule: &str, want: &[&str]) {
    assert_eq!(shown(&text::document("t.txt", rule)), want, "{rule}");
}

fn findings(rule: &str) -> Vec<TreeFinding> {
    let document = text::document("t.txt", rule);
    let tree = tree(&document);
    accept(&document, &tree).unwrap();
    tree.findings
}

fn paths(rule: &str) -> Vec<String> {
    let document = text::document("t.txt", rule);
    let tree = tree(&document);
    accept(&document, &tree).unwrap();
    tree.nodes.into_iter().skip(1).map(|node| node.path).collect()
}

#[test]
fn a_rule() {
    check(
        "취업규칙\n제1장 총칙\n제1조(목적) 이 규칙은 근로조건을 정한다.\n제2조(정의) ① 용어는 다음과 같다.\n1. 직원\n가. 정규직\n\
         나. 계약직\n2. 임원\n② 그 밖의 용어\n제2장 휴가\n제3조 삭제\n부칙 <2020. 1. 1.>\n제1조(시행일) 시행한다.\n[별표 1] 수당\n",
        &[
            "서문 |  | 취업규칙",
            "제1장 | 제1장 총칙 | ",
            "제1장/제1조 | 제1조(목적) | 이 규칙은 근로조건을 정한다.",
            "제1장/제2조 | 제2조(정의) | ",
            "제1장/제2조/제1항 | ① | 용어는 다음과 같다.",
            "제1장/제2조/제1항/제1호 | 1. | 직원",
            "제1장/제2조/제1항/제1호/가목 | 가. | 정규직",
            "제1장/제2조/제1항/제1호/나목 | 나. | 계약직",
            "제1장/제2조/제1항/제2호 | 2. | 임원",
            "제1장/제2조/제2항 | ② | 그 밖의 용어",
            "제2장 | 제2장 휴가 | ",
            "제2장/제3조 | 제3조 | 삭제",
            "부칙 <2020. 1. 1.> | 부칙 <2020. 1. 1.> | ",
            "부칙 <2020. 1. 1.>/제1조 | 제1조(시행일) | 시행한다.",
            "별표 1 | [별표 1] 수당 | ",
        ],
    );
}

#[test]
fn references_dates_and_sentence_ends_are_text() {
    check(
        "제1조(목적) 첫째\n제5조제2항에 따라 정한다.\n제9조(휴가)에 따른 휴가는\n제2조(휴가) 둘째 호\n12. 31.까지 쓴다.\n\
         다. 다만, 그러하지 아니하다.\n제7조(끝) 일곱째\n제3조(다음) 셋째",
        &[
            "제1조 | 제1조(목적) | 첫째\n제5조제2항에 따라 정한다.\n제9조(휴가)에 따른 휴가는",
            "제2조 | 제2조(휴가) | 둘째 호\n12. 31.까지 쓴다.\n다. 다만, 그러하지 아니하다.\n제7조(끝) 일곱째",
            "제3조 | 제3조(다음) | 셋째",
        ],
    );
}

#[test]
fn branches_and_gaps() {
    let number = |main, branch| Number { main, branch };
    let rule = "제1조(가) a\n제1조의2(나) b\n제1조의3(다) c\n제2조(라) d\n제5조(마) e\n1. x\n2. y\n4. z\n";
    assert_eq!(
        findings(rule),
        [
            TreeFinding::NumberGap { path: "제5조".into(), after: number(2, 0), found: number(5, 0) },
            TreeFinding::NumberGap {
                path: "제5조/제4호".into(), after: number(2, 0), found: number(4, 0)
            },
        ]
    );
    assert_eq!(paths(rule)[1..3], ["제1조의2", "제1조의3"]);
}

#[test]
fn a_contents_page_is_kept_apart_and_checked() {
    let body = "제1장 총칙\n제1조(목적) 가\n제2조(정의) 나\n제2장 휴가\n제3조(연차) 다\n제4조(병가) 라\n";
    for contents in [
        "목 차\n제1장 총칙 ······· 1\n제1조(목적) ······· 1\n제2조(정의) ······· 1\n제3조(연차) ······· 2\n제5조(공가) ···· 3\n",
        "목차\n제1장 총칙\n제1조(목적)\n제2조(정의)\n제3조(연차)\n제5조(공가)\n",
        "제1조(목적)\n제2조(정의)\n제3조(연차)\n제5조(공가)\n",
    ] {
        let rule = format!("취업규칙\n{contents}{body}");
        let document = text::document("t.txt", &rule);
        let tree = tree(&document);
        accept(&document, &tree).unwrap();
        let articles = tree.nodes.iter().filter(|n| n.level == Level::Article).count();
        assert_eq!(articles, 4, "{:#?}", shown(&document));
        assert_eq!(tree.nodes.iter().filter(|n| n.level == Level::Contents).count(), 1, "{contents}");
        assert_eq!(
            tree.findings,
            [
                TreeFinding::NotInTree { heading: "제5조(공가)".into(), page: 0 },
                TreeFinding::NotInContents { path: "제2장/제4조".into() },
            ],
            "{contents}"
        );
    }
}

#[test]
fn bookmarks_are_checked() {
    let mut document = text::document("t.txt", "제1조(목적) 가\n제2조(정의) 나\n");
    let entry = |title: &str| OutlineEntry { depth: 0, title: title.into(), page: Some(1) };
    document.outline = vec![entry("제1조(목적)"), entry("제2조(정의)"), entry("제3조(휴가)")];
    assert_eq!(tree(&document).findings, [TreeFinding::NotInTree { heading: "제3조(휴가)".into(), page: 0 }]);
}

#[test]
fn a_table_of_old_and_new_wording_is_not_the_rule() {
    let rule = "제1조(목적) 가\n제2조(정의) 나\n부칙\n이 규칙은 공포한 날부터 시행한다.\n신·구조문대비표\n현행\n개정안\n\
                제1조(목적) 옛\n제1조(목적) 새\n제2조(정의) 옛\n";
    assert_eq!(paths(rule), ["제1조", "제2조", "부칙", "신구조문대비표"]);
    let cell = |text: &str, column| Cell { text: text.into(), column, columns: 1, rows: 1 };
    let table = Table {
        rows: vec![
            vec![cell("현 행", 0), cell("개 정 안", 1)],
            vec![cell("제1조(목적) 옛", 0), cell("제1조(목적) 새", 1)],
        ],
        heading_rows: 1,
    };
    let mut document = text::document("t.txt", "제1조(목적) 가\n");
    document.blocks.push(Block { content: Content::Table(table), look: Look::default(), places: Vec::new() });
    let tree = tree(&document);
    accept(&document, &tree).unwrap();
    let levels: Vec<Level> = tree.nodes[1..].iter().map(|n| n.level).collect();
    assert_eq!(levels, [Level::Article, Level::Comparison, Level::Table]);
}

#[test]
fn marks_of_revision_stay_with_their_article() {
    let document = text::document(
        "t.txt",
        "제1조(목적) ① 가 <개정 2020. 1. 1.>\n② 나 <신설 2021. 2. 3.>\n[전문개정 2019. 5. 5.]\n제2조 삭제 <2022. 1. 1.>\n제3조(다) 라",
    );
    let tree = tree(&document);
    accept(&document, &tree).unwrap();
    let of = |path: &str| tree.nodes.iter().find(|n| n.path == path).unwrap().revisions.clone();
    assert_eq!(of("제1조"), ["전문개정 2019. 5. 5."]);
    assert_eq!(of("제1조/제1항"), ["개정 2020. 1. 1."]);
    assert_eq!(of("제1조/제2항"), ["신설 2021. 2. 3."]);
    assert_eq!(of("제2조"), ["삭제"]);
}

#[test]
fn several_supplements_begin_anew() {
    assert_eq!(
        paths(
            "제1조(가) a\n제2조(나) b\n부칙\n제1조(시행일) c\n제2조(경과) d\n부칙\n① 이 규칙은 시행한다.\n② 나\n"
        ),
        ["제1조", "제2조", "부칙", "부칙/제1조", "부칙/제2조", "부칙#2", "부칙#2/제1항", "부칙#2/제2항"]
    );
}

#[test]
fn articles_without_titles() {
    assert_eq!(
        paths(
            "제1조 ① 대한민국은\n②주권은\n제2조 대한민국의\n제5조 및 제6조에 따라\n제3조 국가는\n제4조 삭제\n"
        ),
        ["제1조", "제1조/제1항", "제1조/제2항", "제2조", "제3조", "제4조"]
    );
}

#[test]
fn a_number_alone_has_its_title_on_the_next_line() {
    check(
        "제1장\n총칙\n제1조\n(목적)\n이 규칙은 정한다.\n제2조\n(정의)\n용어",
        &[
            "제1장 | 제1장 총칙 | ",
            "제1장/제1조 | 제1조 (목적) | 이 규칙은 정한다.",
            "제1장/제2조 | 제2조 (정의) | 용어",
        ],
    );
}

#[test]
fn english_rules() {
    assert_eq!(
        paths(
            "Employee Handbook\nArticle 1. Leave\nSection 1.1 Annual leave\nEveryone has it.\n(a) first\n(b) second\n\
               Section 1.2 Sick leave\nText\nArticle 2. Pay\nSection 2.1 Wages\nText\nAppendix A\nText\n"
        ),
        [
            "preamble",
            "Article 1",
            "Article 1/Section 1.1",
            "Article 1/Section 1.1/(a)",
            "Article 1/Section 1.1/(b)",
            "Article 1/Section 1.2",
            "Article 2",
            "Article 2/Section 2.1",
            "Appendix A",
        ]
    );
}

#[test]
fn numbered_headings_of_a_manual() {
    let rule = "1. Scope\nText one.\n1.1 Who it is for\nEveryone here.\n1.2 When\nAlways.\n2. Duties\nText.\n2.1 Safety\nMore.\n";
    assert_eq!(paths(rule), ["1", "1/1.1", "1/1.2", "2", "2/2.1"]);
}

#[test]
fn headings_by_format_and_by_look() {
    let block = |content, size, bold| Block {
        content,
        look: Look { size, bold, ..Look::default() },
        places: Vec::new(),
    };
    let heading = |level, text: &str| block(Content::Heading { level, text: text.into() }, 0.0, false);
    let text = |text: &str, size, bold| block(Content::Paragraph(text.into()), size, bold);
    let document = Document {
        name: "t".into(),
        blocks: vec![
            heading(1, "A"),
            text("one", 0.0, false),
            text("two", 0.0, false),
            heading(2, "B"),
            heading(2, "B"),
        ],
        ..Document::default()
    };
    assert_eq!(
        shown(&document),
        ["A | A | ", "A/text 1 |  | one", "A/text 2 |  | two", "A/B | B | ", "A/B#2 | B | "]
    );
    let long = "Every employee has a right to leave, which is granted on request and in writing.";
    let document = Document {
        name: "t".into(),
        blocks: vec![
            text("Leave", 16.0, true),
            text(long, 10.0, false),
            text("Sick leave", 10.0, true),
            text(long, 10.0, false),
            text("Pay", 16.0, true),
        ],
        ..Document::default()
    };
    let levels: Vec<Level> = tree(&document).nodes.iter().map(|n| n.level).collect();
    assert_eq!(levels, [Level::Document, Level::Heading(1), Level::Heading(2), Level::Heading(1)]);
    assert_eq!(shown(&document)[0], format!("Leave | Leave | {long}"));
}

#[test]
fn any_document_is_kept_whole() {
    let pieces = [
        "제1조(목적) 가",
        "제2조(정의) ① 나",
        "② 다",
        "1. 라",
        "가. 마",
        "다. 바",
        "제1장 총칙",
        "부칙",
        "[별표 1] 표",
        "목차",
        "제3조제1항에 따라",
        "신·구조문대비표",
        "1.1 Scope",
        "Article 3. Pay",
        "- item",
        "text",
        "제9조(끝) 끝",
        "[본조신설 2020. 1. 1.]",
        "제1조",
        "(목적)",
        "제2장",
        "1) 가",
        "○ 나",
        "제1조(목적) ···· 3",
        "2. b",
        "Ⅰ. 서론",
    ];
    let mut state = 1u64;
    let mut below = |n: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n
    };
    for _ in 0..2000 {
        let mut document = Document { name: "t".into(), ..Document::default() };
        for _ in 0..below(30) {
            let text = (0..=below(3)).map(|_| pieces[below(pieces.len())]).collect::<Vec<_>>().join("\n");
            let content = match below(8) {
                0 => Content::Heading { level: 1 + below(4) as u8, text },
                1 => Content::ListItem { depth: below(3) as u8, marker: "1.".into(), text },
                2 => Content::Furniture(text),
                3 => Content::Table(Table {
                    rows: vec![vec![Cell { text, column: 0, columns: 1, rows: 1 }]],
                    heading_rows: 0,
                }),
                _ => Content::Paragraph(text),
            };
            let look = Look {
                size: [0.0, 10.0, 14.0][below(3)],
                bold: below(4) == 0,
                indent: below(3) as f32 * 10.0,
                ..Look::default()
            };
            document.blocks.push(Block { content, look, places: Vec::new() });
        }
        let tree = tree(&document);
        if let Err(error) = accept(&document, &tree) {
            panic!("{error}\n{:#?}\n{:#?}", document_text(&document), tree.nodes);
        }
    }
}

#[test]
fn lines_below_one_another_are_the_same_in_markdown() {
    let rule = "복무규정\n제1장 총칙\n제1조(목적) 이 규정은 휴가를 정한다.\n제2조(휴가)\n① 휴가는 다음과 같다.\n1. 연차\n가. 정규직\n나. 계약직\n\
        2. 병가\n② 그 밖의 휴가는\n1. 공가\n3. 경조\n제3조(수당) 수당은 따로 정한다.\n제2장 보칙\n제4조(위임)\n이 규정에 없는 것은 따로 정한다.\n\
        부칙 <2024. 1. 1.>\n제1조(시행일) 오늘부터 시행한다.\n[별표 1] 수당\n";
    let want = shown(&text::document("t.txt", rule));
    assert_eq!(want.len(), 18, "{want:#?}");
    assert_eq!(shown(&markdown::document("t.txt", rule).0), want);
    let indented = rule.replace("\n가.", "\n  가.").replace("\n나.", "\n  나.").replace("\n1.", "\n   1.");
    assert_eq!(shown(&markdown::document("t.txt", &indented).0), want);
    let closed = "제1조(구분)\n① 구분은\n1. 평일\n1) 낮\n2) 밤\n2. 휴일\n1) 낮\n② 끝\n1. 하나\n";
    assert_eq!(shown(&markdown::document("t.txt", closed).0), shown(&text::document("t.txt", closed)));
    let english = "Chapter 1 Leave\nSection 1.1 Annual leave\nEvery employee has 15 days.\n(a) first\n(b) second\nSection 1.2 Sick leave\n\
        A certificate is shown.\nChapter 2 Pay\nSection 2.1 Days\nPay comes on the 25th.\n";
    let want = shown(&text::document("t.txt", english));
    assert_eq!(shown(&markdown::document("t.txt", english).0), want);
}
