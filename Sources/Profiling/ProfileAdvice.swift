import Charts
import Foundation
import Tables

/// Says in plain words what a profile means for a model.
struct ProfileAdvice {
  let profile: DataProfile
  let summary: TableSummary

  var warnings: [ProfileWarning] {
    let all = table + target + profile.columns.flatMap(column) + together
    // Within a kind of importance, in the order in which they were thought of.
    return all.enumerated().sorted { ($1.element.severity, $0.offset) < ($0.element.severity, $1.offset) }.map(\.element)
  }

  private var table: [ProfileWarning] {
    var found: [ProfileWarning] = []
    if profile.rows == 0 {
      found.append(.init(.important, "empty", [], "The table has no rows.", "Check that this is the right file."))
    } else if profile.rows < 100 {
      found.append(
        .init(
          .warning, "few_rows", [], "There are only \(profile.rows) row\(profile.rows == 1 ? "" : "s").",
          "Collect more, or expect intervals too wide to decide anything."))
    }
    if profile.rows > 0, profile.columns.count > profile.rows {
      found.append(
        .init(
          .warning, "wide", [], "There are more columns (\(profile.columns.count)) than rows (\(profile.rows)).",
          "Select features inside cross-validation, or use a strongly regularised model."))
    }
    if profile.duplicates.rows > 0 {
      let share = Double(profile.duplicates.rows) / Double(max(profile.rows, 1))
      found.append(
        .init(
          share > 0.01 ? .warning : .note, "duplicate_rows", [],
          "\(NumberText.grouped(profile.duplicates.rows)) rows (\(Self.percent(share))) repeat an earlier row.",
          "Drop them before splitting: the same row in training and test makes a model look better than it is."))
    }
    // One finding a group: of thousands of columns most may be copies of a few.
    var order: [String] = [], groups: [String: [String]] = [:]
    for pair in profile.duplicates.columns {
      if groups[pair[0]] == nil { order.append(pair[0]) }
      groups[pair[0], default: [pair[0]]].append(pair[1])
    }
    for name in order {
      guard let group = groups[name] else { continue }
      let names = group.prefix(group.count > 7 ? 6 : 7).map { "'\($0)'" }
      let listed =
        group.count > 7
        ? "\(names.joined(separator: ", ")) and \(group.count - 6) others"
        : "\(names.dropLast().joined(separator: ", ")) and \(names.last ?? "")"
      found.append(
        .init(
          .warning, "same_columns", group, "\(listed) are the same in every row.",
          group.count == 2 ? "Drop one of them." : "Keep one of them."))
    }
    return found
  }

  private var target: [ProfileWarning] {
    guard let target = profile.target else { return [] }
    var found: [ProfileWarning] = []
    for leak in target.leaks {
      found.append(
        .init(
          leak.confidence == .likely ? .important : .warning, "leak", [leak.column],
          "'\(leak.column)' \(leak.confidence == .likely ? "probably" : "possibly") knows the answer: "
            + leak.reasons.joined(separator: "; ") + ".",
          "Ask when it is recorded. If that is not before the prediction is wanted, leave it out."))
    }
    if target.missing > 0 {
      found.append(
        .init(
          .warning, "target_missing", [target.name],
          "'\(target.name)' is missing in \(NumberText.grouped(target.missing)) rows.",
          "Those rows cannot teach. Ask why they are missing before leaving them out: the others may not be like them."))
    }
    guard target.isClasses else { return found }
    if target.classes.count == 1, let only = target.classes.first {
      found.append(
        .init(
          .important, "one_class", [target.name], "'\(target.name)' is '\(only.value)' in every row.",
          "There is nothing to learn: find rows of another class, or another target."))
    }
    let total = target.classes.reduce(0) { $0 + $1.count }
    if let rarest = target.classes.last, target.classes.count > 1, total > 0 {
      let share = Double(rarest.count) / Double(total)
      if rarest.count < 10 {
        found.append(
          .init(
            .warning, "rare_class", [target.name],
            "The class '\(rarest.value)' of '\(target.name)' has \(rarest.count) row\(rarest.count == 1 ? "" : "s").",
            "Too few to learn and to judge by: collect more, join classes, or treat it as an anomaly."))
      } else if share < 0.1, target.classes.count <= 20 {
        found.append(
          .init(
            .note, "imbalance", [target.name], "The class '\(rarest.value)' is \(Self.percent(share)) of the rows.",
            "Judge by average precision or costs, not accuracy; try class weights before resampling."))
      }
    }
    if let noise = profile.labelNoise, noise.rate > 0.01, !noise.issues.isEmpty {
      found.append(
        .init(
          noise.rate > 0.05 ? .warning : .note, "label_noise", [target.name],
          "About \(Self.percent(noise.rate)) of the labels may be wrong; \(noise.issues.count) rows stand out in the sample.",
          "Look at the first of them. If they are wrong, mend them before training; if they are right, the features do not tell these "
            + "classes apart."
        ))
    }
    return found
  }

