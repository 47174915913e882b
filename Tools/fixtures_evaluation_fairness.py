"""Writes Tests/EvaluationTests/Fixtures/fairness.json: metric frames and fairness metrics as fairlearn 0.15.0 computes them.

Run with the project's Python environment: python Tools/fixtures_evaluation_fairness.py
"""
import warnings

import fairlearn
import fairlearn.metrics as f
import numpy as np
import pandas as pd
from sklearn import metrics as m

from fixtures_evaluation_common import number, numbers, write

assert fairlearn.__version__ == "0.15.0", fairlearn.__version__
warnings.filterwarnings("ignore")
rng = np.random.default_rng(12)
DATA = []
for rows, groups, regions, shift in ((200, 2, 2, 0.8), (150, 4, 3, 0.3), (60, 3, 2, 1.5), (40, 5, 4, 0.5)):
    a, b = rng.integers(0, groups, size=rows), rng.integers(0, regions, size=rows)
    if groups == 5:
        b[a == 1] = 0
    truth = rng.random(rows) < 0.3 + 0.1 * (a == 0)
    predicted = (rng.normal(size=rows) + 1.5 * truth - shift * (a == 1)) > 0.7
    weights = rng.integers(1, 9, size=rows) / 4
    DATA.append(dict(a=a, b=b, truth=truth.astype(int), predicted=predicted.astype(int), weights=weights))
MEASURES = {
    "selection_rate": f.selection_rate, "true_positive_rate": f.true_positive_rate, "false_positive_rate": f.false_positive_rate,
    "true_negative_rate": f.true_negative_rate, "false_negative_rate": f.false_negative_rate, "accuracy": m.accuracy_score,
    "error_rate": m.zero_one_loss, "precision": lambda *x, **k: m.precision_score(*x, zero_division=0, **k),
    "f1": lambda *x, **k: m.f1_score(*x, zero_division=0, **k),
    "balanced_accuracy": m.balanced_accuracy_score,
}
frames, criteria = [], []
for index, d in enumerate(DATA):
    a, b = pd.Series([f"a{v}" for v in d["a"]], name="a"), pd.Series([f"b{v}" for v in d["b"]], name="b")
    y, p = d["truth"], d["predicted"]
    for weighted in (False, True):
        w = d["weights"] if weighted else None
        for kind, features, controls in (("one", a, None), ("both", pd.concat([a, b], axis=1), None), ("control", a, b)):
            frame = f.MetricFrame(
                metrics=MEASURES, y_true=y, y_pred=p, sensitive_features=features, control_features=controls,
                sample_params={k: {"sample_weight": w} for k in MEASURES} if weighted else None)
            order = list(MEASURES)

            def rows_of(table):
                table = pd.DataFrame(table) if controls is not None else pd.DataFrame(table).T
                return [numbers(row) for row in table[order].to_numpy()]

            groups = frame.by_group
            keys = [list(k) if isinstance(k, tuple) else [k] for k in groups.index]
            frames.append(dict(
                data=index, kind=kind, weighted=weighted, measures=order, keys=keys, groups=[numbers(r) for r in groups[order].to_numpy()],
                overall=rows_of(frame.overall), minimum=rows_of(frame.group_min()), maximum=rows_of(frame.group_max()),
                difference=rows_of(frame.difference()), differenceToOverall=rows_of(frame.difference(method="to_overall")),
                ratio=rows_of(frame.ratio()), ratioToOverall=rows_of(frame.ratio(method="to_overall"))))
        values = {}
        for name in ("demographic_parity_difference", "demographic_parity_ratio", "equalized_odds_difference", "equalized_odds_ratio",
                     "equal_opportunity_difference", "equal_opportunity_ratio"):
            for method in ("between_groups", "to_overall"):
                values[f"{name} {method}"] = number(getattr(f, name)(y, p, sensitive_features=a, sample_weight=w, method=method))
        criteria.append(dict(data=index, weighted=weighted, values=values))
for d in DATA:
    d.update({k: numbers(v) for k, v in d.items()})
write("fairness.json", dict(data=DATA, frames=frames, criteria=criteria))
print(len(frames), "frames", len(criteria), "criteria")
