"""What the peers' scripts share about the machine they run on."""

import os
import platform
import time


def field(path, name):
    """The value of `name: value` in a file of the kernel; None where there is none."""
    try:
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                key, _, value = line.partition(":")
                if key.strip() == name:
                    return value.strip()
    except OSError:
        pass
    return None


def peak_rss_gb():
    """The most memory that this process has held, in units of 10⁹ bytes; None where it cannot be told."""
    held = field("/proc/self/status", "VmHWM")
    return round(int(held.split()[0]) * 1024 / 1e9, 3) if held else None


def cores():
    """Threads that this process may run at once."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def vectors():
    """The widest instructions on vectors that the processor has: what is fast depends on them."""
    flags = (field("/proc/cpuinfo", "flags") or "").split()
    known = {"avx512f": "AVX-512", "avx2": "AVX2", "avx": "AVX", "sse2": "SSE2"}
    return next((name for flag, name in known.items() if flag in flags), "unknown")


def describe():
    """(what, value) of this machine."""
    memory = field("/proc/meminfo", "MemTotal")
    return [
        ("System", f"{platform.system()} {platform.machine()}"),
        ("Processor", field("/proc/cpuinfo", "model name") or platform.processor() or "unknown"),
        ("Vectors", vectors()),
        ("Threads", str(cores())),
        ("Memory", f"{int(memory.split()[0]) * 1024 / 1e9:.1f} GB" if memory else "unknown"),
    ]


def busy(seconds=3.0):
    """The share of all processors, in percent, that other programs took over so many seconds; None where
    it cannot be told."""
    before = processor_times()
    time.sleep(seconds)
    after = processor_times()
    if before is None or after is None or after[1] == before[1]:
        return None
    return 100 * (1 - (after[0] - before[0]) / (after[1] - before[1]))


def processor_times():
    """(idle, all) ticks of all processors together."""
    try:
        with open("/proc/stat", encoding="utf-8") as lines:
            # user nice system idle iowait irq softirq steal; guests are counted in user already.
            ticks = [int(word) for word in lines.readline().split()[1:9]]
    except (OSError, ValueError):
        return None
    return ticks[3] + ticks[4], sum(ticks)
