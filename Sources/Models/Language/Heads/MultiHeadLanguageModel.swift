import MartletCore
public import NN
import Torch

/// One body of a language model with several heads, which learn together and share what they learn (Liu et al. 2019, arXiv:1901.11504).
///
/// ```swift
/// let base = try LanguageModels.load(folder: "MiniLM", task: .hiddenStates)
/// let model = try MultiHeadLanguageModel(base, heads: [
///   ("topic", .classification(labels: 3, pooling: .mean)), ("names", .tokenClassification(labels: 7)), ("meaning", .embedding()),
/// ])
/// let scores = try model.head("topic")(TokenInput(rows: ids, padding: 0))
/// ```
/// State: the base's own names, and each head's behind `heads.NAME.`.
public final class MultiHeadLanguageModel: Module {
  /// The body.
  public let base: LanguageModel
  /// The heads, each as a model of its own on the one body.
  public let heads: [(name: String, model: LanguageModel)]

  /// - Parameters:
  ///   - base: a model for hidden states; its body becomes that of all heads.
  ///   - heads: names and tasks: classification, token classification, embedding.
  /// - Throws: `ModelError` for names that are not words or come twice, and for other tasks.
  public init(_ base: LanguageModel, heads tasks: [(name: String, task: LanguageTask)]) throws {
    guard base.task == .hiddenStates else {
      throw ModelError("a model for \(base.task.name) as the body of several heads", expected: "one for \(LanguageTask.hiddenStates.name)")
    }
    guard !tasks.isEmpty else { throw ModelError("a model without heads", expected: "1 or more") }
    var names: Set<String> = []
    for (name, task) in tasks {
      guard Self.isName(name), names.insert(name).inserted else {
        throw ModelError("a head called '\(name)'", expected: "letters, digits, - and _, a letter first, each name once")
      }
      switch task {
      case .classification, .tokenClassification, .embedding: break
      default:
        throw ModelError("the head '\(name)' is for \(task.name)", expected: "classification, token classification or embedding")
      }
    }
    self.base = base
    heads = try tasks.map { ($0.name, try LanguageModels.head($0.task, on: base)) }
  }

  /// The same heads on another body of the same kind.
  /// - Throws: `ModelError` where the bodies' widths differ.
  public init(_ base: LanguageModel, taking heads: [(name: String, model: LanguageModel)]) throws {
    guard let first = heads.first, first.model.body.width == base.body.width else {
      throw ModelError("heads of another width than \(base.body.width)", expected: "a body of their own kind")
    }
    self.base = base
    self.heads = heads.map { name, model in
      (name, LanguageModel(base.architecture, model.task, base.configuration, body: base.body, head: model.head))
    }
  }

  /// Whether a head may be called that.
  public static func isName(_ name: String) -> Bool {
    guard let first = name.first, first.isASCII, first.isLetter, name.count <= 64 else { return false }
    return name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
  }

  public override func stateMembers() -> [(name: String, member: Any)] {
    var members: [(name: String, member: Any)] = [("", base)]
    for (name, model) in heads { members.append(("heads." + name, model.head)) }
    return members
  }

  /// A head on the body.
  /// - Throws: `ModelError` naming the heads that there are.
  public func head(_ name: String) throws(ModelError) -> LanguageModel {
    guard let found = heads.first(where: { $0.name == name }) else {
      throw ModelError(
        "there is no head '\(name)'", expected: heads.map(\.name).joined(separator: ", "),
        remedy: NearestName.of(name, among: heads.map(\.name)).map { "did you mean '\($0)'?" })
    }
    return found.model
  }

  /// The heads' parameters alone, under `NAME.…`.
  /// - Throws: the error of a parameter that could not be made.
  public func headState() throws -> StateDictionary {
    try state().renamed { $0.hasPrefix("heads.") ? String($0.dropFirst(6)) : nil }
  }

  /// Loads what ``headState()`` gave.
  /// - Throws: `ModelError` or the state's own error naming what is missing or of another shape.
  public func loadHeads(_ state: StateDictionary, source: String) throws {
    let own = try headState().names
    if let missing = own.first(where: { state[$0] == nil }) {
      throw ModelError("\(source) lacks '\(missing)'", expected: own.prefix(8).joined(separator: ", "))
    }
    try load(StateDictionary(state.entries.map { ("heads.\($0.name)", $0.tensor) }), strict: false, source: source)
  }

  public override var details: String { "\(base.architecture.rawValue), heads \(heads.map(\.name).joined(separator: ", "))" }
}
