"""Writes Tests/ModelsTests/Fixtures/gguf/types.gguf: a tensor of every packed type and, beside it, the numbers that the reference unpacks.

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


if __name__ == "__main__":
    main()
