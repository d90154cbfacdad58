use half::bf16;

use super::*;
use crate::{DType, Layout, random};

fn run(tasks: usize, body: &(dyn Fn(usize) + Sync)) {
    // Order must not matter.
    (0..tasks).rev().for_each(body);
}

fn quantised(values: &[f32], inputs: usize, format: Format) -> Option<Blocks> {
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let outputs = values.len() / inputs;
    let part = WeightPart { dtype: DType::F32, bytes: &bytes, outputs, layout: Layout::OutIn };
    Blocks::quantise(inputs, &[part], format, &run)
}

fn expanded(blocks: &Blocks, outputs: usize) -> Vec<f32> {
    let mut values = vec![0.0; outputs * blocks.inputs];
    for (output, row) in values.chunks_mut(blocks.inputs).enumerate() {
        blocks.expand_row(row, output, 0..blocks.inputs);
    }
    values
}

/// The numbers of `tools/golden/quantised.py`.
fn numbers(count: usize) -> Vec<f32> {
    (0..count as u64)
        .map(|i| {
            let mixed = (i * 2_654_435_761 + 12_345) % (1 << 32);
            let unit = (mixed >> 8) as f64 / 16_777_216.0 - 0.5;
            (unit * 0.5f64.powi((i / 32 % 7) as i32)) as f32
        })
        .collect()
}

fn golden(name: &str) -> Vec<u8> {
    let text = include_str!("../../../../tools/golden/quantised.txt");
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).unwrap();
    (0..line.len()).step_by(2).map(|at| u8::from_str_radix(&line[at..at + 2], 16).unwrap()).collect()
}

fn floats(name: &str) -> Vec<f32> {
    golden(name).as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect()
}

#[test]
fn blocks_are_those_of_ggufs_own_package() {
    for format in [Format::Q8_0, Format::Q4_0] {
        let blocks = quantised(&numbers(512), 256, format).unwrap();
        let mut bytes = vec![0; format.row_bytes(512)];
        assert!(quantise_row(format, &numbers(512), &mut bytes));
        assert_eq!(bytes, golden(format.name()), "{format:?}");
        assert_eq!(expanded(&blocks, 2), floats(&format!("{}.read", format.name())), "{format:?}");
    }
}

/// Blocks of any bytes with sound scales, and GGUF's own numbers for them.
#[test]
fn blocks_of_files_read_as_with_ggufs_own_package() {
    for format in Format::GGUF {
        let name = format.name();
        let (bytes, values) = match format {
            Format::Q8_0 | Format::Q4_0 => (golden(name), floats(&format!("{name}.read"))),
            _ => (golden(&format!("{name}.any")), floats(&format!("{name}.any_read"))),
        };
        let inputs = 256;
        assert_eq!(bytes.len() % format.row_bytes(inputs), 0);
        let outputs = bytes.len() / format.row_bytes(inputs);
        let blocks =
            Blocks::of(inputs, &[BlockPart { outputs, data: BlockData::Gguf(format, &bytes) }], &run);
        assert_eq!(expanded(&blocks, outputs), values, "{format:?}");
        assert_eq!(blocks.len_bytes(), bytes.len());
        let mut plain = vec![0.0; values.len()];
        expand(format, &bytes, &mut plain);
        assert_eq!(plain, values, "{format:?}");
    }
}

#[test]
fn simple_formats_are_quantised_as_by_ggufs_own_package() {
    for format in [Format::Q4_1, Format::Q5_0, Format::Q5_1] {
        let mut bytes = vec![0; format.row_bytes(512)];
        assert!(quantise_row(format, &numbers(512), &mut bytes));
        assert_eq!(bytes, golden(format.name()), "{format:?}");
    }
}

/// Parts of several formats in one matrix, as a file of mixed formats gives them.
#[test]
fn parts_keep_their_own_formats() {
    let values: Vec<f32> = (0..5 * 256).map(|i| random::normal(8, i)).collect();
    let (first, second) = values.split_at(2 * 256);
    let bytes = |format: Format, values: &[f32]| {
        let mut bytes = vec![0; format.row_bytes(values.len())];
        assert!(quantise_row(format, values, &mut bytes));
        bytes
    };
    let nf4 = Nf4::quantise(second).unwrap();
    let scales = Nf4Scales::Nested { codes: &nf4.scale_codes, nested: &nf4.nested, mean: nf4.mean };
    let q6 = bytes(Format::Q6K, first);
    let parts = [
        BlockPart { outputs: 2, data: BlockData::Gguf(Format::Q6K, &q6) },
        BlockPart { outputs: 3, data: BlockData::Nf4(&nf4.codes, scales) },
    ];
    let read = expanded(&Blocks::of(256, &parts, &run), 5);
    let alone = [(first, Format::Q6K), (second, Format::Nf4)];
    let alone =
        alone.map(|(values, format)| expanded(&quantised(values, 256, format).unwrap(), values.len() / 256));
    assert_eq!(read, alone.concat());
    // Scales in f32 give what they say.
    let plain: Vec<f32> = (0..12).map(|i| 1.0 + i as f32).collect();
    let data = BlockData::Nf4(&nf4.codes, Nf4Scales::Plain(&plain));
    let read = expanded(&Blocks::of(256, &[BlockPart { outputs: 3, data }], &run), 3);
    let level = |i: usize| nf4.codes[i / 2] >> (4 * (1 - i % 2)) & 15;
    for (i, v) in read.iter().enumerate() {
        assert_eq!(*v, Nf4::levels().0[usize::from(level(i))] * plain[i / 64]);
    }
}

