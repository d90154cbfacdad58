use half::{bf16, f16};
use kernels::quant::Format;
use kernels::{At, DType, Dropout, Layout, LinearShape, LoraTerm, Matrix, Phase, ScratchNeed, WeightPart};

use crate::harness::{Bench, Op, Ran, check};

/// Numbers as a file stores them.
pub fn stored(values: &[f64], dtype: DType) -> Vec<u8> {
    let narrow = values.iter().map(|&v| v as f32);
    match dtype {
        DType::F32 => narrow.flat_map(f32::to_le_bytes).collect(),
        DType::Bf16 => narrow.flat_map(|v| bf16::from_f32(v).to_le_bytes()).collect(),
        DType::F16 => narrow.flat_map(|v| f16::from_f32(v).to_le_bytes()).collect(),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Frozen(DType),
    Quantised(Format),
    Dense(Layout),
}

/// A linear layer with everything: residual, bias, low-rank terms on column ranges.
struct Linear {
    n: usize,
    i: usize,
    o: usize,
    kind: Kind,
    /// Shares of the outputs that have a term.
    terms: Vec<(usize, usize)>,
    rank: usize,
    dropout: f32,
    plain: bool,
    phase: Phase,
}

const GAP: usize = 3;

impl Linear {
    fn shape(&self) -> LinearShape {
        LinearShape { rows: self.n, inputs: self.i, outputs: self.o, phase: self.phase }
    }

    /// Offsets in one flat buffer: W, bias, then A and B of each term.
    fn offsets(&self) -> (usize, usize, Vec<(usize, usize)>, usize) {
        let bias = GAP + self.i * self.o;
        let mut at = bias + self.o;
        let mut terms = Vec::new();
        for (from, to) in &self.terms {
            terms.push((at, at + self.rank * self.i));
            at += self.rank * self.i + (to - from) * self.rank;
        }
        (GAP, bias, terms, at)
    }

    fn terms<'a, B>(&self, buffer: &'a B) -> Vec<LoraTerm<'a, B>> {
        let offsets = self.offsets().2;
        let terms = self.terms.iter().zip(offsets).enumerate();
        terms
            .map(|(k, ((from, to), (a, b)))| LoraTerm {
                a: At { buffer, offset: a },
                b: At { buffer, offset: b },
                rank: self.rank,
                scale: 0.75,
                rows: 0..self.n,
                columns: *from..*to,
                middle: k * self.n * self.rank,
                dropout: (self.dropout > 0.0).then_some(Dropout { rate: self.dropout, seed: 40 + k as u64 }),
            })
            .collect()
    }
}

impl Op for Linear {
    fn name(&self) -> String {
        let kind = match self.kind {
            Kind::Frozen(dtype) => format!("frozen {dtype:?}"),
            Kind::Quantised(format) => format!("frozen {format:?}"),
            Kind::Dense(layout) => format!("dense {layout:?}"),
        };
        let (n, i, o, k) = (self.n, self.i, self.o, self.terms.len());
        format!(
            "{:?} linear {n}x{i}x{o} {kind}, {k} terms of rank {}, dropout {}",
            self.phase, self.rank, self.dropout
        )
    }
    fn inputs(&self) -> Vec<usize> {
        let flat = self.offsets().3;
        vec![self.n * self.i, flat, self.n * self.o]
    }
    fn budget(&self) -> f64 {
        match (self.kind, self.phase) {
            // Rows in eight bits, each number off by up to 1/254 of the greatest of its 32. That the rest is exact is
            // looked at beside the products.
            (Kind::Quantised(_), Phase::Decode) => 2e-2,
            _ => 1e-6,
        }
    }
    fn differentiable(&self) -> bool {
        self.phase == Phase::Many && !matches!(self.kind, Kind::Frozen(DType::Bf16 | DType::F16))
    }
    fn run<D: Bench>(&self, d: &D, inputs: &[Vec<f64>], cotangent: Option<&[f64]>) -> Ran {
        let (shape, (w, bias, _, len)) = (self.shape(), self.offsets());
        let x = d.input(&inputs[0]);
        let flat = d.input(&inputs[1]);
        let residual = d.input(&inputs[2]);
        let weight = &inputs[1][w..bias];
        let frozen = match self.kind {
            Kind::Frozen(_) | Kind::Quantised(_) => {
                let dtype = if let Kind::Frozen(dtype) = self.kind { dtype } else { DType::F32 };
                // Two parts that are stacked, the second of them turned.
                let cut = self.o / 2;
                let second = &weight[cut * self.i..];
                let rows = self.o - cut;
                let turned: Vec<f64> =
                    (0..self.i).flat_map(|i| (0..rows).map(move |o| second[o * self.i + i])).collect();
                let bytes = [stored(&weight[..cut * self.i], dtype), stored(&turned, dtype)];
                let part =
                    |k: usize, outputs, layout| WeightPart { dtype, bytes: &bytes[k], outputs, layout };
                let parts = [part(0, cut, Layout::OutIn), part(1, rows, Layout::InOut)];
                Some(match self.kind {
                    Kind::Quantised(format) => d.quantised_weight(self.i, &parts, format).unwrap(),
                    _ => d.weight(self.i, &parts),
                })
            }
            Kind::Dense(_) => None,
        };
        let matrix = match (&frozen, self.kind) {
            (Some(frozen), _) => Matrix::Frozen(frozen),
            (None, Kind::Dense(layout)) => Matrix::Dense(At { buffer: &flat, offset: w }, layout),
            (None, _) => unreachable!("a frozen matrix was made"),
        };
        let terms = self.terms(&flat);
        let ranks = self.rank * terms.len();
        let need = ScratchNeed {
            rows: self.n,
            width: self.i.max(self.o),
            rank: ranks,
            dropout: self.dropout > 0.0,
            ..ScratchNeed::default()
        };
        let mut scratch = d.output(d.scratch_len(&need));
        let mut middles = d.output(self.n * ranks);
        let mut out = d.output(self.n * self.o);
        let at = (!self.plain).then_some(At { buffer: &flat, offset: bias });
        let add = (!self.plain).then_some(&residual);
        d.linear(&mut out, &mut middles, &x, matrix, at, add, &terms, shape, &mut scratch);
        let gradients = cotangent.map_or(Vec::new(), |c| {
            let mut dx = d.output(self.n * self.i);
            let mut grads = d.input(&vec![0.0; len]);
            let dout = d.input(c);
            let to = Some(&mut grads);
            d.linear_backward(
                Some(&mut dx),
                to,
                &dout,
                &x,
                &middles,
                matrix,
                at,
                &terms,
                shape,
                &mut scratch,
            );
            let mut grads = d.take(&grads);
            assert!(grads[..w].iter().all(|g| *g == 0.0), "gradients before the offset");
            if frozen.is_some() {
                // Frozen numbers have no gradient; differences would see one.
                assert!(grads[..bias + self.o].iter().all(|g| *g == 0.0), "a frozen matrix gets no gradient");
                grads = Vec::new();
            }
            vec![d.take(&dx), grads, if self.plain { Vec::new() } else { c.to_vec() }]
        });
        // What the operation leaves in its scratch is its own affair; `take` looks at the guard.
        d.take(&scratch);
        Ran { output: d.take(&out), gradients }
    }
}

