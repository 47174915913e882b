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

  /// The training rows with the columns that the model may look at, the target and the weights.
  var part: TrainingPart {
    get throws { TrainingPart(all: try training.selecting(features + [target?.name, weight].compactMap { $0 })) }
  }

  init(_ file: ProjectFile, _ project: TableProject) throws {
    let loader = TableLoader(project: project, file: file)
    let rows = try loader.load()
    let table = rows.table
    features = try loader.features(of: table)
    weight = project.data.weight
    var notes = rows.notes
    var check = rows.check
    let seed = project.training.seed, target = project.data.target
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
    guard let target, project.task.hasTarget else {
      self.target = nil
      return
    }
    self.target = try TargetColumn(
      TrainingPart(all: try training.selecting(features + [target])), column: target,
      task: project.task == .classification ? .classification : .regression, positive: project.data.positive)
  }

  /// A point in time, or a number, in the column's own unit.
  private static func cutoff(_ text: String, _ column: Column) throws -> Double {
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
