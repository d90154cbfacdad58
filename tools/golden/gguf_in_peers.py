#!/usr/bin/env python3
"""Writes models as GGUF files with `moru export` and reads them in transformers and in llama.cpp, and reads in ours what
llama.cpp wrote; exits with 1 where they do not agree.

    peers/bin/python tools/golden/gguf_in_peers.py

`builtin:nano` and a random Qwen3, in every format that is written: vocabulary, logits after 20 prompts, and 24 tokens that
follow, always the likeliest. transformers expands the blocks; in f16 we must agree to rounding. In fewer bits llama.cpp and we multiply with activations
of eight bits, each in its own way: so a continuation may part where two tokens are nearly as likely. The report has how many of the 20 are the same, and for each that parts the token at which it
does and by how much our logit was above the next one's, in standard deviations of the logits. That lead must be within
four times the distance between the two programs' logits, in the same unit. The mixes of formats must be llama.cpp's own,
tensor by tensor. llama.cpp then makes files of the formats that we only read, which are compared in the same way.

One random model of each family, in f32, shows the order of rows and what is added to norms; and an adapter of PEFT over
each is compared with PEFT as llama.cpp's `--lora`. The result is written to gguf_in_peers.json beside this script.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import gguf
import llama_cpp
import numpy as np
import peft
import torch
import transformers


HERE = Path(__file__).parent
ROOT = HERE.parent.parent
TOLERANCE = 1e-4
# In blocks we may be this many times as far from the expanded numbers as llama.cpp is.
NO_FURTHER = 1.2
# llama.cpp keeps keys and values, and multiplies attention, in half precision.
IN_LLAMA_CPP = {"f32": 2e-3, "lora": 5e-3, "blocks": 0.1}
# A continuation may part where the likeliest token is ahead by less than this many times the distance of logits.
NEARLY = 4
FORMATS = ["f16", "q8_0", "q4_0", "q4_k_m"]
READ = ["Q4_1", "Q5_0", "Q5_1", "Q5_K_M", "Q6_K", "Q4_K_M"]
TOKENS = 24
PROMPTS = [
    "배송은 언제 되나요?", "환불하고 싶습니다.", "주문을 취소해 주세요.", "쿠폰이 적용되지 않아요.", "교환 절차를 알려 주세요.",
    "결제가 두 번 되었습니다.", "회원 탈퇴는 어떻게 하나요?", "상품이 파손되어 왔어요.", "영업시간이 궁금합니다.", "적립금은 언제 들어오나요?",
    "Where is my order?", "I would like a refund.", "How do I change my address?", "The coupon does not work.", "Please cancel my order.",
    "What are your opening hours?", "The box was empty.", "Can I pay by card?", "안녕하세요, how are you?", "123-4567로 전화 주세요.",
]


def cargo(package, *arguments):
    command = ["cargo", "run", "--quiet", "--release", "--locked", "-p", package, *arguments]
    subprocess.run([str(part) for part in command], cwd=ROOT, check=True)


def chat(text):
    return f"<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n"


def save(model, tokenizer, folder):
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def random_qwen3(folder, tokenizer):
    """A Qwen3 of drawn weights with untied head and grouped queries, over nano's vocabulary."""
    torch.manual_seed(11)
    config = transformers.Qwen3Config(
        vocab_size=len(tokenizer), hidden_size=512, intermediate_size=1024, num_hidden_layers=8, num_attention_heads=8,
        num_key_value_heads=2, head_dim=64, max_position_embeddings=512, tie_word_embeddings=False,
        initializer_range=0.08, bos_token_id=None, eos_token_id=tokenizer.eos_token_id,
    )
    save(transformers.Qwen3ForCausalLM(config), tokenizer, folder)


