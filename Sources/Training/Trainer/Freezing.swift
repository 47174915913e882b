import MartletCore
public import NN

/// Which parts of a network rest, and from which epoch on they learn, too: fine-tuning from the head down.
///
/// ```swift
/// TrainerOptions(freezing: .allBut("fc").thaw(atEpoch: 2, "layer4").thaw(atEpoch: 4, "layer3"))
/// ```
///
/// Parts are paths as `Module.namedModules()` and `namedParameters()` have them; a path stands for everything below it. Batch norm in
/// resting parts uses its running statistics and leaves them as they are. What rests is a function of the epoch, so a resumed run goes on
/// as it would have.
public struct Freezing: Sendable, Hashable, Codable {
  private enum Start: Sendable, Hashable, Codable {
    case parts([String])
    case allBut([String])
  }

  private struct Thaw: Sendable, Hashable, Codable {
    let epoch: Int
    let parts: [String]
  }

  private let start: Start
  private var thaws: [Thaw] = []
  /// Whether batch norm in resting parts keeps its statistics.
  public var keepsStatistics = true

  private init(_ start: Start) { self.start = start }

  /// These parts rest from the beginning.
  public static func parts(_ paths: String...) -> Freezing { Freezing(.parts(paths)) }

  /// These parts rest from the beginning.
  public static func parts(_ paths: [String]) -> Freezing { Freezing(.parts(paths)) }

  /// All but these parts rest from the beginning.
  public static func allBut(_ paths: String...) -> Freezing { Freezing(.allBut(paths)) }

  /// All but these parts rest from the beginning.
  public static func allBut(_ paths: [String]) -> Freezing { Freezing(.allBut(paths)) }

  /// The same, and these parts learn from the beginning of an epoch on.
  /// - Parameters:
  ///   - epoch: counted from zero.
  ///   - paths: the parts; everything if none is named.
  public func thaw(atEpoch epoch: Int, _ paths: String...) -> Freezing { thaw(atEpoch: epoch, paths) }

  /// The same, and these parts learn from the beginning of an epoch on.
  public func thaw(atEpoch epoch: Int, _ paths: [String]) -> Freezing {
    var copy = self
    copy.thaws.append(Thaw(epoch: epoch, parts: paths))
    return copy
  }

  /// Whether the parameter or module at `path` rests in `epoch`.
  public func isFrozen(_ path: String, epoch: Int) -> Bool {
    let rests =
      switch start {
      case .parts(let parts): parts.contains { Self.covers($0, path) }
      case .allBut(let parts): !parts.contains { Self.covers($0, path) }
      }
    guard rests else { return false }
    return !thaws.contains { thaw in thaw.epoch <= epoch && (thaw.parts.isEmpty || thaw.parts.contains { Self.covers($0, path) }) }
  }

  /// Makes the model's parts rest or learn as they shall in `epoch`. The model is in training mode.
  /// - Throws: `ArgumentError` for a part that the model does not have, and if nothing would learn.
  public func apply(to model: Module, epoch: Int) throws {
    try check(model)
    var learns = false
    for (name, parameter) in model.namedParameters() {
      let rests = isFrozen(name, epoch: epoch)
      if parameter.requiresGrad == rests { parameter.requiresGrad = !rests }
      learns = learns || !rests
    }
    guard learns else {
      throw ArgumentError("everything is frozen in epoch \(epoch + 1)", expected: "a part that learns", remedy: ".allBut(…)")
    }
    guard keepsStatistics else { return }
    for (path, module) in model.namedModules() where module is BatchNorm && isFrozen(path, epoch: epoch) { module.eval() }
  }

  private func check(_ model: Module) throws {
    let first =
      switch start {
      case .parts(let parts), .allBut(let parts): parts
      }
    if let thaw = thaws.first(where: { $0.epoch < 0 }) { throw ArgumentError("a thaw at epoch \(thaw.epoch)", expected: "0 or later") }
    let paths = model.namedModules().map(\.path).filter { !$0.isEmpty } + model.namedParameters().map(\.name)
    let known = Set(paths)
    for part in first + thaws.flatMap(\.parts) where !known.contains(part) {
      throw ArgumentError(
        "the model has no part '\(part)' to freeze or thaw",
        expected: "a path such as \(paths.prefix(4).map { "'\($0)'" }.joined(separator: ", "))",
        remedy: NearestName.of(part, among: paths).map { "'\($0)'" })
    }
  }

  private static func covers(_ part: String, _ path: String) -> Bool { path == part || path.hasPrefix(part + ".") }
}
