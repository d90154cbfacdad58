//! Texts that hold nothing personal and look as if they did.

use super::random::Draw;

/// Texts that look like any of the kinds: order and tracking numbers, prices, times, bar codes, versions.
pub fn common(n: usize, seed: u64) -> Vec<String> {
    let mut draw = Draw::new(seed);
    (0..n).map(|_| one_common(&mut draw)).collect()
}

fn one_common(draw: &mut Draw) -> String {
    let day = format!("20{:02}-{:02}-{:02}", draw.within(18, 26), draw.within(1, 12), draw.within(1, 28));
    let dotted = day.replace('-', ".");
    match draw.within(0, 23) {
        0 => format!("주문번호 {}-{}를 취소해 주세요", day.replace('-', ""), draw.digits(7)),
        1 => format!("주문번호: {} 배송 언제 되나요?", draw.digits(14)),
        2 => format!("운송장 {}번이 조회되지 않아요", draw.digits(12)),
        3 => format!("가격이 {},{},{}원에서 내렸나요?", draw.digits(1), draw.serial(3), draw.serial(3)),
        4 => format!(
            "{day} {:02}:{:02}:{:02}에 결제했습니다",
            draw.within(0, 23),
            draw.within(0, 59),
            draw.within(0, 59)
        ),
        5 => format!("바코드 880{}{} 상품 재입고 되나요", draw.serial(5), draw.serial(5)),
        6 => format!(
            "버전 {}.{}.{}로 올렸더니 안 열려요",
            draw.within(1, 9),
            draw.within(0, 20),
            draw.within(0, 99)
        ),
        7 => format!("ISBN 978-89-{}-{}-{} 책 있나요?", draw.digits(4), draw.serial(3), draw.within(0, 9)),
        8 => format!("{dotted} ~ {dotted} 행사 상품인가요?"),
        9 => format!("모델명 SM-{}N{} 케이스 찾습니다", draw.pick(&["G", "A", "S"]), draw.digits(3)),
        10 => format!("대표번호 1588-{}로 걸었는데 안 받아요", draw.serial(4)),
        11 => format!("고객센터 1644-{} 상담 시간이 궁금합니다", draw.serial(4)),
        12 => format!(
            "제{}조 제{}항에 따라 {}일 안에 환불되나요",
            draw.within(1, 99),
            draw.within(1, 9),
            draw.within(1, 30)
        ),
        13 => format!(
            "{}x{}x{}cm 상자에 들어가나요",
            draw.within(10, 99),
            draw.within(10, 99),
            draw.within(10, 99)
        ),
        14 => format!("포인트 {}점이 {}점으로 줄었어요", draw.digits(5), draw.digits(4)),
        15 => format!(
            "상품코드 {}-{}-{} 색상 바꿀 수 있나요",
            draw.pick(&["AB", "KR", "TS"]),
            draw.digits(5),
            draw.serial(3)
        ),
        16 => format!(
            "{}년 {}월 {}일에 샀고 {}일 지났습니다",
            draw.within(2018, 2026),
            draw.within(1, 12),
            draw.within(1, 28),
            draw.within(1, 90)
        ),
        17 => format!(
            "용량 {}GB, 무게 {}.{}kg 맞나요?",
            draw.within(16, 1024),
            draw.within(0, 9),
            draw.within(1, 9)
        ),
        18 => format!(
            "쿠폰 번호 {}{}{}가 안 먹혀요",
            draw.pick(&["WELCOME", "SPRING", "VIP"]),
            draw.digits(4),
            draw.pick(&["KR", "X"])
        ),
        19 => format!(
            "할인율 {}.{}%에 {}개 사면 얼마예요",
            draw.within(1, 50),
            draw.within(0, 9),
            draw.within(2, 300)
        ),
        20 => format!(
            "사이즈 {}-{}-{} 중에 고민입니다",
            draw.within(80, 99),
            draw.within(60, 79),
            draw.within(80, 99)
        ),
        21 => format!("영업시간이 {:02}:00-{:02}:30 맞나요", draw.within(6, 11), draw.within(17, 22)),
        22 => format!(
            "시리얼 {}{}{} 등록이 안 됩니다",
            draw.pick(&["SN", "KX"]),
            draw.digits(4),
            draw.pick(&["Q", "W"])
        ),
        _ => format!("문의번호 #{} 답변 언제 오나요?", draw.digits(6)),
    }
}

