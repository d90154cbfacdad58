#!/usr/bin/env python3
"""Frequencies and attention factors of the variants of rotary positions, as transformers computes them.

    peers/bin/python tools/golden/rotary.py

Writes rotary.json beside itself: for each case a config.json's part and the numbers that belong to it.
"""

import json
from pathlib import Path

from transformers import LlamaConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

CASES = [
    {"rope_type": "linear", "factor": 2.5},
    {"rope_type": "dynamic", "factor": 4.0},
    {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
     "original_max_position_embeddings": 256},
    {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 512},
    {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 512, "truncate": False},
    {"rope_type": "yarn", "factor": 16.0, "original_max_position_embeddings": 128, "beta_fast": 24.0, "beta_slow": 2.0,
     "mscale": 1.3, "mscale_all_dim": 0.6},
    {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 512, "attention_factor": 1.75},
    {"rope_type": "longrope", "original_max_position_embeddings": 512,
     "short_factor": [1.0 + 0.125 * i for i in range(12)], "long_factor": [2.0 + 3.0 * i for i in range(12)]},
    {"rope_type": "longrope", "original_max_position_embeddings": 512, "factor": 3.0,
     "short_factor": [1.0 + 0.25 * i for i in range(12)], "long_factor": [2.0 + 3.0 * i for i in range(12)]},
]


def main():
    out = []
    for scaling in CASES:
        config = LlamaConfig(
            vocab_size=64, hidden_size=72, intermediate_size=20, num_hidden_layers=1, num_attention_heads=3, head_dim=24,
            max_position_embeddings=2048, rope_parameters={"rope_theta": 5000.0, **scaling},
        )
        frequencies, factor = ROPE_INIT_FUNCTIONS[scaling["rope_type"]](config, "cpu")
        out.append({"rope_scaling": scaling, "inverse_frequencies": [float(f) for f in frequencies],
                    "attention_factor": float(factor)})
    path = Path(__file__).parent / "rotary.json"
    path.write_text(json.dumps(out, indent=1) + "\n")
    print(len(out), "cases")


if __name__ == "__main__":
    main()
