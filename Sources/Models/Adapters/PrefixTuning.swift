public import NN
import Torch

/// Learned keys and values that every token of a text can look at, before the text's own (Li, Liang 2021, arXiv:2101.00190). The text's
/// places count from behind them, as in PEFT.
///
/// State, among the attention's own: `prefix.key` and `prefix.value`, each `[heads, length, size]`.
public final class AttentionPrefix: Module {
  /// `[heads, length, size]`.
  public let key: Parameter
  /// `[heads, length, size]`.
  public let value: Parameter

  init(heads: Int, length: Int, size: Int, like parameter: Parameter) throws(TorchError) {
    let tensor = try parameter.value
    key = Parameter(shape: [heads, length, size], .normal(std: 0.02), dtype: tensor.dtype, device: tensor.device)
    value = Parameter(shape: [heads, length, size], .normal(std: 0.02), dtype: tensor.dtype, device: tensor.device)
  }

  /// Keys, values and pattern of a call, with the learned ones before them.
  func extended(
    _ keys: Tensor, _ values: Tensor, _ pattern: AttentionPattern
  ) throws(TorchError) -> (Tensor, Tensor, AttentionPattern) {
    let count = try key.value.shape[1]
    let shape = [keys.shape[0]] + (try key.value.shape)
    let longer = try Tensor.cat([key.value.unsqueeze(0).expand(shape), keys], dim: 2)
    let more = try Tensor.cat([value.value.unsqueeze(0).expand(shape), values], dim: 2)
    return (longer, more, try pattern.behind(count, length: keys.shape[2], device: keys.device))
  }
}

/// An attention layer that takes a prefix.
protocol PrefixedAttention: Module {
  var prefix: AttentionPrefix? { get set }
  /// The heads of keys and values, and the size of each.
  var prefixShape: (heads: Int, size: Int) { get }
  /// Any of the layer's parameters, whose type and device the prefix gets.
  var sample: Parameter { get }
}

extension LanguageModel {
  /// Freezes everything and puts learned keys and values before those of every attention layer.
  /// - Parameters:
  ///   - length: how many of them.
  ///   - trained: paths of what learns beside them, such as a new head.
  /// - Throws: `ModelError` for a length below 1, for encoder-decoders, which have none, and where a prefix is there already.
  public func addPrefixes(length: Int, trained: [String] = []) throws {
    guard length >= 1 else { throw ModelError("prefixes of \(length) places", expected: "1 or more") }
    let layers = namedModules().compactMap { $0.module as? any PrefixedAttention }
    guard !layers.isEmpty else {
      throw ModelError(
        "a model of type '\(architecture.rawValue)' takes no prefixes", expected: "an encoder or a decoder", remedy: "addLoRA")
    }
    guard layers.allSatisfy({ $0.prefix == nil }) else { throw ModelError("the model has prefixes already", remedy: "removePrefixes()") }
    freeze()
    body.prefixLength = length
    for layer in layers {
      let (heads, size) = layer.prefixShape
      layer.prefix = try AttentionPrefix(heads: heads, length: length, size: size, like: layer.sample)
    }
    for (name, parameter) in namedParameters() where trained.contains(where: { name.hasPrefix($0 + ".") }) { parameter.requiresGrad = true }
  }

  /// Takes the prefixes off; everything learns again.
  public func removePrefixes() {
    for case let layer as any PrefixedAttention in namedModules().map(\.module) { layer.prefix = nil }
    body.prefixLength = 0
    unfreeze()
  }

  /// The prefixes alone, to be saved and loaded with `strict: false`.
  /// - Throws: the error of a parameter that could not be made.
  public func prefixState() throws -> StateDictionary {
    try state().renamed { $0.contains(".prefix.") ? $0 : nil }
  }

  /// Puts the prefixes of PEFT's files on the model, and what else was trained beside them.
  func loadPrefixes(_ reader: ConfigurationReader, from folder: String) throws {
    let path = folder + "/adapter_model.safetensors"
    let file = try SafetensorsFile(path: path)
    guard file.names.contains(PrefixFile.table) else {
      throw ModelError("\(path) has no '\(PrefixFile.table)'", expected: "what PEFT writes of prefix tuning")
    }
    let table = try file.tensor(PrefixFile.table), length = try reader.int("num_virtual_tokens", in: 1...65_536)
    // PEFT names every head that there could be.
    let parts = Set(namedModules().map(\.path)), trained = try (reader.strings("modules_to_save") ?? []).filter(parts.contains)
    try addPrefixes(length: length, trained: trained)
    do {
      var entries = try PrefixFile.cut(table, into: prefixState().entries, source: path)
      for name in file.names where name != PrefixFile.table {
        let own = name.hasPrefix(PrefixFile.prefix) ? String(name.dropFirst(PrefixFile.prefix.count)) : name
        entries.append((own, try file.tensor(name)))
      }
      let wanted = try state().names.filter { name in name.contains(".prefix.") || trained.contains { name.hasPrefix($0 + ".") } }
      try load(adapters: StateDictionary(entries), wanted: Set(wanted), source: path)
    } catch {
      removePrefixes()
      throw error
    }
  }
}

/// PEFT's files of prefix tuning.
enum PrefixFile {
  static let kind = "PREFIX_TUNING", table = "prompt_embeddings", prefix = "base_model."

  /// Cuts the table `[length, …]`, in which a row holds the keys of the first layer's heads, its values, the second layer's keys …
  /// - Parameter prefixes: the model's own, each `[heads, length, size]`, in that order.
  static func cut(
    _ table: Tensor, into prefixes: [(name: String, tensor: Tensor)], source: String
  ) throws -> [(String, Tensor)] {
    let width = prefixes.reduce(0) { $0 + $1.tensor.shape[0] * $1.tensor.shape[2] }
    guard let length = prefixes.first?.tensor.shape[1], table.shape == [length, width] else {
      throw ModelError(
        "\(source): '\(Self.table)' is \(table.shape)", expected: "[places, \(width)]: keys and values of \(prefixes.count / 2) layers")
    }
    var start = 0
    return try prefixes.map { name, tensor in
      let (heads, size) = (tensor.shape[0], tensor.shape[2])
      defer { start += heads * size }
      return (
        name, try table.narrow(dim: 1, start: start, length: heads * size).reshape([length, heads, size]).transpose(0, 1).contiguous()
      )
    }
  }
}
