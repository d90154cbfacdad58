//! Arithmetic on shaped slices, forward and backward.
