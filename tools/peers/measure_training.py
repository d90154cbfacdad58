"""Training steps beside torch, transformers and PEFT, and beside our own with other weights, lengths and ranks."""

import json

from rounds import median, missing, number, ratio, table, versions

PACKAGES = ["torch", "transformers", "peft"]
HEADS = {"peer": [], "peer, head at loss rows": ["--head", "loss-rows"]}


def lora(bench):
    """GPT-2, an adapter of rank 8, half of the tokens with a loss."""
    shape, targets = ("nano", "q_proj,v_proj") if bench.small else ("gpt2-124m", "c_attn")
    arguments = ["--shape", shape, *length(bench), "--rank", "8", "--targets", targets]
    return section(bench, "LoRA training of GPT-2", [*arguments, "--loss-fraction", "0.5"], HEADS)


def lora_qwen3(bench):
    """Qwen3-0.6B, an adapter of rank 8 on every matrix, half of the tokens with a loss."""
    arguments = ["--shape", qwen3(bench), *length(bench), "--rank", "8", "--targets", "all"]
    return section(bench, "LoRA training of Qwen3-0.6B", [*arguments, "--loss-fraction", "0.5"], HEADS)


def full_gpt2(bench):
    """Every weight of GPT-2."""
    shape = "nano" if bench.small else "gpt2-124m"
    arguments = ["--shape", shape, *length(bench), "--method", "full", "--loss-fraction", "1.0"]
    return section(bench, "Training of every weight of GPT-2", arguments, {"peer": []})


def full_nano(bench):
    """Every weight of nano, four samples a step."""
    arguments = ["--shape", "nano", *length(bench, batch=4), "--method", "full", "--loss-fraction", "1.0"]
    return section(bench, "Training of every weight of nano", arguments, {"peer": []})


def qwen3(bench):
    return "nano" if bench.small else "qwen3-0.6b"


def length(bench, batch=1):
    seq, steps = ("64", "2") if bench.small else ("512", "3")
    return ["--seq", seq, "--batch", str(batch), "--steps", steps]


def section(bench, title, arguments, peers):
    programs = {"moru": lambda: bench.ours("bench", "train", *arguments)}
    absent = missing(*PACKAGES)
    if not absent:
        for name, extra in peers.items():
            programs[name] = lambda extra=extra: bench.peer("train_peft.py", *arguments, *extra)
    figures = bench.in_turn(programs)
    ours = figures["moru"]
    rows = [line(name, runs, ours) for name, runs in figures.items()]
    rows += [[name, *["not measured"] * 5] for name in peers if name not in figures]
    text = [f"## {title}", "", f"- ours: `moru bench train {' '.join(arguments)} --json`"]
    text += [f"- peer: `python tools/peers/train_peft.py {' '.join(arguments)}`; {peer_versions(absent)}", ""]
    header = ["", "tokens/s", "step, s", "peak memory, GB", "tokens/s, ours : theirs", "memory, ours : theirs"]
    return "\n".join([*text, table(header, rows), "", f"Ours computed {share_of_peak(ours)}", ""])


def peer_versions(absent):
    return f"not measured ({', '.join(absent)} not installed)" if absent else versions(*PACKAGES)


def share_of_peak(ours):
    of_best = f"{number(median(ours, 'gflops'))} GFLOP/s of {number(median(ours, 'gemm_peak_gflops'))} at best in "
    of_best += f"the same run (a share of {median(ours, 'gemm_peak_share'):.2f}, most {ours[0]['gemm_peak_of']}); "
    return of_best + f"{median(ours, 'predicted_gb'):.2f} GB were predicted."


def line(name, runs, ours, key="tokens_per_s"):
    of_peer = runs is not ours
    quotient = ratio(ours, runs, key) if of_peer else ""
    memory = f"{median(ours, 'peak_rss_gb') / median(runs, 'peak_rss_gb'):.2f}" if of_peer else ""
    figures = [number(median(runs, k)) for k in (key, "step_s", "peak_rss_gb")]
    return [name, *figures, quotient, memory]


def shared_prefix(bench):
    """Eight samples that share a beginning: one tree, beside the same samples side by side, and the peer's."""
    prefix, leaf = ("48", "16") if bench.small else ("1800", "300")
    same = ["--shape", qwen3(bench), "--rank", "8", "--targets", "all", "--shared-prefix", prefix, "--leaf", leaf]
    same += ["--steps", "1", "--recompute"]
    programs = {
        "moru": lambda: bench.ours("bench", "train", *same, "--leaves", "8"),
        "moru, side by side": lambda: bench.ours("bench", "train", *same, "--leaves", "2", "--packed"),
    }
    absent = missing(*PACKAGES)
    if not absent:
        for name, extra in HEADS.items():
            programs[name] = lambda extra=extra: bench.peer("train_peft.py", *same, "--leaves", "1", *extra)
    figures = bench.in_turn(programs, most=1)
    ours, key = figures["moru"], "useful_tokens_per_s"
    rows = [line(name, runs, ours, key) for name, runs in figures.items()]
    rows += [[name, *["not measured"] * 5] for name in HEADS if name not in figures]
    text = ["## Samples that share a beginning", ""]
    text += [f"- ours: `moru bench train {' '.join(same)} --leaves 8 --json`; side by side: `--leaves 2 --packed`"]
    text += [f"- peer: `python tools/peers/train_peft.py {' '.join(same)} --leaves 1`; {peer_versions(absent)}"]
    text += ["- tokens are those of the samples, however often they are computed; a sample side by side, or of the"]
    text += ["  peer, costs the same however many there are, so fewer were run; after one step, one was measured", ""]
    header = ["", "samples' tokens/s", "step, s", "peak memory, GB", "tokens/s, ours : theirs", "memory, ours : theirs"]
    return "\n".join([*text, table(header, rows), "", f"The tree computed {share_of_peak(ours)}", ""])


