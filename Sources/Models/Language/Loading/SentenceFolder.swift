import Foundation
import MartletCore
import NN

/// What sentence-transformers writes beside a model: `modules.json` and the settings of what stands behind the body.
struct SentenceFolder {
  var settings = EmbeddingSettings()
  /// Linear maps behind the pooling, and the folders of their weights.
  var dense: [(layer: EmbeddingHead.Dense, folder: String)] = []
  /// The folder of the body's own files.
  var body: String
  /// Whether there was a `modules.json`.
  let isThere: Bool

  /// Reads `modules.json`, or says that there is none.
  /// - Throws: `FileError` for damaged files, `ModelError` for modules that are not known.
  init(_ folder: String) throws {
    body = folder
    let path = folder + "/modules.json"
    isThere = FileManager.default.fileExists(atPath: path)
    guard isThere else { return }
    guard let data = FileManager.default.contents(atPath: path) else { throw FileError(path: path, problem: "cannot be read") }
    let modules = try JSON.decode(JSONValue.self, from: data, source: path).arrayValue ?? []
    settings.normalizes = false
    for module in modules {
      guard let type = module["type"]?.stringValue else {
        throw ModelError("\(path): a module without a type", expected: "a list of modules with 'path' and 'type'")
      }
      let place = try Self.place(module["path"]?.stringValue ?? "", in: folder, path)
      switch type.split(separator: ".").last.map(String.init) {
      case "Transformer": body = place
      case "Pooling": settings.pooling = try Self.pooling(ConfigurationReader(path: place + "/config.json"))
      case "Dense": dense.append((try Self.dense(ConfigurationReader(path: place + "/config.json")), place))
      case "Normalize": settings.normalizes = true
      default: throw ModelError("\(path): a module of type '\(type)'", expected: "Transformer, Pooling, Dense or Normalize")
      }
    }
  }

  /// A folder below; paths that lead elsewhere are refused.
  private static func place(_ path: String, in folder: String, _ file: String) throws(ModelError) -> String {
    guard !path.hasPrefix("/"), !path.split(separator: "/").contains("..") else {
      throw ModelError("\(file): the path '\(path)' leads out of the folder", expected: "a folder below")
    }
    return path.isEmpty ? folder : folder + "/" + path
  }

  private static func pooling(_ reader: ConfigurationReader) throws(ModelError) -> [Pooling] {
    if reader.value("pooling_mode") != nil {
      let name = try reader.string("pooling_mode")
      guard let pooling = Pooling(rawValue: name) else {
        throw ModelError(
          "\(reader.source): 'pooling_mode' is '\(name)'", expected: Pooling.allCases.map(\.rawValue).joined(separator: ", "))
      }
      return [pooling]
    }
    let keys: [(String, Pooling)] = [
      ("pooling_mode_cls_token", .first), ("pooling_mode_max_tokens", .largest), ("pooling_mode_mean_tokens", .mean),
      ("pooling_mode_mean_sqrt_len_tokens", .rootMean), ("pooling_mode_weightedmean_tokens", .weightedMean),
      ("pooling_mode_lasttoken", .last),
    ]
    var chosen: [Pooling] = []
    for (key, pooling) in keys where try reader.bool(key, false) { chosen.append(pooling) }
    guard !chosen.isEmpty else { throw ModelError("\(reader.source) chooses no pooling", expected: "one of \(keys.map(\.0))") }
    return chosen
  }

  private static func dense(_ reader: ConfigurationReader) throws(ModelError) -> EmbeddingHead.Dense {
    let name = try reader.string("activation_function", "torch.nn.modules.activation.Tanh")
    let known: [String: NamedActivation] = ["Tanh": .tanh, "Identity": .linear, "ReLU": .relu, "GELU": .gelu, "SiLU": .silu]
    guard let activation = known[name.split(separator: ".").last.map(String.init) ?? ""] else {
      throw ModelError("\(reader.source): the activation '\(name)'", expected: known.keys.sorted().joined(separator: ", "))
    }
    return EmbeddingHead.Dense(
      try reader.int("in_features"), try reader.int("out_features"), bias: try reader.bool("bias", true), activation: activation)
  }
}