def family(kind, tokenizer):
    """A small random model with numbers around those that a trained one has."""
    torch.manual_seed(5)
    sizes = dict(vocab_size=len(tokenizer), hidden_size=128, intermediate_size=192, num_hidden_layers=3, num_attention_heads=4,
                 max_position_embeddings=256, bos_token_id=None, eos_token_id=tokenizer.eos_token_id)
    grouped = dict(num_key_value_heads=2, head_dim=32)
    config = {
        "gpt2": lambda: transformers.GPT2Config(vocab_size=len(tokenizer), n_embd=128, n_layer=3, n_head=4, n_positions=256,
                                                bos_token_id=None, eos_token_id=tokenizer.eos_token_id),
        "gpt_neox": lambda: transformers.GPTNeoXConfig(**sizes, rotary_pct=0.5),
        "llama": lambda: transformers.LlamaConfig(**sizes, **grouped),
        "mistral": lambda: transformers.MistralConfig(**sizes, **grouped, sliding_window=None),
        "qwen2": lambda: transformers.Qwen2Config(**sizes, num_key_value_heads=2),
        "qwen3": lambda: transformers.Qwen3Config(**sizes, **grouped),
        "gemma": lambda: transformers.GemmaConfig(**sizes, **grouped),
    }[kind]()
    model = transformers.AutoModelForCausalLM.from_config(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.08 * torch.randn_like(parameter)
    return model


FAMILIES = ["gpt2", "gpt_neox", "llama", "mistral", "qwen2", "qwen3", "gemma"]


def away(found, wanted):
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


def last_logits(model, prompts):
    with torch.no_grad():
        return [model(input_ids=torch.tensor([ids])).logits[0, -1].numpy() for ids in prompts]


def greedy(scratch, file, prompts):
    """What we make of a file."""
    (scratch / "prompts.json").write_text(json.dumps(prompts))
    cargo("model", "--example", "greedy", "--", file, scratch / "prompts.json", TOKENS, scratch / "ours.json")
    return json.loads((scratch / "ours.json").read_text())


def in_transformers(file, folder, prompts, ours):
    # transformers does not read the width of Qwen3's heads from a GGUF file.
    config = transformers.AutoConfig.from_pretrained(folder)
    kind = transformers.AutoModelForCausalLM
    model = kind.from_pretrained(file.parent, gguf_file=file.name, config=config, dtype=torch.float32).eval()
    theirs = last_logits(model, prompts)
    return max(away(np.array(reply["logits"]), logits) for reply, logits in zip(ours, theirs)), theirs


def llama(file, **more):
    return llama_cpp.Llama(str(file), n_ctx=256, n_threads=2, logits_all=True, verbose=False, **more)


def logits_of(model, ids):
    model.reset()
    model.eval(ids)
    return np.array(model.scores[model.n_tokens - 1])


def in_llama_cpp(file, prompts, ours, expanded=None):
    model = llama(file)
    same_ids = all(model.tokenize(chat(text).encode(), add_bos=False, special=True) == ids for text, ids in zip(PROMPTS, prompts))
    same, parted, furthest, from_expanded = 0, {}, 0.0, 0.0
    for at, (ids, reply) in enumerate(zip(prompts, ours)):
        logits = logits_of(model, ids)
        furthest, spread, theirs = max(furthest, away(np.array(reply["logits"]), logits)), float(np.std(logits)), []
        if expanded:
            from_expanded = max(from_expanded, away(logits, expanded[at]))
        for _ in range(TOKENS):
            theirs.append(int(np.argmax(model.scores[model.n_tokens - 1])))
            model.eval(theirs[-1:])
        if theirs == reply["ids"]:
            same += 1
            continue
        where = next(i for i, (a, b) in enumerate(zip(theirs, reply["ids"])) if a != b)
        parted[f"prompt {at}, token {where}"] = round(reply["margins"][where] / spread, 5)
    found = {"same_ids": same_ids, "same_replies": same, "logits_away": furthest, "leads_where_parted": parted}
    return found | ({"away_from_transformers": from_expanded} if expanded else {})


def formats(file):
    return {tensor.name: tensor.tensor_type.name for tensor in gguf.GGUFReader(file).tensors}


def quantised_by_llama_cpp(source, kind, to):
    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.ftype = getattr(llama_cpp, f"LLAMA_FTYPE_MOSTLY_{kind}")
    parameters.nthread = 2
    if llama_cpp.llama_model_quantize(str(source).encode(), str(to).encode(), parameters) != 0:
        raise SystemExit(f"llama.cpp could not write {kind}")


def compare(scratch, name, source, folder, prompts):
    written, read = {}, {}
    for kind in FORMATS:
        file = scratch / f"{name}-{kind}.gguf"
        cargo("moru", "--", "export", source, file, "--format", kind)
        ours = greedy(scratch, file, prompts)
        theirs = scratch / f"{name}-{kind}-theirs.gguf"
        same_mix = None
        if kind != "f16":
            quantised_by_llama_cpp(scratch / f"{name}-f16.gguf", kind.upper(), theirs)
            same_mix = formats(file) == formats(theirs)
        transformers_away, expanded = in_transformers(file, folder, prompts, ours)
        written[kind] = {"bytes": file.stat().st_size, "formats": ", ".join(sorted(set(formats(file).values()))),
                         "mix_of_llama_cpp": same_mix, "transformers_away": transformers_away,
                         "llama_cpp": in_llama_cpp(file, prompts, ours, expanded)}
    for kind in READ:
        file = scratch / f"{name}-{kind}-theirs.gguf"
        quantised_by_llama_cpp(scratch / f"{name}-f16.gguf", kind, file)
        read[kind] = in_llama_cpp(file, prompts, greedy(scratch, file, prompts))
    return {"written": written, "read": read}


def compare_family(scratch, kind, tokenizer, prompts):
    folder, adapted = scratch / kind, scratch / f"{kind}-adapter"
    model = family(kind, tokenizer)
    save(model, tokenizer, folder)
    wanted = last_logits(model, prompts)
    file, lora = scratch / f"{kind}.gguf", scratch / f"{kind}-lora.gguf"
    cargo("moru", "--", "export", folder, file, "--format", "f32")
    ours = greedy(scratch, file, prompts)
    tuned = peft.get_peft_model(model, peft.LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", init_lora_weights=False,
                                                       fan_in_fan_out=kind == "gpt2", task_type="CAUSAL_LM"))
    # LoRA's numbers are drawn wide by PEFT; the adapter must change the model, not drown it.
    with torch.no_grad():
        for name, parameter in tuned.named_parameters():
            if "lora_B" in name:
                parameter *= 0.2
    tuned.save_pretrained(adapted)
    cargo("moru", "--", "export", adapted, lora, "--base", folder)
    plain, loaded = llama(file), llama(file, lora_path=str(lora))
    with_adapter = last_logits(tuned, prompts)

    def furthest(found, wanted):
        return max(away(np.array(a), b) for a, b in zip(found, wanted))

    return {
        "ours_away": furthest([reply["logits"] for reply in ours], wanted),
        "llama_cpp_away": furthest([logits_of(plain, ids) for ids in prompts], wanted),
        "adapter_in_llama_cpp_away": furthest([logits_of(loaded, ids) for ids in prompts], with_adapter),
        "effect_of_the_adapter": furthest(wanted, with_adapter),
    }


