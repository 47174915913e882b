import CGeneration
import Foundation
import MartletCore
import Models
import Testing
import Torch

@testable import Generation

/// Tiny checkpoints of `Tools/fixtures_generation.py`, and what transformers makes of them.
struct TinyModel {
  struct Expected: Decodable {
    let ids: [Int]
    let places: [Int]
    let logits: [[Float]]
    let greedy: [Int]
    let searches: [Search]?
  }
  static let names = ["llama", "qwen2", "qwen3", "mistral", "gpt2"]
  let model: DecoderModel
  let expected: Expected

  init(_ name: String, _ format: WeightFormat = .float32) throws {
    let folder = (Bundle.module.resourcePath ?? "") + "/Fixtures/" + name
    model = try DecoderModel(folder: folder, format: format)
    expected = try JSON.decode(
      Expected.self, from: Data(contentsOf: URL(fileURLWithPath: folder + "/expected.json")), source: "expected.json")
  }
}

/// Runs texts through a runtime and gives the scores at all places.
func scores(
  _ model: DecoderModel, _ texts: [[Int]], pieces: [Int], rows: Int = 64, threads: Int = 1, instructions: String? = nil
) throws -> [[[Float]]] {
  let runtime = try DecoderRuntime(model, rows: rows, threads: threads, instructions: instructions)
  let vocabulary = model.configuration.vocabulary
  let pool = PagePool(pageBytes: model.pageBytes, capacity: 64)
  let tables = texts.map { PageTable(pool, tokens: $0.count) }
  var result = texts.map { _ in [[Float]]() }
  var done = texts.map { _ in 0 }
  let logits = UnsafeMutableBufferPointer<Float>.allocate(capacity: rows * vocabulary)
  defer { logits.deallocate() }
  var turn = 0
  while zip(done, texts).contains(where: { $0 < $1.count }) {
    let piece = pieces[turn % pieces.count]
    turn += 1
    var batch: [DecoderRuntime.Row] = []
    var owners: [Int] = []
    for (index, text) in texts.enumerated() {
      for position in done[index]..<min(done[index] + piece, text.count) where batch.count < rows {
        #expect(tables[index].reserve(position + 1))
        batch.append(.init(token: text[position], position: position, pages: tables[index], isOutput: true))
        owners.append(index)
        done[index] = position + 1
      }
    }
    try runtime.step(batch, logits: logits)
    for (row, owner) in owners.enumerated() { result[owner].append(Array(logits[row * vocabulary..<(row + 1) * vocabulary])) }
  }
  return result
}

@Suite struct DecoderTests {
  @Test(arguments: TinyModel.names) func scoresEqualThoseOfTransformers(name: String) throws {
    let tiny = try TinyModel(name)
    let own = try scores(tiny.model, [tiny.expected.ids], pieces: [40])[0]
    var worst: Float = 0
    for (place, logits) in zip(tiny.expected.places, tiny.expected.logits) {
      for (a, b) in zip(own[place], logits) { worst = max(worst, abs(a - b) / max(1, abs(b))) }
    }
    #expect(worst < 2e-5, "\(name): \(worst)")
  }

  /// Bit for bit: alone or with others, whole or in pieces, by one thread or by several.
  @Test(arguments: WeightFormat.allCases) func aRowDoesNotDependOnItsCompany(format: WeightFormat) throws {
    for name in ["llama", "mistral", "gpt2"] {
      let tiny = try TinyModel(name, format)
      var random = KeyedRandom(seed: 1, purpose: "company")
      let texts = [37, 5, 50, 18].map { count in (0..<count).map { _ in Int.random(in: 0..<96, using: &random) } }
      let alone = try texts.map { try scores(tiny.model, [$0], pieces: [64])[0] }
      #expect(try scores(tiny.model, texts, pieces: [1]) == alone)
      #expect(try scores(tiny.model, texts, pieces: [3, 1, 7, 13]) == alone)
      #expect(try scores(tiny.model, texts, pieces: [9], threads: 3) == alone)
      #expect(try texts.map { try scores(tiny.model, [$0], pieces: [11], threads: 2)[0] } == alone)
    }
  }

