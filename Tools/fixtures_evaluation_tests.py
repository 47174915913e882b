"""Writes Tests/EvaluationTests/Fixtures/tests.json: tests and corrections as SciPy 1.17.1 and statsmodels 0.15.0 compute them.

Run with the project's Python environment: python Tools/fixtures_evaluation_tests.py
"""
import warnings

import numpy as np
import scipy
import statsmodels
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from fixtures_evaluation_common import number, numbers, write

assert scipy.__version__ == "1.17.1" and statsmodels.__version__.startswith("0.15"), (scipy.__version__, statsmodels.__version__)
warnings.filterwarnings("ignore")
rng = np.random.default_rng(8)

corrections = []
NAMES = {"bonferroni": "bonferroni", "holm": "holm", "sidak": "sidak", "hochberg": "simes-hochberg", "benjamini_hochberg": "fdr_bh",
         "benjamini_yekutieli": "fdr_by"}
for p in (rng.random(1), rng.random(7), rng.beta(0.3, 3, size=25), np.array([0.01, 0.01, 0.5, 0.01, 1.0, 0.0]), rng.random(12) * 1e-12):
    for name, method in NAMES.items():
        corrections.append(dict(name=name, p=numbers(p), adjusted=numbers(multipletests(p, method=method)[1])))

pairs = []
for b, c in ((0, 0), (1, 0), (3, 9), (10, 10), (25, 8), (120, 160), (1, 30)):
    table = [[50, b], [c, 40]]
    pairs.append(dict(
        first=b, second=c, exact=number(mcnemar(table, exact=True).pvalue),
        corrected=number(mcnemar(table, exact=False, correction=True).pvalue) if b + c else 1,
        plain=number(mcnemar(table, exact=False, correction=False).pvalue) if b + c else 1))

wilcoxon = []
for differences in (rng.normal(0.3, 1, size=6), rng.normal(0, 1, size=20), rng.normal(0.2, 1, size=49), rng.normal(0.2, 1, size=120),
                    rng.integers(-3, 5, size=40).astype(float), rng.integers(-2, 3, size=12).astype(float)):
    differences = np.round(differences, 5)
    exact = len(differences) <= 50 and len(set(abs(differences))) == len(differences) and (differences != 0).all()
    result = stats.wilcoxon(differences, method="exact" if exact else "asymptotic", correction=False)
    wilcoxon.append(dict(differences=numbers(differences), statistic=number(result.statistic), p=number(result.pvalue)))

students = []
for differences in (rng.normal(0.3, 1, size=5), rng.normal(0, 1, size=30)):
    result = stats.ttest_1samp(differences, 0)
    interval = result.confidence_interval(0.95)
    n = len(differences)
    ratio = 0.25
    t = differences.mean() / np.sqrt(differences.var(ddof=1) * (1 / n + ratio))
    students.append(dict(
        differences=numbers(differences), t=number(result.statistic), p=number(result.pvalue), lower=number(interval.low),
        upper=number(interval.high), ratio=ratio, correctedT=number(t), correctedP=number(2 * stats.t.sf(abs(t), n - 1))))

fives = []
for _ in range(3):
    d = rng.normal(0.02, 0.05, size=(5, 2))
    variances = ((d - d.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    t, f = d[0, 0] / np.sqrt(variances.mean()), (d**2).sum() / (2 * variances.sum())
    fives.append(dict(differences=[numbers(row) for row in d], t=number(t), tp=number(2 * stats.t.sf(abs(t), 5)), f=number(f),
                      fp=number(stats.f.sf(f, 10, 5))))

permutations = []
for n in (5, 10, 12):
    d = np.round(rng.normal(0.3, 1, size=n), 4)
    result = stats.permutation_test((d,), np.mean, permutation_type="samples", n_resamples=np.inf, alternative="two-sided")
    permutations.append(dict(differences=numbers(d), p=number(result.pvalue)))

deLong = []
for n, ties in ((40, False), (75, True)):
    y = rng.integers(0, 2, size=n)
    a, b = y + rng.normal(0, 1.2, size=n), y + rng.normal(0, 1.0, size=n)
    if ties:
        a, b = np.round(a), np.round(b * 2) / 2
    a, b = np.round(a, 4), np.round(b, 4)

    def placements(s):
        x, z = s[y == 1], s[y == 0]
        wins = (x[:, None] > z[None]) + 0.5 * (x[:, None] == z[None])
        return wins.mean(), wins.mean(axis=1), wins.mean(axis=0)

    (ua, a10, a01), (ub, b10, b01) = placements(a), placements(b)
    variance = np.cov(np.stack([a10, b10]))[[0, 1, 0], [0, 1, 1]] / len(a10) + np.cov(np.stack([a01, b01]))[[0, 1, 0], [0, 1, 1]] / len(a01)
    z = (ub - ua) / np.sqrt(variance[0] + variance[1] - 2 * variance[2])
    deLong.append(dict(y=numbers(y), a=numbers(a), b=numbers(b), difference=number(ub - ua), z=number(z), p=number(2 * stats.norm.sf(abs(z)))))

distributions = dict(
    t=[[x, d, number(2 * stats.t.sf(abs(x), d))] for x in (0.0, 0.3, 2.1, 9.0, 40.0) for d in (1, 4, 39, 1000)],
    tq=[[p, d, number(stats.t.ppf(p, d))] for p in (0.6, 0.9, 0.975, 0.9995) for d in (1, 2, 4, 9, 200)],
    f=[[x, a, b, number(stats.f.sf(x, a, b))] for x in (0.2, 1.0, 3.3, 20.0) for a, b in ((10, 5), (1, 30), (7, 2))],
    h=[[k, n, m, t, number(stats.hypergeom.sf(k - 1, t, m, n))] for k, n, m, t in (
        (3, 10, 20, 100), (9, 10, 20, 100), (0, 10, 20, 100), (60, 400, 900, 20000), (200, 400, 900, 20000), (11, 10, 20, 100), (5, 5, 5, 9))])
write("tests.json", dict(
    corrections=corrections, mcnemar=pairs, wilcoxon=wilcoxon, students=students, fives=fives, permutations=permutations, deLong=deLong,
    distributions=distributions))
