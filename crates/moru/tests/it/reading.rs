//! How documents were read, as pages on which a person can check it.

use crate::support::Scratch;

const RECIPE: &str = "\
[project]
name = \"rules\"

[source.rules]
kind = \"documents\"
path = \"rules\"

[prepare]
prompt = \"{context}\\n\\n질문: {question}\"
response = \"{answer}\"
meta = [\"slice\", \"split\"]

[split]
column = \"split\"
";

/// Nothing in a page leads out of it.
fn stands_alone(page: &str) {
    assert!(page.contains("default-src 'none'") && page.contains("color-scheme"), "{page}");
    for way_out in ["http:", "https:", "src=", "url(", "<script", "@import"] {
        assert!(!page.contains(way_out), "{way_out}");
    }
}

#[test]
fn a_run_shows_how_pages_were_read() {
    let scratch = Scratch::new();
    scratch.stdout(&["init", "regulations", "book"], 0);
    scratch.stdout(&["run", "--until", "chunk", "--project", "book"], 0);
    let page = scratch.read("book/out/review.html");
    stands_alone(&page);
    for shown in [
        "<html lang=\"ko\">",
        "보수여비규정.pdf",
        "id=\"d1p1\"",
        "class=\"furniture\"",
        "class=\"cell\"",
        "class=\"ground article\"",
        "class=\"join",
        "제1장/제1조",
    ] {
        assert!(page.contains(shown), "{shown}");
    }
    assert!(page.len() < 4 << 20, "{}", page.len());
    // The language is the report's, and nothing that comes after is done again for it.
    scratch.stdout(&["run", "--until", "chunk", "--project", "book", "--set", "report.language=en"], 0);
    assert!(scratch.read("book/out/review.html").contains("<html lang=\"en\">"));
}

#[test]
fn pages_are_drawn_as_they_are_asked_for() {
    let scratch = Scratch::new();
    scratch.stdout(&["init", "regulations", "book"], 0);
    let inspect = |pages: &str| {
        let args = ["inspect", "book/rules/취업규칙.pdf", "--html", "pages.html", "--pages", pages, "--json"];
        scratch.output(&args)
    };
    assert!(inspect("2-3").status.success());
    let page = scratch.read("pages.html");
    stands_alone(&page);
    let drawn = |n: u32| page.contains(&format!("id=\"d1p{n}\""));
    assert!(!drawn(1) && drawn(2) && drawn(3) && !drawn(4));
    assert!(
        page.contains("moru inspect book/rules/취업규칙.pdf --html pages.html --pages 1-"),
        "what is left out is told"
    );
    let refused = inspect("3-2");
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("FIRST-LAST"));
}

#[test]
fn documents_without_pages_are_shown_place_by_place_and_masked() {
    let scratch = Scratch::new();
    scratch.write(
        "rules/복무규정.md",
        "# 복무규정\n\n제1조(목적) 직원의 복무를 정한다.\n\n제2조(문의) 문의는 담당자 김서연(010-2345-6789)에게 한다.\n\n\
         | 직급 | 일수 |\n|---|---|\n| 사원 | 15일 |\n",
    );
    scratch.write("moru.toml", RECIPE);
    scratch.stdout(&["run", "--until", "chunk"], 0);
    let page = scratch.read("out/review.html");
    stands_alone(&page);
    for shown in ["<b class=\"mark article\">조</b> 제1조", "제2조(문의)", "<td colspan=\"1\"", "사원"]
    {
        assert!(page.contains(shown), "{shown}\n{page}");
    }
    assert!(!page.contains("2345"), "{page}");
}
