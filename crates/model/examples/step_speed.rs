//! Seconds of one LoRA step on random weights, beside the matrix product's own speed in the same process.
//!
//! `cargo run --release -p model --example step_speed -- gpt2-124m c_attn 512 2`

use std::sync::Arc;
use std::time::Instant;

use kernels::{At, Cpu, Device, Layout, LinearShape, Matrix, Phase, ScratchNeed};
use model::{Decoder, LoraConfig, LoraTargets, ModelConfig, Recompute, TrainBatch, Workspace};

fn main() {
    let mut args = std::env::args().skip(1);
    let mut next = |default: &str| args.next().unwrap_or_else(|| default.to_owned());
    let (shape, targets, rows, threads) = (next("gpt2-124m"), next("c_attn"), next("512"), next("2"));
    let (rows, threads): (usize, usize) = (rows.parse().unwrap(), threads.parse().unwrap());
    let device = Arc::new(Cpu::new(threads));
    println!("{}", device.describe());
    let config = ModelConfig::preset(&shape).unwrap();
    let decoder = Decoder::random(device.clone(), config.clone(), 1).unwrap();
    let targets = match targets.as_str() {
        "all" => LoraTargets::All,
        names => LoraTargets::Named(names.split(',').map(str::to_owned).collect()),
    };
    let lora = LoraConfig { rank: 8, alpha: 16.0, dropout: 0.0, targets, rslora: false };
    let parameters = decoder.lora_parameters(&lora, 1).unwrap();
    let trainable = decoder.bind_lora(parameters, &lora).unwrap();
    let ids: Vec<u32> = (0..rows as u32).map(|i| i * 7919 % config.vocab as u32).collect();
    let weights: Vec<f32> = (0..rows).map(|i| f32::from(u8::from(i >= rows / 2))).collect();
    let batch = TrainBatch::sample(&ids, &weights);
    let mut ws = Workspace::new(&*device, Recompute::Never);
    let mut grads = device.zeros(trainable.parameters.layout.total);
    let mut times = Vec::new();
    for _ in 0..6 {
        let peak = product_speed(&device);
        let start = Instant::now();
        let loss = decoder.loss_and_grad(&trainable, &batch, &mut grads, &mut ws, 0).unwrap();
        times.push(start.elapsed().as_secs_f64());
        let seconds = times[times.len() - 1];
        println!(
            "loss {:.4}, {seconds:.3} s, {:.0} tokens/s; products just before: {peak:.0} GFLOP/s",
            loss.loss / loss.weight,
            rows as f64 / seconds
        );
    }
    let best = times.iter().copied().fold(f64::MAX, f64::min);
    let plan = decoder.memory_plan(Some(&trainable), rows, rows / 2, Recompute::Never);
    println!("best {:.0} tokens/s; planned {:.2} GB", rows as f64 / best, plan.total() as f64 / 1e9);
}

fn product_speed(device: &Cpu) -> f64 {
    let shape = LinearShape { rows: 512, inputs: 768, outputs: 3072, phase: Phase::Many };
    let (mut x, mut w) = (device.zeros(512 * 768), device.zeros(768 * 3072));
    device.fill(&mut x, 0..512 * 768, 0.5);
    device.fill(&mut w, 0..768 * 3072, 0.25);
    let (mut out, mut none) = (device.zeros(512 * 3072), device.zeros(0));
    let need = ScratchNeed { rows: 512, width: 3072, ..ScratchNeed::default() };
    let mut scratch = device.zeros(device.scratch_len(&need));
    let start = Instant::now();
    let rounds = 20;
    for _ in 0..rounds {
        let matrix = Matrix::Dense(At { buffer: &w, offset: 0 }, Layout::OutIn);
        device.linear(&mut out, &mut none, &x, matrix, None, None, &[], shape, &mut scratch);
    }
    f64::from(rounds) * 2.0 * 512.0 * 768.0 * 3072.0 / start.elapsed().as_secs_f64() / 1e9
}
