import Foundation
import MartletCore
import Project
import Recipes
import Selection
import Tables

/// A project's rows in the part to learn from and the part to judge by.
struct TableParts: Sendable {
  /// All columns, for dividing and for slices.
  let training: Table
  /// `nil` where nothing is set aside.
  let test: Table?
  /// What the model may look at.
  let features: [String]
  let target: TargetColumn?
  let weight: String?
  let check: DataCheckReport?
  let notes: [String]
  /// How many rows there are to learn from and to judge by: more than the tables hold where those are samples.
  let rows: (training: Int, test: Int)
  /// All training rows, where the table is a sample of them; `nil` where nothing can learn from them.
  let stored: StoredParts?
  /// Digests of all rows, where the tables are samples.
  let digests: [String]

  /// The tables are samples: not all rows fit into memory.
  var isSampled: Bool { !digests.isEmpty }

  /// The training rows with the columns that the model may look at, the target and the weights.
  var part: TrainingPart {
    get throws { TrainingPart(all: try training.selecting(features + [target?.name, weight].compactMap { $0 })) }
  }

  /// - Parameter parts: the folder where rows go that do not fit into memory, if they are to be learnt from.
  init(_ file: ProjectFile, _ project: TableProject, parts folder: String? = nil) throws {
    let loader = TableLoader(project: project, file: file)
    let target = project.task.hasTarget ? project.data.target : nil
    let task: TargetTask = project.task == .classification ? .classification : .regression
    weight = project.data.weight
    if let stream = try TableStream(loader) {
      let learns = project.data.limit == nil && target != nil ? folder : nil
      let read: TableStream.Rows
      do { read = try stream.read(into: learns) } catch {
        if let learns { try? FileManager.default.removeItem(atPath: learns) }
        throw error
      }
      (training, test, digests) = (read.training, read.test, read.digests)
      (rows, check, notes) = ((read.trainingRows, read.testRows), read.check, read.notes)
      let names = try loader.features(of: read.training)
      features = names
      let learnt = try target.map { name in
        try TargetColumn(
          TrainingPart(all: try read.training.selecting(names + [name])), column: name, task: task, positive: project.data.positive)
      }
      self.target = learnt
      let classes = learnt.flatMap { target in target.labels.map { (name: target.name, classes: Set($0)) } }
      stored = learns.map { StoredParts(folder: $0, counts: read.counts, types: read.training.fields, target: classes) }
      return
    }
    let loaded = try loader.load()
    let table = loaded.table
    features = try loader.features(of: table)
    var notes = loaded.notes
    var check = loaded.check
    let seed = project.training.seed
    switch project.data.test ?? (project.task.hasTarget ? .share(0.2) : nil) {
    case nil: (training, test) = (table, nil)
    case .share(let share):
      let split = try Split.random(table, test: share, seed: seed, stratify: project.task == .classification ? target : nil)
      (training, test) = (split.training.table, split.test.table)
    case .file(let path):
      let other = try loader.loadTest(path)
      (training, test) = (table, other.table)
      notes += other.notes
      if let report = other.check, !report.passed { check = report }
    case .after(let text, let column):
      let split = try Split.after(try Self.cutoff(text, try table.column(column)), in: column, of: table)
      (training, test) = (split.training.table, split.test.table)
    case .groups(let column, let share):
      let split = try Split.groups(column, of: table, test: share, seed: seed)
      (training, test) = (split.training.table, split.test.table)
    }
    self.check = check
    self.notes = notes
    rows = (training.rowCount, test?.rowCount ?? 0)
    (stored, digests) = (nil, [])
    let learnt = training, names = features
    self.target = try target.map { name in
      try TargetColumn(
        TrainingPart(all: try learnt.selecting(names + [name])), column: name, task: task, positive: project.data.positive)
    }
  }

  /// A point in time, or a number, in the column's own unit.
  static func cutoff(_ text: String, _ column: Column) throws -> Double {
    if column.type.kind == .timestamp {
      let zone: String? = if case .timestamp(let zone) = column.type { zone } else { nil }
      if let value = try? Column("cutoff", [text] as [String?]).cast(to: .timestamp(timeZone: zone)).numbers().first { return value }
      if let value = try? Column("cutoff", [text + "T00:00:00Z"] as [String?]).cast(to: .timestamp(timeZone: zone)).numbers().first {
        return value
      }
      throw ArgumentError("data.test.after is '\(text)'", expected: "a point in time, such as 2013-10-01")
    }
    guard let value = Double(text) else {
      throw ArgumentError("data.test.after is '\(text)'", expected: "a number, as in '\(column.name)'")
    }
    return value
  }
}
