//! Names of persons, found by context: a surname and a given name beside a title, a label or a number.
//!
//! 1. [`shape`] says whether syllables are formed like a name, and how sure the context must be.
//! 2. Here, each kind of cue points at the place where a name may stand and says how much it is worth.
//! 3. [`latin`] reads names in Latin letters after a label or an English title.

mod latin;
mod lists;
mod shape;

use super::cues::{Cue, CueAt};
use super::entity::Entity;
use super::particles::{hangul_run, may_follow_noun};
use super::scan::{Found, Scan};
use super::squeeze::is_hangul;
use shape::Trust;

pub(crate) use latin::{parts, parts_in_context};
pub(crate) use shape::made_up;

/// Finds names.
pub(crate) fn scan(scan: &mut Scan<'_>) {
    let mut finds: Vec<(usize, usize)> = Vec::new();
    for hit in scan.cues.all() {
        match hit.cue {
            Cue::Honorific => finds.extend(before_honorific(scan.text, hit)),
            Cue::Title => {
                finds.extend(before_title(scan.text, hit));
                finds.extend(after_title(scan.text, hit));
            }
            Cue::NameField => in_field(scan.text, hit, &mut finds),
            Cue::Intro => finds.extend(after_intro(scan.text, hit)),
            Cue::Copula => finds.extend(before_copula(scan.text, hit)),
            Cue::SignOff => finds.extend(before_sign_off(scan.text, hit)),
            Cue::Addressee => finds.extend(addressee(scan.text, hit)),
            Cue::EnglishName => finds.extend(latin::after_phrase(scan.text, hit)),
            _ => {}
        }
    }
    for found in &scan.found {
        finds.extend(beside_number(scan.text, found));
    }
    finds.sort_unstable();
    finds.dedup();
    scan.found.extend(finds.into_iter().map(|(start, end)| Found { entity: Entity::Person, start, end }));
}

/// Whether the rest of a word may follow a name: nothing, a particle, an honorific or a title.
pub(crate) fn may_follow(rest: &str) -> bool {
    const HEADS: [&str; 16] = [
        "님", "씨", "고객", "회원", "선생", "과장", "대리", "팀장", "부장", "차장", "사원", "기사", "대표",
        "입니", "이라", "드림",
    ];
    may_follow_noun(rest) || HEADS.iter().any(|h| rest.starts_with(h))
}

/// `김민수님`, `김민수 씨`.
fn before_honorific(text: &str, hit: &CueAt) -> Option<(usize, usize)> {
    let word = &text[hit.start..hit.end];
    let rest = hangul_run(&text[hit.end..]);
    let follows = if word == "님" { true } else { may_follow_noun(rest) };
    if !follows {
        return None;
    }
    let trust = if matches!(word, "군" | "양") { Trust::Sure } else { Trust::Field };
    shape::ending_at(text, hit.start, trust)
}

/// `김민수 고객님`, `김민수과장`.
fn before_title(text: &str, hit: &CueAt) -> Option<(usize, usize)> {
    let rest = hangul_run(&text[hit.end..]);
    let honoured = rest.starts_with('님');
    if !honoured && !may_follow_noun(rest) {
        return None;
    }
    shape::ending_at(text, hit.start, if honoured { Trust::Field } else { Trust::Plain })
}

/// `고객 김민수`, `기사님 이철수`, `과장: 박지영`.
fn after_title(text: &str, hit: &CueAt) -> Option<(usize, usize)> {
    let at = hit.end + text[hit.end..].strip_prefix('님').map_or(0, |_| '님'.len_utf8());
    let start = skip(text, at, " :：-", 3)?;
    shape::starting_at(text, start, Trust::Popular)
}

