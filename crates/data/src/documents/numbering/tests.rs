use super::*;

fn show(line: &str) -> String {
    let Some(m) = marker(line) else { return "–".to_owned() };
    let number = m.number.map_or(String::new(), |n| match n.branch {
        0 => format!(" {}", n.main),
        branch => format!(" {}의{branch}", n.main),
    });
    let page = m.page.map_or(String::new(), |page| format!(" →{page}"));
    let sure = if m.sure { "" } else { "?" };
    let title = if m.title.is_empty() { String::new() } else { format!(" «{}»", m.title) };
    let rest = if m.rest.is_empty() { String::new() } else { format!(" {}", m.rest) };
    format!("{:?}{sure}{number} [{}]{title}{rest}{page}", m.level, m.heading)
}

fn check(rows: &[(&str, &str)]) {
    for (line, want) in rows {
        assert_eq!(show(line), *want, "{line:?}");
    }
}

#[test]
fn articles() {
    check(&[
        ("제1조(목적) 이 규칙은", "Article 1 [제1조(목적)] «목적» 이 규칙은"),
        ("  제12조의2(육아휴직) ① 회사는", "Article 12의2 [제12조의2(육아휴직)] «육아휴직» ① 회사는"),
        ("제 1 조 (목 적) 이 규칙은", "Article 1 [제 1 조 (목 적)] «목 적» 이 규칙은"),
        ("제3조【정의】이 규칙에서", "Article 3 [제3조【정의】] «정의» 이 규칙에서"),
        ("제3조 [정의] 이", "Article 3 [제3조 [정의]] «정의» 이"),
        ("제1조 ① 대한민국은", "Article 1 [제1조] ① 대한민국은"),
        ("제3조 대한민국의 영토는", "Article? 3 [제3조] 대한민국의 영토는"),
        ("제10조 삭제", "Article 10 [제10조] 삭제"),
        ("제10조 <삭제 2020. 1. 1.>", "Article 10 [제10조] <삭제 2020. 1. 1.>"),
        ("제10조(삭제)", "Article 10 [제10조] (삭제)"),
        ("제5조(목적(총칙)) 이", "Article 5 [제5조(목적(총칙))] «목적(총칙)» 이"),
        ("제5조. 목적", "Article 5 [제5조. 목적] «목적»"),
        ("第3條(目的) 이", "Article 3 [第3條(目的)] «目的» 이"),
        ("제１２조(휴일) 주휴일은", "Article 12 [제１２조(휴일)] «휴일» 주휴일은"),
        ("제1조(목적)이 규정은", "Article 1 [제1조(목적)] «목적» 이 규정은"),
        ("제1조(목적) ············ 3", "Article 1 [제1조(목적)] «목적» →3"),
    ]);
}

#[test]
fn references_are_no_articles() {
    check(&[
        ("제5조제2항에 따라", "–"),
        ("제5조 제2항에 따라", "–"),
        ("제5조에 따른", "–"),
        ("제5조(정의)에 따른", "–"),
        ("제5조(정의) 제2항의", "Article? 5 [제5조(정의)] «정의» 제2항의"),
        ("제5조(정의)제2항의", "–"),
        ("제5조(정의)의 규정을", "–"),
        ("제5조 및 제6조를", "–"),
        ("제5조부터 제7조까지", "–"),
        ("제5조 각 호의 어느 하나", "–"),
        ("제43조 중 “20일이상”을", "–"),
        ("제5조의 규정", "–"),
        ("제5조의2에 따라", "–"),
        ("제46조의2부터 제46조의4까지를", "–"),
        ("제조업을 하는", "–"),
        ("제3자에게", "–"),
        ("제2항에 따라", "–"),
        ("제1장의 규정", "–"),
        ("제2장 제1절의 규정에 따라", "–"),
        ("제3절 및 제4절", "–"),
        ("별표 1에 따라", "–"),
        ("별표 1과 같다.", "–"),
        ("[별표 1]에 따른", "–"),
        ("별지 제1호서식에 따라", "–"),
        ("부칙 제2조에 따라", "–"),
        ("부칙에서 정하는", "–"),
    ]);
}

