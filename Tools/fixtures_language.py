"""Writes Tests/ModelsTests/Fixtures/language: tiny checkpoints of every architecture, saved by transformers, and what it says about them.

Run with the environment of scripts/setup: .deps/python/bin/python Tools/fixtures_language.py [NAME …]
Names (bert, gpt2-lora, llama-prefix, objectives …) write those fixtures only.

Weights are kept in half precision to be small; the answers are computed from those very weights in single precision.
"""

import copy
import json
import pathlib
import shutil
import sys

import torch
import transformers as tf
import transformers.utils
from safetensors.torch import load_file, save_file
from transformers.utils import import_utils, logging

# transformers imports torchvision where it finds it, working or not; nothing here needs it.
import_utils.is_torchvision_available = transformers.utils.is_torchvision_available = lambda: False

logging.set_verbosity_error()
ROOT = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "ModelsTests" / "Fixtures" / "language"
VOCABULARY, LABELS = 40, 3
ENCODER = dict(vocab_size=VOCABULARY, hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=32,
               max_position_embeddings=24, num_labels=LABELS, pad_token_id=0)
LLAMA = dict(vocab_size=VOCABULARY, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
             intermediate_size=40, max_position_embeddings=8, num_labels=LABELS, pad_token_id=0, bos_token_id=1, eos_token_id=2,
             attention_dropout=0.0)
T5 = dict(vocab_size=VOCABULARY, d_model=16, d_kv=8, d_ff=32, num_layers=2, num_decoder_layers=2, num_heads=2,
          relative_attention_num_buckets=8, relative_attention_max_distance=10, dropout_rate=0.0, pad_token_id=0,
          decoder_start_token_id=0)
MARIAN = dict(vocab_size=VOCABULARY, d_model=16, encoder_layers=2, decoder_layers=2, encoder_attention_heads=2,
              decoder_attention_heads=2, encoder_ffn_dim=32, decoder_ffn_dim=32, max_position_embeddings=24, scale_embedding=True,
              activation_function="swish", pad_token_id=39, decoder_start_token_id=39, eos_token_id=0, dropout=0.0, num_labels=LABELS,
              forced_eos_token_id=0)
