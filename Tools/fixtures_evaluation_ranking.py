"""Writes Tests/EvaluationTests/Fixtures/ranking.json: rankings, multi-label indicators, clusterings and further metrics of classification
as scikit-learn 1.9.1 computes them.

Run with the project's Python environment: python Tools/fixtures_evaluation_ranking.py
"""
import math
import warnings

import numpy as np
import sklearn
from sklearn import metrics as m

from fixtures_evaluation_common import number, numbers, write

assert sklearn.__version__ == "1.9.1", sklearn.__version__
warnings.filterwarnings("ignore")
rng = np.random.default_rng(21)

queries = []
for items, ties in ((5, False), (12, True), (8, False), (20, True), (6, True), (3, False)):
    relevance = rng.integers(0, 4, size=items).astype(float)
    if items == 6:
        relevance[:] = 0
    scores = rng.integers(0, 5, size=items).astype(float) if ties else np.round(rng.normal(size=items), 4)
    case = dict(relevance=numbers(relevance), scores=numbers(scores), values=[])
    for k in (None, 1, 3, 10):
        for ignore in (False, True):
            # Which of equal scores comes first without averaging is not defined in scikit-learn where there are many.
            if ignore and ties:
                continue
            case["values"].append(dict(k=k, ignore=ignore, dcg=number(m.dcg_score([relevance], [scores], k=k, ignore_ties=ignore)),
                                       ndcg=number(m.ndcg_score([relevance], [scores], k=k, ignore_ties=ignore))))
    if relevance.max() > 0 and not ties:
        case["ap"] = number(m.average_precision_score(relevance > 0, scores))
    queries.append(case)

multilabel = []
for rows, labels, share, mistakes in ((20, 4, 0.4, 0.2), (15, 3, 0.15, 0.4), (30, 6, 0.5, 0.1), (6, 2, 0.0, 0.3), (10, 3, 0.5, 0.0)):
    truth = rng.random((rows, labels)) < share
    predicted = truth ^ (rng.random((rows, labels)) < mistakes)
    if labels == 4:
        predicted[:, 2] = False
        truth[3] = False
        predicted[3] = False
    scores = np.round(truth + rng.normal(0, 0.8, size=(rows, labels)), 1)
    weights = rng.integers(1, 9, size=rows) / 4
    case = dict(labels=labels, truth=numbers(truth), predicted=numbers(predicted), scores=numbers(scores), weights=numbers(weights), values=[])
    for weighted in (False, True):
        w = weights if weighted else None
        for average in ("micro", "macro", "weighted", "samples"):
            for zero in (0, 1, math.nan):
                for beta in (1, 2):
                    p, r, f, _ = m.precision_recall_fscore_support(
                        truth, predicted, average=average, beta=beta, zero_division=zero, sample_weight=w)
                    case["values"].append(dict(weighted=weighted, average=average, zero=number(zero), beta=beta, prf=numbers([p, r, f])))
            for zero in (0, 1):
                case["values"].append(dict(weighted=weighted, average=average, zero=zero, jaccard=number(
                    m.jaccard_score(truth, predicted, average=average, zero_division=zero, sample_weight=w))))
        case["values"].append(dict(
            weighted=weighted, hamming=number(m.hamming_loss(truth, predicted, sample_weight=w)),
            subset=number(m.accuracy_score(truth, predicted, sample_weight=w)),
            coverage=number(m.coverage_error(truth, scores, sample_weight=w)),
            loss=number(m.label_ranking_loss(truth, scores, sample_weight=w)),
            lrap=number(m.label_ranking_average_precision_score(truth, scores, sample_weight=w))))
    multilabel.append(case)

