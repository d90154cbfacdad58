"""Training steps beside torch, transformers and PEFT."""

from rounds import median, missing, number, ratio, table, versions

PACKAGES = ["torch", "transformers", "peft"]


def lora(bench):
    """GPT-2, an adapter of rank 8, half of the tokens with a loss."""
    shape, seq, steps = ("nano", "64", "2") if bench.small else ("gpt2-124m", "512", "3")
    targets = "q_proj,v_proj" if bench.small else "c_attn"
    arguments = ["--shape", shape, "--seq", seq, "--batch", "1", "--rank", "8", "--targets", targets]
    arguments += ["--loss-fraction", "0.5", "--steps", steps]
    peers = {"peer": [], "peer, head at loss rows": ["--head", "loss-rows"]}
    return section(bench, "LoRA training", arguments, peers)


def full(bench):
    """Every weight of nano."""
    seq, steps = ("64", "2") if bench.small else ("512", "3")
    arguments = ["--shape", "nano", "--seq", seq, "--batch", "1", "--method", "full"]
    arguments += ["--loss-fraction", "1.0", "--steps", steps]
    return section(bench, "Training of every weight", arguments, {"peer": []})


def section(bench, title, arguments, peers):
    programs = {"moru": lambda: bench.ours("bench", "train", *arguments)}
    absent = missing(*PACKAGES)
    if not absent:
        for name, extra in peers.items():
            programs[name] = lambda extra=extra: bench.peer("train_peft.py", *arguments, *extra)
    figures = bench.in_turn(programs)
    ours = figures["moru"]
    rows = [line(name, runs, ours) for name, runs in figures.items()]
    rows += [[name, *["not measured"] * 4] for name in peers if name not in figures]
    shares = f"{number(median(ours, 'gflops'))} GFLOP/s of {number(median(ours, 'gemm_peak_gflops'))} at best in "
    shares += f"the same run (a share of {median(ours, 'gemm_peak_share'):.2f}); "
    shares += f"{median(ours, 'predicted_gb'):.2f} GB were predicted."
    peer = f"not measured ({', '.join(absent)} not installed)" if absent else versions(*PACKAGES)
    text = [f"## {title}", "", f"- ours: `moru bench train {' '.join(arguments)} --json`"]
    text += [f"- peer: `python tools/peers/train_peft.py {' '.join(arguments)}`; {peer}", ""]
    header = ["", "tokens/s", "step, s", "peak memory, GB", "tokens/s, ours : theirs"]
    return "\n".join([*text, table(header, rows), "", f"Ours computed {shares}", ""])


def line(name, runs, ours):
    quotient = "" if runs is ours else ratio(ours, runs, "tokens_per_s")
    figures = [number(median(runs, key)) for key in ("tokens_per_s", "step_s", "peak_rss_gb")]
    return [name, *figures, quotient]
