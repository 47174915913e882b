import Commands
import Foundation
import MartletCore
import Profiling
import Project
import Tables

/// `martlet init`: looks at a table, piece by piece, and writes a project that runs as it is.
struct TableInit {
  let request: InitRequest
  let profile: DataProfile
  let task: ProjectTask

  /// - Throws: `FileError`, `TableError`; `ArgumentError` if there is a project already, or the target cannot be learnt.
  static func write(_ request: InitRequest) throws -> InitSummary {
    let folder = request.folder.count > 1 && request.folder.hasSuffix("/") ? String(request.folder.dropLast()) : request.folder
    let project = folder == "." ? ProjectFile.standardName : folder + "/" + ProjectFile.standardName
    let schema = folder == "." ? DataSchema.fileName : folder + "/" + DataSchema.fileName
    for path in [project, schema] where FileManager.default.fileExists(atPath: path) && !request.force {
      throw ArgumentError("\(path) is there already", expected: "a folder without a project", remedy: "--force, or another --output")
    }
    let reader = try TableReader(request.input)
    if let target = request.target { _ = try reader.emptyTable.column(target) }
    var profiler = DataProfiler(ProfileOptions(target: request.target, fitsModels: false))
    try profiler.add(reader.emptyTable)
    while let part = try reader.next() {
      try Task.checkCancellation()
      try profiler.add(part)
    }
    let rows = profiler.summary.rows
    guard rows > 0 else { throw ArgumentError("\(request.input) has no rows", expected: "1 or more") }
    let task = try task(request, profiler.summary)
    let made = TableInit(request: request, profile: try profiler.finish(), task: task)
    let text = made.text(folder: folder)
    // What is written has to be right, whatever the columns are called.
    _ = try ProjectFile.parseAny(text, file: project)
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let sample = try profiler.sampled().table
    try DataSchema.infer(profiler.summary, sample: sample, isWhole: sample.rowCount == rows, target: request.target).write(to: schema)
    try AtomicFile.write(Data(text.utf8), to: project)
    return InitSummary(
      project: project, schema: schema, task: made.task.rawValue, rows: rows, columns: profiler.summary.columns.count,
      remarks: made.remarks)
  }

  private static func task(_ request: InitRequest, _ summary: TableSummary) throws -> ProjectTask {
    if let word = request.task, let task = ProjectTask(rawValue: word) { return task }
    guard let target = request.target, let column = summary.column(target) else { return .clustering }
    guard column.present > 0 else {
      throw ArgumentError("the target '\(target)' has no values", expected: "a column to learn")
    }
    switch column.type.kind {
    case .text, .categorical, .boolean: return .classification
    case .numeric:
      // Few whole numbers are names of classes; more of them measure something.
      return column.isDistinctExact && column.distinct <= 10 && column.isWhole && column.infinite == 0 ? .classification : .regression
    default: throw ArgumentError("the target '\(target)' holds \(column.type)", expected: "classes or numbers")
    }
  }

  // What was noticed ----------------------------------------------------------------------------------------------------------------------

  private var columns: [ColumnProfile] { profile.columns.filter { $0.name != request.target } }

  /// Columns to leave out, and why.
  private var dropped: [(name: String, reason: String)] {
    var found: [(String, String)] = []
    var seen = Set<String>()
    func add(_ name: String, _ reason: String) { if seen.insert(name).inserted { found.append((name, reason)) } }
    for leak in profile.target?.leaks ?? [] where leak.confidence == .likely && leak.column != request.target {
      add(leak.column, "tells the target: \(leak.reasons.first ?? "known only afterwards")")
    }
    for column in columns {
      if column.missing == profile.rows {
        add(column.name, "has no values")
      } else if column.isConstant {
        add(column.name, "is always the same")
      }
      if column.isLikelyIdentifier { add(column.name, "names a row and says nothing about others") }
    }
    // Something has to be left to learn from.
    return found.count < columns.count ? found : found.filter { $0.1.hasPrefix("has no") }
  }

  private var remarks: [String] {
    var words = dropped.map { "\($0.name) \($0.reason); it is left out" }
    for leak in profile.target?.leaks ?? [] where leak.confidence == .possible {
      words.append("\(leak.column) may tell the target (\(leak.reasons.first ?? "")); look at it")
    }
    if task == .classification, let classes = profile.target?.classes, let rare = classes.min(by: { $0.count < $1.count }),
      Double(rare.count) < 0.1 * Double(profile.rows)
    {
      words.append("'\(rare.value)' is rare: \(rare.count) of \(profile.rows) rows; balance: says what can be done")
    }
    if let missing = columns.max(by: { $0.missingRate < $1.missingRate }), missing.missingRate > 0.2 {
      words.append("\(missing.name) is missing in \(Int((missing.missingRate * 100).rounded())) % of the rows")
    }
    return words
  }

  // The file ------------------------------------------------------------------------------------------------------------------------------

