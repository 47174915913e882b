import Foundation
import MartletCore

/// A fitted learner's state on its way into and out of a ``LearnerArchive``.
struct StoredParts {
  let archive: LearnerArchive

  /// - Throws: `LearnerError` if the archive is of none of these kinds, or says that there were no features.
  init(_ archive: LearnerArchive, kinds: [String]) throws {
    guard kinds.contains(archive.kind) else {
      throw LearnerError("the archive holds the kind '\(archive.kind)'", expected: kinds.joined(separator: ", "))
    }
    if archive.settings["featureNames"] == .array([]) {
      throw LearnerError("the archive of \(archive.kind) names no feature", expected: "at least one")
    }
    self.archive = archive
  }

  /// The settings.
  /// - Throws: `LearnerError` naming the member that is missing or of another type.
  func settings<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
    do {
      return try JSON.decode(type, from: JSON.encode(archive.settings, pretty: false), source: "the archive of \(archive.kind)")
    } catch let error as FileError {
      throw LearnerError(error.problem, remedy: "fit the model again: its archive is damaged, or of another version")
    }
  }

  /// An array of doubles of a known shape; -1 stands for any size.
  func doubles(_ name: String, _ shape: Int...) throws -> [Double] {
    guard let array = archive.arrays[name] else {
      throw LearnerError("the archive of \(archive.kind) lacks the array '\(name)'")
    }
    guard array.shape.count == shape.count, zip(array.shape, shape).allSatisfy({ $1 < 0 || $0 == $1 }) else {
      throw LearnerError("the array '\(name)' of \(archive.kind) has the shape \(array.shape)", expected: "\(shape)")
    }
    guard array.dtype == .float64 else {
      throw LearnerError("the array '\(name)' of \(archive.kind) holds \(array.dtype)", expected: "float64")
    }
    return try array.values(as: Double.self)
  }

  static func make(
    _ kind: String, _ settings: some Encodable, _ arrays: [String: (values: [Double], shape: [Int])] = [:], parts: [LearnerArchive] = []
  ) throws -> LearnerArchive {
    LearnerArchive(
      kind: kind, settings: try json(settings), arrays: try arrays.mapValues { try HostArray($0.values, shape: $0.shape) }, parts: parts)
  }

  static func json(_ value: some Encodable) throws -> JSONValue {
    try JSON.decode(JSONValue.self, from: JSON.encode(value, pretty: false), source: "settings")
  }
}

/// A fitted learner with something to say about its fit: that it did not converge, that features were constant.
public protocol FittedWithWarnings: FittedLearner {
  /// A sentence each; empty if all went well.
  var warnings: [String] { get }
}

extension RowClasses {
  /// Spreads probabilities of the classes that occurred over all classes.
  static func spread(_ values: [Double], present: [Int], labels: Int) -> [Double] {
    guard present.count < labels else { return values }
    let rows = values.count / max(present.count, 1)
    var result = [Double](repeating: 0, count: rows * labels)
    for row in 0..<rows {
      for (place, label) in present.enumerated() { result[row * labels + label] = values[row * present.count + place] }
    }
    return result
  }

  /// - Throws: `LearnerError` unless the places are ascending ones in the labels.
  static func check(present: [Int], labels: [String], kind: String) throws {
    guard present.count >= 2, zip(present, present.dropFirst()).allSatisfy(<), present.allSatisfy(labels.indices.contains) else {
      throw LearnerError("the archive of \(kind) names the classes \(present) of \(labels.count)")
    }
  }
}

/// Checks of settings.
enum SettingRange {
  static func check(_ holds: Bool, _ kind: String, _ name: String, _ value: Any, _ expected: String) throws {
    guard holds else { throw LearnerError("\(kind): \(name) is \(value)", expected: expected) }
  }
}
