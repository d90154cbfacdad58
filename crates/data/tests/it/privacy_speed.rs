//! How fast masking and sweeping are, on support text of our own. Run with
//! `cargo test --release -p data --test it -- --ignored --nocapture privacy_speed`.

use std::time::Instant;

use data::privacy::{Entity, KnownValues, MaskConfig, Masker, Secret, Sweep};

/// Inquiries of some 400 bytes, of which every other one holds personal data.
fn rows(n: usize) -> Vec<String> {
    const TALK: [&str; 6] = [
        "안녕하세요. 지난주에 주문한 무선 청소기가 아직 도착하지 않아서 문의드립니다. 배송 조회를 해 보니 물류센터에서 사흘째 움직이지 않네요.",
        "상품을 받아 보니 박스가 찢어져 있고 구성품 하나가 빠져 있습니다. 교환이 가능한지, 가능하다면 회수는 어떻게 진행되는지 알려 주세요.",
        "환불 신청을 했는데 카드 취소가 되지 않았습니다. 영업일 기준으로 며칠이나 걸리는지 궁금합니다. 결제 금액은 129,000원입니다.",
        "회원 등급이 지난달보다 내려갔는데 이유를 알 수 있을까요? 구매 금액은 오히려 늘었습니다. 쿠폰도 사라졌어요 ㅠㅠ",
        "Hi, I would like to change the delivery address of my order. It was placed on 2024-03-15 at 14:30 and has not shipped yet.",
        "주문번호 20240315-0012345 건입니다. 2024.03.15에 결제했고 버전 1.2.3 앱에서 주문했습니다. 답변 부탁드립니다.",
    ];
    const DATA: [&str; 5] = [
        "제 연락처는 010-2345-6789이고 이메일은 hong@example.com입니다.",
        "받는 분: 김민수, 주소: 서울특별시 강남구 테헤란로 152, 101동 1203호로 바꿔 주세요.",
        "환불 계좌는 신한은행 110-234-567890 예금주 이서연입니다.",
        "김하늘 고객님 앞으로 온 02-123-4567 전화를 못 받았습니다.",
        "차량번호 12가 3456으로 방문 예정입니다.",
    ];
    (0..n)
        .map(|i| {
            let talk = format!("{} {}", TALK[i % 6], TALK[(i / 6 + 1) % 6]);
            if i % 2 == 0 { talk } else { format!("{talk} {}", DATA[i / 2 % 5]) }
        })
        .collect()
}

#[test]
#[ignore = "a measurement, not a check"]
fn megabytes_a_second_on_one_core() {
    let rows = rows(20_000);
    let bytes: usize = rows.iter().map(String::len).sum();
    let masker = Masker::new(MaskConfig::default()).unwrap();
    let secret = Secret::new(b"speed");
    let mut known = KnownValues::new(&secret);
    for i in 0..100_000 {
        known.add_typed(&format!("r#{i}"), Entity::Mobile, &format!("010-{:04}-{:04}", i / 9, i % 9973));
        known.add_typed(&format!("r#{i}"), Entity::Email, &format!("user{i}@example.org"));
    }
    let sweep = Sweep::new(&known, &[]);
    for _ in 0..4 {
        let start = Instant::now();
        let spans: usize = rows.iter().map(|r| masker.mask(r).spans.len()).sum();
        let mask = bytes as f64 / 1e6 / start.elapsed().as_secs_f64();
        let start = Instant::now();
        let hits: usize = rows.iter().map(|r| sweep.check(r, Some("r#1")).hits.len()).sum();
        let swept = bytes as f64 / 1e6 / start.elapsed().as_secs_f64();
        println!(
            "mask {mask:.0} MB/s ({spans} spans), sweep {swept:.0} MB/s ({hits} hits), {} bytes a row",
            bytes / rows.len()
        );
    }
}