  private func text(folder: String) -> String {
    var lines = ["# Written by martlet init after looking at \((request.input as NSString).lastPathComponent)."]
    lines += remarks.map { "# " + $0.replacingOccurrences(of: "\n", with: " ") }
    lines += [
      "name: \(Self.name(of: request.input))", "task: \(task.rawValue)", "", "data:",
      "  file: \(Self.quoted(Self.path(of: request.input, from: folder)))",
    ]
    if let target = request.target { lines.append("  target: \(Self.quoted(target))") }
    if task == .classification, let positive { lines.append("  positive: \(Self.quoted(positive))   # the class that counts as positive") }
    lines.append("  schema: \(DataSchema.fileName)   # new data are held against it; martlet data check FILE does that, too")
    if !dropped.isEmpty {
      lines.append("  drop:")
      for column in dropped {
        lines.append("    - \(Self.quoted(column.name))   # \(column.reason.replacingOccurrences(of: "\n", with: " "))")
      }
    }
    if task.hasTarget {
      lines.append("  test: 0.2   # the share to judge by\(task == .classification ? ", drawn evenly from the classes" : "")")
      if let time = columns.first(where: { $0.kind == .timestamp }) {
        lines.append("  # Where the model will be asked about the future, judge by the newest rows instead:")
        lines.append("  # test: {after: 2024-01-01, column: \(Self.quoted(time.name))}")
      }
    }
    lines += ["", "prepare: auto   # filled, scaled and encoded as each model needs it"]
    if task == .classification { lines.append("balance: none   # or class-weights, smote, random-under …; a list tries each") }
    lines += ["models: [\(models.joined(separator: ", "))]"]
    if task.hasTarget {
      lines += [
        "", "select:", "  folds: \(folds)   # cross-validation on the training part chooses the model", "  # metric: \(metricHint)",
      ]
    }
    if task == .classification {
      lines += [
        "", "# calibrate: platt   # makes probabilities mean what they say", "# threshold: {cost: {false-positive: 1, false-negative: 5}}",
      ]
    }
    lines += ["", "training:", "  seed: 1", "", "evaluation:", "  intervals: 0.95"]
    let small = columns.filter { [.categorical, .boolean, .text].contains($0.kind) && (2...8).contains($0.distinct) }.map(\.name)
    let slices = small.filter { name in !dropped.contains { $0.name == name } }.prefix(3).map(Self.quoted)
    if !slices.isEmpty, task.hasTarget { lines.append("  slices: [\(slices.joined(separator: ", "))]   # judged value by value") }
    lines.append("  # require: {\(task == .regression ? "r2" : "accuracy"): 0.8}   # below it nothing is registered")
    return lines.joined(separator: "\n") + "\n"
  }

  /// A model's name made of the input's.
  static func name(of input: String) -> String {
    let stem = (input as NSString).lastPathComponent.split(separator: ".").first.map(String.init) ?? "model"
    let words = stem.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
    let text = String(words).trimmingCharacters(in: CharacterSet(charactersIn: "-"))
    return text.isEmpty ? "model" : String(text.prefix(60))
  }

  /// Of two classes the one that people mean by yes, else the rarer.
  private var positive: String? {
    guard let classes = profile.target?.classes, classes.count == 2 else { return nil }
    let yes: Set<String> = ["yes", "true", "1", "y", "positive"]
    if let meant = classes.first(where: { yes.contains($0.value.lowercased()) }) { return meant.value }
    return classes.min { $0.count < $1.count }?.value
  }

  private var models: [String] {
    let isLarge = profile.rows > 200_000
    switch task {
    case .regression: return isLarge ? ["boosting", "ridge"] : ["boosting", "random_forest", "ridge"]
    case .clustering: return ["kmeans"]
    case .anomalyDetection: return ["isolation_forest"]
    default: return isLarge ? ["boosting", "logistic"] : ["boosting", "random_forest", "logistic"]
    }
  }

  private var folds: Int { max(2, min(5, profile.rows / 4)) }

  private var metricHint: String {
    task == .regression ? "mae" : profile.target?.classes.count == 2 ? "average_precision" : "accuracy"
  }

  /// The input's path as seen from the project's folder.
  static func path(of input: String, from folder: String) -> String {
    let file = URL(fileURLWithPath: input).standardizedFileURL.pathComponents
    let home = URL(fileURLWithPath: folder, isDirectory: true).standardizedFileURL.pathComponents
    let shared = zip(file, home).prefix { $0 == $1 }.count
    // Nothing in common but the root: the absolute path is easier to read.
    guard shared > 1 else { return "/" + file.dropFirst().joined(separator: "/") }
    return ([String](repeating: "..", count: home.count - shared) + file.dropFirst(shared)).joined(separator: "/")
  }

  /// A text as YAML reads it back.
  static func quoted(_ text: String) -> String {
    let plain =
      text.first.map { $0.isASCII && $0.isLetter } == true
      && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_./-".contains($0)) }
    let words: Set<String> = ["yes", "no", "true", "false", "null", "on", "off", "y", "n"]
    if plain, !words.contains(text.lowercased()) { return text }
    var escaped = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": escaped += "\\\""
      case "\\": escaped += "\\\\"
      case "\n": escaped += "\\n"
      case "\t": escaped += "\\t"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F || scalar.value == 0x85 || scalar.value == 0xFEFF:
        escaped += "\\u" + String(repeating: "0", count: 4 - String(scalar.value, radix: 16).count) + String(scalar.value, radix: 16)
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped + "\""
  }
}
