import Foundation
import MartletCore
import Models
import NN
import Testing
import Text
import Torch
import Training

@testable import TextTasks

/// Tiny models that learn something.
@Suite(.serialized) struct LearningTests {
  private static let animals = ["cat", "dog", "cow", "hen"], fruits = ["apple", "pear", "plum", "fig"]

  /// Sentences about animals and about fruits.
  private static func sentences(_ count: Int) -> (texts: [String], classes: [[Int]]) {
    var random = KeyedRandom(seed: 1, purpose: "sentences", index: 0)
    let all = (0..<count).map { number -> (String, [Int]) in
      let isFruit = number % 2
      let noun = (isFruit == 1 ? fruits : animals).randomElement(using: &random) ?? ""
      let verb = ["we saw", "here is", "they like"].randomElement(using: &random) ?? ""
      return ("\(verb) the \(noun) today", [isFruit])
    }
    return (all.map(\.0), all.map(\.1))
  }

  private func model(
    _ task: TextModelSettings.Task, _ kind: NewTextModel.Kind, labels: [String] = [], tokenizer: Data, hasSeveral: Bool = false
  ) throws -> TextModel {
    let files = ["tokenizer.json": tokenizer]
    let vocabulary = try Tokenizer(json: tokenizer, source: "test").idCount
    let settings = TextModelSettings(
      task, labels: labels, hasSeveral: hasSeveral, length: 24, pooling: kind == .encoder && task != .tags ? .mean : nil)
    let names: [String: JSONValue] =
      labels.isEmpty ? [:] : ["id2label": .object(Dictionary(uniqueKeysWithValues: labels.enumerated().map { ("\($0)", .string($1)) }))]
    let configuration = try NewTextModel(kind, layers: 1, width: 32, heads: 2, context: 32, dropout: 0).configuration(
      vocabulary: vocabulary)
    let network = try RandomState.with(seed: 3) {
      try LanguageModels.make(
        .object((configuration.objectValue ?? [:]).merging(names) { first, _ in first }), task: settings.languageTask)
    }
    return try TextModel(settings, network: network, tokenizer: files)
  }

  private func fit(
    _ model: TextModel, _ loader: DataLoader, epochs: Int, rate: Double = 5e-3, _ objective: @escaping TextObjectives.Objective
  ) async throws -> TrainingResult {
    try await Trainer(model.network, optimizer: .adamW(learningRate: rate), seed: 1, objective: objective).fit(loader, epochs: epochs)
  }

  @Test func classesAreLearntSavedAndToldAgain() async throws {
    let (texts, classes) = Self.sentences(64)
    let model = try self.model(
      .classification, .encoder, labels: ["animal", "fruit"], tokenizer: TextTokenizers.wordPieces(of: texts, vocabulary: 80))
    let source = try ClassifiedTexts(texts, classes: classes, several: nil, tokenizer: model.tokenizer, padding: model.padding)
    let loader = try DataLoader(source, batches: BucketedBatches(lengths: source.lengths, limit: .items(16), seed: 1))
    _ = try await fit(model, loader, epochs: 6, TextObjectives.classes(model.network, hasSeveral: false))
    let said = try model.probabilities(of: texts)
    #expect(zip(said, classes).allSatisfy { $0[$1[0]] > 0.8 && abs($0.reduce(0, +) - 1) < 1e-5 })
    // Saved and read again it says the same.
    let folder = TextFolder()
    try model.save(to: folder.path)
    let again = try TextModel(folder: folder.path)
    #expect(again.settings == model.settings && again.network.labels == ["animal", "fruit"])
    #expect(zip(try again.probabilities(of: texts), said).allSatisfy { zip($0, $1).allSatisfy { abs($0 - $1) < 1e-6 } })
    #expect(throws: FileError.self) { _ = try TextModel(folder: folder.path + "/none") }
  }