NO_DROPOUT = dict(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
PARTS = {
    "sequence": "ForSequenceClassification", "token": "ForTokenClassification", "question": "ForQuestionAnswering",
    "masked": "ForMaskedLM", "causal": "ForCausalLM", "hidden": "Model",
}
ROPES = {
    "linear": dict(rope_type="linear", factor=2.5, rope_theta=10000.0),
    "dynamic": dict(rope_type="dynamic", factor=2.0, rope_theta=10000.0),
    "llama3": dict(rope_type="llama3", factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=16,
                   rope_theta=500.0),
    "yarn": dict(rope_type="yarn", factor=4.0, original_max_position_embeddings=16, rope_theta=10000.0, beta_fast=4.0, beta_slow=1.0),
    "longrope": dict(rope_type="longrope", factor=2.0, original_max_position_embeddings=8, rope_theta=10000.0,
                     short_factor=[1.0, 1.1, 1.2, 1.3], long_factor=[1.5, 2.0, 3.0, 4.0]),
}


def is_asked_for(name):
    return not sys.argv[1:] or name in sys.argv[1:]


def randomize(model):
    """Larger values than transformers starts with, so that every part matters."""
    generator = torch.Generator().manual_seed(11)
    with torch.no_grad():
        for name, value in sorted(dict(list(model.named_parameters()) + list(model.named_buffers())).items()):
            if not value.is_floating_point() or "inv_freq" in name or "embed_positions" in name:
                continue
            noise = torch.randn(value.shape, generator=generator)
            is_norm = "norm" in name.lower() or ".ln_" in name
            scale = 0.1 if value.ndim == 1 or "bias" in name else 0.6 if "embed" in name or "wte" in name or "wpe" in name else 0.25
            value.copy_(((noise * scale) + (1 if is_norm and name.endswith("weight") else 0)).half().float())


def inputs(padding, length=9, encoder_decoder=False):
    generator = torch.Generator().manual_seed(3)
    ids = torch.randint(3, VOCABULARY - 2, (2, length), generator=generator)
    mask = torch.ones_like(ids)
    ids[1, length - 3:] = padding
    mask[1, length - 3:] = 0
    result = dict(input_ids=ids, attention_mask=mask)
    if encoder_decoder:
        result["decoder_input_ids"] = torch.randint(3, VOCABULARY - 2, (2, 6), generator=generator)
    return result


def targets(task, batch):
    generator = torch.Generator().manual_seed(5)
    ids = batch["input_ids"]
    if task == "sequence":
        return dict(labels=torch.tensor([2, 0]))
    if task == "multi":
        return dict(labels=torch.tensor([[1.0, 0, 1], [0, 0, 1]]))
    if task == "question":
        return dict(start_positions=torch.tensor([2, 1]), end_positions=torch.tensor([4, 30]))
    if task == "hidden":
        return {}
    shape = batch["decoder_input_ids"].shape if "decoder_input_ids" in batch else ids.shape
    labels = torch.randint(0, LABELS if task == "token" else VOCABULARY - 2, shape, generator=generator)
    labels[torch.rand(shape, generator=generator) < 0.3] = -100
    if task != "seq2seq":
        labels[batch["attention_mask"] == 0] = -100
    return dict(labels=labels)


def answer(model, task, batch, expected, name, cases, config, gradients, key):
    model.eval()
    wanted = targets(task, batch)
    result = model(**batch, **wanted)
    if task == "question":
        logits = torch.stack([result.start_logits, result.end_logits], dim=-1)
        expected[f"{name}/labels"] = torch.stack([wanted["start_positions"], wanted["end_positions"]], dim=1)
    else:
        logits = result.last_hidden_state if task == "hidden" else result.logits
        if wanted:
            expected[f"{name}/labels"] = wanted["labels"]
    expected[f"{name}/logits"] = logits.detach().clone()
    loss = result.loss if wanted else logits.square().mean()
    expected[f"{name}/loss"] = loss.detach().clone()
    loss.backward()
    state = dict(model.named_parameters())
    chosen = [n for n in state if any(n.endswith(end) for end in gradients) and state[n].grad is not None]
    for n in chosen:
        expected[f"{name}/gradient/{n}"] = state[n].grad.flatten()[:96].clone()
    assert chosen, (name, list(state))
    for key_, value in batch.items():
        if not any(torch.equal(value, expected.get(f"inputs/{key}/{key_}", torch.empty(0))) for _ in [0]):
            expected[f"inputs/{key}/{key_}"] = value
    cases.append(dict(name=name, task=task, inputs=key, settings=config))


def save(folder, model, extras, settings):
    """The main model as transformers writes it, with the heads of its siblings put beside."""
    model.config.save_pretrained(folder)
    path = folder / "model.safetensors"
    model.half().save_pretrained(folder)
    model.float()
    state = load_file(path)
    for key, value in extras.items():
        state.setdefault(key, value.half().contiguous())
    save_file(state, path, metadata={"format": "pt"})
    config = json.loads((folder / "config.json").read_text())
    for key in ["dtype", "transformers_version"]:
        config.pop(key, None)
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    (folder / "generation_config.json").unlink(missing_ok=True)


def inside(name, prefix, bare):
    """A parameter's name without the body's, which differs from head to head."""
    if prefix in ["Llama", "Qwen2", "Qwen3"]:
        name = name.removeprefix("transformer.")
    return name.removeprefix(bare + ".")


def family(name, prefix, config, main, tasks, gradients, variants=(), padding=0, length=9):
    """One checkpoint with all heads; each head's answers; the same weights under other settings."""
    if not is_asked_for(name):
        return
    folder = ROOT / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    expected, cases, extras = {}, [], {}
    key = "padded"
    batch = inputs(padding, length, main in ["ForConditionalGeneration", "MTModel"])
    torch.manual_seed(1)
    first = getattr(tf, prefix + main)(config)
    randomize(first)
    base = {n: v.clone() for n, v in first.state_dict().items()}
    for task in tasks:
        end = PARTS.get(task, main)
        if prefix == "GPT2" and task == "causal":
            end = "LMHeadModel"
        own = copy.deepcopy(config)
        if task == "question":
            own.num_labels = 2
        model = getattr(tf, prefix + ("ForSequenceClassification" if task == "multi" else end))(own)
        if task == "multi":
            model.config.problem_type = "multi_label_classification"
        randomize(model)
        shared = {n: v for n, v in base.items()}
        bare = getattr(first, "base_model_prefix")
        for n in list(model.state_dict()):
            inner = inside(n, prefix, bare)
            for candidate in [n, f"{bare}.{inner}", inner]:
                if candidate in base and base[candidate].shape == model.state_dict()[n].shape:
                    shared[n] = base[candidate]
                    break
                if candidate in extras and extras[candidate].shape == model.state_dict()[n].shape:
                    shared[n] = extras[candidate]
                    break
        model.load_state_dict({n: v for n, v in shared.items() if n in model.state_dict()}, strict=False)
        extras.update({n: v.clone() for n, v in model.state_dict().items()
                       if inside(n, prefix, bare) not in {inside(b, prefix, bare) for b in base | extras}
                       and "embed_positions" not in n})
        extra = {"problem_type": "multi_label_classification"} if task == "multi" else {}
        answer(model, task, batch, expected, f"{name}/{task}", cases, extra, gradients, key)
    for label, change, long in variants:
        full = {**config.to_dict(), **change}
        kind = full.pop("model_type")
        altered = tf.AutoConfig.for_model(kind, **full)
        model = tf.AutoModelForCausalLM.from_config(altered)
        model.load_state_dict({n: v for n, v in base.items() if n in model.state_dict()}, strict=False)
        other = inputs(padding, long)
        answer(model, "causal", other, expected, f"{name}/{label}", cases, {**change}, gradients[:1], f"length{long}")
    save(folder, first, extras, config)
    save_file({n: v.contiguous() for n, v in expected.items()}, folder / "expected.safetensors")
    (folder / "cases.json").write_text(json.dumps(cases, indent=1) + "\n")


SENTENCES = [
    "A martlet never lands.", "The bird has no feet.", "Coffee was cold and the service slow.", "Great taste, my dog loves it!",
    "How do I train a model?", "The capital of France is Paris.", "今天天气很好。", "Ein kleiner Vogel singt im Baum.",
    "gradient descent", "Prices rose by 3.5 % in 2024, said the bank; nobody was surprised, and the markets hardly moved at all.",
]


def minilm():
    """The sentences' ids and embeddings by the published MiniLM, if scripts/fetch-data has brought it."""
    folder = ROOT.parent.parent.parent.parent / ".deps" / "share" / "data" / "minilm"
    if not (folder / "model.safetensors").exists():
        print(f"without {folder}: minilm.safetensors stays as it is")
        return
    tokens = tf.AutoTokenizer.from_pretrained(folder)(SENTENCES, padding=True, return_tensors="pt")
    model = tf.AutoModel.from_pretrained(folder).eval()
    with torch.no_grad():
        hidden = model(**tokens).last_hidden_state
    mask = tokens["attention_mask"].unsqueeze(-1).float()
    vectors = torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=1)
    save_file({"ids": tokens["input_ids"].to(torch.int32), "embeddings": vectors.contiguous()}, ROOT / "minilm.safetensors")


