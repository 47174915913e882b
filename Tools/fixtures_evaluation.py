"""Writes Tests/EvaluationTests/Fixtures: metrics as scikit-learn 1.9.1 computes them.

Every data set is small and drawn from a fixed seed; every case names its data set, its function and its arguments, and holds the value.
Run with the project's Python environment: python Tools/fixtures_evaluation.py
"""
import json
import math
import pathlib
import warnings

import numpy as np
import sklearn
from sklearn import metrics as m
from sklearn.calibration import calibration_curve

assert sklearn.__version__ == "1.9.1", sklearn.__version__
warnings.filterwarnings("ignore")
OUT = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "EvaluationTests" / "Fixtures"


def number(value):
    value = float(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def numbers(values):
    return [number(v) for v in np.asarray(values, dtype=np.float64).ravel()]


def dataset(name, seed, rows, classes, skill, present=None, ties=False, predicted_classes=None):
    """Probabilities of some skill; `present` restricts the true classes, `ties` rounds the probabilities."""
    rng = np.random.default_rng(seed)
    present = list(range(classes)) if present is None else present
    share = rng.dirichlet(np.full(len(present), 3.0))
    truth = rng.choice(present, size=rows, p=share)
    truth[: len(present)] = present[: min(rows, len(present))]
    logits = rng.normal(size=(rows, classes))
    logits[np.arange(rows), truth] += skill
    if predicted_classes is not None:
        for c in range(classes):
            if c not in predicted_classes:
                logits[:, c] = -20
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    if ties:
        p = np.maximum(np.round(p * 8), 0)
        p[p.sum(axis=1) == 0] = 1
        p = p / p.sum(axis=1, keepdims=True)
    p = p.round(6) if not ties else p
    weights = rng.integers(1, 9, size=rows) / 4
    return dict(name=name, classes=classes, truth=truth, p=p, predicted=p.argmax(axis=1), weights=weights)


DATA = [
    dataset("two", 1, 60, 2, 0.8), dataset("two-ties", 2, 50, 2, 0.5, ties=True), dataset("three", 3, 80, 3, 1.0),
    dataset("five", 4, 90, 5, 1.5), dataset("five-ties", 5, 70, 5, 0.7, ties=True),
    dataset("missing-truth", 6, 60, 4, 1.0, present=[0, 1, 3]), dataset("never-predicted", 7, 60, 4, 1.0, predicted_classes=[0, 2]),
    dataset("absent", 8, 40, 5, 1.0, present=[0, 3], predicted_classes=[0, 1, 3]), dataset("ten", 9, 120, 10, 2.0),
    dataset("one-row", 10, 1, 3, 1.0, present=[1]), dataset("perfect", 11, 30, 3, 40.0),
]
cases = []


def case(data, function, value, weighted, **arguments):
    cases.append(dict(data=data["name"], function=function, weighted=weighted, arguments=arguments, value=numbers(np.atleast_1d(value))))


for d in DATA:
    k, y, q, p = d["classes"], d["truth"], d["predicted"], d["p"]
    everything = list(range(k))
    for weighted in (False, True):
        w = d["weights"] if weighted else None
        case(d, "confusion", m.confusion_matrix(y, q, labels=everything, sample_weight=w), weighted)
        for by in ("true", "pred", "all"):
            case(d, "normalised", m.confusion_matrix(y, q, labels=everything, sample_weight=w, normalize=by), weighted, by=by)
        case(d, "accuracy", m.accuracy_score(y, q, sample_weight=w), weighted)
        case(d, "balanced", m.balanced_accuracy_score(y, q, sample_weight=w), weighted)
        if len(set(y)) > 1:
            case(d, "balanced", m.balanced_accuracy_score(y, q, sample_weight=w, adjusted=True), weighted, adjusted=True)
            for kind in (None, "linear", "quadratic"):
                case(d, "kappa", m.cohen_kappa_score(y, q, weights=kind, sample_weight=w), weighted, weights=kind or "none")
        case(d, "mcc", m.matthews_corrcoef(y, q, sample_weight=w), weighted)
        for zero in (0, 1, math.nan):
            for beta in (0.5, 1, 2):
                for average in ("micro", "macro", "weighted"):
                    for labels in (None, everything) if beta == 1 else (None,):
                        value = m.precision_recall_fscore_support(
                            y, q, beta=beta, average=average, labels=labels, sample_weight=w, zero_division=zero)[:3]
                        case(d, "prf", value, weighted, average=average, beta=beta, zero=number(zero), all=labels is not None)
                if beta == 0.5 or (beta == 2 and zero != 0):
                    continue
                value = m.precision_recall_fscore_support(
                    y, q, beta=beta, average=None, labels=everything, sample_weight=w, zero_division=zero)
                case(d, "perClass", np.stack(value), weighted, beta=beta, zero=number(zero))
        if k == 2:
            value = m.precision_recall_fscore_support(y, q, average="binary", sample_weight=w)[:3]
            case(d, "binary", value, weighted)
            for name, scores in (("probability", p[:, 1]), ("float", p[:, 1].astype(np.float32)), ("margin", np.log(p[:, 1] + 1e-3))):
                if name != "margin":
                    case(d, "auc", m.roc_auc_score(y, scores, sample_weight=w), weighted, scores=name)
                    case(d, "ap", m.average_precision_score(y, scores, sample_weight=w), weighted, scores=name)
            for drop in (True, False):
                f, t, h = m.roc_curve(y, p[:, 1], sample_weight=w, drop_intermediate=drop)
                case(d, "roc", np.stack([f, t, h]), weighted, drop=drop)
            a, b, h = m.precision_recall_curve(y, p[:, 1], sample_weight=w)
            case(d, "pr", np.concatenate([a, b, h]), weighted)
            case(d, "brierBinary", m.brier_score_loss(y, p[:, 1], sample_weight=w), weighted)
            if not weighted:
                for strategy in ("uniform", "quantile"):
                    for bins in (5, 10):
                        a, b = calibration_curve(y, p[:, 1], n_bins=bins, strategy=strategy)
                        case(d, "calibration", np.concatenate([a, b]), weighted, strategy=strategy, bins=bins)
        if k > 2 and set(y) == set(everything):
            for multi, average in (("ovr", "macro"), ("ovr", "weighted"), ("ovr", "micro"), ("ovo", "macro"), ("ovo", "weighted")):
                if multi == "ovo" and weighted:
                    continue
                value = m.roc_auc_score(y, p, multi_class=multi, average=average, labels=everything, sample_weight=w)
                case(d, "aucMulti", value, weighted, multi=multi, average=average)
            for c in everything:
                case(d, "apClass", m.average_precision_score((y == c).astype(int), p[:, c], sample_weight=w), weighted, label=c)
        case(d, "logLoss", m.log_loss(y, y_proba=p, labels=everything, sample_weight=w), weighted)
        case(d, "brier", m.brier_score_loss(y, p, labels=everything, sample_weight=w, scale_by_half=False), weighted)
        if k > 2:
            for top in (1, 2, 3, 5):
                if top < k:
                    case(d, "topK", m.top_k_accuracy_score(y, p, k=top, labels=everything, sample_weight=w), weighted, k=top)
        # Expected calibration error after Naeini et al.: 15 equal bins closed on the right.
        confidence, right = p.max(axis=1), (y == q).astype(float)
        bins = np.searchsorted(np.linspace(0, 1, 16)[1:-1], confidence)
        ww = np.ones(len(y)) if w is None else w
        gaps = [(ww[bins == i].sum(), abs((ww * (confidence - right))[bins == i].sum())) for i in range(15)]
        case(d, "ece", sum(g for _, g in gaps) / ww.sum(), weighted)
        case(d, "mce", max((g / c if c else 0) for c, g in gaps), weighted)

rng = np.random.default_rng(99)
regression = []
for n in (1, 5, 40):
    truth, guess, w = rng.normal(size=n).round(5), rng.normal(size=n).round(5), rng.integers(1, 9, size=n) / 4
    for weights in (None, w):
        regression.append(dict(
            truth=numbers(truth), predicted=numbers(guess), weights=None if weights is None else numbers(weights),
            mse=number(m.mean_squared_error(truth, guess, sample_weight=weights)),
            mae=number(m.mean_absolute_error(truth, guess, sample_weight=weights)),
            rmse=number(m.root_mean_squared_error(truth, guess, sample_weight=weights)),
            medae=number(m.median_absolute_error(truth, guess)), max=number(m.max_error(truth, guess)),
            r2=None if n < 2 else number(m.r2_score(truth, guess, sample_weight=weights))))

OUT.mkdir(parents=True, exist_ok=True)
for d in DATA:
    d.update(truth=[int(v) for v in d["truth"]], predicted=[int(v) for v in d["predicted"]])
    d.update(p=numbers(d["p"]), weights=numbers(d["weights"]))
text = json.dumps(dict(data=DATA, cases=cases, regression=regression), separators=(",", ":"))
(OUT / "metrics.json").write_text(text + "\n")
print(len(cases), "cases,", len(regression), "regressions,", len(text), "bytes")
