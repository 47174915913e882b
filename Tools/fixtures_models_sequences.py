"""Writes Tests/ModelsTests/Fixtures/sequences.json: small networks written down in PyTorch, with weights that both sides draw.

Run with the environment of scripts/setup: .deps/python/bin/python Tools/fixtures_models_sequences.py
"""

import json
import pathlib

import torch
from torch import nn
from torch.nn import functional as F

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "ModelsTests" / "Fixtures"
SEED = 20


def fill(model):
    """As in fixtures_models_vision.py."""
    torch.manual_seed(SEED)
    state = model.state_dict()
    for name, tensor in state.items():
        if not tensor.is_floating_point():
            continue
        values = torch.rand(tensor.shape) * 2 - 1
        if name.endswith("running_var"):
            values = values * 0.5 + 1
        elif tensor.dim() >= 2 and "weight" in name:
            values = values * (6 / tensor[0].numel()) ** 0.5
        elif tensor.dim() == 1 and name.endswith("weight"):
            values = values * 0.1 + 1
        else:
            values = values * 0.1
        state[name] = values.to(tensor.dtype)
    model.load_state_dict(state)
    return model


def numbers(tensor, limit=64):
    return [float(f"{value:.7g}") for value in tensor.detach().flatten()[:limit].tolist()]


class Recurrent(nn.Module):
    def __init__(self, layers, bidirectional):
        super().__init__()
        self.lstm = nn.LSTM(3, 8, layers, batch_first=True, bidirectional=bidirectional)
        self.head = nn.Linear(16 if bidirectional else 8, 4)

    def forward(self, x):
        hidden = self.lstm(x)[1][0]
        last = torch.cat([hidden[-2], hidden[-1]], 1) if self.lstm.bidirectional else hidden[-1]
        return self.head(last)


class TemporalBlock(nn.Module):
    # The block of the paper's own code (locuslab/TCN) without its weight normalisation.
    def __init__(self, inputs, outputs, kernel, dilation):
        super().__init__()
        self.cut = (kernel - 1) * dilation
        self.conv1 = nn.Conv1d(inputs, outputs, kernel, padding=self.cut, dilation=dilation)
        self.conv2 = nn.Conv1d(outputs, outputs, kernel, padding=self.cut, dilation=dilation)
        self.downsample = nn.Conv1d(inputs, outputs, 1) if inputs != outputs else None

    def forward(self, x):
        h = F.relu(self.conv1(x)[:, :, : -self.cut])
        h = F.relu(self.conv2(h)[:, :, : -self.cut])
        return F.relu(h + (x if self.downsample is None else self.downsample(x)))


class TCN(nn.Module):
    def __init__(self):
        super().__init__()
        self.network = nn.Sequential(*[TemporalBlock(i, o, 3, 2**n) for n, (i, o) in enumerate([(3, 8), (8, 8), (8, 6)])])
        self.head = nn.Linear(6, 4)

    def forward(self, x):
        return self.head(self.network(x.transpose(1, 2))[:, :, -1])


class ConvAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(1, 4, 3, 2, 1), nn.ReLU(), nn.Conv2d(4, 8, 3, 2, 1), nn.ReLU())
        self.decoder = nn.Sequential(nn.ConvTranspose2d(8, 4, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(4, 1, 4, 2, 1))
        self.to_code, self.from_code = nn.Linear(32, 5), nn.Linear(5, 32)

    def forward(self, x):
        code = self.to_code(self.encoder(x).flatten(1))
        return self.decoder(F.relu(self.from_code(code)).reshape(-1, 8, 2, 2))


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(1, 4, 3, 2, 1), nn.ReLU(), nn.Conv2d(4, 8, 3, 2, 1), nn.ReLU())
        self.decoder = nn.Sequential(nn.ConvTranspose2d(8, 4, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(4, 1, 4, 2, 1))
        self.mean, self.log_variance, self.from_code = nn.Linear(32, 5), nn.Linear(32, 5), nn.Linear(5, 32)

    def forward(self, x):
        h = self.encoder(x).flatten(1)
        mean, log_variance = self.mean(h), self.log_variance(h)
        output = self.decoder(F.relu(self.from_code(mean)).reshape(-1, 8, 2, 2))
        divergence = torch.distributions.kl_divergence(
            torch.distributions.Normal(mean, (log_variance / 2).exp()), torch.distributions.Normal(0.0, 1.0)).sum(1)
        return ((output - x) ** 2).flatten(1).sum(1) + 2 * divergence


def double(inputs, outputs):
    def block(i, o):
        return nn.Sequential(nn.Conv2d(i, o, 3, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU())

    return nn.Sequential(block(inputs, outputs), block(outputs, outputs))


class Up(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.up, self.conv = nn.ConvTranspose2d(inputs, outputs, 2, 2), double(2 * outputs, outputs)

    def forward(self, x, beside):
        h = self.up(x)
        h = F.pad(h, [0, beside.shape[3] - h.shape[3], 0, beside.shape[2] - h.shape[2]])
        return self.conv(torch.cat([beside, h], 1))


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.ModuleList([double(2, 4), double(4, 8), double(8, 12)])
        self.up = nn.ModuleList([Up(12, 8), Up(8, 4)])
        self.head = nn.Conv2d(4, 3, 1)

    def forward(self, x):
        a = self.down[0](x)
        b = self.down[1](F.max_pool2d(a, 2))
        c = self.down[2](F.max_pool2d(b, 2))
        return self.head(self.up[1](self.up[0](c, b), a))


CASES = dict(
    lstm=(Recurrent(1, False), [2, 7, 3]), lstm_deep=(Recurrent(2, True), [2, 7, 3]), tcn=(TCN(), [2, 20, 3]),
    conv_autoencoder=(ConvAutoencoder(), [2, 1, 8, 8]), vae=(VAE(), [2, 1, 8, 8]), unet=(UNet(), [1, 2, 11, 14]))

if __name__ == "__main__":
    torch.set_num_threads(1)
    cases = []
    for name, (model, shape) in CASES.items():
        fill(model).eval()
        torch.manual_seed(SEED + 1)
        x = (torch.rand(shape) * 2 - 1).requires_grad_()
        y = model(x)
        y.square().sum().backward()
        cases.append(dict(
            name=name, shape=shape, names=list(model.state_dict()), output=numbers(y), inputGradient=numbers(x.grad),
            gradients=[numbers(torch.stack([p.grad.norm(), p.grad.sum()])) for p in model.parameters()]))
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "sequences.json").write_text(json.dumps(dict(torch=torch.__version__, cases=cases), separators=(",", ":")) + "\n")
