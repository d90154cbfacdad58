//! Verb and adjective endings (어미) on dictionary forms, with the irregular classes of school grammar:
//! ㅂ, ㄷ, ㅅ, 르, 러, ㅎ, ㅡ, ㄹ and 하다.

use super::copula::{copula, copula_noun};
use super::jamo::{self, BIEUP, DIGEUT, HIEUT, NIEUN, NONE, RIEUL, SIOT, SSANG_SIOT};

/// How an ending joins a stem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Join {
    /// As it is: 먹고, 가고. ㄹ falls before ㄴ and ㅅ.
    Plain,
    /// After 아 or 어: 먹어요, 가요, 해요.
    Vowel,
    /// After 았 or 었: 먹었어요.
    Past,
    /// With 으 after a consonant: 먹으면, 가면, 만들면.
    Eu,
    /// With 으 after a consonant, before which ㄹ falls: 먹으니까, 만드니까.
    EuDropping,
    /// As a final: ㄴ, ㄹ or ㅂ, with 으 or 스 after a consonant.
    FinalN,
    FinalL,
    FinalB,
    /// The modifier and its kin: 는 after verbs, ㄴ/은 after adjectives.
    Modifier,
    /// The plain statement: ㄴ다/는다 after verbs, 다 after adjectives.
    Statement,
}

/// A verb ending that a grammar can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    name: &'static str,
    pub(super) join: Join,
    pub(super) rest: &'static str,
}

const fn e(name: &'static str, join: Join, rest: &'static str) -> Ending {
    Ending { name, join, rest }
}

/// Longer names first where one begins another.
const ENDINGS: &[Ending] = &[
    e("았습니다", Join::Past, "습니다"),
    e("았는데요", Join::Past, "는데요"),
    e("았는데", Join::Past, "는데"),
    e("았어요", Join::Past, "어요"),
    e("았거든요", Join::Past, "거든요"),
    e("았지만", Join::Past, "지만"),
    e("았으면", Join::Past, "으면"),
    e("았던", Join::Past, "던"),
    e("았을", Join::Past, "을"),
    e("았고", Join::Past, "고"),
    e("았나요", Join::Past, "나요"),
    e("았네", Join::Past, "네"),
    e("았지", Join::Past, "지"),
    e("았다", Join::Past, "다"),
    e("았어", Join::Past, "어"),
    e("았기", Join::Past, "기"),
    e("았거든", Join::Past, "거든"),
    e("았습니까", Join::Past, "습니까"),
    e("았대", Join::Past, "대"),
    e("아요", Join::Vowel, "요"),
    e("아서", Join::Vowel, "서"),
    e("아도", Join::Vowel, "도"),
    e("아야", Join::Vowel, "야"),
    e("아라", Join::Vowel, "라"),
    e("아", Join::Vowel, ""),
    e("으니까", Join::EuDropping, "니까"),
    e("으니", Join::EuDropping, "니"),
    e("으십시오", Join::EuDropping, "십시오"),
    e("으세요", Join::EuDropping, "세요"),
    e("으시면", Join::EuDropping, "시면"),
    e("으시는", Join::EuDropping, "시는"),
    e("으신", Join::EuDropping, "신"),
    e("으실", Join::EuDropping, "실"),
    e("으셨", Join::EuDropping, "셨"),
    e("으려는", Join::Eu, "려는"),
    e("으려고", Join::Eu, "려고"),
    e("으려면", Join::Eu, "려면"),
    e("으므로", Join::Eu, "므로"),
    e("으면서", Join::Eu, "면서"),
    e("으면", Join::Eu, "면"),
    e("으며", Join::Eu, "며"),
    e("으러", Join::Eu, "러"),
    e("읍시다", Join::FinalB, "시다"),
    e("습니까", Join::FinalB, "니까"),
    e("습니다", Join::FinalB, "니다"),
    e("을게요", Join::FinalL, "게요"),
    e("을까요", Join::FinalL, "까요"),
    e("을까", Join::FinalL, "까"),
    e("을래요", Join::FinalL, "래요"),
    e("을수록", Join::FinalL, "수록"),
    e("을지", Join::FinalL, "지"),
    e("을", Join::FinalL, ""),
    e("은", Join::FinalN, ""),
    e("는데요", Join::Modifier, "데요"),
    e("는데", Join::Modifier, "데"),
    e("는지", Join::Modifier, "지"),
    e("는다는", Join::Statement, "다는"),
    e("는다고", Join::Statement, "다고"),
    e("는다", Join::Statement, "다"),
    e("는", Join::Modifier, ""),
    e("고자", Join::Plain, "고자"),
    e("고", Join::Plain, "고"),
    e("곤", Join::Plain, "곤"),
    e("지만", Join::Plain, "지만"),
    e("지요", Join::Plain, "지요"),
    e("지", Join::Plain, "지"),
    e("죠", Join::Plain, "죠"),
    e("네요", Join::Plain, "네요"),
    e("네", Join::Plain, "네"),
    e("나요", Join::Plain, "나요"),
    e("냐", Join::Plain, "냐"),
    e("니", Join::Plain, "니"),
    e("기", Join::Plain, "기"),
    e("게", Join::Plain, "게"),
    e("던", Join::Plain, "던"),
    e("거든요", Join::Plain, "거든요"),
    e("거든", Join::Plain, "거든"),
    e("거나", Join::Plain, "거나"),
    e("더니", Join::Plain, "더니"),
    e("느라", Join::Plain, "느라"),
    e("자마자", Join::Plain, "자마자"),
    e("자", Join::Plain, "자"),
    e("도록", Join::Plain, "도록"),
    e("다가", Join::Plain, "다가"),
    e("더라고요", Join::Plain, "더라고요"),
    e("겠어요", Join::Plain, "겠어요"),
    e("겠습니다", Join::Plain, "겠습니다"),
];

