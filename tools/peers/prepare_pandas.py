"""The peer of `moru bench data`: a table of support talk cleaned, masked and written with pandas and `re`.

    python prepare_pandas.py rows.csv pairs.csv

It knows the generated rows and nothing more: a rule for each form that occurs in them. Its output is the
same, byte for byte, as `qna_prompt_response.csv` of the product. Prints one JSON object.
"""

import json
import re
import sys
import time

import pandas as pd

from machine import peak_rss_gb

BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
BLANKS = re.compile(r"[ \t]{2,}")
SIGNATURE = re.compile(r"\n[^\n]{0,16}고객센터 드림$")
TEARS = re.compile(r"[ㅋㅎㅠㅜ]{2,}")
MARKS = re.compile(r"([!?~])\1+")
DOTS = re.compile(r"\.{4,}")
GREETING = re.compile(r"\s*(?:안녕하세요(?: 담당자님)?|수고 많으십니다|반갑습니다)(?:[\s,.!?~]+|$)")
CLOSING = re.compile(
    r"(?:^|(?<=[.!?~])\s+|(?<=요)\s+)(?:감사합니다|빠른 답변 부탁드립니다|수고하세요|좋은 하루 되세요)[.!]*$"
)
FILLER = re.compile(
    r"(?:문의해 주셔서 감사합니다|항상 저희 쇼핑몰을 이용해 주셔서 감사합니다|이용에 불편을 드려 죄송합니다"
    r"|추가 문의사항이 있으시면 언제든지 문의해 주세요)\.\s*"
)
DEFERRED = re.compile(r"확인 후 연락드리겠습니다\.")
ADVERTISEMENT = re.compile(r"\(광고\)|무료 체험방|카지노|당일대출")
BLANK = re.compile(r"\s+")

PERSONAL = re.compile(
    r"(?P<email>[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,})"
    r"|(?<![0-9-])(?:"
    r"(?P<card>4[0-9]{3}(?:-[0-9]{4}){3})"
    r"|(?P<resident>[0-9]{6}-[1-4][0-9]{6})"
    r"|(?P<phone>01[016789][-. ]?[0-9]{3,4}[-. ]?[0-9]{4}|0(?:2|[3-6][1-5])-[0-9]{3,4}-[0-9]{4})"
    r")(?![0-9-])"
    r"|(?<=은행 )(?P<account>[0-9]{3,6}-[0-9]{2,6}-[0-9]{4,6})(?![0-9-])"
    r"|(?P<address>[가-힣]{2,4}(?:특별시|광역시|도)(?: [가-힣]{1,4}[시군구]){1,2} [가-힣]{1,8}로 [0-9]{1,4}(?:, [0-9]{1,4}호)?)"
)
TOKENS = {
    "email": "[이메일]",
    "card": "[카드번호]",
    "resident": "[주민등록번호]",
    "phone": "[전화번호]",
    "account": "[계좌번호]",
    "address": "[주소]",
}


def clean(text):
    """The text without remains of HTML, runs of marks, greetings, closings and filler."""
    if "<" in text or "&" in text:
        text = BREAK.sub("\n", text).replace("&nbsp;", " ").replace("&amp;", "&")
        text = SIGNATURE.sub("", text)
    text = BLANKS.sub(" ", text)
    text = DOTS.sub("...", MARKS.sub(r"\1", TEARS.sub("", text)))
    while (greeting := GREETING.match(text)) and greeting.end():
        text = text[greeting.end() :]
    while closing := CLOSING.search(text):
        text = text[: closing.start()]
    return FILLER.sub("", text).strip()


def is_card(number):
    """Luhn's sum."""
    digits = [int(c) for c in number if c.isdigit()]
    doubled = [2 * d - 9 if d > 4 else 2 * d for d in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def is_birth(number):
    """Whether the first six digits can be a date."""
    return 1 <= int(number[2:4]) <= 12 and 1 <= int(number[4:6]) <= 31


def token(match):
    """What stands in place of a find, or the find itself where its digits say no."""
    kind, value = match.lastgroup, match.group()
    if kind == "card" and not is_card(value) or kind == "resident" and not is_birth(value):
        return value
    return TOKENS[kind]


def refusal(question, answer):
    """Why a row is set aside; None where it stays."""
    if not question:
        return "question_missing"
    if ADVERTISEMENT.search(question) or ADVERTISEMENT.search(answer):
        return "advertisement"
    if not answer:
        return "answer_missing"
    if DEFERRED.fullmatch(answer):
        return "answer_deferred"
    if min(len(BLANK.sub("", question)), len(BLANK.sub("", answer))) < 5:
        return "too_short"
    return None


def main():
    table, output = sys.argv[1:3]
    start = time.perf_counter()
    rows = pd.read_csv(table, dtype=str, keep_default_na=False)
    for column in ("question", "answer"):
        rows[column] = rows[column].map(clean).map(lambda text: PERSONAL.sub(token, text))
    why = pd.Series([refusal(q, a) for q, a in zip(rows["question"], rows["answer"])], index=rows.index)
    kept = rows.loc[why.isna(), ["question", "answer"]]
    kept = kept.rename(columns={"question": "prompt", "answer": "response"})
    kept.to_csv(output, index=False, lineterminator="\n")
    seconds = time.perf_counter() - start
    print(
        json.dumps(
            {
                "rows": len(rows),
                "rows_out": len(kept),
                "rejected": {code: int(n) for code, n in sorted(why.value_counts().items())},
                "seconds": round(seconds, 3),
                "rows_per_s": round(len(rows) / seconds, 1),
                "peak_rss_gb": peak_rss_gb(),
            }
        )
    )


if __name__ == "__main__":
    main()
