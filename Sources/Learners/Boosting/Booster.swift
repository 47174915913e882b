import CLearners
import Foundation
import MartletCore

/// Rows as xgboost keeps them. Freed with the last reference.
final class BoosterRows {
  let handle: DMatrixHandle
  let rows: Int
  let columns: Int

  /// - Parameters:
  ///   - values: row-major `[rows, columns]`; NaN where missing.
  ///   - categorical: columns whose values are codes.
  init(_ values: [Float], rows: Int, columns: Int, categorical: Set<Int>, threads: Int) throws {
    var handle: DMatrixHandle?
    try XGBoost.check(
      XGDMatrixCreateFromMat_omp(values, bst_ulong(rows), bst_ulong(columns), .nan, &handle, Int32(threads)), "reading the rows")
    guard let handle else { throw LearnerError("xgboost made nothing of \(rows) rows") }
    self.handle = handle
    self.rows = rows
    self.columns = columns
    guard !categorical.isEmpty else { return }
    try Self.withTexts((0..<columns).map { categorical.contains($0) ? "c" : "q" }) { texts in
      try XGBoost.check(XGDMatrixSetStrFeatureInfo(handle, "feature_type", texts, bst_ulong(columns)), "naming the features' types")
    }
  }

  func set(_ field: String, _ values: [Float]) throws {
    try XGBoost.check(XGDMatrixSetFloatInfo(handle, field, values, bst_ulong(values.count)), "setting \(field)")
  }

  /// How many rows each group has, for ranking.
  func setGroups(_ sizes: [Int]) throws {
    let sizes = sizes.map(UInt32.init)
    try XGBoost.check(XGDMatrixSetUIntInfo(handle, "group", sizes, bst_ulong(sizes.count)), "setting groups")
  }

  /// What was set; empty if nothing was.
  func floats(_ field: String) throws -> [Float] {
    var count: bst_ulong = 0, values: UnsafePointer<Float>?
    try XGBoost.check(XGDMatrixGetFloatInfo(handle, field, &count, &values), "reading \(field)")
    return Array(UnsafeBufferPointer(start: values, count: Int(count)))
  }

  static func withTexts<Result>(
    _ texts: [String], _ body: (UnsafeMutablePointer<UnsafePointer<CChar>?>) throws -> Result
  ) rethrows -> Result {
    let copies = texts.map { strdup($0) }
    defer { copies.forEach { free($0) } }
    var pointers = copies.map { UnsafePointer<CChar>($0) }
    return try pointers.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return try body(UnsafeMutablePointer<UnsafePointer<CChar>?>.allocate(capacity: 0)) }
      return try body(base)
    }
  }

  deinit { XGDMatrixFree(handle) }
}

/// A model of xgboost. Freed with the last reference.
///
/// `@unchecked Sendable`: the lock guards calls that change the handle or its caches; predicting in place changes nothing once the model is
/// configured, which `init` sees to.
final class Booster: @unchecked Sendable {
  private let handle: BoosterHandle
  private let lock = NSLock()

  /// - Parameter rows: what is to be learnt from, so that sketches of it are kept.
  init(_ rows: [BoosterRows]) throws {
    var handle: BoosterHandle?
    let matrices = rows.map { DMatrixHandle?($0.handle) }
    try XGBoost.check(XGBoosterCreate(matrices, bst_ulong(matrices.count), &handle), "making a model")
    guard let handle else { throw LearnerError("xgboost made no model") }
    self.handle = handle
  }

  /// A model from its own JSON or binary JSON, ready to predict rows of so many features from many threads.
  /// - Throws: `LearnerError` with xgboost's words if it cannot be read.
  init(model: [UInt8], features: Int, threads: Int) throws {
    var handle: BoosterHandle?
    try XGBoost.check(XGBoosterCreate(nil, 0, &handle), "making a model")
    guard let handle else { throw LearnerError("xgboost made no model") }
    self.handle = handle
    try XGBoost.check(XGBoosterLoadModelFromBuffer(handle, model, bst_ulong(model.count)), "reading a model")
    var count: bst_ulong = 0
    try XGBoost.check(XGBoosterGetNumFeature(handle, &count), "counting features")
    guard Int(count) == features else {
      throw LearnerError("the model of xgboost has \(count) features", expected: "\(features)")
    }
    try set("nthread", "\(threads)")
    try set("verbosity", "0")
    _ = try predict([Float](repeating: 0, count: features), rows: 1, columns: features)
  }

