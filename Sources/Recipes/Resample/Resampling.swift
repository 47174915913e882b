import Foundation
public import MartletCore
import Tables

/// More rows of rare classes, or fewer of common ones. Only training rows can be resampled: nothing else has the type.
///
/// In JSON and YAML: `smote`, or `{smote: {neighbours: 3, strategy: 0.5}}`.
public struct Resampling: Hashable, Sendable {
  public enum Method: String, Hashable, Sendable, Codable, CaseIterable {
    /// Rows given again.
    case randomOver = "random-over"
    /// Rows left out.
    case randomUnder = "random-under"
    /// New rows between neighbours of a class (Chawla 2002).
    case smote
    /// SMOTE where some columns are codes of categories, which take the neighbours' most frequent one.
    case smoteNC = "smote-nc"
    /// SMOTE from the rows at the border alone (Han 2005): towards rows of their class, or of any class.
    case borderline1 = "borderline-1"
    case borderline2 = "borderline-2"
    /// More new rows where more neighbours are of other classes (He 2008).
    case adasyn
    /// Leaves out rows whose neighbours are of other classes (Wilson 1972).
    case editedNeighbours = "edited-neighbours"
    /// Leaves out rows that are each other's nearest and of different classes (Tomek 1976).
    case tomekLinks = "tomek-links"
    /// Keeps the rows that are nearest to the smallest class, by version (Mani 2003).
    case nearMiss = "near-miss"
    case smoteEditedNeighbours = "smote-edited-neighbours"
    case smoteTomek = "smote-tomek"
  }

  public enum Vote: String, Hashable, Sendable, Codable, CaseIterable {
    /// Every neighbour is of the row's class.
    case all
    /// The most frequent class among the neighbours is.
    case mode
  }

  public var method: Method
  public var strategy: SamplingStrategy
  /// Between which new rows are made; of ADASYN also those that are counted.
  public var neighbours: Int
  /// Of the search for borders (10), of edited neighbours and near misses (3); `nil` for these.
  public var judges: Int?
  public var vote: Vote
  /// Of near misses: 1 or 2.
  public var version: Int

  public init(
    _ method: Method, strategy: SamplingStrategy = .automatic, neighbours: Int = 5, judges: Int? = nil, vote: Vote = .all, version: Int = 1
  ) {
    self.method = method
    self.strategy = strategy
    self.neighbours = neighbours
    self.judges = judges
    self.vote = vote
    self.version = version
  }

  var name: String { method.rawValue }

  /// Resampled rows: first those that were there, then new ones, class by class.
  /// - Parameters:
  ///   - seed: decides what is drawn; the number of threads does not.
  /// - Throws: `RecipeError` if the target has no classes, a class has too few rows, or a feature misses values where distances are needed.
  public func resample(_ training: TrainingMatrix, seed: UInt64, threads: Int = Parallel.defaultThreads) throws -> TrainingMatrix {
    guard neighbours >= 1, (judges ?? 1) >= 1 else {
      throw RecipeError("neighbours is \(min(neighbours, judges ?? 1))", expected: "1 or more", step: name)
    }
    let rows = try ResampledRows(training, step: name, seed: seed, threads: threads)
    switch method {
    case .randomOver: return try rows.randomOver(strategy)
    case .randomUnder: return try rows.randomUnder(strategy)
    case .smote: return try rows.smote(strategy, neighbours)
    case .smoteNC: return try rows.smoteNC(strategy, neighbours)
    case .borderline1, .borderline2: return try rows.borderline(strategy, neighbours, judges ?? 10, anyClass: method == .borderline2)
    case .adasyn: return try rows.adasyn(strategy, neighbours)
    case .editedNeighbours: return try rows.editedNeighbours(strategy, judges ?? 3, vote)
    case .tomekLinks: return try rows.tomekLinks(strategy)
    case .nearMiss: return try rows.nearMiss(strategy, judges ?? 3, version)
    case .smoteEditedNeighbours:
      let more = try rows.smote(strategy, neighbours)
      return try ResampledRows(more, step: name, seed: seed, threads: threads).editedNeighbours(.all, judges ?? 3, vote)
    case .smoteTomek:
      let more = try rows.smote(strategy, neighbours)
      return try ResampledRows(more, step: name, seed: seed, threads: threads).tomekLinks(.all)
    }
  }
}

extension Resampling: Codable {
  private enum Keys: String, CodingKey, CaseIterable { case strategy, neighbours, judges, vote, version }

  private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  public init(from decoder: any Decoder) throws {
    let names = Method.allCases.map(\.rawValue)
    func method(_ name: String) throws -> Method {
      guard let method = Method(rawValue: name) else {
        let near = NearestName.of(name, among: names)
        throw RecipeError(
          "there is no resampling '\(name)'", expected: listed(names, limit: 20), remedy: near.map { "did you mean '\($0)'?" }, value: name)
      }
      return method
    }
    if let name = try? decoder.singleValueContainer().decode(String.self) {
      self.init(try method(name))
      return
    }
    let container = try decoder.container(keyedBy: Name.self)
    guard container.allKeys.count == 1, let name = container.allKeys.first else {
      throw RecipeError("resampling is neither a name nor a name with settings", expected: "smote or {smote: {neighbours: 3}}")
    }
    self.init(try method(name.stringValue))
    let given = try container.nestedContainer(keyedBy: Name.self, forKey: name)
    if let unknown = given.allKeys.first(where: { Keys(rawValue: $0.stringValue) == nil }) {
      throw RecipeError(
        "there is no setting '\(unknown.stringValue)'", expected: listed(Keys.allCases.map(\.rawValue)), step: name.stringValue)
    }
    let settings = try container.nestedContainer(keyedBy: Keys.self, forKey: name)
    strategy = try settings.decodeIfPresent(SamplingStrategy.self, forKey: .strategy) ?? strategy
    neighbours = try settings.decodeIfPresent(Int.self, forKey: .neighbours) ?? neighbours
    judges = try settings.decodeIfPresent(Int.self, forKey: .judges)
    vote = try settings.decodeIfPresent(Vote.self, forKey: .vote) ?? vote
    version = try settings.decodeIfPresent(Int.self, forKey: .version) ?? version
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Name.self)
    var settings = container.nestedContainer(keyedBy: Keys.self, forKey: Name(method.rawValue))
    try settings.encode(strategy, forKey: .strategy)
    try settings.encode(neighbours, forKey: .neighbours)
    try settings.encodeIfPresent(judges, forKey: .judges)
    try settings.encode(vote, forKey: .vote)
    try settings.encode(version, forKey: .version)
  }
}
