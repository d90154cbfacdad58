//! What computes: one device for training, evaluation and talk.

use kernels::Cpu;

use crate::machine;

/// The device that this build computes with.
pub type Backend = Cpu;

/// Opens it with a thread a core. Results do not depend on the number.
pub fn open() -> Backend {
    Cpu::new(machine::cores())
}
