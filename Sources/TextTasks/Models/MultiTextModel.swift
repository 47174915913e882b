public import Foundation
import MartletCore
public import Models
import NN
import Torch

/// A language model with several heads and its tokenizer. Each head answers as a ``TextModel`` of its own does.
///
/// `@unchecked Sendable`: it is trained by one task at a time; afterwards nothing changes, and libtorch runs on its own thread.
public final class MultiTextModel: @unchecked Sendable {
  public let settings: MultiTextSettings
  public let network: MultiHeadLanguageModel
  /// Each head as a model of its own, in the settings' order.
  public let heads: [(name: String, model: TextModel)]
  private static let headsFile = "heads.safetensors"

  /// - Parameter files: `tokenizer.json` and what may lie beside it, by name.
  /// - Throws: `ModelError` where settings and network have other heads; `TokenizerError`, `ArgumentError` for files that do not fit.
  public init(_ settings: MultiTextSettings, network: MultiHeadLanguageModel, tokenizer files: [String: Data]) throws {
    self.settings = settings
    self.network = network
    heads = try settings.heads.map { head in
      (head.name, try TextModel(head.settings, network: network.head(head.name), tokenizer: files))
    }
  }

  /// Reads a model's folder: `config.json` and `model.safetensors` of the body, `heads.safetensors`, tokenizer and `text.json`.
  /// - Throws: `FileError`, `ModelError`, `TokenizerError` naming what is missing or damaged.
  public convenience init(folder: String) throws {
    let settings = try MultiTextSettings(folder: folder)
    let base = try LanguageModels.load(folder: folder, task: .hiddenStates)
    let network = try MultiHeadLanguageModel(base, heads: settings.heads.map { ($0.name, $0.settings.languageTask) })
    let file = try SafetensorsFile(path: folder + "/" + Self.headsFile)
    try network.loadHeads(StateDictionary(try file.all().map { ($0.name, $0.tensor) }), source: file.path)
    network.eval()
    try self.init(settings, network: network, tokenizer: TextModel.tokenizerFiles(in: folder))
  }

  /// Writes the model's folder; transformers reads the body of it.
  /// - Throws: what the disk says.
  public func save(to folder: String) throws {
    try network.base.save(to: folder)
    try Safetensors.write(
      network.headState().entries.map { (name: $0.name, tensor: try $0.tensor.contiguous()) }, metadata: ["format": "pt"],
      to: folder + "/" + Self.headsFile)
    for (name, data) in heads.first?.model.tokenizerFiles ?? [:] { try AtomicFile.write(data, to: folder + "/" + name) }
    try AtomicFile.write(JSON.encode(settings), to: folder + "/" + TextModelSettings.file)
  }

  /// What one head says about texts.
  public enum Answer: Sendable {
    /// The probabilities of the classes.
    case classes([Double])
    /// The tags of the words, which are the text's at white space.
    case tags([String], words: [String])
    /// A vector of length 1.
    case vector([Float])
  }

  /// What the heads say about texts.
  ///
  /// The body reads each text once for all heads that read texts as they are; tags of words take a reading of their own.
  /// - Parameter names: the heads to ask; `nil` for all.
  /// - Returns: for each head's name an answer for each text.
  /// - Throws: `ModelError` for a head that is not there.
  public func answers(to texts: [String], heads names: [String]? = nil) throws -> [String: [Answer]] {
    for name in names ?? [] { _ = try network.head(name) }
    let asked = heads.filter { names?.contains($0.name) ?? true }
    var result: [String: [Answer]] = [:]
    var reading: [(name: String, model: TextModel)] = []
    for (name, model) in asked {
      guard model.settings.task == .tags else {
        reading.append((name, model))
        continue
      }
      let words = texts.map(TextModel.words)
      result[name] = zip(try model.tags(of: words), words).map { .tags($0, words: $1) }
    }
    // Heads that cut texts to one length share a reading.
    for group in Dictionary(grouping: reading, by: { $0.model.settings.length }).values {
      for (name, answers) in try read(texts, group) { result[name] = answers }
    }
    return result
  }

  private func read(_ texts: [String], _ group: [(name: String, model: TextModel)]) throws -> [String: [Answer]] {
    guard let first = group.first?.model else { return [:] }
    let rows = try first.ids(of: texts)
    var result: [String: [Answer?]] = [:]
    for (name, _) in group { result[name] = [Answer?](repeating: nil, count: texts.count) }
    try first.batched(rows) { part in
      let input = try TokenInput(rows: part.map { rows[$0] }, padding: first.padding)
      let hidden = try network.base.body(input)
      for (name, model) in group {
        let output = try model.network.head(hidden, input, network.base.body), width = output.shape[1]
        if model.settings.task == .embedding {
          let values = try output.array(of: Float.self)
          for (place, row) in part.enumerated() { result[name]?[row] = .vector(Array(values[(place * width)..<((place + 1) * width)])) }
        } else {
          let values = try (model.settings.hasSeveral ? output.sigmoid() : output.softmax(dim: 1)).array(of: Double.self)
          for (place, row) in part.enumerated() { result[name]?[row] = .classes(Array(values[(place * width)..<((place + 1) * width)])) }
        }
      }
    }
    return result.mapValues { $0.compactMap(\.self) }
  }
}
