//! Generated rows for `moru bench data`: support talk with personal data, the same for the same number.

use std::io::Write;
use std::path::Path;
use std::time::Instant;

use chat::seeded;
use data::clean::{Cleaner, Rules};
use data::ingest::{IngestOptions, Reader};
use data::prepare::Templates;
use data::privacy::{MaskConfig, Masker};
use data::reject::Limits;
use data::sources::SourceInfo;
use data::sources::csv::{CsvOptions, CsvSource};
use data::steps::{Clean, Refuse};

use super::privacy::MaskRow;

const NAME: &str = "bench";

/// Sentences of a question; `{}` takes a number that is drawn.
const SENTENCES: [&str; 12] = [
    "안녕하세요, 주문번호 {}번 상품이 아직 도착하지 않았습니다.",
    "연락처는 010-{4}-{4}입니다.",
    "배송지를 바꾸고 싶은데 어떻게 하면 되나요?",
    "환불은 며칠 안에 받을 수 있는지 궁금합니다!!",
    "메일은 user{}@example.com으로 보내 주세요.",
    "지난주에 산 {}원짜리 가방의 색이 사진과 다릅니다.",
    "교환 신청을 했는데 진행 상태가 그대로예요ㅠㅠㅠ",
    "서울특별시 강남구 테헤란로 {3}, {}호로 보내 주시면 됩니다.",
    "쿠폰 {}장이 적용되지 않아요.",
    "오늘 오후 {2}시까지 답변 부탁드립니다.",
    "포인트 {}점은 언제까지 쓸 수 있나요?",
    "감사합니다. 좋은 하루 되세요.",
];

/// Writes `id,question,answer` with rows of so many bytes on average; gives the bytes written.
pub fn write_table(path: &Path, rows: u64, mean_bytes: usize) -> anyhow::Result<u64> {
    let mut out = std::io::BufWriter::new(std::fs::File::create(path)?);
    let mut written = 0;
    let mut line = String::new();
    out.write_all(b"id,question,answer\n")?;
    for row in 0..rows {
        line.clear();
        line += &format!("{row},\"");
        // Half to one and a half times the mean, so that rows differ in length.
        let wanted = mean_bytes / 2 + (seeded::unit(row, 0) * mean_bytes as f64) as usize;
        let mut draw = 1;
        while line.len() < wanted.saturating_sub(60) || draw == 1 {
            sentence(&mut line, row, &mut draw);
        }
        line +=
            &format!("\",\"확인했습니다. {}일 안에 처리해 드리겠습니다.\"\n", 1 + seeded::at(row, 999) % 9);
        out.write_all(line.as_bytes())?;
        written += line.len() as u64;
    }
    out.flush()?;
    Ok(written)
}

/// Adds one drawn sentence: `{}` is a number up to 999,999, `{n}` one of n digits.
fn sentence(line: &mut String, row: u64, draw: &mut u64) {
    let mut next = || {
        *draw += 1;
        seeded::at(row, *draw)
    };
    let mut rest = SENTENCES[(next() % SENTENCES.len() as u64) as usize];
    while let Some((before, after)) = rest.split_once('{') {
        let (width, after) = after.split_once('}').unwrap_or(("", after));
        line.push_str(before);
        match width.parse::<usize>() {
            Ok(n) => *line += &format!("{:0n$}", next() % 10u64.pow(n as u32)),
            Err(_) => *line += &(next() % 1_000_000).to_string(),
        }
        rest = after;
    }
    line.push_str(rest);
    line.push(' ');
}

/// Ingests the table.
pub fn ingest(table: &Path, folder: &Path) -> anyhow::Result<Reader> {
    let options = CsvOptions { key: vec!["id".into()], ..CsvOptions::default() };
    let mut source = CsvSource::open(table, NAME, &options)?;
    let info = SourceInfo { name: NAME.into(), kind: "csv".into(), ..SourceInfo::default() };
    data::ingest::ingest(&mut source, &info, &IngestOptions::default(), folder)?;
    Ok(Reader::open(folder, NAME)?)
}

/// What every row goes through: all cleaning rules, all kinds of personal data, the usual refusals.
pub struct Kit {
    /// Cleaning.
    pub clean: Clean,
    /// Masking.
    pub masker: Masker,
    /// Refusing.
    pub refuse: Refuse,
    /// Prompt and response.
    pub templates: Templates,
}

impl Kit {
    /// As a recipe without keys has it.
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self {
            clean: Clean::new(Cleaner::new(Rules::all(), &[])?),
            masker: Masker::new(MaskConfig::default())?,
            refuse: Refuse { limits: Limits { short_chars: 5, advertisements: true, ..Limits::default() } },
            templates: Templates::new("{question}", "{answer}")?,
        })
    }

    /// The masking step.
    pub fn mask(&self) -> MaskRow<'_> {
        MaskRow::new(&self.masker, Vec::new())
    }

    /// Megabytes of such text that one core masks in a second, measured for about half a second.
    pub fn mask_speed(&self) -> f64 {
        let mut text = String::new();
        let mut draw = 1;
        while text.len() < 400 {
            sentence(&mut text, 7, &mut draw);
        }
        let start = Instant::now();
        let mut bytes = 0;
        while start.elapsed().as_secs_f64() < 0.5 {
            bytes += self.masker.mask(&text).text.len().max(text.len());
        }
        bytes as f64 / 1e6 / start.elapsed().as_secs_f64()
    }
}
