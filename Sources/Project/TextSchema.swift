import MartletCore

extension ProjectSchema {
  /// A project over texts with this task.
  static func text(_ task: ProjectTask, isFetched: Bool) -> Shape {
    var fields: [Field] = [
      .required("name", .text(.name), "The model's name in the registry."),
      .required("task", .word(tasks), "What the model does: \(textTasks.joined(separator: ", "))."),
      .optional("description", .text(.any), "One line about the model, kept with every version."),
      task == .multiTask
        ? .standard("data", .mapping(sharedTextData), [:], "What holds for the texts of all heads.")
        : .required("data", .mapping(textData(task, isFetched: isFetched)), "The texts and what is to be learnt from them."),
      .optional("tokenizer", tokenizer(task), "How texts become tokens. Left out: the model's own; for a new model, byte pairs."),
      .standard(
        "model", .tagged(textModels(task)), standardTextModel(task), "What learns: a model that knows language already, or a new one."),
      .standard(
        "adapter", .tagged(adapters.filter { task != .multiTask || $0.name != "prefix" }), "whole", "What of the model learns."),
    ]
    if task == .multiTask { fields += headFields(isFetched: isFetched) }
    if task == .languageModel {
      fields.append(.standard("objective", .tagged(objectives), "causal", "What the model is asked."))
    }
    if task == .embedding {
      fields.append(.standard("loss", .tagged(embeddingLosses), "multiple-negatives", "What the vectors learn by."))
    }
    if task == .textClassification {
      fields.append(.optional("teacher", .tagged(teachers), "A model whose answers are learnt beside the truth (distillation)."))
      fields.append(
        .optional("augment", .mapping(textAugment), "How training texts are changed, anew in every epoch. Left out: not at all."))
    }
    let isNew = task == .languageModel || task == .translation
    let rate: JSONValue = ["learning-rate": .double(isNew ? 1e-3 : 1e-4)]
    fields += [
      .standard(
        "recompute", .flag, false, "Keeps only the layers' inputs and computes the rest again in the backward pass: less memory, more time."
      ),
      .standard("training", .mapping(textTraining(task, rate)), [:], "How the model learns."),
      .standard("evaluation", .mapping(textEvaluation(task)), [:], "How the model is judged."),
      gates,
      .standard("serve", .mapping(serve), [:], "Where martlet serve listens."),
      stream,
      .standard("output", .text(.path), "runs", "The folder for reports, logs and checkpoints of the runs."),
    ]
    return .mapping(MappingShape(fields))
  }

  /// What holds for pictures only is left out, or has its default as its only value.
  private static func textTraining(_ task: ProjectTask, _ rate: JSONValue) -> MappingShape {
    let all = training("texts", epochs: 3, batch: 16, optimizer: ["adamw": rate], schedule: ["cosine": ["warm-up": 0.1]])
    let fields = all.fields.filter { !["mixing", "layer-decay"].contains($0.name) }.map { field -> Field in
      switch field.name {
      case "sampling": .standard(field.name, .word(["all"]), "all", "Every text once an epoch.")
      case "class-weights" where task != .textClassification: .standard(field.name, .word(["none"]), "none", field.note)
      case "clip": .standard(field.name, positive, 1, "The largest norm that all gradients together may have.")
      default: field
      }
    }
    return MappingShape(fields.filter { $0.name != "clip-value" })
  }

  private static let textTasks = ProjectTask.allCases.filter(\.isText).map(\.rawValue)

  private static func standardTextModel(_ task: ProjectTask) -> JSONValue {
    switch task {
    case .languageModel: "decoder"
    case .translation: "encoder-decoder"
    default: ["pretrained": "minilm"]
    }
  }

