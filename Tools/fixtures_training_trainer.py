"""Writes Tests/TrainingTests/Fixtures/{scaler,averaging}.json, loss scaling and averaged weights as PyTorch computes them, and
digits.safetensors, 600 handwritten digits of 8x8 pixels (scikit-learn's copy of the UCI set, CC BY 4.0).

Run with the environment of scripts/setup: .deps/python/bin/python Tools/fixtures_training_trainer.py
"""

import json
import pathlib

import safetensors.torch
import sklearn.datasets
import torch
from torch.optim.swa_utils import SWALR, AveragedModel, get_ema_multi_avg_fn, update_bn

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "TrainingTests" / "Fixtures"


def flat(tensor):
    return [float(value) for value in tensor.detach().double().flatten()]


def write(name, value):
    (FOLDER / name).write_text(json.dumps(value, separators=(",", ":")) + "\n")


def scaler_case(settings, gradients):
    """One weight of three elements; the gradients are given, `inf` and `nan` among them."""
    weight = torch.zeros(3, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=0.5)
    scaler = torch.amp.GradScaler("cpu", **settings)
    trace = []
    for gradient in gradients:
        optimizer.zero_grad()
        scale = scaler.get_scale()
        # The gradient of the scaled loss.
        scaler.scale((weight * torch.tensor(gradient)).sum()).backward()
        before = weight.detach().clone()
        scaler.step(optimizer)
        scaler.update()
        trace.append(
            dict(
                scale=scale, scaled=[repr(value) for value in flat(torch.tensor(gradient) * scale)], stepped=not torch.equal(before, weight),
                next=scaler.get_scale(), growth=scaler.state_dict()["_growth_tracker"], weight=flat(weight)))
    return dict(settings=settings, gradients=[[repr(v) for v in gradient] for gradient in gradients], trace=trace)


def scalers():
    inf, nan = float("inf"), float("nan")
    good, small = [1.0, -2.0, 0.5], [1e-3, 2e-4, -5e-5]
    sequence = [good, good, [inf, 1.0, 1.0], good, small, good, good, [1.0, nan, 0.0], [1.0, 2.0, -inf], good, good, good, good, small]
    return [
        scaler_case(dict(init_scale=1024.0, growth_factor=2.0, backoff_factor=0.5, growth_interval=3), sequence),
        scaler_case(dict(init_scale=3.0, growth_factor=1.5, backoff_factor=0.25, growth_interval=1), sequence),
        # Scaled gradients beyond float32 are found, too.
        scaler_case(dict(init_scale=2.0**120, growth_factor=2.0, backoff_factor=2.0**-20, growth_interval=2), [[1e9, 1.0, 1.0], good, good]),
    ]


def model():
    generator = torch.Generator().manual_seed(3)
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Tanh(), torch.nn.Linear(4, 2))
    for parameter in net.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator) * 0.5
    return net


def batches(count, size=8):
    generator = torch.Generator().manual_seed(11)
    return [(torch.randn(size, 3, generator=generator), torch.randn(size, 2, generator=generator)) for _ in range(count)]


def averaging_case(make, every=1, bn=False):
    net, data = model(), batches(12)
    initial = {name: flat(tensor) for name, tensor in net.state_dict().items()}
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    average = make(net)
    for step, (x, y) in enumerate(data):
        optimizer.zero_grad()
        ((net(x) - y) ** 2).mean().backward()
        optimizer.step()
        if (step + 1) % every == 0:
            average.update_parameters(net)
    if bn:
        update_bn([x for x, _ in data[:5]], average)
    return dict(
        initial=initial, every=every, updates=int(average.n_averaged),
        average={name.removeprefix("module."): flat(tensor) for name, tensor in average.state_dict().items() if name != "n_averaged"})


def annealing(epochs, start, anneal, rate, swa_rate, per_epoch):
    weight = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=rate)
    scheduler = SWALR(optimizer, swa_lr=swa_rate, anneal_epochs=anneal, anneal_strategy="cos")
    rates = []
    for epoch in range(epochs):
        # The recipe of PyTorch's manual: the scheduler steps at the end of every epoch from `start` on.
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if epoch >= start:
            scheduler.step()
    return dict(epochs=epochs, start=start, annealing=anneal, rate=rate, averagingRate=swa_rate, rates=rates)


def digits():
    data = sklearn.datasets.load_digits()
    pixels, labels = torch.tensor(data.images[:600], dtype=torch.uint8), torch.tensor(data.target[:600], dtype=torch.uint8)
    safetensors.torch.save_file({"pixels": pixels, "labels": labels}, FOLDER / "digits.safetensors")


def main():
    torch.set_num_threads(1)
    digits()
    write("scaler.json", scalers())
    data = [dict(x=flat(x), y=flat(y)) for x, y in batches(12)]
    write(
        "averaging.json",
        dict(
            data=data,
            equal=averaging_case(lambda net: AveragedModel(net)),
            equalEveryThird=averaging_case(lambda net: AveragedModel(net), every=3, bn=True),
            exponential=averaging_case(lambda net: AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(0.9))),
            exponentialBuffers=averaging_case(lambda net: AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(0.8), use_buffers=True)),
            annealing=annealing(12, 4, 5, 0.1, 0.02, 3)))


main()