/// `성명: 김민수`, `예금주는 이영희`, `받는 분 John Smith`.
fn in_field(text: &str, hit: &CueAt, finds: &mut Vec<(usize, usize)>) {
    if names_a_thing(text, hit.start) {
        return;
    }
    let tail = &text[hit.end..];
    let particle = ["으로는", "은", "는", "이", "가", "란", "님은", "님", "명"]
        .iter()
        .find(|p| tail.strip_prefix(**p).is_some_and(|r| r.starts_with([' ', ':', '：', '\t', '|', '='])));
    let at = hit.end + particle.map_or(0, |p| p.len());
    let Some(start) = skip(text, at, " \t:：=|->)]\"'*「『\n", 6) else { return };
    let strict = text[at..start].contains([':', '：', '=', '|', '\t']);
    // 명의 is also the end of 설명의.
    let inside = text[..hit.start].chars().next_back().is_some_and(is_hangul);
    if inside && !strict && hit.end - hit.start <= 6 {
        return;
    }
    let trust = if strict { Trust::Label } else { Trust::Form };
    let first = shape::starting_at(text, start, trust)
        .or_else(|| said(text, hit, start))
        .or_else(|| strict.then(|| shape::foreign_at(text, start)).flatten())
        .or_else(|| latin::at(text, start, if strict { 1 } else { 2 }));
    let Some(mut last) = first else { return };
    finds.push(last);
    // Several persons in one field.
    while let Some(next) = skip(text, last.1, ",/·、 ", 2).filter(|&n| text[last.1..n].trim() != "") {
        let Some(another) = shape::starting_at(text, next, Trust::Plain) else { return };
        finds.push(another);
        last = another;
    }
}

/// `예금주는 정가은입니다`, `입금자명 구하은으로`: a sentence that says the name, which may begin like a word.
fn said(text: &str, hit: &CueAt, start: usize) -> Option<(usize, usize)> {
    const PAYER: [&str; 6] = ["예금주명", "예금주", "입금자명", "입금자", "입금인", "명의"];
    let (from, to) = shape::starting_at(text, start, Trust::Label)?;
    let rest = hangul_run(&text[to..]);
    let paid = PAYER.contains(&&text[hit.start..hit.end]) && matches!(rest, "으로" | "로");
    (text[from..to].chars().count() > 2 && (is_copula(rest) || paid)).then_some((from, to))
}

/// Labels that name a thing: 상품 이름, 파일명, restaurant_name.
fn names_a_thing(text: &str, at: usize) -> bool {
    #[rustfmt::skip]
    const THINGS: [&str; 62] = [
        "제품", "상품", "파일", "회사", "매장", "브랜드", "모델", "옵션", "가게", "업체", "메뉴", "앱", "도메인", "프로그램", "아이템",
        "서비스", "기관", "강아지", "반려견", "고양이", "반려동물", "식당", "음식점", "지점", "단체", "책", "곡", "노래", "게임", "캐릭터",
        "기기", "장비", "도서", "학교", "병원", "건물", "아파트", "은행", "부서", "변수", "폴더", "계정", "서버", "팀",
        "file", "product", "item", "menu", "restaurant", "store", "company", "brand", "domain", "host", "user", "shop", "class",
        "model", "variable", "function", "tool", "table",
    ];
    let before = text[..at].trim_end_matches([' ', '_', '-', '의']);
    THINGS.iter().any(|t| {
        before
            .len()
            .checked_sub(t.len())
            .and_then(|i| before.get(i..))
            .is_some_and(|b| b.eq_ignore_ascii_case(t))
    })
}

/// `저는 김민수입니다`, `안녕하세요, 김민수라고 합니다`, `제 이름은 김민수`.
fn after_intro(text: &str, hit: &CueAt) -> Option<(usize, usize)> {
    let word = &text[hit.start..hit.end];
    if word.starts_with("전 ") || word.starts_with("저 ") {
        let before = text[..hit.start].chars().next_back();
        if before.is_some_and(char::is_alphanumeric) {
            return None;
        }
    }
    let start = skip(text, hit.end, " ,.!~^\n", 5).unwrap_or(hit.end);
    let named = word.contains("이름") || word.contains("성함");
    let (from, to) = shape::starting_at(text, start, if named { Trust::Form } else { Trust::Plain })?;
    let rest = hangul_run(&text[to..]);
    (named || is_copula(rest) || word == "본인은").then_some((from, to))
}

/// Whether what follows a name says that it is one: 입니다, 이에요, 이라고 …
fn is_copula(rest: &str) -> bool {
    ["입니", "이에", "예요", "이예", "이라", "라고", "라 ", "인데", "이고", "이며", "임다", "여요"]
        .iter()
        .any(|copula| rest.starts_with(copula))
}

