"""Drives the real clients of the Open Inference Protocol and of TensorFlow Serving against a server.

    inference_client.py --http 127.0.0.1:8080 --grpc 127.0.0.1:8081

The server's models are those of Tests/ServingTests/ConformanceTests.swift; what they must answer is computed here by the same functions.
Prints the calls that were made and every difference, and ends with 1 where there is one.
"""

import argparse
import asyncio
import json
import re
import subprocess
import sys
import threading
import traceback

import numpy as np

if "--part" not in sys.argv:
    # kserve and tritonclient define the same messages, and one process can hold one of them: kserve gets a process of its own.
    import tritonclient.grpc as triton_grpc
    import tritonclient.http as triton_http
    from tritonclient.utils import InferenceServerException

NUMPY = {
    "INT8": np.int8, "INT16": np.int16, "INT32": np.int32, "INT64": np.int64, "UINT8": np.uint8, "UINT16": np.uint16,
    "UINT32": np.uint32, "UINT64": np.uint64, "FP16": np.float16, "FP32": np.float32, "FP64": np.float64, "BOOL": np.bool_,
}


class Checks:
    """Counts calls, and collects differences."""

    def __init__(self):
        self.calls = 0
        self.differences = []

    def expect(self, holds, what):
        self.calls += 1
        if not holds:
            self.differences.append(what)
            print(f"  different: {what}")

    def equal(self, found, wanted, what):
        if isinstance(found, np.ndarray) or isinstance(wanted, np.ndarray):
            found, wanted = np.asarray(found), np.asarray(wanted)
            same = found.shape == wanted.shape and found.dtype == wanted.dtype and np.array_equal(found, wanted)
        else:
            same = found == wanted
        self.expect(same, f"{what}: {found!r} instead of {wanted!r}")

    def fails(self, what, statuses, call):
        try:
            call()
        except InferenceServerException as error:
            self.expect(str(error.status()) in statuses and error.message(), f"{what}: {error.status()} {error.message()}")
            return
        self.expect(False, f"{what}: no error")


def logits(images):
    x = images.reshape(len(images), 4).astype(np.float32)
    return np.stack([x[:, 0] - x[:, 3], x[:, 1] * 2 - x[:, 0], x[:, 2] + x[:, 3] * np.float32(0.5)], axis=1)


def softmax(rows):
    """As the model has it: the exponential is a series of 40 terms in single precision."""
    x = rows - rows.max(axis=1, keepdims=True)
    powers, term = np.ones_like(x), np.ones_like(x)
    for k in range(1, 40):
        term = term * (x / np.float32(k))
        powers = powers + term
    return powers / powers.sum(axis=1, keepdims=True)


def images(count):
    return np.random.default_rng(3).normal(size=(count, 1, 2, 2)).astype(np.float32)


def values(datatype):
    dtype = NUMPY[datatype]
    if datatype == "BOOL":
        return np.array([[True, False, True]])
    if datatype.startswith("FP"):
        return np.array([[0.5, -1.25, 3.0], [1e-3, 2.0, -0.0]], dtype=dtype)
    info = np.iinfo(dtype)
    return np.array([[info.min, 0, info.max], [1, 2, 3]], dtype=dtype)


def tensor(kind, name, array, datatype, **options):
    made = kind.InferInput(name, list(array.shape), datatype)
    made.set_data_from_numpy(array, **options)
    return made


