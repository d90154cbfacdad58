//! The administrative divisions of Korea: seventeen provinces and metropolitan cities, and their
//! cities, counties and districts, by name. Facts of public law, as of 2024.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use crate::words::WordSet;

/// Each province or metropolitan city with the forms in use, the longest first.
#[rustfmt::skip]
pub(crate) const PROVINCES: [&[&str]; 17] = [
    &["서울특별시", "서울시", "서울"],
    &["부산광역시", "부산시", "부산"],
    &["대구광역시", "대구시", "대구"],
    &["인천광역시", "인천시", "인천"],
    &["광주광역시", "광주시", "광주"],
    &["대전광역시", "대전시", "대전"],
    &["울산광역시", "울산시", "울산"],
    &["세종특별자치시", "세종시", "세종"],
    &["경기도", "경기"],
    &["강원특별자치도", "강원도", "강원"],
    &["충청북도", "충북도", "충북"],
    &["충청남도", "충남도", "충남"],
    &["전북특별자치도", "전라북도", "전북도", "전북"],
    &["전라남도", "전남도", "전남"],
    &["경상북도", "경북도", "경북"],
    &["경상남도", "경남도", "경남"],
    &["제주특별자치도", "제주도", "제주"],
];

/// Cities, counties and districts; a district of a city that has districts stands for itself.
#[rustfmt::skip]
const DISTRICTS: [&str; 17] = [
    "종로구 중구 용산구 성동구 광진구 동대문구 중랑구 성북구 강북구 도봉구 노원구 은평구 서대문구 마포구 양천구 강서구 구로구 금천구 영등포구 동작구 관악구 서초구 강남구 송파구 강동구",
    "중구 서구 동구 영도구 부산진구 동래구 남구 북구 해운대구 사하구 금정구 강서구 연제구 수영구 사상구 기장군",
    "중구 동구 서구 남구 북구 수성구 달서구 달성군 군위군",
    "중구 동구 미추홀구 연수구 남동구 부평구 계양구 서구 강화군 옹진군",
    "동구 서구 남구 북구 광산구",
    "동구 중구 서구 유성구 대덕구",
    "중구 남구 동구 북구 울주군",
    "",
    "수원시 장안구 권선구 팔달구 영통구 성남시 수정구 중원구 분당구 의정부시 안양시 만안구 동안구 부천시 원미구 소사구 오정구 광명시 평택시 동두천시 안산시 상록구 단원구 고양시 덕양구 일산동구 일산서구 과천시 구리시 남양주시 오산시 시흥시 군포시 의왕시 하남시 용인시 처인구 기흥구 수지구 파주시 이천시 안성시 김포시 화성시 광주시 양주시 포천시 여주시 연천군 가평군 양평군",
    "춘천시 원주시 강릉시 동해시 태백시 속초시 삼척시 홍천군 횡성군 영월군 평창군 정선군 철원군 화천군 양구군 인제군 고성군 양양군",
    "청주시 상당구 서원구 흥덕구 청원구 충주시 제천시 보은군 옥천군 영동군 증평군 진천군 괴산군 음성군 단양군",
    "천안시 동남구 서북구 공주시 보령시 아산시 서산시 논산시 계룡시 당진시 금산군 부여군 서천군 청양군 홍성군 예산군 태안군",
    "전주시 완산구 덕진구 군산시 익산시 정읍시 남원시 김제시 완주군 진안군 무주군 장수군 임실군 순창군 고창군 부안군",
    "목포시 여수시 순천시 나주시 광양시 담양군 곡성군 구례군 고흥군 보성군 화순군 장흥군 강진군 해남군 영암군 무안군 함평군 영광군 장성군 완도군 진도군 신안군",
    "포항시 남구 북구 경주시 김천시 안동시 구미시 영주시 영천시 상주시 문경시 경산시 의성군 청송군 영양군 영덕군 청도군 고령군 성주군 칠곡군 예천군 봉화군 울진군 울릉군",
    "창원시 의창구 성산구 마산합포구 마산회원구 진해구 진주시 통영시 사천시 김해시 밀양시 거제시 양산시 의령군 함안군 창녕군 고성군 남해군 하동군 산청군 함양군 거창군 합천군",
    "제주시 서귀포시",
];

static NAMES: LazyLock<WordSet> = LazyLock::new(|| WordSet::new(districts()));

/// Names without 시, 군 or 구, of two syllables or more: 수원, 강남.
static STEMS: LazyLock<WordSet> = LazyLock::new(|| {
    let stem = |name: &'static str| {
        let end = name.char_indices().next_back().map_or(0, |(i, _)| i);
        name.get(..end).filter(|s| s.chars().count() >= 2)
    };
    WordSet::new(districts().into_iter().filter_map(stem))
});

/// Every district once, in a fixed order.
pub(crate) fn districts() -> BTreeSet<&'static str> {
    DISTRICTS.iter().flat_map(|d| d.split_whitespace()).collect()
}

/// Whether a word is a city, county or district.
pub(crate) fn is_district(word: &str) -> bool {
    NAMES.contains(word)
}

/// Whether a word is one without its last syllable.
pub(crate) fn is_district_stem(word: &str) -> bool {
    STEMS.contains(word)
}

/// The province name that a text starts with, the longest form.
pub(crate) fn province_at(text: &str) -> Option<&'static str> {
    if !text.starts_with(['서', '부', '대', '인', '광', '울', '세', '경', '강', '충', '전', '제'])
    {
        return None;
    }
    PROVINCES
        .iter()
        .flat_map(|forms| forms.iter())
        .copied()
        .filter(|f| text.starts_with(f))
        .max_by_key(|f| f.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_whole() {
        let total: usize = DISTRICTS.iter().map(|d| d.split_whitespace().count()).sum();
        // 226 local governments and the two of Jeju, and 36 districts of eleven cities.
        assert!((250..=268).contains(&total), "{total}");
        assert!(is_district("강남구") && is_district("울릉군") && is_district("서귀포시"));
        assert!(is_district_stem("수원") && !is_district_stem("중"));
        assert_eq!(province_at("서울특별시 강남구"), Some("서울특별시"));
        assert_eq!(province_at("경남 창원"), Some("경남"));
        for form in PROVINCES.into_iter().flatten() {
            assert_eq!(province_at(form), Some(*form));
        }
    }
}