clusterings = []
for truth, predicted in (
    (rng.integers(0, 3, size=50), rng.integers(0, 4, size=50)), (np.repeat([0, 1, 2], 10), np.repeat([2, 0, 1], 10)),
    (np.repeat([0, 1, 2], 10), np.r_[np.repeat([0, 1, 2], 8), [0, 1, 2, 0, 1, 2]]), (np.zeros(9, int), np.arange(9) % 3),
    (np.zeros(5, int), np.zeros(5, int)), (np.arange(8), np.arange(8) // 2), (rng.integers(0, 10, size=200), rng.integers(0, 2, size=200)),
):
    clusterings.append(dict(
        truth=numbers(truth), predicted=numbers(predicted), rand=number(m.rand_score(truth, predicted)),
        adjusted_rand=number(m.adjusted_rand_score(truth, predicted)),
        adjusted_mutual_information=number(m.adjusted_mutual_info_score(truth, predicted)),
        normalised_mutual_information=number(m.normalized_mutual_info_score(truth, predicted)),
        mutual_information=number(m.mutual_info_score(truth, predicted)), homogeneity=number(m.homogeneity_score(truth, predicted)),
        completeness=number(m.completeness_score(truth, predicted)), v_measure=number(m.v_measure_score(truth, predicted)),
        v_measure_2=number(m.v_measure_score(truth, predicted, beta=2)), fowlkes_mallows=number(m.fowlkes_mallows_score(truth, predicted))))

points = []
for rows, columns, clusters, spread in ((40, 2, 3, 0.5), (25, 5, 2, 2.0), (30, 3, 6, 1.0)):
    labels = rng.integers(0, clusters, size=rows)
    labels[:clusters] = np.arange(clusters)
    if clusters == 6:
        labels[labels == 5] = 0
        labels[0] = 5
    x = np.round(rng.normal(0, 3, size=(clusters, columns))[labels] + rng.normal(0, spread, size=(rows, columns)), 3)
    points.append(dict(
        columns=columns, labels=numbers(labels), points=numbers(x), samples=numbers(m.silhouette_samples(x, labels)),
        silhouette=number(m.silhouette_score(x, labels)), calinski_harabasz=number(m.calinski_harabasz_score(x, labels)),
        davies_bouldin=number(m.davies_bouldin_score(x, labels))))

classification = []
for classes, rows, ties in ((2, 40, False), (2, 30, True), (3, 50, False), (5, 60, False)):
    truth = rng.integers(0, classes, size=rows)
    truth[:classes] = np.arange(classes)
    logits = rng.normal(size=(rows, classes)) + 1.2 * np.eye(classes)[truth]
    if ties:
        logits = np.round(logits)
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    p = np.round(p, 6)
    p[:, 0] = np.round(1 - p[:, 1:].sum(axis=1), 6)
    predicted = p.argmax(axis=1)
    weights = rng.integers(1, 9, size=rows) / 4
    case = dict(classes=classes, truth=numbers(truth), predicted=numbers(predicted), logits=numbers(np.round(logits, 3)), p=numbers(p),
                weights=numbers(weights), values=[])
    logits = np.round(logits, 3)
    for weighted in (False, True):
        w = weights if weighted else None
        v = dict(weighted=weighted, zero_one=number(m.zero_one_loss(truth, predicted, sample_weight=w)),
                 d2_log=number(m.d2_log_loss_score(truth, p, sample_weight=w)), d2_brier=number(m.d2_brier_score(truth, p, sample_weight=w)))
        for average in ("micro", "macro", "weighted"):
            v[f"jaccard_{average}"] = number(m.jaccard_score(truth, predicted, average=average, sample_weight=w))
        if classes == 2:
            v["hinge"] = number(m.hinge_loss(truth, logits[:, 1], sample_weight=w))
            v["jaccard_binary"] = number(m.jaccard_score(truth, predicted, sample_weight=w))
            v["ratios"] = numbers(m.class_likelihood_ratios(truth, predicted, sample_weight=w))
            v["det"] = [numbers(x) for x in m.det_curve(truth, p[:, 1], sample_weight=w)]
            v["partial"] = [number(m.roc_auc_score(truth, p[:, 1], max_fpr=limit, sample_weight=w)) for limit in (0.1, 0.33, 0.9, 1.0)]
        else:
            v["hinge"] = number(m.hinge_loss(truth, logits, sample_weight=w))
        case["values"].append(v)
    classification.append(case)
write("ranking.json", dict(queries=queries, multilabel=multilabel, clusterings=clusterings, points=points, classification=classification))