#[test]
fn nf4_is_that_of_its_definition_in_torch() {
    let blocks = quantised(&numbers(64 * 260), 128, Format::Nf4).unwrap();
    let codes = golden("nf4.codes");
    let whole = Nf4::quantise(&numbers(64 * 260)).unwrap();
    assert_eq!(whole.codes[..codes.len()], codes);
    let levels: Vec<f32> = floats("nf4.scale_levels");
    let (found, scales) = (Nf4::levels().1, (&whole.scale_codes[..], &whole.nested[..], whole.mean));
    for (ours, theirs) in found.iter().zip(&levels) {
        assert!((ours - theirs).abs() <= 1.2e-7 * theirs.abs(), "{ours} {theirs}");
    }
    assert_eq!(scales.0, golden("nf4.scale_codes"));
    assert_eq!(scales.1, floats("nf4.nested"));
    assert_eq!([scales.2], floats("nf4.mean")[..]);
    let read = floats("nf4.read");
    for (ours, theirs) in expanded(&blocks, 130).iter().zip(&read) {
        assert!((ours - theirs).abs() <= 3e-7 * theirs.abs(), "{ours} {theirs}");
    }
}

/// Root mean square of the error over that of the numbers, for normal numbers. Four bits with one scale a block cannot
/// do better than about 0.08; a wrong layout gives errors near 1.
#[test]
fn normal_numbers_are_held_as_well_as_the_format_can() {
    let values: Vec<f32> = (0..64 * 1024).map(|i| 0.02 * random::normal(3, i)).collect();
    let sum = |of: &dyn Fn(usize) -> f32| (0..values.len()).map(|i| f64::from(of(i)).powi(2)).sum::<f64>();
    let bounds = [
        (Format::Q8_0, 0.006),
        (Format::Q4_0, 0.1),
        (Format::Q4K, 0.09),
        (Format::Q6K, 0.025),
        (Format::Nf4, 0.11),
    ];
    for (format, bound) in bounds {
        let read = expanded(&quantised(&values, 1024, format).unwrap(), 64);
        let error = (sum(&|i| read[i] - values[i]) / sum(&|i| values[i])).sqrt();
        assert!(error < bound && error > bound / 4.0, "{format:?}: {error}");
    }
}

#[test]
fn a_part_of_a_row_is_that_part_of_the_whole_row() {
    let values: Vec<f32> = (0..3 * 512).map(|i| random::normal(5, i)).collect();
    for format in Format::ALL {
        let blocks = quantised(&values, 512, format).unwrap();
        let whole = expanded(&blocks, 3);
        for range in [0..512, 0..1, 511..512, 31..33, 48..240, 64..128, 200..200, 255..257, 100..500] {
            let mut part = vec![f32::NAN; range.len() + 2];
            blocks.expand_row(&mut part[..range.len()], 2, range.clone());
            assert_eq!(part[..range.len()], whole[1024 + range.start..1024 + range.end], "{format:?}");
            assert!(part[range.len()..].iter().all(|v| v.is_nan()));
        }
    }
}

/// Stacked parts are those of each alone, whatever their layout and dtype.
#[test]
fn parts_are_quantised_on_their_own() {
    let values: Vec<f32> = (0..50 * 256).map(|i| bf16::from_f32(random::normal(6, i)).to_f32()).collect();
    let (first, second) = values.split_at(18 * 256);
    let halves: Vec<u8> = first.iter().flat_map(|v| bf16::from_f32(*v).to_le_bytes()).collect();
    let turned: Vec<u8> =
        (0..256 * 32).flat_map(|at| second[at % 32 * 256 + at / 32].to_le_bytes()).collect();
    let parts = [
        WeightPart { dtype: DType::Bf16, bytes: &halves, outputs: 18, layout: Layout::OutIn },
        WeightPart { dtype: DType::F32, bytes: &turned, outputs: 32, layout: Layout::InOut },
    ];
    for format in Format::ALL {
        let stacked = Blocks::quantise(256, &parts, format, &run).unwrap();
        let alone = [first, second].map(|values| quantised(values, 256, format).unwrap());
        let both = [expanded(&alone[0], 18), expanded(&alone[1], 32)].concat();
        assert_eq!(expanded(&stacked, 50), both, "{format:?}");
        assert_eq!(stacked.len_bytes(), alone[0].len_bytes() + alone[1].len_bytes());
    }
}

#[test]
fn zeros_stay_zeros_and_what_is_not_finite_is_refused() {
    for format in Format::ALL {
        let zeros = quantised(&[0.0; 512], 256, format).unwrap();
        assert_eq!(expanded(&zeros, 2), [0.0; 512], "{format:?}");
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut values = [1.0; 512];
            values[300] = bad;
            assert_eq!(quantised(&values, 256, format), None, "{format:?} {bad}");
        }
        if format != Format::Nf4 {
            assert_eq!(quantised(&[1e30; 256], 256, format), None, "{format:?}");
        }
    }
}

#[test]
fn rows_that_are_no_whole_blocks_fall_back_or_are_refused() {
    let rule = |inputs| Format::ALL.map(|format| format.for_rows(inputs));
    let all = Format::ALL.map(Some);
    assert_eq!(rule(512), all);
    assert_eq!(rule(192), [Format::Nf4, Format::Q8_0, Format::Q4_0, Format::Q8_0, Format::Q8_0].map(Some));
    let eight = Some(Format::Q8_0);
    assert_eq!(rule(96), [None, eight, Some(Format::Q4_0), eight, eight]);
    assert_eq!(rule(20), [None; 5]);
    assert_eq!(rule(0), [None; 5]);
    for format in Format::ALL {
        assert_eq!(Format::from_name(format.name()), Some(format));
    }
    assert_eq!(Format::from_name("q5_1"), None);
}
