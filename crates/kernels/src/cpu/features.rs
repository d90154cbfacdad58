//! What the processor can do, asked at run time.

/// Names of the instruction sets that matter to kernels and that this processor has.
#[cfg(target_arch = "x86_64")]
pub fn instruction_sets() -> Vec<&'static str> {
    let mut found = Vec::new();
    macro_rules! look {
        ($($name:tt),*) => { $(if std::is_x86_feature_detected!($name) { found.push($name); })* };
    }
    look!("avx", "avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512vnni", "avx512bf16");
    found
}

/// Names of the instruction sets that matter to kernels and that this processor has.
#[cfg(target_arch = "aarch64")]
pub fn instruction_sets() -> Vec<&'static str> {
    let mut found = vec!["neon"];
    macro_rules! look {
        ($($name:tt),*) => { $(if std::arch::is_aarch64_feature_detected!($name) { found.push($name); })* };
    }
    look!("dotprod", "fp16", "bf16", "i8mm", "sve");
    found
}

/// Names of the instruction sets that matter to kernels and that this processor has: none is known here.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub fn instruction_sets() -> Vec<&'static str> {
    Vec::new()
}
