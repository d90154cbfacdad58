use super::*;
use crate::quant::quantise_row;
use crate::quant::{BlockData, BlockPart, Nf4, Nf4Scales};
use crate::random;

fn run(tasks: usize, body: &(dyn Fn(usize) + Sync)) {
    (0..tasks).for_each(body);
}

/// A matrix of `outputs` by `inputs` in one format.
fn matrix(format: Format, outputs: usize, inputs: usize, seed: u64) -> Blocks {
    let values: Vec<f32> = (0..outputs * inputs).map(|i| random::normal(seed, i as u64)).collect();
    if format == Format::Nf4 {
        let nf4 = Nf4::quantise(&values).unwrap();
        let scales = Nf4Scales::Nested { codes: &nf4.scale_codes, nested: &nf4.nested, mean: nf4.mean };
        return Blocks::of(inputs, &[BlockPart { outputs, data: BlockData::Nf4(&nf4.codes, scales) }], &run);
    }
    let mut bytes = vec![0; format.row_bytes(inputs) * outputs];
    for (row, to) in values.chunks(inputs).zip(bytes.chunks_mut(format.row_bytes(inputs))) {
        assert!(quantise_row(format, row, to));
    }
    Blocks::of(inputs, &[BlockPart { outputs, data: BlockData::Gguf(format, &bytes) }], &run)
}

/// (N, O).
fn multiplied(isa: Isa, threads: usize, blocks: &Blocks, outputs: usize, x: &[f32], rows: usize) -> Vec<f32> {
    let inputs = x.len() / rows;
    let pool = Pool::new(threads);
    let mut out = vec![f32::NAN; rows * outputs];
    let mut scratch = vec![f32::NAN; threads * inputs];
    let (_, scratch) = super::super::linear::Scratch::split(&mut scratch, 0, inputs, threads).parts();
    let shared = super::super::buffer::Shared::new(&mut out);
    products_with(isa, &pool, blocks, x, [rows, inputs], scratch, |n, range, sums| {
        // SAFETY: rows and tiles are disjoint.
        unsafe { shared.part(n * outputs + range.start, range.len()) }.copy_from_slice(sums);
    });
    out
}

fn numbers(len: usize, seed: u64) -> Vec<f32> {
    (0..len).map(|i| random::normal(seed, i as u64) * 0.5f32.powi((i / 32 % 9) as i32)).collect()
}

const SHAPES: [(usize, usize, usize); 6] =
    [(1, 1, 256), (2, 16, 512), (3, 17, 768), (5, 33, 256), (7, 100, 1024), (16, 40, 512)];

#[test]
fn every_instruction_set_number_of_threads_and_neighbour_gives_the_same_bits() {
    for format in Format::ALL {
        for (rows, outputs, inputs) in SHAPES {
            let (blocks, x) = (matrix(format, outputs, inputs, 1), numbers(rows * inputs, 2));
            let best = multiplied(Isa::best(), 1, &blocks, outputs, &x, rows);
            assert!(best.iter().all(|v| v.is_finite()), "{format:?}");
            for isa in Isa::all() {
                let found = multiplied(isa, 3, &blocks, outputs, &x, rows);
                assert_eq!(found, best, "{format:?} {isa:?} {rows}x{outputs}x{inputs}");
            }
            for row in 0..rows {
                let alone = multiplied(Isa::best(), 2, &blocks, outputs, &x[row * inputs..][..inputs], 1);
                assert_eq!(alone, best[row * outputs..][..outputs], "{format:?}, row {row} of {rows}");
            }
        }
    }
}

