"""Writes Tests/EvaluationTests/Fixtures/regression.json: metrics of predicted numbers as scikit-learn 1.9.1 computes them.

Run with the project's Python environment: python Tools/fixtures_evaluation_regression.py
"""
import warnings

import numpy as np
import sklearn
from sklearn import metrics as m

from fixtures_evaluation_common import number, numbers, write

assert sklearn.__version__ == "1.9.1", sklearn.__version__
warnings.filterwarnings("ignore")
rng = np.random.default_rng(3)


def data(name, truth, guess):
    weights = rng.integers(1, 9, size=len(truth)) / 4
    if len(truth) > 8:
        weights[::7] = 0
    return dict(name=name, truth=np.round(truth, 5), guess=np.round(guess, 5), weights=weights)


def positive(name, n, noise):
    truth = rng.gamma(2.0, 3.0, size=n) + 0.05
    return data(name, truth, truth * np.exp(rng.normal(0, noise, size=n)))


counts = rng.poisson(2.0, size=50).astype(float)
DATA = [
    positive("positive", 40, 0.4), positive("large", 90, 0.1), positive("even", 24, 1.0), positive("two", 2, 0.5),
    data("any", rng.normal(size=45), rng.normal(size=45)), data("offset", 1e6 + rng.normal(size=30), 1e6 + rng.normal(size=30)),
    data("counts", counts, np.maximum(counts + rng.normal(0, 1, size=50), 0.1)), data("constant", np.full(12, 3.0), rng.normal(3, 1, size=12)),
    data("exact", np.arange(9.0), np.arange(9.0)), data("ties", rng.integers(0, 4, size=31), rng.integers(0, 4, size=31)),
]
FUNCTIONS = {
    "mse": m.mean_squared_error, "rmse": m.root_mean_squared_error, "mae": m.mean_absolute_error,
    "median_absolute_error": m.median_absolute_error, "mape": m.mean_absolute_percentage_error, "msle": m.mean_squared_log_error,
    "rmsle": m.root_mean_squared_log_error, "r2": m.r2_score, "explained_variance": m.explained_variance_score,
    "poisson_deviance": m.mean_poisson_deviance, "gamma_deviance": m.mean_gamma_deviance, "d2_absolute_error": m.d2_absolute_error_score,
}
cases = []
for d in DATA:
    for weighted in (False, True):
        w = d["weights"] if weighted else None

        def case(name, function, **arguments):
            try:
                value = function(d["truth"], d["guess"], sample_weight=w, **arguments)
            except ValueError:
                return
            cases.append(dict(data=d["name"], metric=name, weighted=weighted, value=number(value)))

        for name, function in FUNCTIONS.items():
            case(name, function)
        for alpha in (0.1, 0.5, 0.9):
            case(f"pinball({alpha})", m.mean_pinball_loss, alpha=alpha)
            case(f"d2_pinball({alpha})", m.d2_pinball_score, alpha=alpha)
        for power in (-1.0, 0.0, 1.0, 1.5, 2.0, 3.0):
            if d["name"] == "offset" and power != 0:
                continue  # Differences of huge numbers: no library has digits left.
            case(f"tweedie({power})", m.mean_tweedie_deviance, power=power)
            if d["name"] not in ("constant", "exact"):
                case(f"d2_tweedie({power})", m.d2_tweedie_score, power=power)
    cases.append(dict(data=d["name"], metric="max_error", weighted=False, value=number(m.max_error(d["truth"], d["guess"]))))
for d in DATA:
    d.update(truth=numbers(d["truth"]), guess=numbers(d["guess"]), weights=numbers(d["weights"]))
write("regression.json", dict(data=DATA, cases=cases))
print(len(cases), "cases")
