use super::*;

fn matches(threshold: f64, texts: &[&str]) -> Vec<Option<u32>> {
    let mut index = Index::new(threshold);
    texts
        .iter()
        .enumerate()
        .map(|(row, text)| index.insert_unless_duplicate(row as u32, &Sketch::of(text)).map(|m| m.row))
        .collect()
}

#[test]
fn the_earlier_of_two_equals_wins() {
    let texts = [
        "배송은 보통 2일 걸립니다.",
        "교환은 7일 안에 신청하세요.",
        "배송은  보통 2일 걸립니다!!",
        "배송은 보통 2일 걸립니다",
        "",
        "!!",
    ];
    assert_eq!(matches(0.9, &texts), [None, None, Some(0), Some(0), None, Some(4)]);
}

#[test]
fn near_duplicates_are_found_and_others_are_not() {
    let base = "주문한 상품이 아직 도착하지 않았습니다. 언제쯤 받을 수 있는지 확인해 주시면 감사하겠습니다. 급하게 필요한 물건이라 걱정됩니다.";
    let near = base.replace("걱정됩니다", "걱정되네요");
    let other =
        "주문한 상품이 파손되어 도착했습니다. 사진을 보내 드릴 테니 교환이 되는지 환불이 되는지 알려 주세요.";
    let found = matches(0.8, &[base, &near, other]);
    assert_eq!(found, [None, Some(0), None]);
    assert_eq!(matches(0.999, &[base, &near]), [None, None]);
}

#[test]
fn similarity_is_jaccard_over_grams() {
    // Grams of "abcd": abc bcd abcd; of "abce": abc bce abce. One of five is shared.
    assert!((similarity(&Sketch::of("abcd"), &Sketch::of("abce")) - 0.2).abs() < 1e-12);
    assert_eq!(similarity(&Sketch::of("A B"), &Sketch::of("ab")), 1.0);
    assert_eq!(similarity(&Sketch::of("ab"), &Sketch::of("xy")), 0.0);
}

#[test]
fn growing_keeps_every_row_findable() {
    let text = |i: u32| {
        format!(
            "상품 {i}번의 재고와 배송 날짜를 알고 싶습니다. 번호는 {}이고 색상은 {}입니다",
            i * 7919,
            i % 13
        )
    };
    let mut index = Index::new(0.95);
    let mut kept = Vec::new();
    for i in 0..5000 {
        if index.insert_unless_duplicate(i, &Sketch::of(&text(i))).is_none() {
            kept.push(i);
        }
    }
    assert!(kept.len() > 1000, "{} rows kept", kept.len());
    let lost = kept.iter().filter(|i| index.find_for_test(&Sketch::of(&text(**i))) != Some(**i)).count();
    assert_eq!(lost, 0, "rows that their own text does not find");
}

#[test]
fn clusters_hold_what_is_alike_through_others() {
    let base = "주문한 상품이 아직 도착하지 않았습니다. 언제쯤 받을 수 있는지 확인해 주시면 감사하겠습니다. 급하게 필요한 물건이라 걱정됩니다.";
    let near = base.replace("걱정됩니다", "걱정되네요");
    let far = near.replace("주문한", "지난주에 산");
    let mut clusters = Clusters::new(0.8);
    for text in ["교환하고 싶어요", base, &far, "환불은 언제 되나요?", &near, "교환하고 싶어요!"]
    {
        clusters.push(text);
    }
    // `base` and `far` are not that alike, but `near` is like both.
    assert!(similarity(&Sketch::of(base), &Sketch::of(&far)) < 0.8);
    assert_eq!(clusters.of_rows(), [Some(0), Some(1), Some(1), None, Some(1), Some(0)]);
    assert!(Clusters::new(0.8).of_rows().is_empty());
}

/// Of pairs at a known similarity, the share that the bands find.
#[test]
fn recall_of_pairs_above_the_threshold() {
    let mut state = 3u64;
    let mut next = |n: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % n
    };
    let syllables: Vec<char> = ('가'..='힣').step_by(97).collect();
    let (mut n_pairs, mut n_found) = (0, 0);
    for _ in 0..600 {
        let text: String = (0..120).map(|_| syllables[next(syllables.len())]).collect();
        let mut edited: Vec<char> = text.chars().collect();
        edited[next(120)] = '갛';
        let edited: String = edited.into_iter().collect();
        if similarity(&Sketch::of(&text), &Sketch::of(&edited)) >= 0.9 {
            n_pairs += 1;
            n_found += usize::from(matches(0.9, &[&text, &edited])[1] == Some(0));
        }
    }
    assert!(n_pairs > 400, "{n_pairs} pairs");
    assert!(n_found * 1000 >= n_pairs * 995, "{n_found} of {n_pairs}");
}
