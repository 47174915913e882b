import Foundation
import MartletCore
import Models
import NN
import Text
import Torch

/// An encoder with its tokenizer: texts in, vectors out.
///
/// `@unchecked Sendable`: the model is used on its own thread only, and is not changed after the initialiser.
final class LanguageEmbedder: TextEmbedder, @unchecked Sendable {
  let dimensions: Int?
  private let model: LanguageModel
  private let tokenizer: Tokenizer
  private let padding: Int
  private let limit: Int
  private let thread = TorchThread(name: "embedding")
  /// Tokens of one forward pass at most: rows are cut into calls of about this size, the longest first.
  private static let tokensOfCall = 8192

  init(_ model: LanguageModel, tokenizer: Tokenizer) throws {
    self.model = model
    var tokenizer = tokenizer
    tokenizer.padding = nil
    let positions = model.configuration["max_position_embeddings"]?.intValue ?? 512
    // Some files cut texts shorter than the model could read; that is how it was trained.
    limit = min(positions, tokenizer.truncation?.maxLength ?? positions)
    tokenizer.truncation = nil
    self.tokenizer = tokenizer
    padding = model.body.padding ?? tokenizer.specialTokens.padding.flatMap { tokenizer.id(of: $0) } ?? 0
    dimensions = try Self.dimensions(of: model)
  }

  /// Elements of a vector.
  static func dimensions(of model: LanguageModel) throws -> Int {
    try withoutGrad { try model(TokenInput(Tensor([Int64(0), 1], shape: [1, 2]))).shape.last ?? 0 }
  }

  func embed(_ inputs: [EmbeddingInput], dimensions wanted: Int?) async throws -> TextEmbeddings {
    if let wanted, let dimensions, !(1...dimensions).contains(wanted) {
      throw LanguageRequestError(.badDimensions(wanted, expected: "1 to \(dimensions)"))
    }
    var rows: [[Int]] = []
    for (index, input) in inputs.enumerated() {
      let ids: [Int]
      switch input {
      case .text(let text): ids = try tokenizer.encode(text, allowSpecialTokens: false).ids
      case .tokens(let tokens):
        if let wrong = tokens.first(where: { !(0..<tokenizer.idCount).contains($0) }) {
          throw LanguageRequestError(.unknownToken(wrong, vocabulary: tokenizer.idCount))
        }
        ids = tokens
      }
      guard !ids.isEmpty else { throw LanguageRequestError(.emptyPrompt) }
      guard ids.count <= limit else { throw LanguageRequestError(.inputTooLong(index: index, limit: limit, tokens: ids.count)) }
      rows.append(ids)
    }
    let tokens = rows.reduce(0) { $0 + $1.count }
    let vectors = try await thread.run { [self, rows] in try self.vectors(rows) }
    return TextEmbeddings(vectors: wanted.map { count in vectors.map { Self.shortened($0, to: count) } } ?? vectors, tokens: tokens)
  }

  /// Rows of like length go through together, so that little is computed on padding.
  private func vectors(_ rows: [[Int]]) throws -> [[Float]] {
    var result = [[Float]](repeating: [], count: rows.count)
    let order = rows.indices.sorted { (rows[$1].count, $0) < (rows[$0].count, $1) }
    var start = 0
    while start < order.count {
      try Task.checkCancellation()
      let longest = rows[order[start]].count
      let part = order[start..<min(order.count, start + max(1, Self.tokensOfCall / longest))]
      let output = try withoutGrad { try model(TokenInput(rows: part.map { rows[$0] }, padding: padding)).array(of: Float.self) }
      let width = output.count / part.count
      for (place, row) in part.enumerated() { result[row] = Array(output[place * width..<(place + 1) * width]) }
      start = part.endIndex
    }
    return result
  }

  /// The first elements, brought to length 1 again (Matryoshka representations, Kusupati et al. 2022).
  private static func shortened(_ vector: [Float], to count: Int) -> [Float] {
    let part = vector.prefix(count)
    let length = part.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return length > 0 ? part.map { $0 / length } : Array(part)
  }
}
