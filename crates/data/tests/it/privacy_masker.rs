//! The masker from outside: styles, lists, patterns, nested values, and any input at all.

use data::privacy::{Entity, EntitySet, MaskConfig, Masker, Pattern, PrivacyError, Secret, Style, Typed};
use serde_json::json;

fn masker(config: MaskConfig) -> Masker {
    Masker::new(config).unwrap()
}

fn with(change: impl FnOnce(&mut MaskConfig)) -> Masker {
    let mut config = MaskConfig::default();
    change(&mut config);
    masker(config)
}

#[test]
fn surrogates_are_the_same_everywhere_and_belong_to_nobody() {
    let masker = with(|c| c.style = Style::Surrogate);
    let one = masker.mask("010-2345-6789로 전화 주세요").text;
    let two = masker.mask("연락처: +82 10 2345 6789").text;
    assert!(one.starts_with("010-0"), "{one}");
    let digits = |t: &str| t.chars().filter(char::is_ascii_digit).collect::<String>();
    assert_eq!(digits(&one)[1..], digits(&two)[2..], "{one} / {two}");
    let again = with(|c| c.style = Style::Surrogate).mask("010.2345.6789").text;
    assert_eq!(digits(&again), digits(&one));
    let other = with(|c| {
        c.style = Style::Surrogate;
        c.secret = Secret::new(b"other");
    });
    assert_ne!(other.mask("010-2345-6789").text, masker.mask("010-2345-6789").text);
}

#[test]
fn surrogates_keep_the_form_and_fail_the_checks() {
    let masker = with(|c| c.style = Style::Surrogate);
    let token = masker_default();
    let values = [
        "900101-1234568",
        "120-81-47521",
        "130111-0006246",
        "4111-1111-1111-1111",
        "11-12-123456-12",
        "12가3456",
    ];
    for value in values {
        let text = masker.mask(value).text;
        assert_ne!(text, value);
        let shape = |t: &str| {
            t.chars()
                .map(|c| {
                    if c.is_ascii_digit() {
                        '9'
                    } else if c.is_alphabetic() {
                        '가'
                    } else {
                        c
                    }
                })
                .collect::<String>()
        };
        assert_eq!(shape(&text), shape(value), "{value} → {text}");
        assert!(token.mask(&text).spans.is_empty(), "{value} → {text} reads as real");
    }
    let email = masker.mask("hong@naver.com").text;
    assert!(email.ends_with("@example.com"), "{email}");
    let ip = masker.mask("8.8.8.8").text;
    assert!(ip.split('.').next().unwrap().parse::<u32>().unwrap() >= 240, "{ip}");
}

fn masker_default() -> Masker {
    masker(MaskConfig::default())
}

#[test]
fn partial_hides_the_middle() {
    let masker = with(|c| c.style = Style::Partial);
    assert_eq!(masker.mask("010-1234-5678로").text, "010-****-5678로");
    assert_eq!(masker.mask("김민수님 hong@example.com").text, "김*수님 h***@example.com");
}

#[test]
fn kept_values_stay_and_are_counted() {
    let masker = with(|c| c.keep = vec!["02-123-4567".into()]);
    let masked = masker.mask("대표 02)123-4567, 저는 010-1234-5678, 1588-1234");
    assert_eq!(masked.text, "대표 02)123-4567, 저는 [전화번호], 1588-1234");
    let counts = masked.counts();
    assert_eq!((counts.of(Entity::Landline).kept, counts.of(Entity::Mobile).masked), (1, 1));
    assert_eq!(counts.of(Entity::Representative).kept, 1);
    let public = with(|c| c.public = true).mask("문의 02-123-4567, 010-1234-5678");
    assert_eq!((public.text.as_str(), public.counts().total().kept), ("문의 02-123-4567, 010-1234-5678", 2));
    let only = with(|c| c.entities = EntitySet::none().with(Entity::Email));
    assert_eq!(only.mask("a@b.com 010-1234-5678").text, "[이메일] 010-1234-5678");
    let report = serde_json::to_value(masked.counts()).unwrap();
    assert_eq!(report["mobile"], json!({"masked": 1, "kept": 0}));
}

