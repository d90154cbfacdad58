//! Earlier mails quoted below a text, and signatures.

use std::sync::LazyLock;

use regex::Regex;

/// Lines from which on everything is an earlier mail.
static QUOTE_HEAD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?m)^[ \t]*(?:-{2,}[ \t]*(?i:original message|forwarded message|원본 ?메시지|원본 ?메일|전달된 메시지)[ \t]*-{2,}|_{10,}[ \t]*$|(?:보낸 ?사람|발신자|From)[ \t]*:.*\n[ \t]*(?:받는 ?사람|수신자|보낸 ?날짜|날짜|To|Sent|Date|제목|Subject)[ \t]*:|On .{4,80} wrote:[ \t]*$|[0-9]{4}년 .{2,60}(?:작성|님이 쓴 글)[ \t]*:[ \t]*$)",
    )
    .expect("a constant pattern")
});

/// A last line that is a name or a sender, not a sentence.
static SIGNATURE_LINE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^(?:--[ ]?|.{1,24} (?:드림|올림|배상)\.?|(?:.{0,16} )?(?:고객 ?센터|고객지원팀|고객만족팀|CS ?팀|운영팀|상담팀|상담원|상담사|담당자)(?: [가-힣A-Za-z\[\]]{1,12})?(?: 드림| 올림| 배상)?\.?|(?i:sent from my .{2,20}|나의 .{2,10}에서 보냄)|(?:Tel|TEL|T|전화|팩스|Fax|FAX|E-?mail|이메일|홈페이지|운영 ?시간|상담 ?시간)[ ]?[.:][ ]?.{3,60})$",
    )
    .expect("a constant pattern")
});

/// The text without the earlier mail below it. `None` when there is none, or when nothing but a quote stands there.
pub(super) fn cut_quotes(text: &str) -> Option<String> {
    let end = QUOTE_HEAD.find(text).map_or(text.len(), |found| found.start());
    let kept: String =
        text[..end].split_inclusive('\n').filter(|line| !line.trim_start().starts_with('>')).collect();
    let kept = kept.trim_end();
    (kept.len() < text.trim_end().len() && !kept.trim().is_empty()).then(|| kept.to_string())
}

/// The text without the sender's block at its end: at most six lines, never the whole text.
pub(super) fn cut_signature(text: &str) -> Option<String> {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    let mut keep = lines.len();
    while keep > 1 && lines.len() - keep < 6 {
        let line = lines[keep - 1].trim();
        if line.is_empty() || SIGNATURE_LINE.is_match(line) {
            keep -= 1;
        } else {
            break;
        }
    }
    let cut_something = lines[keep..].iter().any(|line| !line.trim().is_empty());
    let is_anything_left = lines[..keep].iter().any(|line| !line.trim().is_empty());
    (cut_something && is_anything_left).then(|| lines[..keep].join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earlier_mails_are_cut() {
        for text in [
            "환불해 주세요.\n\n-----Original Message-----\nFrom: a\n내용",
            "환불해 주세요.\n---- 원본 메시지 ----\n내용",
            "환불해 주세요.\n보낸사람: 가\n받는사람: 나\n내용",
            "환불해 주세요.\n> 지난번 답변\n> 입니다",
            "환불해 주세요.\nOn Mon, 3 Mar 2025, Kim wrote:\nold",
            "환불해 주세요.\n2025년 3월 2일 (일) 오후 3:02, 가나다 작성:\n예전",
        ] {
            assert_eq!(cut_quotes(text).as_deref(), Some("환불해 주세요."), "{text}");
        }
        for text in ["5 > 3 인가요?", "> 전부 인용", "시간: 10시\n장소: 서울", "가 -- 나"] {
            assert_eq!(cut_quotes(text), None, "{text}");
        }
    }

    #[test]
    fn signatures_are_cut_and_sentences_are_not() {
        for (text, want) in [
            ("처리했습니다.\n\n고객센터 드림", "처리했습니다."),
            ("처리했습니다.\n--\n운영팀\nTel: 02-000-0000", "처리했습니다."),
            ("고칩니다.\n나의 휴대폰에서 보냄", "고칩니다."),
            ("확인했어요\n모루상점 고객센터 상담원 나은 드림", "확인했어요"),
        ] {
            assert_eq!(cut_signature(text).as_deref(), Some(want), "{text}");
        }
        for text in ["고객센터", "첫 줄\n둘째 줄입니다", "담당자에게 전해 주세요.\n언제 되나요?"]
        {
            assert_eq!(cut_signature(text), None, "{text}");
        }
    }
}
