"""Writes the reference values of the losses and initialisers for Tests/NNTests.

    python Tools/fixtures_nn_losses.py        # with torch == 2.13.0, torchvision, numpy

What PyTorch or torchvision have is theirs. The rest is computed here from the papers' formulas, item by item in float64.
"""

import json
import math
import pathlib

import numpy
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

# Where torchvision's own operators were built for another torch, its Python part still imports once these names exist.
LIBRARY = torch.library.Library("torchvision", "FRAGMENT")
for operator in ["nms", "qnms"]:
    if not hasattr(torch.ops.torchvision, operator):
        LIBRARY.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
from torchvision.ops.focal_loss import sigmoid_focal_loss  # noqa: E402

assert torch.__version__.startswith("2.13.0"), torch.__version__
torch.set_num_threads(1)
FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "NNTests" / "Fixtures"
tensors, cases, initializers = {}, [], []


def numbers(*shape, seed, scale=1.0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * scale


def signs(*shape, seed):
    return (numbers(*shape, seed=seed) > 0).float() * 2 - 1


def uniform(*shape, seed):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def classes(count, *shape, seed):
    return torch.randint(0, count, shape, generator=torch.Generator().manual_seed(seed))


def case(name, loss, function, inputs, config=None, constants=None, base=None):
    """`inputs` get gradients, `constants` do not; the function takes both by name. Cases with one base share their inputs."""
    base = base or name
    constants = constants or {}
    leaves = {key: value.clone().requires_grad_() for key, value in inputs.items()}
    value = function(**leaves, **constants)
    value.sum().backward()
    for key, tensor in {**inputs, **constants}.items():
        tensors[f"{base}/{key}"] = tensor.contiguous().clone()
    if base == name or name.endswith("-none"):
        tensors[f"{name}/value"] = value.detach().float().contiguous().clone()
    else:
        config = {**config, "value": value.item()}
    for key, leaf in leaves.items():
        tensors[f"{name}/grad.{key}"] = leaf.grad.float().contiguous().clone()
    cases.append({"name": name, "base": base, "loss": loss, "config": config or {}, "inputs": list(inputs), "constants": list(constants)})


def reductions(name, loss, function, inputs, config=None, constants=None):
    """`function` gets `reduction`, too."""
    for reduction in ["mean", "sum", "none"]:
        case(f"{name}-{reduction}", loss, lambda **t: function(reduction=reduction, **t), inputs,
             {**(config or {}), "reduction": reduction}, constants, name)


def reduced(values, reduction):
    return {"mean": values.mean, "sum": values.sum, "none": lambda: values}[reduction]()


# What PyTorch has.

for shape in [[4, 3], [2, 3, 4], [2, 3, 2, 2], [1, 3, 2, 1, 2]]:
    log = torch.log_softmax(numbers(*shape, seed=1, scale=2), 1)
    target = classes(3, shape[0], *shape[2:], seed=2)
    weight = torch.tensor([0.5, 2.0, 1.25])
    n = len(shape)
    reductions(f"nll-{n}d", "nll", lambda output, target, reduction: F.nll_loss(output, target, reduction=reduction), {"output": log}, constants={"target": target})
    reductions(f"nll-{n}d-weights", "nll", lambda output, target, weight, reduction: F.nll_loss(output, target, weight, ignore_index=1, reduction=reduction),
               {"output": log}, {"ignoreIndex": 1}, {"target": target, "weight": weight})
    soft = torch.softmax(numbers(*shape, seed=3), 1)
    reductions(f"ce-{n}d-soft", "crossEntropy", lambda output, target, weight, reduction: F.cross_entropy(output, target, weight, label_smoothing=0.1, reduction=reduction),
               {"output": numbers(*shape, seed=4, scale=2)}, {"labelSmoothing": 0.1}, {"target": soft, "weight": weight})
    reductions(f"ce-{n}d-smooth", "crossEntropy", lambda output, target, weight, reduction: F.cross_entropy(output, target, weight, ignore_index=2, label_smoothing=0.2, reduction=reduction),
               {"output": numbers(*shape, seed=4, scale=2)}, {"labelSmoothing": 0.2, "ignoreIndex": 2}, {"target": target, "weight": weight})
case("nll-single", "nll", lambda output, target: F.nll_loss(output, target), {"output": torch.log_softmax(numbers(3, seed=5), 0)}, constants={"target": torch.tensor(2)})

log, soft = torch.log_softmax(numbers(4, 3, seed=6), 1), torch.softmax(numbers(4, 3, seed=7), 1)
for reduction in ["batchmean", "mean", "sum", "none"]:
    c = {"reduction": "batchMean" if reduction == "batchmean" else reduction, "logTarget": True}
    case(f"kl-log-{reduction}", "klDivergence", lambda output, target: F.kl_div(output, target, reduction=reduction, log_target=True), {"output": log}, c, {"target": soft.log()})

binary = (numbers(4, 3, seed=8) > 0).float()
logits = numbers(4, 3, seed=9, scale=2)
reductions("bcel-pos", "bceWithLogits", lambda output, target, posWeight, reduction: F.binary_cross_entropy_with_logits(output, target, pos_weight=posWeight, reduction=reduction),
           {"output": logits}, constants={"target": binary, "posWeight": torch.tensor([0.5, 3.0, 1.0])})
for gamma, alpha in [(2.0, 0.25), (0.0, 0.6), (1.5, -1.0), (0.5, 0.25)]:
    c = {"gamma": gamma} if alpha < 0 else {"gamma": gamma, "alpha": alpha}
    reductions(f"sigmoid-focal-{gamma}-{alpha}", "sigmoidFocal", lambda output, target, reduction: sigmoid_focal_loss(output, target, alpha, gamma, reduction),
               {"output": logits}, c, {"target": binary})
reductions("sigmoid-focal-shares", "sigmoidFocal", lambda output, target, reduction: sigmoid_focal_loss(output, target, 0.25, 2, reduction),
           {"output": logits}, {"gamma": 2.0, "alpha": 0.25}, {"target": uniform(4, 3, seed=10)})

near = numbers(4, 3, seed=11).abs()
sign = signs(4, 3, seed=12)
for margin in [1.0, 0.5]:
    c = {"margin": margin}
    reductions(f"hinge-embedding-{margin}", "hingeEmbedding", lambda output, target, reduction: F.hinge_embedding_loss(output, target, margin, reduction=reduction), {"output": near}, c, {"target": sign})
    reductions(f"margin-ranking-{margin}", "marginRanking", lambda output, second, target, reduction: F.margin_ranking_loss(output, second, target, margin, reduction=reduction),
               {"output": numbers(5, seed=13), "second": numbers(5, seed=14)}, c, {"target": signs(5, seed=15)})
    for p in [1, 2]:
        reductions(f"multi-margin-{margin}-{p}", "multiMargin",
                   lambda output, target, weight, reduction: F.multi_margin_loss(output, target, p, margin, weight, reduction=reduction),
                   {"output": logits}, {"margin": margin, "p": p}, {"target": classes(3, 4, seed=16), "weight": torch.tensor([0.5, 2.0, 1.25])})
    reductions(f"cosine-embedding-{margin}", "cosineEmbedding", lambda output, second, target, reduction: F.cosine_embedding_loss(output, second, target, margin - 0.5, reduction=reduction),
               {"output": numbers(4, 3, seed=17), "second": numbers(4, 3, seed=18)}, {"margin": margin - 0.5}, {"target": torch.tensor([1.0, -1.0, -1.0, 1.0])})
reductions("multi-margin-plain", "multiMargin", lambda output, target, reduction: F.multi_margin_loss(output, target, reduction=reduction), {"output": logits}, constants={"target": classes(3, 4, seed=16)})
reductions("multi-margin-single", "multiMargin", lambda output, target, reduction: F.multi_margin_loss(output, target, reduction=reduction), {"output": logits[0]}, constants={"target": torch.tensor(1)})
reductions("cosine-embedding-single", "cosineEmbedding", lambda output, second, target, reduction: F.cosine_embedding_loss(output, second, target, reduction=reduction),
           {"output": numbers(3, seed=17), "second": numbers(3, seed=18)}, {"margin": 0.0}, {"target": torch.tensor(1.0)})
labels = torch.tensor([[2, 0, -1, 1], [1, -1, 0, 0], [-1, 0, 1, 2], [3, 2, 1, 0]])
reductions("multilabel-margin", "multilabelMargin", lambda output, target, reduction: F.multilabel_margin_loss(output, target, reduction=reduction), {"output": numbers(4, 4, seed=19)}, constants={"target": labels})
reductions("multilabel-margin-single", "multilabelMargin", lambda output, target, reduction: F.multilabel_margin_loss(output, target, reduction=reduction), {"output": numbers(4, seed=19)}, constants={"target": labels[0]})
reductions("multilabel-soft", "multilabelSoftMargin", lambda output, target, reduction: F.multilabel_soft_margin_loss(output, target, reduction=reduction), {"output": logits}, constants={"target": binary})
reductions("multilabel-soft-weight", "multilabelSoftMargin", lambda output, target, weight, reduction: F.multilabel_soft_margin_loss(output, target, weight, reduction=reduction),
           {"output": logits}, constants={"target": binary, "weight": torch.tensor([0.5, 2.0, 1.25])})
reductions("soft-margin", "softMargin", lambda output, target, reduction: F.soft_margin_loss(output, target, reduction=reduction), {"output": logits}, constants={"target": sign})

triple = {"output": numbers(5, 4, seed=20), "positive": numbers(5, 4, seed=21), "negative": numbers(5, 4, seed=22)}
for p, swap, margin in [(2.0, False, 1.0), (2.0, True, 1.0), (1.0, False, 0.5), (3.0, True, 2.0)]:
    reductions(f"triplet-{p}-{swap}", "tripletMargin", lambda output, positive, negative, reduction: F.triplet_margin_loss(output, positive, negative, margin, p, swap=swap, reduction=reduction),
               triple, {"p": p, "swap": swap, "margin": margin})
for swap in [False, True]:
    reductions(f"triplet-cosine-{swap}", "tripletDistance", lambda output, positive, negative, reduction: F.triplet_margin_with_distance_loss(
        output, positive, negative, distance_function=lambda a, b: 1 - F.cosine_similarity(a, b), margin=0.7, swap=swap, reduction=reduction),
        triple, {"swap": swap, "margin": 0.7})

for name, log_input, full in [("log", True, False), ("log-full", True, True), ("plain", False, False), ("plain-full", False, True)]:
    output = numbers(4, 3, seed=23) if log_input else numbers(4, 3, seed=23).abs()
    counts = torch.poisson(torch.full((4, 3), 3.0), generator=torch.Generator().manual_seed(24))
    reductions(f"poisson-{name}", "poissonNLL", lambda output, target, reduction: F.poisson_nll_loss(output, target, log_input, full, reduction=reduction),
               {"output": output}, {"logInput": log_input, "full": full}, {"target": counts})
for name, shape, full in [("same", [4, 3], False), ("same-full", [4, 3], True), ("row", [4, 1], False), ("missing", [4], True), ("column", [1, 3], False)]:
    variance = uniform(*shape, seed=25)
    variance.view(-1)[0] = 0
    reductions(f"gaussian-{name}", "gaussianNLL", lambda output, variance, target, reduction: F.gaussian_nll_loss(output, target, variance, full, reduction=reduction),
               {"output": numbers(4, 3, seed=26), "variance": variance}, {"full": full}, {"target": numbers(4, 3, seed=27)})
other = numbers(4, 3, seed=28)
for beta in [0.0, 0.3, 2.0]:
    reductions(f"smooth-l1-{beta}", "smoothL1", lambda output, target, reduction: F.smooth_l1_loss(output, target, reduction=reduction, beta=beta), {"output": logits}, {"beta": beta}, {"target": other})
for delta in [0.3, 2.0]:
    reductions(f"huber-{delta}", "huber", lambda output, target, reduction: F.huber_loss(output, target, reduction=reduction, delta=delta), {"output": logits}, {"delta": delta}, {"target": other})

speech = numbers(6, 3, 5, seed=29).log_softmax(2)
padded = torch.tensor([[1, 2, 2, 3], [4, 1, 0, 0], [3, 3, 3, 3]])
for blank, seed_targets in [(0, padded), (4, torch.tensor([[1, 2, 2, 3], [0, 1, 4, 4], [3, 3, 3, 3]]))]:
    for name, inputs, lengths, zero in [("full", [6, 6, 6], [4, 2, 2], False), ("short", [6, 3, 5], [3, 2, 1], False), ("infinite", [6, 1, 3], [4, 2, 4], True), ("empty", [6, 4, 6], [0, 2, 3], False)]:
        for layout in ["padded", "flat"]:
            target = seed_targets if layout == "padded" else torch.cat([row[:n] for row, n in zip(seed_targets, lengths)])
            reductions(f"ctc-{blank}-{name}-{layout}", "ctc", lambda output, target, reduction: F.ctc_loss(
                output, target, torch.tensor(inputs), torch.tensor(lengths), blank, reduction, zero),
                {"output": speech}, {"blank": blank, "inputLengths": inputs, "targetLengths": lengths, "zeroInfinity": zero}, {"target": target})
reductions("ctc-single", "ctc", lambda output, target, reduction: F.ctc_loss(output, target, torch.tensor(6), torch.tensor(3), reduction=reduction),
           {"output": speech[:, 0]}, {"blank": 0, "inputLengths": [6], "targetLengths": [3], "zeroInfinity": False}, {"target": padded[0, :3]})

# What PyTorch has not, in float64 from the papers.


def focal_reference(output, target, gamma, weight, ignore, reduction):
    p = output.double().softmax(1).movedim(1, -1).reshape(-1, output.shape[1])
    terms, total = [], 0.0
    for row, y in zip(p, target.reshape(-1).tolist()):
        w = 0.0 if y == ignore else (1.0 if weight is None else weight[y].item())
        y = 0 if y == ignore else y
        terms.append(-w * (1 - row[y]) ** gamma * row[y].log())
        total += w
    values = torch.stack(terms).reshape(target.shape)
    return values.sum() / total if reduction == "mean" else reduced(values, reduction)


weight = torch.tensor([0.5, 2.0, 1.25])
for gamma in [0.0, 0.5, 2.0]:
    reductions(f"focal-{gamma}", "focal", lambda output, target, reduction: focal_reference(output, target, gamma, None, -100, reduction),
               {"output": logits}, {"gamma": gamma}, {"target": classes(3, 4, seed=31)})
    reductions(f"focal-images-{gamma}", "focal", lambda output, target, weight, reduction: focal_reference(output, target, gamma, weight, 1, reduction),
               {"output": numbers(2, 3, 2, 2, seed=32, scale=2)}, {"gamma": gamma, "ignoreIndex": 1}, {"target": classes(3, 2, 2, 2, seed=33), "weight": weight})
reductions("hinge", "hinge", lambda output, target, reduction: reduced((1 - output.double() * target).clamp_min(0), reduction), {"output": logits}, constants={"target": sign})
reductions("squared-hinge", "squaredHinge", lambda output, target, reduction: reduced((1 - output.double() * target).clamp_min(0) ** 2, reduction), {"output": logits}, constants={"target": sign})
reductions("log-cosh", "logCosh", lambda output, target, reduction: reduced(torch.log(torch.cosh(output.double() - target)), reduction), {"output": logits}, constants={"target": other})


def pinball(output, target, levels, reduction):
    out = output.double().unsqueeze(-1) if output.shape == target.shape else output.double()
    values = torch.stack([torch.where(target >= out[..., i], q * (target - out[..., i]), (1 - q) * (out[..., i] - target)) for i, q in enumerate(levels)], -1)
    return reduced(values.squeeze(-1) if output.shape == target.shape else values, reduction)


reductions("quantile-median", "quantile", lambda output, target, reduction: pinball(output, target, [0.5], reduction), {"output": logits}, {"quantiles": [0.5]}, {"target": other})
reductions("quantile-three", "quantile", lambda output, target, reduction: pinball(output, target, [0.1, 0.5, 0.9], reduction),
           {"output": numbers(4, 3, seed=34)}, {"quantiles": [0.1, 0.5, 0.9]}, {"target": numbers(4, seed=35)})


def contrastive_reference(output, second, target, margin, reduction):
    terms = []
    for a, b, y in zip(output.double(), second.double(), target):
        d = ((a - b + 1e-6) ** 2).sum().sqrt()
        terms.append(y * d ** 2 / 2 + (1 - y) * torch.clamp_min(margin - d, 0) ** 2 / 2)
    return reduced(torch.stack(terms), reduction)


for margin in [1.0, 3.0]:
    reductions(f"contrastive-{margin}", "contrastive", lambda output, second, target, reduction: contrastive_reference(output, second, target, margin, reduction),
               {"output": numbers(5, 4, seed=36), "second": numbers(5, 4, seed=37)}, {"margin": margin}, {"target": torch.tensor([1.0, 0.0, 1.0, 0.0, 0.0])})


def unit(v):
    return v / v.norm()


def info_nce(output, second, temperature, reduction, negatives=None):
    terms = []
    for i, q in enumerate(output.double()):
        right = unit(q) @ unit(second[i].double()) / temperature
        others = second if negatives is None else torch.cat([second[i:i + 1], negatives])
        terms.append(torch.logsumexp(torch.stack([unit(q) @ unit(k.double()) / temperature for k in others]), 0) - right)
    return reduced(torch.stack(terms), reduction)


pairs = {"output": numbers(4, 5, seed=38), "second": numbers(4, 5, seed=39)}
for temperature in [0.1, 1.0]:
    reductions(f"info-nce-{temperature}", "infoNCE", lambda output, second, reduction: info_nce(output, second, temperature, reduction), pairs, {"temperature": temperature})
    reductions(f"info-nce-queue-{temperature}", "infoNCE", lambda output, second, negatives, reduction: info_nce(output, second, temperature, reduction, negatives),
               {**pairs, "negatives": numbers(6, 5, seed=40)}, {"temperature": temperature})


def nt_xent_numpy(first, second, temperature):
    """SimCLR's equation 1, in numpy."""
    z = numpy.concatenate([first, second]).astype(numpy.float64)
    z /= numpy.linalg.norm(z, axis=1, keepdims=True)
    n, losses = len(first), []
    for i in range(2 * n):
        partner = (i + n) % (2 * n)
        total = sum(math.exp(z[i] @ z[k] / temperature) for k in range(2 * n) if k != i)
        losses.append(-math.log(math.exp(z[i] @ z[partner] / temperature) / total))
    return numpy.array(losses)


def nt_xent(output, second, temperature, reduction):
    z, n, terms = [unit(v.double()) for v in torch.cat([output, second])], len(output), []
    for i in range(2 * n):
        total = torch.logsumexp(torch.stack([z[i] @ z[k] / temperature for k in range(2 * n) if k != i]), 0)
        terms.append(total - z[i] @ z[(i + n) % (2 * n)] / temperature)
    values = torch.stack(terms)
    numpy.testing.assert_allclose(values.detach().numpy(), nt_xent_numpy(output.detach().numpy(), second.detach().numpy(), temperature), rtol=1e-12)
    return reduced(values, reduction)


for temperature in [0.1, 0.5]:
    reductions(f"nt-xent-{temperature}", "ntXent", lambda output, second, reduction: nt_xent(output, second, temperature, reduction), pairs, {"temperature": temperature})


def supervised(output, target, temperature, reduction):
    views = output.shape[1] if output.ndim == 3 else 1
    rows = output.transpose(0, 1).reshape(-1, output.shape[2]) if output.ndim == 3 else output
    z, y, terms = [unit(v.double()) for v in rows], target.tolist() * views, []
    for i in range(len(z)):
        total = torch.logsumexp(torch.stack([z[i] @ z[k] / temperature for k in range(len(z)) if k != i]), 0)
        friends = [p for p in range(len(z)) if p != i and y[p] == y[i]]
        terms.append(sum((total - z[i] @ z[p] / temperature for p in friends), torch.zeros((), dtype=torch.float64)) / max(len(friends), 1))
    return reduced(torch.stack(terms), reduction)


for name, shape in [("flat", [6, 4]), ("views", [4, 2, 4])]:
    target = torch.tensor([0, 1, 0, 2, 1, 1][:shape[0]])
    reductions(f"supervised-{name}", "supervisedContrastive", lambda output, target, reduction: supervised(output, target, 0.2, reduction),
               {"output": numbers(*shape, seed=41)}, {"temperature": 0.2}, {"target": target})


def batch_hard(output, target, margin, reduction):
    e, y, terms, valid = output.double(), target.tolist(), [], 0
    for i in range(len(y)):
        near = [(e[i] - e[k]).norm() for k in range(len(y)) if k != i and y[k] == y[i]]
        far = [(e[i] - e[k]).norm() for k in range(len(y)) if y[k] != y[i]]
        if not near or not far:
            terms.append(e.sum() * 0)
            continue
        valid += 1
        gap = torch.stack(near).max() - torch.stack(far).min()
        terms.append(torch.log1p(gap.exp()) if margin is None else torch.clamp_min(gap + margin, 0))
    values = torch.stack(terms)
    return values.sum() / max(valid, 1) if reduction == "mean" else reduced(values, reduction)


for margin in [0.2, 3.0, None]:
    for name, target in [("usual", [0, 1, 0, 2, 1, 1]), ("one-class", [3, 3, 3, 3, 3, 3])]:
        reductions(f"batch-hard-{margin}-{name}", "batchHardTriplet", lambda output, target, reduction: batch_hard(output, target, margin, reduction),
                   {"output": numbers(6, 4, seed=42)}, {} if margin is None else {"margin": margin}, {"target": torch.tensor(target)})


def overlap_sets(output, target, activation, background, ignore):
    x = output.double()
    p = {"softmax": lambda: x.softmax(1), "sigmoid": x.sigmoid, "none": lambda: x}[activation]()
    if target.dtype == torch.int64:
        t = torch.stack([(target == c).double() for c in range(x.shape[1])], 1)
        p = p * (target != (-12345 if ignore is None else ignore)).double().unsqueeze(1)
        if ignore is not None and 0 <= ignore < x.shape[1]:
            t[:, ignore] = 0
    else:
        t = target.double()
    start = 0 if background else 1
    return p[:, start:].flatten(2), t[:, start:].flatten(2)


def dice_reference(output, target, reduction, activation="softmax", background=True, ignore=None, smoothing=1.0, squared=False):
    p, t = overlap_sets(output, target, activation, background, ignore)
    rows = []
    for a, b in zip(p, t):
        k = 2 if squared else 1
        rows.append(torch.stack([1 - (2 * (u * v).sum() + smoothing) / ((u ** k).sum() + (v ** k).sum() + smoothing) for u, v in zip(a, b)]))
    return reduced(torch.stack(rows), reduction)


def tversky_reference(output, target, reduction, alpha, beta, gamma, activation="softmax", background=True, ignore=None, smoothing=1.0):
    p, t = overlap_sets(output, target, activation, background, ignore)
    rows = []
    for a, b in zip(p, t):
        row = []
        for u, v in zip(a, b):
            tp, fp, fn = (u * v).sum(), (u * (1 - v)).sum(), ((1 - u) * v).sum()
            row.append((1 - (tp + smoothing) / (tp + alpha * fp + beta * fn + smoothing)) ** gamma)
        rows.append(torch.stack(row))
    return reduced(torch.stack(rows), reduction)


def generalized_reference(output, target, reduction, activation="softmax", background=True, ignore=None, smoothing=1e-5):
    p, t = overlap_sets(output, target, activation, background, ignore)
    values = []
    for a, b in zip(p, t):
        sizes = [v.sum().item() for v in b]
        known = [1 / s ** 2 for s in sizes if s > 0]
        weights = [1 / s ** 2 if s > 0 else max(known, default=1.0) for s in sizes]
        both = sum(w * (u * v).sum() for w, u, v in zip(weights, a, b))
        total = sum(w * (u.sum() + v.sum()) for w, u, v in zip(weights, a, b))
        values.append(1 - (2 * both + smoothing) / (total + smoothing))
    return reduced(torch.stack(values), reduction)


masks = torch.tensor([[[0, 1, 1], [2, 2, 0]], [[0, 0, 0], [1, 1, 0]]])
image = numbers(2, 3, 2, 3, seed=43, scale=2)
single = (numbers(2, 1, 2, 3, seed=44) > 0).float()
variants = [
    ("classes", image, masks, {}), ("foreground", image, masks, {"background": False}), ("ignore", image, masks, {"ignore": 2}),
    ("ignore-foreground", image, masks, {"ignore": 0, "background": False}), ("sigmoid", image[:, :1], single, {"activation": "sigmoid"}),
    ("shares", image, image.softmax(1).flip(0), {}), ("probabilities", image.softmax(1), masks, {"activation": "none"}),
    ("smoothing", image, masks, {"smoothing": 0.1}), ("volume", numbers(1, 2, 2, 2, 2, seed=45), classes(2, 1, 2, 2, 2, seed=46), {}),
]
for name, output, target, options in variants:
    config = {{"background": "includesBackground", "ignore": "ignoreIndex"}.get(key, key): value for key, value in options.items()}
    reductions(f"dice-{name}", "dice", lambda output, target, reduction: dice_reference(output, target, reduction, **options), {"output": output}, config, {"target": target})
    reductions(f"generalized-dice-{name}", "generalizedDice", lambda output, target, reduction: generalized_reference(output, target, reduction, **options), {"output": output}, config, {"target": target})
    if "ignore" not in name:
        reductions(f"tversky-{name}", "tversky", lambda output, target, reduction: tversky_reference(output, target, reduction, 0.3, 0.7, 1, **options),
                   {"output": output}, {**config, "alpha": 0.3, "beta": 0.7, "gamma": 1.0}, {"target": target})
reductions("dice-squared", "dice", lambda output, target, reduction: dice_reference(output, target, reduction, squared=True), {"output": image}, {"squared": True}, {"target": masks})
reductions("tversky-focal", "tversky", lambda output, target, reduction: tversky_reference(output, target, reduction, 0.6, 0.4, 0.75),
           {"output": image}, {"alpha": 0.6, "beta": 0.4, "gamma": 0.75}, {"target": masks})


# Initialisers: PyTorch's values from PyTorch's seed.

SEED = 7


def initializer(name, kind, config, fill, shape, dtype=torch.float32):
    torch.manual_seed(SEED)
    tensor = torch.empty(shape, dtype=dtype)
    fill(tensor)
    tensors[f"init/{name}"] = tensor.contiguous().clone()
    initializers.append({"name": name, "initializer": kind, "config": config})


for shape in [[3, 3], [2, 5], [5, 2]]:
    initializer(f"eye-{shape[0]}x{shape[1]}", "identity", {}, nn.init.eye_, shape)
for name, shape, groups in [("3d", [4, 3, 3], 1), ("4d", [3, 5, 3, 4], 1), ("5d", [2, 2, 3, 2, 3], 1), ("groups", [6, 2, 3, 3], 3), ("even", [2, 3, 4], 2)]:
    initializer(f"dirac-{name}", "dirac", {"groups": groups}, lambda t: nn.init.dirac_(t, groups), shape)
for sparsity, std, shape in [(0.1, 0.01, [7, 5]), (0.5, 1.0, [4, 6]), (0.0, 0.01, [3, 3]), (1.0, 0.01, [3, 3]), (0.34, 0.1, [30, 4])]:
    initializer(f"sparse-{sparsity}", "sparse", {"sparsity": sparsity, "std": std}, lambda t: nn.init.sparse_(t, sparsity, std), shape)
for gain in [1.0, 0.3]:
    for shape in [[3, 4, 5], [4, 3], [7, 7], [5, 2, 2, 2, 1]]:
        initializer(f"orthogonal-{gain}-{'x'.join(map(str, shape))}", "orthogonal", {"gain": gain}, lambda t: nn.init.orthogonal_(t, gain), shape)
for nonlinearity in ["linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu", "conv2d", "conv_transpose1d"]:
    for parameter in [None, 0.2] if nonlinearity == "leaky_relu" else [None]:
        gain = nn.init.calculate_gain(nonlinearity, parameter)
        config = {"nonlinearity": nonlinearity, **({} if parameter is None else {"parameter": parameter})}
        for mode in ["fan_in", "fan_out"]:
            a = 0.01 if parameter is None else parameter
            initializer(f"kaiming-{nonlinearity}-{parameter}-{mode}", "kaimingNormal", {**config, "mode": mode, "gain": gain},
                        lambda t: nn.init.kaiming_normal_(t, a=a, mode=mode, nonlinearity=nonlinearity), [3, 4, 2])
        initializer(f"xavier-{nonlinearity}-{parameter}", "xavierUniform", {**config, "gain": gain}, lambda t: nn.init.xavier_uniform_(t, gain), [4, 3])
initializer("lecun-normal", "lecunNormal", {}, lambda t: nn.init.kaiming_normal_(t, nonlinearity="linear"), [4, 3, 2])
initializer("lecun-uniform", "lecunUniform", {}, lambda t: nn.init.kaiming_uniform_(t, nonlinearity="linear"), [4, 3, 2])
initializer("truncated-double", "truncatedNormal", {"std": 0.5, "low": -0.5, "high": 1.0}, lambda t: nn.init.trunc_normal_(t, 0.0, 0.5, -0.5, 1.0), [6, 7])
initializer("constant", "constant", {"value": -1.5}, lambda t: nn.init.constant_(t, -1.5), [2, 3])

save_file(tensors, FOLDER / "losses.safetensors")
(FOLDER / "losses.safetensors").chmod(0o644)
document = {"seed": SEED, "losses": cases, "initializers": initializers}
(FOLDER / "losses.json").write_text(json.dumps(document, separators=(",", ":")) + "\n")
print(len(cases), "loss cases,", len(initializers), "initialisers,", sum((FOLDER / f"losses.{e}").stat().st_size for e in ["json", "safetensors"]), "bytes")
