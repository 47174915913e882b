"""Writes Tests/EvaluationTests/Fixtures/answers.json: chrF and chrF++ as sacrebleu 2.6.0, spans as seqeval 1.2.2, correlations as scipy 1.17.1
compute them, and answers compared by the regular expressions of SQuAD's definition.

Run with the project's Python environment: python Tools/fixtures_evaluation_answers.py
"""
import collections
import importlib.metadata
import re
import string
import warnings

import numpy as np
import scipy.stats
from sacrebleu.metrics import CHRF
from seqeval.metrics import classification_report, f1_score, precision_score, recall_score
from seqeval.metrics.sequence_labeling import get_entities

from fixtures_evaluation_common import number, numbers, write

assert importlib.metadata.version("sacrebleu") == "2.6.0" and importlib.metadata.version("seqeval") == "1.2.2"
warnings.filterwarnings("ignore")
rng = np.random.default_rng(21)

WORDS = "the a cat dog sat on mat rug in of red old quickly, runs 3.5 1,000 don't (maybe) U.S. e-mail end. why? \"so\" ß É 日本語 的 – “quote” The An".split(" ")


def sentence(n):
    return " ".join(rng.choice(WORDS, size=n))


def disturbed(text, share):
    words = [w if rng.random() > share else str(rng.choice(WORDS)) for w in text.split(" ")]
    return " ".join(w for w in words if rng.random() > share / 3)


corpora = [
    [("The dog bit the man.", ["The dog bit the man.", "The dog had bit the man."]), ("It was not.", ["It was not surprising.", "No one was surprised."])],
    [("", ["nothing at all"]), ("a b", ["a b c d e f"])], [("x", ["y"])], [("", [""])], [("a", ["a"])],
    [("他们在公园里吃饭。", ["他们在公园吃饭。", "他们去公园里吃饭了。"]), ("日本 語", ["日本語"])],
    [("(hi) 'word' a! !a", ["(hi) word' 'a !a!"]), ("tab\tand\u00a0spaces\u2003wide", ["tab and spaces wide"])],
]
for size, share in ((3, 0.2), (12, 0.4), (20, 0.1), (6, 0.8)):
    corpus = []
    for _ in range(size):
        text = sentence(int(rng.integers(1, 16)))
        corpus.append((disturbed(text, share), [disturbed(text, 0.1) for _ in range(int(rng.integers(1, 4)))]))
    corpora.append(corpus)
SETTINGS = [dict(), dict(word_order=2), dict(word_order=1), dict(lowercase=True, word_order=2), dict(whitespace=True), dict(char_order=3, beta=1),
            dict(beta=3)]
chrf = []
for corpus in corpora:
    hypotheses = [h for h, _ in corpus]
    width = max(len(r) for _, r in corpus)
    columns = [[r[i] if i < len(r) else None for _, r in corpus] for i in range(width)]
    chrf.append(dict(
        texts=[dict(hypothesis=h, references=r) for h, r in corpus],
        values=[dict(settings=s, score=number(CHRF(**s).corpus_score(hypotheses, columns).score)) for s in SETTINGS]))


def normalize(text):
    text = "".join(c for c in text.lower() if c not in set(string.punctuation))
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def f1(answer, target):
    a, b = normalize(answer).split(), normalize(target).split()
    if not a or not b:
        return float(a == b)
    same = sum((collections.Counter(a) & collections.Counter(b)).values())
    return 0.0 if same == 0 else 2 * (same / len(a)) * (same / len(b)) / (same / len(a) + same / len(b))


pairs = [("The cat", "cat"), ("", "the"), ("", "x"), ("an apple a day", "Apple day!"), ("the–end", "end"), ("the-end", "theend"), ("A.", "B"),
         ("1,000", "1000"), ("U.S.A.", "USA"), ("theatre", "atre"), ("日本語", "日本 語"), ("x the\ny", "x y"), ("a_the_b", "atheb"), ("Straße", "STRASSE"),
         ("the₂ thing", "thing"), ("é the é", "é é"), ("²the", "the"), ("a\u0301 b", "b")]
pairs += [(disturbed(t, 0.3), disturbed(t, 0.3)) for t in (sentence(int(rng.integers(1, 9))) for _ in range(40))]
answers = [dict(answer=a, target=b, normalized=normalize(a), exact=normalize(a) == normalize(b), f1=number(f1(a, b))) for a, b in pairs]

TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "E-PER", "S-LOC", "I-MISC", "B", "I", "B-a-b", "."]
spans = []
for size, tags in ((4, TAGS[:5]), (8, TAGS[:8]), (12, TAGS), (6, TAGS[:5]), (1, ["O"])):
    truth, predicted = [], []
    for _ in range(size):
        length = int(rng.integers(1, 14))
        row = [str(t) for t in rng.choice(tags, size=length)]
        truth.append(row)
        predicted.append([t if rng.random() < 0.7 else str(rng.choice(tags)) for t in row])
    report = classification_report(truth, predicted, output_dict=True, zero_division=0) if any(get_entities(r) for r in truth + predicted) else {}
    labels = {k: numbers([v["precision"], v["recall"], v["f1-score"], v["support"]]) for k, v in report.items() if not k.endswith(" avg")}
    spans.append(dict(
        truth=truth, predicted=predicted, entities=[[[label, a, b] for label, a, b in get_entities(r)] for r in truth], labels=labels,
        micro=numbers([precision_score(truth, predicted, zero_division=0), recall_score(truth, predicted, zero_division=0),
                       f1_score(truth, predicted, zero_division=0)]) if labels else [0, 0, 0],
        macro=number(f1_score(truth, predicted, average="macro", zero_division=0)) if labels else 0,
        weighted=number(f1_score(truth, predicted, average="weighted", zero_division=0)) if labels else 0))

correlations = []
for rows, ties in ((2, 0), (5, 0), (30, 6), (200, 20), (10, 2)):
    a = rng.normal(size=rows) if not ties else rng.integers(0, ties, size=rows).astype(float)
    b = a * 0.5 + rng.normal(size=rows)
    if rows == 10:
        b = np.round(b)
    correlations.append(dict(a=numbers(a), b=numbers(b), pearson=number(scipy.stats.pearsonr(a, b)[0]), spearman=number(scipy.stats.spearmanr(a, b)[0])))
write("answers.json", dict(chrf=chrf, answers=answers, spans=spans, correlations=correlations))
print(len(chrf) * len(SETTINGS), "chrF,", len(answers), "answers,", len(spans), "sets of spans,", len(correlations), "correlations")