impl Ending {
    /// The longest ending whose name begins `text`, and the length of the name in bytes.
    pub fn at_start(text: &str) -> Option<(Self, usize)> {
        ENDINGS
            .iter()
            .filter(|e| text.starts_with(e.name))
            .max_by_key(|e| e.name.len())
            .map(|e| (*e, e.name.len()))
    }
}

/// Adjectives that their ending does not give away.
const ADJECTIVES: &str = include_str!("adjectives.txt");

/// Turns the dictionary form at the end of `text` into the form with the ending; a text that does not
/// end in 다 is left as it is.
pub fn conjugate(text: &mut String, ending: Ending) {
    let Some(stem_end) = text.len().checked_sub('다'.len_utf8()).filter(|_| text.ends_with('다')) else {
        return;
    };
    let word_start =
        text.rfind(char::is_whitespace).map_or(0, |i| i + text[i..].chars().next().map_or(1, char::len_utf8));
    if word_start >= stem_end {
        return;
    }
    let word = text[word_start..].to_owned();
    if let Some(noun) = copula_noun(&word) {
        let keep = word_start + noun.len();
        text.truncate(keep);
        let form = copula(text, ending);
        text.push_str(&form);
        return;
    }
    let stem: Vec<char> = word[..word.len() - '다'.len_utf8()].chars().collect();
    if stem.last().and_then(|c| jamo::split(*c)).is_none() {
        return;
    }
    text.truncate(word_start);
    // 적다 with an object is to write down, and else to be few.
    let is_verb = word == "적다" && text.trim_end().ends_with(['을', '를']);
    text.push_str(&form(&stem, is_adjective(&word) && !is_verb, ending));
}

fn is_adjective(word: &str) -> bool {
    let derived = [
        "롭다",
        "스럽다",
        "답다",
        "맙다",
        "갑다",
        "겁다",
        "볍다",
        "렵다",
        "쉽다",
        "덥다",
        "춥다",
        "맵다",
        "엽다",
        "섭다",
        "깝다",
        "럽다",
        "싶다",
    ];
    ADJECTIVES.split_whitespace().any(|a| a == word) || derived.iter().any(|d| word.ends_with(d))
}