#[test]
fn patterns_of_the_recipe() {
    let order =
        Pattern { name: "order".into(), token: "[주문번호]".into(), regex: r"ORD-\d{8}-\d{4}".into() };
    let masker = with(|c| c.patterns = vec![order]);
    let masked = masker.mask("주문 ＯＲＤ－20240101-1234를 취소");
    assert_eq!(masked.text, "주문 [주문번호]를 취소");
    assert_eq!(masked.spans[0].entity, Entity::Pattern(0));
    let bad = |regex: &str| {
        let pattern = Pattern { name: "x".into(), token: "[x]".into(), regex: regex.into() };
        Masker::new(MaskConfig { patterns: vec![pattern], ..MaskConfig::default() })
    };
    assert!(matches!(bad("(").unwrap_err(), PrivacyError::BadPattern { .. }));
    assert!(matches!(bad("x*").unwrap_err(), PrivacyError::EmptyPattern { .. }));
}

#[test]
fn typed_values_of_the_row_are_masked_without_context() {
    let typed = [
        Typed { entity: Entity::Person, value: "이수".into() },
        Typed { entity: Entity::Personal, value: "VIP-7781".into() },
    ];
    let masked = masker_default().mask_row_text("이수가 과정을 이수했어요. 회원 vip7781", &typed);
    assert_eq!(masked.text, "[이름]가 과정을 이수했어요. 회원 [개인정보]");
}

#[test]
fn nested_values_with_their_keys() {
    let mut value = json!({
        "name": "김민수", "phone": 1023456789u64, "account": "110-234-567890", "order_id": "20240101123456",
        "items": [{"menu_name": "김치찌개", "note": "문 앞에 두고 010-1234-5678로 전화"}], "n": 3, "ok": true, "none": null
    });
    let counts = masker_default().mask_json(&mut value);
    assert_eq!(value["name"], "[이름]");
    assert_eq!(value["account"], "[계좌번호]");
    assert_eq!(value["order_id"], "20240101123456");
    assert_eq!(value["items"][0]["menu_name"], "김치찌개");
    assert_eq!(value["items"][0]["note"], "문 앞에 두고 [전화번호]로 전화");
    assert_eq!((value["n"].as_u64(), value["ok"].as_bool()), (Some(3), Some(true)));
    assert!(counts.total().masked >= 3);
}

/// Random text of pieces that recognisers look at, so that they meet in every order.
fn jumble(seed: u64, n: usize) -> String {
    const PIECES: [&str; 64] = [
        "010",
        "02",
        "+82",
        "-",
        "–",
        "ㅡ",
        ".",
        " ",
        "\n",
        "(",
        ")",
        "@",
        "://",
        "www.",
        ":",
        "::",
        "가",
        "님",
        "씨",
        "김",
        "김민수",
        "남궁",
        "서울",
        "강남구",
        "테헤란로",
        "로",
        "길",
        "동",
        "호",
        "산",
        "번지",
        "주소:",
        "성명:",
        "계좌",
        "은행",
        "여권",
        "M",
        "M123",
        "900101",
        "1234567",
        "1234",
        "12",
        "9",
        "\u{200B}",
        "\u{301}",
        "①",
        "１２",
        "🙂",
        "\u{1100}",
        "\u{1161}",
        "\u{11A8}",
        "\0",
        "[at]",
        "instagram.com/",
        "저는 ",
        "입니다",
        "드림",
        "Mr.",
        "Kim",
        "0x",
        "*",
        "%",
        "é",
        "ﾊﾟ",
    ];
    let mut state = seed;
    (0..n)
        .map(|_| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            PIECES[(state >> 40) as usize % PIECES.len()]
        })
        .collect()
}

#[test]
fn any_text_is_masked_without_a_panic_and_spans_add_up() {
    let maskers = [Style::Token, Style::Surrogate, Style::Partial]
        .map(|style| with(|c| (c.style, c.entities) = (style, EntitySet::every())));
    for seed in 0..6000 {
        let text = jumble(seed, 3 + (seed as usize % 40));
        for masker in &maskers {
            let masked = masker.mask(&text);
            let mut rebuilt = String::new();
            let mut at = 0;
            for span in &masked.spans {
                assert!(span.range.start >= at && span.range.end > span.range.start, "{text:?}");
                rebuilt.push_str(&text[at..span.range.start]);
                rebuilt.push_str(&span.replacement);
                at = span.range.end;
            }
            rebuilt.push_str(&text[at..]);
            assert_eq!(rebuilt, masked.text, "{text:?}");
        }
    }
}