  func set(_ name: String, _ value: String) throws {
    try XGBoost.check(XGBoosterSetParam(handle, name, value), "setting \(name) to \(value)")
  }

  func update(_ round: Int, _ rows: BoosterRows) throws {
    try XGBoost.check(XGBoosterUpdateOneIter(handle, Int32(round), rows.handle), "boosting round \(round)")
  }

  /// A round by derivatives of the caller's own.
  func update(_ rows: BoosterRows, gradient: [Float], curvature: [Float]) throws {
    var gradient = gradient, curvature = curvature
    try XGBoost.check(
      XGBoosterBoostOneIter(handle, rows.handle, &gradient, &curvature, bst_ulong(rows.rows)), "boosting by derivatives")
  }

  /// The metric of each of the parts.
  func evaluate(_ round: Int, _ parts: [(name: String, rows: BoosterRows)]) throws -> [Double] {
    var handles = parts.map { DMatrixHandle?($0.rows.handle) }
    return try BoosterRows.withTexts(parts.map(\.name)) { names in
      var text: UnsafePointer<CChar>?
      try XGBoost.check(
        XGBoosterEvalOneIter(handle, Int32(round), &handles, names, bst_ulong(parts.count), &text), "judging round \(round)")
      // [3]\ttrain-logloss:0.31\tvalidation-logloss:0.4
      return text.map { String(cString: $0) }?.split(separator: "\t").dropFirst().compactMap { part in
        part.lastIndex(of: ":").flatMap { Double(part[part.index(after: $0)...]) }
      } ?? []
    }
  }

  /// The model as xgboost writes it.
  /// - Parameter format: `ubj` (binary) or `json`.
  func model(_ format: String, rounds: Int? = nil) throws -> [UInt8] {
    lock.lock()
    defer { lock.unlock() }
    var kept = handle
    if let rounds {
      var sliced: BoosterHandle?
      try XGBoost.check(XGBoosterSlice(handle, 0, Int32(rounds), 1, &sliced), "keeping \(rounds) rounds")
      if let sliced { kept = sliced }
    }
    defer { if kept != handle { XGBoosterFree(kept) } }
    var count: bst_ulong = 0, text: UnsafePointer<CChar>?
    try XGBoost.check(XGBoosterSaveModelToBuffer(kept, "{\"format\": \"\(format)\"}", &count, &text), "writing a model")
    return [UInt8](UnsafeRawBufferPointer(start: text, count: Int(count)))
  }

  func setFeatureNames(_ names: [String]) throws {
    try BoosterRows.withTexts(names) { texts in
      try XGBoost.check(XGBoosterSetStrFeatureInfo(handle, "feature_name", texts, bst_ulong(names.count)), "naming the features")
    }
  }

  var rounds: Int {
    get throws {
      var count: Int32 = 0
      try XGBoost.check(XGBoosterBoostedRounds(handle, &count), "counting rounds")
      return Int(count)
    }
  }

  /// - Returns: row-major, a number a row, or one a class.
  func predict(_ values: [Float], rows: Int, columns: Int) throws -> [Float] {
    try values.withUnsafeBufferPointer { values in
      let address = UInt(bitPattern: values.baseAddress)
      let array = #"{"data": [\#(address), true], "shape": [\#(rows), \#(columns)], "typestr": "<f4", "version": 3}"#
      var shape: UnsafePointer<bst_ulong>?, dimensions: bst_ulong = 0, result: UnsafePointer<Float>?
      try XGBoost.check(
        XGBoosterPredictFromDense(handle, array, XGBoost.predicting(0, inPlace: true), nil, &shape, &dimensions, &result), "predicting")
      return XGBoost.copy(result, shape, dimensions)
    }
  }

