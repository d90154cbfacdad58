//! Adapters over quantised weights: the gradients are those over a dense model of the numbers that the blocks stand for.

use std::sync::Arc;

use half::bf16;
use kernels::quant::Format;
use kernels::{Cpu, DType as Stored, Device, Layout, Reference, WeightPart};
use model::weights::{TensorHeader, stream_safetensors};
use model::{
    CachePrecision, DType, DecodeRow, Decoder, MemoryTensors, ModelConfig, ModelError, Orientation,
    Recompute, SafetensorsFile, TensorSource, TrainBatch, Trainable, Workspace, base_layout, check_format,
};

use crate::{decoder_generation, tiny};

/// Families in both orientations, with rows that every format can hold.
fn configs() -> Vec<(&'static str, ModelConfig)> {
    let mut configs = tiny::configs();
    configs.retain(|(name, _)| ["gpt2", "qwen3"].contains(name));
    for (name, config) in &mut configs {
        let (hidden, heads) = if *name == "gpt2" { (192, 3) } else { (256, 2) };
        (config.hidden, config.heads, config.kv_heads) = (hidden, heads, if heads == 3 { 3 } else { 1 });
        (config.head_dim, config.mlp_hidden) = (64, 320);
        if *name == "qwen3" {
            config.head_dim = 96;
        }
    }
    configs
}

/// As [`tiny::tensors`], with deviations that large layers have.
fn tensors(config: &ModelConfig) -> MemoryTensors {
    let given = tiny::tensors(config, 1);
    let mut out = MemoryTensors::new();
    for name in given.names() {
        let view = given.get(&name).unwrap();
        let small = if view.shape.len() == 2 { 0.2 } else { 1.0 };
        let values: Vec<f32> = view.to_f32().iter().map(|v| small * v).collect();
        out.insert_f32(name, &view.shape, &values);
    }
    out
}

/// The tensors with the matrices of the blocks replaced by what their quantised form reads.
fn read_back(config: &ModelConfig, tensors: &MemoryTensors, wanted: Format) -> MemoryTensors {
    let device = Cpu::new(1);
    let mut out = tensors.clone();
    for module in config.linear_modules() {
        let view = tensors.get(&module.weight_name()).unwrap();
        let (outputs, layout) = match config.orientation {
            Orientation::Linear => (view.shape[0], Layout::OutIn),
            Orientation::Conv1D => (view.shape[1], Layout::InOut),
        };
        let part = WeightPart { dtype: Stored::F32, bytes: &view.bytes, outputs, layout };
        let format = wanted.for_rows(module.inputs).unwrap();
        let weight = device.quantised_weight(module.inputs, &[part], format).unwrap();
        let mut dense = device.zeros(view.len());
        device.expand(&mut dense, 0, &weight, 0..outputs, layout);
        out.insert_f32(module.weight_name(), &view.shape, &dense);
    }
    out
}

fn gradient(decoder: &Decoder<Cpu>, trainable: &Trainable<Cpu>, batch: &TrainBatch) -> (f64, Vec<f32>) {
    let device = &**decoder.device();
    let total = trainable.parameters.layout.total;
    let mut ws = Workspace::new(device, Recompute::Always);
    let mut grads = device.zeros(total);
    let loss = decoder.loss_and_grad(trainable, batch, &mut grads, &mut ws, 11).unwrap().loss;
    let mut host = vec![0.0; total];
    device.read(&grads, 0, &mut host);
    (loss, host)
}