def triton_both(checks, kind, client, label):
    """What the two clients have in common."""
    is_http = kind is triton_http
    checks.expect(client.is_server_live() and client.is_server_ready(), f"{label}: health")
    checks.expect(client.is_model_ready("fashion") and client.is_model_ready("fashion", "v1"), f"{label}: model readiness")
    as_json = {} if is_http else {"as_json": True}
    checks.equal(client.get_server_metadata(**as_json)["name"], "martlet", f"{label}: server metadata")
    metadata = client.get_model_metadata("fashion", **as_json)
    checks.equal(metadata["versions"], ["v1", "v10"], f"{label}: versions")
    checks.equal([int(size) for size in metadata["inputs"][0]["shape"]], [-1, 1, 2, 2], f"{label}: shape")
    config = client.get_model_config("fashion", **as_json)
    config = config if is_http else config["config"]
    checks.equal(config["max_batch_size"], 8, f"{label}: configuration")
    for datatype in NUMPY:
        array = values(datatype)
        for binary in [True, False] if is_http and datatype != "FP16" else [True]:
            options = {"binary_data": binary} if is_http else {}
            outputs = [kind.InferRequestedOutput("y", **options)]
            answer = client.infer(f"echo_{datatype}", [tensor(kind, "x", array, datatype, **options)], outputs=outputs)
            checks.equal(answer.as_numpy("y"), array, f"{label}: {datatype}, binary {binary}")
    batch = images(5)
    answer = client.infer("fashion", [tensor(kind, "image", batch, "FP32")], request_id="r1", priority=1, timeout=5_000_000)
    checks.equal(answer.as_numpy("logits"), logits(batch), f"{label}: logits of a batch")
    response = answer.get_response()
    checks.equal(response["id"] if is_http else response.id, "r1", f"{label}: id")
    answer = client.infer("fashion", [tensor(kind, "image", batch, "FP32")], model_version="v1", outputs=[kind.InferRequestedOutput("logits")])
    checks.expect(answer.as_numpy("probabilities") is None, f"{label}: only the output that was asked for")
    wanted = kind.InferRequestedOutput("logits", class_count=2)
    classes = client.infer("fashion", [tensor(kind, "image", batch, "FP32")], outputs=[wanted]).as_numpy("logits")
    best = np.argsort(-logits(batch), axis=1, kind="stable")[:, :2]
    checks.equal([[int(text.split(b":")[1]) for text in row] for row in classes], best.tolist(), f"{label}: classes")
    folk = client.infer(
        "folk", [tensor(kind, "age", np.array([25.0, 50.0]), "FP64"), tensor(kind, "city", np.array(["Zürich", "x"], dtype=object), "BYTES")])
    checks.equal([text.decode() for text in folk.as_numpy("greeting")], ["Zürich 25", "x 50"], f"{label}: texts")
    checks.equal(folk.as_numpy("scores"), np.array([[0.25, 0.75], [0.5, 0.5]]), f"{label}: scores")
    text = client.infer("words", [tensor(kind, "text_input", np.array(["a b c"], dtype=object), "BYTES")], parameters={"max_tokens": 2})
    checks.equal(text.as_numpy("text_output")[0], b"a b", f"{label}: a language model")
    before = client.get_inference_statistics("fashion", "v1", **as_json)["model_stats"][0]
    client.infer("fashion", [tensor(kind, "image", batch, "FP32")], model_version="v1")
    after = client.get_inference_statistics("fashion", "v1", **as_json)["model_stats"][0]
    checks.equal(int(after["inference_count"]) - int(before["inference_count"]), 5, f"{label}: statistics")
    index = client.get_model_repository_index(**as_json)
    index = index if is_http else index["models"]
    checks.expect({"name": "fashion", "version": "v10", "state": "READY"}.items() <= next(m for m in index if m["version"] == "v10").items(), f"{label}: index")
    client.unload_model("spare")
    checks.expect(not client.is_model_ready("spare"), f"{label}: unloaded")
    client.load_model("spare")
    checks.expect(client.is_model_ready("spare"), f"{label}: loaded again")
    bad, missing = (["400"], ["404"]) if is_http else (["StatusCode.INVALID_ARGUMENT"], ["StatusCode.NOT_FOUND"])
    x = [tensor(kind, "image", batch, "FP32")]
    checks.fails(f"{label}: unknown model", missing, lambda: client.infer("none", x))
    checks.fails(f"{label}: unknown version", missing, lambda: client.infer("fashion", x, model_version="7"))
    checks.fails(f"{label}: unknown output", bad, lambda: client.infer("fashion", x, outputs=[kind.InferRequestedOutput("z")]))
    checks.fails(f"{label}: wrong shape", bad, lambda: client.infer("fashion", [tensor(kind, "image", batch.reshape(5, 4), "FP32")]))
    checks.fails(f"{label}: wrong type", bad, lambda: client.infer("fashion", [tensor(kind, "image", batch.astype(np.float64), "FP64")]))
    checks.fails(f"{label}: no input", bad, lambda: client.infer("fashion", []))
    shared = ["404", "400", "501"] if is_http else ["StatusCode.UNIMPLEMENTED"]
    checks.fails(f"{label}: shared memory", shared, lambda: client.register_system_shared_memory("a", "/a", 8))


def triton_http_only(checks, url):
    client = triton_http.InferenceServerClient(url, concurrency=4)
    triton_both(checks, triton_http, client, "tritonclient http")
    batch = images(200)
    for request in [None, "gzip", "deflate"]:
        for answer in [None, "gzip", "deflate"]:
            for binary in [True, False]:
                found = client.infer(
                    "fashion", [tensor(triton_http, "image", batch, "FP32", binary_data=binary)],
                    outputs=[triton_http.InferRequestedOutput("logits", binary_data=binary)], request_compression_algorithm=request,
                    response_compression_algorithm=answer)
                checks.equal(found.as_numpy("logits"), logits(batch), f"tritonclient http: packed {request}/{answer}, binary {binary}")
    waiting = [client.async_infer("fashion", [tensor(triton_http, "image", images(3), "FP32")]) for _ in range(20)]
    for request in waiting:
        checks.equal(request.get_result().as_numpy("logits"), logits(images(3)), "tritonclient http: asynchronous")
    client.close()


