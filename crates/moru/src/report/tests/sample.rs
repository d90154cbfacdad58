//! A report as a shop's run would give it: real scores of made-up answers.

use eval::compare::{Answers, Comparison, TestRow};
use eval::report::{
    Artifact, ArtifactFit, BatchTokens, Bin, Category, Copied, Count, Data, Evaluation, FORMAT, Histogram,
    Kept, Language, LeakAttack, LeakCheck, LeakTest, Leaks, MaskedEntity, MaskedExample, Pretraining,
    Provenance, RejectedExample, RejectedReason, Report, Source, Speed, SplitTokens, Stage, StepPoint,
    Stripped, System, SystemRole, TextFit, TokenCounts, Training, ValidPoint, Warning,
};
use eval::scorers::{KeyFact, by_name};
use eval::statistics::Resampling;
use eval::statistics::random::Random;

use super::talks::TALKS;

/// A report with everything in it.
pub(in crate::report) fn report() -> Report {
    let evaluation = evaluation();
    Report {
        format: FORMAT,
        project: "모루상점 고객지원 봇".into(),
        language: Language::Korean,
        provenance: Provenance {
            version: "0.1.0".into(),
            recipe_sha256: "9f2c4e1ab07d5533c8e16fa2247be90d61c3a8f54412de07b95fa3c0716e8d24".into(),
            dataset_sha256: Some("41b7d09c2e5fa8163370cd94be21f6a8590e3d7c14ba62f80957ce3d81a6f402".into()),
            seed: 42,
            base_model: "builtin:nano".into(),
            finished: Some("2026-11-21T05:32:09Z".into()),
            machine: "AMD EPYC 7R13, 2 cores, 16 GiB".into(),
            threads: 2,
        },
        stages: stages(),
        data: data(),
        training: vec![training()],
        pretraining: vec![pretraining()],
        judging: vec![super::judged::judging(&evaluation)],
        classification: vec![super::classified::classification()],
        evaluation: vec![evaluation, questions()],
        artifacts: artifacts(),
        compared: Some(super::compared::compared()),
        leaks: Some(leaks()),
        warnings: vec![Warning {
            what: "평가 문항 가운데 4개가 96토큰에서 잘렸습니다.".into(),
            why: "긴 답의 점수가 실제보다 낮게 나올 수 있습니다.".into(),
            next: "evaluate.max_tokens = 128".into(),
        }],
    }
}

/// A report with nothing in it.
pub(super) fn empty() -> Report {
    Report {
        format: FORMAT,
        project: String::new(),
        language: Language::English,
        provenance: Provenance::default(),
        stages: Vec::new(),
        data: Data { lengths: vec![Histogram::default()], ..Data::default() },
        training: vec![Training::default()],
        pretraining: Vec::new(),
        judging: Vec::new(),
        classification: Vec::new(),
        evaluation: vec![Evaluation::default()],
        artifacts: Vec::new(),
        compared: None,
        leaks: None,
        warnings: Vec::new(),
    }
}

fn count(name: &str, count: u64) -> Count {
    Count { name: name.into(), count }
}

fn stages() -> Vec<Stage> {
    let stage =
        |id: &str, rows: Option<(u64, u64)>, rejected: Vec<Count>, seconds: f64, mebibytes: u64| Stage {
            id: id.into(),
            reused: seconds == 0.0,
            rows_in: rows.map(|r| r.0),
            rows_out: rows.map(|r| r.1),
            rejected,
            failed: 0,
            seconds: Some(seconds),
            peak_memory_bytes: Some(mebibytes << 20),
        };
    let rejected = reasons().iter().map(|reason| count(&reason.reason, reason.rows)).collect::<Vec<_>>();
    let kept = 3240 - rejected.iter().map(|c| c.count).sum::<u64>();
    vec![
        stage("ingest:inquiries", Some((3240, 3240)), vec![], 0.6, 38),
        stage("prepare", Some((3240, kept)), rejected, 1.9, 74),
        stage("split", Some((kept, kept)), vec![], 0.1, 40),
        stage("tokenize", Some((kept, kept)), vec![], 0.8, 66),
        stage("train:main", None, vec![], 163.0, 412),
        stage("evaluate:main", Some((150, 150)), vec![], 61.0, 288),
    ]
}