  /// Predictions of another type: 1 margins, 2 contributions, 6 leaves.
  func predict(_ rows: BoosterRows, type: Int) throws -> (values: [Float], shape: [Int]) {
    lock.lock()
    defer { lock.unlock() }
    var shape: UnsafePointer<bst_ulong>?, dimensions: bst_ulong = 0, result: UnsafePointer<Float>?
    try XGBoost.check(
      XGBoosterPredictFromDMatrix(handle, rows.handle, XGBoost.predicting(type, inPlace: false), &shape, &dimensions, &result), "predicting"
    )
    return (XGBoost.copy(result, shape, dimensions), (0..<Int(dimensions)).map { Int(shape?[$0] ?? 0) })
  }

  /// The leaf of one round's tree that each row is in.
  func leaves(_ rows: BoosterRows, round: Int) throws -> [Int] {
    lock.lock()
    defer { lock.unlock() }
    // Leaves are told of all trees from the first one on: a model of this tree alone is asked.
    var alone: BoosterHandle?
    try XGBoost.check(XGBoosterSlice(handle, Int32(round), Int32(round + 1), 1, &alone), "taking round \(round)")
    defer { XGBoosterFree(alone) }
    var shape: UnsafePointer<bst_ulong>?, dimensions: bst_ulong = 0, result: UnsafePointer<Float>?
    try XGBoost.check(
      XGBoosterPredictFromDMatrix(alone, rows.handle, XGBoost.predicting(6, inPlace: false), &shape, &dimensions, &result), "finding leaves"
    )
    return XGBoost.copy(result, shape, dimensions).map { Int($0) }
  }

  /// A score a feature that is used at all, by the feature's place.
  func scores(_ type: String) throws -> [Int: Double] {
    lock.lock()
    defer { lock.unlock() }
    var count: bst_ulong = 0, names: UnsafeMutablePointer<UnsafePointer<CChar>?>?
    var dimensions: bst_ulong = 0, shape: UnsafePointer<bst_ulong>?, scores: UnsafePointer<Float>?
    try XGBoost.check(
      XGBoosterFeatureScore(handle, "{\"importance_type\": \"\(type)\"}", &count, &names, &dimensions, &shape, &scores), "scoring features")
    var result: [Int: Double] = [:]
    for place in 0..<Int(count) {
      guard let name = names?[place].map({ String(cString: $0) }), let feature = Int(name.dropFirst()), let score = scores?[place] else {
        continue
      }
      result[feature] = Double(score)
    }
    return result
  }

  deinit { XGBoosterFree(handle) }
}

enum XGBoost {
  /// - Throws: `LearnerError` with the first line of what xgboost says.
  static func check(_ status: Int32, _ doing: String) throws {
    guard status != 0 else { return }
    let text = XGBGetLastError().map { String(cString: $0) } ?? ""
    let line = text.split(separator: "\n").first.map(String.init) ?? "no reason"
    // "[12:01:02] ./src/objective/regression_obj.cu:119: label must be in [0,1]": the reason comes after the place in the source.
    let reason = line.firstMatch(of: /^\[[0-9:]+\] [^ ]*: (?:Check failed: )?(?<reason>.*)$/).map { String($0.output.reason) } ?? line
    throw LearnerError("xgboost failed while \(doing): \(reason)")
  }

  static func predicting(_ type: Int, inPlace: Bool) -> String {
    #"{"type": \#(type), "training": false, "iteration_begin": 0, "iteration_end": 0, "strict_shape": true"#
      + (inPlace ? #", "missing": NaN, "cache_id": 0}"# : "}")
  }

  static func copy(_ result: UnsafePointer<Float>?, _ shape: UnsafePointer<bst_ulong>?, _ dimensions: bst_ulong) -> [Float] {
    let count = (0..<Int(dimensions)).reduce(1) { $0 * Int(shape?[$1] ?? 0) }
    return Array(UnsafeBufferPointer(start: result, count: count))
  }
}
