#!/usr/bin/env python3
"""Golden numbers for crates/eval, from the reference implementations of the metrics.

    python tools/golden/metrics.py        # writes crates/eval/tests/golden/metrics.json

Needs: rouge_score 0.1.2 (with nltk), sacrebleu 2.6.0. Every sentence below is written for this file.
"""

import json
import logging
import pathlib
import re
import unicodedata
from importlib.metadata import version

from nltk.stem.porter import PorterStemmer
from rouge_score.rouge_scorer import RougeScorer
from rouge_score.tokenizers import Tokenizer
from sacrebleu.metrics import BLEU, CHRF

OUTPUT = pathlib.Path(__file__).resolve().parents[2] / "crates/eval/tests/golden/metrics.json"

# name, prediction, references
CASES = [
    ("same", "Your parcel arrives on Monday.", ["Your parcel arrives on Monday."]),
    ("one word off", "Your parcel arrives on Tuesday.", ["Your parcel arrives on Monday."]),
    ("nothing shared", "Quick brown foxes", ["zzz yyy xxx www"]),
    ("both empty", "", [""]),
    ("empty prediction", "", ["A refund takes three days."]),
    ("empty reference", "A refund takes three days.", [""]),
    ("blanks only", "   \t ", [" \n "]),
    ("one letter", "a", ["a"]),
    ("two letters", "ab", ["ba"]),
    ("one word", "refund", ["refund"]),
    ("two words", "refund policy", ["refund policy"]),
    ("three words", "the refund policy", ["the refund policy"]),
    ("short prediction", "The courier", ["The courier will ring twice before leaving the box at the door."]),
    ("long prediction", "The courier will ring twice, and once more, and then he will leave the box.", ["The courier rings twice."]),
    ("repeated words", "the the the the the the the", ["the cat is on the mat", "there is a cat on the mat"]),
    ("word order", "to the door comes the courier", ["the courier comes to the door"]),
    ("case", "PLEASE Return The ITEM Within 7 Days", ["please return the item within 7 days"]),
    ("stems", "He was refunding refunded refunds relationally", ["She is refundable; relations were conditional."]),
    ("stems again", "flies dies tying skies happily agreed plastered sized hopping", ["fly die tie sky happy agree plaster size hop"]),
    ("punctuation", "!!! ... ??? --- ,,,", ["... !!! ,,,"]),
    ("quotes", "\"Yes,\" she said - 'of course' (really).", ["'Yes', she said: \"of course\" [really]!"]),
    ("brackets", "(hi) [there] {you} <all>", ["hi there you all"]),
    ("numbers", "It costs 1,250.50 dollars, not 1250.5, i.e. 12-50.", ["It costs 1,250.50 dollars; not 1,300, or 12 - 50."]),
    ("number at end", "We were founded in 1998.", ["We were founded in 1998."]),
    ("dashes", "2020-2021 range, re-open – or — reopen", ["2020-2021 range; reopen or re-open"]),
    ("entities", "Tom &amp; Anna &lt;3 &quot;tea&quot; &gt; coffee &apos;s", ["Tom & Anna <3 \"tea\" > coffee's"]),
    ("skipped", "<skipped>We ship<skipped> today", ["We ship today"]),
    ("hyphen at line end", "a deliv-\nery in two\nlines", ["a delivery in two lines"]),
    ("lines", "First the box opens.\nThen the lamp is lit.\n\nLast the shop closes.", ["The lamp is lit first.\nThe box opens then.\nThe shop closes last."]),
    ("lines union", "w1 w2 w3 w4 w5", ["w1 w2 w6 w7 w8\nw1 w3 w8 w9 w5"]),
    ("lines union turned", "w1 w2 w6 w7 w8\nw1 w3 w8 w9 w5", ["w1 w2 w3 w4 w5"]),
    ("carriage returns", "one two\r\nthree four\r\n", ["one two\nthree four"]),
    ("urls", "See https://shop.example/a?b=1&c=2#top or mail help@shop.example", ["Visit https://shop.example/a?b=1 or write to help@shop.example."]),
    ("money", "$5.00 + €6,00 = £11? 100% sure!", ["$5 and €6 make £11, 100 % sure"]),
    ("accents", "Café naïve façade Ångström İstanbul", ["Cafe naive facade Angstrom Istanbul"]),
    ("sharp s", "Straße GROẞ ΣΊΣΥΦΟΣ", ["strasse groß σίσυφος"]),
    ("kelvin", "300 K is not 300 k; ſo", ["300 k is not 300 K; so"]),
    ("cyrillic", "Посылка придёт завтра утром.", ["Посылка придёт завтра вечером."]),
    ("chinese", "您的包裹明天到达。", ["您的包裹将于明天下午到达。"]),
    ("chinese and latin", "请在3天内联系 support@shop.example,谢谢!", ["请于3天之内联系 support@shop.example,谢谢。"]),
    ("rare ideographs", "𠮷野家の𠀀𪛖と龥鿿", ["吉野家の𠀀と龥鿿"]),
    ("symbols by slip", "“Yes” – she said… €5 → ④ ∑ ─", ["\"Yes\" - she said... €5 -> (4)"]),
    ("japanese", "お荷物は明日届きます。", ["荷物は明日の朝に届きます。"]),
    ("half-width kana", "ｶﾞｲﾄﾞ ﾒｰﾙ", ["ガイド メール"]),
    ("korean same", "배송은 영업일 기준 2일 걸립니다.", ["배송은 영업일 기준 2일 걸립니다."]),
    ("korean number", "배송은 영업일 기준 3일 걸립니다.", ["배송은 영업일 기준 2일 걸립니다."]),
    ("korean particles", "환불을 고객센터에서 신청하시면 됩니다", ["환불은 고객센터로 신청하면 됩니다."]),
    ("korean spacing", "교환배송비는 구매자가 부담 합니다", ["교환 배송비는 구매자가 부담합니다."]),
    ("korean one syllable", "네", ["네"]),
    ("korean other answer", "회원 탈퇴는 설정 화면에서 하실 수 있어요.", ["쿠폰은 결제 화면에서 쓰실 수 있습니다."]),
    ("korean lines", "1. 앱을 켭니다.\n2. 주문 내역을 누릅니다.\n3. 반품을 고릅니다.", ["주문 내역에서 반품을 고른 뒤\n앱을 다시 켜 주세요."]),
    ("korean nouns", "가을에는 노을이 바로 서울에서부터 회의까지 이어집니다", ["가을 노을은 서울부터 회의로 바로 이어져요"]),
    ("jamo", "ㅋㅋㅋ 네 ㅠㅠ 감사합니당", ["ㅎㅎ 네 ㅠ 감사합니다"]),
    ("decomposed", unicodedata.normalize("NFD", "환불 규정을 확인하세요"), ["환불 규정을 확인하세요"]),
    ("mixed", "VIP 회원은 free shipping을 받고 10% 할인도 돼요", ["VIP 회원님은 free shipping과 10% 할인을 받습니다."]),
    ("mixed particles", "CJ로부터 SMS를 3번까지 받았어요 v2.1에서", ["CJ에서 SMS가 3번 왔어요 v2.1은"]),
    ("full width", "ＶＩＰ　１２，０００원（무료）", ["VIP 12,000원(무료)"]),
    ("emoji", "감사합니다 😊👍🏽 👨‍👩‍👧 좋아요❤️", ["감사합니다 😊 좋아요 ❤"]),
    ("zero width", "배\u200b송 조\ufeff회 a\u00adb", ["배송 조회 ab"]),
    ("odd blanks", "one\u00a0two\u3000three\u2003four\u1680five\u0085six\u001cseven\u001feight", ["one two three four five six seven eight"]),
    ("trailing blanks", "  leading and trailing \u00a0\u3000\n", ["leading and trailing"]),
    ("control", "bell\u0007 tab\there nul\u0000end", ["bell tab here nul end"]),
    ("other numerals", "٣ أيام و ३ दिन Ⅲ ½ ², x", ["3 days 3 days III 1/2 2, x"]),
    ("international marks", "¿Cuándo llega? «Mañana», dijo… 3·5 3‰ §4 a_b", ["¿Cuándo llegará? «Hoy», dijo… 3·5 3‰ § 4 a_b"]),
    ("long english", " ".join(f"Order {i} was shipped from hall {i % 7} and weighs {i * 3 % 50}.{i % 10} kg." for i in range(60)),
     [" ".join(f"Order {i} left hall {i % 5} and weighs {i * 3 % 40}.{i % 10} kilograms." for i in range(55))]),
    ("long korean", " ".join(f"{i}번 주문은 {i % 7}동 창고에서 {i % 5 + 1}일 뒤에 출발해요." for i in range(60)),
     ["\n".join(f"{i}번 주문이 {i % 6}동 창고로부터 {i % 4 + 1}일 안에 출발합니다." for i in range(50))]),
    ("two references", "The box comes tomorrow before noon.", ["The parcel comes tomorrow.", "The box will be there tomorrow before noon, we promise."]),
    ("two references ko", "내일 오전에 도착해요.", ["내일 도착합니다.", "내일 오전 중에 도착할 예정이에요."]),
    ("references of equal distance", "a b c d", ["a b c", "a b c d e", "x y z"]),
    ("an empty reference of two", "a b c d", ["", "a b c"]),
]