def lora(name, targets, cls, parts, **settings):
    """Adapters by PEFT on a tiny model: its files, the logits and some gradients."""
    if not is_asked_for(name + "-lora"):
        return
    import peft

    folder = ROOT / (name + "-lora")
    shutil.rmtree(folder, ignore_errors=True)
    base = getattr(tf, cls).from_pretrained(ROOT / name, dtype=torch.float32, num_labels=LABELS)
    model = peft.get_peft_model(base, peft.LoraConfig(r=4, lora_alpha=6, target_modules=targets, task_type="SEQ_CLS", **settings))
    generator = torch.Generator().manual_seed(8)
    with torch.no_grad():
        for key, value in sorted(model.named_parameters()):
            if value.requires_grad:
                value.copy_(torch.randn(value.shape, generator=generator) * 0.2)
    model.eval()
    batch = inputs(0)
    result = model(**batch, labels=torch.tensor([2, 0]))
    result.loss.backward()
    expected = {"logits": result.logits.detach().clone(), "ids": batch["input_ids"], "mask": batch["attention_mask"]}
    for key, value in model.named_parameters():
        if value.grad is not None and any(key.endswith(part) for part in parts):
            clean = key.removeprefix("base_model.model.").replace(".default", "").replace("modules_to_save.", "")
            expected["gradient/" + clean] = value.grad.clone()
    save_adapters(model, folder)
    save_file(expected, folder / "expected.safetensors")