  /// Adapters beside resting weights, rounded or not, learn; merged, the model says what it said.
  @Test(arguments: [nil, WeightQuantization.int8, .nf4]) func adaptersLearnAndAreMerged(rounding: WeightQuantization?) async throws {
    let (texts, classes) = Self.sentences(64)
    let data = try TextTokenizers.wordPieces(of: texts, vocabulary: 80)
    let model = try self.model(.classification, .encoder, labels: ["animal", "fruit"], tokenizer: data)
    let before = try model.network.state().copied()
    let adapter = TextAdapter.lora(LoRASettings(rank: 8, alpha: 16, targets: ["all-linear"], quantization: rounding))
    try adapter.attach(to: model.network)
    let source = try ClassifiedTexts(texts, classes: classes, several: nil, tokenizer: model.tokenizer, padding: model.padding)
    let loader = try DataLoader(source, batches: BucketedBatches(lengths: source.lengths, limit: .items(16), seed: 1))
    let result = try await fit(model, loader, epochs: 20, rate: 5e-3, TextObjectives.classes(model.network, hasSeveral: false))
    let losses = result.values("train/loss")
    #expect(try #require(losses.last) < 0.7 * #require(losses.first), "\(losses)")
    let said = try model.probabilities(of: texts)
    let plain = try adapter.finish(model.network) {
      let fresh = try self.model(.classification, .encoder, labels: ["animal", "fruit"], tokenizer: data).network
      try fresh.load(before, source: "before")
      return fresh
    }
    #expect(plain.adapted.isEmpty)
    let served = try TextModel(model.settings, network: plain, tokenizer: ["tokenizer.json": data])
    let merged = try served.probabilities(of: texts)
    let difference = zip(said, merged).map { abs($0[0] - $1[0]) }.max() ?? 1
    // Rounded weights are near those that the adapters are merged into.
    #expect(difference < (rounding == nil ? 1e-4 : rounding == .int8 ? 0.1 : 0.4), "\(difference)")
    #expect(zip(merged, classes).count { $0[$1[0]] > 0.5 } >= 48)
  }

  @Test func severalClassesAndATeacherAreLearnt() async throws {
    let (texts, classes) = Self.sentences(48)
    // A second question: does the text have a "we"?
    let both = zip(texts, classes).map { text, own in (own[0] == 1 ? [0] : []) + (text.hasPrefix("we") ? [1] : []) }
    let data = try TextTokenizers.wordPieces(of: texts, vocabulary: 80)
    let teacher = try model(.classification, .encoder, labels: ["fruit", "we"], tokenizer: data, hasSeveral: true)
    let source = try ClassifiedTexts(texts, classes: both, several: 2, tokenizer: teacher.tokenizer, padding: teacher.padding)
    let loader = try DataLoader(source, batches: BucketedBatches(lengths: source.lengths, limit: .items(16), seed: 1))
    _ = try await fit(teacher, loader, epochs: 12, TextObjectives.classes(teacher.network, hasSeveral: true))
    let scores = try TextModel.severalScores(truth: both, probabilities: teacher.probabilities(of: texts), classes: 2)
    #expect(try #require(scores["f1_micro"]).value > 0.95)
    // A pupil that sees wrong answers only, but listens to its teacher.
    let pupil = try model(.classification, .encoder, labels: ["fruit", "we"], tokenizer: data, hasSeveral: true)
    let wrong = try ClassifiedTexts(texts, classes: both.map { _ in [] }, several: 2, tokenizer: pupil.tokenizer, padding: pupil.padding)
    let lessons = try DataLoader(wrong, batches: BucketedBatches(lengths: wrong.lengths, limit: .items(16), seed: 1))
    _ = try await fit(
      pupil, lessons, epochs: 12, TextObjectives.classes(pupil.network, hasSeveral: true, teacher: (teacher.network, 1, 1)))
    let copied = try TextModel.severalScores(truth: both, probabilities: pupil.probabilities(of: texts), classes: 2)
    #expect(try #require(copied["f1_micro"]).value > 0.9)
  }

