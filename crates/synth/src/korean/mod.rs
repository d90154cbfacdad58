//! Korean word forms: particles that agree with what precedes them, verb endings, numbers in words.

mod check;
mod conjugate;
mod copula;
mod jamo;
mod number;
mod particle;

pub use check::{ParticleReport, check_particles};
pub use conjugate::{Ending, conjugate};
pub use number::{count_word, sino_number, won};
pub use particle::{Final, Particle, final_sound};
