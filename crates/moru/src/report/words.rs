//! Korean and English: each phrase stands in both languages where it is used; names that come as codes
//! are spelled out here.

use eval::report::{Book, Evaluation, Language, Slice, SystemRole};

use super::html::esc;

/// The language of a page.
#[derive(Clone, Copy)]
pub(super) struct Words(pub(super) Language);

/// Code, Korean, English.
type Name = (&'static str, &'static str, &'static str);

const ENTITIES: [Name; 26] = [
    ("resident", "주민등록번호", "Resident number"),
    ("foreigner", "외국인등록번호", "Foreigner number"),
    ("corporate", "법인등록번호", "Corporate number"),
    ("business", "사업자등록번호", "Business number"),
    ("driver_licence", "운전면허번호", "Driver’s licence"),
    ("passport", "여권번호", "Passport"),
    ("mobile", "휴대전화", "Mobile phone"),
    ("landline", "유선전화", "Landline"),
    ("voip", "인터넷전화", "Internet phone"),
    ("safe_number", "안심번호", "Safe number"),
    ("toll_free", "수신자 부담 전화", "Toll-free number"),
    ("representative", "대표번호", "Company number"),
    ("foreign_phone", "해외 전화", "Foreign phone"),
    ("phone", "전화번호", "Phone"),
    ("account", "계좌번호", "Bank account"),
    ("card", "카드번호", "Card"),
    ("address", "주소", "Address"),
    ("email", "이메일", "E-mail"),
    ("url", "URL", "URL"),
    ("ip", "IP 주소", "IP address"),
    ("mac", "MAC 주소", "MAC address"),
    ("plate", "차량번호", "Vehicle plate"),
    ("person", "이름", "Person name"),
    ("pattern", "레시피 패턴", "Recipe pattern"),
    ("personal", "개인정보 열", "Personal column"),
    ("order", "주문번호", "Order number"),
];

const REASONS: [Name; 39] = [
    ("too_short", "너무 짧음", "Too short"),
    ("too_long", "너무 긺", "Too long"),
    ("older_edition", "규정의 옛 판", "Older edition of a rule"),
    ("wrong_language", "다른 언어", "Other language"),
    ("question_missing", "질문 없음", "No question"),
    ("not_a_question", "질문이 아님", "Not a question"),
    ("answer_missing", "답변 없음", "No answer"),
    ("answer_deferred", "답변 보류(“확인 후 연락”)", "Answer put off"),
    ("advertisement", "광고", "Advertisement"),
    ("duplicate", "중복", "Duplicate"),
    ("exact_duplicate", "완전 중복", "Exact duplicate"),
    ("near_duplicate", "유사 중복", "Near duplicate"),
    ("bad_row", "깨진 행", "Damaged row"),
    ("ragged_row", "열 수가 다름", "Other number of columns"),
    ("row_too_long", "행이 너무 긺", "Row too long"),
    ("bad_quotes", "따옴표가 어긋남", "Broken quotes"),
    ("bad_encoding", "글자가 깨짐", "Broken encoding"),
    ("bad_json", "JSON이 아님", "Not JSON"),
    ("bad_cell", "읽을 수 없는 칸", "Unreadable cell"),
    ("no_key", "키가 없음", "No key"),
    ("not_a_conversation", "대화 형식이 아님", "Not a conversation"),
    ("no_turn", "턴이 없음", "No turn"),
    ("empty_turn", "빈 턴", "Empty turn"),
    ("result_without_call", "호출 없는 도구 결과", "Tool result without a call"),
    ("bad_call", "깨진 도구 호출", "Broken call"),
    ("over_long", "컨텍스트 초과", "Over the context"),
    ("nothing_trained", "배울 답변이 없음", "Nothing to learn"),
    ("dropped", "제외", "Dropped"),
    ("cut", "답변만 남김", "Cut to the answer"),
    ("split", "나눔", "Split"),
    ("shortened", "줄임", "Shortened"),
    ("refusal", "답하기를 거절", "Refused to answer"),
    ("content_filter", "엔드포인트가 걸러 냄", "Filtered by the endpoint"),
    ("empty", "빈 답", "Empty answer"),
    ("cut_off", "잘린 답", "Cut off"),
    ("no_json", "JSON이 아닌 답", "Answer without JSON"),
    ("form", "형식에 맞지 않는 답", "Answer of another form"),
    ("refused", "엔드포인트가 요청을 거절", "Request refused by the endpoint"),
    ("not_answered", "답이 오지 않음", "Not answered"),
];

const RULES: [Name; 9] = [
    ("greetings", "인사말", "Greetings"),
    ("closings", "맺음말", "Closings"),
    ("over-polite", "과도한 존대", "Over-polite phrases"),
    ("signatures", "서명", "Signatures"),
    ("quotes", "인용된 이전 글", "Quoted earlier mail"),
    ("markup", "HTML 찌꺼기", "Markup"),
    ("characters", "글자 정리", "Characters"),
    ("repeats", "되풀이(ㅋㅋㅋ, !!!)", "Repeats"),
    ("custom", "레시피 규칙", "Rules of the recipe"),
];

const KEPT: [Name; 4] = [
    ("public source", "공개 출처", "Public source"),
    ("keep list", "유지 목록", "Keep list"),
    ("representative number", "회사 대표번호", "A company’s number"),
    ("by recipe", "레시피에 따라", "By recipe"),
];

const MEASURES: [Name; 7] = [
    (KEY_FACTS, "핵심 사실", "Key facts"),
    ("exact", "완전 일치", "Exact match"),
    ("accuracy", "정확도", "Accuracy"),
    ("macro_f1", "매크로 F1", "Macro F1"),
    ("refusal-f1", "거절 F1", "Refusal F1"),
    ("refusal-precision", "거절 정밀도", "Refusal precision"),
    ("refusal-recall", "거절 재현율", "Refusal recall"),
];

/// The measure whose reference is a list of facts, not an answer.
pub(super) const KEY_FACTS: &str = "key facts";

const LENGTHS: [Name; 5] = [
    ("prompt", "질문", "Prompts"),
    ("response", "답변", "Answers"),
    ("sample", "전체 표본", "Whole samples"),
    ("tokens", "토큰", "tokens"),
    ("characters", "글자", "characters"),
];

const STAGES: [Name; 20] = [
    ("ingest", "가져오기", "Ingest"),
    ("prepare", "정제", "Prepare"),
    ("parse", "문서 분석", "Parse"),
    ("chunk", "조각 나누기", "Chunk"),
    ("synthesize", "문답 생성", "Synthesize"),
    ("validate", "검증", "Validate"),
    ("split", "분할", "Split"),
    ("tokenize", "토큰화", "Tokenize"),
    ("base", "기반 모델", "Base model"),
    ("train", "학습", "Train"),
    ("pack", "묶음", "Pack"),
    ("measure", "측정", "Measure"),
    ("answer", "답하기", "Answer"),
    ("leak", "유출 시험", "Leak test"),
    ("fit", "적합도", "Fit"),
    ("export", "내보내기", "Export"),
    ("merge", "병합", "Merge"),
    ("quantize", "양자화", "Quantize"),
    ("evaluate", "평가", "Evaluate"),
    ("judge", "심사", "Judge"),
];

impl Words {
    /// The phrase in the page's language.
    pub(super) fn pick<'a>(self, korean: &'a str, english: &'a str) -> &'a str {
        match self.0 {
            Language::Korean => korean,
            Language::English => english,
        }
    }

    /// For the `lang` attribute.
    pub(super) fn code(self) -> &'static str {
        self.pick("ko", "en")
    }

    fn name(self, names: &[Name], code: &str) -> String {
        match names.iter().find(|(known, _, _)| *known == code) {
            Some((_, korean, english)) => self.pick(korean, english).to_owned(),
            None => esc(code).to_string(),
        }
    }

    /// Escaped name of a kind of personal data.
    pub(super) fn entity(self, code: &str) -> String {
        self.name(&ENTITIES, code)
    }

    /// Escaped name of what a leak test asked for.
    pub(super) fn attack(self, kind: &str) -> String {
        match kind {
            "sample" => self.pick("아무것도(무작위 답변)", "Nothing (random replies)").to_owned(),
            kind => self.entity(kind),
        }
    }

    /// Escaped name of a reason for which a row is set aside.
    pub(super) fn reason(self, code: &str) -> String {
        self.name(&REASONS, code)
    }

    /// Escaped name of a cleaning rule.
    pub(super) fn rule(self, code: &str) -> String {
        self.name(&RULES, code)
    }

    /// Escaped reason for which something was not masked.
    pub(super) fn kept(self, code: &str) -> String {
        self.name(&KEPT, code)
    }

    /// Escaped name of what was measured in a histogram, or of its unit.
    pub(super) fn length(self, code: &str) -> String {
        self.name(&LENGTHS, code)
    }

    /// Escaped name of a measure.
    pub(super) fn measure(self, name: &str) -> String {
        self.name(&MEASURES, name)
    }

    /// Escaped name of one of several evaluations: `main` and `main: questions`, those that people wrote.
    pub(super) fn evaluation(self, evaluation: &Evaluation) -> String {
        let (model, part) = evaluation.name.split_once(": ").unwrap_or((&evaluation.name, ""));
        let part = match (evaluation.asked, part) {
            (Some(asked), _) => format!("{} · {}", self.slice(asked.slice), self.book(asked.book)),
            (None, "questions") => self.pick("사람이 쓴 질문", "Questions written by people").to_owned(),
            _ => self.pick("평가 묶음", "Test split").to_owned(),
        };
        format!("{} · {part}", esc(model))
    }

    /// Which questions about documents.
    pub(super) fn slice(self, slice: Slice) -> &'static str {
        match slice {
            Slice::Test => self.pick("배운 사실을 다른 말로", "Facts of the training in other words"),
            Slice::TestUnseen => self.pick("학습에 없던 조문", "Unseen articles"),
            Slice::KeyFacts => self.pick("별도 질문의 핵심 사실", "Key facts of further questions"),
            Slice::Refusals => self.pick("규정에 없는 질문의 거절", "Refusals among further questions"),
        }
    }

    /// What is at hand.
    pub(super) fn book(self, book: Book) -> &'static str {
        match book {
            Book::Open => self.pick("문서를 보고", "with the text"),
            Book::Closed => self.pick("기억만으로", "from memory"),
        }
    }

    /// Escaped name of a stage, with its instance: `train:main` is `Train · main`.
    pub(super) fn stage(self, id: &str) -> String {
        match id.split_once(':') {
            Some((kind, instance)) => format!("{} · {}", self.name(&STAGES, kind), esc(instance)),
            None => self.name(&STAGES, id),
        }
    }

    /// Escaped name of a system. Each part but the last has a name; others go by their id.
    pub(super) fn system(self, role: SystemRole, id: &str) -> String {
        match role {
            SystemRole::Base => self.pick("기본 모델", "Base model").to_owned(),
            SystemRole::Tuned => self.pick("학습한 모델", "Tuned model").to_owned(),
            SystemRole::CommonestAnswer => self.pick("가장 흔한 답", "Commonest answer").to_owned(),
            SystemRole::NearestQuestion => {
                self.pick("가장 비슷한 질문의 답", "Nearest question’s answer").to_owned()
            }
            SystemRole::LeadSentence => self.pick("글의 첫 문장", "First sentence of the text").to_owned(),
            SystemRole::Other => esc(id).to_string(),
        }
    }

    /// A span of time: `0.4초`, `12초`, `3분 20초`, `1시간 5분`.
    pub(super) fn seconds(self, seconds: f64) -> String {
        if !seconds.is_finite() || seconds < 0.0 {
            return "–".to_owned();
        }
        let whole = seconds.round() as u64;
        let (h, m, s) = (self.pick("시간", " h"), self.pick("분", " min"), self.pick("초", " s"));
        match whole {
            0..10 => format!("{seconds:.1}{s}"),
            10..60 => format!("{whole}{s}"),
            60..3600 if whole.is_multiple_of(60) => format!("{}{m}", whole / 60),
            60..3600 => format!("{}{m} {}{s}", whole / 60, whole % 60),
            _ => format!("{}{h} {}{m}", whole / 3600, whole % 3600 / 60),
        }
    }
}
