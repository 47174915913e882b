public import MartletCore
public import NN
public import Torch

/// A transformer for language: a body and a head, with the names that transformers gives their parameters.
///
/// ```swift
/// let model = try LanguageModels.load(folder: "MiniLM", task: .classification(labels: 2, pooling: .mean))
/// let scores = try model(TokenInput(rows: ids, padding: 0))
/// ```
public final class LanguageModel: Module, Layer {
  /// Which family it belongs to.
  public let architecture: LanguageArchitecture
  /// What it is asked to do.
  public let task: LanguageTask
  /// What `config.json` says.
  public let configuration: JSONValue
  /// What turns tokens into vectors.
  public let body: LanguageBody
  /// What makes the answer of them.
  public let head: LanguageHead
  /// Where the weights came from and which were new; `nil` for a model that was made from scratch.
  public internal(set) var loading: LanguageLoadReport?
  /// The body's name in the state.
  let prefix: String

  init(
    _ architecture: LanguageArchitecture, _ task: LanguageTask, _ configuration: JSONValue, body: LanguageBody, head: LanguageHead
  ) {
    self.architecture = architecture
    self.task = task
    self.configuration = configuration
    self.body = body
    self.head = head
    prefix = architecture.prefix(for: task)
  }

  public override func stateMembers() -> [(name: String, member: Any)] { [(prefix, body), ("", head)] }

  /// The head's answer; see ``LanguageTask`` for its shape.
  /// - Throws: `TorchError` where the input does not fit.
  public func callAsFunction(_ input: TokenInput) throws(TorchError) -> Tensor {
    try observed(input.ids) { (_) throws(TorchError) in try head(body(input), input, body) }
  }

  /// The same for bare ids `[batch, length]`. An encoder takes the padding id as padding; a decoder never looks ahead and needs no mask for
  /// what fills up rows on the right.
  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try self(input(x)) }

  /// Ids with the mask that goes with them, as ``callAsFunction(_:)-(Tensor)`` makes it.
  public func input(_ ids: Tensor) throws(TorchError) -> TokenInput {
    guard let padding = body.padding, !body.isCausal else { return TokenInput(ids) }
    return TokenInput(ids, mask: try ids.ne(.int(padding)))
  }

  /// The names of the classes, `LABEL_0` … where the configuration has none.
  public var labels: [String] {
    guard let count = task.labels else { return [] }
    let names = configuration["id2label"]?.objectValue ?? [:]
    return (0..<count).map { names["\($0)"]?.stringValue ?? "LABEL_\($0)" }
  }

  public override var details: String { "\(architecture.rawValue), \(task.name)" }
}
