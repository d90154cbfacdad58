//! Tensor files: round trips, shards, and every way in which a file can be broken.

use std::path::Path;

use model::weights::{TensorToWrite, write_safetensors};
use model::{DType, ModelFolder, SafetensorsFile, TensorSource};
use tempfile::TempDir;

fn put(path: &Path, header: &str, data: &[u8]) {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    put_bytes(path, &bytes);
}

#[expect(clippy::disallowed_methods, reason = "a test's scratch file")]
fn put_bytes(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
}

#[track_caller]
fn check_broken(bytes: &[u8], message: &str) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("x.safetensors");
    put_bytes(&path, bytes);
    let found = SafetensorsFile::open(&path).unwrap_err().to_string();
    assert_eq!(found, format!("{}: {message}", path.display()));
}

#[track_caller]
fn check_header(header: &str, data: usize, message: &str) {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(vec![0; data]);
    check_broken(&bytes, message);
}

#[test]
fn what_is_written_is_read() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("x.safetensors");
    let (a, b) = ([1.0, -2.5, f32::MIN_POSITIVE], [0.25; 4]);
    let tensors = [
        TensorToWrite { name: "b".into(), shape: vec![2, 2], values: &b },
        TensorToWrite { name: "a".into(), shape: vec![3], values: &a },
    ];
    write_safetensors(&path, &tensors, &[("format", "pt")]).unwrap();
    let file = SafetensorsFile::open(&path).unwrap();
    assert_eq!(file.names(), ["a", "b"]);
    assert_eq!(file.metadata()["format"], "pt");
    assert_eq!(file.get("a").unwrap().to_f32(), a);
    assert_eq!(file.get("b").unwrap().shape, [2, 2]);
    let found = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(found, 1, "no temporary file is left");
}

#[test]
fn halves_are_widened_exactly() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("x.safetensors");
    let header = r#"{"h":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"BF16","shape":[2],"data_offsets":[4,8]}}"#;
    put(&path, header, &[0x00, 0x3c, 0x01, 0x00, 0x80, 0x3f, 0x49, 0x40]);
    let file = SafetensorsFile::open(&path).unwrap();
    assert_eq!(file.get("h").unwrap().to_f32(), [1.0, 2f32.powi(-24)]);
    assert_eq!(file.get("h").unwrap().dtype, DType::F16);
    assert_eq!(file.get("b").unwrap().to_f32(), [1.0, 3.140625]);
}

#[test]
fn broken_files_are_refused_with_a_reason() {
    check_broken(b"", "the file has 0 bytes, too short for a safetensors header; download it again");
    check_broken(
        &[255, 255, 255, 255, 255, 255, 255, 255, 1],
        "the header claims 18446744073709551615 bytes, the file has 9 and a header at most 100000000; the file is \
         truncated or is not safetensors",
    );
    check_header("[1]", 0, "the header is not a safetensors header: it is not an object");
    check_header(
        r#"{"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}"#,
        20,
        "tensor `w` lies at bytes 0..24 of 20; the file is truncated, download it again",
    );
    check_header(
        r#"{"w":{"dtype":"F32","shape":[2,3],"data_offsets":[8,4]}}"#,
        24,
        "tensor `w` lies at bytes 8..4 of 24; the file is truncated, download it again",
    );
    check_header(
        r#"{"w":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}"#,
        4,
        "tensor `w` has shape [4294967296, 4294967296], whose size overflows",
    );
    check_header(
        r#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#,
        4,
        "tensor `w` has 4 bytes, its dtype and shape need 8",
    );
    check_header(
        r#"{"v":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
        8,
        "tensors `v` and `w` overlap",
    );
    check_header(
        r#"{"w":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}"#,
        8,
        "tensor `w` has dtype I64; read are F32, F16 and BF16",
    );
    check_header(
        r#"{"w":{"dtype":"F32","shape":[1.5],"data_offsets":[0,8]}}"#,
        8,
        "the header is not a safetensors header: tensor `w` has no valid `shape`",
    );
}

#[test]
fn shards_are_one_source() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, tensor: &str, value: f32| {
        let tensors = [TensorToWrite { name: tensor.into(), shape: vec![1], values: &[value] }];
        write_safetensors(&folder.path().join(name), &tensors, &[]).unwrap();
    };
    write("model-1.safetensors", "a", 1.0);
    write("model-2.safetensors", "b", 2.0);
    let index = folder.path().join("model.safetensors.index.json");
    put_bytes(&index, br#"{"weight_map":{"a":"model-1.safetensors","b":"model-2.safetensors"}}"#);
    let source = ModelFolder::open(folder.path()).unwrap();
    assert_eq!(source.names(), ["a", "b"]);
    assert_eq!(source.get("b").unwrap().to_f32(), [2.0]);

    let refuse = |json: &str, end: &str| {
        put_bytes(&index, json.as_bytes());
        let message = ModelFolder::open(folder.path()).unwrap_err().to_string();
        assert!(message.ends_with(end), "{message}");
    };
    refuse(
        r#"{"weight_map":{"a":"model-2.safetensors"}}"#,
        "the index places `a` in model-2.safetensors, which does not hold it",
    );
    refuse(
        r#"{"weight_map":{"a":"../a.safetensors"}}"#,
        "the index of shards is not valid: a shard's name is a path",
    );
    refuse(r#"{"weight_map":{"a":"model-3.safetensors"}}"#, "model-3.safetensors");
    refuse("{}", "the index of shards is not valid: it has no object `weight_map`");
}

#[test]
fn a_folder_without_weights_says_which_files_are_needed() {
    let folder = TempDir::new().unwrap();
    let message = ModelFolder::open(folder.path()).unwrap_err().to_string();
    let wanted = "has no model.safetensors or model.safetensors.index.json";
    assert_eq!(message, format!("{} {wanted}", folder.path().display()));
}
