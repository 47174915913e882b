"""Writes Examples/text-tasks from the King James Bible (public domain, scripts/fetch-data bible): which half belongs to a verse, by likelihood
(verses.jsonl) and by nearness (halves.jsonl), and chapters whose perplexity is asked (chapters.jsonl).

    python3 Tools/text_tasks.py .deps/share/data/bible/kjv.txt
"""

import json
import pathlib
import random
import re
import sys

OUT = pathlib.Path(__file__).resolve().parent.parent / "Examples" / "text-tasks"
verses = [re.sub(r"^\S+\s+\d+:\d+\s+|^\S+\d+:\d+\s+", "", line).strip() for line in pathlib.Path(sys.argv[1]).read_text().splitlines()]
random.seed(7)


def halves(verse):
    for mark in (": ", "; ", ", and "):
        first, found, second = verse.partition(mark)
        if found and 5 <= len(first.split()) <= 20 and 5 <= len(second.split()) <= 20:
            return first + mark.rstrip(), second
    return None


def write(name, rows):
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / name).write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    print(name, len(rows))


# The known first chapters are left out: models know them by heart.
split = [h for h in (halves(v) for v in verses[2_000:]) if h]
picked = random.sample(split, 60)
rows = []
for prompt, right in picked:
    wrong = random.sample([s for _, s in split if s != right], 3)
    choices = wrong + [right]
    random.shuffle(choices)
    rows.append({"prompt": prompt, "choices": choices, "answer": choices.index(right)})
write("verses.jsonl", rows)
write("halves.jsonl", [{"query": first, "positives": [second]} for first, second in random.sample(split, 60)])
write("chapters.jsonl", [{"text": " ".join(verses[start:start + 30])} for start in (5_000, 12_000, 20_000, 26_000)])
