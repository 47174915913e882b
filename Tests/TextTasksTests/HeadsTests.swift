import Foundation
import MartletCore
import Models
import NN
import Testing
import Text
import Torch
import Training

@testable import TextTasks

@Suite(.serialized) struct HeadsTests {
  // Order ---------------------------------------------------------------------------------------------------------------------------------

  private static let lengths = [(0..<23).map { $0 % 7 + 1 }, (0..<5).map { $0 + 1 }]

  @Test func `each text comes once where heads share an epoch by their size`() throws {
    let order = try MixedTextOrder(Self.lengths, size: 4, mixing: .proportional, seed: 3)
    try order.validate(items: 28)
    #expect(throws: ArgumentError.self) { try order.validate(items: 27) }
    for epoch in 0..<2 {
      let batches = order.batches(of: 28, epoch: epoch), all = (0..<batches.count).map { batches[$0] }
      #expect(all.flatMap(\.self).sorted() == Array(0..<28))
      #expect(order.size(of: 28).batches == all.count && order.size(of: 28).visits == 28)
      // One head at a time.
      #expect(all.allSatisfy { batch in batch.allSatisfy { $0 < 23 } || batch.allSatisfy { $0 >= 23 } })
    }
    #expect(order.batches(of: 28, epoch: 0) != order.batches(of: 28, epoch: 1))
    let plain = try MixedTextOrder(Self.lengths, size: 4, mixing: .turns, seed: nil).batches(of: 28, epoch: 0)
    #expect((0..<plain.count).flatMap { plain[$0] }.sorted() == Array(0..<28))
  }

  @Test func `heads that take turns or share a step come as often as the largest`() throws {
    for mixing in [MixedTextOrder.Mixing.turns, .together] {
      let order = try MixedTextOrder(Self.lengths, size: 4, mixing: mixing, seed: 3)
      var seen: [Int: Int] = [:]
      for epoch in 0..<10 {
        let batches = order.batches(of: 28, epoch: epoch), all = (0..<batches.count).map { batches[$0] }
        let visits = all.reduce(0) { $0 + $1.count }
        #expect(order.size(of: 28).batches == all.count && order.size(of: 28).visits == visits)
        #expect(all.allSatisfy { $0.count == order.largestBatch })
        for (number, batch) in all.enumerated() {
          let small = batch.count { $0 >= 23 }
          #expect(mixing == .together ? small == 4 : small == (number % 2 == 0 ? 0 : 4))
          for item in batch { seen[item, default: 0] += 1 }
        }
      }
      // 10 epochs of 6 rounds of 4: 240 visits of 23 texts and of 5 texts, whole passes before any text comes again.
      #expect((0..<23).allSatisfy { (10...11).contains(seen[$0] ?? 0) } && (23..<28).allSatisfy { seen[$0] == 48 })
      let again = try MixedTextOrder(Self.lengths, size: 4, mixing: mixing, seed: 3)
      #expect(order.batches(of: 28, epoch: 4) == again.batches(of: 28, epoch: 4))
    }
    #expect(throws: ArgumentError.self) { try MixedTextOrder([[1], []], size: 4, mixing: .turns, seed: 1) }
  }

  // Learning ------------------------------------------------------------------------------------------------------------------------------

  private struct Parts {
    let tokenizer: Data
    let settings: MultiTextSettings
    let network: MultiHeadLanguageModel
    let model: MultiTextModel
    let texts = ["the cat ran", "the dog sat", "a cat sat down", "one dog"]
    let classes = [[0], [1], [0], [1]]
  }

  private func parts() throws -> Parts {
    let tokenizer = try TextTokenizers.wordPieces(of: ["the cat ran", "the dog sat", "a cat sat down", "one dog"], vocabulary: 60)
    let configuration = try NewTextModel(.encoder, layers: 1, width: 16, heads: 2, context: 16, dropout: 0).configuration(
      vocabulary: Tokenizer(json: tokenizer, source: "test").idCount)
    let settings = MultiTextSettings(heads: [
      .init("kind", TextModelSettings(.classification, labels: ["cat", "dog"], length: 12, pooling: .mean)),
      .init("words", TextModelSettings(.tags, labels: ["O", "B-X"], length: 12), weight: 2),
      .init("vector", TextModelSettings(.embedding, length: 12, pooling: .mean)),
    ])
    return try RandomState.with(seed: 5) {
      let base = try LanguageModels.make(configuration, task: .hiddenStates)
      let network = try MultiHeadLanguageModel(base, heads: settings.heads.map { ($0.name, $0.settings.languageTask) })
      return Parts(
        tokenizer: tokenizer, settings: settings, network: network,
        model: try MultiTextModel(settings, network: network, tokenizer: ["tokenizer.json": tokenizer]))
    }
  }

