import MartletCore
import Testing
import Torch

@testable import Training

@Suite struct TokenBatchesTests {
  private let rows = [[5, 6, 7], [8], [9, 10, 11, 12, 13], [14, 15]]

  @Test func batchesAreFilledToTheirLongestText() throws {
    let source = try TokenBatches(rows, targets: .classes([0, 1, 2, 3]), padding: 0)
    let batch = try source.batch([0, 3], epoch: 0)
    #expect(try batch.inputs.array(of: Int.self) == [5, 6, 7, 14, 15, 0])
    #expect(try batch.targets.array(of: Int.self) == [0, 3])
    let ids = try TokenBatches(rows, targets: .ids, padding: 0).batch([1, 3], epoch: 0)
    #expect(try ids.targets.array(of: Int.self) == [8, -100, 14, 15])
    #expect(throws: ArgumentError.self) { try TokenBatches(rows, targets: .classes([1]), padding: 0) }
    #expect(throws: ArgumentError.self) { try TokenBatches([[1], []], targets: .ids, padding: 0) }
    #expect(throws: ArgumentError.self) { try TokenBatches(rows, targets: .tokens([[1], [1], [1], [1]]), padding: 0) }
    #expect(throws: LoaderError.self) { try source.batch([4], epoch: 0) }
  }

  @Test func hiddenTokensAreTheOnesToGuess() throws {
    let texts = (0..<40).map { text in [1] + (0..<30).map { 10 + (text * 7 + $0) % 80 } + [2] }
    let source = try MaskedTokenBatches(texts, padding: 0, mask: 3, vocabulary: 100, special: [1, 2], seed: 5)
    let batch = try source.batch(Array(0..<40), epoch: 0)
    let shown = try batch.inputs.array(of: Int.self), hidden = try batch.targets.array(of: Int.self), plain = texts.flatMap { $0 }
    var counts = (masked: 0, kept: 0, other: 0)
    for place in plain.indices {
      if hidden[place] == -100 {
        #expect(shown[place] == plain[place])
      } else {
        #expect(hidden[place] == plain[place] && ![1, 2].contains(plain[place]))
        if shown[place] == 3 { counts.masked += 1 } else if shown[place] == plain[place] { counts.kept += 1 } else { counts.other += 1 }
      }
    }
    let chosen = counts.masked + counts.kept + counts.other
    #expect((130...230).contains(chosen), "of 1,200 tokens 180 are expected")
    #expect((0.7...0.9).contains(Double(counts.masked) / Double(chosen)) && counts.kept > 0 && counts.other > 0)
    #expect(try source.batch([3], epoch: 0).targets.array(of: Int.self) == source.batch([3], epoch: 0).targets.array(of: Int.self))
    #expect(try source.batch([3], epoch: 0).targets.array(of: Int.self) != source.batch([3], epoch: 1).targets.array(of: Int.self))
    // A text does not depend on those beside it.
    #expect(
      try source.batch([2, 3], epoch: 0).targets.array(of: Int.self).suffix(32)
        == source.batch([3], epoch: 0).targets.array(of: Int.self)[...])
  }

  @Test func packingLosesNothingAndLeavesLittleRoom() throws {
    let texts = (0..<60).map { text in (0..<(1 + text * 13 % 29)).map { text * 100 + $0 } }
    let packed = try PackedSequences(texts, length: 32, padding: 0)
    #expect(packed.packs.flatMap { $0 }.sorted() == Array(0..<60))
    #expect(packed.fill > 0.95, "\(packed.fill)")
    let batch = try packed.batch(Array(0..<packed.count), epoch: 0)
    let ids = try batch.inputs.array(of: Int.self), positions = try #require(batch.extras["positions"]).array(of: Int.self)
    let segments = try #require(batch.extras["segments"]).array(of: Int.self), targets = try batch.targets.array(of: Int.self)
    var seen: [Int: [Int]] = [:]
    for place in ids.indices where segments[place] >= 0 {
      let text = place / 32 * 1000 + segments[place]
      #expect(positions[place] == seen[text, default: []].count)
      #expect(targets[place] == (positions[place] == 0 ? -100 : ids[place]))
      seen[text, default: []].append(ids[place])
    }
    #expect(Set(seen.values) == Set(texts))
    // What is longer than a row is cut.
    #expect(try PackedSequences([Array(1...70)], length: 32, padding: 0).count == 3)
  }
}
