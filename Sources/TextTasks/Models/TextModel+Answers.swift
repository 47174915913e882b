import MartletCore
import Models
import Text
import Torch

extension TextModel {
  /// Probabilities of the classes for each text: they sum to 1 where a text has one class.
  /// - Throws: `TokenizerError`, `TorchError`.
  public func probabilities(of texts: [String]) throws -> [[Double]] {
    let rows = try ids(of: texts)
    var result = [[Double]](repeating: [], count: rows.count)
    try batched(rows) { part in
      let scores = try network(TokenInput(rows: part.map { rows[$0] }, padding: padding))
      let values = try (settings.hasSeveral ? scores.sigmoid() : scores.softmax(dim: 1)).array(of: Double.self)
      let count = settings.labels.count
      for (place, row) in part.enumerated() { result[row] = Array(values[(place * count)..<((place + 1) * count)]) }
    }
    return result
  }

  /// A text cut at white space, as tags are given to words.
  public static func words(_ text: String) -> [String] { text.split(whereSeparator: \.isWhitespace).map(String.init) }

  /// A tag for each word of each sentence; words behind the model's length are `O`, or the first tag where there is no `O`.
  public func tags(of sentences: [[String]]) throws -> [[String]] {
    let encoded = try WordTags(sentences, tokenizer: tokenizer)
    let usual = settings.labels.firstIndex(of: "O") ?? 0
    var result = sentences.map { [Int](repeating: usual, count: $0.count) }
    let rows = encoded.rows.map { $0.isEmpty ? [padding] : $0 }
    try batched(rows) { part in
      let best = try network(TokenInput(rows: part.map { rows[$0] }, padding: padding)).argmax(dim: 2)
      let values = try best.array(of: Int64.self), length = best.shape[1]
      for (place, row) in part.enumerated() {
        for (token, word) in encoded.words[row].enumerated() { if let word { result[row][word] = Int(values[place * length + token]) } }
      }
    }
    return result.map { $0.map { settings.labels[$0] } }
  }

  /// A vector of length 1 for each text.
  public func vectors(of texts: [String]) throws -> [[Float]] {
    let rows = try ids(of: texts)
    var result = [[Float]](repeating: [], count: rows.count)
    try batched(rows) { part in
      let output = try network(TokenInput(rows: part.map { rows[$0] }, padding: padding))
      let values = try output.array(of: Float.self), width = output.shape[1]
      for (place, row) in part.enumerated() { result[row] = Array(values[(place * width)..<((place + 1) * width)]) }
    }
    return result
  }

  /// The most likely text, token by token, for each text.
  /// - Parameter length: tokens at most; `nil` for what the model learnt.
  /// - Throws: `ModelError` for a model that does not write texts.
  public func translations(of texts: [String], length: Int? = nil) throws -> [String] {
    guard let body = network.body as? any EncoderDecoder else {
      throw ModelError("a model for \(network.task.name) does not translate", expected: "an encoder-decoder")
    }
    let rows = try ids(of: texts), most = length ?? settings.length
    var result = [String](repeating: "", count: rows.count)
    try batched(rows, tokens: 4096) { part in
      let written = try Self.greedy(body, network, part.map { rows[$0] }, padding: padding, end: end, length: most)
      for (place, row) in part.enumerated() { result[row] = try tokenizer.decode(written[place]) }
    }
    return result
  }

