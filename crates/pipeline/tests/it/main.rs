//! The pipeline driven from outside with toy stages: plans, runs, kills, damage, moves.

mod kill;
mod plans;
mod runs;
mod toy;
