"""Writes Tests/TrainingTests/Fixtures/optimizer-traces.json, schedule-traces.json and adaptive-clipping.json.

Optimizers and schedules of PyTorch are run as they are. Lion, LAMB, SAM and adaptive SAM, which PyTorch has not, are written out below
from their papers; `adaptive_clip` from Brock et al. (ICML 2021), section 4.1.

Run with the environment of scripts/setup: .deps/python/bin/python Tools/fixtures_training_optimizers.py
"""

import json
import math
import pathlib

import torch

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "TrainingTests" / "Fixtures"
STEPS = 100
SNAPSHOTS = (1, 10, 100)
DTYPES = {"float32": torch.float32, "float64": torch.float64}


class Lion(torch.optim.Optimizer):
    """Chen et al.: "Symbolic Discovery of Optimization Algorithms" (NeurIPS 2023), program 1: interpolate, sign, decay, then the mean."""

    def __init__(self, params, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0, maximize=False):
        super().__init__(params, dict(lr=lr, betas=betas, weight_decay=weight_decay, maximize=maximize))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                g = -p.grad if group["maximize"] else p.grad
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                b1, b2 = group["betas"]
                update = torch.sign(b1 * m + (1 - b1) * g)
                p.sub_(group["lr"] * (update + group["weight_decay"] * p))
                m.copy_(b2 * m + (1 - b2) * g)


