//! Lists: the numbers that Word writes before paragraphs, and that stand nowhere in the text.

use std::collections::HashMap;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::runs::{attribute, value};

#[derive(Debug, Clone)]
struct Level {
    format: String,
    text: String,
    start: u32,
}

/// All lists of a file, and how far each has been counted.
#[derive(Debug, Default)]
pub(super) struct Numbering {
    levels: HashMap<(u32, u8), Level>,
    /// The abstract list of each list, and where it starts otherwise.
    lists: HashMap<u32, (u32, HashMap<u8, u32>)>,
    /// Lists that share an abstract list count on.
    counted: HashMap<u32, [u32; 9]>,
    /// Lists whose own start was taken.
    started: HashMap<(u32, u8), bool>,
}

impl Numbering {
    /// As far as the XML can be read.
    pub(super) fn read(xml: &str) -> Self {
        let mut numbering = Self::default();
        let mut reader = Reader::from_str(xml);
        let (mut list, mut instance, mut depth) = (None, None, 0u8);
        loop {
            let event = reader.read_event();
            let tag = match &event {
                Ok(Event::Start(tag) | Event::Empty(tag)) => tag,
                Ok(Event::End(tag)) => {
                    match tag.name().as_ref() {
                        "w:abstractNum" => list = None,
                        "w:num" => instance = None,
                        _ => {}
                    }
                    continue;
                }
                Ok(Event::Eof) | Err(_) => return numbering,
                Ok(_) => continue,
            };
            match tag.name().as_ref() {
                "w:abstractNum" => list = number(attribute(tag, "w:abstractNumId")),
                "w:num" => instance = number(attribute(tag, "w:numId")),
                "w:lvl" | "w:lvlOverride" => {
                    depth = number(attribute(tag, "w:ilvl")).unwrap_or(0).min(8) as u8;
                }
                "w:abstractNumId" => {
                    if let (Some(instance), Some(of)) = (instance, number(value(tag))) {
                        numbering.lists.entry(instance).or_insert((of, HashMap::new()));
                    }
                }
                "w:startOverride" => {
                    if let (Some((_, starts)), Some(start)) =
                        (instance.and_then(|instance| numbering.lists.get_mut(&instance)), number(value(tag)))
                    {
                        starts.insert(depth, start);
                    }
                }
                _ => numbering.level(list, depth, tag),
            }
        }
    }

    /// Takes what a property says of a level.
    fn level(&mut self, list: Option<u32>, depth: u8, tag: &BytesStart<'_>) {
        let Some(list) = list else { return };
        let level = self.levels.entry((list, depth)).or_insert_with(|| Level {
            format: "decimal".to_owned(),
            text: String::new(),
            start: 1,
        });
        match tag.name().as_ref() {
            "w:numFmt" => level.format = value(tag).unwrap_or_default(),
            "w:lvlText" => level.text = value(tag).unwrap_or_default(),
            "w:start" => level.start = number(value(tag)).unwrap_or(1),
            _ => {}
        }
    }

    /// The marker of the next paragraph of a list; empty where the list has none.
    pub(super) fn next(&mut self, list: u32, depth: u8) -> Option<String> {
        let (of, starts) = self.lists.get(&list)?;
        let of = *of;
        let depth = depth.min(8);
        let level = self.levels.get(&(of, depth))?.clone();
        let own_start = starts.get(&depth).copied();
        let counts = self.counted.entry(of).or_insert([0; 9]);
        let at = usize::from(depth);
        if let Some(start) = own_start.filter(|_| !self.started.contains_key(&(list, depth))) {
            self.started.insert((list, depth), true);
            counts[at] = start;
        } else {
            counts[at] = if counts[at] == 0 { level.start.max(1) } else { counts[at].saturating_add(1) };
        }
        // A deeper list begins anew after this.
        counts[at + 1..].fill(0);
        let counts = *counts;
        if level.format == "bullet" {
            return Some(bullet(&level.text));
        }
        if level.format == "none" {
            return Some(String::new());
        }
        Some(self.filled(of, &level.text, &counts))
    }