/// Against sums in f64 over what the blocks and x in eight bits stand for: nothing else is rounded but f32's sums, and
/// NF4's levels, to 1/64,516.
#[test]
fn products_are_those_of_the_numbers_that_codes_stand_for() {
    for format in Format::ALL {
        let bound = if format == Format::Nf4 { 2e-5 } else { 2e-6 };
        for (rows, outputs, inputs) in SHAPES {
            let (blocks, x) = (matrix(format, outputs, inputs, 3), numbers(rows * inputs, 4));
            let mut held = QuantisedRows::default();
            held.quantise(&Pool::new(2), &x, rows, inputs, false);
            let found = multiplied(Isa::best(), 2, &blocks, outputs, &x, rows);
            let mut row = vec![0.0; inputs];
            for output in 0..outputs {
                blocks.expand_row(&mut row, output, 0..inputs);
                for n in 0..rows {
                    let terms = held.read(n).into_iter().zip(&row).map(|(x, w)| x * f64::from(*w));
                    let (sum, size) = terms.fold((0.0, 0.0), |(s, a), t| (s + t, a + t.abs()));
                    let off = (f64::from(found[n * outputs + output]) - sum).abs();
                    assert!(off <= bound * size, "{format:?} {rows}x{outputs}x{inputs}: {off} of {size}");
                }
            }
        }
    }
}

#[test]
fn rows_in_eight_bits_are_off_by_half_a_step() {
    let x = numbers(6 * 256, 5);
    let mut held = QuantisedRows::default();
    held.quantise(&Pool::new(1), &x, 6, 256, false);
    for (n, row) in x.chunks(256).enumerate() {
        let read = held.read(n);
        for (x, read) in row.chunks(32).zip(read.chunks(32)) {
            let greatest = x.iter().fold(0.0f32, |a, v| a.max(v.abs()));
            for (x, read) in x.iter().zip(read) {
                assert!((f64::from(*x) - read).abs() <= f64::from(greatest) * 0.5001 / 127.0);
            }
        }
    }
}

/// What is not finite reaches every output of its row, and no other row; the smallest and greatest numbers do no harm.
#[test]
fn hostile_numbers() {
    for format in Format::ALL {
        let blocks = matrix(format, 20, 256, 6);
        for isa in Isa::all() {
            for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                let mut x = numbers(3 * 256, 7);
                x[256 + 70] = bad;
                let out = multiplied(isa, 1, &blocks, 20, &x, 3);
                assert!(out[20..40].iter().all(|v| v.is_nan()), "{format:?} {isa:?} {bad}");
                assert!(out[..20].iter().chain(&out[40..]).all(|v| v.is_finite()));
            }
            for tiny in [0.0, -0.0, 1e-45, -1e-38, 1e-30] {
                let out = multiplied(isa, 1, &blocks, 20, &[tiny; 256], 1);
                assert!(out.iter().all(|v| v.abs() < 1e-25), "{format:?} {isa:?} {tiny}: {out:?}");
            }
            let x: Vec<f32> = (0..256).map(|i| if i % 2 == 0 { 1e30 } else { -1e30 }).collect();
            let out = multiplied(isa, 1, &blocks, 20, &x, 1);
            assert!(out.iter().all(|v| v.is_finite()), "{format:?} {isa:?}");
        }
    }
}

/// Codes at their ends: no sum of integers overflows or saturates.
#[test]
fn greatest_codes() {
    for (format, low, high) in
        [(Format::Q8_0, 0x80u8, 0x7f), (Format::Q4_0, 0, 255), (Format::Q4K, 0, 255), (Format::Q6K, 0, 255)]
    {
        for code in [low, high] {
            let mut block = vec![code; format.block_bytes()];
            let at = if format == Format::Q6K { 208 } else { 0 };
            block[at..at + 2].copy_from_slice(&half::f16::from_f32(0.5).to_le_bytes());
            if format == Format::Q4K {
                block[2..4].copy_from_slice(&half::f16::from_f32(0.25).to_le_bytes());
            }
            let bytes = block.repeat(512 / format.block() * 3);
            let part = BlockPart { outputs: 3, data: BlockData::Gguf(format, &bytes) };
            let blocks = Blocks::of(512, &[part], &run);
            let mut row = vec![0.0; 512];
            blocks.expand_row(&mut row, 2, 0..512);
            for sign in [1.0, -1.0] {
                let wanted: f64 = row.iter().map(|w| f64::from(w * sign) * 127.0).sum();
                for isa in Isa::all() {
                    let out = multiplied(isa, 1, &blocks, 3, &[127.0 * sign; 512], 1);
                    assert!((f64::from(out[2]) - wanted).abs() <= 1e-5 * wanted.abs(), "{format:?} {isa:?}");
                }
            }
        }
    }
}
