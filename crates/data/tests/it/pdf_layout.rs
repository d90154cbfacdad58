//! What stands on a page, and what becomes of it.

use std::fmt::Write as _;

use data::documents::Content;

use crate::pdf_support::{PdfFile, paragraphs, read};

/// Text at a place.
fn at(x: f32, y: f32, text: &str) -> String {
    format!("BT /F 10 Tf {x} {y} Td ({text}) Tj ET ")
}

#[test]
fn page_numbers_at_the_end_of_a_column_belong_to_their_entries() {
    let mut file = PdfFile::new();
    let entries =
        ["Article 1. Purpose", "Article 2. Scope of these rules", "Article 3. Words", "Article 4. Pay"];
    let mut content = String::new();
    for (nth, entry) in entries.iter().enumerate() {
        let y = 600.0 - 20.0 * nth as f32;
        content += &(at(50.0, y, entry) + &at(540.0, y, &(nth + 3).to_string()));
    }
    file.page(&content);
    let document = read(file.bytes());
    let joined: Vec<String> =
        entries.iter().zip(3..).map(|(entry, page)| format!("{entry} {page}")).collect();
    assert_eq!(paragraphs(&document), joined);
}

#[test]
fn centred_lines_of_a_title_stay_apart() {
    let mut file = PdfFile::new();
    let mut content =
        at(240.0, 720.0, "A Company Limited") + &at(210.0, 700.0, "made on the 2nd of March 2016");
    for nth in 0..12 {
        let words = "every employee keeps the rules of this book at all times and says so when others do not keep them";
        let y = 640.0 - 14.0 * nth as f32;
        content += &at(60.0, y, if nth % 4 == 3 { "and that is that." } else { words });
    }
    file.page(&content);
    let document = read(file.bytes());
    let texts = paragraphs(&document);
    assert_eq!(texts[..2], ["A Company Limited", "made on the 2nd of March 2016"]);
    assert!(document.blocks[..2].iter().all(|block| block.look.centred));
    assert_eq!(texts.len(), 5, "{texts:?}");
}

#[test]
fn old_and_new_wording_beside_each_other_are_a_table() {
    let mut file = PdfFile::new();
    let mut content = String::new();
    for row in 0..=4 {
        let _ = write!(content, "50 {} 500 0.5 re f ", 200 + 100 * row);
    }
    for column in 0..=2 {
        let _ = write!(content, "{} 200 0.5 400 re f ", 50 + 250 * column);
    }
    for row in 0..4 {
        for column in 0..2 {
            for line in 0..5 {
                let (x, y) = (60.0 + 250.0 * column as f32, 580.0 - 100.0 * row as f32 - 15.0 * line as f32);
                content += &at(x, y, &format!("row {row} column {column} line {line}"));
            }
        }
    }
    file.page(&content);
    let document = read(file.bytes());
    let Content::Table(table) = &document.blocks[0].content else { panic!("{:?}", document.blocks) };
    assert_eq!((document.blocks.len(), table.rows.len()), (1, 4));
    assert!(table.rows.iter().all(|row| row.len() == 2));
    assert!(table.rows[2][1].text.starts_with("row 2 column 1 line 0 row 2 column 1 line 1"));
}