fn form(stem: &[char], adjective: bool, ending: Ending) -> String {
    let rest = ending.rest;
    let exists = matches!(stem.last(), Some('있' | '없'));
    match ending.join {
        Join::Plain if rest.starts_with(['ㄴ', '네', '나', '냐', '니']) => {
            text(&without_rieul(stem)) + rest
        }
        Join::Plain => text(stem) + rest,
        Join::Vowel => text(&vowel_base(stem)) + rest,
        Join::Past => {
            let mut base = vowel_base(stem);
            if let Some(last) = base.last_mut() {
                *last = jamo::with_final(*last, SSANG_SIOT);
            }
            text(&base) + rest
        }
        Join::Eu => text(&eu_base(stem, false)) + rest,
        Join::EuDropping => text(&eu_base(stem, true)) + rest,
        Join::FinalN => closed(&eu_base(stem, true), NIEUN) + rest,
        Join::FinalL => closed(&eu_base(stem, true), RIEUL) + rest,
        Join::FinalB if rest == "시다" => closed(&eu_base(stem, true), BIEUP) + rest,
        Join::FinalB => match last_of(stem) {
            (_, _, NONE | RIEUL) => closed(&without_rieul(stem), BIEUP) + rest,
            _ => text(stem) + "습" + rest,
        },
        Join::Modifier if adjective && !exists => closed(&eu_base(stem, true), NIEUN) + rest,
        Join::Modifier => text(&without_rieul(stem)) + "는" + rest,
        Join::Statement if adjective || exists => text(stem) + rest,
        Join::Statement => match last_of(stem) {
            (_, _, NONE | RIEUL) => closed(&without_rieul(stem), NIEUN) + rest,
            _ => text(stem) + "는" + rest,
        },
    }
}

fn text(stem: &[char]) -> String {
    stem.iter().collect()
}

fn last_of(stem: &[char]) -> (u32, u32, u32) {
    stem.last().and_then(|c| jamo::split(*c)).expect("a stem ends in a syllable")
}

fn closed(open: &[char], last: u32) -> String {
    let mut open = open.to_vec();
    if let Some(c) = open.last_mut() {
        *c = jamo::with_final(*c, last);
    }
    text(&open)
}

fn without_rieul(stem: &[char]) -> Vec<char> {
    let mut stem = stem.to_vec();
    if last_of(&stem).2 == RIEUL
        && let Some(c) = stem.last_mut()
    {
        *c = jamo::with_final(*c, NONE);
    }
    stem
}

/// The class of an irregular stem that ends in a consonant.
#[derive(PartialEq, Eq)]
enum Irregular {
    No,
    B,
    D,
    S,
    H,
}

fn irregular(stem: &[char]) -> Irregular {
    let last = *stem.last().expect("a stem has a syllable");
    match last_of(stem).2 {
        BIEUP if !"입잡뽑씹접집업꼽좁".contains(last) => Irregular::B,
        DIGEUT if "듣걷싣닫묻".contains(last) && (last != '닫' || stem.len() > 1) => Irregular::D,
        SIOT if "짓낫붓잇긋젓".contains(last) => Irregular::S,
        HIEUT if "렇떻갛랗얗멓옇".contains(last) => Irregular::H,
        _ => Irregular::No,
    }
}