/// Texts that look like one kind in particular.
pub fn particular(kind: &str, n: usize, seed: u64) -> Vec<String> {
    let mut draw = Draw::new(seed);
    (0..n).map(|_| one_particular(kind, &mut draw)).collect()
}

fn one_particular(kind: &str, draw: &mut Draw) -> String {
    match kind {
        "resident" | "foreigner" => match draw.within(0, 3) {
            0 => format!("관리번호 {}-{} 제품입니다", draw.digits(5), draw.digits(7)),
            1 => format!(
                "품번 {:02}{:02}{:02}-{} 있나요",
                draw.within(10, 99),
                draw.within(13, 99),
                draw.within(32, 99),
                draw.digits(7)
            ),
            2 => format!(
                "송장 {:02}{:02}{:02}-{}",
                draw.within(10, 99),
                draw.within(13, 99),
                draw.within(32, 99),
                draw.digits(6)
            ),
            _ => format!("예약번호 {}-{}-{}", draw.digits(3), draw.digits(6), draw.digits(4)),
        },
        "business" => format!("부품 {}-{}-{} 주문합니다", draw.digits(3), draw.digits(3), draw.digits(5)),
        "licence" => format!(
            "구간 {}-{:02}-{}-{} 도면",
            draw.within(30, 99),
            draw.within(0, 25),
            draw.serial(6),
            draw.serial(2)
        ),
        "passport" => format!("모델 {}{} 재고 있나요", draw.pick(&["M", "S", "R"]), draw.serial(8)),
        "phone" => match draw.within(0, 4) {
            0 => format!(
                "{}-{}-{} 번 부품",
                draw.digits(3).replace(['0'], "1"),
                draw.digits(3),
                draw.digits(3)
            ),
            1 => format!("대표전화 15{}-{}", draw.pick(&["44", "66", "77", "88", "99"]), draw.serial(4)),
            2 => {
                format!("2{}.{:02}.{:02} 입고분", draw.within(18, 26), draw.within(1, 12), draw.within(1, 28))
            }
            3 => format!("배송비 0{}원 이벤트 {}명 당첨", draw.within(0, 9), draw.within(100, 9999)),
            _ => format!("옵션 010{} 재질 {}", draw.pick(&["A", "B"]), draw.digits(4)),
        },
        "account" => format!("상품 {}-{}-{} 문의합니다", draw.digits(3), draw.digits(3), draw.digits(6)),
        "card" => {
            // Sixteen digits whose check digit is wrong.
            let body = draw.digits(15);
            let sum: u32 = body
                .chars()
                .rev()
                .enumerate()
                .map(|(i, c)| {
                    let d = c.to_digit(10).unwrap_or(0) * if i % 2 == 0 { 2 } else { 1 };
                    d / 10 + d % 10
                })
                .sum();
            format!("일련번호 {body}{} 확인", (10 - sum % 10 + 1) % 10)
        }
        "address" => match draw.within(0, 6) {
            0 => format!("{}호선 {}번 출구에서 가까운가요", draw.within(1, 9), draw.within(1, 12)),
            1 => format!("서울 {}개 매장 중 어디에 있나요", draw.within(2, 40)),
            2 => format!("제주도 추가 배송비 {}원인가요", draw.digits(4)),
            3 => "경기도 지역도 새벽 배송 되나요".to_string(),
            4 => format!("부산까지 {}일 걸리나요", draw.within(1, 9)),
            5 => format!("활동 {}회 후기로 {}점 받았어요", draw.within(1, 99), draw.within(10, 900)),
            _ => format!("앞으로 {}일 안에 새로 {}개 들어오나요", draw.within(1, 9), draw.within(10, 99)),
        },
        "email" => match draw.within(0, 2) {
            0 => format!("인스타 \u{40}{} 보고 왔어요", draw.pick(&["moru_shop", "daily.cup", "hello"])),
            1 => format!("{}개 \u{40} {}원", draw.within(1, 9), draw.digits(4)),
            _ => format!("단가 {}원\u{40}개당", draw.digits(4)),
        },
        "ip" => match draw.within(0, 1) {
            0 => format!(
                "앱 버전 {}.{}.{}.{} 오류",
                draw.within(1, 9),
                draw.within(0, 9),
                draw.within(0, 9),
                draw.within(300, 999)
            ),
            _ => format!(
                "{}.{}.{} 날짜에 주문",
                draw.within(2018, 2026),
                draw.within(1, 12),
                draw.within(1, 28)
            ),
        },
        "mac" => format!(
            "시간 {:02}:{:02}:{:02} 에 {:02}:{:02} 까지",
            draw.within(0, 23),
            draw.within(0, 59),
            draw.within(0, 59),
            draw.within(0, 23),
            draw.within(0, 59)
        ),
        "plate" => match draw.within(0, 2) {
            0 => format!("{}개 {}원", draw.within(10, 99), draw.digits(4)),
            1 => format!("{}월 {}일 {}시", draw.within(1, 12), draw.within(1, 28), draw.within(1, 12)),
            _ => format!("{}번 {}호 자리", draw.within(10, 99), draw.digits(3)),
        },
        "name" => one_name(draw),
        _ => panic!("no such kind: {kind}"),
    }
}

