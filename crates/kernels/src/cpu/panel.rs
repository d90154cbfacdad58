//! A matrix's tiles as operands: where they lie when they are f32, expanded into scratch when they are not.

use std::ops::Range;

use super::gemm::Operand;
use super::{Buffer, simd};
use crate::Layout;
use crate::weight::{HostWeight, Numbers};

/// Inputs or outputs that are expanded at a time, so that a panel stays in a core's cache.
pub const DEPTH: usize = 512;

/// The matrix (O, I), wherever its numbers are.
#[derive(Clone, Copy)]
pub enum Source<'a> {
    /// f32, in either layout.
    Plain(&'a [f32], Layout),
    /// Narrow numbers, (O, I).
    Narrow(&'a HostWeight),
}

impl<'a> Source<'a> {
    /// A frozen matrix.
    pub fn frozen(weight: &'a HostWeight) -> Self {
        match &weight.numbers {
            Numbers::F32(values) => Self::Plain(values, Layout::OutIn),
            Numbers::Bf16(_) | Numbers::F16(_) | Numbers::Blocks(_) => Self::Narrow(weight),
        }
    }

    /// A matrix in a buffer of parameters.
    pub fn dense(buffer: &'a Buffer, offset: usize, layout: Layout) -> Self {
        Self::Plain(&buffer[offset..], layout)
    }

    /// The steps in which a product over `extent` is made: whole for f32, [`DEPTH`] at a time else.
    pub fn depth(&self, extent: usize) -> usize {
        match self {
            Self::Plain(..) => extent.max(1),
            Self::Narrow(_) => DEPTH,
        }
    }

    /// What lengths of tiles along the inputs are multiples of, so that few blocks are expanded in part.
    pub fn alignment(&self) -> usize {
        match self {
            Self::Plain(..) => 16,
            Self::Narrow(_) => 64,
        }
    }

    /// The tile (outputs, inputs) of a matrix of `inputs` by `all_outputs`; `panel` holds it when it is expanded.
    pub fn tile(
        &self,
        panel: &'a mut [f32],
        outputs: Range<usize>,
        inputs: Range<usize>,
        [all_outputs, all_inputs]: [usize; 2],
    ) -> Operand {
        match *self {
            Self::Plain(values, Layout::OutIn) => {
                let start = outputs.start * all_inputs + inputs.start;
                Operand::rows(&values[start..], all_inputs, outputs.len(), inputs.len())
            }
            Self::Plain(values, Layout::InOut) => {
                let start = inputs.start * all_outputs + outputs.start;
                Operand::rows(&values[start..], all_outputs, inputs.len(), outputs.len()).transposed()
            }
            Self::Narrow(weight) => {
                let width = inputs.len();
                simd(
                    #[inline(always)]
                    || {
                        for (row, output) in panel.chunks_mut(width).zip(outputs.clone()) {
                            weight.expand_row(row, output, inputs.clone());
                        }
                    },
                );
                Operand::rows(panel, width, outputs.len(), width)
            }
        }
    }
}