  @Test(arguments: WeightFormat.allCases) func productsEqualPlainSums(format: WeightFormat) throws {
    var random = KeyedRandom(seed: 2, purpose: "products")
    for (rows, columns) in [(1, 32), (31, 40), (48, 96), (70, 33)] {
      let weights = (0..<rows * columns).map { _ in Float.random(in: -1...1, using: &random) }
      let input = (0..<11 * columns).map { _ in Float.random(in: -2...2, using: &random) }
      let matrix = try PackedMatrix(format, rows: rows, columns: columns)
      for row in 0..<rows { weights.withUnsafeBufferPointer { matrix.set(row, $0.baseAddress! + row * columns) } }
      let result = try matrix.product(input)
      for row in 0..<rows {
        let unpacked = matrix.row(row)
        let step: Float = format == .int4 ? 0.07 : format == .int8 ? 0.005 : format == .bfloat16 ? 0.004 : 0
        for (a, b) in zip(unpacked, weights[row * columns..<(row + 1) * columns]) { #expect(abs(a - b) <= step) }
        for i in 0..<11 {
          let sum = zip(unpacked, input[i * columns..<(i + 1) * columns]).reduce(Float(0)) { $0 + $1.0 * $1.1 }
          // Whole numbers round the input, too: half a step of 2/127 for each number.
          let bound: Float = format == .int8 || format == .int4 ? Float(columns) * 0.004 : 1e-4
          #expect(abs(result[i * rows + row] - sum) < bound, "\(format) \(rows)×\(columns)")
        }
      }
    }
  }

  /// Whatever instructions a machine has, scores come out nearly alike: without fused products the last bits differ, and where an input
  /// lies between two whole numbers it is rounded to the other one now and then.
  @Test(arguments: WeightFormat.allCases) func allInstructionsGiveTheSame(format: WeightFormat) throws {
    let known = DecoderModel.knownInstructions
    #expect(known.last == "plain" && known.contains(DecoderModel.instructions))
    for name in ["llama", "gpt2"] {
      let tiny = try TinyModel(name, format)
      var results: [(String, [[Float]])] = []
      #expect(throws: GenerationError.self) { try DecoderRuntime(tiny.model, rows: 1, threads: 1, instructions: "abacus") }
      for name in known {
        results.append((name, try scores(tiny.model, [tiny.expected.ids], pieces: [13], instructions: name)[0]))
      }
      let plain = try #require(results.last).1
      let bound: Float = format == .int8 || format == .int4 ? 0.1 : 2e-5
      for (instructions, rows) in results {
        var worst: Float = 0
        for (a, b) in zip(rows.joined(), plain.joined()) { worst = max(worst, abs(a - b) / max(1, abs(b))) }
        #expect(worst < bound, "\(instructions), \(name), \(format): \(worst)")
      }
      // Both fuse the same products and take sums in the same order.
      if results.count == 3 { #expect(results[0].1 == results[1].1, "\(name), \(format)") }
    }
  }

  @Test func packedBlocksKeepTheFilesNumbers() throws {
    let path = try #require(Bundle.module.resourcePath) + "/Fixtures/types.gguf"
    let file = try GGUFFile(path: path)
    var known = 0
    for info in file.tensors where !info.name.hasSuffix("expected") && info.type.blockCount > 1 {
      for format in [WeightFormat.int8, .int4] where cg_matrix_holds_blocks(format.kind, info.type.rawValue) == 1 {
        known += 1
        let matrix = try PackedMatrix(format, rows: info.shape[0], columns: info.shape[1])
        let source = GGUFSource(file, heads: 1, keyValueHeads: 1)
        let values = try file.floats(info.name).values(as: Float.self)
        try file.withBytes(info.name) { info, bytes in
          let size = bytes.count / info.shape[0]
          for row in 0..<info.shape[0] {
            let blocks = bytes.baseAddress!.assumingMemoryBound(to: UInt8.self) + row * size
            #expect(cg_matrix_set_blocks(matrix.raw, Int64(row), info.type.rawValue, blocks) == 1)
          }
        }
        for row in 0..<info.shape[0] {
          let expected = values[row * info.shape[1]..<(row + 1) * info.shape[1]]
          // Scales of nested blocks are products, which float16 rounds.
          let bound = (expected.map(abs).max() ?? 0) * 0x1p-10
          for (a, b) in zip(matrix.row(row), expected) { #expect(abs(a - b) <= bound, "\(info.type)") }
        }
        #expect(source.shape(info.name) == nil)
      }
    }
    #expect(known == 12)
  }

  @Test func weightsThatDoNotFitAreNamed() throws {
    var configuration = LlamaConfiguration()
    configuration.layers = 1
    do {
      _ = try DecoderModel(configuration, state: [("model.norm.weight", Tensor.ones([3]))])
      Issue.record("an empty state was taken")
    } catch let error as GenerationError {
      #expect(error.kind == .model && error.problem.contains("model.layers.0.self_attn.q_proj.weight"))
    }
    configuration.headDimension = 24
    #expect(throws: GenerationError.self) { try DecoderModel(configuration, state: []) }
  }
}
