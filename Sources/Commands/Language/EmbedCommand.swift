import ArgumentParser
import Charts
import Foundation
import MartletCore

struct EmbedCommand: EngineCommand {
  static let configuration = CommandConfiguration(
    commandName: "embed", abstract: "Turn texts into vectors, a text a line.",
    discussion: "Without --output the vectors come on standard output, a JSON array a line.")

  @Argument(help: "NAME@V", completion: ReferenceCompletion.kind)
  var reference: String

  @Argument(help: "A file with a text a line; - is standard input.", completion: .file())
  var input = "-"

  @Option(
    name: [.short, .long], help: ArgumentHelp("Write the vectors here: .npy, .csv or .jsonl (with the texts).", valueName: "file"),
    completion: .file(extensions: ["npy", "csv", "jsonl"]))
  var output: String?

  @Option(help: ArgumentHelp("Shorter vectors than the model's own, where it can do that.", valueName: "number"))
  var dimensions: Int?

  @Option(help: ArgumentHelp("Texts that are computed together.", valueName: "number"))
  var batch = 64

  @OptionGroup var global: GlobalOptions

  func validate() throws {
    guard (1...65_536).contains(batch) else { throw ValidationError("--batch is \(batch); expected a whole number from 1 to 65536") }
    if let dimensions, dimensions < 1 { throw ValidationError("--dimensions is \(dimensions); expected 1 or more") }
    if let output, VectorFile(path: output) == nil {
      throw ValidationError("--output \(output) has no known suffix; expected .npy, .csv or .jsonl")
    }
  }

  func execute(_ engine: any Engine, _ context: CommandContext) async throws -> CommandResult {
    let texts = try await texts(context)
    let model = try await engine.loadLanguageModel(LanguageModelRequest(reference: reference, surroundings: global.surroundings))
    let embedder = try model.requireEmbedder()
    let start = ContinuousClock.now
    var vectors: [[Float]] = []
    var tokens = 0
    for first in stride(from: 0, to: texts.count, by: batch) {
      let part = texts[first..<min(first + batch, texts.count)]
      let result = try await embedder.embed(part.map { .text($0) }, dimensions: dimensions)
      vectors += result.vectors
      tokens += result.tokens
      if !global.quiet, Terminal.isInteractive, texts.count > batch {
        Terminal.note("\r\(vectors.count) of \(texts.count)", terminator: "")
      }
    }
    if !global.quiet, Terminal.isInteractive, texts.count > batch { Terminal.note("\r", terminator: "") }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    if let output { try VectorFile(path: output)?.write(vectors, texts: texts) }
    let summary = EmbedSummary(
      model: model.name, version: model.version, texts: texts.count, dimensions: vectors.first?.count ?? 0, tokens: tokens, output: output,
      vectors: output == nil ? vectors : [], seconds: seconds)
    guard let output else { return CommandResult(document: summary, text: global.json ? "" : vectors.map(VectorFile.line).joined()) }
    let time = NumberText.duration(milliseconds: seconds * 1000)
    return CommandResult(
      document: summary, text: "\(Wording.count(texts.count, "vector")) of \(summary.dimensions) numbers in \(output), \(time)\n")
  }

  private func texts(_ context: CommandContext) async throws -> [String] {
    let text: String
    if input == "-" {
      text = try await context.input.readAll()
    } else {
      guard let data = FileManager.default.contents(atPath: input) else { throw FileError(path: input, problem: "cannot be read") }
      guard let decoded = String(validating: data, as: UTF8.self) else { throw FileError(path: input, problem: "is not UTF-8") }
      text = decoded
    }
    var lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }.map(String.init)
    if lines.last == "" { lines.removeLast() }
    guard !lines.isEmpty else { throw FileError(path: input == "-" ? "standard input" : input, problem: "has no lines") }
    return lines
  }
}

/// A file of vectors.
struct VectorFile {
  enum Format { case npy, csv, jsonLines }

  let path: String
  let format: Format

  /// `nil` where the suffix is unknown.
  init?(path: String) {
    switch URL(fileURLWithPath: path).pathExtension.lowercased() {
    case "npy": format = .npy
    case "csv": format = .csv
    case "jsonl": format = .jsonLines
    default: return nil
    }
    self.path = path
  }

  func write(_ vectors: [[Float]], texts: [String]) throws {
    switch format {
    case .npy: try AtomicFile.write(Self.npy(vectors), to: path)
    case .csv:
      let header = (0..<(vectors.first?.count ?? 0)).map { "e\($0)" }.joined(separator: ",") + "\n"
      let rows = vectors.map { $0.map(\.description).joined(separator: ",") + "\n" }
      try AtomicFile.write(Data((header + rows.joined()).utf8), to: path)
    case .jsonLines:
      var text = ""
      for (vector, line) in zip(vectors, texts) {
        let quoted = String(decoding: try JSON.encode(line, pretty: false), as: UTF8.self)
        text += "{\"text\":\(quoted),\"vector\":\(Self.line(vector).dropLast())}\n"
      }
      try AtomicFile.write(Data(text.utf8), to: path)
    }
  }

  /// A JSON array; what is no number is `null`.
  static func line(_ vector: [Float]) -> String {
    "[" + vector.map { $0.isFinite ? $0.description : "null" }.joined(separator: ",") + "]\n"
  }

  /// NumPy's format, version 1.0: a matrix of little-endian 32-bit floats, a row a vector.
  static func npy(_ vectors: [[Float]]) -> Data {
    var header = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(vectors.count), \(vectors.first?.count ?? 0)), }"
    // The numbers begin at a multiple of 64 bytes.
    header += String(repeating: " ", count: (64 - (10 + header.utf8.count + 1) % 64) % 64) + "\n"
    var data = Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count & 255), UInt8(header.utf8.count >> 8)])
    data.append(Data(header.utf8))
    for vector in vectors {
      for value in vector { withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) } }
    }
    return data
  }
}