#[test]
fn divisions() {
    check(&[
        ("       제1장 총강", "Chapter 1 [제1장 총강] «총강»"),
        (
            "제2장 근로시간과 휴식 <개정 2020. 1. 1.>",
            "Chapter 2 [제2장 근로시간과 휴식] «근로시간과 휴식» <개정 2020. 1. 1.>",
        ),
        ("제1절의2 특례", "Section 1의2 [제1절의2 특례] «특례»"),
        ("제3편", "Part? 3 [제3편]"),
        ("제1관 통칙", "Subsection 1 [제1관 통칙] «통칙»"),
        ("제1장 총칙 제1조(목적) 이", "Chapter 1 [제1장 총칙] «총칙» 제1조(목적) 이"),
        ("제1장 총칙 …………… 1", "Chapter 1 [제1장 총칙] «총칙» →1"),
        ("부칙", "Supplement [부칙]"),
        ("부      칙", "Supplement [부      칙]"),
        ("부 칙 (2020. 1. 1.)", "Supplement [부 칙 (2020. 1. 1.)]"),
        ("부칙 <제123호, 2020. 1. 1.>", "Supplement [부칙 <제123호, 2020. 1. 1.>]"),
        (
            "펼침  부칙 <헌법 제10호, 1987.10.29.>  부칙보기",
            "Supplement [펼침  부칙 <헌법 제10호, 1987.10.29.>] 부칙보기",
        ),
        ("부칙 제1조(시행일) 이", "Supplement [부칙] 제1조(시행일) 이"),
        ("[별표 1] 징계양정기준", "Annex 1 [[별표 1] 징계양정기준] «징계양정기준»"),
        ("<별표 2의3>", "Annex 2의3 [<별표 2의3>]"),
        ("【별표】 수당 지급 기준", "Annex [【별표】 수당 지급 기준] «수당 지급 기준»"),
        ("별표 3 출장비 (제12조 관련)", "Annex 3 [별표 3 출장비 (제12조 관련)] «출장비 (제12조 관련)»"),
        ("[별지 제1호서식] 휴가신청서", "Form 1 [[별지 제1호서식] 휴가신청서] «휴가신청서»"),
        ("[별지 제3호의2 서식]", "Form 3의2 [[별지 제3호의2 서식]]"),
        (
            "■ 근로기준법 시행규칙 [별지 제5호서식] <개정 2021. 1. 1.>",
            "Form 5 [■ 근로기준법 시행규칙 [별지 제5호서식]] <개정 2021. 1. 1.>",
        ),
    ]);
}

#[test]
fn items() {
    check(&[
        ("①이 법에서", "Paragraph 1 [①] 이 법에서"),
        ("⑳ 끝", "Paragraph 20 [⑳] 끝"),
        ("㉑ 더", "Paragraph 21 [㉑] 더"),
        ("㉟ 더", "Paragraph 35 [㉟] 더"),
        ("①의 경우", "–"),
        ("1. 근로자란", "Item 1 [1.] 근로자란"),
        ("3의2. 임시직", "Item 3의2 [3의2.] 임시직"),
        ("1.목적", "Item? 1 [1.] 목적"),
        ("10. 15일 이상 무단결근", "Item 10 [10.] 15일 이상 무단결근"),
        ("1. 2024. 1. 1. 이후", "Item 1 [1.] 2024. 1. 1. 이후"),
        ("가. 배우자", "SubItem 1 [가.] 배우자"),
        ("거. 열다섯째", "SubItem 15 [거.] 열다섯째"),
        ("다. 다만, 그러하지", "SubItem? 3 [다.] 다만, 그러하지"),
        ("1) 첫째", "Point 1 [1)] 첫째"),
        ("가) 첫째", "Point 1 [가)] 첫째"),
        ("(1) 첫째", "Point 1 [(1)] 첫째"),
        ("(가) 첫째", "Point 1 [(가)] 첫째"),
        ("(사)한국협회", "Point? 7 [(사)] 한국협회"),
        ("㉮ 첫째", "Point 1 [㉮] 첫째"),
        ("○ 휴가", "Text [○] 휴가"),
        ("- 휴가", "Text [-] 휴가"),
        ("Ⅱ. 복무", "Heading(1) 2 [Ⅱ. 복무] «복무»"),
        ("1.2 범위와 뜻", "Heading(2) 2 [1.2 범위와 뜻] «범위와 뜻»"),
        ("1.2.3. Annual leave", "Heading(3) 3 [1.2.3. Annual leave] «Annual leave»"),
        ("a. first", "Point 1 [a.] first"),
        ("(b) second", "Point 2 [(b)] second"),
        ("(iii) third", "Point? 3 [(iii)] third"),
    ]);
}

