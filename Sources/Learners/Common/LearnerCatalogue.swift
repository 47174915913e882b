public import MartletCore

/// All learners by name: what `martlet.yml` and saved models call them.
public enum LearnerCatalogue {
  /// Every learner that there is. Each area adds a list of its own.
  public static let entries: [LearnerEntry] =
    treeEntries + boostingEntries + neighbourEntries + linearEntries + bayesEntries + kernelEntries + clusterEntries + ensembleEntries
    + networkEntries

  private static let byKind = Dictionary(entries.map { ($0.kind, $0) }, uniquingKeysWith: { first, _ in first })

  /// The names in alphabetical order.
  public static let kinds: [String] = entries.map(\.kind).sorted()

  /// The learners that can be asked to do this, in the catalogue's order.
  public static func entries(for task: LearnerTask) -> [LearnerEntry] { entries.filter { $0.tasks.contains(task) } }

  /// - Parameter kind: with hyphens or underscores.
  /// - Throws: `LearnerError` with the nearest name.
  public static func entry(_ kind: String) throws(LearnerError) -> LearnerEntry {
    let spelled = kind.replacing("-", with: "_")
    guard let entry = byKind[spelled] else {
      throw LearnerError(
        "there is no learner '\(kind)'", expected: kinds.joined(separator: ", "),
        remedy: NearestName.of(spelled, among: kinds).map { "'\($0)'" })
    }
    return entry
  }

  /// A learner by name.
  /// - Parameter settings: a mapping of the settings that are not standard, spelled `learning-rate` or `learningRate`; or null.
  /// - Throws: `LearnerError` for unknown names, with the nearest one, and for values of the wrong type.
  public static func learner(_ kind: String, settings: JSONValue = .null) throws -> any Learner {
    try entry(kind).make(settings)
  }

  /// A fitted learner from its archive.
  /// - Throws: `LearnerError` if the kind is unknown or the archive is damaged.
  public static func fitted(_ archive: LearnerArchive) throws -> any FittedLearner {
    try entry(archive.kind).restore(archive)
  }

  /// A learner as its name and its settings: `{"random_forest": {…}}`, what ``NamedLearner`` reads.
  public static func describe(_ learner: any Learner) throws -> JSONValue {
    .object([learner.kind: try StoredParts.json(learner)])
  }
}

/// A learner of any kind where one is a setting of another: `{"random_forest": {"trees": 200}}`, or its name alone.
public struct NamedLearner: Sendable, Codable {
  public var learner: any Learner

  public init(_ learner: any Learner) {
    self.learner = learner
  }

  public init(from decoder: any Decoder) throws {
    switch try JSONValue(from: decoder) {
    case .string(let kind): learner = try LearnerCatalogue.learner(kind)
    case .object(let members) where members.count == 1:
      guard let (kind, settings) = members.first else { fallthrough }
      learner = try LearnerCatalogue.learner(kind, settings: settings)
    default: throw LearnerError("a learner is given without its name", expected: "a name, or one name with its settings")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    try LearnerCatalogue.describe(learner).encode(to: encoder)
  }
}
