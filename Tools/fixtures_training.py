"""Writes Tests/TrainingTests/Fixtures: optimizer traces, schedules and gradient clipping as PyTorch computes them.

Run with the environment of scripts/setup: .deps/python/bin/python Tools/fixtures_training.py
"""

import json
import math
import pathlib

import torch

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "TrainingTests" / "Fixtures"
STEPS = 100
SNAPSHOTS = (1, 2, 10, 100)
DTYPES = {"float32": torch.float32, "float64": torch.float64}


def problem():
    """A small regression network with fixed data: y ~ tanh(x w1 + b1) w2."""
    generator = torch.Generator().manual_seed(7)
    draw = lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64)
    return {"x": draw(16, 4), "y": draw(16, 2), "w1": draw(4, 5) * 0.5, "b1": draw(5) * 0.1, "w2": draw(5, 2) * 0.5}


def flat(tensor):
    return [float(value) for value in tensor.detach().double().flatten()]


def optimizer_cases():
    sgd, adam, adamw = torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW
    return [
        ("sgd", sgd, [dict(lr=0.05)]),
        ("sgd-momentum", sgd, [dict(lr=0.02, momentum=0.9)]),
        ("sgd-dampening", sgd, [dict(lr=0.05, momentum=0.9, dampening=0.3)]),
        ("sgd-nesterov", sgd, [dict(lr=0.02, momentum=0.9, nesterov=True)]),
        ("sgd-decay", sgd, [dict(lr=0.05, momentum=0.8, weight_decay=0.01)]),
        ("sgd-decay-nesterov", sgd, [dict(lr=0.03, momentum=0.8, weight_decay=0.01, nesterov=True)]),
        ("sgd-maximize", sgd, [dict(lr=0.0005, momentum=0.5, maximize=True)]),
        ("sgd-groups", sgd, [dict(lr=0.05), dict(lr=0.01, momentum=0.9, weight_decay=0.1)]),
        ("adam", adam, [dict(lr=0.01)]),
        ("adam-decay", adam, [dict(lr=0.01, weight_decay=0.05)]),
        ("adam-amsgrad", adam, [dict(lr=0.02, amsgrad=True)]),
        ("adam-betas", adam, [dict(lr=0.01, betas=(0.8, 0.99), eps=1e-4)]),
        ("adam-maximize", adam, [dict(lr=0.002, maximize=True)]),
        ("adamw", adamw, [dict(lr=0.01)]),
        ("adamw-no-decay", adamw, [dict(lr=0.01, weight_decay=0.0)]),
        ("adamw-decay", adamw, [dict(lr=0.01, weight_decay=0.3)]),
        ("adamw-amsgrad", adamw, [dict(lr=0.02, amsgrad=True, weight_decay=0.05)]),
        ("adamw-betas", adamw, [dict(lr=0.01, betas=(0.95, 0.9), eps=1e-3)]),
        ("adamw-maximize", adamw, [dict(lr=0.002, maximize=True)]),
        ("adamw-groups", adamw, [dict(lr=0.01, weight_decay=0.1), dict(lr=0.003, weight_decay=0.0, betas=(0.85, 0.999))]),
    ]


def trace(kind, groups, dtype):
    data = problem()
    w1, b1, w2 = (data[name].to(dtype).requires_grad_() for name in ("w1", "b1", "w2"))
    x, y = data["x"].to(dtype), data["y"].to(dtype)
    split = [[w1, b1, w2]] if len(groups) == 1 else [[w1, w2], [b1]]
    optimizer = kind([dict(params=params, **settings) for params, settings in zip(split, groups)])
    losses, snapshots = [], {}
    for step in range(1, STEPS + 1):
        loss = ((torch.tanh(x @ w1 + b1) @ w2 - y) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
        if step in SNAPSHOTS:
            snapshots[str(step)] = flat(w1) + flat(b1) + flat(w2)
    return losses, snapshots


def write(name, value):
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / name).write_text(json.dumps(value, separators=(",", ":")) + "\n")


def write_optimizers():
    cases = []
    for name, kind, groups in optimizer_cases():
        for dtype_name, dtype in DTYPES.items():
            losses, snapshots = trace(kind, groups, dtype)
            settings = [{k: list(v) if isinstance(v, tuple) else v for k, v in group.items()} for group in groups]
            cases.append(
                dict(name=name, kind=kind.__name__, dtype=dtype_name, groups=settings, losses=losses, snapshots=snapshots))
    data = {name: dict(shape=list(value.shape), values=flat(value)) for name, value in problem().items()}
    write("optimizers.json", dict(torch=torch.__version__, data=data, cases=cases))