/// The stem as it stands before an ending that begins with 으, with the 으 where it is spoken.
fn eu_base(stem: &[char], drop_rieul: bool) -> Vec<char> {
    let mut base = stem.to_vec();
    let last = *base.last().expect("a stem has a syllable");
    let end = base.len() - 1;
    match (last_of(stem).2, irregular(stem)) {
        (RIEUL, _) if drop_rieul => base[end] = jamo::with_final(last, NONE),
        (NONE | RIEUL, _) => {}
        (_, Irregular::B) => {
            base[end] = jamo::with_final(last, NONE);
            base.push('우');
        }
        (_, Irregular::D) => {
            base[end] = jamo::with_final(last, RIEUL);
            base.push('으');
        }
        (_, Irregular::S) => {
            base[end] = jamo::with_final(last, NONE);
            base.push('으');
        }
        (_, Irregular::H) => base[end] = jamo::with_final(last, NONE),
        _ => base.push('으'),
    }
    base
}

const A: u32 = 0;
const AE: u32 = 1;
const EO: u32 = 4;
const O: u32 = 8;
const WA: u32 = 9;
const OE: u32 = 11;
const U: u32 = 13;
const WO: u32 = 14;
const EU: u32 = 18;
const I: u32 = 20;

/// The stem with 아 or 어 joined to it.
fn vowel_base(stem: &[char]) -> Vec<char> {
    let mut base = stem.to_vec();
    let end = base.len() - 1;
    let (initial, vowel, last) = last_of(stem);
    let bright = |c: char| jamo::split(c).is_some_and(|(_, v, _)| v == A || v == O);
    if stem[end] == '하' {
        base[end] = '해';
        return base;
    }
    if last == NONE {
        let merged = match vowel {
            O => Some(WA),
            U => Some(WO),
            I => Some(6),
            OE => Some(10),
            A | AE | EO | 5 | 6 | 3 | 7 => Some(vowel),
            _ => None,
        };
        match (vowel, merged) {
            (EU, _) => return eu_vowel(stem),
            (_, Some(v)) => base[end] = jamo::join(initial, v, NONE),
            (_, None) => base.push('어'),
        }
        return base;
    }
    match irregular(stem) {
        Irregular::B => {
            base[end] = jamo::with_final(stem[end], NONE);
            base.push(if matches!(stem[end], '돕') { '와' } else { '워' });
            return base;
        }
        Irregular::D => base[end] = jamo::with_final(stem[end], RIEUL),
        Irregular::S => base[end] = jamo::with_final(stem[end], NONE),
        Irregular::H => {
            base[end] = jamo::join(initial, AE, NONE);
            return base;
        }
        Irregular::No => {}
    }
    base.push(if bright(stem[end]) { '아' } else { '어' });
    base
}

