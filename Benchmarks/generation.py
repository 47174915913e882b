"""What others take for the work of GenerationBenchmark.swift.

    python -P generation.py llama|transformers MODEL.gguf THREADS [TOKENS.json]
    python -P generation.py convert MODEL.gguf OUT.gguf Q8_0|BF16|F32
    python -P generation.py tokens MODEL.gguf TEXT.txt OUT.json

llama: llama-cpp-python, the file as it is. transformers: the same weights as float32. Both print the Swift side's keys; with a file of token
lists, the perplexity over them, each read from its own beginning. (-P keeps this folder's tokenizers.py from standing in for the package.)
"""

import json
import os
import resource
import sys
import time

import numpy as np

READ, WRITE = 512, 128


def llama(path: str, threads: int, texts: list[list[int]] | None) -> dict[str, float]:
    import llama_cpp
    from llama_cpp import Llama

    def load(length: int, sequences: int, **more):
        return Llama(path, n_ctx=length * sequences, n_threads=threads, n_threads_batch=threads, n_batch=READ, verbose=False, **more)

    start = time.perf_counter()
    model = load(640, 1, logits_all=texts is not None)
    results = {"load seconds": time.perf_counter() - start}
    if texts is not None:
        losses = []
        for text in texts:
            model.reset()
            model.eval(text)
            scores = model.scores[:len(text) - 1].astype(np.float64)
            shifted = scores - scores.max(1, keepdims=True)
            losses.append(np.log(np.exp(shifted).sum(1)) - shifted[np.arange(len(text) - 1), text[1:]])
        results["perplexity"] = float(np.exp(np.concatenate(losses).mean()))
        return results
    prompt = [i * 7919 % model.n_vocab() for i in range(READ)]

    parameters = llama_cpp.llama_context_default_params()
    parameters.n_ctx, parameters.n_batch, parameters.n_ubatch, parameters.n_seq_max = 640 * 8, READ, READ, 8
    parameters.n_threads = parameters.n_threads_batch = threads
    parameters.kv_unified = False
    context = llama_cpp.llama_init_from_model(model.model, parameters)
    batch = llama_cpp.llama_batch_init(READ, 0, 8)

    def fill(rows: list[tuple[int, int, int, bool]]) -> None:
        batch.n_tokens = len(rows)
        for i, (token, position, sequence, output) in enumerate(rows):
            batch.token[i], batch.pos[i], batch.n_seq_id[i], batch.logits[i] = token, position, 1, output
            batch.seq_id[i][0] = sequence
        assert llama_cpp.llama_decode(context, batch) == 0

    def likeliest(row: int) -> int:
        scores = llama_cpp.llama_get_logits_ith(context, row)
        return int(np.ctypeslib.as_array(scores, (model.n_vocab(),)).argmax())

    for count in (1, 8):
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(context), True)
        start = time.perf_counter()
        tokens = []
        for s in range(count):
            fill([(t, i, s, i == READ - 1) for i, t in enumerate(prompt)])
            tokens.append(likeliest(READ - 1))
        keep(results, count, "prefill", time.perf_counter() - start)
        start = time.perf_counter()
        for step in range(WRITE):
            fill([(tokens[s], READ + step, s, True) for s in range(count)])
            tokens = [likeliest(s) for s in range(count)]
        keep(results, count, "decode", time.perf_counter() - start)
    return results


def without_torchvision() -> None:
    """transformers imports torchvision where it finds it, working or not; nothing here needs it."""
    import transformers.utils
    from transformers.utils import import_utils

    import_utils.is_torchvision_available = transformers.utils.is_torchvision_available = lambda: False


def transformers(path: str, threads: int, texts: list[list[int]] | None) -> dict[str, float]:
    import torch

    without_torchvision()
    from transformers import AutoModelForCausalLM

    torch.set_num_threads(threads)
    start = time.perf_counter()
    model = AutoModelForCausalLM.from_pretrained(os.path.dirname(path), gguf_file=os.path.basename(path), dtype=torch.float32).eval()
    results = {"load seconds": time.perf_counter() - start}
    with torch.inference_mode():
        if texts is not None:
            losses = []
            for text in texts:
                ids = torch.tensor([text])
                losses.append(torch.nn.functional.cross_entropy(model(ids).logits[0, :-1], ids[0, 1:], reduction="none"))
            results["perplexity"] = float(torch.cat(losses).mean().exp())
            return results
        prompt = torch.tensor([[i * 7919 % model.config.vocab_size for i in range(READ)]])
        for count in (1, 8):
            start = time.perf_counter()
            out = model(prompt.repeat(count, 1), use_cache=True, logits_to_keep=1)
            token = out.logits[:, -1].argmax(-1, keepdim=True)
            keep(results, count, "prefill", time.perf_counter() - start)
            start = time.perf_counter()
            for _ in range(WRITE):
                out = model(token, past_key_values=out.past_key_values, use_cache=True)
                token = out.logits[:, -1].argmax(-1, keepdim=True)
            keep(results, count, "decode", time.perf_counter() - start)
    return results


def keep(results: dict[str, float], count: int, part: str, seconds: float) -> None:
    tokens = READ if part == "prefill" else WRITE
    results[f"{part} {tokens}, batch {count}"] = tokens * count / seconds
    if part == "prefill" and count == 1:
        results[f"first token after {READ}"] = seconds


def convert(source: str, target: str, kind: str) -> None:
    """The file with its matrices in another type; what was rounded before stays rounded."""
    import gguf

    reader = gguf.GGUFReader(source)
    wanted = gguf.GGMLQuantizationType[kind]
    writer = gguf.GGUFWriter(target, reader.fields["general.architecture"].contents())
    for field in reader.fields.values():
        if field.name.startswith("GGUF.") or field.name in ("general.architecture", "general.file_type"):
            continue
        inner = field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(field.name, field.contents(), field.types[0], sub_type=inner)
    for tensor in reader.tensors:
        values = gguf.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        own = wanted if values.ndim > 1 else gguf.GGMLQuantizationType.F32
        writer.add_tensor(tensor.name, gguf.quantize(values, own), raw_dtype=own)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def tokens(model: str, text: str, target: str) -> None:
    """Eight texts of 256 tokens."""
    without_torchvision()
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(os.path.dirname(model), gguf_file=os.path.basename(model))
    ids = tokenizer(open(text, encoding="utf-8").read()[100_000:130_000])["input_ids"]
    with open(target, "w") as file:
        json.dump([ids[i * 256:(i + 1) * 256] for i in range(8)], file)


def main() -> None:
    if sys.argv[1] in ("convert", "tokens"):
        return {"convert": convert, "tokens": tokens}[sys.argv[1]](*sys.argv[2:])
    texts = json.load(open(sys.argv[4])) if len(sys.argv) > 4 else None
    run = {"llama": llama, "transformers": transformers}[sys.argv[1]]
    results = run(sys.argv[2], int(sys.argv[3]), texts)
    results["peak bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps(results))


if __name__ == "__main__":
    main()
