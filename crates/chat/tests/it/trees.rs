//! Conversations with tools, whose policy and tool schema are the beginning of each, are planned as trees.

use std::path::Path;

use chat::batch::{PlanOptions, Planner, build};
use chat::{Builtin, Encoder, Example, Message, Role, Sample, SampleView, ToolCall};
use serde_json::{Map, Value};

use crate::tokenizers;

/// Tokens of a pass: as `[train] micro_tokens` has them where it is left out, fewer than any of these conversations; and
/// room for the beginning and several ends.
const BUDGETS: [usize; 2] = [2048, 16_384];

/// One conversation a task: the policy, what the customer wants, and the calls that fulfil it.
fn conversations(folder: &Path) -> Vec<Example> {
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let policy = read("tau_bench/envs/retail/wiki.md");
    let tools: Vec<Value> = serde_json::from_str(&read("derived/retail_tools.json")).unwrap();
    let tasks: Vec<Value> = serde_json::from_str(&read("derived/retail_tasks_train.json")).unwrap();
    let conversation = |(at, task): (usize, &Value)| {
        let mut calls = Message::new(Role::Assistant, "");
        let actions = task["actions"].as_array().unwrap();
        calls.tool_calls = actions.iter().map(call).collect();
        let wish = task["instruction"].as_str().unwrap();
        let messages =
            vec![Message::new(Role::System, policy.as_str()), Message::new(Role::User, wish), calls];
        Example { id: format!("retail#{at}"), messages, tools: tools.clone(), meta: Map::new() }
    };
    // A task without an action has nothing to train.
    let has_actions = |task: &&Value| task["actions"].as_array().is_some_and(|all| !all.is_empty());
    tasks.iter().filter(has_actions).enumerate().map(conversation).collect()
}

fn call(action: &Value) -> ToolCall {
    let name = action["name"].as_str().unwrap().to_owned();
    ToolCall { id: None, name, arguments: action["kwargs"].as_object().unwrap().clone() }
}

/// Tokens of the trie of these samples: what computing every common beginning once has to compute at least.
fn trie_tokens(samples: &[SampleView], members: &[usize]) -> usize {
    let mut rows: Vec<&[u32]> = members.iter().map(|&sample| samples[sample].ids).collect();
    rows.sort_unstable();
    let common = |a: &[u32], b: &[u32]| a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let shared: usize = rows.windows(2).map(|pair| common(pair[0], pair[1])).sum();
    rows.iter().map(|row| row.len()).sum::<usize>() - shared
}

#[test]
fn a_policy_and_its_tools_are_computed_once_a_pass() {
    let Some(folder) = testing::shared_data("tau-bench") else { return };
    let Some(tokenizer) = tokenizers::qwen() else { return };
    let encoder = Encoder::builtin(Builtin::ChatMl, tokenizer).unwrap();
    let samples: Vec<Sample> =
        conversations(&folder).iter().flat_map(|example| encoder.samples(example).unwrap()).collect();
    let views: Vec<SampleView> = samples.iter().map(Sample::view).collect();
    let packed: usize = samples.iter().map(|sample| sample.ids.len()).sum();
    let first = &samples[0].ids;
    let shared = samples.iter().fold(first.len(), |least, sample| {
        least.min(sample.ids.iter().zip(first).take_while(|(a, b)| a == b).count())
    });
    println!(
        "{} conversations of {:.0} tokens share their first {shared}",
        samples.len(),
        packed as f64 / samples.len() as f64
    );
    assert!(shared > 2000, "policy and schema: {shared} tokens");
    for budget_tokens in BUDGETS {
        check_epoch(&views, packed, budget_tokens);
    }
}

/// Plans an epoch with passes of so many tokens, holds it against the tries of its passes, and says what is saved.
fn check_epoch(views: &[SampleView], packed: usize, budget_tokens: usize) {
    let longest = views.iter().map(|view| view.ids.len()).max().unwrap();
    let planner = Planner::new(views, PlanOptions { budget_tokens, per_step: 32, seed: 7, min_shared: 16 });
    let (mut trees, mut least, mut n_passes, mut largest, mut seen) = (0, 0, 0, 0, vec![0; views.len()]);
    for step in planner.steps(0) {
        for pass in planner.passes(&step) {
            let laid = build(views, &pass, planner.min_shared()).ids.len();
            assert_eq!(laid, planner.tokens(&pass), "what is planned is what is laid");
            for &sample in &pass {
                seen[sample] += 1;
            }
            (trees, least, n_passes) = (trees + laid, least + trie_tokens(views, &pass), n_passes + 1);
            largest = largest.max(laid);
        }
    }
    let saving = 1.0 - trees as f64 / packed as f64;
    println!(
        "in passes of {budget_tokens} tokens, or {largest} for what they share: an epoch has {packed} tokens packed, {trees} as trees in {n_passes} passes, {:.1} % fewer",
        100.0 * saving
    );
    assert!(largest <= budget_tokens.max(2 * longest), "{largest} tokens in a pass");
    assert!(seen.iter().all(|&times| times == 1), "each sample once an epoch");
    assert!(saving > 0.85, "{saving}");
    assert!(trees >= least && trees as f64 <= 1.01 * least as f64, "{trees} laid, {least} in the tries");
}
