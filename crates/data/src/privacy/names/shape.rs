//! Whether syllables are formed like a Korean name, by how much the context says.

use super::lists;
use crate::privacy::particles::{hangul_run, hangul_tail};
use crate::privacy::squeeze::is_hangul;
use crate::words::Syllables;

/// How much the context is worth; the more, the less the syllables must prove.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trust {
    /// Hardly anything: the given name must be of the kind most people have.
    Popular,
    /// Something: a common surname and a given name of two syllables, no word.
    Plain,
    /// A place where names stand, three syllables.
    Sure,
    /// A label without a colon: short names too.
    Form,
    /// A title or honorific right after: names that begin like words too.
    Field,
    /// A form's field with its colon: rare surnames too, and names that begin like words.
    Label,
}

/// Given names of two that most people have: their first and last syllables.
const POPULAR_FIRST: &str = "민서지현준은수영유하예도시윤재정동성승태상종경미혜선진소채다나가주기명병광용우건규호창철인보세아연희효한해형홍길춘순옥금말남덕대근권찬두문복봉석";
const POPULAR_LAST: &str = "민서연윤우준현훈진영희은경숙순옥호철석식환혁빈율린아혜미란선성수태욱원정주지하솔섭열엽찬규균근권국건범별람름라나늘동자애남월용";

static POPULAR_FIRSTS: Syllables = Syllables::of(POPULAR_FIRST);
static POPULAR_LASTS: Syllables = Syllables::of(POPULAR_LAST);
static COMMON: Syllables = Syllables::of(lists::COMMON);
static RARE: Syllables = Syllables::of(lists::RARE);
static FIRST: Syllables = Syllables::of(lists::FIRST);
static LAST: Syllables = Syllables::of(lists::LAST);
static SINGLE: Syllables = Syllables::of(lists::SINGLE);

/// Whether a word is a name.
pub(super) fn is_name(word: &str, trust: Trust) -> bool {
    let mut chars = ['\0'; 4];
    let mut n = 0;
    for c in word.chars() {
        if n == chars.len() {
            return false;
        }
        chars[n] = c;
        n += 1;
    }
    let chars = &chars[..n];
    let double = is_double_name(word, chars, trust);
    let [surname, given @ ..] = chars else { return false };
    let known = COMMON.contains(*surname) || (trust == Trust::Label && RARE.contains(*surname));
    let is_formed = match given.len() {
        1 => known && trust >= Trust::Form && SINGLE.contains(given[0]),
        2 => known && is_given(given, trust) && !begins_like_word(word, chars, trust),
        _ => false,
    };
    double.unwrap_or(is_formed) && !lists::is_word(word)
}

/// Whether a word with a surname of two syllables is a name; nothing where it is not formed like one.
fn is_double_name(word: &str, chars: &[char], trust: Trust) -> Option<bool> {
    let [_, _, given @ ..] = chars else { return None };
    let formed = matches!(given.len(), 1 | 2)
        && lists::DOUBLE.iter().any(|d| word.starts_with(d))
        && is_given(given, trust);
    formed.then_some(given.len() == 2 || trust >= Trust::Form)
}

/// 주문자, 이상해: a word and one syllable more. A popular given name outweighs it under a title.
fn begins_like_word(word: &str, chars: &[char], trust: Trust) -> bool {
    static TAILS: Syllables = Syllables::of(
        "자인원서시중은는이가을를도만의에로와과해한하됐된되요님들성건권별식호지수주정동선태경상용",
    );
    if !lists::is_word(&word[..chars[..2].iter().map(|c| c.len_utf8()).sum()]) {
        return false;
    }
    match trust {
        Trust::Label => false,
        Trust::Field => TAILS.contains(chars[2]) && !is_popular(&chars[1..]),
        _ => TAILS.contains(chars[2]) || !is_popular(&chars[1..]),
    }
}

fn is_popular(given: &[char]) -> bool {
    POPULAR_FIRSTS.contains(given[0]) && POPULAR_LASTS.contains(given[1])
}

fn is_given(given: &[char], trust: Trust) -> bool {
    match given {
        [only] => SINGLE.contains(*only),
        [first, last] => {
            let formed = if trust == Trust::Popular {
                is_popular(given)
            } else {
                FIRST.contains(*first) && LAST.contains(*last)
            };
            formed || lists::is_native(&given.iter().collect::<String>())
        }
        _ => false,
    }
}

/// The name that ends at `at`, with one optional space before `at`; a whole word, or a surname apart.
pub(super) fn ending_at(text: &str, at: usize, trust: Trust) -> Option<(usize, usize)> {
    let before = &text[..at];
    let end = before.strip_suffix(' ').unwrap_or(before).len();
    let tail = hangul_tail(&text[..end]);
    let n = tail.chars().count();
    let start = end - tail.len();
    // `4,500원은 고객님께서`: what follows a digit is its unit.
    if text[..start].ends_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    apart(text, start, end, trust)
        .or_else(|| ((2..=4).contains(&n) && is_name(tail, trust)).then_some((start, end)))
}

