"""Writes Tests/ModelsTests/Fixtures/gguf/types.gguf: a tensor of every packed type and, beside it, the numbers that the reference unpacks;
and tiny-1.gguf and tiny-2.gguf: whole models of the Llama family with a vocabulary of bytes, which write nonsense, each its own.

    .deps/python/bin/python Tools/fixtures_gguf.py
"""

from pathlib import Path

import gguf
import numpy as np

folder = Path(__file__).parent.parent / "Tests/ModelsTests/Fixtures/gguf"
random = np.random.default_rng(5)
rows, columns = 2, 512

# Where the float16 scales of a block of random bytes lie.
halves = {
    "Q2_K": (80, 82), "Q3_K": (108,), "Q4_K": (0, 2), "Q5_K": (0, 2), "Q6_K": (208,), "IQ4_NL": (0,), "IQ4_XS": (0,),
    "Q4_0": (0,), "Q4_1": (0, 2), "Q5_0": (0,), "Q5_1": (0, 2), "Q8_0": (0,),
}


def packed(kind: gguf.GGMLQuantizationType) -> np.ndarray:
    count, size = gguf.GGML_QUANT_SIZES[kind]
    blocks = random.integers(0, 256, (rows * columns // count, size), dtype=np.uint8)
    for place in halves.get(kind.name, ()):
        scales = random.normal(0, 0.01, len(blocks)).astype(np.float16)
        blocks[:, place:place + 2] = scales.view(np.uint8).reshape(-1, 2)
    if kind.name == "Q8_K":
        blocks[:, :4] = random.normal(0, 0.01, len(blocks)).astype(np.float32).view(np.uint8).reshape(-1, 4)
    return blocks.reshape(rows, -1)


def main() -> None:
    folder.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(folder / "types.gguf", "llama")
    writer.add_uint8("test.uint8", 200)
    writer.add_int8("test.int8", -5)
    writer.add_uint16("test.uint16", 60000)
    writer.add_int16("test.int16", -300)
    writer.add_uint32("test.uint32", 4_000_000_000)
    writer.add_int32("test.int32", -70000)
    writer.add_float32("test.float32", 0.5)
    writer.add_bool("test.bool", True)
    writer.add_string("test.string", "Grüße, 世界")
    writer.add_uint64("test.uint64", 1 << 40)
    writer.add_int64("test.int64", -(1 << 40))
    writer.add_float64("test.float64", 0.1)
    writer.add_array("test.strings", ["a", "", "é"])
    writer.add_array("test.integers", [1, -2, 3])
    writer.add_array("test.reals", [0.25, -1.5])
    writer.add_array("test.bools", [True, False])
    names = ["Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "IQ4_XS"]
    for name in names:
        kind = gguf.GGMLQuantizationType[name]
        blocks = packed(kind)
        writer.add_tensor(name, blocks, raw_dtype=kind)
        writer.add_tensor(name + ".expected", gguf.dequantize(blocks, kind).astype(np.float32))
    # The reference has no function for this one: a float32 scale, 256 bytes, 16 sums.
    kind = gguf.GGMLQuantizationType.Q8_K
    blocks = packed(kind)
    writer.add_tensor("Q8_K", blocks, raw_dtype=kind)
    flat = blocks.reshape(-1, 292)
    writer.add_tensor("Q8_K.expected", (flat[:, :4].copy().view(np.float32) * flat[:, 4:260].view(np.int8)).reshape(rows, columns))
    values = random.normal(0, 1, (3, 7)).astype(np.float32)
    values[0, :4] = [0, -0.0, 6e-8, -3e-6]  # subnormal as float16
    writer.add_tensor("F16", values.astype(np.float16))
    writer.add_tensor("F16.expected", values.astype(np.float16).astype(np.float32))
    bits = (values.view(np.uint32) >> 16).astype(np.uint16)
    writer.add_tensor("BF16", bits.view(np.uint8).reshape(3, 14), raw_dtype=gguf.GGMLQuantizationType.BF16)
    writer.add_tensor("BF16.expected", (bits.astype(np.uint32) << 16).view(np.float32))
    writer.add_tensor("F64", values.astype(np.float64))
    writer.add_tensor("F64.expected", values)
    for name, dtype in [("I8", np.int8), ("I16", np.int16), ("I32", np.int32), ("I64", np.int64)]:
        whole = random.integers(-100, 100, (2, 5)).astype(dtype)
        writer.add_tensor(name, whole)
        writer.add_tensor(name + ".expected", whole.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def tiny(seed: int) -> None:
    random = np.random.default_rng(seed)
    width, hidden, heads, shared = 32, 64, 2, 1
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    letters = [chr(byte if byte in printable else 256 + others.index(byte)) for byte in range(256)]
    merges = ["t h", "th e", "i n", "e r"]
    tokens = letters + [merge.replace(" ", "") for merge in merges] + ["<|end|>"]
    writer = gguf.GGUFWriter(folder / f"tiny-{seed}.gguf", "llama")
    writer.add_name(f"tiny-{seed}")
    writer.add_context_length(128)
    writer.add_embedding_length(width)
    writer.add_block_count(1)
    writer.add_feed_forward_length(hidden)
    writer.add_head_count(heads)
    writer.add_head_count_kv(shared)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(width // heads)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([1] * (len(tokens) - 1) + [3])
    writer.add_token_merges(merges)
    writer.add_eos_token_id(len(tokens) - 1)
    writer.add_chat_template("{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}<|end|>{% endfor %}assistant: ")

    def weight(name: str, rows: int, columns: int) -> None:
        writer.add_tensor(f"{name}.weight", random.normal(0, columns ** -0.5, (rows, columns)).astype(np.float16))

    writer.add_tensor("token_embd.weight", random.normal(0, 1, (len(tokens), width)).astype(np.float16))
    # Scores by the tokens' own rows would make every token its own successor.
    weight("output", len(tokens), width)
    for name, rows, columns in [
        ("attn_q", width, width), ("attn_k", width // 2, width), ("attn_v", width // 2, width), ("attn_output", width, width),
        ("ffn_gate", hidden, width), ("ffn_up", hidden, width), ("ffn_down", width, hidden)]:
        weight(f"blk.0.{name}", rows, columns)
    for name in ["blk.0.attn_norm", "blk.0.ffn_norm", "output_norm"]:
        writer.add_tensor(f"{name}.weight", np.ones(width, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()
    tiny(1)
    tiny(2)
