//! The example shop: truth, variety and the twenty questions.

use std::collections::{BTreeMap, BTreeSet};

use synth::shop::{Cell, Dialect, INTENTS, KINDS, Shop, ShopSize, contains_fact, questions};

fn shop(seed: u64) -> Shop {
    Shop::new(seed, ShopSize { inquiries: 3000 })
}

/// Row index, whatever the column of a text.
fn text_of<'a>(shop: &'a Shop, table: &str, row: i64, column: &str) -> &'a str {
    shop.table(table).unwrap().text(row as usize - 1, column).unwrap_or("")
}

#[test]
fn every_planted_datum_stands_where_the_truth_says() {
    let shop = shop(3);
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for p in shop.planted() {
        let text = text_of(&shop, &p.table, p.row, &p.column);
        assert!(text.contains(&p.value), "{} {} {}: no {}", p.table, p.row, p.column, p.entity);
        if p.table == "inquiries" {
            *kinds.entry(&p.entity).or_default() += 1;
        }
    }
    for kind in KINDS {
        assert!(kinds.get(kind).is_some_and(|n| *n >= 5), "{kind}: {kinds:?}");
    }
}

#[test]
fn numbers_that_look_personal_are_all_in_the_truth() {
    let shop = shop(4);
    let pattern =
        regex::Regex::new(r"01\d[-. ]?\d{4}[-. ]?\d{4}|\d{6}-[1-8]\d{6}|[a-z0-9._]+@[a-z]+\.[a-z.]+")
            .unwrap();
    for (table, columns) in
        [("inquiries", vec!["title", "body"]), ("answers", vec!["body"]), ("orders", vec!["memo"])]
    {
        let table = shop.table(table).unwrap();
        for column in columns {
            for row in 0..table.rows.len() {
                let Some(text) = table.text(row, column) else { continue };
                for found in pattern.find_iter(text).filter(|f| f.as_str() != "help@example.com") {
                    let known = shop.planted().iter().any(|p| {
                        p.row == row as i64 + 1 && p.table == table.name && p.value.contains(found.as_str())
                            || found.as_str().contains(&p.value)
                    });
                    assert!(known, "{} row {}: {:?}", table.name, row + 1, found.as_str());
                }
            }
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_shop_and_another_seed_another() {
    let sql = |seed| shop(seed).sql(Dialect::Sqlite);
    assert_eq!(sql(5), sql(5));
    assert_ne!(sql(5), sql(6));
}

#[test]
fn categories_and_noise_are_all_there() {
    let shop = shop(1);
    let inquiries = shop.table("inquiries").unwrap();
    let answers = shop.table("answers").unwrap();
    assert_eq!(inquiries.rows.len(), 3000);
    let categories: BTreeSet<&str> = (0..3000).filter_map(|i| inquiries.text(i, "category")).collect();
    assert!(categories.len() >= 8, "{categories:?}");
    let bodies: Vec<&str> = (0..3000).map(|i| inquiries.text(i, "body").unwrap_or("")).collect();
    let distinct: BTreeSet<&&str> = bodies.iter().collect();
    assert!(bodies.len() - distinct.len() > 50, "exact duplicates");
    let with = |part: &str| bodies.iter().filter(|b| b.contains(part)).count();
    for part in ["안녕하세요", "ㅠㅠ", "ㅋㅋㅋ", "<p>", "Original Message", "광고", "감사합니다"]
    {
        assert!(with(part) >= 3, "{part}: {}", with(part));
    }
    assert!(bodies.iter().filter(|b| b.is_empty()).count() > 10);
    assert!(answers.rows.len() < 2900 && answers.rows.len() > 2500, "{}", answers.rows.len());
    let waits = (0..answers.rows.len())
        .filter(|i| answers.text(*i, "body").is_some_and(|b| b.contains("확인 후")))
        .count();
    assert!(waits > 20, "{waits}");
}

#[test]
fn ordinary_answers_state_the_promise_of_some_intent_of_their_category() {
    let shop = shop(2);
    let (inquiries, answers) = (shop.table("inquiries").unwrap(), shop.table("answers").unwrap());
    let mut stated = 0;
    for row in 0..answers.rows.len() {
        let Cell::Int(inquiry) = answers.rows[row][1] else { panic!("a key is a number") };
        let category = inquiries.text(inquiry as usize - 1, "category").unwrap();
        let body = answers.text(row, "body").unwrap_or("");
        stated += usize::from(
            INTENTS
                .iter()
                .filter(|i| i.category == category)
                .any(|i| contains_fact(body, shop.policies().get(i.policy).unwrap())),
        );
    }
    assert!(stated * 100 > answers.rows.len() * 94, "{stated} of {}", answers.rows.len());
}

/// Share of the character trigrams of the shorter text that the other has too.
fn overlap(a: &str, b: &str) -> f64 {
    let grams = |t: &str| {
        let c: Vec<char> = t.chars().filter(|c| c.is_alphanumeric()).collect();
        c.windows(3).map(|w| w.iter().collect::<String>()).collect::<BTreeSet<_>>()
    };
    let (a, b) = (grams(a), grams(b));
    let union = a.union(&b).count().max(1);
    a.intersection(&b).count() as f64 / union as f64
}

#[test]
fn no_written_question_stands_in_the_shop() {
    let asked = questions();
    for seed in [1, 2] {
        let shop = shop(seed);
        let table = shop.table("inquiries").unwrap();
        for row in 0..table.rows.len() {
            let body = table.text(row, "body").unwrap_or("");
            for q in &asked {
                assert!(!body.contains(&q.question), "{}", q.id);
                assert!(overlap(body, &q.question) < 0.5, "{}: {body}", q.id);
            }
        }
    }
}

#[test]
fn scripts_differ_only_in_dialect() {
    let shop = Shop::new(9, ShopSize { inquiries: 120 });
    let rows = |dialect| {
        shop.sql(dialect).lines().filter(|l| l.starts_with('(')).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(rows(Dialect::Sqlite), rows(Dialect::Postgres));
    let escaped: Vec<String> = rows(Dialect::Sqlite).iter().map(|l| l.replace('\\', "\\\\")).collect();
    assert_eq!(escaped, rows(Dialect::MySql));
    assert!(shop.sql(Dialect::MySql).contains("CHARSET=utf8mb4"));
    assert!(shop.sql(Dialect::Postgres).contains("ordered_at TIMESTAMP NOT NULL"));
}

#[test]
fn small_and_empty_shops_are_shops() {
    for inquiries in [0, 1, 2, 7] {
        let shop = Shop::new(1, ShopSize { inquiries });
        assert_eq!(shop.table("inquiries").unwrap().rows.len(), inquiries);
        assert_eq!(shop.csv().lines().next(), Some("inquiry_id,category,question,answer"));
        assert!(shop.sql(Dialect::Postgres).ends_with("COMMIT;\n"));
    }
}
