use super::*;

fn cleaner() -> Cleaner {
    Cleaner::new(Rules::all(), &[]).expect("the built-in rules compile")
}

#[track_caller]
fn check(text: &str, want: &str) {
    assert_eq!(cleaner().clean(text).text, want, "{text}");
}

#[test]
fn korean_greetings_and_closings_go() {
    check(
        "안녕하세요 고객님, 항상 저희 쇼핑몰을 이용해 주셔서 감사합니다. 반품은 7일 안에 됩니다.",
        "반품은 7일 안에 됩니다.",
    );
    check("안녕하세요. 배송 언제 되나요? 감사합니다.", "배송 언제 되나요?");
    check("안녕하세요 배송 문의드려요 감사합니다", "배송 문의드려요");
    check("안녕하십니까! 교환하고 싶어요~ 수고하세요~", "교환하고 싶어요~");
    check(
        "문의해 주셔서 감사합니다. 무료 배송입니다. 추가 문의사항이 있으시면 언제든지 문의해 주세요.",
        "무료 배송입니다.",
    );
    check("무료 배송입니다. 오늘도 행복한 하루 되세요!", "무료 배송입니다.");
    check(
        "불편을 드려 대단히 죄송합니다. 환불은 3일 걸립니다. 앞으로도 최선을 다하겠습니다. 감사합니다.",
        "환불은 3일 걸립니다.",
    );
    check(
        "소중한 문의 남겨 주셔서 감사합니다, 고객님. 포장은 무료입니다. 참고 부탁드립니다. 다른 문의사항은 1500-1001로 연락 주세요.",
        "포장은 무료입니다.",
    );
    check(
        "무엇보다 먼저 이용에 불편을 드려 죄송합니다. 나라 회원님, 안녕하세요. 2일 걸립니다. 언제나 친절히 모시겠습니다. 모루상점 상담사 나은 드림",
        "2일 걸립니다.",
    );
    check(
        "고객님 안녕하세요. 모루상점입니다. 5일입니다. 항상 고객님의 입장에서 생각하는 모루상점이 되겠습니다.",
        "5일입니다.",
    );
    check("문의하신 내용에 대해 답변드립니다.\n적립금은 1년 뒤 사라집니다.", "적립금은 1년 뒤 사라집니다.");
}

#[test]
fn english_greetings_and_closings_go() {
    check("Hi there, I need a refund. Thanks in advance!", "I need a refund.");
    check(
        "Dear customer,\nThank you for contacting us. Returns take 5 days.\nBest regards,",
        "Returns take 5 days.",
    );
    check(
        "We apologize for the inconvenience. It ships today. Please feel free to reach out anytime.",
        "It ships today.",
    );
}

#[test]
fn what_is_said_stays() {
    for text in [
        "감사하다는 말을 전해 주세요.",
        "이용해 주셔서 감사하다는 문자를 받았는데 무엇인가요?",
        "안녕하세요라고 쓰인 컵 있나요?",
        "선물로 드리려는데 감사합니다 문구를 넣을 수 있나요?",
        "Hiking boots in size 250?",
        "배송비는 3,000원입니다. 5만 원 이상은 무료입니다.",
        "좋은 하루 되세요 스티커 재입고 되나요?",
    ] {
        check(text, text);
        assert!(cleaner().clean(text).removed.by().is_empty());
    }
}

#[test]
fn characters_are_made_plain() {
    check("ＡＢＣ１２３\u{200B}배\u{00AD}송\u{3000}문의", "ABC123배송 문의");
    check("가\u{1103}\u{1161}", "가다");
    check("첫 줄\r\n\r\n\r\n\r\n둘째   줄\t끝", "첫 줄\n\n둘째 줄 끝");
    check("👨\u{200D}👩\u{200D}👧 가족", "👨\u{200D}👩\u{200D}👧 가족");
}

#[test]
fn everything_at_once() {
    let text = "<p>안녕하세요!!!</p><p>배송이&nbsp;늦어요ㅠㅠㅠ 언제 오나요???</p><p>감사합니다^^</p>\n--\n보낸 사람 드림";
    let cleaned = cleaner().clean(text);
    assert_eq!(cleaned.text, "배송이 늦어요 언제 오나요?");
    let rules: Vec<_> = cleaned.removed.by().iter().map(Rule::name).collect();
    assert_eq!(rules, ["markup", "signatures", "repeats", "greetings", "closings"]);
    let characters: Vec<_> =
        cleaned.removed.by().iter().map(|rule| cleaned.removed.characters(rule)).collect();
    // `!!`, `ㅠㅠㅠ`, `??` and `^`; then what is left of the greeting and of the closing, with its line break.
    assert_eq!(characters[2..], [8, 7, 6], "{characters:?}");
}

#[test]
fn only_the_rules_asked_for_apply() {
    let cleaner = Cleaner::new([Rule::Closings].into_iter().collect(), &[]).expect("compiles");
    assert_eq!(cleaner.clean("안녕하세요!!! 언제 오나요? 감사합니다.").text, "안녕하세요!!! 언제 오나요?");
}

#[test]
fn a_recipe_adds_patterns() {
    let cleaner = Cleaner::new(Rules::default(), &[r"\[공지\]\s*".into()]).expect("compiles");
    let cleaned = cleaner.clean("[공지] 휴무 안내");
    assert_eq!((cleaned.text.as_ref(), cleaned.removed.by().contains(Rule::Custom)), ("휴무 안내", true));
    assert!(matches!(Cleaner::new(Rules::default(), &["(".into()]), Err(PatternError::Invalid { .. })));
    assert!(matches!(
        Cleaner::new(Rules::default(), &["x*".into()]),
        Err(PatternError::MatchesNothing { .. })
    ));
}

#[test]
fn a_text_of_greetings_alone_becomes_empty() {
    check("안녕하세요.", "");
    check("안녕하세요. 감사합니다!", "");
}

#[test]
fn nothing_panics_and_the_ends_are_trimmed() {
    let pieces = [
        "<",
        "&",
        ">",
        "안녕하세요",
        "ㅋㅋ",
        "\r",
        "\n",
        "감사합니다",
        " ",
        ".",
        "\u{200B}",
        "é",
        "👩",
        "&#0;",
        "--",
        "<p>",
        "가",
    ];
    let mut state = 7u64;
    for _ in 0..3000 {
        let mut text = String::new();
        for _ in 0..12 {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            text.push_str(pieces[(state >> 33) as usize % pieces.len()]);
        }
        let cleaner = cleaner_once();
        let once = cleaner.clean(&text).text.into_owned();
        assert!(once.len() <= text.len() * 2 + 8, "{text:?}");
        assert_eq!(once, once.trim());
    }
}

fn cleaner_once() -> &'static Cleaner {
    static CLEANER: std::sync::LazyLock<Cleaner> = std::sync::LazyLock::new(cleaner);
    &CLEANER
}