def triton_grpc_only(checks, url):
    client = triton_grpc.InferenceServerClient(url)
    triton_both(checks, triton_grpc, client, "tritonclient grpc")
    batch = images(200)
    for packing in ["gzip", "deflate"]:
        found = client.infer("fashion", [tensor(triton_grpc, "image", batch, "FP32")], compression_algorithm=packing)
        checks.equal(found.as_numpy("logits"), logits(batch), f"tritonclient grpc: packed {packing}")
    done, answers = threading.Semaphore(0), []

    def collect(result, error):
        answers.append((result, error))
        done.release()

    client.start_stream(collect)
    for number in range(30):
        client.async_stream_infer("fashion", [tensor(triton_grpc, "image", images(3), "FP32")], request_id=str(number))
    for _ in range(30):
        done.acquire(timeout=20)
    checks.equal([answer.get_response().id for answer, _ in answers], [str(n) for n in range(30)], "tritonclient grpc: stream, in order")
    for answer, _ in answers:
        checks.equal(answer.as_numpy("logits"), logits(images(3)), "tritonclient grpc: stream")
    answers.clear()
    client.async_stream_infer("none", [tensor(triton_grpc, "image", images(1), "FP32")])
    done.acquire(timeout=20)
    checks.expect(answers and "unknown model" in str(answers[0][1]), "tritonclient grpc: an error in a stream")
    answers.clear()
    client.async_stream_infer(
        "words", [tensor(triton_grpc, "text_input", np.array(["a b c"], dtype=object), "BYTES")],
        parameters={"stream": True, "max_tokens": 3}, enable_empty_final_response=True)
    for _ in range(4):
        done.acquire(timeout=20)
    checks.equal([a.as_numpy("text_output")[0] for a, _ in answers[:3]], [b"a", b" b", b" c"], "tritonclient grpc: pieces of a text")
    checks.expect(answers[3][0].get_response().parameters["triton_final_response"].bool_param, "tritonclient grpc: the empty last answer")
    client.stop_stream()
    late = [tensor(triton_grpc, "text_input", np.array(["silent"], dtype=object), "BYTES")]
    checks.fails("tritonclient grpc: deadline", ["StatusCode.DEADLINE_EXCEEDED"], lambda: client.infer("words", late, client_timeout=0.2))
    client.close()


async def kserve_clients(checks, http, grpc):
    from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig
    from kserve.inference_client import InferenceGRPCClient

    batch = images(4)

    def request(is_binary):
        made = InferInput(name="image", shape=list(batch.shape), datatype="FP32")
        made.set_data_from_numpy(batch, binary_data=is_binary)
        return InferRequest(model_name="fashion", infer_inputs=[made])

    base = f"http://{http}"
    rest = InferenceRESTClient(RESTConfig(protocol="v2"))
    checks.expect(await rest.is_server_ready(base) and await rest.is_server_live(base), "kserve v2: health")
    checks.expect(await rest.is_model_ready(base, "fashion"), "kserve v2: model readiness")
    for is_binary in [True, False]:
        answer = await rest.infer(base, request(is_binary), model_name="fashion")
        found = next(output for output in answer.outputs if output.name == "logits").as_numpy()
        checks.equal(found, logits(batch), f"kserve v2: logits, binary {is_binary}")
    old = InferenceRESTClient(RESTConfig(protocol="v1"))
    checks.expect(await old.is_server_live(base), "kserve v1: health")
    checks.expect(await old.is_model_ready(base, "fashion"), "kserve v1: model readiness")
    found = (await old.infer(base, {"instances": batch.tolist()}, model_name="fashion"))["predictions"]
    checks.equal(np.argmax(found, axis=1).tolist(), np.argmax(logits(batch), axis=1).tolist(), "kserve v1: predictions")
    await rest.close()
    await old.close()
    client = InferenceGRPCClient(url=grpc, verbose=False)
    checks.expect(await client.is_server_ready() and await client.is_server_live(), "kserve grpc: health")
    checks.expect(await client.is_model_ready("fashion"), "kserve grpc: model readiness")
    for is_binary in [True, False]:
        answer = await client.infer(request(is_binary))
        found = next(output for output in answer.outputs if output.name == "logits").as_numpy()
        checks.equal(found, logits(batch), f"kserve grpc: logits, binary {is_binary}")
    await client.close()