#[test]
fn gradients_are_those_over_the_dequantised_dense_model() {
    let device = Arc::new(Cpu::new(2));
    for (name, config) in configs() {
        let tensors = tensors(&config);
        for format in Format::ALL {
            let quantised = Decoder::load_as(device.clone(), config.clone(), &tensors, Some(format)).unwrap();
            assert_eq!(quantised.quantised(), Some(format));
            let dense =
                Decoder::load(device.clone(), config.clone(), &read_back(&config, &tensors, format)).unwrap();
            assert!(quantised.weight_bytes() * 2 < dense.weight_bytes());
            let batch = tiny::packed(&config);
            let [(loss, ours), (dense_loss, theirs)] = [&quantised, &dense]
                .map(|decoder| gradient(decoder, &tiny::adapter(decoder, &["all"], 0.0, 2).1, &batch));
            assert!((loss - dense_loss).abs() <= 1e-6 * dense_loss, "{name} {format:?}");
            let (_, trainable) = tiny::adapter(&quantised, &["all"], 0.0, 2);
            for spec in &trainable.parameters.layout.specs {
                let range = spec.offset..spec.offset + spec.len;
                let norm = |of: &dyn Fn(usize) -> f32| {
                    range.clone().map(|i| f64::from(of(i)).powi(2)).sum::<f64>().sqrt()
                };
                let (off, size) = (norm(&|i| ours[i] - theirs[i]), norm(&|i| theirs[i]));
                assert!(size > 0.0 && off <= 1e-6 * size, "{name} {format:?} {}: {off} of {size}", spec.name);
            }
            // The blocks are not the file's numbers, so that a decoder that forgot to quantise fails here.
            let plain = Decoder::load(device.clone(), config.clone(), &tensors).unwrap();
            let (plain_loss, _) = gradient(&plain, &tiny::adapter(&plain, &["all"], 0.0, 2).1, &batch);
            assert!((loss - plain_loss).abs() > 1e-6 * loss, "{name} {format:?}: {loss} {plain_loss}");
        }
    }
}

#[test]
fn generation_over_quantised_weights_equals_the_whole_pass() {
    let device = Arc::new(Cpu::new(2));
    for (name, config) in configs() {
        for format in Format::ALL {
            let tensors = tensors(&config);
            let decoder = Decoder::load_as(device.clone(), config.clone(), &tensors, Some(format)).unwrap();
            let (_, adapter) = tiny::adapter(&decoder, &["all"], 0.0, 2);
            let name = format!("{name} {format:?}");
            // The fast device reads prompts and generates with rows in eight bits.
            decoder_generation::check(&name, &decoder, Some(&adapter), 5e-2);
            let exact = Arc::new(Reference::<f32>::new());
            let decoder = Decoder::load_as(exact, config.clone(), &tensors, Some(format)).unwrap();
            let (_, adapter) = tiny::adapter(&decoder, &["all"], 0.0, 2);
            decoder_generation::check(&name, &decoder, Some(&adapter), 2e-5);
        }
    }
}

/// A prompt comes to the same in one piece, in several, and token by token: all of them are products in integers.
#[test]
fn where_a_prompt_is_cut_does_not_matter() {
    let device = Arc::new(Cpu::new(2));
    for (name, config) in configs() {
        for format in Format::ALL {
            let decoder =
                Decoder::load_as(device.clone(), config.clone(), &tensors(&config), Some(format)).unwrap();
            let (_, adapter) = tiny::adapter(&decoder, &["all"], 0.0, 2);
            let ids = tiny::ids(&config, 12, 8);
            let mut ws = Workspace::new(&*device, Recompute::Never);
            let mut cache = decoder.kv_cache(3, 16);
            assert_eq!(cache.precision(), CachePrecision::F16);
            let whole = decoder.prefill(&mut cache, 0, &ids, Some(&adapter), &mut ws).unwrap();
            decoder.prefill(&mut cache, 1, &ids[..7], Some(&adapter), &mut ws).unwrap();
            let pieces = decoder.prefill(&mut cache, 1, &ids[7..], Some(&adapter), &mut ws).unwrap();
            let mut one_by_one = decoder.prefill(&mut cache, 2, &ids[..1], Some(&adapter), &mut ws).unwrap();
            for &id in &ids[1..] {
                let row = DecodeRow { slot: 2, id, adapter: Some(0) };
                decoder.decode(&mut cache, &[row], &[&adapter], &mut ws, &mut one_by_one).unwrap();
            }
            let scale = whole.iter().fold(0.0f32, |m, v| m.max(v.abs()));
            for other in [pieces, one_by_one] {
                let off = whole.iter().zip(&other).fold(0.0f32, |m, (a, b)| m.max((a - b).abs()));
                // A number that lies between two of eight bits may fall to either side.
                assert!(off <= 1e-2 * scale, "{name} {format:?}: {off} of {scale}");
            }
        }
    }
}

