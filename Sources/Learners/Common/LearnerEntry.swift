public import MartletCore

/// What a learner can be asked to do.
public enum LearnerTask: String, Sendable, Codable, CaseIterable {
  case classification, regression, clustering
  case anomalyDetection = "anomaly-detection"
  /// Turns features into others, as principal components do.
  case transformation
}

/// A learner as ``LearnerCatalogue`` knows it.
public struct LearnerEntry: Sendable {
  public let kind: String
  public let tasks: [LearnerTask]
  /// One sentence for the schema of `martlet.yml`.
  public let summary: String
  /// The settings' names as `martlet.yml` spells them (`learning-rate`), with their standard values (`null` where there is none).
  public let settings: [(name: String, standard: JSONValue)]
  let make: @Sendable (JSONValue) throws -> any Learner
  let restore: @Sendable (LearnerArchive) throws -> any FittedLearner

  /// - Parameters:
  ///   - standard: the learner with its standard settings.
  ///   - restore: rebuilds what its fit gives.
  public init<Kind: Learner>(
    _ standard: Kind, _ tasks: [LearnerTask], _ summary: String,
    restore: @escaping @Sendable (LearnerArchive) throws -> any FittedLearner
  ) {
    kind = Kind.kind
    self.tasks = tasks
    self.summary = summary
    let names = Mirror(reflecting: standard).children.compactMap(\.label)
    let values = (try? StoredParts.json(standard)).flatMap { value -> [String: JSONValue]? in
      if case .object(let members) = value { members } else { nil }
    }
    settings = names.map { (SettingNames.kebab($0), values?[$0] ?? .null) }
    make = { given in try Self.decode(standard, names, values ?? [:], given) }
    self.restore = restore
  }

  /// The standard settings overlaid with the given ones.
  private static func decode<Kind: Learner>(
    _ standard: Kind, _ names: [String], _ values: [String: JSONValue], _ given: JSONValue
  ) throws -> Kind {
    var members: [String: JSONValue] = [:]
    switch given {
    case .null: break
    case .object(let object): members = object
    default: throw LearnerError("the settings of \(Kind.kind) are no mapping", expected: "names with values")
    }
    var merged = values
    for (name, value) in members.sorted(by: { $0.key < $1.key }) {
      let spelled = SettingNames.camel(name)
      guard names.contains(spelled) else {
        let kebab = names.map(SettingNames.kebab)
        throw LearnerError(
          "\(Kind.kind) has no setting '\(name)'", expected: kebab.isEmpty ? "no settings" : kebab.joined(separator: ", "),
          remedy: NearestName.of(SettingNames.kebab(spelled), among: kebab).map { "'\($0)'" })
      }
      merged[spelled] = value == .null ? nil : value
    }
    do {
      return try JSON.decode(Kind.self, from: JSON.encode(JSONValue.object(merged), pretty: false), source: "the settings of \(Kind.kind)")
    } catch let error as FileError {
      throw LearnerError(error.problem, expected: error.expected, remedy: error.remedy)
    }
  }
}

/// Names of settings as Swift spells them and as files do.
enum SettingNames {
  /// `learning-rate` and `learning_rate` as `learningRate`.
  static func camel(_ name: String) -> String {
    let words = name.split(whereSeparator: { $0 == "-" || $0 == "_" })
    guard let first = words.first, words.count > 1 else { return name }
    return first + words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
  }

  /// `learningRate` as `learning-rate`.
  static func kebab(_ name: String) -> String {
    var result = ""
    for character in name {
      if character.isUppercase {
        result += "-" + character.lowercased()
      } else {
        result.append(character)
      }
    }
    return result
  }
}