  static func textData(_ task: ProjectTask, isFetched: Bool) -> MappingShape {
    let path = Shape.text(isFetched ? .path : .existing(.either)), own = Shape.text(isFetched ? .path : .existing(.either))
    let column = Shape.text(.any)
    var fields: [Field] = [
      .optional("dataset", .text(.name), "A data set that scripts/fetch-data brought, such as bible; files then lie in its folder."),
      .optional(
        "file", .either([path, .list(path, count: 1...10_000)]),
        "CSV, Parquet, Arrow or JSON Lines with columns; text files; or a folder of text files"
          + (task == .textClassification ? ", one folder for each class." : task == .tokenClassification ? "; or CoNLL's lines." : ".")),
      .standard("unit", .word(TextData.TextUnit.allCases.map(\.rawValue)), "line", "What one text of a text file is: a line, or the file."),
      .standard("text", column, "text", "The column of texts."),
    ]
    switch task {
    case .textClassification:
      fields += [
        .standard("label", column, "label", "The column of classes; of a folder of folders their names."),
        .optional("separator", column, "What parts the classes where a text may have several, such as ';'. Left out: each has one."),
      ]
    case .tokenClassification:
      fields += [
        .standard("words", column, "words", "The column of words: parted by spaces, or a list."),
        .standard("tags", column, "tags", "The column of the words' tags: O, B-PER, I-PER …"),
      ]
    case .embedding:
      fields += [
        .standard("anchor", column, "anchor", "The column of texts."),
        .standard("positive", column, "positive", "The column of texts that mean the same."),
        .optional("negative", column, "The column of texts that mean something else, though they look alike."),
        .optional("score", column, "The column that says from 0 to 1 how much both mean the same, for the loss cosine."),
      ]
    case .translation:
      fields += [
        .standard("source", column, "source", "The column of texts."),
        .standard("translation", column, "translation", "The column of what they shall become."),
      ]
    default: break
    }
    fields += [
      .optional("length", .whole(2...1_000_000), "Longer texts are cut to so many tokens. Left out: what the model can read, at most 512."),
      .optional("limit", .whole(counting), "Use this many training texts at most, drawn by chance: for a quick try."),
      .standard("validation", fraction, 0.05, "The share of the training texts that is watched during training."),
      .standard(
        "test",
        .either([
          .number(.init(from: 0, to: 1, isAbove: true, isBelow: true)),
          .mapping(MappingShape([.required("file", own, "A file or folder of its own.")])),
        ]), 0.1, "The texts to judge by: a share, or a file of its own."),
    ]
    return MappingShape(fields, needsOneOf: [["dataset", "file"]])
  }

  private static func tokenizer(_ task: ProjectTask) -> Shape {
    .tagged([
      Variant("model", "The tokenizer of the model that learning starts from."),
      Variant("characters", "A token for each character of the training texts."),
      Variant(
        "bpe", "Byte pairs, learnt from the training texts.", main: "vocabulary",
        [.standard("vocabulary", .whole(258...1_000_000), 4000, "The number of tokens.")]),
      Variant(
        "wordpiece", "Pieces of words in small letters, learnt from the training texts.", main: "vocabulary",
        [.standard("vocabulary", .whole(100...1_000_000), 8000, "The number of tokens.")]),
    ])
  }

  private static func textModels(_ task: ProjectTask) -> [Variant] {
    let pretrained = Variant(
      "pretrained", "A model that knows language already.", main: "path",
      [.required("path", .text(.any), "A folder with config.json and safetensors, or the name of a fetched model, such as minilm.")])
    func size(_ layers: Int, _ width: Int, _ heads: Int, _ context: Int) -> [Field] {
      [
        .standard("layers", .whole(1...1000), .int(layers), "Blocks one behind the other."),
        .standard("width", .whole(8...65_536), .int(width), "The length of each token's vector."),
        .standard("heads", .whole(1...1024), .int(heads), "Heads of the attention; they divide the width."),
        .optional("hidden", .whole(8...1_000_000), "The width inside the blocks. Left out: as much as is usual for the width."),
        .standard("context", .whole(8...1_000_000), .int(context), "The tokens that the model can read."),
        .standard("dropout", fraction, 0.1, "The share of values that training sets to zero, where the architecture has that."),
      ]
    }
    let decoder = Variant("decoder", "A new decoder of Llama's kind.", size(4, 192, 6, 256))
    let encoder = Variant("encoder", "A new encoder of BERT's kind.", size(4, 192, 6, 256))
    let both = Variant("encoder-decoder", "A new encoder and decoder of Marian's kind.", size(3, 192, 6, 128))
    switch task {
    case .languageModel: return [decoder, encoder, pretrained]
    case .translation: return [both, pretrained]
    default: return [pretrained, encoder]
    }
  }