def save_adapters(model, folder):
    """PEFT's files, without where the model came from."""
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    config = json.loads((folder / "adapter_config.json").read_text())
    config["base_model_name_or_path"] = None
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")


def prefix(name, cls, task, length=3):
    """Prefix tuning by PEFT on a tiny model: its files, the logits and the gradients of each layer's keys and values."""
    if not is_asked_for(name + "-prefix"):
        return
    import peft

    folder = ROOT / (name + "-prefix")
    shutil.rmtree(folder, ignore_errors=True)
    base = getattr(tf, cls).from_pretrained(ROOT / name, dtype=torch.float32, num_labels=LABELS)
    model = peft.get_peft_model(base, peft.PrefixTuningConfig(task_type=task, num_virtual_tokens=length))
    generator = torch.Generator().manual_seed(9)
    table = model.prompt_encoder["default"].embedding.weight
    with torch.no_grad():
        table.copy_(torch.randn(table.shape, generator=generator) * 0.5)
        for key, value in sorted(model.named_parameters()):
            if value.requires_grad and value is not table:
                value.copy_(torch.randn(value.shape, generator=generator) * 0.2)
    model.eval()
    batch = inputs(base.config.pad_token_id, length=5)
    labels = batch["input_ids"].masked_fill(batch["attention_mask"] == 0, -100) if task == "CAUSAL_LM" else torch.tensor([2, 0])
    result = model(**batch, labels=labels)
    result.loss.backward()
    logits = result.logits[:, -labels.shape[1]:] if task == "CAUSAL_LM" else result.logits
    expected = {"logits": logits.detach().clone(), "loss": result.loss.detach().clone(), "ids": batch["input_ids"],
                "mask": batch["attention_mask"], "labels": labels}
    config = model.active_peft_config
    # [layer 0's keys, layer 0's values, layer 1's keys …][heads, length, size], as PEFT cuts its table.
    parts = table.grad.view(length, config.num_layers * 2, config.num_attention_heads, -1).permute(1, 2, 0, 3)
    for layer in range(config.num_layers):
        expected[f"gradient/{layer}.key"] = parts[2 * layer].contiguous()
        expected[f"gradient/{layer}.value"] = parts[2 * layer + 1].contiguous()
    save_adapters(model, folder)
    save_file(expected, folder / "expected.safetensors")


