//! A teacher of which nothing can be used, and how it is asked again.

use testing::endpoint::Endpoint as Double;

use crate::support::snapshot;
use crate::teacher::{faulty, project, right, rows, seen};

/// A teacher of which nothing can be used ends the stage; mended, it is asked again, and for nothing that was good.
#[test]
fn a_teacher_that_says_nothing_of_use_ends_the_stage_until_it_is_asked_again() {
    let double = Double::start();
    double.answer(|_| "질문을 만들 수 있습니다.".into());
    let scratch = project(&double);
    let said = seen(&scratch, &double, &["run", "--until", "validate"]);
    snapshot!("teacher-useless", said);
    let (_, place) = said.split_once("hint: ").unwrap();
    let aside = rows(&scratch.read(place.split_once(" holds").unwrap().0));
    assert!(aside.iter().all(|row| row["reason"] == "no_json" && row["asked"] == 3), "{aside:?}");
    double.answer(faulty);
    let before = double.requests().len();
    assert!(scratch.seen(&["run", "--until", "validate"]).contains("exit 2"), "nobody asked for it");
    assert_eq!(double.requests().len(), before);
    let said = scratch.seen(&["run", "synthesize:rules", "--refresh"]);
    assert!(
        said.contains("exit 0") && said.contains("4 answers that were set aside are asked for again"),
        "{said}"
    );
    assert!(said.contains("answers were set aside (") && !said.contains("lower the quota"), "{said}");
    // What was good is not asked for again, and what was not is.
    double.answer(right);
    let before = double.bodies("/chat/completions");
    scratch.stdout(&["run", "synthesize:rules", "--refresh"], 0);
    let after = double.bodies("/chat/completions").split_off(before.len());
    assert!(!after.is_empty() && after.len() < 5, "{}", after.len());
    assert!(after.iter().any(|body| body.contains("진단서")), "{after:?}");
    assert!(!after.iter().any(|body| body.contains("유급휴가")), "{after:?}");
    assert_eq!(scratch.read("out/quarantine.jsonl"), "");
}