  /// A mixed batch's loss is the weighted sum of the heads' own, and every head's gradient reaches the one body.
  @Test func `losses are summed by weight`() throws {
    let parts = try parts(), model = parts.model
    let kind = model.heads[0].model, words = model.heads[1].model
    let classified = try ClassifiedTexts(
      parts.texts, classes: parts.classes, several: nil, tokenizer: kind.tokenizer, padding: kind.padding)
    let sentences = parts.texts.map { $0.split(separator: " ").map(String.init) }
    let tags = try WordTags(sentences, tags: sentences.map { $0.map { $0 == "cat" ? 1 : 0 } }, tokenizer: words.tokenizer)
    let tagged = try TokenBatches(tags.rows, targets: .tokens(tags.targets), padding: words.padding)
    let mixed = try MixedTextBatches([classified, tagged])
    #expect(mixed.count == 8)
    let first = TextObjectives.classes(kind.network, hasSeveral: false), second = TextObjectives.tags(words.network)
    let objective = TextObjectives.mixed([("kind", first, 1), ("words", second, 2)])
    let both = try objective(mixed.batch([0, 5, 2, 7], epoch: 0))
    let one = try first(classified.batch([0, 2], epoch: 0)).loss, two = try second(tagged.batch([1, 3], epoch: 0)).loss
    #expect(try abs(both.loss.double() - one.double() - 2 * two.double()) < 1e-6)
    #expect(both.measured.map(\.name) == ["kind/loss", "words/loss"])
    try both.loss.backward()
    #expect(parts.network.base.body.tokenTable.weight.grad != nil)
    let alone = try objective(mixed.batch([4], epoch: 0))
    #expect(alone.measured.map(\.name) == ["words/loss"])
    #expect(throws: (any Error).self) { try mixed.batch([8], epoch: 0) }
  }

  @Test func `a model of several heads is saved, read again and adapted`() throws {
    let parts = try parts()
    parts.network.eval()
    let said = try parts.model.answers(to: parts.texts)
    let folder = TextFolder()
    try parts.model.save(to: folder.path)
    let again = try MultiTextModel(folder: folder.path)
    #expect(again.settings == parts.settings)
    for (row, answer) in try #require(again.answers(to: parts.texts, heads: ["kind"])["kind"]).enumerated() {
      guard case .classes(let values) = answer, case .classes(let expected)? = said["kind"]?[row] else {
        Issue.record("no classes")
        continue
      }
      #expect(zip(values, expected).allSatisfy { abs($0 - $1) < 1e-6 })
    }
    // Others read the body alone.
    #expect(try LanguageModels.load(folder: folder.path, task: .embedding()).loading?.new.isEmpty == true)
    #expect(throws: FileError.self) { try MultiTextModel(folder: folder.path + "/none") }

    // With an adapter only that and the heads learn; merged, the answers are what they were.
    try TextAdapter.lora(LoRASettings(rank: 2)).attach(to: again.network)
    let learning = again.network.namedParameters().filter(\.parameter.requiresGrad).map(\.name)
    #expect(learning.allSatisfy { $0.contains(".lora_") || $0.hasPrefix("heads.") } && learning.contains("heads.kind.classifier.weight"))
    let merged = try TextAdapter.lora(LoRASettings(rank: 2)).finish(again.network) { again.network.base }
    #expect(merged.base.adapted.isEmpty)
    try TextAdapter.head.attach(to: merged)
    #expect(merged.base.parameters().allSatisfy { !$0.requiresGrad })
    #expect(throws: ModelError.self) { try TextAdapter.prefix(length: 2).attach(to: merged) }
  }

  @Test func `heads that cannot be are named`() throws {
    let base = try parts().network.base
    func message(_ heads: [(name: String, task: LanguageTask)]) -> String {
      do {
        _ = try MultiHeadLanguageModel(base, heads: heads)
        return ""
      } catch { return "\(error)" }
    }
    #expect(message([]).contains("without heads"))
    #expect(message([("a.b", .embedding())]).contains("'a.b'"))
    #expect(message([("a", .embedding()), ("a", .embedding())]).contains("once"))
    #expect(message([("a", .maskedLanguageModel)]).contains("masked"))
    #expect(message([("a", .tokenClassification(labels: 2))]).isEmpty)
  }
}