def objectives():
    """Losses and gradients of a tiny BERT for hidden tokens (as transformers' collator hides them), and for pairs of texts by the formula of
    sentence-transformers' MultipleNegativesRankingLoss."""
    if not is_asked_for("objectives"):
        return
    chosen = ["embeddings.word_embeddings.weight", "encoder.layer.0.attention.self.query.weight", "encoder.layer.1.output.dense.bias"]
    expected = {}

    def gradients(kind, body):
        for name, value in body.named_parameters():
            if name in chosen:
                expected[f"{kind}/gradient/{name}"] = value.grad.clone()

    model = tf.BertForMaskedLM.from_pretrained(ROOT / "bert", dtype=torch.float32).eval()
    generator = torch.Generator().manual_seed(21)
    ids = torch.randint(5, VOCABULARY, (4, 12), generator=generator)
    ids[1, 8:] = 0
    ids[3, 5:] = 0
    asked = (torch.rand(ids.shape, generator=generator) < 0.3) & (ids != 0)
    labels = ids.masked_fill(~asked, -100)
    # Of the hidden ones 80 % become the mask (4), 10 % another token, and 10 % stay.
    way = torch.rand(ids.shape, generator=generator)
    hidden = torch.where(asked & (way < 0.8), torch.tensor(4), ids)
    hidden = torch.where(asked & (way >= 0.8) & (way < 0.9), torch.randint(5, VOCABULARY, ids.shape, generator=generator), hidden)
    loss = model(input_ids=hidden, attention_mask=(ids != 0).long(), labels=labels).loss
    loss.backward()
    expected.update({"masked/ids": hidden, "masked/labels": labels, "masked/loss": loss.detach()})
    gradients("masked", model.bert)

    model = tf.BertModel.from_pretrained(ROOT / "bert", dtype=torch.float32, add_pooling_layer=False).eval()
    texts = {name: torch.randint(3, VOCABULARY, (3, 7), generator=generator) for name in ["anchors", "positives", "negatives"]}
    texts["anchors"][1, 5:] = 0
    texts["positives"][2, 3:] = 0
    texts["negatives"][0, 6:] = 0

    def vectors(ids):
        mask = (ids != 0).long()
        hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
        mask = mask.unsqueeze(-1).float()
        return torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=1)

    for kind, names in (("pairs", ["positives"]), ("triplets", ["positives", "negatives"])):
        model.zero_grad()
        scores = vectors(texts["anchors"]) @ torch.cat([vectors(texts[name]) for name in names]).T * 20
        loss = torch.nn.functional.cross_entropy(scores, torch.arange(len(scores)))
        loss.backward()
        expected[f"{kind}/loss"] = loss.detach()
        gradients(kind, model)
    expected.update({f"texts/{name}": value for name, value in texts.items()})
    save_file(expected, ROOT / "objectives.safetensors")


