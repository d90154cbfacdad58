//! The books as they were printed, and what stands on their pages beside the text.
//!
//! `tools/rules` made the files; they are part of the program, so that an example can be written on a bare machine.

use super::Book;

macro_rules! file {
    ($name:literal, $file:literal) => {
        Printed { name: $name, bytes: include_bytes!(concat!("../../assets/rules/", $file)) }
    };
}

/// A file of a book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Printed {
    /// Its name: `취업규칙.pdf`.
    pub name: &'static str,
    /// Its bytes.
    pub bytes: &'static [u8],
}

/// The 신구조문대비표 of the two editions of 보수여비규정 as PDF: one table over two pages, whose rows are
/// [`super::changes`], each line of a cell on a line of its own.
pub fn comparison() -> Printed {
    file!("보수여비규정-신구조문대비표.pdf", "pay-rules-comparison.pdf")
}

/// How a book's PDF was set: what a reader has to tell from the text, and can check itself by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Pages in all.
    pub pages: u32,
    /// The first and the last page of the contents, none where the book has no contents. The title stands on the
    /// first page of the file.
    pub contents: Option<(u32, u32)>,
    /// The first page of the text.
    pub text_from: u32,
    /// Whether there are bookmarks: one for each heading down to the articles.
    pub bookmarks: bool,
    /// The running heads. They stand on every page but the first, or on every page where `head_from` is 1.
    pub heads: [&'static str; 2],
    /// The first page with running heads.
    pub head_from: u32,
    /// The running foot, `#` standing for the page's number.
    pub foot: &'static str,
    /// Columns of the text; tables and what the module's table names besides may be set otherwise.
    pub columns: u32,
}

impl Book {
    /// The book as PDF.
    pub fn pdf(self) -> Printed {
        match self {
            Self::Employment => file!("취업규칙.pdf", "employment-rules.pdf"),
            Self::Pay => file!("보수여비규정.pdf", "pay-rules.pdf"),
            Self::PayOf2020 => file!("보수여비규정(2020).pdf", "pay-rules-2020.pdf"),
            Self::Handbook => file!("employee-handbook.pdf", "employee-handbook.pdf"),
        }
    }

    /// The book in every format that there is, PDF first. Only the handbook has others.
    pub fn files(self) -> Vec<Printed> {
        let mut files = vec![self.pdf()];
        if self == Self::Handbook {
            files.push(file!("employee-handbook.md", "employee-handbook.md"));
            files.push(file!("employee-handbook.docx", "employee-handbook.docx"));
        }
        files
    }

    /// How the PDF was set.
    ///
    /// 취업규칙 (Chromium) has a cover, contents in two columns without dots, text in one column whose first
    /// paragraphs stand on the line of their article, 부칙 in two columns, no bookmarks. 보수여비규정 (typst) has
    /// contents with dots, each article's heading on a line of its own, bookmarks, a table that goes over a page's
    /// end with its headings repeated. Its edition of 2020 (Chromium) is in two columns and has neither contents
    /// nor bookmarks. The handbook (typst) has contents and bookmarks.
    pub fn setting(self) -> Setting {
        let one = Setting {
            pages: 0,
            contents: None,
            text_from: 1,
            bookmarks: false,
            heads: ["주식회사 두레벼리", "보수여비규정"],
            head_from: 2,
            foot: "— # —",
            columns: 1,
        };
        match self {
            Self::Employment => Setting {
                pages: 23,
                contents: Some((2, 4)),
                text_from: 5,
                heads: ["주식회사 두레벼리", "취업규칙"],
                foot: "- # -",
                ..one
            },
            Self::Pay => Setting { pages: 12, contents: Some((1, 2)), text_from: 3, bookmarks: true, ..one },
            Self::PayOf2020 => Setting { pages: 7, head_from: 1, foot: "- # -", columns: 2, ..one },
            Self::Handbook => Setting {
                pages: 9,
                contents: Some((1, 2)),
                text_from: 3,
                bookmarks: true,
                heads: ["Employee Handbook", "Larkmere Instruments Ltd"],
                ..one
            },
        }
    }
}
