"""Writes Tests/TrainingTests/Fixtures/handlers*: what TensorBoard, PyTorch, torchvision, SciPy and scikit-learn say about the training handlers.

Besides the environment of scripts/setup this needs `pip install tensorboard==2.21.0` (in another environment, on PYTHONPATH):
.deps/python/bin/python Tools/fixtures_handlers.py
"""

import ast
import base64
import json
import math
import pathlib
import tempfile

import numpy as np
import torch

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "TrainingTests" / "Fixtures"
TIME = 1763719200.5
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAIAAAADCAIAAAA2iEnWAAAAEklEQVR4nGP4z8DAwMDAgEoBAB/uAf8oE2HPAAAAAElFTkSuQmCC")


def flat(tensor):
    return [float(value) for value in tensor.detach().double().flatten()]


def tensorboard():
    """An event file by the reference's writer, and what the reference reads in it."""
    from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.compat.proto.event_pb2 import SessionLog
    from torch.utils.tensorboard import SummaryWriter
    from torch.utils.tensorboard.summary import hparams

    values = torch.randn(200, generator=torch.Generator().manual_seed(3), dtype=torch.float64) * 0.1
    with tempfile.TemporaryDirectory() as folder:
        writer = SummaryWriter(folder)
        file = writer._get_file_writer()
        for step, value in enumerate([2.5, 1.25, -0.75, 0.0, float("nan"), float("inf")]):
            writer.add_scalar("train/loss", value, step, walltime=TIME + step)
        writer.add_histogram("weights/fc", values, 7, bins="tensorflow", walltime=TIME)
        writer.add_histogram("weights/one", torch.tensor([0.0], dtype=torch.float64), 7, bins="tensorflow", walltime=TIME)
        image = Summary.Value(tag="picture", image=Summary.Image(height=3, width=2, colorspace=3, encoded_image_string=PNG))
        file.add_summary(Summary(value=[image]), 4, walltime=TIME)
        writer.add_text("notes", "a *text* with ünicode", 1 << 40, walltime=TIME)
        for summary in hparams({"depth": 3.0}, {"validation/loss": 0})[:2]:
            file.add_summary(summary, walltime=TIME)
        file.add_event(Event(session_log=SessionLog(status=SessionLog.START)), 9, walltime=TIME)
        writer.close()
        (path,) = pathlib.Path(folder).iterdir()
        data = path.read_bytes()
        events = []
        for raw in RawEventFileLoader(str(path)).Load():
            event = Event.FromString(raw)
            entries = []
            for value in event.summary.value:
                entry = {"tag": value.tag, "kind": value.WhichOneof("value") or "none"}
                if entry["kind"] == "simple_value":
                    entry["scalar"] = str(value.simple_value)
                if entry["kind"] == "histo":
                    histogram = value.histo
                    entry["histogram"] = [histogram.min, histogram.max, histogram.num, histogram.sum, histogram.sum_squares]
                    entry["limits"], entry["buckets"] = list(histogram.bucket_limit), list(histogram.bucket)
                if entry["kind"] == "tensor":
                    entry["text"] = [text.decode() for text in value.tensor.string_val]
                entry["plugin"] = value.metadata.plugin_data.plugin_name
                entries.append(entry)
            events.append({"time": event.wall_time, "step": event.step, "version": event.file_version, "entries": entries})
    return {"file": base64.b64encode(data).decode(), "events": events, "values": flat(values), "png": base64.b64encode(PNG).decode()}


def multi_task():
    """Uncertainty weighting and GradNorm on a small trunk with two heads."""
    generator = torch.Generator().manual_seed(11)
    draw = lambda *shape: torch.randn(*shape, generator=generator)
    x, trunk, first, second = draw(24, 5), draw(6, 5) * 0.4, draw(3, 6) * 0.4, draw(1, 6) * 0.4
    classes = torch.randint(0, 3, (24,), generator=generator)
    numbers = draw(24, 1) * 3
    logs = torch.tensor([0.3, -0.7])
    leaves = [value.clone().requires_grad_() for value in (trunk, first, second, logs)]

    def losses():
        features = torch.tanh(x @ leaves[0].T)
        return [
            torch.nn.functional.cross_entropy(features @ leaves[1].T, classes),
            torch.nn.functional.mse_loss(features @ leaves[2].T, numbers),
        ]

    parts = losses()
    s = leaves[3]
    total = torch.exp(-s[0]) * parts[0] + s[0] / 2 + torch.exp(-s[1]) * parts[1] / 2 + s[1] / 2
    gradients = torch.autograd.grad(total, leaves)
    uncertainty = {"total": float(total), "parts": [float(part) for part in parts], "gradients": [flat(value) for value in gradients]}

    # GradNorm, algorithm 1, with autograd through the gradients' norms and plain descent for both sets of weights.
    weights = torch.ones(2, dtype=torch.float64, requires_grad=True)
    alpha, rate, start, trace = 1.5, 0.025, None, []
    for _ in range(12):
        parts = losses()
        total = weights[0].detach() * parts[0] + weights[1].detach() * parts[1]
        norms = torch.stack(
            [
                torch.linalg.vector_norm(torch.autograd.grad(weight * part, leaves[0], create_graph=True)[0].double())
                for weight, part in zip(weights, parts)
            ]
        )
        values = torch.stack(parts).detach().double()
        start = values if start is None else start
        ratios = values / start
        target = (norms.mean() * (ratios / ratios.mean()) ** alpha).detach()
        (slope,) = torch.autograd.grad((norms - target).abs().sum(), weights, retain_graph=True)
        gradients3 = torch.autograd.grad(total, leaves[:3])
        with torch.no_grad():
            for leaf, gradient in zip(leaves, gradients3):
                leaf -= 0.05 * gradient
            weights = weights - rate * slope
            weights = (weights * 2 / weights.sum()).requires_grad_()
        trace.append({"weights": flat(weights), "total": float(total)})
    return {
        "x": flat(x), "trunk": flat(trunk), "first": flat(first), "second": flat(second), "logs": flat(logs),
        "classes": [int(value) for value in classes], "numbers": flat(numbers), "uncertainty": uncertainty, "gradNorm": trace,
    }


