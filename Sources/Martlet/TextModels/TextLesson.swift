import Foundation
import MartletCore
import Models
import NN
import Project
import Tables
import Text
import TextTasks
import Torch
import Training

/// What a model of texts learns from, and by what.
struct TextLesson {
  let train: DataLoader
  let validation: DataLoader?
  let objective: TextObjectives.Objective
  var metrics: [BatchMetric] = []

  /// - Throws: `ArgumentError`, `TableError`, `TokenizerError` naming what does not fit.
  init(_ training: TextTraining, _ model: TextModel) throws {
    let builder = Builder(training: training, model: model)
    objective = try Self.objective(builder)
    guard let make = try builder.maker() else {
      (train, validation) = try builder.written()
      return
    }
    (train, validation) = try builder.loaders(make)
    if training.project.task == .textClassification {
      metrics = BatchMetric.usual(for: training.examples.hasSeveral ? .bceWithLogits : .crossEntropy)
    }
  }

  /// Several tasks on one body.
  /// - Throws: `ArgumentError`, `TableError`, `TokenizerError` naming what does not fit.
  init(
    _ heads: [(name: String, weight: Double, training: TextTraining, model: TextModel)], mixing: MixedTextOrder.Mixing
  ) throws {
    guard let first = heads.first?.training else { throw ArgumentError("there are no heads", expected: "1 or more") }
    let builders = heads.map { Builder(training: $0.training, model: $0.model) }
    let settings = first.project.training, workers = settings.workers.value ?? 1
    func loader(_ part: (TextParts) -> Table, learns: Bool) throws -> DataLoader? {
      let made = try builders.compactMap { builder -> Builder.Source? in
        let table = part(builder.training.parts)
        // Heads go by their numbers: where one has nothing to watch, none is watched.
        guard table.rowCount > 0, let make = try builder.maker() else { return nil }
        return try make(table, learns)
      }
      guard made.count == builders.count else { return nil }
      let order = try MixedTextOrder(
        made.map(\.lengths), size: learns ? settings.batch : 2 * settings.batch, mixing: mixing, seed: learns ? settings.seed : nil)
      return try DataLoader(MixedTextBatches(made.map(\.batches)), batches: order, workers: workers)
    }
    guard let train = try loader(\.training, learns: true) else {
      throw ArgumentError("a head has nothing to learn from", expected: "texts for each")
    }
    self.train = train
    validation = try loader(\.validation, learns: false)
    objective = TextObjectives.mixed(
      try zip(heads, builders).map { (name: $0.name, objective: try Self.objective($1), weight: $0.weight) })
  }

  private static func objective(_ builder: Builder) throws -> TextObjectives.Objective {
    let project = builder.training.project, network = builder.model.network
    switch project.task {
    case .textClassification: return try builder.classes()
    case .tokenClassification: return TextObjectives.tags(network)
    case .embedding:
      guard project.loss?.name == "cosine" else {
        return TextObjectives.multipleNegatives(network, scale: project.loss?.number("scale") ?? 20)
      }
      guard project.data.score != nil else { throw ArgumentError("loss: cosine needs scores", expected: "data.score") }
      return TextObjectives.cosine(network)
    case .translation: return try TextObjectives.translation(network, labelSmoothing: project.training.labelSmoothing)
    default: return builder.model.settings.task == .masked ? TextObjectives.masked(network) : TextObjectives.causal(network)
    }
  }
}

extension TextLesson {
  /// How well hidden tokens of texts are guessed: the mean loss of one, and the share that is right. The same ones are hidden every time.
  static func hiddenTokens(_ training: TextTraining, _ model: TextModel, _ table: Table) throws -> (loss: Double, share: Double) {
    let batches = try Builder(training: training, model: model).hidden(table)
    let order = try BucketedBatches(lengths: batches.lengths, limit: .items(64), seed: nil).batches(of: batches.count, epoch: 0)
    var loss = 0.0, right = 0.0, asked = 0.0
    try withoutGrad {
      for place in 0..<order.count {
        try Task.checkCancellation()
        let batch = try batches.batch(order[place], epoch: 0)
        let scores = try model.network(model.network.input(batch.inputs))
        let isAsked = try batch.targets.ne(-100)
        let count = Double(try isAsked.sum().int())
        loss += try tokenCrossEntropy(scores, batch.targets).double() * count
        right += Double(try scores.argmax(dim: 2).eq(batch.targets).logicalAnd(isAsked).sum().int())
        asked += count
      }
    }
    return (loss / max(1, asked), right / max(1, asked))
  }
}

