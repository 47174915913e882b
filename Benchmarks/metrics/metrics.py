"""The peer's side of the metrics benchmark: scikit-learn on the same work, the least of nine runs, one JSON line a task."""
import json
import time
import warnings

import numpy as np
from sklearn import metrics as m

warnings.filterwarnings("ignore")


def clock(name, body, repetitions=9, inner=1):
    best = float("inf")
    body()
    for _ in range(repetitions):
        start = time.perf_counter()
        for _ in range(inner):
            body()
        best = min(best, (time.perf_counter() - start) / inner)
    print(json.dumps({"name": name, "seconds": best}), flush=True)


for rows, label in ((1_000_000, "1e6"), (1000, "1e3")):
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 2, rows)
    scores = np.clip(rng.random(rows) * 0.7 + truth * 0.3, 1e-6, 1 - 1e-6)
    predicted = (scores > 0.5).astype(np.int64)
    matrix = np.stack([1 - scores, scores], axis=1)
    inner = 1 if rows > 1000 else 20
    clock(f"accuracy {label}", lambda: m.accuracy_score(truth, predicted), inner=inner)
    clock(f"f1 {label}", lambda: m.f1_score(truth, predicted, average="macro"), inner=inner)
    clock(f"auc float64 {label}", lambda: m.roc_auc_score(truth, scores), inner=inner)
    clock(f"auc float32 {label}", lambda: m.roc_auc_score(truth, scores.astype(np.float32)), inner=inner)
    clock(f"log loss float64 {label}", lambda: m.log_loss(truth, y_proba=matrix), inner=inner)
    single = matrix.astype(np.float32)
    clock(f"log loss float32 {label}", lambda: m.log_loss(truth, y_proba=single), inner=inner)
    if rows > 1000:
        t, s = truth[:10_000], scores[:10_000]
        draws = [np.random.default_rng(i).integers(0, 10_000, 10_000) for i in range(200)]
        clock("bootstrap auc 1e4 x 200 of 1e6", lambda: [m.roc_auc_score(t[i], s[i]) for i in draws], repetitions=5)