const SHAPES: [(usize, usize, usize); 6] =
    [(1, 1, 2), (3, 5, 7), (2, 33, 18), (65, 70, 50), (17, 530, 401), (300, 40, 391)];

fn cases(kind: Kind, phase: Phase) {
    for (n, i, o) in SHAPES {
        for (share, rank, dropout) in [(0, 0, 0.0), (1, 4, 0.0), (2, 8, 0.0), (2, 3, 0.3)] {
            if phase == Phase::Decode && (n > 20 || dropout > 0.0) {
                continue;
            }
            let terms = match share {
                0 => vec![],
                1 => vec![(0, o)],
                _ => vec![(0, o / 2), (o / 2, o)],
            };
            check(&Linear { n, i, o, kind, terms, rank, dropout, plain: share == 0, phase });
        }
    }
}

#[test]
fn frozen_f32() {
    cases(Kind::Frozen(DType::F32), Phase::Many);
}

#[test]
fn frozen_halves() {
    cases(Kind::Frozen(DType::Bf16), Phase::Many);
    cases(Kind::Frozen(DType::F16), Phase::Many);
}

/// Products over blocks are those over the numbers that the blocks stand for, forwards and backwards.
#[test]
fn quantised() {
    for format in Format::ALL {
        for (n, i, o) in [(1, 256, 2), (3, 512, 7), (17, 768, 401), (70, 256, 600)] {
            for phase in [Phase::Many, Phase::Decode] {
                let (kind, terms) = (Kind::Quantised(format), vec![(0, o / 2), (o / 2, o)]);
                check(&Linear { n, i, o, kind, terms, rank: 3, dropout: 0.0, plain: false, phase });
            }
        }
    }
    // Rows that fit no tile and no larger block.
    for format in [Format::Q8_0, Format::Q4_0] {
        let kind = Kind::Quantised(format);
        let phase = Phase::Many;
        check(&Linear {
            n: 40,
            i: 544,
            o: 30,
            kind,
            terms: vec![],
            rank: 0,
            dropout: 0.0,
            plain: true,
            phase,
        });
    }
}

#[test]
fn trainable() {
    cases(Kind::Dense(Layout::OutIn), Phase::Many);
    cases(Kind::Dense(Layout::InOut), Phase::Many);
}

#[test]
fn generation() {
    for kind in [
        Kind::Frozen(DType::F32),
        Kind::Frozen(DType::Bf16),
        Kind::Frozen(DType::F16),
        Kind::Dense(Layout::OutIn),
        Kind::Dense(Layout::InOut),
    ] {
        cases(kind, Phase::Decode);
    }
}