fn one_name(draw: &mut Draw) -> String {
    let address = draw.pick(&[
        "고객",
        "회원",
        "담당자",
        "판매자",
        "사장",
        "기사",
        "선생",
        "상담사",
        "점장",
        "매니저",
        "이웃",
        "어머",
        "부모",
        "배송 기사",
        "구매자",
        "주문자",
    ]);
    match draw.within(0, 11) {
        0 => format!("{address}님 답변 부탁드려요"),
        1 => format!(
            "{} 주문한 상품이요",
            draw.pick(&["이번에", "정말로", "조금씩", "최근에", "전부", "한번에", "방금"])
        ),
        2 => format!(
            "{} 재고 있나요?",
            draw.pick(&[
                "김치",
                "박스",
                "정장",
                "최고급",
                "장갑",
                "조명",
                "한우",
                "오징어",
                "신발",
                "안경",
                "송편",
                "전기장판",
                "고등어",
                "문구",
                "양말",
                "손수건",
                "배추",
                "백팩",
                "남방",
                "노트북",
                "하드케이스",
                "성인용 양말",
                "차량용품",
                "주방용품",
                "우산",
                "구두",
                "유리컵",
                "나무도마",
                "지갑",
                "원피스",
                "방석"
            ])
        ),
        3 => format!("이름: {}", draw.pick(&["없음", "미기재", "동일", "본인", "익명", "비공개"])),
        4 => format!("입금자: {}", draw.pick(&["본인", "동일", "주문자와 동일"])),
        5 => format!(
            "저는 {}입니다.",
            draw.pick(&[
                "학생",
                "주부",
                "직장인",
                "신규 회원",
                "한국인",
                "오랜 단골",
                "처음",
                "우수 회원",
                "대학생",
                "고등학생"
            ])
        ),
        6 => format!("받는 분: {}", draw.pick(&["경비실", "주문자와 동일", "집 앞", "문 앞", "사무실"])),
        7 => format!("{} 고객센터 연결이 안 돼요", draw.pick(&["이용자", "해외", "서울", "전국", "본사"])),
        8 => format!("{} 씨앗도 파나요?", draw.pick(&["상추", "해바라기", "고추", "오이", "나팔꽃"])),
        9 => format!(
            "{} 고객님 혜택이 뭔가요",
            draw.pick(&["신규", "우수", "모든", "해외", "기존", "최우수", "단골", "정기 배송"])
        ),
        10 => format!("제 이름은 {} 안 나오나요?", draw.pick(&["왜", "아직", "송장에"])),
        _ => format!("{}님들 후기가 좋네요", draw.pick(&["구매자", "회원", "고객", "이웃"])),
    }
}