def weights(bench):
    """The same adapter over weights held in fewer bits, read from a folder in bf16."""
    absent = missing("torch", "transformers")
    folder = None if absent else bf16_folder(bench)
    same = ["--rank", "8", "--targets", "all", "--loss-fraction", "0.5", *length(bench), "--recompute"]
    programs = {"f32": lambda: bench.ours("bench", "train", "--shape", qwen3(bench), *same)}
    where = folder or qwen3(bench)
    programs["bf16"] = lambda: bench.ours(
        "bench", "train", "--shape", where, *same, *([] if folder else ["--weights", "bf16"])
    )
    for name in ("q8_0", "q4_k", "q4_0", "nf4"):
        quantised = ["--method", "qlora", "--weights", name]
        programs[name] = lambda more=quantised: bench.ours("bench", "train", "--shape", where, *same, *more)
    figures = bench.in_turn(programs, most=2)
    rows = []
    for name, runs in figures.items():
        rate = "" if name == "f32" else ratio(runs, figures["f32"], "tokens_per_s")
        held = [number(median(runs, key)) for key in ("tokens_per_s", "peak_rss_gb", "predicted_gb")]
        rows.append([name, *held, f"{median(runs, 'predicted_gb') / median(runs, 'peak_rss_gb'):.2f}", rate])
    shown = "FOLDER" if folder else where
    text = ["## Weights in fewer bits", ""]
    text += [f"- `moru bench train --shape {shown} {' '.join(same)} --method qlora --weights nf4 --json`, and others"]
    text += ["- every block's activations are computed again in the backward pass, with all weights"]
    if folder:
        text += ["- the folder holds the shape of Qwen3-0.6B in bf16; reading and quantising it is a part of the memory"]
    header = ["weights", "tokens/s", "peak memory, GB", "predicted, GB", "predicted : peak", "tokens/s, to f32"]
    return "\n".join([*text, "", table(header, rows), ""])


def large(bench):
    """One step of a model whose weights alone would fill the machine many times over in f32."""
    shape = "qwen3-0.6b" if bench.small else "qwen3-8b"
    same = ["--shape", shape, "--method", "qlora", "--weights", "nf4", "--rank", "8", "--targets", "all"]
    same += ["--seq", "256", "--loss-fraction", "0.5", "--steps", "1", "--recompute"]
    figures = bench.in_turn({"moru": lambda: bench.ours("bench", "train", *same)}, most=1)["moru"][0]
    text = ["## A step of a large model", "", f"- `moru bench train {' '.join(same)} --json`", ""]
    header = ["shape", "weights", "s a step", "predicted, s", "peak memory, GB", "predicted, GB", "share of the peak"]
    keys = ["step_s", "predicted_s", "peak_rss_gb", "predicted_gb", "gemm_peak_share"]
    row = [shape, figures["weights"], *(number(figures[key]) for key in keys)]
    return "\n".join([*text, table(header, [row]), ""])


def bf16_folder(bench):
    folder = bench.folder / "bf16"
    done = bench.script("write_model.py", "--shape", qwen3(bench), str(folder))
    assert done, "the script says what it wrote"
    return str(folder)


def scaling(bench):
    """Our own figures against the length of a sample, the size of the model, the rank and the threads."""
    long = bench.folder / "long"
    long.mkdir(exist_ok=True)
    (long / "config.json").write_text(json.dumps(NANO_LONG), encoding="utf-8")
    lengths = (32, 64) if bench.small else (128, 256, 512, 1024, 2048, 4096, 8192)
    seq = "64" if bench.small else "512"
    base = {"shape": "nano" if bench.small else "gpt2-124m", "seq": seq, "rank": "8", "threads": None}
    cases = [{**base, "shape": str(long), "seq": str(n)} for n in lengths]
    cases += [{**base, "shape": shape} for shape in dict.fromkeys(("nano", base["shape"], qwen3(bench)))]
    cases += [{**base, "rank": rank} for rank in ("1", "64", "256")]
    cases += [{**base, "threads": "1"}]
    rows = [scaling_row(bench, case) for case in cases]
    text = ["## What a step costs against length, model, rank and threads", ""]
    text += ["- `moru bench train --shape SHAPE --seq N --rank R --threads T --loss-fraction 0.5 --steps 2 --json`, once"]
    text += ["- adapters on every matrix, one sample a step, no recomputing; the first rows are nano with a longer context"]
    header = ["model", "length", "rank", "threads", "tokens/s", "peak memory, GB", "predicted, GB", "share of peak"]
    return "\n".join([*text, "", table(header, rows), ""])


def scaling_row(bench, case):
    threads = ["--threads", case["threads"]] if case["threads"] else []
    arguments = ["--shape", case["shape"], "--seq", case["seq"], "--rank", case["rank"], *threads]
    run = bench.ours("bench", "train", *arguments, "--loss-fraction", "0.5", "--steps", "2")
    name = "nano" if "/" in case["shape"] or "\\" in case["shape"] else case["shape"]
    figures = [number(run[key]) for key in ("tokens_per_s", "peak_rss_gb", "predicted_gb")]
    return [name, case["seq"], case["rank"], str(run["threads"]), *figures, f"{run['gemm_peak_share']:.2f}"]


NANO_LONG = {
    "architectures": ["Qwen3ForCausalLM"],
    "model_type": "qwen3",
    "vocab_size": 8192,
    "hidden_size": 256,
    "intermediate_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 64,
    "max_position_embeddings": 16384,
    "rms_norm_eps": 1e-6,
    "rope_theta": 1000000.0,
    "tie_word_embeddings": True,
    "hidden_act": "silu",
}
