//! The sweep: known values are found however they are written, and words are not taken for names.

use data::privacy::{Entity, KnownValues, MaskConfig, Masker, PrivacyError, Secret, Style, Sweep};

fn known() -> KnownValues {
    let secret = Secret::new(b"project 42");
    let mut known = KnownValues::new(&secret);
    known.add_typed("inquiries#1", Entity::Person, "김민수");
    known.add_typed("inquiries#1", Entity::Mobile, "010-2345-6789");
    known.add_typed("inquiries#1", Entity::Email, "minsu.kim@example.com");
    known.add_typed("inquiries#1", Entity::Address, "서울시 강남구 테헤란로 152, 101동 1203호");
    known.add_typed("inquiries#2", Entity::Person, "이수");
    known.add_typed("inquiries#2", Entity::Personal, "A12B3");
    known.add_typed("inquiries#3", Entity::Person, "없음");
    known.add_typed("inquiries#3", Entity::Resident, "900101-1234568");
    known
}

fn hits(text: &str, row: Option<&str>) -> Vec<Entity> {
    Sweep::new(&known(), &[]).check(text, row).hits.into_iter().map(|h| h.entity).collect()
}

#[test]
fn long_values_are_found_in_any_writing() {
    let cases = [
        ("010-2345-6789", Entity::Mobile),
        ("01023456789로", Entity::Mobile),
        ("０１０ ２３４５ ６７８９", Entity::Mobile),
        ("+82 10-2345-6789", Entity::Mobile),
        ("+821023456789", Entity::Mobile),
        ("010.2345\n6789입니다", Entity::Mobile),
        ("MINSU.KIM@EXAMPLE.COM으로", Entity::Email),
        ("서울시 강남구 테헤란로 152 101동 1203호로", Entity::Address),
        ("테헤란로152, 101동 1203호에", Entity::Address),
        ("9001011234568", Entity::Resident),
    ];
    for (text, entity) in cases {
        assert_eq!(hits(&format!("답변: {text} 보냅니다"), None), [entity], "{text}");
        assert_eq!(hits(text, Some("inquiries#9")), [entity], "{text}");
    }
}

#[test]
fn pieces_of_longer_numbers_are_no_hits() {
    for text in ["90102345678912", "1010-2345-67890", "010,2345,6789원", "010-2345-678", "0102345\n\n6789"] {
        assert_eq!(hits(text, None), [], "{text}");
    }
}

#[test]
fn short_values_and_names_belong_to_their_row_or_a_context() {
    assert_eq!(hits("김민수가 주문한 상품", Some("inquiries#1")), [Entity::Person]);
    assert_eq!(hits("김민수가 주문한 상품", Some("inquiries#2")), []);
    assert_eq!(hits("김민수님, 안녕하세요", Some("inquiries#2")), [Entity::Person]);
    assert_eq!(hits("성명: 김민수", None), [Entity::Person]);
    assert_eq!(hits("과정을 이수하고", Some("inquiries#2")), []);
    assert_eq!(hits("과정을 이수한 이수 고객님", None), [Entity::Person]);
    assert_eq!(hits("코드 A12B3", Some("inquiries#2")), [Entity::Personal]);
    assert_eq!(hits("코드 A12B3", Some("inquiries#1")), []);
    assert_eq!(hits("성명: 없음", Some("inquiries#3")), []);
}

#[test]
fn a_hit_names_place_and_shape_only() {
    let text = "문의 010-2345-6789 끝";
    let swept = Sweep::new(&known(), &[]).check(text, None);
    let hit = &swept.hits[0];
    assert_eq!(&text[hit.range.clone()], "010-2345-6789");
    assert_eq!(hit.shape, "999-9999-9999");
    assert!(!format!("{swept:?}").contains("2345"));
    let swept = Sweep::new(&known(), &["010 2345 6789".to_owned()]).check(text, None);
    assert!(swept.hits.is_empty());
    assert_eq!(swept.exempt, 1);
}

#[test]
fn what_was_masked_is_known_and_what_was_written_is_clean() {
    let rows = [
        ("a#1", "김민수입니다. 010-1111-2222로 연락 주세요. 서울시 강남구 테헤란로 152 101동 1203호"),
        ("a#2", "예금주 박서연, 국민은행 123456-01-123456, 이메일 seoyeon@example.com"),
        ("a#3", "주민번호 900101-1234568, 카드 4111-1111-1111-1111, 차량번호 12가 3456"),
    ];
    for style in [Style::Token, Style::Surrogate, Style::Partial] {
        let secret = Secret::new(b"s");
        let masker =
            Masker::new(MaskConfig { style, secret: secret.clone(), ..MaskConfig::default() }).unwrap();
        let mut known = KnownValues::new(&secret);
        let masked: Vec<_> = rows.iter().map(|(row, text)| (row, masker.mask(text))).collect();
        for ((row, text), (_, m)) in rows.iter().zip(&masked) {
            assert!(m.spans.len() >= 3, "{}", m.text);
            known.observe(row, text, m);
        }
        let sweep = Sweep::new(&known, &[]);
        for (row, m) in &masked {
            assert_eq!(sweep.check(&m.text, Some(row)).hits, [], "{style:?}: {}", m.text);
        }
        for (row, text) in rows {
            assert!(sweep.check(text, Some(row)).hits.len() >= 3, "{style:?}: {text}");
        }
    }
}

#[test]
fn a_store_is_private_whole_and_of_one_secret() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("known.bin");
    let known = known();
    known.save(&path).unwrap();
    known.save(&path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let plain = ["01023456789", "김민수", "minsukim", "테헤란로"];
    assert!(!plain.iter().any(|p| bytes.windows(p.len()).any(|w| w == p.as_bytes())));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let again = KnownValues::load(&path, &Secret::new(b"project 42")).unwrap();
    assert_eq!((again.len(), again.ignored()), (known.len(), known.ignored()));
    assert_eq!(Sweep::new(&again, &[]).check("010-2345-6789", None).hits.len(), 1);
    let other = KnownValues::load(&path, &Secret::new(b"project 43"));
    assert!(matches!(other, Err(PrivacyError::OtherSecret { .. })));
    for cut in [0, 7, 20, bytes.len() - 1] {
        let short = folder.path().join("short.bin");
        let mut file = std::fs::File::create(&short).unwrap();
        std::io::Write::write_all(&mut file, &bytes[..cut]).unwrap();
        let read = KnownValues::load(&short, &Secret::new(b"project 42"));
        assert!(matches!(read, Err(PrivacyError::BadStore { .. })), "{cut}");
    }
}

#[test]
fn threads_merge_to_the_same_store() {
    let secret = Secret::new(b"x");
    let folder = tempfile::tempdir().unwrap();
    let make = |order: &[usize], file: &str| {
        let mut all = KnownValues::new(&secret);
        for &i in order {
            let mut part = KnownValues::new(&secret);
            part.add_typed(&format!("r#{i}"), Entity::Mobile, &format!("010-{i:04}-5678"));
            part.add_typed(&format!("r#{i}"), Entity::Person, ["김가은", "박나라", "이도윤"][i % 3]);
            all.merge(part);
        }
        let path = folder.path().join(file);
        all.save(&path).unwrap();
        std::fs::read(path).unwrap()
    };
    assert_eq!(make(&[1, 2, 3, 4], "a"), make(&[4, 3, 2, 1], "b"));
}