/// 김 민수 님: surname and given name apart, where a title follows; `start..end` is the given name.
fn apart(text: &str, start: usize, end: usize, trust: Trust) -> Option<(usize, usize)> {
    let given = &text[start..end];
    if given.chars().count() != 2 || trust < Trust::Field || lists::is_word(given) {
        return None;
    }
    let head = text[..start].strip_suffix(' ')?;
    let surname = hangul_tail(head);
    let short = surname.chars().count() == 1 || lists::DOUBLE.contains(&surname);
    (short && is_name(&format!("{surname}{given}"), Trust::Popular))
        .then_some((head.len() - surname.len(), end))
}

/// The name that starts at `at`, with nothing but a particle, the copula or a title after it.
pub(super) fn starting_at(text: &str, at: usize, trust: Trust) -> Option<(usize, usize)> {
    if text[..at].chars().next_back().is_some_and(is_hangul) && trust < Trust::Plain {
        return None;
    }
    let run = hangul_run(&text[at..]);
    let ends: Vec<usize> = run.char_indices().map(|(i, c)| i + c.len_utf8()).take(5).collect();
    for n in [3usize, 4, 2] {
        let Some(&end) = ends.get(n - 1) else { continue };
        if super::may_follow(&run[end..]) && is_name(&run[..end], trust) {
            return Some((at, at + end));
        }
    }
    // 김 민수
    if (ends.len() == 1 || lists::DOUBLE.contains(&run)) && trust >= Trust::Form {
        let rest = text[at + run.len()..].strip_prefix(' ')?;
        let given = hangul_run(rest);
        let end = given.char_indices().nth(1).map(|(i, c)| i + c.len_utf8())?;
        let whole = format!("{run}{}", &given[..end]);
        if super::may_follow(&given[end..])
            && is_name(&whole, Trust::Popular)
            && !lists::is_word(&given[..end])
        {
            return Some((at, at + run.len() + 1 + end));
        }
    }
    None
}

/// A name in Hangul that begins with no Korean surname (제니퍼, 응우옌 티 란), in a field of its own.
pub(super) fn foreign_at(text: &str, at: usize) -> Option<(usize, usize)> {
    const BORROWED: &str = "니퍼렌톰벤켈샤쩌응옌쯔엉티브릭랙닉맥트루존젠렉딘즈스크터더르프테델엘케코타파페피카키캐크리첸왕쉬황장앤줄쥬";
    let marks = ['\n', ',', '/', '|', ')', '('];
    let len: usize = text[at..].chars().take(40).take_while(|c| !marks.contains(c)).map(char::len_utf8).sum();
    let line = text[at..at + len].trim_end();
    let words: Vec<&str> = line.split(' ').collect();
    let all_hangul = !words.is_empty() && words.iter().all(|w| !w.is_empty() && w.chars().all(is_hangul));
    let n = line.chars().filter(|&c| is_hangul(c)).count();
    let borrowed = line.chars().filter(|&c| BORROWED.contains(c)).count();
    let fits = all_hangul && words.len() <= 4 && (3..=9).contains(&n) && borrowed >= 2 && borrowed * 2 >= n;
    (fits && !words.iter().any(|w| lists::is_word(w))).then_some((at, at + line.len()))
}

/// A made-up name of the same form; `draw` gives a number below its argument.
pub(crate) fn made_up(value: &str, draw: &mut dyn FnMut(usize) -> usize) -> String {
    const FIRST: [&str; 12] = [
        "Robin", "Alex", "Jamie", "Casey", "Morgan", "Taylor", "Jordan", "Riley", "Quinn", "Avery", "Rowan",
        "Skyler",
    ];
    const LAST: [&str; 12] = [
        "Vale", "Marsh", "Thorne", "Lake", "Frost", "Penn", "Hollow", "Reed", "Stone", "Birch", "Wells",
        "Ash",
    ];
    if value.chars().any(|c| c.is_ascii_alphabetic()) {
        let first = FIRST[draw(FIRST.len())];
        return if value.contains(' ') {
            format!("{first} {}", LAST[draw(LAST.len())])
        } else {
            first.to_owned()
        };
    }
    let mut pick = |list: &str| {
        let syllables: Vec<char> = list.chars().collect();
        syllables[draw(syllables.len())]
    };
    let surname = pick(lists::COMMON);
    let mut name = String::from(surname);
    if value.chars().filter(|&c| is_hangul(c)).count() > 2 {
        name.push(pick(POPULAR_FIRST));
    }
    name.push(pick(POPULAR_LAST));
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_words() {
        for name in ["김민수", "이영희", "박지성", "남궁민수", "황보혜정", "최하늘", "이상민", "정보영"]
        {
            assert!(is_name(name, Trust::Label), "{name}");
        }
        for word in
            ["이번", "정말", "조금", "최대", "고객", "배송", "박스", "김치", "주문자", "이용자", "신청인"]
        {
            assert!(!is_name(word, Trust::Label), "{word}");
        }
        assert!(!is_name("이상해", Trust::Field) && !is_name("주문시", Trust::Field));
        assert!(is_name("이상민", Trust::Field));
        assert!(!is_name("정수기", Trust::Popular));
    }
}
