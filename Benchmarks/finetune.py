"""Fine-tunes MiniLM on the English food reviews by transformers, as Examples/text-classification does by Martlet.

    python -P Benchmarks/finetune.py whole|lora [EPOCHS] [THREADS] [padded|grouped] [REVIEWS]

Prints one line of JSON: seconds, the processor's seconds of the epochs, and the accuracy on the test reviews after each epoch. Batches of 16, at most 96 tokens, mean pooling and a linear
classifier. `grouped` puts reviews of like length together and fills a batch up to its longest one; `padded` fills all up to 96.
"""

import csv
import json
import pathlib
import random
import sys
import time

# Beside this file lies one that is called as the package tokenizers.
sys.path[:] = [place for place in sys.path if place and pathlib.Path(place).resolve() != pathlib.Path(__file__).resolve().parent]

import torch
import transformers as tf
import transformers.utils
from transformers.utils import import_utils, logging

# transformers imports torchvision where it finds it, working or not; nothing here needs it.
import_utils.is_torchvision_available = transformers.utils.is_torchvision_available = lambda: False
logging.set_verbosity_error()
DATA = pathlib.Path(__file__).resolve().parent.parent / ".deps" / "share" / "data"
BATCH, LENGTH = 16, 96


class Classifier(torch.nn.Module):
    def __init__(self, way):
        super().__init__()
        self.body = tf.AutoModel.from_pretrained(DATA / "minilm", dtype=torch.float32, add_pooling_layer=False)
        if way == "lora":
            import peft

            targets = ["query", "key", "value", "attention.output.dense", "intermediate.dense", "output.dense"]
            self.body = peft.get_peft_model(self.body, peft.LoraConfig(r=16, lora_alpha=32, target_modules=targets))
        self.dropout = torch.nn.Dropout(0.1)
        self.classifier = torch.nn.Linear(384, 2)

    def forward(self, ids, mask):
        hidden = self.body(input_ids=ids, attention_mask=mask).last_hidden_state
        weights = mask.unsqueeze(-1).float()
        return self.classifier(self.dropout((hidden * weights).sum(1) / weights.sum(1)))


def reviews(name, tokenizer):
    rows = list(csv.DictReader(open(DATA / "reviews-en" / f"{name}.csv", newline="")))
    ids = tokenizer([row["text"] for row in rows], truncation=True, max_length=LENGTH)["input_ids"]
    return [(row, int(line["label"] == "great")) for row, line in zip(ids, rows)]


def collate(rows, padded):
    longest = LENGTH if padded else max(len(ids) for ids, _ in rows)
    ids = torch.tensor([row + [0] * (longest - len(row)) for row, _ in rows])
    return ids, (ids != 0).long(), torch.tensor([label for _, label in rows])


def main():
    way = sys.argv[1] if len(sys.argv) > 1 else "whole"
    epochs = int(sys.argv[2]) if len(sys.argv) > 2 else 2
    torch.set_num_threads(int(sys.argv[3]) if len(sys.argv) > 3 else 2)
    padded = (sys.argv[4] if len(sys.argv) > 4 else "padded") == "padded"
    torch.manual_seed(1)
    random.seed(1)
    start = time.perf_counter()
    tokenizer = tf.AutoTokenizer.from_pretrained(DATA / "minilm")
    count = int(sys.argv[5]) if len(sys.argv) > 5 else None
    train, test = reviews("train", tokenizer)[:count], reviews("test", tokenizer)[:count]
    model = Classifier(way)
    learned = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=1e-4 if way == "whole" else 1e-3, weight_decay=0.01)
    steps = epochs * -(-len(train) // BATCH)
    schedule = tf.get_linear_schedule_with_warmup(optimizer, steps // 10, steps)
    accuracies = []
    before, learning = time.process_time(), 0.0
    for _ in range(epochs):
        model.train()
        begun = time.process_time()
        order = random.sample(range(len(train)), len(train))
        if not padded:
            # As transformers' Trainer does with group_by_length: within each fifty batches by length.
            order = [i for at in range(0, len(order), 50 * BATCH) for i in sorted(order[at:at + 50 * BATCH], key=lambda i: -len(train[i][0]))]
        batches = [order[at:at + BATCH] for at in range(0, len(order), BATCH)]
        random.shuffle(batches)
        for batch in batches:
            ids, mask, labels = collate([train[i] for i in batch], padded)
            loss = torch.nn.functional.cross_entropy(model(ids, mask), labels, label_smoothing=0.05)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(learned, 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
        learning += time.process_time() - begun
        model.eval()
        hits = 0
        with torch.no_grad():
            for at in range(0, len(test), 64):
                ids, mask, labels = collate(test[at:at + 64], padded)
                hits += (model(ids, mask).argmax(1) == labels).sum().item()
        accuracies.append(hits / len(test))
    used = time.process_time() - before
    print(json.dumps({"seconds": time.perf_counter() - start, "processor seconds": used, "of them learning": learning, "accuracy": accuracies}))


if __name__ == "__main__":
    main()