#[test]
fn dates_amounts_and_words_are_no_items() {
    check(&[
        ("2024. 1. 1. 시행", "–"),
        ("1. 1. 시행", "–"),
        ("12. 31.까지", "–"),
        ("12. 31일", "–"),
        ("3.5퍼센트", "–"),
        ("3.5 billion dollars", "Heading(2)? 5 [3.5] billion dollars"),
        ("2.5배", "–"),
        ("1. ∼ 3. (생략)", "–"),
        ("가.나.다 순", "–"),
        ("가나다 순", "–"),
        ("(주)모루", "–"),
        ("-5도", "–"),
        ("가족수당", "–"),
        ("", "–"),
        ("   ", "–"),
        ("-", "–"),
    ]);
}

#[test]
fn english_headings() {
    check(&[
        ("Article 5. Annual Leave", "Article 5 [Article 5. Annual Leave] «Annual Leave»"),
        ("ARTICLE IV", "Article 4 [ARTICLE IV]"),
        ("Chapter 2: Pay and benefits", "Chapter 2 [Chapter 2: Pay and benefits] «Pay and benefits»"),
        ("Section 3.2 Overtime", "Section 2 [Section 3.2 Overtime] «Overtime»"),
        ("§ 12 Holidays", "Section 12 [§ 12 Holidays] «Holidays»"),
        ("Part II – Conduct", "Part 2 [Part II – Conduct] «Conduct»"),
        ("Appendix A", "Annex 1 [Appendix A]"),
        ("Article 3 (Purpose) This", "Article 3 [Article 3 (Purpose)] «Purpose» This"),
        (
            "Article 5. The employee shall tell the manager. He shall",
            "Article 5 [Article 5.] The employee shall tell the manager. He shall",
        ),
        ("Section 5 applies to", "–"),
        ("Article 6 of this handbook", "–"),
        ("Section 5(b) and", "–"),
        ("section 5", "–"),
        ("Part of the team", "–"),
        ("Form a group", "–"),
        ("Chapter 1 ..... 7", "Chapter 1 [Chapter 1] →7"),
    ]);
}

#[test]
fn sentence_ends() {
    assert!(ends_sentence("휴가를 줄 수 있", "다. 다만, 그러하지 아니하다."));
    assert!(ends_sentence("승인을 받아야 한", "다."));
    assert!(!ends_sentence("나. 자녀", "다. 부모"));
    assert!(!ends_sentence("", "다. 부모"));
}

#[test]
fn roman_numbers() {
    for (text, want) in
        [("i", Some(1)), ("IV", Some(4)), ("xxxix", Some(39)), ("Ⅻ", Some(12)), ("iI", None), ("", None)]
    {
        assert_eq!(roman(text), want, "{text}");
    }
}

#[test]
fn any_text_is_read_without_panic() {
    let words = [
        "제", "1", "조", "(", ")", "의", "2", ".", " ", "①", "가", "별표", "[", "]", "부칙", "Article", "…",
        "㉑", "-", "Ⅰ",
    ];
    let mut state = 7u64;
    for _ in 0..20_000 {
        let mut line = String::new();
        for _ in 0..8 {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            line.push_str(words[(state >> 33) as usize % words.len()]);
        }
        if let Some(m) = marker(&line) {
            let joined: String = format!("{}{}", m.heading, m.rest).split_whitespace().collect();
            let whole: String = line.split_whitespace().collect();
            assert!(whole.starts_with(&*m.heading.split_whitespace().collect::<String>()), "{line:?}");
            assert!(m.page.is_some() || joined == whole, "{line:?} {joined:?}");
        }
    }
}
