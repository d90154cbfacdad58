//! Model folders that are not whole, of other kinds, or put together from two models.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{finish, project, refused, refused_at_once, said, works};
use crate::support::Scratch;

/// A project whose base is a folder, beside one that made such a folder.
struct Folder {
    scratch: Scratch,
    whole: PathBuf,
    // The folder lies in its results.
    _maker: Scratch,
}

impl Folder {
    fn new() -> Self {
        let maker = project();
        works(&maker, &["run", "tokenize"]);
        let views = std::fs::read_dir(maker.path(".moru/views")).unwrap();
        let mut views = views.map(|view| view.unwrap().path());
        let whole = views.find(|view| view.join("config.json").exists()).unwrap();
        let scratch = project();
        scratch.edit("moru.toml", "builtin:toy", "model");
        Self { scratch, whole, _maker: maker }
    }

    /// The folder as it should be.
    fn mend(&self) {
        let model = self.scratch.path("model");
        let _ = std::fs::remove_dir_all(&model);
        std::fs::create_dir(&model).unwrap();
        for entry in std::fs::read_dir(&self.whole).unwrap() {
            let path = entry.unwrap().path();
            // Written, not copied: files of the store are read-only.
            write(&model.join(path.file_name().unwrap()), &std::fs::read(&path).unwrap());
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.scratch.path("model").join(name)
    }

    fn cut(&self, name: &str, bytes: usize) {
        let whole = std::fs::read(self.file(name)).unwrap();
        write(&self.file(name), &whole[..bytes]);
    }

    fn change(&self, name: &str, change: impl FnOnce(&mut Value)) {
        let mut value: Value = serde_json::from_slice(&std::fs::read(self.file(name)).unwrap()).unwrap();
        change(&mut value);
        write(&self.file(name), &serde_json::to_vec(&value).unwrap());
    }

    fn set(&self, name: &str, key: &str, to: Value) {
        self.change(name, |value| value[key] = to);
    }

    fn template(&self, source: &str) {
        self.set("tokenizer_config.json", "chat_template", json!(source));
    }
}

fn write(path: &Path, bytes: &[u8]) {
    pipeline::platform::write_atomic(path, bytes).unwrap();
}

fn remove(path: &Path) {
    std::fs::remove_file(path).unwrap();
}

const WEIGHTS: &str = "model.safetensors";
const TOKENIZER: &str = "tokenizer.json";
const CONFIG: &str = "config.json";
const POINTER: &str = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";

/// What is done to the folder, and what is told about it.
type Case = (fn(&Folder), &'static str);

const CASES: &[Case] = &[
    (|f| remove(&f.file(CONFIG)), "has no config.json"),
    (|f| remove(&f.file(WEIGHTS)), "has no model.safetensors"),
    (
        |f| std::fs::rename(f.file(WEIGHTS), f.file("pytorch_model.bin")).unwrap(),
        "saved as safetensors first",
    ),
    (|f| remove(&f.file(TOKENIZER)), "no tokenizer.json"),
    (|f| f.cut(WEIGHTS, 100_000), "the file is truncated"),
    (|f| f.cut(WEIGHTS, 700), "the header claims"),
    (|f| f.cut(WEIGHTS, 5), "the file has 5 bytes"),
    (|f| f.cut(WEIGHTS, 0), "the file has 0 bytes"),
    (|f| write(&f.file(WEIGHTS), POINTER.as_bytes()), "git lfs pull"),
    (|f| f.cut(CONFIG, 40), "config.json is not valid JSON"),
    (|f| f.cut(TOKENIZER, 3000), "tokenizer.json: not a tokenizer"),
    (|f| f.cut("tokenizer_config.json", 40), "tokenizer_config.json: not a tokenizer"),
    (
        |f| f.set(CONFIG, "architectures", json!(["MambaForCausalLM"])),
        "architecture `MambaForCausalLM` is not supported; supported are GPT2",
    ),
    (|f| f.set(CONFIG, "quantization_config", json!({ "bits": 4 })), "`quantization_config`"),
    (
        |f| f.change(CONFIG, |c| drop(c.as_object_mut().unwrap().remove("hidden_size"))),
        "`hidden_size` is missing",
    ),
    (|f| f.set(CONFIG, "num_attention_heads", json!(3)), "belong to different models"),
    (|f| f.set(CONFIG, "intermediate_size", json!(256)), "the model needs [256, 64]"),
    (|f| f.set(CONFIG, "num_hidden_layers", json!(3)), "has no tensor `model.layers.2."),
    (|f| f.change(TOKENIZER, more_tokens), "they belong to different models"),
    (|f| f.change(TOKENIZER, without_end_of_turn), "the chat template writes <|im_end|>"),
    (
        |f| f.template("{% for m in messages %}[INST] {{ m.content }}{% endfor %}"),
        "without a token that ends it",
    ),
    (|f| f.template("hello"), "without a token that ends it"),
    (|f| f.template("{% for m in messages %}{{ m.content }"), "chat template, line 1: "),
    (
        |f| f.template("{% for m in messages %}{{ m.content | nosuch }}{% endfor %}"),
        "filter nosuch is unknown",
    ),
    (|f| f.template("{{ raise_exception('only systems') }}"), "refuses this conversation: only systems"),
];

/// A vocabulary that the model has no rows for.
fn more_tokens(tokenizer: &mut Value) {
    let added = tokenizer["added_tokens"].as_array_mut().unwrap();
    let first = added.iter().filter_map(|t| t["id"].as_u64()).max().unwrap() + 1;
    for id in first..first + 2000 {
        let mut token = added[0].clone();
        token["id"] = json!(id);
        token["content"] = json!(format!("<|extra {id}|>"));
        added.push(token);
    }
}

fn without_end_of_turn(tokenizer: &mut Value) {
    tokenizer["added_tokens"].as_array_mut().unwrap().retain(|token| token["content"] != "<|im_end|>");
}

#[test]
fn folders_that_cannot_be_used_are_refused_before_any_work() {
    let folder = Folder::new();
    for (i, (damage, says)) in CASES.iter().enumerate() {
        folder.mend();
        damage(&folder);
        let talk = refused_at_once(&folder.scratch, &["run"], &["the model in ./model cannot be used", says]);
        assert!(!talk.contains("caused by: :"), "{talk}");
        // `check` says the same; one in four is enough to know.
        if i % 4 == 0 {
            let output = finish(folder.scratch.command(&["check"]), 60);
            let talk = said(&output);
            assert_eq!(output.status.code(), Some(1), "{says}: {talk}");
            assert!(
                talk.contains("--  model.base: ") && talk.contains(says) && talk.contains("hint: "),
                "{talk}"
            );
        }
    }
    folder.mend();
    works(&folder.scratch, &["check"]);
    works(&folder.scratch, &["run"]);
}

#[test]
fn a_model_changed_after_the_training_is_told_when_it_is_asked() {
    let folder = Folder::new();
    folder.mend();
    works(&folder.scratch, &["run"]);
    folder.cut(WEIGHTS, 100_000);
    for args in [&["generate", "--max-tokens", "3"][..], &["chat"]] {
        refused(&folder.scratch, args, &["the file is truncated", "fetch the file again"]);
    }
}

#[test]
fn weights_that_are_not_numbers() {
    let folder = Folder::new();
    folder.mend();
    let mut weights = std::fs::read(folder.file(WEIGHTS)).unwrap();
    let end = weights.len();
    weights[end - 4096..].as_chunks_mut::<4>().0.iter_mut().for_each(|b| *b = f32::NAN.to_le_bytes());
    write(&folder.file(WEIGHTS), &weights);
    let says = ["became NaN at step 1", "the base's own weights may be damaged"];
    refused(&folder.scratch, &["run"], &says);
    assert!(!folder.scratch.path("out/adapter").exists());
}