def main():
    if is_asked_for("minilm"):
        minilm()
    encoders = ["masked", "sequence", "multi", "token", "question", "hidden"]
    family("bert", "Bert", tf.BertConfig(**ENCODER, **NO_DROPOUT), "ForMaskedLM", encoders,
           ["word_embeddings.weight", "layer.0.attention.self.query.weight", "layer.1.output.LayerNorm.weight"])
    family("roberta", "Roberta", tf.RobertaConfig(**{**ENCODER, "pad_token_id": 1, "layer_norm_eps": 1e-5, "type_vocab_size": 1}, **NO_DROPOUT),
           "ForMaskedLM", encoders[:2] + encoders[3:5], ["word_embeddings.weight", "position_embeddings.weight", "layer.1.attention.self.value.bias"], padding=1)
    family("distilbert", "DistilBert",
           tf.DistilBertConfig(vocab_size=VOCABULARY, dim=24, n_layers=2, n_heads=3, hidden_dim=32, max_position_embeddings=24, dropout=0.0,
                               attention_dropout=0.0, qa_dropout=0.0, seq_classif_dropout=0.0, pad_token_id=0, num_labels=LABELS),
           "ForMaskedLM", ["masked", "sequence", "token", "question", "hidden"], ["word_embeddings.weight", "layer.0.attention.k_lin.weight"])
    family("gpt2", "GPT2",
           tf.GPT2Config(vocab_size=VOCABULARY, n_positions=24, n_embd=24, n_layer=2, n_head=3, n_inner=32, resid_pdrop=0.0, embd_pdrop=0.0,
                         attn_pdrop=0.0, pad_token_id=0, num_labels=LABELS, scale_attn_by_inverse_layer_idx=True, bos_token_id=1,
                         eos_token_id=2),
           "LMHeadModel", ["causal", "sequence", "token", "question"], ["wte.weight", "h.0.attn.c_attn.weight", "h.1.mlp.c_fc.weight"])
    ropes = [(name, dict(rope_parameters=value), 12) for name, value in ROPES.items()]
    mistral = ("mistral", dict(model_type="mistral", sliding_window=4, rope_parameters=dict(rope_type="default", rope_theta=10000.0)), 12)
    family("llama", "Llama", tf.LlamaConfig(**LLAMA), "ForCausalLM", ["causal", "sequence", "token", "question"],
           ["embed_tokens.weight", "layers.0.self_attn.k_proj.weight", "layers.1.mlp.gate_proj.weight", "layers.0.input_layernorm.weight"],
           ropes + [mistral])
    qwen = {**LLAMA, "hidden_size": 24, "num_attention_heads": 3, "num_key_value_heads": 1, "max_position_embeddings": 32}
    family("qwen2", "Qwen2", tf.Qwen2Config(**qwen, tie_word_embeddings=True), "ForCausalLM", ["causal"],
           ["embed_tokens.weight", "layers.0.self_attn.k_proj.bias"],
           [("sliding", dict(use_sliding_window=True, sliding_window=3, max_window_layers=1, layer_types=None), 12)])
    family("qwen3", "Qwen3", tf.Qwen3Config(**qwen, head_dim=16, tie_word_embeddings=False), "ForCausalLM", ["causal"],
           ["embed_tokens.weight", "layers.0.self_attn.q_norm.weight", "layers.1.self_attn.k_norm.weight", "layers.0.self_attn.k_proj.weight"])
    family("t5", "T5", tf.T5Config(**T5), "ForConditionalGeneration", ["seq2seq"],
           ["shared.weight", "SelfAttention.q.weight", "EncDecAttention.v.weight", "relative_attention_bias.weight"], length=13)
    gated = {**T5, "d_model": 16, "num_decoder_layers": 1, "feed_forward_proj": "gated-gelu"}
    family("t5-gated", "T5", tf.T5Config(**gated, tie_word_embeddings=False), "ForConditionalGeneration", ["seq2seq"],
           ["shared.weight", "wi_1.weight"], length=13)
    family("marian", "Marian", tf.MarianConfig(**MARIAN), "MTModel", ["seq2seq"],
           ["shared.weight", "encoder.layers.0.self_attn.q_proj.weight", "encoder_attn.v_proj.bias", "decoder.layers.1.fc1.weight"], padding=39)
    lora("bert", ["query", "value"], "BertForSequenceClassification",
         ["0.attention.self.query.lora_A.default.weight", "1.attention.self.value.lora_B.default.weight", "classifier.modules_to_save.default.weight"])
    lora("gpt2", ["c_attn", "mlp.c_proj"], "GPT2ForSequenceClassification", ["h.0.attn.c_attn.lora_A.default.weight", "h.1.mlp.c_proj.lora_B.default.weight"],
         use_rslora=True, fan_in_fan_out=True)
    prefix("bert", "BertForSequenceClassification", "SEQ_CLS")
    prefix("gpt2", "GPT2LMHeadModel", "CAUSAL_LM")
    prefix("llama", "LlamaForCausalLM", "CAUSAL_LM")
    prefix("qwen3", "Qwen3ForCausalLM", "CAUSAL_LM")
    objectives()
    total = sum(path.stat().st_size for path in ROOT.rglob("*") if path.is_file())
    print(f"{total / 1000:.0f} kB in {ROOT}")


if __name__ == "__main__":
    main()