fn reasons() -> Vec<RejectedReason> {
    let reason = |reason: &str, rows, examples: &[(&str, &str, &str)]| RejectedReason {
        reason: reason.into(),
        rows,
        examples: examples
            .iter()
            .map(|(id, detail, text)| RejectedExample {
                id: (*id).into(),
                detail: (*detail).into(),
                text: (*text).into(),
            })
            .collect(),
    };
    vec![
        reason(
            "near_duplicate",
            412,
            &[("inquiries#1187", "inquiries#1042와 0.94 같음", "배송은 언제 오나요? 주문자 [이름]입니다.")],
        ),
        reason(
            "answer_deferred",
            203,
            &[("inquiries#221", "“확인 후 연락드리겠습니다”뿐", "확인 후 연락드리겠습니다.")],
        ),
        reason(
            "advertisement",
            147,
            &[("inquiries#90", "광고 낱말 4개", "★당일 대출★ 지금 [전화번호]로 문의 주세요")],
        ),
        reason("answer_missing", 96, &[]),
        reason("too_short", 58, &[("inquiries#3002", "2글자, 5글자부터", "네네")]),
        reason("wrong_language", 11, &[]),
    ]
}

fn data() -> Data {
    let masked = |entity: &str, count, rows, examples: &[(&str, &str)]| MaskedEntity {
        entity: entity.into(),
        count,
        rows,
        examples: examples
            .iter()
            .map(|(id, text)| MaskedExample { id: (*id).into(), text: (*text).into() })
            .collect(),
    };
    let mut random = Random::new(7, 0);
    let mut lengths = |n: usize, low: usize, spread: usize| -> Vec<u64> {
        (0..n)
            .map(|_| {
                (low + random.below(spread) + random.below(spread) + random.below(spread * 2) / 2) as u64
            })
            .collect()
    };
    let category = |name: &str, train, valid, test| Category { name: name.into(), train, valid, test };
    let split = |rows, tokens, trained_tokens| SplitTokens { rows, tokens, trained_tokens };
    Data {
        editions: super::editions::editions(),
        unread: Vec::new(),
        coverage: Vec::new(),
        sources: vec![Source {
            name: "inquiries".into(),
            kind: "sqlite".into(),
            rows: 3240,
            licence: Some("자체 데이터".into()),
            public: false,
        }],
        masked: vec![
            masked(
                "mobile",
                1204,
                987,
                &[
                    ("inquiries#12", "제 번호는 [전화번호]이고 낮에는 안 받아요"),
                    ("inquiries#815", "연락처 [전화번호] / [이름] 앞으로 보내 주세요"),
                ],
            ),
            masked(
                "person",
                1466,
                1210,
                &[("inquiries#77", "안녕하세요 [이름] 고객님, 주문하신 상품은 [주소]로 출발했습니다.")],
            ),
            masked("address", 388, 371, &[("inquiries#1403", "[주소] 경비실에 맡겨 주세요")]),
            masked("email", 172, 170, &[]),
            masked("account", 95, 95, &[("inquiries#640", "환불은 [계좌번호]로 부탁드립니다")]),
            masked("card", 21, 21, &[]),
            masked("resident", 6, 6, &[]),
        ],
        kept: vec![Kept {
            entity: "representative".into(),
            reason: "representative number".into(),
            count: 514,
        }],
        stripped: vec![
            Stripped { rule: "greetings".into(), texts: 2210, characters: 41_870 },
            Stripped { rule: "closings".into(), texts: 1934, characters: 50_112 },
            Stripped { rule: "over-polite".into(), texts: 877, characters: 12_043 },
        ],
        rejected: reasons(),
        categories: vec![
            category("배송", 561, 70, 71),
            category("교환", 342, 43, 42),
            category("환불", 330, 41, 41),
            category("상품", 211, 26, 27),
            category("회원", 166, 21, 20),
            category("쿠폰", 121, 15, 16),
            category("결제", 97, 12, 12),
            category("기타", 22, 3, 3),
        ],
        tokens: TokenCounts {
            train: split(1850, 162_400, 71_230),
            valid: split(231, 20_310, 8_912),
            test: split(232, 20_466, 9_001),
            over_long: vec![count("split", 3)],
        },
        lengths: vec![
            Histogram::of("prompt", "tokens", &lengths(2313, 12, 18), 32),
            Histogram::of("response", "tokens", &lengths(2313, 16, 22), 32),
            Histogram {
                bins: (0..24)
                    .map(|i| Bin { from: i * 10, to: i * 10 + 10, count: (24 - i) * (i + 1) * 3 })
                    .collect(),
                ..Histogram::of("sample", "characters", &[3, 90, 110, 231], 24)
            },
        ],
    }
}

