//! What this machine has: cores, instruction set, memory, disk, accelerator.

use std::num::NonZero;
use std::path::Path;

use serde::Serialize;

/// A machine as far as it can be seen from here. Sizes in bytes.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    /// Operating system and architecture.
    pub system: String,
    /// The processor's name, where it can be told.
    pub processor: Option<String>,
    /// Threads that can run at once.
    pub cores: usize,
    /// Instruction sets beyond the architecture's base that matter here.
    pub instructions: Vec<&'static str>,
    /// All memory.
    pub memory_bytes: Option<u64>,
    /// Memory that is free now.
    pub memory_free_bytes: Option<u64>,
    /// Graphics processors.
    pub gpus: Vec<String>,
}

impl Machine {
    /// Looks at this machine.
    pub fn here() -> Self {
        let processor = read_field("/proc/cpuinfo", "model name");
        Self {
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            processor,
            cores: cores(),
            instructions: kernels::instruction_sets(),
            memory_bytes: kilobytes("/proc/meminfo", "MemTotal"),
            memory_free_bytes: kilobytes("/proc/meminfo", "MemAvailable"),
            gpus: gpus(),
        }
    }
}

/// Threads that can run at once; one where it cannot be told.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// The same for what wants at least one.
pub fn threads() -> NonZero<usize> {
    NonZero::new(cores()).unwrap_or(NonZero::<usize>::MIN)
}

/// The names of NVIDIA devices, from the driver's files. Nothing is loaded or touched.
fn gpus() -> Vec<String> {
    let Ok(devices) = std::fs::read_dir("/proc/driver/nvidia/gpus") else { return Vec::new() };
    let mut names: Vec<_> = devices
        .filter_map(Result::ok)
        .filter_map(|device| read_field(device.path().join("information"), "Model"))
        .collect();
    names.sort();
    names
}

/// `name : value` or `name: value` in a file of the kernel.
fn read_field(path: impl AsRef<Path>, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    let mut fields = text.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim().to_owned())
}

fn kilobytes(path: &str, name: &str) -> Option<u64> {
    let value = read_field(path, name)?;
    value.split_whitespace().next()?.parse::<u64>().ok().map(|kb| kb * 1024)
}

/// Seconds since 1970 (UTC).
#[expect(clippy::disallowed_methods, reason = "the time of day is told to people; it reaches no digest")]
pub fn unix_seconds() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// The most memory that this process has held since the last [`forget_peak`]; 0 where it cannot be told.
pub fn peak_rss_bytes() -> u64 {
    kilobytes("/proc/self/status", "VmHWM").unwrap_or(0)
}

/// What the process holds and can still get, for a training that is about to take it.
pub fn memory() -> train::MemoryReading {
    let told = |bytes: u64| (bytes > 0).then_some(bytes);
    train::MemoryReading {
        held: kilobytes("/proc/self/status", "VmRSS"),
        peak: told(peak_rss_bytes()),
        available: [kilobytes("/proc/meminfo", "MemAvailable"), left_in_group()].into_iter().flatten().min(),
    }
}

/// What the process's control group may still take, such as a container's (Linux, "Control Group v2"). Pages of files
/// count as used there, although they are given back when memory is short.
fn left_in_group() -> Option<u64> {
    let group = Path::new("/sys/fs/cgroup");
    let number = |name: &str| std::fs::read_to_string(group.join(name)).ok()?.trim().parse::<u64>().ok();
    let (most, used) = (number("memory.max")?, number("memory.current")?);
    let files = std::fs::read_to_string(group.join("memory.stat")).ok().and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("inactive_file "))?;
        line.trim().parse::<u64>().ok()
    });
    Some(most.saturating_sub(used.saturating_sub(files.unwrap_or(0))))
}

/// Begins to measure the peak anew, where the system can.
pub fn forget_peak() {
    use std::io::Write;
    // Linux: writing 5 resets the high-water mark (proc_pid_clear_refs(5)).
    if let Ok(mut file) = std::fs::File::options().write(true).open("/proc/self/clear_refs") {
        let _ = file.write_all(b"5");
    }
}

/// Free bytes on the disk of a folder, where it can be told.
#[cfg(unix)]
pub fn disk_free_bytes(folder: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(folder).ok()?;
    Some(stat.f_bavail * stat.f_frsize)
}

/// Free bytes on the disk of a folder, where it can be told.
#[cfg(not(unix))]
pub fn disk_free_bytes(_: &Path) -> Option<u64> {
    None
}
