//! `moru train --verify-…` on a small project of its own.

use serde_json::Value;

use crate::support::{RECIPE, Scratch};

#[test]
fn a_training_is_tested_on_its_own_rows() {
    let scratch = Scratch::project();
    let checks = ["train", "--verify-prefix", "--verify-packing", "--verify-gradients", "--json"];
    for method in ["method = \"lora\"\nrank = 4", "method = \"qlora\"\nrank = 4", "method = \"full\""] {
        scratch.write("moru.toml", &RECIPE.replace("rank = 4", method));
        let found: Value = serde_json::from_str(&scratch.stdout(&checks, 0)).unwrap();
        let found = found.as_array().unwrap();
        let names: Vec<_> = found.iter().map(|check| check["check"].as_str().unwrap()).collect();
        assert_eq!(names, ["prefix", "packing", "gradients"]);
        let number = |check: usize, key: &str| found[check][key].as_f64().unwrap();
        for check in 0..3 {
            let largest = number(check, "largest");
            assert!(largest > 0.0 && largest <= number(check, "bound"), "{method}: {found:?}");
            assert!(number(check, "rows") >= 1.0 && number(check, "tensors") > 4.0, "{method}: {found:?}");
        }
        let shared = number(0, "computed_tokens") < number(0, "tokens");
        assert!(shared, "rows share the beginning of their template");
        assert_eq!(number(1, "computed_tokens"), number(1, "tokens"));
    }
    assert!(!scratch.path("out/adapter").exists(), "nothing was trained");

    let output = scratch.output(&["train", "nothing", "--verify-packing"]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.code() == Some(2) && text.contains("there is no training called `nothing`"),
        "{text}"
    );
}
