"""Writes the reference values of three-dimensional and transposed convolutions for Tests/NNTests from PyTorch.

    python Tools/fixtures_nn_convolution.py        # with torch == 2.13.0
"""

from torch import nn

from fixtures_nn_common import Cases, python

cases = Cases("convolution")
SIZE = {1: [4], 2: [3, 4], 3: [2, 3, 3]}


def conv3d(name, i, o, k, shape, wrong=None, **c):
    cases.layer("conv3d-" + name, "Conv3d", {"in": i, "out": o, "kernel": k, **c}, lambda: nn.Conv3d(i, o, k, **python(c)), shape, None, wrong)


conv3d("plain", 1, 2, 2, [2, 1, 3, 3, 2], wrong=[2, 2, 3, 3, 3])
conv3d("stride", 1, 1, 2, [1, 1, 4, 3, 3], stride=2, padding=1)
conv3d("oblong", 1, 2, [1, 2, 3], [1, 1, 2, 3, 4], stride=[1, 2, 1], padding=[0, 1, 1])
conv3d("same", 1, 1, [2, 3, 1], [1, 1, 3, 3, 2], padding="same")
conv3d("valid", 1, 1, 2, [1, 1, 2, 3, 2], padding="valid", bias=False)
conv3d("dilated", 1, 1, 2, [1, 1, 3, 3, 3], dilation=2)
conv3d("depthwise", 2, 2, 2, [1, 2, 2, 3, 2], groups=2)
conv3d("unbatched", 1, 2, 2, [1, 2, 3, 2])
conv3d("replicate", 1, 1, 3, [1, 1, 2, 2, 2], padding=1, paddingMode="replicate")
conv3d("circular", 1, 1, 2, [1, 1, 2, 2, 2], padding=1, paddingMode="circular")
conv3d("reflect", 1, 1, 2, [1, 1, 2, 2, 2], padding=1, paddingMode="reflect")

for rank, make in [(1, nn.ConvTranspose1d), (2, nn.ConvTranspose2d), (3, nn.ConvTranspose3d)]:
    def transposed(name, i, o, k, wrong=None, size=None, batched=True, **c):
        shape = ([2] if batched else []) + [i, *SIZE[rank]]
        call = None if size is None else (lambda m, input: m(input, output_size=size))
        config = {"in": i, "out": o, "kernel": k, **c, **({} if size is None else {"size": size})}
        cases.layer(f"transpose{rank}d-{name}", f"ConvTranspose{rank}d", config, lambda: make(i, o, k, **python(c)), shape, call, wrong)

    transposed("wide", 2, 1, 2, wrong=[2, 3, *SIZE[rank]])
    transposed("unbatched", 1, 2, 2, batched=False)
    transposed("stride", 1, 2, 2, stride=2, padding=1)
    transposed("output", 1, 1, 2, stride=2, outputPadding=1, bias=False)
    transposed("grouped", 2, 2, 2, groups=2)
    transposed("dilated", 1, 1, 2, dilation=2)
    transposed("size", 1, 1, 2, stride=3, size=[(n - 1) * 3 + 2 + a % 3 for a, n in enumerate(SIZE[rank])])
cases.write()
