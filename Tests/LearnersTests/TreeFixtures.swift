import Foundation
import Learners
import MartletCore
import Tables
import Testing
import Torch

/// scikit-learn's small classics, and what it says of them.
enum TreeFixtures {
  static func file(_ name: String) throws -> SafetensorsFile {
    let path = try #require(Bundle.module.path(forResource: name, ofType: "safetensors", inDirectory: "Fixtures"))
    return try SafetensorsFile(path: path)
  }

  static func numbers(_ name: String, in file: String = "trees") throws -> [Double] {
    try self.file(file).tensor(name).array(of: Double.self)
  }

  static func has(_ name: String) throws -> Bool { try file("trees").info(name) != nil }

  static func features(_ name: String) throws -> FeatureMatrix {
    let tensor = try file("classics").tensor(name + ".x")
    return try FeatureMatrix(
      rows: tensor.shape[0], names: (0..<tensor.shape[1]).map { "f\($0)" }, values: tensor.array(of: Double.self))
  }

  static func classes(_ name: String) throws -> Target {
    let codes = try numbers(name + ".y", in: "classics").map { Int($0) }
    return .classes(codes, labels: (0...(codes.max() ?? 0)).map { "c\($0)" })
  }

  static func values(_ name: String) throws -> Target { .values(try numbers(name + ".y", in: "classics")) }

  /// A fold of every row: the same share of each class in all.
  static func folds(_ target: Target, _ count: Int) -> [Int] {
    guard case .classes(let codes, _) = target else { return (0..<target.count).map { $0 % count } }
    var next: [Int: Int] = [:]
    return codes.map { code in
      next[code, default: code] += 1
      return (next[code] ?? 0) % count
    }
  }

  /// The share of rows that a classifier gets right, each predicted by a fit on the other folds.
  static func crossValidated(
    _ learner: any Learner, _ x: FeatureMatrix, _ target: Target, folds count: Int = 5, seed: UInt64
  ) throws -> Double {
    guard case .classes(let codes, let labels) = target else { return .nan }
    let folds = folds(target, count)
    var right = 0
    for fold in 0..<count {
      let train = folds.indices.filter { folds[$0] != fold }, test = folds.indices.filter { folds[$0] == fold }
      let fitted = try learner.fit(x.taking(train), target.taking(train), weights: nil, context: FitContext(seed: seed))
      let shares = try #require(fitted as? any FittedClassifier).probabilities(x.taking(test))
      for (place, row) in test.enumerated() {
        let own = Array(shares[place * labels.count..<(place + 1) * labels.count])
        if own.firstIndex(of: own.max() ?? 0) == codes[row] { right += 1 }
      }
    }
    return Double(right) / Double(codes.count)
  }
}
