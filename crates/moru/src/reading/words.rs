//! What the page says, in Korean and English.

use data::documents::pdf::{HiddenReason, Join, JoinLook, JoinReason};
use data::documents::{Content, Level, Number, PageFinding, TreeFinding};
use eval::report::Language;

use super::Sheet;
use crate::report::html::esc;

/// Says things in a language.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words(pub Language);

impl Words {
    pub fn pick<'w>(self, korean: &'w str, english: &'w str) -> &'w str {
        match self.0 {
            Language::Korean => korean,
            Language::English => english,
        }
    }

    fn say(self, korean: String, english: String) -> String {
        match self.0 {
            Language::Korean => korean,
            Language::English => english,
        }
    }

    pub fn lead(self) -> &'static str {
        self.pick(
            "글은 읽은 그대로, 쪽에 있던 자리에 있습니다. 구조는 쪽 옆에, 판단은 글 위에 표시했습니다. 원본과 나란히 놓고 \
             보십시오.",
            "The text stands as it was read, where it stands on the page, with the structure beside it and what was \
             decided laid over it. Hold it beside the original.",
        )
    }

    pub fn raw(self) -> &'static str {
        self.pick("개인정보를 가리지 않았습니다.", "Nothing personal is masked in it.")
    }

    pub fn legend(self) -> String {
        let letter = self.pick("가", "Ab");
        let item = |class: &str, mark: &str, said: &str| {
            format!("<li><span class=\"key {class}\">{mark}</span> {said}</li>")
        };
        let items = [
            item("division", letter, self.pick("편·장·절·제목", "parts, chapters, sections, headings")),
            item("article", letter, self.pick("조", "articles")),
            item("item", letter, self.pick("항·호·목", "paragraphs and items")),
            item("annex", letter, self.pick("부칙·별표·별지", "supplements, annexes, forms")),
            item(
                "apart",
                letter,
                self.pick("목차·신구조문(따로 둠)", "contents, tables of old and new wording (set apart)"),
            ),
            item("cell", letter, self.pick("표의 칸", "cells of tables")),
            item(
                "furniture",
                letter,
                self.pick("빼낸 머리말·꼬리말·쪽 번호", "running heads, feet and page numbers, taken out"),
            ),
            item("hidden", letter, self.pick("빼낸 숨은 글", "hidden text, taken out")),
            item(
                "join",
                "␣ ⌢ -",
                self.pick(
                    "이어 붙인 줄: 띄어서, 붙여서, 붙임표를 빼고",
                    "lines joined: with a blank, without one, without the hyphen",
                ),
            ),
            item(
                "join syllables",
                "␣ ⌢",
                self.pick(
                    "음절만 보고 정한 이음: 확인하십시오",
                    "joins that only the syllables decided: look at these",
                ),
            ),
        ];
        format!("<ul class=\"legend\">{}</ul>", items.concat())
    }

    /// How much there is of what.
    pub fn counts(self, sheet: &Sheet) -> String {
        let blocks = &sheet.document.blocks;
        let of = |is: fn(&Content) -> bool| blocks.iter().filter(|block| is(&block.content)).count();
        let tables = of(|content| matches!(content, Content::Table(_)));
        let furniture = of(|content| matches!(content, Content::Furniture(_)));
        let joins = sheet.look.as_ref().map_or(0, |look| look.joins.len());
        let hidden: usize =
            sheet.look.iter().flat_map(|look| &look.pages).map(|page| page.hidden.len()).sum();
        let articles = sheet.tree.nodes.iter().filter(|node| node.level == Level::Article).count();
        [
            (sheet.document.pages.len(), "쪽", "pages"),
            (articles, "조", "articles"),
            (tables, "표", "tables"),
            (joins, "이어 붙인 줄", "lines joined"),
            (furniture, "빼낸 줄", "lines taken out"),
            (hidden, "숨은 글", "hidden texts"),
        ]
        .iter()
        .filter(|(n, _, _)| *n > 0)
        .map(|(n, korean, english)| format!("<b>{n}</b> {}", self.pick(korean, english)))
        .collect::<Vec<_>>()
        .join(" · ")
    }

    /// That another edition of the rule is asked about; `used` is escaped.
    pub fn aside(self, used: &str) -> String {
        self.say(
            format!("다른 판을 쓰므로 따로 두었습니다. 쓰는 판: {used}"),
            format!("Set aside: the edition in use is {used}."),
        )
    }

    pub fn page(self, page: u32) -> String {
        self.say(format!("{page}쪽"), format!("page {page}"))
    }

    pub fn more(self, n: usize) -> String {
        self.say(
            format!("그 밖에 {n}개는 <code>moru tap parse</code>로 봅니다."),
            format!("and {n} more, which <code>moru tap parse</code> shows"),
        )
    }

    /// That places of a document without pages are left out.
    pub fn not_shown(self, n: usize) -> String {
        self.say(
            format!("여기에 없는 {n}곳은 <code>moru tap parse</code>로 봅니다."),
            format!("{n} further places are not shown here; <code>moru tap parse</code> shows all."),
        )
    }

    /// That lines of a page are left out.
    pub fn lines_left_out(self, n: usize) -> String {
        self.say(
            format!("줄이 너무 많아 {n}줄은 그리지 않았습니다."),
            format!("{n} further lines of the page are not drawn."),
        )
    }

    /// That pages are left out, and how to see them.
    pub fn not_drawn(self, n: usize, first: u32, last: u32, file: &str) -> String {
        let quote = if file.contains(char::is_whitespace) { "\"" } else { "" };
        let verb = format!("moru inspect {quote}{file}{quote} --html pages.html --pages {first}-{last}");
        let verb = esc(&verb);
        self.say(
            format!("{n}쪽은 여기에 그리지 않았습니다({first}–{last}쪽 사이). <code>{verb}</code>로 그려 볼 수 있습니다."),
            format!("{n} pages between {first} and {last} are not drawn here; <code>{verb}</code> draws them."),
        )
    }

    /// Everything that a person should look at.
    pub fn findings(self, sheet: &Sheet) -> Vec<String> {
        let pages = sheet.document.pages.iter().flat_map(|report| {
            report
                .findings
                .iter()
                .map(move |found| format!("{}: {}", self.page(report.page), self.page_finding(found)))
        });
        let left_out = sheet.left_out.iter().map(|left| {
            self.say(
                format!("{} {}개를 뺐습니다", left.what, left.count),
                format!("{} {} left out", left.count, left.what),
            )
        });
        pages
            .chain(left_out)
            .chain(sheet.tree.findings.iter().map(|found| self.tree_finding(found)))
            .collect()
    }

    pub fn page_finding(self, finding: &PageFinding) -> String {
        let korean = match finding {
            PageFinding::NeedsOcr { unknown: 0 } => "글자 없는 그림이라 OCR이 필요합니다".to_owned(),
            PageFinding::NeedsOcr { unknown } => {
                format!("뜻을 알 수 없는 글자가 {unknown}자라 OCR이 필요합니다")
            }
            PageFinding::UnknownCharacters { count } => {
                format!("뜻을 알 수 없는 글자 {count}자는 U+FFFD입니다")
            }
            PageFinding::HiddenText { characters } => {
                format!("눈에 보이지 않는 글 {characters}자를 뺐습니다")
            }
            PageFinding::OutsidePage { characters } => format!("쪽 밖에 있는 글 {characters}자를 뺐습니다"),
            PageFinding::Damaged => "군데군데 손상되어, 알아볼 수 있는 것만 남겼습니다".to_owned(),
            PageFinding::TooMuch { what, limit } => {
                format!("{what}: {limit}개를 넘어 쪽의 나머지는 읽지 않았습니다")
            }
        };
        self.say(korean, crate::stages::parse::page_words(finding))
    }

    fn tree_finding(self, finding: &TreeFinding) -> String {
        let number = |n: &Number| match n.branch {
            0 => n.main.to_string(),
            branch => format!("{}의{branch}", n.main),
        };
        let korean = match finding {
            TreeFinding::NumberGap { path, after, found } => {
                format!("{path}: {} 다음에 {}이(가) 옵니다", number(after), number(found))
            }
            TreeFinding::NotInTree { heading, page } => {
                format!("차례({page}쪽)에 있는 `{heading}`을(를) 본문에서 찾지 못했습니다")
            }
            TreeFinding::NotInContents { path } => format!("{path}은(는) 차례에 없습니다"),
            TreeFinding::Restart { path, after } => {
                format!("{path}: {} 다음에 조가 다시 시작합니다", number(after))
            }
        };
        self.say(korean, crate::stages::parse::tree_words(finding))
    }

    pub fn level(self, level: Level) -> String {
        let (korean, english) = match level {
            Level::Document => ("문서", "document"),
            Level::Preamble => ("서문", "preamble"),
            Level::Part => ("편", "part"),
            Level::Chapter => ("장", "chapter"),
            Level::Section => ("절", "section"),
            Level::Subsection => ("관", "subsection"),
            Level::Article => ("조", "article"),
            Level::Paragraph => ("항", "paragraph"),
            Level::Item => ("호", "item"),
            Level::SubItem => ("목", "sub-item"),
            Level::Point => ("세목", "point"),
            Level::Supplement => ("부칙", "supplement"),
            Level::Annex => ("별표", "annex"),
            Level::Form => ("별지", "form"),
            Level::Contents => ("차례", "contents"),
            Level::Comparison => ("신구조문", "comparison"),
            Level::Heading(n) => return self.say(format!("제목 {n}"), format!("heading {n}")),
            Level::Table => ("표", "table"),
            Level::Text => ("글", "text"),
        };
        self.pick(korean, english).to_owned()
    }

    /// What was done where two lines meet, and why.
    pub fn join(self, seam: &JoinLook) -> String {
        let what = match seam.join {
            Join::Blank => self.pick("띄어서 이음", "joined with a blank"),
            Join::Nothing => self.pick("붙여서 이음", "joined without a blank"),
            Join::HyphenDropped => self.pick("붙임표를 빼고 이음", "joined, the hyphen left out"),
        };
        let why = match seam.reason {
            JoinReason::Written => self.pick("파일이 빈칸을 적음", "the file writes its blanks"),
            JoinReason::Seen => self.pick("문서의 다른 곳과 같음", "seen elsewhere in the document"),
            JoinReason::Syllables => self.pick("둘레의 음절", "by the syllables around"),
            JoinReason::Script => self.pick("글자의 종류", "by the script"),
        };
        format!("{what}: {why}")
    }

    /// Why text is not seen.
    pub fn hidden(self, reason: HiddenReason) -> &'static str {
        match reason {
            HiddenReason::Invisible => self.pick("칠하지 않은 글자", "letters without ink"),
            HiddenReason::Tiny => self.pick("0.5포인트보다 작은 글자", "letters under half a point"),
            HiddenReason::White => self.pick("흰 바탕의 흰 글자", "white on white"),
            HiddenReason::Outside => self.pick("쪽 밖의 글자", "outside of the page"),
        }
    }
}