def curl(checks, http):
    """TensorFlow Serving's JSON, as its documentation calls it."""

    def ask(path, body=None, status="200"):
        command = ["curl", "-s", "-w", "\n%{http_code}", f"http://{http}{path}"]
        if body is not None:
            command += ["-d", json.dumps(body)]
        text, code = subprocess.run(command, capture_output=True, text=True, check=True).stdout.rsplit("\n", 1)
        checks.equal(code, status, f"curl {path}")
        return json.loads(text)

    batch = images(3)
    wanted = softmax(logits(batch))
    for place in ["/v1/models/fashion", "/v1/models/fashion/versions/v10", "/v1/models/fashion/labels/stable"]:
        checks.expect(ask(place)["model_version_status"][-1]["state"] == "AVAILABLE", f"curl {place}")
        found = ask(f"{place}:predict", {"instances": batch.tolist()})["predictions"]
        checks.expect(np.allclose(found, wanted, atol=1e-5), f"curl {place}:predict by rows")
        rows = ask(f"{place}:predict", {"signature_name": "serving_default", "instances": [{"image": item} for item in batch.tolist()]})
        checks.expect(np.allclose(rows["predictions"], wanted, atol=1e-5), f"curl {place}:predict by named rows")
        columns = ask(f"{place}:predict", {"inputs": {"image": batch.tolist()}})["outputs"]
        checks.expect(np.allclose(columns["logits"], logits(batch)), f"curl {place}:predict by columns")
        results = ask(f"{place}:classify", {"examples": [{"image": item} for item in batch.tolist()]})["results"]
        checks.expect(np.allclose([[score for _, score in row] for row in results], wanted, atol=1e-5), f"curl {place}:classify")
        signature = ask(f"{place}/metadata")["metadata"]["signature_def"]["signature_def"]["serving_default"]
        checks.equal(signature["inputs"]["image"]["dtype"], "DT_FLOAT", f"curl {place}/metadata")
    checks.equal(ask("/v1/models/number:regress", {"examples": [{"x": 2.5}, {"x": -1}]})["results"], [2.5, -1.0], "curl :regress")
    for path, body, status in [
        ("/v1/models/none:predict", {"instances": [1]}, "404"), ("/v1/models/fashion:predict", {"instances": "a"}, "400"),
        ("/v1/models/fashion:predict", {}, "400"), ("/v1/models/fashion/versions/3:predict", {"instances": [1]}, "404"),
        ("/v1/models/fashion/labels/canary:predict", {"instances": [1]}, "404"), ("/v1/models/number:classify", {"examples": [{"x": 1}]}, "400"),
    ]:
        checks.expect("error" in ask(path, body, status), f"curl {path}: an error")


def apart(checks, part, options):
    """Runs one part in a process of its own, and takes over what it found."""
    command = [sys.executable, __file__, "--http", options.http, "--grpc", options.grpc, "--part", part]
    run = subprocess.run(command, capture_output=True, text=True)
    found = re.search(r"(\d+) calls checked, (\d+) different\n$", run.stdout)
    if not found:
        raise RuntimeError(f"{part} did not end: {run.stdout}{run.stderr}")
    checks.calls += int(found[1])
    differences = [line for line in run.stdout.splitlines() if line.startswith("  different: ")]
    checks.differences += differences
    print("".join(line + "\n" for line in differences), end="")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--http", required=True)
    parser.add_argument("--grpc", required=True)
    parser.add_argument("--part", choices=["kserve"], help="only this part, in this process")
    options = parser.parse_args()
    # kserve reads the program's arguments, too, and knows others.
    sys.argv = sys.argv[:1]
    checks = Checks()
    parts = [
        ("tritonclient over HTTP", lambda: triton_http_only(checks, options.http)),
        ("tritonclient over gRPC", lambda: triton_grpc_only(checks, options.grpc)),
        ("kserve", lambda: apart(checks, "kserve", options)),
        ("curl", lambda: curl(checks, options.http)),
    ]
    if options.part == "kserve":
        parts = [("kserve", lambda: asyncio.run(kserve_clients(checks, options.http, options.grpc)))]
    for name, run in parts:
        before = checks.calls
        try:
            run()
        except Exception as error:
            traceback.print_exc()
            checks.expect(False, f"{name}: {type(error).__name__}: {error}")
        print(f"{name}: {checks.calls - before} calls checked")
    print(f"{checks.calls} calls checked, {len(checks.differences)} different")
    sys.exit(1 if checks.differences else 0)


if __name__ == "__main__":
    main()