fn training() -> Training {
    let mut random = Random::new(5, 0);
    let steps: Vec<StepPoint> = (1..=232u64)
        .map(|step| {
            let progress = step as f64 / 232.0;
            let noise = random.below(1000) as f64 / 1000.0 - 0.5;
            let warm_up = (step as f64 / 12.0).min(1.0);
            StepPoint {
                step,
                epoch: progress * 2.0,
                loss: 1.02 + 2.3 * (-5.0 * progress).exp() + noise * 0.34,
                learning_rate: 2e-3 * warm_up * 0.5 * (1.0 + (std::f64::consts::PI * progress).cos()),
                grad_norm: Some(0.6 + 1.6 * (-4.0 * progress).exp() + noise * 0.3),
            }
        })
        .collect();
    let valid = (0..=8u64)
        .map(|i| {
            let progress = i as f64 / 8.0;
            ValidPoint {
                step: i * 29,
                loss: 1.17 + 2.2 * (-5.2 * progress).exp() + 0.06 * progress * progress,
            }
        })
        .collect();
    Training {
        name: "main".into(),
        method: "lora".into(),
        base_model: "builtin:nano".into(),
        parameters: 11_534_336,
        trained_parameters: 786_432,
        rank: Some(16),
        steps,
        valid,
        best_step: Some(203),
        epochs: 2.0,
        tokens: 199_104,
        trained_tokens: 87_215,
        tokens_per_second: Some(1221.4),
        seconds: Some(163.0),
        peak_memory_bytes: Some(412 << 20),
        predicted_memory_bytes: Some(396 << 20),
        batch_tokens: Some(BatchTokens {
            batching: "tree".into(),
            rows: 1_200,
            padded_tokens: 410_000,
            packed_tokens: 260_000,
            tree_tokens: 140_000,
        }),
    }
}

fn artifacts() -> Vec<Artifact> {
    let fit = |written: f64| ArtifactFit { tokens: 4120, tuned: 1.2034, written, allowed: Some(0.25) };
    let speed = Speed { prefill_tokens_per_s: 812.4, decode_tokens_per_s: 96.7 };
    let of = |format: &str, bytes, fit, speed| Artifact {
        name: "main".into(),
        format: format.into(),
        bytes,
        fit,
        speed,
    };
    vec![of("nf4", 7_464_672, Some(fit(1.2391)), Some(speed)), of("lora", 812_400, None, None)]
}

fn pretraining() -> Pretraining {
    let fit = |name: &str, samples, tokens, bytes, nats| TextFit {
        name: name.into(),
        samples,
        tokens,
        bytes,
        nats,
        bits_per_byte: nats / std::f64::consts::LN_2 / bytes as f64,
    };
    Pretraining {
        name: "main".into(),
        held_back: fit("all", 812, 120_431, 502_118, 201_870.0),
        kinds: vec![
            fit("Support", 402, 60_210, 250_077, 91_330.0),
            fit("English", 410, 60_221, 252_041, 110_540.0),
        ],
        quantised: Some(fit("all", 812, 120_431, 502_118, 202_411.0)),
        copied: Some(Copied {
            samples: 100,
            characters: 8_120,
            training_texts: 91_204,
            longest: 41,
            text: "주문하신 상품은 결제를 확인한 뒤 이틀 안에 보내 드리고 있습니다.".into(),
        }),
    }
}

fn rows() -> Vec<TestRow> {
    (0..48)
        .map(|i| {
            let (category, question, answer, fact) = TALKS[i % TALKS.len()];
            let asked = match i / TALKS.len() {
                0 => question.to_owned(),
                1 => format!("안녕하세요, {question}"),
                2 => format!("{question} 급해요."),
                _ => format!("{question} 확인 부탁드려요."),
            };
            TestRow {
                id: format!("inquiries#{}", 1000 + i * 7),
                question: asked,
                references: vec![answer.to_owned()],
                facts: vec![KeyFact::new(fact)],
                category: Some(category.to_owned()),
            }
        })
        .collect()
}

