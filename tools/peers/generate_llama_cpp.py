"""The peer of `moru bench generate`: llama.cpp on a GGUF file of drawn weights of the same shape and format.

A file is written where there is none yet. The best of the readings of the prompt counts, as with ours; generation
is fed fixed tokens, so that choosing them costs the peer nothing. Prints one JSON object.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np

from machine import cores, peak_rss_gb

# Vocabulary, width, width of the MLP, layers, query heads, key heads, width of a head, context.
SHAPES = {
    "nano": (8192, 256, 768, 12, 4, 2, 64, 4096),
    "qwen3-0.6b": (151936, 1024, 3072, 28, 16, 8, 128, 40960),
}
# Drawn once and repeated, as ours are; a multiple of every block and of no row.
DRAWN = 256 * 257


def write(path, shape, kind):
    """A Qwen3 of that shape: head tied to the embedding, norms of one."""
    from gguf import GGMLQuantizationType, GGUFWriter, quants

    vocab, width, mlp, layers, heads, kv_heads, head, context = SHAPES[shape]
    kind = GGMLQuantizationType[kind.upper()]
    drawn = np.random.default_rng(1).standard_normal(DRAWN, dtype=np.float32) * np.float32(0.02)
    drawn = quants.quantize(drawn, kind).view(np.uint8)

    writer = GGUFWriter(path, "qwen3")
    writer.add_context_length(context)
    writer.add_embedding_length(width)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(mlp)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_key_length(head)
    writer.add_value_length(head)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(1e6)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list([f"<{i}>" for i in range(vocab)])
    writer.add_token_types([1] * vocab)
    writer.add_token_merges(["< 0"])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)

    def matrix(name, outputs, inputs):
        row = len(drawn) * inputs // DRAWN
        tensor = np.resize(drawn, outputs * row).reshape(outputs, row)
        writer.add_tensor(name, tensor, raw_dtype=kind)

    def ones(name, length):
        writer.add_tensor(name, np.ones(length, dtype=np.float32))

    matrix("token_embd.weight", vocab, width)
    ones("output_norm.weight", width)
    for layer in range(layers):
        block = f"blk.{layer}."
        ones(block + "attn_norm.weight", width)
        matrix(block + "attn_q.weight", heads * head, width)
        matrix(block + "attn_k.weight", kv_heads * head, width)
        matrix(block + "attn_v.weight", kv_heads * head, width)
        matrix(block + "attn_output.weight", width, heads * head)
        ones(block + "attn_q_norm.weight", head)
        ones(block + "attn_k_norm.weight", head)
        ones(block + "ffn_norm.weight", width)
        matrix(block + "ffn_gate.weight", mlp, width)
        matrix(block + "ffn_up.weight", mlp, width)
        matrix(block + "ffn_down.weight", width, mlp)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=SHAPES, default="nano")
    parser.add_argument("--format", choices=["q8_0", "q4_0"], default="q8_0")
    parser.add_argument("--prompt", type=int, default=512)
    parser.add_argument("--new", type=int, default=64)
    parser.add_argument("--threads", type=int, default=cores())
    parser.add_argument("--file", type=Path, required=True)
    args = parser.parse_args()
    if not args.file.exists():
        part = args.file.with_suffix(".part")
        write(part, args.shape, args.format)
        part.replace(args.file)

    import llama_cpp

    model = llama_cpp.Llama(
        str(args.file),
        n_ctx=args.prompt + args.new + 8,
        n_batch=args.prompt,
        n_threads=args.threads,
        n_threads_batch=args.threads,
        verbose=False,
    )
    read = float("inf")
    for _ in range(2):
        model.reset()
        start = time.perf_counter()
        model.eval([(i * 37 + 5) % 1000 for i in range(args.prompt)])
        read = min(read, time.perf_counter() - start)
    start = time.perf_counter()
    for i in range(args.new):
        model.eval([(i * 31 + 7) % 1000])
    generated = time.perf_counter() - start
    figures = {
        "prefill_tokens_per_s": args.prompt / read,
        "decode_tokens_per_s": args.new / generated,
        "step_s": generated / args.new,
        "peak_rss_gb": peak_rss_gb(),
        "threads": args.threads,
        "version": llama_cpp.__version__,
    }
    print(json.dumps({key: round(v, 4) if isinstance(v, float) else v for key, v in figures.items()}))


if __name__ == "__main__":
    main()