BLEU_SETTINGS = {
    "13a": {},
    "13a eff": {"effective_order": True},
    "13a none": {"smooth_method": "none"},
    "13a floor": {"smooth_method": "floor"},
    "13a floor 0.01": {"smooth_method": "floor", "smooth_value": 0.01},
    "13a add-k": {"smooth_method": "add-k"},
    "13a add-k 0.5 eff": {"smooth_method": "add-k", "smooth_value": 0.5, "effective_order": True},
    "13a lc eff": {"lowercase": True, "effective_order": True},
    "char": {"tokenize": "char"},
    "char eff": {"tokenize": "char", "effective_order": True},
    "zh eff": {"tokenize": "zh", "effective_order": True},
    "intl eff": {"tokenize": "intl", "effective_order": True},
    "none": {"tokenize": "none"},
    "none floor eff": {"tokenize": "none", "smooth_method": "floor", "effective_order": True},
}

CHRF_SETTINGS = {
    "chrF2": {},
    "chrF2++": {"word_order": 2},
    "chrF2+ lc": {"word_order": 1, "lowercase": True},
    "chrF3 nc4": {"beta": 3, "char_order": 4},
    "chrF1": {"beta": 1},
}

ROUGE_TYPES = ["rouge1", "rouge2", "rougeL", "rougeLsum"]

