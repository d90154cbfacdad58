//! Words that say what a number or a word beside them is, found in one pass over the view.
//!
//! One finder holds every label, title, region and honorific. Korean particles stick to what
//! precedes them, so a cue has no word boundary on its Korean side; Latin cues need one on both.

use std::sync::LazyLock;

use super::address::regions;
use crate::finder::Finder;

/// What a word says about its neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cue {
    /// A label of a resident number.
    Resident,
    /// A label of a foreigner's number.
    Foreigner,
    /// A label of a corporate number.
    Corporate,
    /// A label of a business number.
    Business,
    /// A label of a driver's licence.
    Licence,
    /// A label of a passport.
    Passport,
    /// A label of a telephone number.
    Phone,
    /// A label of a bank account, or talk of paying into one.
    Account,
    /// A bank's name.
    Bank,
    /// A bank's short name that is also an ordinary word.
    BankWord,
    /// A label of a card.
    Card,
    /// A label of a vehicle.
    Plate,
    /// A label of an IP address.
    Ip,
    /// A label of a version.
    Version,
    /// A label of a number that is nobody's: orders, articles, prices, moments.
    Code,
    /// A label of a parcel's number, which may have the digits of a telephone's.
    Parcel,
    /// A label of a postal code.
    Zip,
    /// A label of an address.
    Address,
    /// A label of a person's name that stands in forms.
    NameField,
    /// A word before which a name often stands, and after which it may: 고객, 과장, 기사.
    Title,
    /// 님, 씨, 군, 양.
    Honorific,
    /// 저는, 제 이름은: a name may follow.
    Intro,
    /// 입니다, 이라고 합니다: a name may precede.
    Copula,
    /// 드림, 올림: a name may precede.
    SignOff,
    /// 앞으로: who is paid or written to may precede.
    Addressee,
    /// An English title or phrase before a name.
    EnglishName,
    /// One of the seventeen provinces and metropolitan cities.
    Province,
    /// A city, county or district.
    District,
    /// `www.`, or a host whose first path part is a person.
    Web,
    /// `@` in words.
    At,
}

/// A cue at a place of the view.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CueAt {
    pub(crate) cue: Cue,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

