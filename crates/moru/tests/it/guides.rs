//! The guides are tests: each of their commands runs, and what they show is what is printed.
//!
//! In `docs/guides/*.md` a block fenced as
//! - `sh run` is run, in order, in one folder that keeps its files and its working directory from block to block;
//! - `text shown` stands behind such a block: each of its lines is a line that was printed, whatever the numbers
//!   in it; `…` at the end of a line stands for the rest of it;
//! - `toml recipe` is a whole recipe, and `env` a whole `.env`: both must be sound.
//!
//! Every other block that holds a command of `moru` is a fault, so that none can be forgotten.

use std::path::{Path, PathBuf};

use crate::support::Scratch;

/// Makes every verb that reads a recipe a small one: an untrained model, a few steps, short answers.
const SMALL: &str = r#"
moru() {
    case $1 in
    init | explain | inspect | doctor | completions | bench | top | score | judge | --* | help) command moru "$@" ;;
    *)
        command moru "$@" --set model.base=builtin:toy --set train.steps=4 --set train.batch_size=4 \
            --set train.save_every=2 --set evaluate.max_rows=4 --set evaluate.max_new_tokens=8 --set evaluate.leak_samples=8
        ;;
    esac
}
"#;

#[derive(Debug)]
struct Block {
    kind: String,
    text: String,
    line: usize,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guides")
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut inside = false;
    for (i, line) in text.lines().enumerate() {
        match line.strip_prefix("```") {
            Some(_) if inside => inside = false,
            Some(kind) => {
                inside = true;
                blocks.push(Block { kind: kind.trim().to_owned(), text: String::new(), line: i + 1 });
            }
            None if inside => {
                let block = blocks.last_mut().unwrap();
                block.text += line;
                block.text.push('\n');
            }
            None => {}
        }
    }
    assert!(!inside, "a block without an end");
    blocks
}

fn guide(name: &str) -> Vec<Block> {
    blocks(&std::fs::read_to_string(folder().join(name)).unwrap())
}

/// Runs a script where the last one ended; gives what was printed on both streams.
fn run(scratch: &Scratch, script: &str) -> Result<String, String> {
    let whole = format!(
        "exec 2>&1; cd \"$(cat .here)\"\n{SMALL}\nset -e\ntrap 'pwd > \"$HOME/.here\"' EXIT\n{script}"
    );
    let mut command = scratch.shell(&whole);
    let binary = Path::new(env!("CARGO_BIN_EXE_moru")).parent().unwrap();
    let path = std::env::join_paths([binary, Path::new("/usr/bin"), Path::new("/bin")]).unwrap();
    let output = command.env("PATH", path).env("HOME", scratch.root()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    if output.status.success() { Ok(text) } else { Err(format!("{}\n{text}", output.status)) }
}

/// A line with every number, and every size's unit, taken out.
fn shape(line: &str) -> String {
    let mut shape = String::new();
    let mut in_number = false;
    for c in line.trim().chars() {
        let part = c.is_ascii_digit() || (in_number && matches!(c, '.' | ','));
        if part && !in_number {
            shape.push('#');
        }
        if !part {
            shape.push(c);
        }
        in_number = part;
    }
    for unit in ["kB", "MB", "GB"] {
        shape = shape.replace(&format!("# {unit}"), "# B");
    }
    shape.split_whitespace().collect::<Vec<_>>().join(" ").replace("# min # s", "# s")
}

fn check_guide(name: &str) {
    let scratch = Scratch::new();
    scratch.write(".here", &scratch.root().to_string_lossy());
    let mut printed: Option<Vec<String>> = None;
    let (mut n_run, mut n_shown) = (0, 0);
    for Block { kind, text, line } in guide(name) {
        let place = format!("{name}:{line}");
        match kind.as_str() {
            "sh run" => {
                let said = run(&scratch, &text).unwrap_or_else(|said| panic!("{place}: {said}\n{text}"));
                printed = Some(said.lines().map(shape).collect());
                n_run += 1;
            }
            "text shown" => {
                let printed = printed.as_ref().unwrap_or_else(|| panic!("{place}: nothing was run before"));
                for wanted in text.lines().map(shape) {
                    let is_shown = match wanted.strip_suffix('…') {
                        Some(begin) => printed.iter().any(|line| line.starts_with(begin)),
                        None => printed.contains(&wanted),
                    };
                    assert!(is_shown, "{place}: {wanted:?} is not in {printed:#?}");
                    n_shown += 1;
                }
            }
            "toml recipe" => {
                let other = Scratch::new();
                other.write("moru.toml", &text);
                other.stdout(&["check", "--structure", "--set", "model.base=builtin:toy"], 0);
            }
            "env" => {
                let other = Scratch::project();
                other.write(".env", &text);
                other.stdout(&["check", "--structure"], 0);
            }
            _ => {
                let command = text.lines().find(|line| line.trim_start().starts_with("moru "));
                assert!(
                    command.is_none(),
                    "{place}: `{}` is never run; fence it as `sh run`",
                    command.unwrap()
                );
            }
        }
    }
    assert!(n_run >= 3 && n_shown > 9, "{name}: {n_run} blocks were run, {n_shown} lines were shown");
}

#[test]
fn the_support_guide_does_what_it_says() {
    check_guide("support.md");
}

#[test]
fn the_summarize_guide_does_what_it_says() {
    check_guide("summarize.md");
}

#[test]
fn the_regulations_guide_does_what_it_says() {
    check_guide("regulations.md");
}

#[test]
fn the_guide_to_sources_does_what_it_says() {
    check_guide("sources.md");
}

#[test]
fn both_languages_show_the_same() {
    for entry in std::fs::read_dir(folder()).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(stem) = name.strip_suffix(".ko.md") else {
            assert!(folder().join(name.replace(".md", ".ko.md")).exists(), "{name} has no Korean twin");
            continue;
        };
        let without_comments = |text: &str| -> Vec<String> {
            let code = |line: &str| line.split(" # ").next().unwrap_or_default().trim_end().to_owned();
            text.lines().map(code).filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
        };
        let blocks = |name: &str| -> Vec<(String, Vec<String>)> {
            guide(name).iter().map(|b| (b.kind.clone(), without_comments(&b.text))).collect()
        };
        let (ours, theirs) = (blocks(&format!("{stem}.md")), blocks(&name));
        assert_eq!(ours.len(), theirs.len(), "{name}: another number of blocks");
        for (our, their) in ours.iter().zip(&theirs) {
            assert_eq!(our, their, "{name}");
        }
    }
}

#[test]
fn numbers_are_left_out_of_what_is_compared() {
    assert_eq!(shape("  prepare  done in 1.2 s "), shape("prepare  done in 17 s"));
    assert_eq!(shape("3,200 rows in, 2.0 MB"), shape("17 rows in, 849.2 kB"));
    assert_eq!(shape("done in 4 min 44 s"), shape("done in 0.4 s"));
    assert_ne!(shape("3 rows in"), shape("3 rows out"));
    let found = blocks("a\n```sh run\nmoru check\n```\n```text\nx\n```\n");
    assert_eq!((found.len(), found[0].kind.as_str(), found[0].text.as_str()), (2, "sh run", "moru check\n"));
}
