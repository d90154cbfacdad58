//! The binary driven from outside: exit code, stdout, stderr, and what is on the disk.

mod bad_input;
mod bench;
mod classify;
mod conversations;
mod databases;
mod errors;
mod guides;
mod heard;
mod help;
mod honest;
mod hub;
mod kill;
mod leaks;
mod life;
mod privacy;
mod reports;
mod rows;
mod soak_kill;
mod soak_project;
mod soak_train;
mod support;
mod tables;
mod told_before;
mod top;
mod verify;
mod welfare;