#[rustfmt::skip]
const WORDS: &[(Cue, &[&str])] = &[
    (Cue::Resident, &["주민등록번호", "주민번호", "주민등록", "주민 등록 번호", "주민 등록번호", "주민 번호", "주민",
        "실명번호", "rrn", "ssn", "resident registration", "resident number"]),
    (Cue::Foreigner, &["외국인등록번호", "외국인등록", "외국인 등록", "외국인번호", "외국인 번호", "거소신고",
        "alien registration", "foreigner registration"]),
    (Cue::Corporate, &["법인등록번호", "법인번호", "법인등록", "법인 등록", "법인 번호", "corporate registration"]),
    (Cue::Business, &["사업자등록번호", "사업자번호", "사업자등록", "사업자 등록", "사업자 번호", "사업자", "business registration",
        "business number", "business no", "brn"]),
    (Cue::Licence, &["운전면허", "면허번호", "면허증", "면허", "driver", "drivers", "driver's", "licence", "license"]),
    (Cue::Passport, &["여권", "passport"]),
    (Cue::Phone, &["전화", "연락처", "연락", "휴대폰", "핸드폰", "휴대전화", "폰번호", "모바일", "팩스", "통화", "문자",
        "유선", "직통", "콜백", "☎", "☏", "📞", "📱", "tel", "phone", "mobile", "fax", "hp", "h.p", "cell", "contact", "call"]),
    (Cue::Account, &["계좌", "입금", "송금", "이체", "통장", "예금주", "환불", "환급", "예금", "account", "a/c", "acct",
        "bank", "deposit", "remit"]),
    (Cue::Bank, &["은행", "카카오뱅크", "카뱅", "토스뱅크", "케이뱅크", "새마을금고", "새마을", "신협", "우체국", "수협",
        "농협", "씨티", "SC제일", "국민", "신한", "뱅크", "저축은행", "iM뱅크"]),
    (Cue::BankWord, &["우리", "하나", "기업", "제일", "산업", "토스", "카카오", "부산", "대구", "광주", "전북", "경남", "제주",
        "kb", "ibk", "nh", "sc", "kdb", "bnk"]),
    (Cue::Card, &["카드", "비자", "마스터", "아멕스", "card", "visa", "mastercard", "amex", "credit", "cc"]),
    (Cue::Plate, &["차량", "차번호", "차 번호", "번호판", "주차", "자동차", "렌터카", "렌트카", "차는", "plate", "vehicle", "car"]),
    (Cue::Ip, &["ip", "아이피", "접속", "ipv4", "ipv6", "ping", "host", "서버", "server"]),
    (Cue::Version, &["버전", "버젼", "펌웨어", "릴리스", "릴리즈", "빌드", "업데이트", "version", "ver", "firmware", "release",
        "build", "sdk", "os", "ios", "android", "chrome", "driver ver", "v."]),
    (Cue::Code, &["주문번호", "주문 번호", "주문no", "주문 no", "주문id", "주문코드", "상품번호", "상품 번호", "상품코드", "상품 코드",
        "상품id", "품번", "품목", "제품번호", "제품 번호", "제품코드", "제품 코드", "모델", "바코드", "일련번호", "일련 번호", "시리얼", "접수번호", "접수 번호", "문의번호", "문의 번호", "예약번호",
        "예약 번호", "쿠폰", "상담번호", "신청번호", "결제번호", "승인번호", "거래번호", "관리번호", "게시글", "게시물", "글번호",
        "기사번호", "문서번호", "사건번호", "민원번호", "참조번호", "고유번호", "공고", "고시", "코드", "티켓", "로트", "제조번호",
        "가격", "금액", "합계", "총액", "조회수", "조회", "수량", "타임스탬프", "회원번호", "고객번호", "사번", "학번", "교환번호",
        "반품번호", "확인번호", "인증번호", "영수증", "전표", "거래id", "포인트", "매출", "판매량", "특허", "재고",
        "order", "order_id", "orderid", "barcode", "ean", "upc", "isbn", "issn", "sku", "serial", "s/n", "model",
        "ticket", "article", "item", "part", "lot", "price", "amount", "total", "timestamp", "ts", "epoch", "unix", "coupon",
        "receipt", "case", "ref", "reference", "product", "asin", "code", "commit", "hash", "time"]),
    (Cue::Parcel, &["송장", "운송장", "등기번호", "택배번호", "배송번호", "추적번호", "tracking", "invoice"]),
    (Cue::Zip, &["우편번호", "우편 번호", "(우)", "우)", "zip", "zipcode", "postal"]),
    (Cue::Address, &["주소", "배송지", "거주지", "소재지", "사는 곳", "도로명", "지번", "받는 곳", "받을 곳", "보낼 곳", "본적", "등본상",
        "수거지", "설치 장소", "address", "addr", "ship to"]),
    (Cue::NameField, &["성명", "성함", "이름", "예금주명", "예금주", "입금자명", "입금자", "입금인", "수령인", "수령자", "수취인", "받는 분", "받는분",
        "받는 사람", "받는사람", "받으시는 분", "받으실 분", "보내는 분", "보내는분", "보내는 사람", "보내는사람", "주문자명",
        "주문자", "주문하신 분", "구매자명", "구매자", "신청인", "신청자명", "신청자", "고객명", "회원명", "담당자명", "담당자",
        "담당", "작성자", "대표자명", "대표자", "명의자", "명의", "계약자", "환자명", "환자", "보호자명", "보호자", "피보험자", "예약자명",
        "예약자", "가입자명", "가입자", "발송인", "발신인", "수신인", "수신자", "문의자", "상담자", "실명", "본인", "배우자", "자녀", "아들", "딸",
        "남편", "아내", "어머니", "아버지", "name", "full name", "customer name", "first name", "last name", "recipient", "sender",
        "depositor", "account holder", "cardholder", "customer", "contact person", "buyer"]),
    (Cue::Title, &["고객", "회원", "선생", "교수", "과장", "대리", "팀장", "부장", "차장", "사원", "주임", "대표", "이사", "실장",
        "본부장", "점장", "매니저", "상담사", "상담원", "기사", "원장", "간호사", "의사", "변호사", "사장", "소장", "지점장", "센터장",
        "조교", "강사", "코치", "작가", "기자", "감독", "수석", "책임", "선임", "계장", "반장", "이장", "어머님", "아버님", "할머니",
        "할아버지", "학생", "환자", "원생", "여사", "박사", "전무", "상무", "부사장", "회장", "팀원", "담임", "주무관", "약사", "판사", "검사", "경위",
        "크루", "엔지니어", "프로", "파트장", "실무관", "사무관", "부서장", "국장", "처장", "총무", "간사",
        "이사장", "사무장", "그룹장", "공장장", "단장", "교장", "총장", "학장"]),
    (Cue::Honorific, &["님", "씨", "귀하", "군", "양"]),
    (Cue::Intro, &["저는", "전 ", "제 이름은", "제이름은", "제 성함은", "본인은", "안녕하세요", "안녕하십니까", "수고하십니다", "수고하세요",
        "수고많으십니다", "여보세요", "반갑습니다", "이름이 ", "이름은 ", "성함이 ", "성함은 ", "저 "]),
    (Cue::Copula, &["입니다", "이에요", "예요", "라고 합니다", "라고합니다", "라고 하는데", "라고 해요", "라고 하고", "라고 하며",
        "인데요", "인데", "이라는", "이고요", "이고 ", "이고,", "이며", "임니다", "입니당", "라고 불러", "라 합니다", "고객입니다"]),
    (Cue::SignOff, &["드림", "올림", "배상", "拜上"]),
    (Cue::Addressee, &["앞으로"]),
    (Cue::EnglishName, &["my name is", "mr.", "mrs.", "ms.", "dr.", "mr", "mrs", "ms", "dr", "i am", "i'm", "this is", "dear", "sincerely", "regards"]),
    (Cue::At, &["[at]", "(at)", "골뱅이"]),
    (Cue::Web, &["www.", "instagram.com/", "facebook.com/", "twitter.com/", "x.com/", "t.me/", "open.kakao.com/", "blog.naver.com/",
        "cafe.naver.com/", "linkedin.com/in/", "github.com/", "tiktok.com/@", "youtube.com/@", "pf.kakao.com/", "threads.net/@"]),
];