/// Sixteen sequences at once give the very bytes that each gives alone.
#[test]
fn quantised_neighbours_do_not_matter() {
    let device = Arc::new(Cpu::new(2));
    for (name, config) in configs() {
        for format in Format::ALL {
            let decoder =
                Decoder::load_as(device.clone(), config.clone(), &tensors(&config), Some(format)).unwrap();
            decoder_generation::alone_as_together(&format!("{name} {format:?}"), &decoder);
        }
    }
}

/// The pages of a mapped file are given back while it is quantised, and can be read again.
#[test]
fn a_mapped_file_gives_the_same_blocks_and_stays_readable() {
    let device = Arc::new(Cpu::new(2));
    let (_, config) = configs().remove(1);
    let given = tensors(&config);
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("model.safetensors");
    let mut halves: Vec<_> = base_layout(&config)
        .specs
        .into_iter()
        .map(|spec| {
            let values = given.get(&spec.name).unwrap().to_f32();
            let bytes: Vec<u8> = values.iter().flat_map(|v| bf16::from_f32(*v).to_le_bytes()).collect();
            (spec.name, spec.shape, bytes)
        })
        .collect();
    let mut memory = MemoryTensors::new();
    halves.sort();
    let mut headers = Vec::new();
    for (name, shape, bytes) in &halves {
        memory.insert(name.clone(), DType::BF16, shape, bytes.clone());
        headers.push(TensorHeader { name: name.clone(), dtype: DType::BF16, shape: shape.clone() });
    }
    stream_safetensors(&path, &headers, &[], &mut |at, out| out.write_all(&halves[at].2)).unwrap();
    let file = SafetensorsFile::open(&path).unwrap();
    let load = |source: &dyn TensorSource| {
        Decoder::load_as(device.clone(), config.clone(), source, Some(Format::Q8_0)).unwrap()
    };
    let batch = tiny::packed(&config);
    let [first, again, memory] = [load(&file), load(&file), load(&memory)]
        .map(|decoder| gradient(&decoder, &tiny::adapter(&decoder, &["all"], 0.0, 2).1, &batch));
    assert!(first == memory && again == memory);
    for (name, _, bytes) in &halves {
        assert_eq!(*file.get(name).unwrap().bytes, bytes[..], "{name}");
    }
}

#[test]
fn what_cannot_be_held_is_refused_by_name() {
    let device = Arc::new(Cpu::new(1));
    let (_, config) = tiny::configs().remove(3);
    let given = tiny::tensors(&config, 1);
    for format in Format::ALL {
        let refused = Decoder::load_as(device.clone(), config.clone(), &given, Some(format)).unwrap_err();
        assert_eq!(refused.to_string(), check_format(&config, format).unwrap_err().to_string());
        assert!(
            matches!(&refused, ModelError::RowLength { length: 20, block, .. } if *block == format.least_block()),
            "{refused}"
        );
    }
    let (_, config) = configs().remove(1);
    let mut broken = tensors(&config);
    let name = config.linear_modules()[0].weight_name();
    let view = broken.get(&name).unwrap();
    let (shape, mut values) = (view.shape.clone(), view.to_f32());
    values[5] = f32::NAN;
    broken.insert_f32(name.clone(), &shape, &values);
    let refused = Decoder::load_as(device, config, &broken, Some(Format::Nf4)).unwrap_err();
    assert!(matches!(&refused, ModelError::NotQuantisable { tensor, .. } if *tensor == name), "{refused}");
}
