"""Writes the reference values of recurrent layers, their cells and packed sequences for Tests/NNTests from PyTorch.

    python Tools/fixtures_nn_recurrent.py        # with torch == 2.13.0
"""

import torch
from torch import nn
from torch.nn.utils import rnn

from fixtures_nn_common import Cases, numbers

cases = Cases("recurrent")
LENGTH, BATCH, INPUTS, HIDDEN = 3, 2, 2, 3
KINDS = {"RNN": nn.RNN, "GRU": nn.GRU, "LSTM": nn.LSTM}


def states(kind, layers=1, bidirectional=False, projection=0, batched=True, batch=BATCH):
    rows = layers * (2 if bidirectional else 1)
    first = {"state": [rows, batch, projection or HIDDEN] if batched else [rows, projection or HIDDEN]}
    return {**first, "cell": [rows, batch, HIDDEN] if batched else [rows, HIDDEN]} if kind == "LSTM" else first


def call(m, input, state=None, cell=None):
    return m(input, (state, cell) if cell is not None else state)


def recurrent(name, kind, given=False, batched=True, batch_first=True, wrong=None, lengths=None, enforce=False, **config):
    layers, both, projection = config.get("layers", 1), config.get("bidirectional", False), config.get("projection", 0)
    python = {
        "num_layers": layers, "bias": config.get("bias", True), "dropout": config.get("dropout", 0.0), "bidirectional": both,
        "batch_first": batch_first,
    }
    if "activation" in config:
        python["nonlinearity"] = config["activation"]
    if projection:
        python["proj_size"] = projection
    batch = len(lengths) if lengths else BATCH
    shape = [LENGTH, INPUTS] if not batched else [batch, LENGTH, INPUTS] if batch_first else [LENGTH, batch, INPUTS]
    inputs = {"input": shape, **(states(kind, layers, both, projection, batched, batch) if given else {})}

    def packed(m, input, state=None, cell=None):
        sequence = rnn.pack_padded_sequence(input, lengths, batch_first=batch_first, enforce_sorted=enforce)
        output, last = call(m, sequence, state, cell)
        return rnn.pad_packed_sequence(output, batch_first=batch_first, padding_value=-1.5, total_length=LENGTH + 1)[0], last

    values = {"inputs": INPUTS, "hidden": HIDDEN, "batchFirst": batch_first, **config}
    if lengths:
        values["lengths"] = lengths
    if config.get("dropout"):
        values["random"] = True
    cases.layer(f"{kind.lower()}-{name}", kind, values, lambda: KINDS[kind](INPUTS, HIDDEN, **python), inputs, packed if lengths else call, wrong)


for kind in KINDS:
    recurrent("plain", kind, wrong=[2, 3, 5])
    recurrent("state", kind, given=True)
    recurrent("unbatched", kind, batched=False)
    recurrent("unbatched-state", kind, batched=False, given=True)
    recurrent("length-first", kind, batch_first=False, given=True, wrong=[2, 3, 1])
    recurrent("two", kind, layers=2, given=True)
    recurrent("no-bias", kind, bias=False)
    recurrent("both-ways", kind, bidirectional=True, given=True)
    recurrent("two-both-ways", kind, layers=2, bidirectional=True)
    recurrent("dropout", kind, layers=2, dropout=0.4)
    recurrent("packed", kind, lengths=[2, 3, 1], given=True)
    recurrent("packed-sorted", kind, lengths=[3, 2, 2], enforce=True)
    recurrent("packed-both-ways", kind, lengths=[1, 3], bidirectional=True, batch_first=False)
    recurrent("packed-dropout", kind, lengths=[2, 3], layers=2, dropout=0.4)
recurrent("relu", "RNN", activation="relu", given=True)
recurrent("relu-packed", "RNN", activation="relu", lengths=[2, 3])
recurrent("projected", "LSTM", projection=2, given=True)
recurrent("projected-two-both-ways", "LSTM", projection=2, layers=2, bidirectional=True)
recurrent("projected-packed", "LSTM", projection=1, lengths=[1, 3, 2], given=True)
recurrent("projected-no-bias", "LSTM", projection=1, bias=False)


def cell(name, kind, make, shape, given=True, wrong=None, **config):
    batch = shape[:-1]
    inputs = {"input": shape, **({"state": [*batch, HIDDEN]} if given else {}), **({"cell": [*batch, HIDDEN]} if given and kind == "LSTMCell" else {})}
    cases.layer(f"{kind.lower()}-{name}", kind, {"inputs": INPUTS, "hidden": HIDDEN, **config}, make, inputs, call, wrong)


for kind, make in [("RNNCell", nn.RNNCell), ("GRUCell", nn.GRUCell), ("LSTMCell", nn.LSTMCell)]:
    cell("plain", kind, lambda: make(INPUTS, HIDDEN), [BATCH, INPUTS], wrong=[2, 5])
    cell("zeros", kind, lambda: make(INPUTS, HIDDEN), [BATCH, INPUTS], given=False)
    cell("unbatched", kind, lambda: make(INPUTS, HIDDEN), [INPUTS])
    cell("no-bias", kind, lambda: make(INPUTS, HIDDEN, bias=False), [BATCH, INPUTS], bias=False)
cell("relu", "RNNCell", lambda: nn.RNNCell(INPUTS, HIDDEN, nonlinearity="relu"), [BATCH, INPUTS], activation="relu")
cases.write()