def mixing():
    """torchvision's MixUp and CutMix with known lambdas and rectangles, partners being neighbours (a roll by one)."""
    # Only the two transforms are wanted, and torchvision's compiled part need not fit for them: their methods alone are compiled.
    source = (pathlib.Path(torch.__file__).parent.parent / "torchvision/transforms/v2/_augment.py").read_text()
    names = {"_mixup_label", "make_params"}
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef) and node.name in ("_BaseMixUpCutMix", "CutMix"):
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and method.name in names:
                    method.returns, method.decorator_list = None, []
                    for argument in method.args.args + method.args.kwonlyargs:
                        argument.annotation = None
                    space = {"torch": torch, "math": math, "one_hot": torch.nn.functional.one_hot, "query_size": lambda x: x[0].shape[-2:]}
                    exec(compile(ast.Module([method], []), "torchvision", "exec"), space)
                    found[node.name + "." + method.name] = space[method.name]
    generator = torch.Generator().manual_seed(5)
    x = torch.rand(4, 2, 5, 6, generator=generator)
    y = torch.tensor([0, 2, 1, 2])
    owner = type("Owner", (), {"num_classes": 3})()
    label = lambda lam: found["_BaseMixUpCutMix._mixup_label"](owner, y, lam=lam)
    cases = [{"kind": "mixUp", "lambda": 0.3, "inputs": flat(x.roll(1, 0).mul_(1.0 - 0.3).add_(x.mul(0.3))), "targets": flat(label(0.3))}]
    for lam, seed in ((0.2, 1), (0.7, 2), (0.95, 3), (0.05, 4)):
        owner._dist = type("Fixed", (), {"sample": staticmethod(lambda shape, lam=lam: lam)})
        torch.manual_seed(seed)
        params = found["CutMix.make_params"](owner, [x])
        torch.manual_seed(seed)
        centre = [int(torch.randint(6, size=(1,))), int(torch.randint(5, size=(1,)))]
        x1, y1, x2, y2 = params["box"]
        output = x.clone()
        output[..., y1:y2, x1:x2] = x.roll(1, 0)[..., y1:y2, x1:x2]
        cases.append(
            {
                "kind": "cutMix", "lambda": lam, "centre": centre, "adjusted": params["lam_adjusted"], "inputs": flat(output),
                "targets": flat(label(params["lam_adjusted"])),
            }
        )
    return {"x": flat(x), "y": [int(value) for value in y], "cases": cases}


def statistics():
    from scipy import stats
    from sklearn.model_selection import GroupKFold

    generator = np.random.default_rng(4)
    groups = generator.integers(0, 12, 60)
    parts = np.zeros(60, int)
    for part, (_, test) in enumerate(GroupKFold(4).split(np.zeros(60), groups=groups)):
        parts[test] = part
    falls = 2.3 - 1.8 / (1 + np.exp(-(np.arange(60) - 35) / 4)) + np.where(np.arange(60) > 48, (np.arange(60) - 48) ** 2 * 0.05, 0)
    end = int(falls.argmin())
    slopes = np.gradient(falls)[6:end]
    return {
        "quantiles": [{"p": p, "degrees": d, "value": float(stats.t.ppf(p, d))} for p in (0.975, 0.6, 0.05, 0.9995) for d in (1, 2, 4, 9, 30.5)],
        "groups": [int(value) for value in groups], "parts": [int(value) for value in parts],
        "sweep": [float(value) for value in falls], "steepest": int(slopes.argmin()) + 6,
    }


def contrastive():
    """NT-Xent by its definition, item by item."""
    generator = torch.Generator().manual_seed(9)
    first, second = torch.randn(5, 4, generator=generator), torch.randn(5, 4, generator=generator)
    unit = torch.nn.functional.normalize(torch.cat([first, second]), dim=1)
    cases = []
    for temperature in (0.5, 0.1):
        terms = []
        for i in range(10):
            others = torch.stack([unit[i] @ unit[k] / temperature for k in range(10) if k != i])
            terms.append(torch.logsumexp(others, 0) - unit[i] @ unit[(i + 5) % 10] / temperature)
        cases.append({"temperature": temperature, "loss": float(torch.stack(terms).mean())})
    return {"first": flat(first), "second": flat(second), "cases": cases}


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, make in (
        ("tensorboard", tensorboard), ("multitask", multi_task), ("mixing", mixing), ("statistics", statistics), ("contrastive", contrastive)
    ):
        (FOLDER / f"handlers-{name}.json").write_text(json.dumps(make(), separators=(",", ":")) + "\n")
