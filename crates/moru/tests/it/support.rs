//! A folder, the binary, and what it said.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A scratch folder for one test.
pub struct Scratch {
    dir: tempfile::TempDir,
}

impl Scratch {
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    /// A project over a small table, with an untrained model and very little training.
    pub fn project() -> Self {
        let scratch = Self::new();
        scratch.write("data/rows.csv", &table(60));
        scratch.write("moru.toml", RECIPE);
        scratch
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn root(&self) -> &Path {
        self.dir.path()
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        pipeline::platform::write_atomic(&path, text.as_bytes()).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Replaces one text in a file that has it.
    pub fn edit(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "{name} has no {from:?}");
        self.write(name, &text.replace(from, to));
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = self.here(env!("CARGO_BIN_EXE_moru"));
        command.args(args);
        command
    }

    /// A script for `sh` in the folder; arguments that are added later are its `$0`, `$1` and so on.
    pub fn shell(&self, script: &str) -> Command {
        let mut command = self.here("sh");
        command.arg("-c").arg(script);
        command
    }

    /// A program in the folder, without what the outside world would tell it.
    fn here(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.root()).stdin(Stdio::null());
        for name in [
            "NO_COLOR",
            "DATABASE_URL",
            "DB_NAME",
            "DB_USER",
            "DB_PASSWORD",
            "DB_HOST",
            "DB_PORT",
            "MORU_SECRET",
            "HF_ENDPOINT",
            "HF_HOME",
            "HF_HUB_CACHE",
            "HF_HUB_OFFLINE",
            "HF_TOKEN",
            "HTTP_PROXY",
            "http_proxy",
            "ALL_PROXY",
            "all_proxy",
        ] {
            command.env_remove(name);
        }
        command
    }

    pub fn output(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Runs, expects the exit code, gives stdout.
    pub fn stdout(&self, args: &[&str], code: i32) -> String {
        let output = self.output(args);
        let talk = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "moru {args:?}\n{talk}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Everything a person would see, ready for a snapshot.
    pub fn seen(&self, args: &[&str]) -> String {
        let output = self.output(args);
        let mut text = format!("$ moru {}\nexit {}\n", args.join(" "), output.status.code().unwrap_or(-1));
        for (name, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
            if !bytes.is_empty() {
                text += &format!("--- {name}\n{}", String::from_utf8_lossy(bytes));
            }
        }
        self.filtered(&text)
    }

    /// Without what differs from run to run and machine to machine.
    pub fn filtered(&self, text: &str) -> String {
        let root = self.root().canonicalize().unwrap();
        text.replace(&root.display().to_string(), "[DIR]")
            .replace(&self.root().display().to_string(), "[DIR]")
    }
}

/// Filters for times, sizes, digests and numbers of processes.
pub fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"\b\d+\.\d s\b", "[TIME]");
    settings.add_filter(r"\b\d+ s\b", "[TIME]");
    settings.add_filter(r"\b\d+(\.\d)? (B|kB|MB|GB)\b", "[SIZE]");
    settings.add_filter(r"\b[0-9a-f]{64}\b", "[DIGEST]");
    settings.add_filter(r"process \d+", "process [PID]");
    settings.add_filter(r" +\n", "\n");
    settings.set_prepend_module_to_snapshot(false);
    settings
}

macro_rules! snapshot {
    ($name:expr, $text:expr) => {
        $crate::support::settings().bind(|| insta::assert_snapshot!($name, $text))
    };
}
pub(crate) use snapshot;

/// `id,category,question,answer` with a telephone number in each third question.
pub fn table(rows: usize) -> String {
    let topics = [
        ("배송", "택배는 언제쯤 도착하나요"),
        ("환불", "환불을 받으려면 어떻게 하나요"),
        ("교환", "다른 색으로 바꿀 수 있나요"),
    ];
    let mut text = String::from("id,category,question,answer\n");
    for i in 1..=rows {
        let (category, question) = topics[i % 3];
        let phone = if i % 3 == 0 {
            format!(" 연락처는 010-2345-{:04}입니다.", 6000 + i)
        } else {
            String::new()
        };
        text += &format!(
            "{i},{category},{question}? 주문한 지 {i}일이 지났고 상품은 {}번입니다.{phone},{category} 문의 {i}건째입니다. {}일 안에 처리됩니다.\n",
            i * 37,
            1 + i % 5
        );
    }
    text
}

/// A recipe that runs in a second.
pub const RECIPE: &str = r#"[project]
name = "test"

[model]
base = "builtin:toy"

[source.rows]
kind = "csv"
path = "data/rows.csv"
key = ["id"]

[prepare]
prompt = "[{category}] {question}"
response = "{answer}"
meta = ["category"]

[prepare.reject]
duplicates = 0.0

[train]
steps = 6
batch_size = 4
save_every = 2
rank = 4

[evaluate]
metrics = ["chrf", "exact"]
max_new_tokens = 8
leak_samples = 0
"#;
