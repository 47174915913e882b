"""Writes Tests/EvaluationTests/Fixtures/text.json and outputs.json: BLEU as sacrebleu 2.6.0 and ROUGE as rouge-score 0.1.2 compute it, and
metrics of several outputs and of biclusters as scikit-learn 1.9.1 does.

Run with the project's Python environment: python Tools/fixtures_evaluation_text.py
"""
import importlib.metadata
import warnings

import numpy as np
import sklearn
from rouge_score import rouge_scorer
from sacrebleu.metrics import BLEU
from sklearn import metrics as m

from fixtures_evaluation_common import number, numbers, write

assert sklearn.__version__ == "1.9.1", sklearn.__version__
assert importlib.metadata.version("sacrebleu") == "2.6.0" and importlib.metadata.version("rouge-score") == "0.1.2"
warnings.filterwarnings("ignore")
rng = np.random.default_rng(12)

WORDS = "the a cat dog sat on mat rug in of red old quickly, runs 3.5 1,000 don't (maybe) U.S. e-mail 20-30 end. why? \"so\" &amp; ß É 日本".split(" ")


def sentence(n):
    return " ".join(rng.choice(WORDS, size=n))


def disturbed(text, share):
    words = [w if rng.random() > share else str(rng.choice(WORDS)) for w in text.split(" ")]
    return " ".join(w for w in words if rng.random() > share / 3)


corpora = [
    [("The dog bit the man.", ["The dog bit the man.", "The dog had bit the man."]),
     ("It was not unexpected.", ["It was not surprising.", "No one was surprised."]),
     ("The man bit him first.", ["The man had bitten the dog.", "The man had bitten the dog first."])],
    [("", ["nothing at all"]), ("a b", ["a b c d e f"])],
    [("no match here", ["quite other words in this"])],
    [("Prices rose 3.5% to $1,000.50, i.e. by 20-30 -- or so; \"really\"?!", ["Prices rose by 3.5 % to $1,000.50 , i.e. 20 - 30 -- \"really\" ?"])],
    [("trailing space \n", ["trailing space"]), ("tab\tand  spaces", ["tab and spaces"]), ("x & y &lt; z &quot;q&quot;", ["x &amp; y < z \"q\""])],
]
for size, share in ((3, 0.2), (12, 0.4), (25, 0.1), (8, 0.8)):
    corpus = []
    for _ in range(size):
        text = sentence(int(rng.integers(1, 18)))
        corpus.append((disturbed(text, share), [disturbed(text, 0.1) for _ in range(int(rng.integers(1, 4)))]))
    corpora.append(corpus)

SETTINGS = [
    dict(), dict(lowercase=True), dict(tokenize="none"), dict(tokenize="char"), dict(smooth_method="none"), dict(smooth_method="floor"),
    dict(smooth_method="floor", smooth_value=0.5), dict(smooth_method="add-k"), dict(smooth_method="add-k", smooth_value=2),
    dict(effective_order=True), dict(max_ngram_order=2), dict(max_ngram_order=6, effective_order=True, smooth_method="add-k"),
]
bleu, tokens, rouge = [], [], []
for corpus in corpora:
    hypotheses = [h for h, _ in corpus]
    width = max(len(r) for _, r in corpus)
    columns = [[r[i] if i < len(r) else None for _, r in corpus] for i in range(width)]
    values = []
    for settings in SETTINGS:
        score = BLEU(**settings).corpus_score(hypotheses, columns)
        values.append(dict(settings=settings, score=number(score.score), precisions=numbers(score.precisions), penalty=number(score.bp),
                           lengths=[score.sys_len, score.ref_len]))
    bleu.append(dict(texts=[dict(hypothesis=h, references=r) for h, r in corpus], values=values))
tokenizer = BLEU().tokenizer
for text in [t for corpus in corpora[:5] for h, r in corpus for t in [h, *r]] + [
        "a,b.c", "1.5,2 .5 5. ,5", "...", ",.,.", "a-b 3-4 -5", "{[(x)]}", "it's l'été", "A.B.C. 1.2.3.", "end-\nline next\nline", "<skipped> it"]:
    tokens.append(dict(text=text, tokens=tokenizer(text.rstrip()).split()))