/// `김민수입니다` at the start of a sentence, `주문한 김민수입니다`, `김민수라고 합니다`.
fn before_copula(text: &str, hit: &CueAt) -> Option<(usize, usize)> {
    let word = &text[hit.start..hit.end];
    let weak = ["인데", "이고", "이며"].iter().any(|w| word.starts_with(w)) && !word.ends_with('요');
    if weak {
        return None;
    }
    let at = if word.starts_with("라") && text[..hit.start].ends_with('이') {
        hit.start - '이'.len_utf8()
    } else {
        hit.start
    };
    shape::ending_at(text, at, Trust::Popular).filter(|&(start, end)| !text[start..end].contains(' '))
}

/// `김민수 드림`, `이영희 올림`.
fn before_sign_off(text: &str, hit: &CueAt) -> Option<(usize, usize)> {
    if !hangul_run(&text[hit.end..]).is_empty() {
        return None;
    }
    let spaced = text[..hit.start].ends_with(' ');
    shape::ending_at(text, hit.start, if spaced { Trust::Plain } else { Trust::Popular })
}

/// `110-123-456789 김민수 앞으로`: after a number, so that 앞으로 is not 'from now on'.
fn addressee(text: &str, hit: &CueAt) -> Option<(usize, usize)> {
    let (start, end) = shape::ending_at(text, hit.start, Trust::Label)?;
    let before = text[..start].strip_suffix(' ')?.trim_end_matches(')');
    before.ends_with(|c: char| c.is_ascii_digit()).then_some((start, end))
}

/// `김민수 010-1234-5678`, `110-123-456789 김민수`.
fn beside_number(text: &str, found: &Found) -> Vec<(usize, usize)> {
    let personal = matches!(
        found.entity,
        Entity::Mobile
            | Entity::Landline
            | Entity::Voip
            | Entity::SafeNumber
            | Entity::Account
            | Entity::Resident
            | Entity::Foreigner
            | Entity::Card
            | Entity::Email
            | Entity::DriverLicence
            | Entity::Passport
    );
    if !personal {
        return Vec::new();
    }
    let marks = |c: char| " ,/(:：|\t·-".contains(c);
    let before = text[..found.start].trim_end_matches(marks);
    let gap = &text[before.len()..found.start];
    let mut finds = Vec::new();
    if !gap.is_empty() && gap.chars().count() <= 4 {
        let trust = if gap.trim().is_empty() { Trust::Popular } else { Trust::Sure };
        finds.extend(shape::ending_at(text, before.len(), trust));
    }
    if let Some(start) = skip(text, found.end, " ,/()|:\t·-", 4) {
        finds.extend(shape::starting_at(text, start, Trust::Popular));
    }
    finds
}

/// Where the text goes on after one to `most` of the marks; `None` where there is none of them.
fn skip(text: &str, at: usize, marks: &str, most: usize) -> Option<usize> {
    let taken: usize =
        text[at..].chars().take(most).take_while(|c| marks.contains(*c)).map(char::len_utf8).sum();
    (taken > 0).then_some(at + taken)
}

/// Whether a known name that stands at a range stands in a name's context.
pub(crate) fn is_in_context(scan: &Scan<'_>, start: usize, end: usize) -> bool {
    let cues = scan.cues;
    let next = end + scan.text[end..].bytes().take_while(|&b| b == b' ').count().min(1);
    let after = cues.starting_in(next, next + 1).any(|h| {
        let rest = hangul_run(&scan.text[h.end..]);
        match h.cue {
            Cue::Honorific => true,
            Cue::Title => rest.starts_with('님') || may_follow_noun(rest),
            Cue::SignOff => rest.is_empty(),
            _ => false,
        }
    });
    let before = cues.ending_in(start.saturating_sub(12), start).any(|h| {
        let gap = &scan.text[h.end..start];
        matches!(h.cue, Cue::NameField | Cue::Intro)
            && !gap.is_empty()
            && gap.chars().all(|c| !is_hangul(c) || "은는이가".contains(c))
    });
    let field = cues.ending_in(start, start).any(|h| h.cue == Cue::Intro);
    after || before || field || is_said_to_be(scan.text, start, end)
}

/// `표은결입니다`: a full name that a sentence says somebody is. Of a name that is known, the syllables need not
/// be those that most people have.
fn is_said_to_be(text: &str, start: usize, end: usize) -> bool {
    let rest = hangul_run(&text[end..]);
    let is_weak = ["인데", "이고", "이며"].iter().any(|weak| rest.starts_with(weak)) && !rest.contains('요');
    is_copula(rest) && !is_weak && shape::is_name(&text[start..end], Trust::Label)
}
