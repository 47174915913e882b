import Foundation
import Learners
import MartletCore
import Tables
import Testing

/// Saved learners that somebody has changed: each is refused with a typed error, or answers rows without reaching outside of anything.
@Suite struct TamperedLearnerTests {
  /// A learner and one thing that it can be asked to do: a forest of classes is saved otherwise than one of numbers.
  struct Case: Sendable, CustomTestStringConvertible {
    let entry: LearnerEntry
    let task: LearnerTask
    var testDescription: String { "\(entry.kind), \(task.rawValue)" }

    /// But for encoders of texts, which need a fetched model to start from and have a test of their own.
    static let all = LearnerCatalogue.entries.filter { $0.kind != TextEncoder.kind }.flatMap { entry in
      entry.tasks.map { Case(entry: entry, task: $0) }
    }
  }

  /// More rounds and other seeds find more, when something about archives changes.
  private static let rounds = 30
  private static let seed: UInt64 = 9

  @Test(arguments: Case.all)
  func changedArchivesAreRefusedOrHarmless(_ tampered: Case) throws {
    let kind = tampered.entry.kind, data = try Self.data(tampered)
    let learner = try LearnerCatalogue.learner(kind, settings: Self.small(tampered))
    let archive = try learner.fit(data.x, data.target, weights: nil, context: FitContext(seed: 5, threads: 1)).archive()
    var refused = 0, answered = 0
    for round in 0..<Self.rounds {
      var random = KeyedRandom(seed: Self.seed, purpose: "tampering." + kind, index: UInt64(round))
      let changed = try Self.changing(archive, &random)
      do {
        let fitted = try LearnerCatalogue.fitted(changed)
        let count = try LearnerContract.outcome(fitted, data.probe).count, width = (fitted as? any FittedClassifier)?.labels.count ?? 1
        if fitted is any FittedClassifier || fitted is any FittedRegressor { #expect(count == data.probe.rows * width, "\(kind)") }
        answered += 1
      } catch {
        #expect(error is any MartletError, "\(kind): \(error)")
        refused += 1
      }
    }
    #expect(refused > 2, "\(kind): \(refused) refused, \(answered) answered")
  }

  private static func data(_ tampered: Case) throws -> ContractData {
    switch tampered.task {
    case .regression: return try .numbers(rows: 30, positive: true)
    case .classification:
      let data = try ContractData.classes(tampered.entry.kind == TunedThreshold.kind ? 2 : 3, rows: 30)
      let counting = [MultinomialNaiveBayes.kind, ComplementNaiveBayes.kind, CategoricalNaiveBayes.kind, NaiveBayesLogistic.kind]
      guard counting.contains(tampered.entry.kind) else { return data }
      func counts(_ x: FeatureMatrix) throws -> FeatureMatrix {
        try FeatureMatrix(rows: x.rows, names: x.names, values: x.denseValues().map { abs($0 * 3).rounded() })
      }
      return try ContractData(x: counts(data.x), target: data.target, probe: counts(data.probe))
    case .clustering, .anomalyDetection, .transformation: return try .unlabelled(rows: 30)
    }
  }

  /// Settings that make a small model, where the learner has such, and members for those that have none.
  private static func small(_ tampered: Case) -> JSONValue {
    var wanted: [String: JSONValue] = [
      "trees": 3, "rounds": 3, "members": 2, "epochs": 1, "folds": 2, "learners": ["tree", ["mlp": ["epochs": 1]], "neighbours"],
      "blocks": 1, "width": 8,
      "bootstrap": true, "out-of-bag": true,
    ]
    if tampered.task == .regression { wanted["quantiles"] = true }
    let known = Set(tampered.entry.settings.map(\.name))
    return .object(wanted.filter { known.contains($0.key) })
  }

  private static func changing(_ archive: LearnerArchive, _ random: inout KeyedRandom) throws -> LearnerArchive {
    var archive = archive
    let inPart = !archive.parts.isEmpty && random.bernoulli(0.5)
    if inPart {
      let place = Int.random(in: 0..<archive.parts.count, using: &random)
      if random.bernoulli(0.2) {
        archive.parts.remove(at: place)
      } else {
        archive.parts[place] = try changing(archive.parts[place], &random)
      }
      return archive
    }
    if let name = archive.arrays.keys.sorted().randomElement(using: &random), let array = archive.arrays[name], random.bernoulli(0.6) {
      archive.arrays[name] = try changing(array, &random)
    } else {
      let places = JSONTampering.paths(archive.settings)
      let path = places.randomElement(using: &random) ?? []
      archive.settings = JSONTampering.changing(archive.settings, path[...], &random)
    }
    return archive
  }

  private static func changing(_ array: HostArray, _ random: inout KeyedRandom) throws -> HostArray? {
    let size = array.dtype.size, count = array.elementCount
    var bytes = array.bytes
    switch Int.random(in: 0..<6, using: &random) {
    case 0: return nil
    case 1: return try HostArray(dtype: array.dtype, shape: [max(0, count - 1)], bytes: Array(bytes.prefix(max(0, count - 1) * size)))
    case 2: return try HostArray(dtype: array.dtype, shape: [count + 1], bytes: bytes + [UInt8](repeating: 0, count: size))
    case 3: return try HostArray(dtype: .uint8, shape: [bytes.count], bytes: bytes)
    default:
      // One element of all ones, zeros or random bits: places out of range, NaN, huge counts.
      guard count > 0 else { return array }
      let place = Int.random(in: 0..<count, using: &random), kind = Int.random(in: 0..<3, using: &random)
      for byte in 0..<size {
        bytes[place * size + byte] = kind == 0 ? 0xff : kind == 1 ? 0 : UInt8(Int.random(in: 0..<256, using: &random))
      }
      if array.dtype != .bool { return try HostArray(dtype: array.dtype, shape: array.shape, bytes: bytes) }
      bytes[place] &= 1
      return try HostArray(dtype: array.dtype, shape: array.shape, bytes: bytes)
    }
  }
}

/// Changes one place of a document.
private enum JSONTampering {
  static func paths(_ value: JSONValue, _ prefix: [String] = []) -> [[String]] {
    switch value {
    case .object(let members): members.sorted { $0.key < $1.key }.flatMap { paths($0.value, prefix + [$0.key]) }
    case .array(let elements):
      (prefix.isEmpty ? [] : [prefix]) + elements.enumerated().flatMap { paths($0.element, prefix + [String($0.offset)]) }
    default: [prefix]
    }
  }

  static func changing(_ value: JSONValue, _ path: ArraySlice<String>, _ random: inout KeyedRandom) -> JSONValue {
    guard let step = path.first else { return changed(value, &random) }
    switch value {
    case .object(var members):
      members[step] = members[step].map { changing($0, path.dropFirst(), &random) }
      return .object(members)
    case .array(var elements):
      if let place = Int(step), elements.indices.contains(place) { elements[place] = changing(elements[place], path.dropFirst(), &random) }
      return .array(elements)
    default: return value
    }
  }

  private static func changed(_ value: JSONValue, _ random: inout KeyedRandom) -> JSONValue {
    let choice = Int.random(in: 0..<6, using: &random)
    switch value {
    case .array(let elements): return .array(choice < 3 ? Array(elements.dropLast()) : elements + elements.suffix(1))
    case .bool(let flag): return .bool(!flag)
    case .int, .double: return [.int(-1), .int(0), .int(7), .int(Int(Int32.max) + 1), .int(.max), .double(-1e300)][choice]
    case .string(let text): return [.string(""), .string(text + "x"), .null, .int(1), .string("regression"), .string("[1]")][choice]
    default: return .int(1)
    }
  }
}