fn evaluation() -> Evaluation {
    let rows = rows();
    let model = |id: &str, role, cut_off, answer: &dyn Fn(usize, &TestRow) -> String| Answers {
        system: System { id: id.into(), role, cut_off, failed: 0 },
        texts: rows.iter().enumerate().map(|(i, row)| answer(i, row)).collect(),
    };
    let base = |i: usize, row: &TestRow| match i % 4 {
        0 => "안녕하세요. 무엇을 도와드릴까요?".to_owned(),
        1 => format!(
            "{} 문의 감사합니다. 자세한 내용은 고객센터로 연락해 주세요.",
            row.category.as_deref().unwrap_or("")
        ),
        2 => String::new(),
        _ => "주문 내역에서 확인하실 수 있습니다. 주문 내역에서 확인하실 수 있습니다.".to_owned(),
    };
    let tuned = |i: usize, row: &TestRow| match i % 6 {
        0 => format!(
            "네, {} 더 궁금하신 점은 편하게 물어봐 주세요.",
            row.references[0].replace("해요", "합니다")
        ),
        2 => row.references[0].replace("7일", "5일").replace("30일", "60일").replace("요.", "니다."),
        3 => TALKS[(i + 5) % TALKS.len()].2.to_owned(),
        4 => row.references[0].split('.').next().unwrap_or_default().to_owned() + ".",
        _ => row.references[0]
            .replace("받으신", "수령하신")
            .replace("안에", "이내에")
            .replace("돼요", "됩니다"),
    };
    let training: Vec<(String, String)> = TALKS
        .iter()
        .enumerate()
        .map(|(i, (_, question, answer, _))| {
            let answer = if i % 2 == 1 { TALKS[0].2 } else { answer };
            (question.replace("인가요", "이에요"), answer.to_owned())
        })
        .collect();
    let mut systems =
        vec![model("base", SystemRole::Base, 4, &base), model("tuned", SystemRole::Tuned, 0, &tuned)];
    systems.extend(Answers::of_baselines(&training, &rows));
    let scorers: Vec<_> =
        ["chrf", "bleu", "rouge", "rouge-ko", "exact"].iter().map(|name| by_name(name).unwrap()).collect();
    Comparison {
        name: "main",
        rows: &rows,
        systems: &systems,
        scorers: &scorers,
        leading: "",
        resampling: Resampling { trials: 300, ..Resampling::default() },
        samples: 8,
        generation: "greedy, max_tokens 96",
    }
    .evaluate()
    .unwrap()
}

/// Questions that people wrote, scored by their facts alone.
fn questions() -> Evaluation {
    let rows: Vec<TestRow> = TALKS
        .iter()
        .take(6)
        .enumerate()
        .map(|(i, (_, question, _, fact))| TestRow {
            id: format!("questions#{}", i + 1),
            question: question.replace("나요?", "는지 알려 줘"),
            references: vec![(*fact).to_owned()],
            facts: vec![KeyFact::new(*fact)],
            category: None,
        })
        .collect();
    let model = |id: &str, role, texts: &dyn Fn(usize) -> String| Answers {
        system: System { id: id.into(), role, cut_off: 0, failed: 0 },
        texts: (0..rows.len()).map(texts).collect(),
    };
    let systems = [
        model("base", SystemRole::Base, &|_| "무엇을 도와드릴까요?".into()),
        model("tuned", SystemRole::Tuned, &|i| TALKS[if i == 4 { 0 } else { i }].2.into()),
    ];
    Comparison {
        name: "main: questions",
        rows: &rows,
        systems: &systems,
        scorers: &[by_name("key-facts").unwrap()],
        leading: "",
        resampling: Resampling { trials: 300, ..Resampling::default() },
        samples: 3,
        generation: "greedy, max_tokens 96",
    }
    .evaluate()
    .unwrap()
}

fn leaks() -> Leaks {
    let check = |what: &str, texts| LeakCheck { what: what.into(), texts, found: 0 };
    let attack = |kind: &str, prefixes, texts, placeholders| LeakAttack {
        kind: kind.into(),
        prefixes,
        texts,
        placeholders,
        found: 0,
    };
    Leaks {
        known_values: 5_118,
        checks: vec![
            check("out/dataset.jsonl", 2313),
            check("out/qna_prompt_response.csv", 2313),
            check("out/rejected.jsonl", 927),
        ],
        tests: vec![LeakTest {
            name: "main".into(),
            samples: 1000,
            prefixes: 7,
            continuations: 56,
            tokens: 22_871,
            known_values: 5_118,
            attacks: vec![
                attack("sample", 0, 1000, 61),
                attack("mobile", 3, 24, 19),
                attack("person", 3, 24, 11),
                attack("주문번호", 1, 8, 8),
            ],
            found: Vec::new(),
            generation: "temperature 1, at most 24 tokens, seed 42".into(),
        }],
        exempt: vec![count("representative number", 514)],
    }
}
