"""Writes Tests/EvaluationTests/Fixtures/folds.json: test rows of every division as scikit-learn 1.9.1 makes them.

Run with the project's Python environment: python Tools/fixtures_evaluation_folds.py
"""
import warnings

import numpy as np
import sklearn
from sklearn import model_selection as s

from fixtures_evaluation_common import write

assert sklearn.__version__ == "1.9.1", sklearn.__version__
warnings.filterwarnings("ignore")
rng = np.random.default_rng(5)
DATA = []
for rows, classes, groups in ((12, 2, 4), (30, 3, 7), (47, 4, 11), (20, 2, 20)):
    labels = rng.choice(classes, size=rows, p=rng.dirichlet(np.full(classes, 4.0)))
    for c in range(classes):
        labels[rng.choice(rows, size=4, replace=False)] = c
    while min(np.bincount(labels, minlength=classes)) < 3:
        labels = rng.integers(0, classes, size=rows)
    codes = np.arange(rows) if groups == rows else rng.integers(0, groups, size=rows) * 3 - 5
    DATA.append(dict(labels=[int(v) for v in labels], groups=[int(v) for v in codes]))
cases = []


def case(index, kind, splitter, both=False, **arguments):
    d = DATA[index]
    x = np.zeros((len(d["labels"]), 1))
    splits = list(splitter.split(x, d["labels"], d["groups"]))
    cases.append(dict(
        data=index, kind=kind, arguments=arguments, test=[[int(v) for v in test] for _, test in splits],
        training=[[int(v) for v in train] for train, _ in splits] if both else None))


for i, d in enumerate(DATA):
    smallest = min(np.bincount(d["labels"]))
    for folds in (2, 3, 5):
        case(i, "kFold", s.KFold(folds), folds=folds)
        if folds <= smallest:
            case(i, "stratified", s.StratifiedKFold(folds), folds=folds)
        if folds <= len(set(d["groups"])):
            case(i, "grouped", s.GroupKFold(folds), folds=folds)
            case(i, "stratifiedGrouped", s.StratifiedGroupKFold(folds), folds=folds)
    if i < 2:
        case(i, "leaveOneOut", s.LeaveOneOut())
        case(i, "leaveGroupsOut", s.LeavePGroupsOut(1), count=1)
        case(i, "leaveGroupsOut", s.LeavePGroupsOut(2), count=2)
    if i == 0:
        case(i, "leaveRowsOut", s.LeavePOut(2), count=2)
    for folds, gap, size, most in ((3, 0, None, None), (2, 1, None, None), (3, 2, 2, None), (2, 0, 3, 4), (4, 1, 1, 5)):
        case(i, "timeOrdered", s.TimeSeriesSplit(folds, gap=gap, test_size=size, max_train_size=most), both=True,
             folds=folds, gap=gap, size=size, most=most)
write("folds.json", dict(data=DATA, cases=cases))
print(len(cases), "cases")
