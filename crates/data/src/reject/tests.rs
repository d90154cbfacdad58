use super::*;

fn strict() -> Limits {
    Limits {
        short_chars: 5,
        long_chars: 40,
        advertisements: true,
        not_a_question: true,
        deferred_answers: true,
        languages: vec![Language::Ko],
    }
}

#[test]
fn each_reason_has_its_rows() {
    let good = "주문하고 이틀 걸립니다.";
    for (question, answer, reason) in [
        ("", good, Reason::QuestionMissing),
        (" \n", good, Reason::QuestionMissing),
        ("언제 오나요?", "", Reason::AnswerMissing),
        ("언제 오나요?", "확인 후 연락드리겠습니다.", Reason::AnswerDeferred),
        ("언제 오나요?", "네, 고객님. 담당 부서에 확인 후 다시 안내드리겠습니다.", Reason::AnswerDeferred),
        ("왜요", good, Reason::TooShort),
        ("언제 오나요?", "네 네", Reason::TooShort),
        ("언제 오나요?", &"길".repeat(41), Reason::TooLong),
        ("(광고) 당일대출 문의 환영합니다", good, Reason::Advertisement),
        ("When will my order arrive?", good, Reason::WrongLanguage),
        ("물건이 아주 마음에 듭니다", good, Reason::NotAQuestion),
    ] {
        let refusal =
            strict().check(question, answer).unwrap_or_else(|| panic!("{question} | {answer} passed"));
        assert_eq!(refusal.reason, reason, "{question} | {answer}");
        let quoted = [question, answer].iter().any(|t| t.chars().count() > 6 && refusal.detail.contains(*t));
        assert!(!quoted, "the detail repeats the text: {}", refusal.detail);
    }
}

#[test]
fn good_rows_pass() {
    for (question, answer) in [
        ("배송 언제 되나요?", "주문하고 이틀 걸립니다."),
        ("환불해 주세요", "확인 후 3일 안에 환불됩니다."),
        ("iPhone 15 Pro 케이스 있어요?", "네, 재고가 있습니다."),
        ("대출 도서 반납 문의", "7일 안에 반납하시면 됩니다."),
    ] {
        assert_eq!(strict().check(question, answer), None, "{question}");
    }
}

#[test]
fn the_default_refuses_only_what_is_missing() {
    let limits = Limits::default();
    assert_eq!(limits.check("a", "b"), None);
    assert_eq!(limits.check("a", "").map(|r| r.reason), Some(Reason::AnswerMissing));
}

#[test]
fn a_deferred_answer_with_a_fact_is_an_answer() {
    for answer in
        ["확인해 보니 5월 3일에 출고되었습니다.", "접수되었습니다. 2~3일 걸립니다.", "네 가능합니다."]
    {
        assert!(!is_deferred(answer), "{answer}");
    }
    for answer in [
        "확인 후 안내드리겠습니다",
        "문의가 접수되었습니다. 확인 중입니다.",
        "빠른 시일 내에 답변 드리겠습니다.",
    ] {
        assert!(is_deferred(answer), "{answer}");
    }
}

#[test]
fn scripts_give_languages_away() {
    for (text, language) in [
        ("배송 언제 되나요", Some(Language::Ko)),
        ("LG gram 17Z90R-GA5CK 재고 있나요", Some(Language::Ko)),
        ("Where is my order", Some(Language::En)),
        ("いつ届きますか", Some(Language::Ja)),
        ("什么时候到货", Some(Language::Zh)),
        ("Когда придёт заказ", Some(Language::Other)),
        ("123 !!", None),
    ] {
        assert_eq!(LanguageShare::of(text).main(), language, "{text}");
    }
}