def run_schedule(make, base=0.1, steps=60, optimizer="sgd"):
    parameter = torch.nn.Parameter(torch.zeros(1))
    if optimizer == "sgd":
        chosen = torch.optim.SGD([parameter], lr=base, momentum=0.9)
    else:
        chosen = torch.optim.AdamW([parameter], lr=base)
    schedule = make(chosen)
    rates, momenta = [], []
    for _ in range(steps):
        group = chosen.param_groups[0]
        rates.append(group["lr"])
        momenta.append(group["betas"][0] if "betas" in group else group["momentum"])
        chosen.step()
        schedule.step()
    return rates, momenta


def write_schedules():
    s = torch.optim.lr_scheduler
    one_cycle = lambda **settings: lambda o: s.OneCycleLR(o, max_lr=0.1, total_steps=60, **settings)
    makers = {
        "constant": lambda o: s.LambdaLR(o, lambda step: 1.0),
        "step": lambda o: s.StepLR(o, step_size=7, gamma=0.5),
        "multi-step": lambda o: s.MultiStepLR(o, milestones=[5, 20, 45], gamma=0.3),
        "exponential": lambda o: s.ExponentialLR(o, gamma=0.93),
        "cosine": lambda o: s.CosineAnnealingLR(o, T_max=60),
        "cosine-floor": lambda o: s.CosineAnnealingLR(o, T_max=60, eta_min=0.02),
        "warmup-constant": lambda o: s.LinearLR(o, start_factor=0.1, total_iters=10),
        "warmup-cosine": lambda o: s.SequentialLR(
            o, [s.LinearLR(o, start_factor=0.01, total_iters=12), s.CosineAnnealingLR(o, T_max=48)], milestones=[12]),
        "one-cycle": one_cycle(),
        "one-cycle-linear": one_cycle(anneal_strategy="linear", cycle_momentum=False),
        "one-cycle-three-phase": one_cycle(three_phase=True),
        "one-cycle-settings": one_cycle(pct_start=0.2, div_factor=10, final_div_factor=100, base_momentum=0.8, max_momentum=0.97),
    }
    cases = []
    for name, make in makers.items():
        rates, momenta = run_schedule(make)
        cases.append(dict(name=name, optimizer="sgd", rates=rates, momenta=momenta))
    rates, momenta = run_schedule(one_cycle(), optimizer="adamw")
    cases.append(dict(name="one-cycle", optimizer="adamw", rates=rates, momenta=momenta))
    write("schedules.json", dict(torch=torch.__version__, cases=cases))


def write_clipping():
    generator = torch.Generator().manual_seed(11)
    shapes = [[3, 4], [4], [2, 2, 2]]
    gradients = [torch.randn(*shape, generator=generator) * scale for shape, scale in zip(shapes, (1.0, 3.0, 0.2))]
    cases = []
    for maximum, kind in [(1.0, 2.0), (100.0, 2.0), (0.5, 1.0), (0.7, math.inf), (2.0, 3.0)]:
        parameters = [torch.nn.Parameter(torch.zeros_like(g)) for g in gradients]
        for parameter, gradient in zip(parameters, gradients):
            parameter.grad = gradient.clone()
        norm = torch.nn.utils.clip_grad_norm_(parameters, maximum, norm_type=kind)
        cases.append(
            dict(mode="norm", maximum=maximum, kind="inf" if math.isinf(kind) else kind, norm=float(norm),
                 result=[flat(p.grad) for p in parameters]))
    parameters = [torch.nn.Parameter(torch.zeros_like(g)) for g in gradients]
    for parameter, gradient in zip(parameters, gradients):
        parameter.grad = gradient.clone()
    torch.nn.utils.clip_grad_value_(parameters, 0.8)
    cases.append(dict(mode="value", maximum=0.8, result=[flat(p.grad) for p in parameters]))
    write("clipping.json", dict(shapes=shapes, gradients=[flat(g) for g in gradients], cases=cases))


if __name__ == "__main__":
    torch.set_num_threads(1)
    write_optimizers()
    write_schedules()
    write_clipping()
