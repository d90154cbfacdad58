//! The table of cases, one file an operation.

mod activation;
mod attention;
mod decode;
mod embedding;
mod head;
mod linear;
mod norm;
mod optimizer;
mod rope;