PARTICLES = [
    ("으로부터", "c", 1), ("에게서는", "", 1), ("이라고는", "c", 2), ("으로는", "c", 1), ("으로도", "c", 1),
    ("로부터", "vl", 1), ("에서는", "", 1), ("에서도", "", 1), ("에게는", "", 1), ("에게서", "", 1),
    ("까지는", "", 1), ("까지도", "", 1), ("부터는", "", 1), ("이라도", "c", 2), ("이라는", "c", 2),
    ("이라고", "c", 2), ("에서", "", 1), ("에게", "", 1), ("께서", "", 1), ("한테", "", 1), ("으로", "c", 1),
    ("까지", "", 1), ("부터", "", 1), ("보다", "", 2), ("처럼", "", 1), ("마다", "", 2), ("조차", "", 2),
    ("에는", "", 1), ("에도", "", 1), ("로는", "vl", 2), ("이나", "c", 2), ("은", "c", 1), ("는", "v", 1),
    ("을", "c", 1), ("를", "v", 1), ("이", "c", 2), ("가", "v", 2), ("과", "c", 2), ("와", "v", 2),
    ("에", "", 2), ("의", "", 2), ("로", "vl", 2),
]


def alphanumeric(c):
    """Letters, numerals and the vowel signs that count as letters (those of these cases: Mc)."""
    return unicodedata.category(c) in ("Lu", "Ll", "Lt", "Lm", "Lo", "Mc", "Nd", "Nl", "No")


def korean_words(text):
    text = unicodedata.normalize("NFKC", text).lower()
    return "".join(c if alphanumeric(c) else " " for c in text).split()


def agrees(last, kind):
    if not "가" <= last <= "힣" or not kind:
        return True
    final = (ord(last) - 0xAC00) % 28
    return {"c": final != 0, "v": final == 0, "vl": final in (0, 8)}[kind]


def strip_particle(word):
    for particle, kind, least in PARTICLES:
        stem = word[: -len(particle)]
        if word.endswith(particle) and len(stem) >= least and agrees(stem[-1], kind):
            return stem
    return word


class Characters(Tokenizer):
    def tokenize(self, text):
        return [c for word in korean_words(text) for c in word]


class Syllables(Tokenizer):
    def tokenize(self, text):
        tokens = []
        for word in korean_words(text):
            runs = "".join(
                f" {c} " if "가" <= c <= "힣" else ("0" if unicodedata.category(c)[0] == "N" else "a")
                for c in strip_particle(word)
            )
            stem, at = strip_particle(word), 0
            for kind in re.findall(r" . |0+|a+", runs):
                length = 1 if kind[0] == " " else len(kind)
                tokens.append(stem[at : at + length])
                at += length
        return tokens