class LAMB(torch.optim.Optimizer):
    """You et al.: "Large Batch Optimization for Deep Learning" (ICLR 2020), algorithm 2, with phi(z) = min(z, largest)."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-6, weight_decay=0.01, correct=True, scale=True, largest=None,
                 maximize=False):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, correct=correct, scale=scale,
                                      largest=largest, maximize=maximize))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                g = -p.grad if group["maximize"] else p.grad
                state = self.state[p]
                if not state:
                    state.update(t=0, m=torch.zeros_like(p), v=torch.zeros_like(p))
                state["t"] += 1
                b1, b2 = group["betas"]
                state["m"] = b1 * state["m"] + (1 - b1) * g
                state["v"] = b2 * state["v"] + (1 - b2) * g * g
                m, v = state["m"], state["v"]
                if group["correct"]:
                    m, v = m / (1 - b1 ** state["t"]), v / (1 - b2 ** state["t"])
                update = m / (v.sqrt() + group["eps"]) + group["weight_decay"] * p
                ratio = 1.0
                if group["scale"]:
                    weights, norm = float(p.norm()), float(update.norm())
                    if group["largest"] is not None:
                        weights = min(weights, group["largest"])
                    ratio = weights / norm if weights > 0 and norm > 0 else 1.0
                p.sub_(group["lr"] * ratio * update)


class SAM:
    """Foret et al.: "Sharpness-Aware Minimization" (ICLR 2021), algorithm 1 with p = 2; adaptive: Kwon et al., "ASAM" (ICML 2021),
    algorithm 1 with T_w = |w| and no eta."""

    def __init__(self, params, base, rho=0.05, adaptive=False, **settings):
        self.params = list(params)
        self.base = base(self.params, **settings)
        self.rho, self.adaptive = rho, adaptive

    def step(self, evaluate):
        loss = evaluate()
        with torch.no_grad():
            old = [p.clone() for p in self.params]
            t = [p.abs() if self.adaptive else torch.ones_like(p) for p in self.params]
            norm = torch.sqrt(sum(((a * p.grad) ** 2).sum() for a, p in zip(t, self.params)))
            for a, p in zip(t, self.params):
                p.add_(self.rho * a * a * p.grad / (norm + 1e-12))
        evaluate()
        with torch.no_grad():
            for p, value in zip(self.params, old):
                p.copy_(value)
        self.base.step()
        return loss


def problem():
    """A small regression network with fixed data: y ~ tanh(x w1 + b1) w2."""
    generator = torch.Generator().manual_seed(7)
    draw = lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64)
    return {"x": draw(16, 4), "y": draw(16, 2), "w1": draw(4, 5) * 0.5, "b1": draw(5) * 0.1, "w2": draw(5, 2) * 0.5}


def rounded(value):
    return float(f"{float(value):.12g}")


def flat(tensor):
    return [rounded(value) for value in tensor.detach().double().flatten()]


O = torch.optim
# name, kind, one dictionary of settings for each parameter group
CASES = [
    ("rmsprop", O.RMSprop, [dict(lr=0.005)]),
    ("rmsprop-centered", O.RMSprop, [dict(lr=0.005, centered=True)]),
    ("rmsprop-momentum", O.RMSprop, [dict(lr=0.002, momentum=0.9)]),
    ("rmsprop-all", O.RMSprop, [dict(lr=0.002, alpha=0.9, eps=1e-4, weight_decay=0.05, momentum=0.8, centered=True)]),
    ("rmsprop-maximize", O.RMSprop, [dict(lr=0.001, maximize=True, weight_decay=0.01)]),
    ("rmsprop-groups", O.RMSprop, [dict(lr=0.005), dict(lr=0.002, momentum=0.5, weight_decay=0.1)]),
    ("adagrad", O.Adagrad, [dict(lr=0.1)]),
    ("adagrad-decays", O.Adagrad, [dict(lr=0.1, lr_decay=0.01, weight_decay=0.05)]),
    ("adagrad-accumulator", O.Adagrad, [dict(lr=0.1, initial_accumulator_value=0.5, eps=1e-3)]),
    ("adagrad-maximize", O.Adagrad, [dict(lr=0.01, maximize=True)]),
    ("adagrad-groups", O.Adagrad, [dict(lr=0.1), dict(lr=0.02, weight_decay=0.1)]),
    ("adadelta", O.Adadelta, [dict()]),
    ("adadelta-settings", O.Adadelta, [dict(lr=0.5, rho=0.95, eps=1e-4, weight_decay=0.02)]),
    ("adadelta-maximize", O.Adadelta, [dict(lr=0.1, maximize=True)]),
    ("adamax", O.Adamax, [dict(lr=0.02)]),
    ("adamax-settings", O.Adamax, [dict(lr=0.02, betas=(0.8, 0.99), eps=1e-4, weight_decay=0.05)]),
    ("adamax-maximize", O.Adamax, [dict(lr=0.002, maximize=True)]),
    ("nadam", O.NAdam, [dict(lr=0.01)]),
    ("nadam-decay", O.NAdam, [dict(lr=0.01, weight_decay=0.05, momentum_decay=0.01)]),
    ("nadam-decoupled", O.NAdam, [dict(lr=0.01, betas=(0.85, 0.99), eps=1e-5, weight_decay=0.05, decoupled_weight_decay=True)]),
    ("nadam-maximize", O.NAdam, [dict(lr=0.002, maximize=True)]),
    ("radam", O.RAdam, [dict(lr=0.02)]),
    ("radam-decay", O.RAdam, [dict(lr=0.005, betas=(0.8, 0.95), weight_decay=0.05)]),
    ("radam-decoupled", O.RAdam, [dict(lr=0.02, eps=1e-4, weight_decay=0.05, decoupled_weight_decay=True)]),
    ("radam-maximize", O.RAdam, [dict(lr=0.002, maximize=True)]),
    ("rprop", O.Rprop, [dict(lr=0.01)]),
    ("rprop-settings", O.Rprop, [dict(lr=0.01, etas=(0.4, 1.3), step_sizes=(1e-4, 0.5))]),
    ("rprop-maximize", O.Rprop, [dict(lr=0.001, maximize=True, step_sizes=(1e-6, 0.01))]),
    ("asgd", O.ASGD, [dict(lr=0.05)]),
    ("asgd-average", O.ASGD, [dict(lr=0.05, lambd=0.01, alpha=0.6, t0=20, weight_decay=0.05)]),
    ("asgd-maximize", O.ASGD, [dict(lr=0.001, maximize=True)]),
    ("adafactor", O.Adafactor, [dict(lr=0.05)]),
    ("adafactor-settings", O.Adafactor, [dict(lr=0.05, beta2_decay=-0.5, eps=(1e-4, 1e-2), d=1.5, weight_decay=0.05)]),
    ("adafactor-maximize", O.Adafactor, [dict(lr=0.002, maximize=True)]),
    ("muon", O.Muon, [dict(lr=0.02)]),
    ("muon-settings", O.Muon, [dict(lr=0.01, weight_decay=0.01, momentum=0.8, nesterov=False, ns_steps=4,
                                    ns_coefficients=(3.0, -3.2, 1.2), adjust_lr_fn="match_rms_adamw")]),
    ("lion", Lion, [dict(lr=0.003)]),
    ("lion-settings", Lion, [dict(lr=0.002, betas=(0.95, 0.98), weight_decay=0.3)]),
    ("lion-maximize", Lion, [dict(lr=0.0005, maximize=True)]),
    ("lamb", LAMB, [dict(lr=0.01)]),
    ("lamb-settings", LAMB, [dict(lr=0.01, betas=(0.8, 0.99), eps=1e-4, weight_decay=0.1, correct=False, largest=1.0)]),
    ("lamb-unscaled", LAMB, [dict(lr=0.01, scale=False, maximize=True)]),
    ("sam", SAM, [dict(base=O.SGD, lr=0.05, momentum=0.9)]),
    ("sam-radius", SAM, [dict(base=O.SGD, lr=0.05, rho=0.3, weight_decay=0.01)]),
    ("asam", SAM, [dict(base=O.SGD, lr=0.05, rho=0.5, adaptive=True)]),
    ("sam-adamw", SAM, [dict(base=O.AdamW, lr=0.01, rho=0.1)]),
    ("lbfgs", O.LBFGS, [dict(line_search_fn="strong_wolfe", max_iter=2)]),
    ("lbfgs-history", O.LBFGS, [dict(line_search_fn="strong_wolfe", max_iter=3, history_size=4, lr=0.5)]),
    ("lbfgs-fixed", O.LBFGS, [dict(lr=0.1, max_iter=2)]),
    ("lbfgs-evaluations", O.LBFGS, [dict(line_search_fn="strong_wolfe", max_iter=10, max_eval=4, tolerance_grad=1e-4)]),
]


def trace(kind, groups, dtype):
    # Step counts and learning rates that optimizers keep as tensors take the default type.
    torch.set_default_dtype(dtype)
    data = problem()
    w1, b1, w2 = (data[name].to(dtype).requires_grad_() for name in ("w1", "b1", "w2"))
    x, y = data["x"].to(dtype), data["y"].to(dtype)
    if kind is O.Muon:
        optimizer = kind([w1, w2], **groups[0])
    elif len(groups) == 1:
        # Some settings (Adagrad's first accumulator) count in the constructor only, not in a group.
        optimizer = kind([w1, b1, w2], **groups[0])
    else:
        optimizer = kind([dict(params=params, **settings) for params, settings in zip([[w1, w2], [b1]], groups)])

    def evaluate():
        for parameter in (w1, b1, w2):
            parameter.grad = None
        loss = ((torch.tanh(x @ w1 + b1) @ w2 - y) ** 2).mean()
        loss.backward()
        return loss

    losses, snapshots = [], {}
    for step in range(1, STEPS + 1):
        if kind in (SAM, O.LBFGS):
            loss = optimizer.step(evaluate)
        else:
            loss = evaluate()
            optimizer.step()
        losses.append(rounded(loss.detach()))
        if step in SNAPSHOTS:
            snapshots[str(step)] = flat(w1) + flat(b1) + flat(w2)
    averages = None
    if kind is O.ASGD:
        averages = sum((flat(optimizer.state[p]["ax"]) for p in (w1, b1, w2)), [])
    torch.set_default_dtype(torch.float32)
    return losses, snapshots, averages


def plain(settings):
    names = {"base": lambda v: v.__name__}
    return {k: names.get(k, lambda v: list(v) if isinstance(v, tuple) else v)(v) for k, v in settings.items()}


def write(name, value):
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / name).write_text(json.dumps(value, separators=(",", ":")) + "\n")


def write_optimizers():
    cases = []
    for name, kind, groups in CASES:
        for dtype_name, dtype in DTYPES.items():
            losses, snapshots, averages = trace(kind, groups, dtype)
            # Every fifth loss and the first ten say as much as all hundred.
            kept = {str(i + 1): loss for i, loss in enumerate(losses) if i < 10 or (i + 1) % 5 == 0}
            cases.append(dict(name=name, kind=kind.__name__, dtype=dtype_name, groups=[plain(g) for g in groups], losses=kept,
                              snapshots=snapshots, averages=averages))
    data = {name: dict(shape=list(value.shape), values=[float(v) for v in value.flatten()]) for name, value in problem().items()}
    write("optimizer-traces.json", dict(torch=torch.__version__, data=data, cases=cases))


def run_schedule(make, base=0.1, steps=60, optimizer="sgd", fraction=None, metrics=None):
    parameter = torch.nn.Parameter(torch.zeros(1))
    if optimizer == "sgd":
        chosen = torch.optim.SGD([parameter], lr=base, momentum=0.9)
    else:
        chosen = torch.optim.AdamW([parameter], lr=base)
    schedule = make(chosen)
    rates, momenta = [], []
    for step in range(steps):
        group = chosen.param_groups[0]
        rates.append(group["lr"])
        momenta.append(group["betas"][0] if "betas" in group else group["momentum"])
        chosen.step()
        if metrics is not None:
            schedule.step(metrics[step])
        elif fraction is not None:
            schedule.step((step + 1) / fraction)
        else:
            schedule.step()
    return rates, momenta


def metric(goal):
    """A metric that improves, stalls, jumps and improves again; once it is NaN."""
    generator = torch.Generator().manual_seed(3)
    noise = torch.rand(60, generator=generator, dtype=torch.float64)
    values = [1 / (1 + 0.3 * min(i, 12)) + (0.002 if i > 12 else 0.02) * float(noise[i]) - (0.05 if i > 40 else 0) for i in range(60)]
    values[17] = math.nan
    return values if goal == "min" else [1 - v for v in values]


def write_schedules():
    s = torch.optim.lr_scheduler
    cyclic = lambda **settings: lambda o: s.CyclicLR(o, base_lr=0.02, max_lr=0.1, **settings)
    noam = lambda step: min((step + 1) / 12, ((step + 1) / 12) ** -0.5)
    makers = {
        "polynomial": lambda o: s.PolynomialLR(o, total_iters=60, power=2.0),
        "polynomial-part": lambda o: s.PolynomialLR(o, total_iters=25, power=0.7),
        "linear": lambda o: s.LinearLR(o, start_factor=1.0, end_factor=0.2, total_iters=30),
        "linear-up": lambda o: s.LinearLR(o, start_factor=0.25, end_factor=1.0, total_iters=12),
        "constant-factor": lambda o: s.ConstantLR(o, factor=0.3, total_iters=15),
        "cosine-annealing": lambda o: s.CosineAnnealingLR(o, T_max=13, eta_min=0.01),
        "restarts": lambda o: s.CosineAnnealingWarmRestarts(o, T_0=10),
        "restarts-longer": lambda o: s.CosineAnnealingWarmRestarts(o, T_0=5, T_mult=2, eta_min=0.003),
        "restarts-tripled": lambda o: s.CosineAnnealingWarmRestarts(o, T_0=2, T_mult=3),
        "cyclic": cyclic(step_size_up=8, cycle_momentum=False),
        "cyclic-uneven": cyclic(step_size_up=5, step_size_down=11, base_momentum=0.8, max_momentum=0.95),
        "cyclic-halving": cyclic(step_size_up=6, mode="triangular2", base_momentum=0.85, max_momentum=0.95),
        "cyclic-exponential": cyclic(step_size_up=7, mode="exp_range", gamma=0.97, cycle_momentum=False),
        "inverse-square-root": lambda o: s.LambdaLR(o, noam),
        "closure": lambda o: s.LambdaLR(o, lambda step: 1 / (1 + 0.1 * step)),
        "sequential": lambda o: s.SequentialLR(
            o, [s.ConstantLR(o, factor=0.1, total_iters=100), s.ExponentialLR(o, gamma=0.9), s.StepLR(o, step_size=4, gamma=0.5)],
            milestones=[10, 30]),
        "chained": lambda o: s.ChainedScheduler([s.ConstantLR(o, factor=0.1, total_iters=20), s.ExponentialLR(o, gamma=0.95)]),
        "chained-three": lambda o: s.ChainedScheduler(
            [s.LinearLR(o, start_factor=0.5, total_iters=8), s.StepLR(o, step_size=9, gamma=0.6), s.ExponentialLR(o, gamma=0.98)]),
    }
    cases = []
    for name, make in makers.items():
        rates, momenta = run_schedule(make)
        cases.append(dict(name=name, rates=rates, momenta=momenta))
    rates, momenta = run_schedule(lambda o: s.CosineAnnealingWarmRestarts(o, T_0=1, T_mult=2), fraction=10)
    cases.append(dict(name="restarts-epochs", rates=rates, momenta=momenta))
    rates, momenta = run_schedule(cyclic(step_size_up=8), optimizer="adamw")
    cases.append(dict(name="cyclic-adamw", rates=rates, momenta=momenta))
    plateaus = {
        "plateau": ("min", dict(patience=3)),
        "plateau-max": ("max", dict(mode="max", patience=2, factor=0.5)),
        "plateau-absolute": ("min", dict(threshold_mode="abs", threshold=0.01, patience=1, factor=0.3, min_lr=0.002)),
        "plateau-max-absolute": ("max", dict(mode="max", threshold_mode="abs", threshold=0.005, patience=2, factor=0.7)),
        "plateau-cooldown": ("min", dict(patience=1, cooldown=4, factor=0.6, threshold=1e-2)),
        "plateau-impatient": ("min", dict(patience=0, factor=0.9, min_lr=1e-3)),
    }
    observed = []
    for name, (goal, settings) in plateaus.items():
        values = metric(goal)
        rates, _ = run_schedule(lambda o: s.ReduceLROnPlateau(o, **settings), metrics=values)
        observed.append(dict(name=name, rates=rates, metric=[None if math.isnan(v) else v for v in values]))
    write("schedule-traces.json", dict(torch=torch.__version__, cases=cases, plateaus=observed))


def adaptive_clip(weights, gradients, factor, minimum):
    """Brock et al., equation 3: each unit's gradient has at most `factor` times the norm of the unit's weights."""

    def norm(t):
        return t.norm() if t.ndim <= 1 else t.flatten(1).norm(dim=1).reshape(-1, *[1] * (t.ndim - 1))

    result = []
    for w, g in zip(weights, gradients):
        largest = norm(w).clamp(min=minimum) * factor
        result.append(torch.where(norm(g) > largest, g * largest / norm(g), g))
    return result


def write_clipping():
    generator = torch.Generator().manual_seed(5)
    shapes = [[3, 4], [5], [2, 3, 2, 2]]
    draw = lambda scale: [torch.randn(*shape, generator=generator) * scale for shape in shapes]
    weights, gradients = draw(1.0), draw(0.3)
    weights[0][1] = 0
    cases = []
    for factor, minimum in [(0.1, 1e-3), (0.5, 1e-3), (0.02, 2.0)]:
        cases.append(dict(factor=factor, minimum=minimum, result=[flat(t) for t in adaptive_clip(weights, gradients, factor, minimum)]))
    write("adaptive-clipping.json", dict(
        shapes=shapes, weights=[flat(w) for w in weights], gradients=[flat(g) for g in gradients], cases=cases))


if __name__ == "__main__":
    torch.set_num_threads(1)
    write_optimizers()
    write_schedules()
    write_clipping()