/// Makes batches of a project's texts.
private struct Builder {
  let training: TextTraining
  let model: TextModel

  private var project: TextProject { training.project }
  private var parts: TextParts { training.parts }
  private var examples: TextExamples { training.examples }
  private var size: Int { project.training.batch }
  private var seed: UInt64 { project.training.seed }
  private var workers: Int { project.training.workers.value ?? 1 }

  /// Batches of texts with the texts' lengths.
  typealias Source = (batches: any BatchSource, lengths: [Int])
  /// Makes them of a table; the second argument says whether they are learnt from.
  typealias Maker = (Table, Bool) throws -> Source

  /// What makes a task's batches; `nil` for language models, whose texts are cut otherwise.
  func maker() throws -> Maker? {
    switch project.task {
    case .textClassification: try classified()
    case .tokenClassification: tagged()
    case .embedding: paired()
    case .translation: translated()
    default: nil
    }
  }

  /// Texts of like length share a batch.
  func loaders(_ make: Maker) throws -> (train: DataLoader, validation: DataLoader?) {
    let (source, lengths) = try make(parts.training, true)
    let train = try DataLoader(
      source, batches: BucketedBatches(lengths: lengths, limit: .items(size), seed: seed), workers: workers)
    guard parts.validation.rowCount > 0 else { return (train, nil) }
    let (watched, watchedLengths) = try make(parts.validation, false)
    return (
      train,
      try DataLoader(watched, batches: BucketedBatches(lengths: watchedLengths, limit: .items(2 * size), seed: nil), workers: workers)
    )
  }

  private func classified() throws -> Maker {
    let augmenter = try augmenter()
    return { table, learns in
      let texts = try ClassifiedTexts(
        examples.texts(table), classes: examples.classes(table), several: examples.hasSeveral ? examples.labels.count : nil,
        tokenizer: model.tokenizer, augmenter: learns ? augmenter : nil, padding: model.padding)
      return (texts, texts.lengths)
    }
  }

  private func augmenter() throws -> TextAugmenter? {
    guard let choice = project.augment else { return nil }
    var synonyms: [String: [String]] = [:]
    if let name = choice.synonyms {
      let path = training.file.resolve(name)
      guard let data = FileManager.default.contents(atPath: path) else { throw FileError(path: path, problem: "cannot be read") }
      synonyms = try JSON.decode([String: [String]].self, from: data, source: path)
    }
    var augmenter = try TextAugmenter(
      deletion: choice.deletion, swap: choice.swap, replacement: choice.replacement, synonyms: synonyms, seed: seed)
    augmenter.paraphrases = training.paraphrases
    augmenter.paraphrasing = choice.backTranslation?.probability ?? 0
    return augmenter
  }

  func classes() throws -> TextObjectives.Objective {
    var teacher: (model: LanguageModel, share: Double, temperature: Double)?
    if let choice = project.teacher {
      let other = try TextModel(folder: TextModelMaker.folder(choice.word("path") ?? "", training.file))
      guard other.settings.labels == examples.labels, other.settings.hasSeveral == examples.hasSeveral,
        other.tokenizer.vocabulary.count == model.tokenizer.vocabulary.count
      else {
        throw ArgumentError(
          "the teacher knows the classes \(other.settings.labels.joined(separator: ", "))",
          expected: "those of the texts (\(examples.labels.joined(separator: ", "))), and the same tokenizer")
      }
      teacher = (other.network, choice.number("weight") ?? 0.5, choice.number("temperature") ?? 2)
    }
    var weights: Tensor?
    if project.training.classWeights == .balanced, !examples.hasSeveral {
      var counts = [Int](repeating: 0, count: examples.labels.count)
      for one in try examples.classes(parts.training).joined() { counts[one] += 1 }
      let all = Float(counts.reduce(0, +)), present = Float(counts.count { $0 > 0 })
      weights = try Tensor(counts.map { $0 > 0 ? all / (present * Float($0)) : 0 })
    }
    return TextObjectives.classes(
      model.network, hasSeveral: examples.hasSeveral, labelSmoothing: project.training.labelSmoothing, weights: weights, teacher: teacher)
  }

  private func tagged() -> Maker {
    { table, _ in
      let tags = try WordTags(examples.words(table), tags: examples.tags(table), tokenizer: model.tokenizer)
      let batches = try TokenBatches(tags.rows, targets: .tokens(tags.targets), padding: model.padding)
      return (batches, batches.lengths)
    }
  }