def rouge_numbers(scorer, references, prediction):
    scores = scorer.score_multi(references, prediction)
    return [[scores[t].precision, scores[t].recall, scores[t].fmeasure] for t in ROUGE_TYPES]


STEM_WORDS = """
sky skies dying lying tying news innings inning outings cannings howe proceed exceed succeed
caresses ponies ties caress cats flies dies lies gas this yes uses glasses
feed agreed bleed seed freed plastered bled motoring sing thing king conflated troubled sized hopping tanned
falling hissing fizzed failing filing spied died tried owned owed boxing snowing playing using added egged
happy sky enjoy enjoyment spy try by boy toy syzygy yyyy yyyyed ayed ying eying
relational conditional rational valency hesitancy digitizer conformably radically differently vilely
analogously vietnamization predication operator feudalism decisiveness hopefulness callousness formality
sensitivity sensibility hopefully carefully fully geology archaeology theology logic apology
really totally usually automatically ally rally
triplicate formative formalize electricity electrical hopeful goodness
revival allowance inference airliner gyroscopic adjustable defensible irritant replacement adjustment
dependent adoption homologous communism activate angularity effective bowdlerize champion onion ion
vision million nation
probate rate cease controlling roll controlled rolling hall hell
shipping shipped ships shipment refunding refundable exchanges exchanged cancellation cancelled policies
returns deliveries delivering customers address addresses coupons membership payments receipts
2021 a1b2 covid19 3days x1y2ed 1234ing b2bed 9ies 99ies
generalization oscillators generically university universe organization organs
eed eing ing ed aing ational ement fulli alli ogi logi ness ful ize
abacy ease ee eve aye eye bye oye iou zzing buzz fuzzed tall tell filled
""".split()


def main():
    # Sentences are scored without effective order on purpose.
    logging.getLogger("sacrebleu").setLevel(logging.ERROR)
    single = [(p, r[0]) for _, p, r in CASES if len(r) == 1]
    predictions = [p for p, _ in single]
    references = [[r for _, r in single]]
    bleu = {name: BLEU(force=True, **settings) for name, settings in BLEU_SETTINGS.items()}
    chrf = {name: CHRF(**settings) for name, settings in CHRF_SETTINGS.items()}
    rouge = {
        "plain": RougeScorer(ROUGE_TYPES),
        "stem": RougeScorer(ROUGE_TYPES, use_stemmer=True),
        "char": RougeScorer(ROUGE_TYPES, tokenizer=Characters()),
        "syllable": RougeScorer(ROUGE_TYPES, tokenizer=Syllables()),
    }
    cases = []
    for name, prediction, refs in CASES:
        case = {"name": name, "prediction": prediction, "references": refs}
        case["bleu"] = {k: m.sentence_score(prediction, refs).score for k, m in bleu.items()}
        case["chrf"] = {k: m.sentence_score(prediction, refs).score for k, m in chrf.items()}
        case["rouge"] = {k: rouge_numbers(s, refs, prediction) for k, s in rouge.items()}
        cases.append(case)
    corpus = {"bleu": {}, "chrf": {}}
    for k, m in bleu.items():
        score = m.corpus_score(predictions, references)
        corpus["bleu"][k] = {
            "score": score.score, "precisions": score.precisions, "bp": score.bp,
            "sys_len": score.sys_len, "ref_len": score.ref_len, "signature": str(m.get_signature()),
        }
    for k, m in chrf.items():
        score = m.corpus_score(predictions, references)
        corpus["chrf"][k] = {"name": score.name, "score": score.score, "signature": str(m.get_signature())}
    stemmer = PorterStemmer()
    result = {
        "versions": {name: version(name) for name in ("sacrebleu", "rouge_score", "nltk")},
        "cases": cases,
        "corpus": corpus,
        "stems": {word: stemmer.stem(word) for word in STEM_WORDS},
    }
    # One case a line, so that a change of one shows as one.
    line = lambda value: json.dumps(value, ensure_ascii=False)
    cases = ",\n  ".join(line(case) for case in result.pop("cases"))
    rest = ",\n ".join(f"{line(key)}: {line(value)}" for key, value in result.items())
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(f'{{\n "cases": [\n  {cases}\n ],\n {rest}\n}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