def is_good(models, families):
    results = [(kind, result) for model in models.values() for kind, result in model["written"].items()]
    theirs = [result["llama_cpp"] for _, result in results] + [one for model in models.values() for one in model["read"].values()]
    return (
        all(result["transformers_away"] < (TOLERANCE if kind == "f16" else NO_FURTHER * result["llama_cpp"]["away_from_transformers"])
            for kind, result in results)
        and all(result["mix_of_llama_cpp"] in (None, True) for _, result in results)
        and all(one["same_ids"] and one["logits_away"] < IN_LLAMA_CPP["blocks"] for one in theirs)
        and all(lead < NEARLY * one["logits_away"] for one in theirs for lead in one["leads_where_parted"].values())
        and all(one["ours_away"] < TOLERANCE and one["llama_cpp_away"] < IN_LLAMA_CPP["f32"]
                and one["adapter_in_llama_cpp_away"] < IN_LLAMA_CPP["lora"] for one in families.values())
    )


def main():
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        cargo("moru", "--", "export", "builtin:nano", scratch / "nano")
        tokenizer = transformers.AutoTokenizer.from_pretrained(scratch / "nano")
        prompts = [tokenizer(chat(text))["input_ids"] for text in PROMPTS]
        random_qwen3(scratch / "qwen3-random", tokenizer)
        families = {kind: compare_family(scratch, kind, tokenizer, prompts[:6]) for kind in FAMILIES}
        models = {"nano": compare(scratch, "nano", "builtin:nano", scratch / "nano", prompts),
                  "random_qwen3": compare(scratch, "random", scratch / "qwen3-random", scratch / "qwen3-random", prompts)}
    versions = {"transformers": transformers.__version__, "torch": torch.__version__.split("+")[0],
                "peft": peft.__version__, "llama_cpp": llama_cpp.__version__}
    passed = is_good(models, families)
    report = {"passed": passed, "prompts": len(PROMPTS), "tokens": TOKENS, "tolerance": TOLERANCE,
              "no_further": NO_FURTHER, "tolerance_in_llama_cpp": IN_LLAMA_CPP, "nearly": NEARLY, "models": models, "families": families,
              "versions": versions}
    text = json.dumps(report, indent=1) + "\n"
    (HERE / "gguf_in_peers.json").write_text(text)
    print(text, end="")
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
