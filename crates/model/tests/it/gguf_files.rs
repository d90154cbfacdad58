//! GGUF files: written, read again, and refused when they are damaged or hostile.

use std::path::Path;

use model::weights::gguf::{
    GgufFile, GgufMix, GgufModel, GgufProblem, GgufTensor, GgufValue, export_gguf, export_gguf_adapter,
    write_gguf,
};
use model::{
    DType, Decoder, Family, Format, MemoryTensors, ModelConfig, ModelError, ModelFolder, NormKind,
    Orientation, Positions, RopeScaling, TensorSource, base_layout,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use testing::mutation::write_new;

use crate::tiny;

/// A small file by hand, so that single fields can be wrong.
#[derive(Clone)]
pub struct Bytes(pub Vec<u8>);

impl Bytes {
    fn header(n_tensors: u64, n_keys: u64) -> Self {
        let mut bytes = b"GGUF".to_vec();
        bytes.extend(3u32.to_le_bytes());
        bytes.extend(n_tensors.to_le_bytes());
        bytes.extend(n_keys.to_le_bytes());
        Self(bytes)
    }

    fn u32(mut self, value: u32) -> Self {
        self.0.extend(value.to_le_bytes());
        self
    }

    fn u64(mut self, value: u64) -> Self {
        self.0.extend(value.to_le_bytes());
        self
    }

    fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    fn text(self, text: &str) -> Self {
        self.u64(text.len() as u64).raw(text.as_bytes())
    }

    fn tensor(self, name: &str, dims: &[u64], format: u32, offset: u64) -> Self {
        let named = self.text(name).u32(dims.len() as u32);
        dims.iter().fold(named, |bytes, dim| bytes.u64(*dim)).u32(format).u64(offset)
    }

    fn data(mut self, n: usize) -> Self {
        self.0.resize(self.0.len().next_multiple_of(32) + n, 0);
        self
    }
}

fn opened(bytes: &[u8]) -> Result<GgufFile, ModelError> {
    let scratch = TempDir::new().unwrap();
    let path = scratch.path().join("x.gguf");
    write_new(&path, bytes);
    GgufFile::open(&path)
}

#[track_caller]
fn check_refused(bytes: &Bytes, expected: &str) {
    match opened(&bytes.0).unwrap_err() {
        ModelError::Gguf { file, problem } => {
            let message = problem.to_string();
            assert!(file.ends_with("x.gguf") && message.contains(expected), "{message}");
        }
        other => panic!("{other}"),
    }
}

#[test]
fn what_makes_no_sense_is_refused_with_its_place() {
    let far = u64::MAX;
    let head = Bytes::header;
    for (bytes, expected) in [
        (Bytes(b"GGML\x03\0\0\0".to_vec()), "does not begin with `GGUF`"),
        (Bytes(b"GGUF\x01\0\0\0".to_vec()), "the file is GGUF version 1"),
        (Bytes(b"GGUF\0\0\0\x03".to_vec()), "big-endian"),
        (Bytes(b"GGUF\x03\0\0\0\x01".to_vec()), "inside the number of tensors at byte 8"),
        (head(far, 0), "the number of tensors at byte 8 claims 18446744073709551615 entries"),
        (head(0, far), "the number of keys at byte 16 claims"),
        (head(0, 1).text("abcdef").raw(&[0]), "inside the type of `abcdef` at byte 38"),
        (head(0, 1).u64(far).data(32), "inside the name of key 1 at byte 32"),
        (head(0, 1).u64(2).raw(b"\xff\xfe").data(64), "the name of key 1 at byte 32 is not UTF-8"),
        (head(0, 1).text("a").u32(13).data(32), "`a` at byte 33 has value type 13"),
        (head(0, 1).text("a").u32(7).raw(&[2]).data(32), "`a` at byte 37 is 2, where only 0"),
        (head(0, 1).text("a").u32(8).u64(far).data(32), "inside the text of `a`"),
        (head(0, 1).text("a").u32(8).u64(1).raw(b"\xc3").data(32), "the text of `a` at byte 45 is not UTF-8"),
        (head(0, 1).text("a").u32(9).u32(9).u64(1).data(32), "`a` at byte 37 is an array of arrays"),
        (head(0, 1).text("a").u32(9).u32(0).u64(far).data(32), "the array `a` at byte 41 claims"),
        (head(0, 1).text("a").u32(9).u32(8).u64(1 << 40).data(32), "the array `a` at byte 41 claims"),
        (head(0, 1).text("a").u32(9).u32(7).u64(2).raw(&[1, 9]).data(32), "is 9, where only 0"),
        (
            head(0, 2).text("a").u32(0).raw(&[1]).text("a").u32(0).raw(&[1]).data(32),
            "the key `a` is there twice, the second time at byte 38",
        ),
        (head(0, 1).text("general.alignment").u32(4).u32(48).data(32), "`general.alignment` is 48"),
        (head(0, 1).text("general.alignment").u32(4).u32(0).data(32), "`general.alignment` is 0"),
        (head(0, 1).text("general.alignment").u32(8).text("x").data(32), "`general.alignment` is a text"),
        (head(1, 0).tensor("t", &[], 0, 0).data(64), "tensor `t` has 0 dimensions"),
        (head(1, 0).tensor("t", &[1; 5], 0, 0).data(64), "tensor `t` has 5 dimensions"),
        (
            head(1, 0).tensor("t", &[4], 10, 0).data(64),
            "tensor `t` is stored as q2_k; read are f32, f16, q4_0,",
        ),
        (head(1, 0).tensor("t", &[4], 77, 0).data(64), "tensor `t` is stored as the unknown format 77"),
        (head(1, 0).tensor("t", &[1 << 62, 1 << 62], 0, 0).data(64), "whose size overflows"),
        (head(1, 0).tensor("t", &[1 << 62], 0, 0).data(64), "whose size overflows"),
        (head(1, 0).tensor("t", &[33], 8, 0).data(64), "stored as q8_0 in rows of 33"),
        (head(1, 0).tensor("t", &[4], 0, 4).data(64), "no multiple of the file's alignment of 32"),
        (head(1, 0).tensor("t", &[17], 0, 0).data(64), "tensor `t` takes 68 bytes from 0 on, of 64"),
        (
            head(1, 0).tensor("t", &[1], 0, far - 31).data(64),
            "tensor `t` takes 4 bytes from 18446744073709551584",
        ),
        (
            head(2, 0).tensor("t", &[1], 0, 0).tensor("t", &[1], 0, 32).data(64),
            "the tensor `t` is there twice",
        ),
        (head(2, 0).tensor("a", &[9], 0, 0).tensor("b", &[1], 0, 32).data(64), "tensors `a` and `b` overlap"),
        (head(0, 1).text("split.count").u32(2).raw(&[2, 0]).data(32), "part 1 of 2; join them"),
    ] {
        check_refused(&bytes, expected);
    }
}

/// Keys of every kind that is written, and tensors of several formats.
fn sample(path: &Path) -> Vec<(String, GgufValue)> {
    let keys = [
        ("a.number", GgufValue::U32(7)),
        ("a.part", GgufValue::F32(0.5)),
        ("a.flag", GgufValue::Bool(true)),
        ("a.text", GgufValue::text("모루 \u{1F528}")),
        ("a.texts", GgufValue::Texts(vec![String::new(), "가".into(), "b c".into()])),
        ("a.parts", GgufValue::F32s(vec![-1.5, 0.25])),
        ("a.numbers", GgufValue::I32s(vec![-3, 1 << 30])),
    ];
    let keys: Vec<_> = keys.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    let tensor =
        |name: &str, dtype, shape: &[usize]| GgufTensor { name: name.into(), dtype, shape: shape.to_vec() };
    let tensors = [
        tensor("one", DType::F32, &[3]),
        tensor("two", DType::Blocks(Format::Q8_0), &[2, 64]),
        tensor("three", DType::BF16, &[2, 3, 4]),
    ];
    write_gguf(path, &keys, &tensors, &mut |at, out| {
        let n = tensors[at].shape.iter().product();
        let values: Vec<f32> = (0..n).map(|i| i as f32 - 1.0).collect();
        model::weights::write_values(out, tensors[at].dtype, &values)
    })
    .unwrap();
    keys
}

#[test]
fn what_is_written_is_read_again() {
    let scratch = TempDir::new().unwrap();
    let path = scratch.path().join("x.gguf");
    sample(&path);
    assert!(GgufFile::is_gguf(&path) && !GgufFile::is_gguf(scratch.path()));
    let file = GgufFile::open(&path).unwrap();
    assert_eq!((file.version(), file.keys().count()), (3, 7));
    assert_eq!(file.size("a.number").unwrap(), Some(7));
    assert_eq!(file.number("a.part").unwrap(), Some(0.5));
    assert_eq!(file.flag("a.flag").unwrap(), Some(true));
    assert_eq!(file.text("a.text").unwrap(), Some("모루 \u{1F528}"));
    assert_eq!(file.texts("a.texts").unwrap().unwrap().collect::<Vec<_>>(), ["", "가", "b c"]);
    assert_eq!(file.numbers("a.parts").unwrap().unwrap().collect::<Vec<_>>(), [-1.5, 0.25]);
    assert_eq!(file.numbers("a.numbers").unwrap().unwrap().collect::<Vec<_>>(), [-3.0, f64::from(1 << 30)]);
    assert_eq!(file.text("absent").unwrap(), None);
    let error = file.text("a.number").unwrap_err().to_string();
    assert!(error.ends_with("x.gguf: `a.number` is a whole number from zero; it must be a text"), "{error}");
    assert!(file.size("a.text").is_err() && file.flag("a.number").is_err() && file.texts("a.parts").is_err());
    let three = file.get("three").unwrap();
    assert_eq!((three.shape.clone(), three.len()), (vec![2, 3, 4], 24));
    assert_eq!(three.to_f32(), (0..24).map(|i| i as f32 - 1.0).collect::<Vec<_>>());
    let two = file.get("two").unwrap();
    assert_eq!((two.dtype, two.bytes.len()), (DType::Blocks(Format::Q8_0), 4 * 34));
    assert!(two.to_f32().iter().enumerate().all(|(i, v)| (v - (i as f32 - 1.0)).abs() < 0.6));
    let again = scratch.path().join("y.gguf");
    sample(&again);
    assert_eq!(std::fs::read(path).unwrap(), std::fs::read(again).unwrap());
}

/// The 64-bit hash of Fowler, Noll and Vo.
fn fnv1a(bytes: impl IntoIterator<Item = u8>) -> u64 {
    bytes
        .into_iter()
        .fold(0xCBF2_9CE4_8422_2325, |state, byte| (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}

#[test]
fn a_file_of_ggufs_own_package_is_read_as_the_package_reads_it() {
    let folder = crate::golden::folder("gguf");
    let file = GgufFile::open(&folder.join("keys.gguf")).unwrap();
    let expected: Value = serde_json::from_slice(&std::fs::read(folder.join("keys.json")).unwrap()).unwrap();
    let keys = expected["keys"].as_object().unwrap();
    assert_eq!(keys.len(), file.keys().count());
    for (key, expected) in keys {
        let value = file.get_key(key).unwrap();
        match expected {
            Value::Number(number) => assert_eq!(value.number(), number.as_f64(), "{key}"),
            Value::Bool(flag) => assert_eq!(value.flag(), Some(*flag), "{key}"),
            Value::String(text) => assert_eq!(value.text(), Some(&**text), "{key}"),
            Value::Array(list) if list[0].is_string() => {
                let texts: Vec<_> = value.texts().unwrap().map(|text| json!(text)).collect();
                assert_eq!(texts, *list, "{key}");
            }
            Value::Array(list) if list[0].is_number() => {
                let numbers: Vec<_> = value.numbers().unwrap().map(Some).collect();
                assert_eq!(numbers, list.iter().map(Value::as_f64).collect::<Vec<_>>(), "{key}");
            }
            list => assert_eq!(value.len(), Some(list.as_array().unwrap().len()), "{key}"),
        }
    }
    assert_eq!(file.size("test.u64").unwrap(), Some(1 << 63));
    assert_eq!(file.size("test.u32").unwrap(), Some(4_000_000_000));
    let tensors = expected["tensors"].as_object().unwrap();
    assert_eq!(tensors.len(), file.names().len());
    for (name, expected) in tensors {
        let view = file.get(name).unwrap();
        assert_eq!(json!(view.shape), expected["shape"], "{name}");
        assert_eq!(json!(view.dtype.name().to_lowercase()), expected["format"], "{name}");
        let hash = fnv1a(view.to_f32().iter().flat_map(|v| v.to_le_bytes()));
        assert_eq!(json!(format!("{hash:016x}")), expected["fnv1a"], "{name}");
    }
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let scratch = TempDir::new().unwrap();
    let path = scratch.path().join("x.gguf");
    sample(&path);
    let whole = std::fs::read(&path).unwrap();
    let cut = scratch.path().join("cut.gguf");
    // The last tensor's padding may be missing; nothing reads it.
    let needed = whole.len() - 16;
    for len in 0..needed {
        write_new(&cut, &whole[..len]);
        assert!(
            matches!(GgufFile::open(&cut), Err(ModelError::Gguf { .. })),
            "{len} of {} bytes",
            whole.len()
        );
    }
    write_new(&cut, &whole[..needed]);
    GgufFile::open(&cut).unwrap();
}

#[test]
fn a_disk_that_fills_leaves_nothing_under_the_final_name() {
    let scratch = TempDir::new().unwrap();
    let path = scratch.path().join("x.gguf");
    let tensors = [GgufTensor { name: "t".into(), dtype: DType::F32, shape: vec![1 << 20] }];
    let error = write_gguf(&path, &[], &tensors, &mut |_, out| {
        out.write_all(&[0; 4096])?;
        Err(std::io::Error::from(std::io::ErrorKind::StorageFull))
    });
    assert!(matches!(error, Err(ModelError::Io { action: "write", .. })));
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0);
}

/// The tensor of a GGUF file as the source has it: GPT-2's matrices stand the other way round.
fn assert_same(config: &ModelConfig, found: &dyn TensorSource, source: &dyn TensorSource) {
    for spec in base_layout(config).specs {
        let (found, expected) = (found.get(&spec.name).unwrap(), source.get(&spec.name).unwrap());
        let (mut values, numbers) = (expected.to_f32(), found.to_f32());
        let is_matrix =
            config.family == Family::Gpt2 && spec.name.contains(".h.") && expected.shape.len() == 2;
        if is_matrix {
            let (rows, columns) = (expected.shape[0], expected.shape[1]);
            values = (0..rows * columns).map(|i| values[i % rows * columns + i / rows]).collect();
            assert_eq!(found.shape, [columns, rows], "{}", spec.name);
        } else {
            assert_eq!(found.shape, expected.shape, "{}", spec.name);
        }
        if config.norm.kind == NormKind::RmsOffset && spec.name.contains("norm") {
            // 1 is added in the file.
            let near = |(a, b): (&f32, &f32)| (a - b).abs() < 2e-7;
            assert!(numbers.iter().zip(&values).all(near), "{}", spec.name);
        } else {
            assert_eq!(numbers, values, "{}", spec.name);
        }
    }
}

#[test]
fn every_family_is_the_same_model_again() {
    let scratch = TempDir::new().unwrap();
    for (name, config) in tiny::configs() {
        let source = tiny::tensors(&config, 4);
        let path = scratch.path().join(format!("{name}.gguf"));
        export_gguf(&path, &config, &source, GgufMix::F32, &[]).unwrap();
        let model = GgufModel::open(&path).unwrap();
        let expected = ModelConfig { orientation: Orientation::Linear, ..config.clone() };
        assert_eq!(*model.config(), expected, "{name}");
        assert_same(model.config(), &model, &source);
        assert_eq!(ModelConfig::from_folder(&path).unwrap(), expected);
        assert_eq!(ModelFolder::open(&path).unwrap().names(), model.names());
        // The decoders give the very same logits.
        let device = std::sync::Arc::new(kernels::Reference::<f32>::new());
        let losses = |config: &ModelConfig, source: &dyn TensorSource| {
            let decoder = Decoder::load(device.clone(), config.clone(), source).unwrap();
            let mut ws = model::Workspace::new(&*device, model::Recompute::Never);
            decoder.losses(None, &tiny::packed(config), &mut ws).unwrap()
        };
        assert_eq!(losses(model.config(), &model), losses(&config, &source), "{name}");
    }
}

#[test]
fn stretched_positions_are_the_same_again() {
    let scratch = TempDir::new().unwrap();
    let llama = tiny::configs().swap_remove(1).1;
    let context = llama.context;
    let scalings = [
        RopeScaling::Linear { factor: 4.0 },
        RopeScaling::Llama3 {
            factor: 8.0,
            low_freq_factor: 1.0,
            high_freq_factor: 4.0,
            original_context: 8192,
        },
        RopeScaling::Yarn {
            factor: 4.0,
            original_context: context,
            beta_fast: 32.0,
            beta_slow: 1.0,
            truncate: true,
            attention_factor: 0.1 * 4f64.ln() + 1.0,
        },
    ];
    for scaling in scalings {
        let Positions::Rotary(rotary) = llama.positions.clone() else { panic!("rotary") };
        let head_dim = 128;
        let positions = Positions::Rotary(model::Rotary { scaling: scaling.clone(), ..rotary });
        let config = ModelConfig { positions, head_dim, ..llama.clone() };
        let path = scratch.path().join("x.gguf");
        export_gguf(&path, &config, &tiny::tensors(&config, 1), GgufMix::F16, &[]).unwrap();
        assert_eq!(GgufModel::open(&path).unwrap().config().positions, config.positions, "{scaling:?}");
    }
}

/// A model whose rows are long enough for blocks.
fn wide() -> ModelConfig {
    let config = tiny::configs().swap_remove(3).1;
    ModelConfig { hidden: 256, mlp_hidden: 96, head_dim: 64, layers: 3, vocab: 40, tied_head: true, ..config }
}

#[test]
fn blocks_stay_as_they_are() {
    let scratch = TempDir::new().unwrap();
    let config = wide();
    let source = tiny::tensors(&config, 9);
    for mix in [GgufMix::Q8_0, GgufMix::Q4_0, GgufMix::Q4KM] {
        let (once, twice) = (scratch.path().join("a.gguf"), scratch.path().join("b.gguf"));
        export_gguf(&once, &config, &source, mix, &[]).unwrap();
        let model = GgufModel::open(&once).unwrap();
        export_gguf(&twice, model.config(), &model, mix, &[]).unwrap();
        assert_eq!(std::fs::read(&once).unwrap(), std::fs::read(&twice).unwrap(), "{mix:?}");
        // The decoder computes with the file's own numbers.
        let mut widened = MemoryTensors::new();
        for name in model.names() {
            let view = model.get(&name).unwrap();
            widened.insert_f32(name, &view.shape, &view.to_f32());
        }
        let device = std::sync::Arc::new(kernels::Reference::<f32>::new());
        let losses = |source: &dyn TensorSource| {
            let decoder = Decoder::load(device.clone(), config.clone(), source).unwrap();
            let mut ws = model::Workspace::new(&*device, model::Recompute::Never);
            decoder.losses(None, &tiny::packed(&config), &mut ws).unwrap()
        };
        assert_eq!(losses(&model), losses(&widened), "{mix:?}");
    }
    let formats = |mix: GgufMix| {
        let path = scratch.path().join("c.gguf");
        export_gguf(&path, &config, &source, mix, &[]).unwrap();
        let file = GgufFile::open(&path).unwrap();
        move |name: &str| file.get(name).unwrap().dtype.name().to_lowercase()
    };
    let q4_k_m = formats(GgufMix::Q4KM);
    assert_eq!(q4_k_m("token_embd.weight"), "q6_k");
    assert_eq!(q4_k_m("blk.0.attn_q.weight"), "q4_k");
    assert_eq!(
        (q4_k_m("blk.2.attn_v.weight"), q4_k_m("blk.1.attn_v.weight")),
        ("q6_k".into(), "q4_k".into())
    );
    // Rows of 96 fall back.
    assert_eq!(
        (q4_k_m("blk.2.ffn_down.weight"), q4_k_m("blk.1.ffn_down.weight")),
        ("q8_0".into(), "q5_0".into())
    );
    assert_eq!(q4_k_m("blk.0.attn_norm.weight"), "f32");
}

#[test]
fn weights_that_are_no_numbers_are_named_and_leave_nothing() {
    let scratch = TempDir::new().unwrap();
    let config = wide();
    let mut source = tiny::tensors(&config, 9);
    let name = "model.layers.1.mlp.up_proj.weight";
    let view = source.get(name).unwrap();
    let (shape, mut values) = (view.shape.clone(), view.to_f32());
    values[70] = f32::NAN;
    source.insert_f32(name, &shape, &values);
    let path = scratch.path().join("x.gguf");
    let error = export_gguf(&path, &config, &source, GgufMix::Q8_0, &[]).unwrap_err();
    assert!(matches!(&error, ModelError::NotQuantisable { tensor, .. } if tensor == name), "{error}");
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0);
}

#[test]
fn an_adapter_has_llama_cpp_s_names_and_order() {
    let scratch = TempDir::new().unwrap();
    for twin in ["llama", "qwen2"] {
        let folder = crate::golden::folder(twin);
        let config = ModelConfig::from_folder(&folder).unwrap();
        let adapter = model::adapter::AdapterFolder::open(&folder.join("adapter"), &config).unwrap();
        let path = scratch.path().join("a.gguf");
        export_gguf_adapter(&path, &config, &adapter, &[]).unwrap();
        let file = GgufFile::open(&path).unwrap();
        assert_eq!(file.text("general.type").unwrap(), Some("adapter"));
        assert_eq!(file.text("adapter.type").unwrap(), Some("lora"));
        let scale = file.number("adapter.lora.alpha").unwrap().unwrap() as f32 / adapter.lora.rank as f32;
        assert!((scale - adapter.lora.scale()).abs() < 1e-6);
        assert_eq!(file.names().len(), adapter.names().len());
        let query =
            config.linear_modules_of(1).into_iter().find(|m| m.kind == model::LinearKind::Query).unwrap();
        let theirs = file.get("blk.1.attn_q.weight.lora_b").unwrap();
        let ours = adapter.get(&query.lora_b_key()).unwrap();
        assert_eq!(theirs.shape, ours.shape);
        assert_eq!(theirs.to_f32() == ours.to_f32(), twin == "qwen2", "only Llama's rows are in pairs");
        let error = GgufModel::open(&path).unwrap_err().to_string();
        assert!(error.contains("`general.type` is \"adapter\""), "{error}");
    }
}

#[test]
fn a_model_of_another_kind_is_refused_with_what_is_read() {
    let scratch = TempDir::new().unwrap();
    let path = scratch.path().join("x.gguf");
    let keys = |architecture: &str| [("general.architecture".to_owned(), GgufValue::text(architecture))];
    write_gguf(&path, &keys("mamba"), &[], &mut |_, _| Ok(())).unwrap();
    let error = GgufModel::open(&path).unwrap_err().to_string();
    assert!(
        error.starts_with(
            "architecture `mamba` is not supported; supported are gpt2, gptneox, llama, qwen2, qwen3, gemma"
        ),
        "{error}"
    );
    write_gguf(&path, &keys("llama"), &[], &mut |_, _| Ok(())).unwrap();
    let error = GgufModel::open(&path).unwrap_err().to_string();
    assert!(error.ends_with("x.gguf has no tensor `token_embd.weight`"), "{error}");
    write_gguf(&path, &[], &[], &mut |_, _| Ok(())).unwrap();
    assert!(matches!(
        GgufModel::open(&path),
        Err(ModelError::Gguf { problem: GgufProblem::MissingKey { .. }, .. })
    ));
}