  private static let adapters: [Variant] = [
    Variant("whole", "All weights learn."),
    Variant("head", "Only what stands on the body learns."),
    Variant(
      "lora", "Narrow products beside the resting weights (Hu et al., 2021).", main: "rank",
      [
        .standard("rank", .whole(1...1024), 16, "The width of the narrow middle."),
        .optional("alpha", positive, "What the product is multiplied with, times the rank. Left out: twice the rank."),
        .standard("dropout", fraction, 0, "The probability of a zero in the product's input."),
        .standard("targets", .list(.text(.any), count: 1...64), ["all-linear"], "The layers' names, or all-linear."),
        .standard(
          "quantization", .word(["none", "int8", "nf4"]), "none", "How the resting weights are rounded while it learns (QLoRA)."),
      ]),
    Variant(
      "prefix", "Learned keys and values before those of each layer (Li and Liang, 2021).", main: "length",
      [.standard("length", .whole(1...4096), 16, "How many of them.")]),
  ]

  private static let objectives: [Variant] = [
    Variant(
      "causal", "The next token.", main: "packing",
      [
        .standard(
          "packing", .word(["stream", "separate", "none"]), "stream",
          "stream cuts all texts, one behind the other, into rows; separate packs texts that do not see each other; none: a row a text."
        )
      ]),
    Variant(
      "masked", "Hidden tokens, from both sides (Devlin et al., 2018).", main: "share",
      [
        .standard("share", .number(.init(from: 0, to: 1, isAbove: true, isBelow: true)), 0.15, "The share of tokens that is asked for."),
        .standard("whole-words", .flag, false, "All tokens of a word are hidden together."),
      ]),
  ]

  private static let embeddingLosses: [Variant] = [
    Variant(
      "multiple-negatives", "Each text's partner has to be found among those of the batch (Henderson et al., 2017).", main: "scale",
      [.standard("scale", positive, 20, "What cosines are multiplied with.")]),
    Variant("cosine", "The cosine of both vectors shall be the score."),
  ]

  private static let teachers: [Variant] = [
    Variant(
      "distill", "A classifier of the same classes, such as a run's model folder.", main: "path",
      [
        .required("path", .text(.any), "Its folder, with config.json and safetensors."),
        .standard("temperature", positive, 2, "Larger numbers show more of what it thinks of the wrong classes."),
        .standard("weight", .number(.init(from: 0, to: 1)), 0.5, "Its share of the loss; the rest is the truth's."),
      ])
  ]

  private static let backTranslation = MappingShape([
    .required("there", .text(.any), "The model that translates into another language: NAME or NAME@V."),
    .required("back", .text(.any), "The model that translates back."),
    .standard("probability", .number(.init(from: 0, to: 1)), 0.5, "How likely a text is said in other words, in every epoch anew."),
    .standard("share", .number(.init(from: 0, to: 1, isAbove: true)), 1, "The share of training texts that are translated."),
    .standard("prompt", .text(.any), "{text}", "What language models are asked: {text} for Marian, translate English to German: {text} …"),
  ])

  private static let textAugment = MappingShape([
    .standard("deletion", .number(.init(from: 0, to: 1)), 0.1, "How likely a word is left out."),
    .standard("swap", .number(.init(from: 0, to: 1)), 0.1, "How likely a word changes places with the next."),
    .standard("replacement", .number(.init(from: 0, to: 1)), 0.1, "How likely a word that has synonyms becomes one of them."),
    .optional("synonyms", .text(.existing(.file)), "A JSON file of synonyms by word: {\"good\": [\"fine\", \"nice\"]}."),
    .optional(
      "back-translation", .mapping(backTranslation),
      "Training texts in other words: translated by a model of the registry, and back by another. Kept in the output folder."),
  ])

  private static func textEvaluation(_ task: ProjectTask) -> MappingShape {
    MappingShape([
      .standard("examples", .whole(0...1000), 8, "How many texts the report shows."),
      .standard(
        "prompts", .list(.text(.any), count: 0...100), [],
        "What samples of a language model begin with. Left out: beginnings of test texts."),
      .standard(
        "require", .table(.number(.init())), [:],
        "What the test part has to show before a version is registered: \(requirement(task)). For errors and losses it is the most."
      ),
    ])
  }

  private static func requirement(_ task: ProjectTask) -> String {
    switch task {
    case .languageModel: "perplexity: 20"
    case .tokenClassification: "span_f1: 0.8"
    case .embedding: "recall_at_1: 0.5"
    case .translation: "bleu: 20"
    case .multiTask: "topic_accuracy: 0.8, the head's name before the metric's"
    default: "accuracy: 0.8"
    }
  }
}
