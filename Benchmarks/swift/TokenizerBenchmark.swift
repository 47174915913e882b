import Foundation
import Martlet

/// Tokenizers: what Tools/check_tokenizers.py compares with the reference libraries, and how fast; the peer is tokenizers.py.
enum TokenizerBenchmark {
  /// - Parameter arguments: `check KIND FILE TEXTS OUT` writes ids and offsets of each text (separated by bytes 255) to a file;
  ///   `speed KIND FILE TEXTS` gives megabytes a second on one thread, best of five, with offsets and with ids alone.
  ///   KIND is `json`, `model`, `gpt2` (a folder), `ranks` (with `FILE.pattern` beside it), `lists` (GGUF's lists as JSON), `folder` or
  ///   `vocab`.
  static func run(_ arguments: [String]) throws -> [String: Double] {
    guard arguments.count >= 4 else {
      throw ArgumentError("a task, a kind, a file and texts are needed", expected: "speed json FILE TEXTS")
    }
    let (task, kind, file) = (arguments[0], arguments[1], arguments[2])
    let tokenizer = try open(kind, file)
    let data = try Data(contentsOf: URL(fileURLWithPath: arguments[3]))
    let texts = Array(data).split(separator: 255, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
    switch task {
    case "check":
      guard arguments.count == 5 else { throw ArgumentError("a file to write to is needed") }
      try write(tokenizer, texts, to: arguments[4])
      return ["texts": Double(texts.count)]
    case "speed":
      let megabytes = Double(texts.reduce(0) { $0 + $1.utf8.count }) / 1e6
      let full = try best { for text in texts { _ = try tokenizer.encode(text) } }
      let bare = try best { for text in texts { _ = try tokenizer.ids(of: text) } }
      return ["encode": megabytes / full, "ids": megabytes / bare]
    default: throw ArgumentError("there is no task '\(task)'", expected: "check or speed")
    }
  }

  private struct Lists: Decodable {
    var model: String, pre: String
    var tokens: [String], merges: [String]
    var types: [Int]
  }

  private static func open(_ kind: String, _ file: String) throws -> Tokenizer {
    func data(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: name)) }
    switch kind {
    case "gpt2": return try Tokenizer(vocabulary: data(file + "/encoder.json"), merges: data(file + "/vocab.bpe"), source: file)
    case "ranks": return try Tokenizer(ranks: data(file), pattern: String(contentsOfFile: file + ".pattern", encoding: .utf8), source: file)
    case "lists":
      let lists = try JSONDecoder().decode(Lists.self, from: data(file))
      return try Tokenizer(
        gguf: GGUFTokenizer(
          model: lists.model, pre: lists.pre, tokens: lists.tokens.map { Array($0.utf8) }, types: lists.types,
          merges: lists.merges.map { Array($0.utf8) }), source: file)
    case "folder": return try Tokenizer(folder: file)
    case "model": return try Tokenizer(sentencePiece: data(file), source: file)
    case "vocab": return try Tokenizer(wordPieces: data(file), source: file)
    default: return try Tokenizer(json: data(file), source: file)
    }
  }

  private static func write(_ tokenizer: Tokenizer, _ texts: [String], to path: String) throws {
    var out: [UInt8] = []
    for encoding in try tokenizer.encode(batch: texts) {
      for index in encoding.ids.indices {
        out += "\(encoding.ids[index]) \(encoding.offsets[index].lowerBound) \(encoding.offsets[index].upperBound) ".utf8
      }
      out.append(10)
    }
    try Data(out).write(to: URL(fileURLWithPath: path))
  }

  private static func best(_ body: () throws -> Void) rethrows -> Double {
    var least = Double.infinity
    for _ in 0..<5 {
      let start = ContinuousClock.now
      try body()
      least = min(least, (ContinuousClock.now - start) / .seconds(1))
    }
    return least
  }
}
