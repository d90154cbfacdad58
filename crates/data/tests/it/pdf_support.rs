//! PDF files written by hand, and texts laid beside each other.

use std::fmt::Write as _;
use std::io::Write as _;

use data::documents::pdf::{self, Limits, PdfError, PdfLook};
use data::documents::{Content, Document};

/// A PDF under construction. Object 1 is the catalogue, object 2 the tree of pages.
pub struct PdfFile {
    objects: Vec<Vec<u8>>,
    kids: Vec<usize>,
    /// More of the trailer.
    pub trailer: String,
}

/// Helvetica, which every reader has.
pub const HELVETICA: &str = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>";

impl PdfFile {
    pub fn new() -> Self {
        Self { objects: vec![Vec::new(), Vec::new()], kids: Vec::new(), trailer: String::new() }
    }

    /// Adds an object and gives its number.
    pub fn add(&mut self, object: impl AsRef<[u8]>) -> usize {
        self.objects.push(object.as_ref().to_vec());
        self.objects.len()
    }

    pub fn set(&mut self, number: usize, object: &str) {
        self.objects[number - 1] = object.as_bytes().to_vec();
    }

    /// Adds a stream; `entries` stand in its dictionary.
    pub fn stream(&mut self, entries: &str, content: &[u8]) -> usize {
        let mut object = format!("<< {entries} /Length {} >> stream\n", content.len()).into_bytes();
        object.extend(content);
        object.extend(b"\nendstream");
        self.add(object)
    }

    /// Adds a page of 600 by 800 points with Helvetica as `/F`; `entries` stand in its dictionary.
    pub fn page_with(&mut self, content: &str, entries: &str) -> usize {
        let content = self.stream("", content.as_bytes());
        let fonts =
            if entries.contains("/Font") { String::new() } else { format!("/Font << /F {HELVETICA} >>") };
        let resources =
            if entries.contains("/Resources") { String::new() } else { format!("/Resources << {fonts} >>") };
        let contents =
            if entries.contains("/Contents") { String::new() } else { format!("/Contents {content} 0 R") };
        let page = self.add(format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] {contents} {resources} {entries} >>"
        ));
        self.kids.push(page);
        page
    }

    pub fn page(&mut self, content: &str) -> usize {
        self.page_with(content, "")
    }

    /// The file, with what the catalogue has besides pages.
    pub fn bytes_with(mut self, catalogue: &str) -> Vec<u8> {
        self.set(1, &format!("<< /Type /Catalog /Pages 2 0 R {catalogue} >>"));
        if self.objects[1].is_empty() {
            let kids = self.kids.iter().map(|kid| format!("{kid} 0 R")).collect::<Vec<_>>().join(" ");
            let count = self.kids.len();
            self.set(2, &format!("<< /Type /Pages /Kids [{kids}] /Count {count} >>"));
        }
        let mut file = b"%PDF-1.7\n".to_vec();
        let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", self.objects.len() + 1);
        for (at, object) in self.objects.iter().enumerate() {
            let _ = writeln!(table, "{:010} 00000 n ", file.len());
            writeln!(file, "{} 0 obj", at + 1).unwrap();
            file.extend(object);
            file.extend(b"\nendobj\n");
        }
        let (start, size) = (file.len(), self.objects.len() + 1);
        write!(
            file,
            "{table}trailer << /Size {size} /Root 1 0 R {} >>\nstartxref\n{start}\n%%EOF\n",
            self.trailer
        )
        .unwrap();
        file
    }

    pub fn bytes(self) -> Vec<u8> {
        self.bytes_with("")
    }
}

/// Operators that show lines of Helvetica, each 20 points below the other, from the left edge 50.
pub fn lines(lines: &[&str]) -> String {
    let mut out = "BT /F 10 Tf 50 700 Td ".to_owned();
    for line in lines {
        let _ = write!(out, "({line}) Tj 0 -20 Td ");
    }
    out + "ET"
}

pub fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn look(bytes: Vec<u8>) -> Result<(Document, PdfLook), PdfError> {
    pdf::look(bytes, "t.pdf", &Limits::default(), &|| false)
}

pub fn read(bytes: Vec<u8>) -> Document {
    look(bytes).unwrap_or_else(|error| panic!("{error}")).0
}

/// The texts of the paragraphs.
pub fn paragraphs(document: &Document) -> Vec<&str> {
    let blocks = document.blocks.iter();
    blocks
        .filter_map(|block| match &block.content {
            Content::Paragraph(text) => Some(text.as_str()),
            _ => None,
        })
        .collect()
}

/// What stands before a character that is no blank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    Paragraph,
    Blank,
    Nothing,
}

/// The characters of texts without their blanks, and what stands before each.
pub fn characters<'t>(texts: impl Iterator<Item = &'t str>) -> (Vec<char>, Vec<Before>) {
    let (mut characters, mut before) = (Vec::new(), Vec::new());
    for text in texts {
        let mut state = Before::Paragraph;
        for c in text.chars() {
            if c.is_whitespace() {
                state = if state == Before::Paragraph { state } else { Before::Blank };
            } else {
                characters.push(c);
                before.push(state);
                state = Before::Nothing;
            }
        }
    }
    (characters, before)
}

/// The longest common subsequence of two texts as pairs of places (Myers 1986).
pub fn aligned(a: &[char], b: &[char]) -> Vec<(usize, usize)> {
    let (n, m) = (a.len() as isize, b.len() as isize);
    let offset = (n + m + 1) as usize;
    let mut furthest = vec![0_isize; 2 * offset + 1];
    let mut trace: Vec<Vec<isize>> = Vec::new();
    'found: for d in 0..=(n + m) {
        // Only the diagonals that this step reads.
        let low = (offset as isize - d - 1).max(0) as usize;
        let high = (offset as isize + d + 1) as usize;
        trace.push(furthest[low..=high.min(furthest.len() - 1)].to_vec());
        for k in (-d..=d).step_by(2) {
            let at = (k + offset as isize) as usize;
            let down = k == -d || (k != d && furthest[at - 1] < furthest[at + 1]);
            let mut x = if down { furthest[at + 1] } else { furthest[at - 1] + 1 };
            let mut y = x - k;
            while x < n && y < m && a[x as usize] == b[y as usize] {
                (x, y) = (x + 1, y + 1);
            }
            furthest[at] = x;
            if x >= n && y >= m {
                break 'found;
            }
        }
    }
    let mut pairs = Vec::new();
    let (mut x, mut y) = (n, m);
    for (d, kept) in trace.iter().enumerate().rev() {
        let d = d as isize;
        let low = (offset as isize - d - 1).max(0);
        let value = |k: isize| kept[(k + offset as isize - low) as usize];
        let k = x - y;
        let down = k == -d || (k != d && value(k - 1) < value(k + 1));
        let before = if down { k + 1 } else { k - 1 };
        let (from_x, from_y) = if d == 0 { (0, 0) } else { (value(before), value(before) - before) };
        while x > from_x && y > from_y && x > 0 && y > 0 {
            (x, y) = (x - 1, y - 1);
            pairs.push((x as usize, y as usize));
        }
        (x, y) = (from_x, from_y);
    }
    pairs.reverse();
    pairs
}

#[test]
fn texts_are_laid_beside_each_other() {
    let (a, b): (Vec<char>, Vec<char>) = ("가나다라마".chars().collect(), "가다x라마".chars().collect());
    assert_eq!(aligned(&a, &b), [(0, 0), (2, 1), (3, 3), (4, 4)]);
    assert_eq!(aligned(&a, &a).len(), 5);
    assert_eq!(aligned(&a, &[]), []);
}
