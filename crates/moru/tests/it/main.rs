//! The binary driven from outside: exit code, stdout, stderr, and what is on the disk.

mod bench;
mod databases;
mod errors;
mod help;
mod kill;
mod life;
mod support;
mod welfare;