/// The words and their meanings.
struct Lexicon {
    finder: Finder,
    cues: Vec<(Cue, bool)>,
}

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let mut patterns: Vec<&str> = Vec::new();
    let mut cues = Vec::new();
    let mut add = |cue: Cue, word: &'static str| {
        let latin_head = word.as_bytes()[0].is_ascii_alphanumeric();
        patterns.push(word);
        cues.push((cue, latin_head));
    };
    for (cue, words) in WORDS {
        words.iter().for_each(|word| add(*cue, word));
    }
    for province in regions::PROVINCES {
        for word in province {
            add(Cue::Province, word);
        }
    }
    for district in regions::districts() {
        add(Cue::District, district);
    }
    Lexicon { finder: Finder::new(&patterns), cues }
});

/// Every cue of the view, ordered by where it ends, then by where it starts.
pub(crate) fn find(text: &str) -> Vec<CueAt> {
    let Lexicon { finder, cues } = &*LEXICON;
    let bytes = text.as_bytes();
    let mut hits: Vec<CueAt> = Vec::with_capacity(text.len() / 12);
    finder.each(text, |word, start, end| {
        let (cue, latin) = cues[word];
        if latin && !is_latin_word(bytes, start, end) {
            return;
        }
        // They come ordered by start, so only cues that a longer one covers are out of place.
        let mut place = hits.len();
        hits.push(CueAt { cue, start, end });
        while place > 0 && hits[place - 1].end > end {
            hits.swap(place - 1, place);
            place -= 1;
        }
    });
    hits
}

/// Whether the Latin cue stands alone, not inside a longer Latin word.
fn is_latin_word(bytes: &[u8], start: usize, end: usize) -> bool {
    let before = start == 0 || !bytes[start - 1].is_ascii_alphabetic();
    let after =
        !bytes[end - 1].is_ascii_alphabetic() || bytes.get(end).is_none_or(|b| !b.is_ascii_alphabetic());
    before && after
}

/// The cues of a view, asked by place.
#[derive(Debug, Default)]
pub(crate) struct Cues {
    hits: Vec<CueAt>,
}

impl Cues {
    /// The cues of the view.
    pub(crate) fn of(text: &str) -> Self {
        Self { hits: find(text) }
    }

    /// All cues, ordered by end.
    pub(crate) fn all(&self) -> &[CueAt] {
        &self.hits
    }

    /// Cues that end in `from..=to`, nearest to `to` first.
    pub(crate) fn ending_in(&self, from: usize, to: usize) -> impl Iterator<Item = &CueAt> {
        let after = self.hits.partition_point(|h| h.end <= to);
        self.hits[..after].iter().rev().take_while(move |h| h.end >= from)
    }

    /// Cues that start in `from..to`.
    pub(crate) fn starting_in(&self, from: usize, to: usize) -> impl Iterator<Item = &CueAt> {
        let first = self.hits.partition_point(|h| h.end <= from);
        self.hits[first..]
            .iter()
            .take_while(move |h| h.start < to + 64)
            .filter(move |h| h.start >= from && h.start < to)
    }
}