  @Test func tagsAreLearnt() async throws {
    let (texts, _) = Self.sentences(48)
    let words = texts.map { $0.split(separator: " ").map(String.init) }
    let tags = words.map { $0.map { Self.animals.contains($0) ? "B-ANIMAL" : Self.fruits.contains($0) ? "B-FRUIT" : "O" } }
    let labels = ["O", "B-ANIMAL", "B-FRUIT"]
    let model = try self.model(.tags, .encoder, labels: labels, tokenizer: TextTokenizers.wordPieces(of: texts, vocabulary: 60))
    let encoded = try WordTags(words, tags: tags.map { $0.map { labels.firstIndex(of: $0) ?? 0 } }, tokenizer: model.tokenizer)
    let source = try TokenBatches(encoded.rows, targets: .tokens(encoded.targets), padding: model.padding)
    _ = try await fit(model, DataLoader(source, batchSize: 16), epochs: 8, TextObjectives.tags(model.network))
    #expect(try #require(TextModel.spanScores(truth: tags, predicted: model.tags(of: words))["span_f1"]).value > 0.95)
    // More words than the model reads.
    let long = [String](repeating: "cat", count: 60)
    #expect(try model.tags(of: [long])[0].count == 60 && model.tags(of: [long])[0].last == "O")
  }

  @Test func partnersAreFound() async throws {
    let nouns = Self.animals + Self.fruits
    let anchors = nouns.map { "the \($0)" }, positives = nouns.map { "we like \($0) today" }
    let data = try TextTokenizers.wordPieces(of: anchors + positives, vocabulary: 80)
    let model = try self.model(.embedding, .encoder, tokenizer: data)
    func rows(_ texts: [String]) throws -> [[Int]] { try texts.map { try model.tokenizer.encode($0).ids } }
    let source = try PairBatches(
      anchors: rows(anchors), positives: rows(positives), negatives: rows(positives.reversed()), padding: model.padding)
    let batch = try source.batch([0, 1], epoch: 0)
    #expect(batch.extras["partners"]?.shape[0] == 4)
    _ = try await fit(model, DataLoader(source, batchSize: 8), epochs: 30, TextObjectives.multipleNegatives(model.network))
    let scores = try RetrievalScores.pairs(anchors: model.vectors(of: anchors), partners: model.vectors(of: positives))
    #expect(try #require(scores["recall_at_1"]).value == 1)
    let folder = TextFolder()
    try model.save(to: folder.path)
    let again = try LanguageModels.load(folder: folder.path)
    #expect(again.task == .embedding(EmbeddingSettings()))
  }

  @Test func wordsAreTranslated() async throws {
    let nouns = Self.animals, others = ["gato", "perro", "vaca", "gallina"]
    let data = try TextTokenizers.characters(of: nouns + others)
    let model = try self.model(.translation, .encoderDecoder, tokenizer: data)
    let end = try #require(model.end)
    let source = try TranslationBatches(
      sources: nouns.map { try model.tokenizer.ids(of: $0) + [end] }, translations: others.map { try model.tokenizer.ids(of: $0) + [end] },
      padding: model.padding)
    _ = try await fit(model, DataLoader(source, batchSize: 8), epochs: 250, TextObjectives.translation(model.network))
    #expect(try model.translations(of: nouns.map { $0 }) == others)
    let speechless = try self.model(.causal, .decoder, tokenizer: data)
    #expect(throws: ModelError.self) { _ = try speechless.translations(of: ["a"]) }
  }