/// Stems in ㅡ: 쓰다 → 써, 바쁘다 → 바빠, 빠르다 → 빨라, 이르다 and 푸르다 → 이르러.
fn eu_vowel(stem: &[char]) -> Vec<char> {
    let end = stem.len() - 1;
    let mut base = stem.to_vec();
    let bright = end > 0 && jamo::split(stem[end - 1]).is_some_and(|(_, v, _)| v == A || v == O);
    let word = text(stem);
    let regular = ["따르", "치르", "들르", "다다르", "잠그", "담그"].iter().any(|w| word.ends_with(w));
    if word == "푸르" || word == "이르" {
        base.push('러');
    } else if stem[end] == '르' && end > 0 && !regular {
        base[end - 1] = jamo::with_final(stem[end - 1], RIEUL);
        base[end] = if bright { '라' } else { '러' };
    } else {
        let (initial, _, _) = last_of(stem);
        base[end] = jamo::join(initial, if bright { A } else { EO }, NONE);
    }
    base
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_down_is_told_from_what_is_few() {
        for (text, want) in [("이름을 적다", "이름을 적는다"), ("수가 적다", "수가 적다")]
        {
            let mut text = text.to_owned();
            conjugate(&mut text, Ending::at_start("는다").unwrap().0);
            assert_eq!(text, want);
        }
    }

    #[test]
    fn verbs_and_adjectives() {
        for (word, endings) in [
            (
                "먹다",
                "아요=먹어요 았습니다=먹었습니다 으면=먹으면 은=먹은 습니다=먹습니다 는데=먹는데 는다=먹는다 고=먹고",
            ),
            (
                "가다",
                "아요=가요 았어요=갔어요 으면=가면 은=간 을=갈 습니다=갑니다 는데=가는데 는다=간다 으세요=가세요",
            ),
            ("보다", "아요=봐요 았어요=봤어요 을까요=볼까요"),
            ("배우다", "아요=배워요 았다=배웠다"),
            ("마시다", "아요=마셔요 았고=마셨고"),
            ("되다", "아요=돼요 았어요=됐어요 습니다=됩니다"),
            ("보내다", "아요=보내요 았어요=보냈어요 아서=보내서"),
            ("쉬다", "아요=쉬어요 았어요=쉬었어요"),
            ("주문하다", "아요=주문해요 았는데=주문했는데 는다=주문한다 으려고=주문하려고"),
            (
                "만들다",
                "으면=만들면 으니까=만드니까 은=만든 을=만들 습니다=만듭니다 는=만드는 네요=만드네요 아요=만들어요 으려면=만들려면 는다=만든다 으세요=만드세요",
            ),
            ("춥다", "아요=추워요 으면=추우면 는데=추운데 는=추운 습니다=춥습니다 는다=춥다 고=춥고"),
            ("돕다", "아요=도와요 으면=도우면 는데=돕는데"),
            ("입다", "아요=입어요 으면=입으면 는데=입는데"),
            ("듣다", "아요=들어요 으면=들으면 고=듣고 은=들은"),
            ("받다", "아요=받아요 으면=받으면 았습니다=받았습니다"),
            ("닫다", "아요=닫아요"),
            ("깨닫다", "아요=깨달아요"),
            ("낫다", "아요=나아요 으면=나으면"),
            ("웃다", "아요=웃어요"),
            ("쓰다", "아요=써요 았어요=썼어요"),
            ("바쁘다", "아요=바빠요 는데=바쁜데 는다=바쁘다"),
            ("빠르다", "아요=빨라요 은=빠른 는데=빠른데"),
            ("부르다", "아요=불러요 는데=부르는데"),
            ("들르다", "아요=들러요"),
            ("그렇다", "아요=그래요 으면=그러면 는데=그런데"),
            ("있다", "는데=있는데 는다=있다 아요=있어요 는=있는"),
            ("없다", "는데=없는데 으면=없으면"),
            ("많다", "는데=많은데 아요=많아요 는=많은"),
            ("싶다", "는데=싶은데 았어요=싶었어요"),
            ("앉다", "아서=앉아서"),
            (
                "얼마이다",
                "나요=얼마인가요 아요=얼마예요 는지=얼마인지 습니까=얼마입니까 죠=얼마죠 았어요=얼마였어요",
            ),
            ("며칠이다", "나요=며칠인가요 아요=며칠이에요 는데=며칠인데 아서=며칠이라서 냐=며칠이냐"),
            ("3원이다", "는다는=3원이라는 는다고=3원이라고 는다=3원이다"),
            ("되다", "는다고=된다고 는다는=된다는"),
            ("보이다", "아요=보여요 는지=보이는지 습니다=보입니다"),
            ("켜다", "아요=켜요 았어요=켰어요"),
        ] {
            for pair in endings.split_whitespace() {
                let (name, want) = pair.split_once('=').unwrap();
                let (ending, used) = Ending::at_start(name).unwrap();
                assert_eq!(used, name.len());
                let mut text = format!("나는 {word}");
                conjugate(&mut text, ending);
                assert_eq!(text, format!("나는 {want}"), "{word} + {name}");
            }
        }
    }

    #[test]
    fn what_is_no_dictionary_form_stays() {
        let (ending, _) = Ending::at_start("아요").unwrap();
        for text in ["", "다", "사과", "abc다", "나는 다"] {
            let mut out = text.to_owned();
            conjugate(&mut out, ending);
            assert_eq!(out, text);
        }
    }
}