  private static func greedy(
    _ body: any EncoderDecoder, _ network: LanguageModel, _ rows: [[Int]], padding: Int, end: Int?, length: Int
  ) throws -> [[Int]] {
    let input = try TokenInput(rows: rows, padding: padding)
    let memory = try body.encode(input)
    var written = [[Int]](repeating: [], count: rows.count), isDone = [Bool](repeating: false, count: rows.count)
    for _ in 0..<length where isDone.contains(false) {
      try Task.checkCancellation()
      let ids = try TokenRows.filled(written.map { [body.decoderStart] + $0 }, with: padding)
      let hidden = try body.decode(ids, mask: nil, memory: memory, memoryMask: input.mask)
      let scores = try network.head(hidden.narrow(dim: 1, start: hidden.shape[1] - 1, length: 1), input, network.body)
      // What fills up is never written.
      let next = try scores.select(dim: 1, index: 0).indexFill(dim: 1, Tensor([Int64(padding)]), .double(-1e9))
        .argmax(dim: 1).array(of: Int64.self)
      for (row, id) in next.enumerated() {
        if !isDone[row], Int(id) == end { isDone[row] = true }
        // Rows keep one length; what stands behind the end is cut off below.
        written[row].append(Int(id))
      }
    }
    return written.map { row in Array(row.prefix { $0 != end }) }
  }

  /// The logarithms of the probabilities that the model gives to each token of the texts, each behind as much of what came before as the
  /// model can read; windows overlap by half.
  /// - Parameter texts: ids, one behind the other.
  public func logProbabilities(of stream: [Int]) throws -> [Double] {
    guard stream.count >= 2 else { return [] }
    let width = settings.length, stride = max(1, width / 2)
    // Each window foretells the tokens behind `from`; the first one all of its own.
    var windows: [(start: Int, end: Int, from: Int)] = []
    var done = 1
    while done < stream.count {
      let end = min(stream.count, windows.isEmpty ? width + 1 : done + stride)
      windows.append((max(0, end - width - 1), end, done))
      done = end
    }
    let rows = windows.map { Array(stream[$0.start..<$0.end]) }
    var parts = [[Double]](repeating: [], count: windows.count)
    try batched(rows, tokens: 4096) { part in
      let ids = try TokenRows.filled(part.map { rows[$0] }, with: padding)
      let length = ids.shape[1] - 1
      let scores = try network(TokenInput(ids)).narrow(dim: 1, start: 0, length: length).logSoftmax(dim: 2)
      let found = try scores.gather(dim: 2, ids.narrow(dim: 1, start: 1, length: length).unsqueeze(2)).array(of: Double.self)
      for (place, index) in part.enumerated() {
        let window = windows[index]
        parts[index] = (window.from..<window.end).map { found[place * length + $0 - window.start - 1] }
      }
    }
    return parts.flatMap(\.self)
  }

  /// A text drawn from the model, token by token.
  /// - Parameters:
  ///   - prompt: what it begins with; may be empty.
  ///   - tokens: how many are drawn at most.
  ///   - temperature: smaller numbers keep to what is likely.
  ///   - seed: decides what is drawn.
  public func sample(_ prompt: String, tokens: Int, temperature: Double = 0.8, seed: UInt64 = 1) throws -> String {
    var ids = try tokenizer.ids(of: prompt, allowSpecialTokens: false)
    if ids.isEmpty { ids = [end ?? padding] }
    let given = ids.count
    let unknown = tokenizer.specialTokens.unknown.flatMap { tokenizer.id(of: $0) } ?? tokenizer.id(of: "[UNK]")
    try RandomState.with(seed: seed) {
      try withoutGrad {
        for _ in 0..<tokens {
          try Task.checkCancellation()
          let seen = Array(ids.suffix(settings.length))
          let scores = try network(TokenInput(rows: [seen], padding: padding)).select(dim: 1, index: seen.count - 1)
          let banned = [padding, unknown].compactMap(\.self).map(Int64.init)
          let odds = try (scores / temperature).indexFill(dim: 1, Tensor(banned), .double(-1e9)).softmax(dim: 1)
          let next = try odds.multinomial(numSamples: 1).array(of: Int64.self)[0]
          if Int(next) == end { break }
          ids.append(Int(next))
        }
      }
    }
    return prompt + (try tokenizer.decode(Array(ids.dropFirst(given))))
  }

  /// Ids of texts, cut to the model's length; a text without tokens is one of padding.
  func ids(of texts: [String]) throws -> [[Int]] {
    try tokenizer.encode(batch: texts, allowSpecialTokens: false).map { $0.ids.isEmpty ? [padding] : $0.ids }
  }
}
