public import MartletCore

/// A project over tables as `martlet.yml` describes it, with every default filled in.
public struct TableProject: Codable, Sendable, Hashable {
  /// The model's name in the registry.
  public var name: String
  /// What the model does.
  public var task: ProjectTask
  /// One line about the model.
  public var description: String?
  /// The rows and what is to be learnt from them.
  public var data: TableData
  /// How columns become features.
  public var prepare: Preparation
  /// What is done about classes of unlike sizes, each tried with every model. Only training rows are touched.
  public var balance: OneOrMany<NamedSetting>
  /// The learners to compare.
  public var models: [NamedChoice]
  /// How the best of them is found.
  public var select: ModelSelection
  /// How probabilities are made honest.
  public var calibrate: CalibrationChoice
  /// From which probability a row counts as positive.
  public var threshold: NamedSetting
  /// Seed and threads.
  public var training: TableTraining
  /// How the model is judged.
  public var evaluation: TableJudging
  /// What must hold before a version gets an alias; `nil` asks for nothing.
  public var gates: [String]?
  /// Where the server listens.
  public var serve: ProjectServing
  /// Where messages come from and answers go; `nil` says nothing.
  public var stream: ProjectStream?
  /// The folder for reports and logs, relative to the project file.
  public var output: String
}

/// How columns become features: suited to each learner, not at all, or steps by name.
public enum Preparation: Codable, Sendable, Hashable {
  case auto, none
  /// A recipe's steps in the recipe's own words.
  case steps([JSONValue])

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let word = try? container.decode(String.self) {
      self = word == "none" ? .none : .auto
    } else {
      self = .steps(try container.decode([JSONValue].self))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .auto: try container.encode("auto")
    case .none: try container.encode("none")
    case .steps(let steps): try container.encode(steps)
    }
  }
}

/// One value, or a list of them.
public struct OneOrMany<Value: Codable & Sendable & Hashable>: Codable, Sendable, Hashable {
  public var values: [Value]

  public init(_ values: [Value]) { self.values = values }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let values = try? container.decode([Value].self) {
      self.values = values
    } else {
      values = [try container.decode(Value.self)]
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if values.count == 1 { try container.encode(values[0]) } else { try container.encode(values) }
  }
}

/// A word, or a word with settings: `smote` or `smote: {neighbours: 3}`.
public struct NamedSetting: Codable, Sendable, Hashable {
  public var name: String
  /// What stands after the word; null where nothing does.
  public var settings: JSONValue

  public init(_ name: String, _ settings: JSONValue = .null) {
    self.name = name
    self.settings = settings
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let word = try? container.decode(String.self) {
      self.init(word)
      return
    }
    let members = try container.decode([String: JSONValue].self)
    guard let only = members.first, members.count == 1 else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "has \(members.keys.sorted().joined(separator: ", ")); expected one name with its settings")
    }
    self.init(only.key, only.value)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if settings == .null { try container.encode(name) } else { try container.encode([name: settings]) }
  }
}

/// How the best of several models is found.
public struct ModelSelection: Codable, Sendable, Hashable {
  /// How rows are divided.
  public enum Kind: String, Codable, Sendable, Hashable, CaseIterable {
    /// Stratified for classes, plain for the rest; grouped or by time where a column is named for it.
    case auto
    case plain, stratified, grouped, time
  }

  /// By a metric's name; `auto` is the area under the ROC curve of two classes, macro F1 of many, R² of numbers.
  public var metric: String
  /// 0 or 1 does not cross-validate.
  public var folds: Int
  public var kind: Kind
  /// The column whose values stay together.
  public var group: String?
  /// The column that rows are ordered by.
  public var time: String?
  public var repeats: Int
}

/// How probabilities are made honest, on rows that the model did not learn from.
public enum CalibrationChoice: String, Codable, Sendable, Hashable, CaseIterable {
  case none, platt, isotonic, temperature
}

/// Seed and threads.
public struct TableTraining: Codable, Sendable, Hashable {
  /// Everything random follows from it.
  public var seed: UInt64
  /// Threads that compute; the result does not depend on them.
  public var threads: AutoInt
  /// Gigabytes that the rows may take; larger tables are learnt from part by part. `nil` for half of what the process can take.
  public var memory: Double?
}

/// How a model of tables is judged.
public struct TableJudging: Codable, Sendable, Hashable {
  /// The confidence level of the metrics' intervals.
  public var intervals: Double
  /// Columns whose values are judged one by one.
  public var slices: [String]
  /// Columns for which groups have to be treated alike.
  public var fairness: [String]
  /// How many of the worst rows the report shows.
  public var worst: Int
  /// How often each feature is shuffled to see what it is worth; 0 leaves that out.
  public var importance: Int
  /// By metric, what the test part has to show before a version is registered.
  public var require: [String: Double]
}