  private func paired() -> Maker {
    let data = project.data
    func rows(_ column: String?, _ table: Table) throws -> [[Int]]? {
      try column.map { name in
        try model.tokenizer.encode(batch: table.texts(of: name), allowSpecialTokens: false).map {
          $0.ids.isEmpty ? [model.padding] : $0.ids
        }
      }
    }
    return { table, _ in
      let pairs = try PairBatches(
        anchors: rows(data.anchor, table) ?? [], positives: rows(data.positive, table) ?? [], negatives: rows(data.negative, table),
        scores: examples.scores(table)?.map(Float.init), padding: model.padding)
      return (pairs, pairs.lengths)
    }
  }

  private func translated() -> Maker {
    let data = project.data
    let ends = model.end.map { [$0] } ?? []
    func rows(_ column: String?, _ table: Table) throws -> [[Int]] {
      try table.texts(of: column ?? "").map { text in
        let ids = try model.tokenizer.encode(text, allowSpecialTokens: false).ids
        return ids.last == model.end ? ids : ids.prefix(max(1, model.settings.length - ends.count)) + ends
      }
    }
    return { table, _ in
      let pairs = try TranslationBatches(
        sources: rows(data.source, table), translations: rows(data.translation, table), padding: model.padding)
      return (pairs, pairs.lengths)
    }
  }

  /// Texts for a language model.
  func written() throws -> (train: DataLoader, validation: DataLoader?) {
    func loader(_ table: Table, learns: Bool) throws -> DataLoader {
      let texts = try examples.texts(table), length = model.settings.length
      func plain(_ source: some BatchSource) throws -> DataLoader {
        try learns
          ? DataLoader(source, batchSize: size, shuffle: true, seed: seed, workers: workers)
          : DataLoader(source, batchSize: size, workers: workers)
      }
      if model.settings.task == .masked {
        let hidden = try hidden(table)
        return try DataLoader(
          hidden, batches: BucketedBatches(lengths: hidden.lengths, limit: .items(size), seed: learns ? seed : nil), workers: workers)
      }
      let ends = model.end.map { [$0] } ?? []
      let rows = try texts.map { try model.tokenizer.ids(of: $0, allowSpecialTokens: false) + ends }.filter { $0.count > 1 }
      switch project.objective?.word("packing") ?? "stream" {
      case "separate":
        return try plain(PackedSequences(rows.map { ends + $0 }, length: length, padding: model.padding))
      case "none":
        let batches = try TokenBatches(rows.map { Array((ends + $0).prefix(length)) }, targets: .ids, padding: model.padding)
        return try DataLoader(
          batches, batches: BucketedBatches(lengths: batches.lengths, limit: .items(size), seed: learns ? seed : nil), workers: workers)
      default: return try plain(StreamBatches(learns ? rows : [ends] + rows, length: length, padding: model.padding))
      }
    }
    return (try loader(parts.training, learns: true), parts.validation.rowCount > 0 ? try loader(parts.validation, learns: false) : nil)
  }

  func hidden(_ table: Table) throws -> MaskedTokenBatches {
    let rows = try model.tokenizer.encode(batch: examples.texts(table), allowSpecialTokens: false).map(\.ids).filter { !$0.isEmpty }
    return try MaskedTokenBatches(
      rows, padding: model.padding, mask: mask(), vocabulary: model.network.body.vocabulary, special: special(),
      probability: project.objective?.number("share") ?? 0.15, seed: seed, continuations: continuations())
  }

  private func mask() throws -> Int {
    guard let id = model.tokenizer.specialTokens.mask.flatMap({ model.tokenizer.id(of: $0) }) ?? model.tokenizer.id(of: "[MASK]") else {
      throw ArgumentError("the tokenizer has no token that hides others", expected: "[MASK] or its like")
    }
    return id
  }

  private func special() -> Set<Int> {
    Set(model.tokenizer.addedTokens.filter { $0.value.isSpecial }.map(\.key))
  }

  /// Tokens that go on with a word, which are hidden with the rest of it.
  private func continuations() -> Set<Int> {
    guard project.objective?.flag("whole-words") == true else { return [] }
    return Set((0..<model.tokenizer.idCount).filter { model.tokenizer.token(of: $0)?.hasPrefix("##") == true })
  }
}