  @Test func aDecoderLearnsATextAndIsJudgedByCharacters() async throws {
    let texts = ["abcabcabcabc", "abcabc"]
    let model = try self.model(.causal, .decoder, tokenizer: TextTokenizers.characters(of: texts))
    #expect(model.end == TextTokenizers.end)
    let before = try model.perplexities(of: texts)
    let rows = try texts.map { try model.tokenizer.ids(of: $0) + [TextTokenizers.end] }
    let source = try StreamBatches(rows, length: 24, padding: model.padding)
    _ = try await fit(model, DataLoader(source, batchSize: 4), epochs: 150, TextObjectives.causal(model.network))
    let after = try model.perplexities(of: texts)
    let (high, low) = try (#require(before["perplexity"]).value, #require(after["perplexity"]).value)
    #expect(high > 6 && low < 1.6, "\(high), \(low)")
    // A token is a character here, and a text's end counts as one.
    #expect(abs(try #require(after["perplexity_per_character"]).value - low) < 1e-9)
    #expect(abs(try #require(after["bits_per_character"]).value - log2(low)) < 1e-9)
    #expect(try model.sample("ab", tokens: 4, temperature: 0.1, seed: 1).hasPrefix("abcab"))
    #expect(try model.sample("ab", tokens: 9, seed: 4) == model.sample("ab", tokens: 9, seed: 4))
  }

  @Test func windowsThatOverlapForetellEveryTokenOnce() throws {
    let model = try self.model(.causal, .decoder, tokenizer: TextTokenizers.characters(of: ["abcdefgh"]))
    let stream = (0..<70).map { 6 + ($0 * 5) % 8 }
    let found = try model.logProbabilities(of: stream)
    #expect(found.count == 69 && found.allSatisfy { $0 < 0 })
    // The first window is what the model says of it in one go.
    let ids = try Tensor(stream.prefix(25).map(Int64.init), shape: [1, 25])
    let whole = try withoutGrad {
      try model.network(TokenInput(ids)).logSoftmax(dim: 2).narrow(dim: 1, start: 0, length: 24)
        .gather(dim: 2, ids.narrow(dim: 1, start: 1, length: 24).unsqueeze(2)).array(of: Double.self)
    }
    for (first, second) in zip(found.prefix(24), whole) { #expect(abs(first - second) < 1e-5) }
    // A token behind it is foretold from the tokens before it that the model can read.
    let window = stream[12..<37].map(Int64.init)
    let tail = try withoutGrad {
      try model.network(TokenInput(Tensor(Array(window.dropLast()), shape: [1, 24]))).logSoftmax(dim: 2).array(of: Double.self)
    }
    let vocabulary = tail.count / 24
    #expect(abs(found[35] - tail[23 * vocabulary + stream[36]]) < 1e-5)
    #expect(try model.logProbabilities(of: [7]).isEmpty)
  }

  /// Layers that are computed again in the backward pass give the gradients of those that are kept, dropout included.
  @Test(arguments: ["bert", "gpt2", "llama", "marian"]) func recomputedLayersGiveTheSameGradients(type: String) throws {
    let configurations: [String: (JSONValue, LanguageTask)] = [
      "bert": (
        try NewTextModel(.encoder, layers: 2, width: 32, heads: 2, context: 16, dropout: 0.2).configuration(vocabulary: 40),
        .maskedLanguageModel
      ),
      "llama": (
        try NewTextModel(.decoder, layers: 2, width: 32, heads: 2, context: 16).configuration(vocabulary: 40), .causalLanguageModel
      ),
      "marian": (
        try NewTextModel(.encoderDecoder, layers: 2, width: 32, heads: 2, context: 16, dropout: 0.2).configuration(vocabulary: 40),
        .sequenceToSequence
      ),
      "gpt2": (
        [
          "model_type": "gpt2", "vocab_size": 40, "n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": 16, "resid_pdrop": 0.2,
          "embd_pdrop": 0.1, "attn_pdrop": 0.0,
        ], .causalLanguageModel
      ),
    ]
    let (configuration, task) = try #require(configurations[type])
    let model = try RandomState.with(seed: 2) { try LanguageModels.make(configuration, task: task) }
    model.train()
    let ids = try Tensor((0..<16).map { Int64(6 + $0 * 3 % 30) }, shape: [2, 8])
    func gradients(_ recomputation: Recomputation?) throws -> (loss: Double, gradients: [String: Tensor]) {
      for parameter in model.parameters() { parameter.clearGrad() }
      model.body.recomputation = recomputation
      let loss = try RandomState.with(seed: 9) {
        let scores = try model(TokenInput(ids, decoderIDs: type == "marian" ? ids : nil))
        let loss = try crossEntropy(scores.reshape([16, 40]), ids.reshape([16]))
        try loss.backward()
        return try loss.double()
      }
      let found = model.namedParameters().compactMap { entry in entry.parameter.grad.map { (entry.name, $0) } }
      return (loss, Dictionary(uniqueKeysWithValues: found))
    }
    let kept = try gradients(nil), again = try gradients(checkpointed)
    #expect(kept.loss == again.loss && kept.gradients.count == again.gradients.count && !kept.gradients.isEmpty)
    for (name, gradient) in kept.gradients {
      let other = try #require(again.gradients[name])
      #expect(try (gradient - other).abs().max().double() <= 1e-6 * max(1, gradient.abs().max().double()), "\(name)")
    }
  }
}