    /// `제%1조` with its numbers.
    fn filled(&self, of: u32, text: &str, counts: &[u32; 9]) -> String {
        let mut out = String::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let digit = chars.peek().and_then(|d| d.to_digit(10)).filter(|d| c == '%' && (1..=9).contains(d));
            let Some(digit) = digit else {
                out.push(c);
                continue;
            };
            chars.next();
            let depth = digit as u8 - 1;
            let level = self.levels.get(&(of, depth));
            let count = counts[usize::from(depth)];
            let count = if count == 0 { level.map_or(1, |l| l.start) } else { count };
            out.push_str(&written(count, level.map_or("decimal", |level| level.format.as_str())));
        }
        out.trim().to_owned()
    }
}

fn number(text: Option<String>) -> Option<u32> {
    text?.trim().parse().ok()
}

/// Bullets are letters of symbol fonts.
fn bullet(text: &str) -> String {
    let known = text.chars().next().filter(|c| !c.is_whitespace() && !('\u{e000}'..='\u{f8ff}').contains(c));
    match known {
        Some('o') | None => "-".to_owned(),
        Some(c) => c.to_string(),
    }
}

/// A number in one of Word's formats; digits in those that are not known.
fn written(n: u32, format: &str) -> String {
    let letter = |letters: &str| letters.chars().nth(n.saturating_sub(1) as usize).map(|c| c.to_string());
    let found = match format {
        "ganada" => letter("가나다라마바사아자차카타파하거너더러머버서어저처커터퍼허"),
        "chosung" => letter("ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ"),
        "decimalEnclosedCircle" | "decimalEnclosedCircleChinese" => match n {
            1..=20 => char::from_u32(0x2460 + n - 1),
            21..=35 => char::from_u32(0x3251 + n - 21),
            36..=50 => char::from_u32(0x32b1 + n - 36),
            _ => None,
        }
        .map(|c| c.to_string()),
        "upperRoman" => roman(n).map(|r| r.to_uppercase()),
        "lowerRoman" => roman(n),
        "upperLetter" => latin(n).map(|l| l.to_uppercase()),
        "lowerLetter" => latin(n),
        "decimalZero" => Some(format!("{n:02}")),
        "koreanDigital" | "koreanDigital2" | "koreanCounting" => korean(n, "일이삼사오육칠팔구"),
        "ideographDigital" | "chineseCounting" | "japaneseCounting" => korean(n, "一二三四五六七八九"),
        _ => None,
    };
    found.unwrap_or_else(|| n.to_string())
}

/// `a` to `z`, then `aa`.
fn latin(n: u32) -> Option<String> {
    let n = n.checked_sub(1)?;
    let times = (n / 26 + 1) as usize;
    (times <= 4).then(|| char::from(b'a' + (n % 26) as u8).to_string().repeat(times))
}

fn roman(n: u32) -> Option<String> {
    const PARTS: [(u32, &str); 9] =
        [(100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")];
    let mut left = Some(n).filter(|n| (1..400).contains(n))?;
    let mut out = String::new();
    for (value, letters) in PARTS {
        while left >= value {
            out.push_str(letters);
            left -= value;
        }
    }
    Some(out)
}

/// Up to 99 in words: 이십일.
fn korean(n: u32, digits: &str) -> Option<String> {
    let digit = |d: u32| digits.chars().nth((d as usize).checked_sub(1)?);
    let ten = if digits.starts_with('一') { '十' } else { '십' };
    if !(1..100).contains(&n) {
        return None;
    }
    let mut out = String::new();
    if n >= 10 {
        out.extend(digit(n / 10).filter(|_| n >= 20));
        out.push(ten);
    }
    out.extend(digit(n % 10));
    Some(out)
}