  private func column(_ column: ColumnProfile) -> [ProfileWarning] {
    let name = column.name, rows = max(profile.rows, 1)
    var found: [ProfileWarning] = []
    func add(_ severity: ProfileWarning.Severity, _ kind: String, _ text: String, _ advice: String) {
      found.append(.init(severity, kind, [name], text, advice))
    }
    guard column.missing < profile.rows else {
      if profile.rows > 0 {
        add(.warning, "empty_column", "'\(name)' has no value in any row.", "Leave it out, or find out why it is empty.")
      }
      return found
    }
    if column.isConstant, profile.rows > 1 {
      add(
        .note, "constant", "'\(name)' is '\(column.top.first?.value ?? "")' wherever it has a value.",
        "Leave it out: it tells rows apart only by its gaps, if at all.")
    }
    if column.isLikelyIdentifier, name != profile.target?.name {
      add(
        .warning, "identifier", "'\(name)' is different in every row: it looks like an identifier.",
        "Leave it out of the features; keep it to name rows.")
    }
    if column.missingRate > 0.3 {
      add(
        column.missingRate > 0.6 ? .warning : .note, "missing", "'\(name)' is missing in \(Self.percent(column.missingRate)) of the rows.",
        "Ask why. An indicator column keeps what the gap says; imputing alone loses it.")
    }
    if let numbers = column.numbers {
      if numbers.infinite > 0 {
        add(.warning, "infinite", "'\(name)' holds infinity in \(numbers.infinite) rows.", "Find the division by zero, or make it missing.")
      }
      if abs(numbers.skewness) > 3, column.kind == .numeric, !column.isLikelyIdentifier, column.distinct > 20 {
        add(
          .note, "skewed", "'\(name)' has a long tail (skewness \(NumberText.significant(numbers.skewness, digits: 2))).",
          "Linear models and networks want a logarithm or quantiles; trees do not mind.")
      }
      if Double(numbers.outliers) > 0.05 * Double(rows), column.kind == .numeric, column.distinct > 20 {
        add(
          .note, "outliers", "\(Self.percent(Double(numbers.outliers) / Double(rows))) of '\(name)' lie far from the rest.",
          "Look at them: errors of measurement go, a heavy tail stays (robust scaling helps).")
      }
    } else if column.kind == .text || column.kind == .categorical {
      found += text(column)
    }
    if summary.column(name)?.hasMixedTypes == true {
      add(.important, "mixed_types", "'\(name)' changes its type on the way.", "Give the column one type when reading.")
    }
    return found
  }

  private func text(_ column: ColumnProfile) -> [ProfileWarning] {
    var found: [ProfileWarning] = []
    let name = column.name, present = Double(max(profile.rows - column.missing, 1))
    if let pattern = column.text?.pattern {
      switch pattern {
      case .integer, .number:
        found.append(
          .init(
            .warning, "numbers_as_text", [name], "'\(name)' holds numbers written as text.",
            "Read it as a number (thousands separators and units removed)."))
      case .date, .dateTime:
        found.append(
          .init(
            .warning, "dates_as_text", [name], "'\(name)' holds dates written as text.",
            "Read it as a timestamp, then derive month, weekday, age."))
      case .email:
        found.append(
          .init(.warning, "personal", [name], "'\(name)' holds e-mail addresses.", "Personal data: leave it out, or keep only the domain."))
      case .url, .uuid, .boolean: break
      }
    }
    if let text = column.text, text.blank > 0 {
      found.append(
        .init(.note, "blank", [name], "'\(name)' is empty or blank in \(text.blank) rows that are not missing.", "Read blanks as missing."))
    }
    if let text = column.text, Double(text.padded) > 0.001 * present, text.padded > 0 {
      found.append(
        .init(
          .note, "padded", [name], "'\(name)' has blanks at an end in \(text.padded) rows.", "Trim them: 'a' and 'a ' are two categories."))
    }
    if column.distinct > 100, column.distinct > 0.05 * present, !column.isLikelyIdentifier, (column.text?.meanLength ?? 0) < 30 {
      found.append(
        .init(
          .note, "many_categories", [name], "'\(name)' has \(NumberText.count(column.distinct)) different values.",
          "One-hot columns would be as many: use cross-fitted target encoding, or hashing."))
    }
    return found
  }

  private var together: [ProfileWarning] {
    var found: [ProfileWarning] = []
    let same = Set(profile.duplicates.columns.map { $0.sorted() })
    for pair in profile.associations.prefix(400) where abs(pair.value) > 0.98 && !same.contains([pair.first, pair.second].sorted()) {
      guard pair.measure != .correlationRatio, pair.first != profile.target?.name, pair.second != profile.target?.name else { continue }
      found.append(
        .init(
          .note, "correlated", [pair.first, pair.second],
          "'\(pair.first)' and '\(pair.second)' say nearly the same (\(pair.measure.words) "
            + "\(NumberText.significant(pair.value, digits: 3))).",
          "One of them is enough for linear models; importance will be shared between them."))
      if found.count == 12 { break }
    }
    if let pattern = profile.missingPatterns.first(where: { $0.columns.count > 1 && $0.rows >= 20 }),
      Double(pattern.rows) > 0.005 * Double(profile.rows)
    {
      let names = pattern.columns.prefix(6).map { "'\($0)'" }.joined(separator: ", ")
      found.append(
        .init(
          .note, "missing_together", pattern.columns,
          "\(names)\(pattern.columns.count > 6 ? " and \(pattern.columns.count - 6) others" : "") are missing together in "
            + "\(NumberText.grouped(pattern.rows)) rows.",
          "Such gaps have one cause: find it, and give the rows one indicator."))
    }
    return found
  }

  static func percent(_ share: Double) -> String { NumberText.percent(share, digits: 2) }
}
