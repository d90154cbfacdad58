"""Reading a prompt and continuing it beside llama.cpp, and many requests at once beside one."""

from rounds import median, missing, number, ratio, table, versions

PACKAGES = ["llama_cpp", "gguf"]
FORMATS = ["q8_0", "q4_0"]


def one_request(bench):
    """One request, the weights in eight and in four bits."""
    same = size(bench)
    absent = missing(*PACKAGES)
    programs = {}
    for kind in FORMATS:
        programs[f"moru, {kind}"] = lambda kind=kind: bench.ours("bench", "generate", *same, "--format", kind)
        if not absent:
            programs[f"llama.cpp, {kind}"] = lambda kind=kind: llama_cpp(bench, same, kind)
    figures = bench.in_turn(programs)
    rows = []
    for kind in FORMATS:
        ours = figures[f"moru, {kind}"]
        rows.append(line(f"moru, {kind}", ours, ours))
        theirs = figures.get(f"llama.cpp, {kind}")
        name = f"llama.cpp, {kind}"
        rows.append(line(name, theirs, ours) if theirs else [name, *["not measured"] * 5])
    peer = f"not measured ({', '.join(absent)} not installed)" if absent else versions("llama-cpp-python", "gguf")
    text = ["## Generation, one request", "", f"- ours: `moru bench generate {' '.join(same)} --format FORMAT --json`"]
    text += [f"- peer: `python tools/peers/generate_llama_cpp.py {' '.join(same)} --format FORMAT --file FILE`; {peer}"]
    text += ["- ours chooses the likeliest token after each step; the peer is fed tokens", ""]
    header = ["", "prompt tokens/s", "new tokens/s", "peak memory, GB", "prompt, ours : theirs", "new, ours : theirs"]
    shares = [f"{share(figures[f'moru, {kind}'])} with {kind}" for kind in FORMATS]
    said = f"Generating, ours read memory at {' and '.join(shares)}."
    return "\n".join([*text, table(header, rows), "", said, ""])


def many_requests(bench):
    """Sixteen requests at once, with no adapter, with one, and with one each."""
    same = [*size(bench), "--format", "q8_0"]
    cases = {
        "1 request": [],
        "16 requests": ["--requests", "16"],
        "16 requests, one adapter": ["--requests", "16", "--adapters", "1"],
        "16 requests, 16 adapters": ["--requests", "16", "--adapters", "16"],
    }
    programs = {
        name: lambda more=more: bench.ours("bench", "generate", *same, *more) for name, more in cases.items()
    }
    figures = bench.in_turn(programs)
    key = "decode_tokens_per_s"
    against = {"16 requests": "1 request", "16 requests, 16 adapters": "16 requests, one adapter"}
    rows = []
    for name, runs in figures.items():
        other = against.get(name)
        quotient = f"{ratio(runs, figures[other], key)} : {other}" if other else ""
        rows.append([name, *(number(median(runs, k)) for k in (key, "step_s", "peak_rss_gb")), quotient])
    text = ["## Generation, many requests", "", f"- `moru bench generate {' '.join(same)} --json`, with `--requests` and"]
    text += ["  `--adapters`; adapters are of rank 8 on queries and values", ""]
    header = ["", "new tokens/s", "step, s", "peak memory, GB", "new tokens/s, beside"]
    return "\n".join([*text, table(header, rows), ""])


def size(bench):
    if bench.small:
        return ["--shape", "nano", "--prompt", "32", "--new", "8"]
    return ["--shape", "qwen3-0.6b", "--prompt", "512", "--new", "64"]


def llama_cpp(bench, same, kind):
    file = bench.folder / f"{kind}.gguf"
    return bench.peer("generate_llama_cpp.py", *same, "--format", kind, "--file", str(file))


def line(name, runs, ours):
    keys = ("prefill_tokens_per_s", "decode_tokens_per_s")
    quotients = ["", ""] if runs is ours else [ratio(ours, runs, key) for key in keys]
    return [name, *(number(median(runs, key)) for key in (*keys, "peak_rss_gb")), *quotients]


def share(ours):
    best = number(median(ours, "memory_gb_per_s"))
    return f"{number(median(ours, 'read_gb_per_s'))} of {best} GB/s ({median(ours, 'memory_share'):.2f})"