KINDS = ["rouge1", "rouge2", "rouge3", "rougeL", "rougeLsum"]
scorer = rouge_scorer.RougeScorer(KINDS, use_stemmer=False)
for corpus in corpora:
    for hypothesis, references in corpus:
        texts = [hypothesis, *references]
        if len(texts[0]) > 20:
            texts = [t.replace(" on ", "\n", 2).replace(" a ", " \n ") for t in texts]
        single = scorer.score(texts[1], texts[0])
        best = scorer.score_multi(texts[1:], texts[0])
        rouge.append(dict(hypothesis=texts[0], references=texts[1:], single={k: numbers(single[k]) for k in KINDS},
                          best={k: numbers(best[k]) for k in KINDS}))
write("text.json", dict(bleu=bleu, tokens=tokens, rouge=rouge))

METRICS = {
    "mse": m.mean_squared_error, "rmse": m.root_mean_squared_error, "mae": m.mean_absolute_error,
    "median_absolute_error": m.median_absolute_error, "mape": m.mean_absolute_percentage_error, "msle": m.mean_squared_log_error,
    "rmsle": m.root_mean_squared_log_error, "r2": m.r2_score, "explained_variance": m.explained_variance_score,
    "d2_absolute_error": m.d2_absolute_error_score, "pinball_90": lambda *a, **k: m.mean_pinball_loss(*a, alpha=0.9, **k),
}
outputs = []
for rows, width in ((20, 3), (11, 1), (30, 4), (2, 2)):
    truth = np.round(rng.gamma(2.0, 2.0, size=(rows, width)), 3)
    if width == 4:
        truth[:, 2] = 1.5
        truth[:, 3] *= 100
    guess = np.round(np.abs(truth + rng.normal(0, 1, size=truth.shape)), 3)
    if width == 4:
        guess[:, 2] = 1.5
    weights = rng.integers(1, 9, size=rows) / 4
    shares = rng.integers(1, 5, size=width).astype(float)
    values = []
    for weighted in (False, True):
        w = weights if weighted else None
        for name, function in METRICS.items():
            row = dict(metric=name, weighted=weighted, raw=numbers(np.atleast_1d(function(truth, guess, sample_weight=w, multioutput="raw_values"))),
                       uniform=number(function(truth, guess, sample_weight=w, multioutput="uniform_average")),
                       shares=number(function(truth, guess, sample_weight=w, multioutput=shares if width > 1 else "uniform_average")))
            if name in ("r2", "explained_variance"):
                row["variance"] = number(function(truth, guess, sample_weight=w, multioutput="variance_weighted"))
            values.append(row)
    outputs.append(dict(outputs=width, truth=numbers(truth), guess=numbers(guess), weights=numbers(weights), shares=numbers(shares if width > 1 else [1.0]),
                        values=values))
biclusters = []
for a, b, rows, columns in ((3, 3, 8, 6), (2, 5, 10, 7), (6, 4, 12, 9), (1, 1, 4, 4), (7, 7, 5, 5)):
    first = (rng.random((a, rows)) < 0.5, rng.random((a, columns)) < 0.5)
    second = (rng.random((b, rows)) < 0.5, rng.random((b, columns)) < 0.5)
    for part in (*first, *second):
        part[:, 0] = True
    if a == b == 3:
        second = (first[0][[2, 0, 1]], first[1][[2, 0, 1]])
    def plain(x):
        return [[numbers(row) for row in part] for part in x]
    biclusters.append(dict(first=plain(first), second=plain(second), score=number(m.consensus_score(first, second))))
write("outputs.json", dict(outputs=outputs, biclusters=biclusters))
print(len(bleu) * len(SETTINGS), "BLEU,", len(tokens), "tokenizations,", 2 * len(KINDS) * len(rouge), "ROUGE,",
      sum(len(o["values"]) for o in outputs), "outputs,", len(biclusters), "biclusters")