#[test]
fn any_bytes_are_masked_without_a_panic() {
    let masker = masker_default();
    let mut state = 99u64;
    for _ in 0..3000 {
        let bytes: Vec<u8> = (0..60)
            .map(|_| {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                (state >> 50) as u8
            })
            .collect();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        masker.mask(&text);
        let scalars: String = bytes
            .chunks(2)
            .filter_map(|c| char::from_u32(u32::from(c[0]) << 8 | u32::from(*c.last()?)))
            .collect();
        masker.mask(&scalars);
    }
}

#[test]
fn hostile_texts_take_linear_time() {
    let masker = masker_default();
    let pieces = [
        "1-",
        "1",
        "010-1234-",
        "a@",
        "@",
        ":",
        "::",
        "1:",
        "서울 ",
        "서울",
        "김",
        "가동 ",
        "www.",
        "://",
        "(",
        "주소: ",
        "님",
        "a.",
        "로 1 ",
        "name: ",
        "1.1.",
        "1 동 ",
        "\u{301}",
        "우",
        "김민수, ",
        "ab://",
        "www.a",
        "name: 가",
        "x@a.b.",
        "010-1234-5678 ",
        "저는 ",
        "이름: a ",
        "주소: 서울 ",
        "\u{200B}",
        "1\u{FE0F}",
    ];
    for piece in pieces {
        let pace = testing::pace::linear(piece, &mut |text| drop(masker.mask(text)));
        assert!(pace.is_ok(), "{piece:?} repeated to 50 kB and to 200 kB: {pace:?}");
    }
}

#[test]
fn under_the_label_of_a_parcel_only_a_written_mobile_number_is_a_telephone() {
    let masker = masker_default();
    for text in [
        "운송장 번호 0503-4567-8901로 조회해 주세요",
        "운송장번호: 8210-1234-5678",
        "송장 821012345678",
        "등기번호는 031-234-5678입니다",
        "tracking no. 0504-1234-5678",
    ] {
        assert_eq!(masker.mask(text).text, text);
    }
    for (text, want) in [
        ("운송장 010-2345-6789", "운송장 [전화번호]"),
        ("운송장 02-345-6789", "운송장 [전화번호]"),
        ("운송장 전화 0503-4567-8901", "운송장 전화 [전화번호]"),
        ("송장에 적힌 031-234-5678로 걸었어요", "송장에 적힌 [전화번호]로 걸었어요"),
        ("운송장이 없으면 0503-4567-8901로 알려 주세요", "운송장이 없으면 [전화번호]로 알려 주세요"),
        ("연락처 0503-4567-8901, 운송장 0503-4567-8902", "연락처 [전화번호], 운송장 0503-4567-8902"),
    ] {
        assert_eq!(masker.mask(text).text, want);
    }
}

/// Each with a text beside it that looks alike and has to stay.
#[test]
fn what_stands_beside_talk_of_money_is_told_by_its_own_form() {
    let masker = with(|c| {
        c.patterns = vec![Pattern {
            name: "parcel".into(),
            token: "[운송장번호]".into(),
            regex: "[456][0-9]{11}".into(),
        }];
    });
    let cases = [
        ("농협 34526004185749 변민재 앞으로 보내 주세요", "농협 [계좌번호] [이름] 앞으로 보내 주세요"),
        ("운송장 452600418574 확인", "운송장 [운송장번호] 확인"),
        ("예금주는 정가은입니다", "예금주는 [이름]입니다"),
        ("예금주는 정가로 적었습니다", "예금주는 정가로 적었습니다"),
        ("입금자명 구하은으로 보냈어요", "입금자명 [이름]으로 보냈어요"),
        (
            "VIP 기준 금액이 얼마예요 640425-1917079로 조회해 주세요",
            "VIP 기준 금액이 얼마예요 [주민등록번호]로 조회해 주세요",
        ),
        ("주문번호 640425-1917079", "주문번호 640425-1917079"),
        ("법인번호: 1801114096110 포인트 언제 없어지나요", "법인번호: [법인등록번호] 포인트 언제 없어지나요"),
        ("맥 주소: 42-77-69-13-17-17", "맥 주소: [MAC주소]"),
        ("좌표 42-77-69-13-17-17", "좌표 42-77-69-13-17-17"),
        ("오늘부터 3일 앞으로 남았어요", "오늘부터 3일 앞으로 남았어요"),
    ];
    for (text, masked) in cases {
        assert_eq!(masker.mask(text).text, masked);
    }
}
