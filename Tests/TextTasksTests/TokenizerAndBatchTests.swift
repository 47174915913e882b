import MartletCore
import Models
import NN
import Testing
import Text
import Torch
import Training

@testable import TextTasks

@Suite struct TokenizerAndBatchTests {
  @Test func charactersComeBackAsTheyWere() throws {
    let tokenizer = try Tokenizer(json: TextTokenizers.characters(of: ["Grüße, 世界!", "a b\nc"]), source: "test")
    let ids = try tokenizer.ids(of: "a 世b\nü", allowSpecialTokens: false)
    #expect(ids.count == 6 && Set(ids).isDisjoint(with: 0..<6))
    #expect(try tokenizer.decode(ids) == "a 世b\nü")
    #expect(try tokenizer.ids(of: "aZ", allowSpecialTokens: false)[1] == TextTokenizers.unknown)
    #expect(tokenizer.id(of: "</s>") == TextTokenizers.end && tokenizer.id(of: "[PAD]") == TextTokenizers.padding)
  }

  @Test func bytePairsAndWordPiecesAreLearnt() throws {
    let texts = (0..<40).map { "the quick brown fox jumps over lazy dog number \($0)" }
    let pairs = try Tokenizer(json: TextTokenizers.bytePairs(of: texts, vocabulary: 300), source: "test")
    let ids = try pairs.ids(of: "the quick dög", allowSpecialTokens: false)
    #expect(try pairs.decode(ids) == "the quick dög" && ids.count < 14 && pairs.idCount == 300)
    let pieces = try Tokenizer(json: TextTokenizers.wordPieces(of: texts, vocabulary: 120), source: "test")
    let encoding = try pieces.encode("The QUICK fox")
    #expect(encoding.tokens.first == "[CLS]" && encoding.tokens.last == "[SEP]" && !encoding.tokens.contains("[UNK]"))
  }

  @Test func aStreamForetellsEveryTokenOnce() throws {
    let texts = [[6, 7, 5], [8, 5], [9, 10, 11, 12, 5]]
    let batches = try StreamBatches(texts, length: 3, padding: 0)
    #expect(batches.count == 3)
    let batch = try batches.batch([0, 1, 2], epoch: 0)
    #expect(try batch.inputs.array(of: Int64.self) == [6, 7, 5, 8, 8, 5, 9, 10, 10, 11, 12, 5])
    #expect(try batch.targets.equal(batch.inputs))
    let cut = try StreamBatches(texts, length: 4, padding: 0).batch([2], epoch: 0)
    #expect(try cut.inputs.array(of: Int64.self) == [12, 5, 0, 0, 0])
    #expect(try cut.targets.array(of: Int64.self) == [12, 5, -100, -100, -100])
    #expect(throws: ArgumentError.self) { _ = try StreamBatches([[3]], length: 4, padding: 0) }
    #expect(throws: LoaderError.self) { _ = try batches.batch([3], epoch: 0) }
  }

  @Test func aWordsFirstTokenHasItsTag() throws {
    let texts = ["johnson lives in newyork", "john son live s new york"]
    let tokenizer = try Tokenizer(json: TextTokenizers.wordPieces(of: texts + texts, vocabulary: 60), source: "test")
    let tags = try WordTags([["johnson", "lives"], ["newyork"]], tags: [[1, 0], [2]], tokenizer: tokenizer)
    for row in tags.rows.indices {
      #expect(tags.rows[row].count == tags.targets[row].count && tags.targets[row].first == -100 && tags.targets[row].last == -100)
    }
    #expect(tags.targets[0].filter { $0 >= 0 } == [1, 0] && tags.targets[1].filter { $0 >= 0 } == [2])
    #expect(tags.words[0].compactMap(\.self) == [0, 1])
    #expect(throws: ArgumentError.self) { _ = try WordTags([["a", "b"]], tags: [[1]], tokenizer: tokenizer) }
  }

  @Test func wholeWordsAreHiddenTogether() throws {
    // Words of one, two and three tokens; 20 and above go on with a word.
    let rows = (0..<60).map { _ in [2, 10, 11, 20, 12, 20, 21, 3] }
    let batches = try MaskedTokenBatches(
      rows, padding: 0, mask: 4, vocabulary: 30, special: [2, 3], probability: 0.4, seed: 5, continuations: [20, 21])
    let batch = try batches.batch(Array(rows.indices), epoch: 0)
    let targets = try batch.targets.array(of: Int64.self)
    var asked = Set<[Int]>()
    for row in rows.indices {
      let own = (0..<8).filter { targets[row * 8 + $0] != -100 }
      #expect(own.contains(2) == own.contains(3) && own.contains(4) == own.contains(5) && own.contains(5) == own.contains(6))
      #expect(!own.contains(0) && !own.contains(7))
      asked.insert(own)
    }
    #expect(asked.count == 7)
  }

  /// Texts in one row that do not see each other give what each gives alone.
  @Test(arguments: ["llama", "gpt2"]) func packedTextsAreAsTextsAlone(type: String) throws {
    var configuration = try NewTextModel(.decoder, layers: 2, width: 32, heads: 2, context: 32).configuration(vocabulary: 40)
    if type == "gpt2" {
      configuration = [
        "model_type": "gpt2", "vocab_size": 40, "n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": 32, "resid_pdrop": 0.0,
        "embd_pdrop": 0.0, "attn_pdrop": 0.0,
      ]
    }
    let model = try RandomState.with(seed: 2) { try LanguageModels.make(configuration, task: .causalLanguageModel) }
    let rows = [[6, 7, 8, 9, 5], [10, 11, 5], [12, 13, 14, 15, 16, 17, 5], [18, 5], [19, 20, 21, 5]]
    let packed = try PackedSequences(rows, length: 12, padding: 0)
    #expect(packed.count == 2)
    let batch = try packed.batch([0, 1], epoch: 0)
    func gradients(_ loss: Tensor) throws -> [String: Tensor] {
      for parameter in model.parameters() { parameter.clearGrad() }
      try loss.backward()
      return Dictionary(uniqueKeysWithValues: model.namedParameters().compactMap { entry in entry.parameter.grad.map { (entry.name, $0) } })
    }
    let together = try TextObjectives.causal(model)(batch).loss
    var alone = try Tensor.zeros([])
    var tokens = 0
    for row in rows {
      let ids = try Tensor(row.map(Int64.init), shape: [1, row.count])
      alone = try alone + nextTokenCrossEntropy(model(TokenInput(ids)), ids) * Double(row.count - 1)
      tokens += row.count - 1
    }
    alone = try alone / Double(tokens)
    #expect(try abs(together.double() - alone.double()) < 1e-5)
    let first = try gradients(together), second = try gradients(alone)
    #expect(first.count == second.count && !first.isEmpty)
    for (name, gradient) in first {
      let other = try #require(second[name])
      #expect(try (gradient - other).abs().max().double() < 1e-4 * max(1e-2, other.abs().max().double()), "\(name)")
    }
  }
}
