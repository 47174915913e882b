import MartletCore

extension ProjectSchema {
  /// A project over tables with this task.
  static func table(_ task: ProjectTask, isFetched: Bool) -> Shape {
    var fields: [Field] = [
      .required("name", .text(.name), "The model's name in the registry."),
      .required("task", .word(tasks), "What the model does: \(tableTasks.joined(separator: ", "))."),
      .optional("description", .text(.any), "One line about the model, kept with every version."),
      .required("data", .mapping(tableData(task, isFetched: isFetched)), "The rows and what is to be learnt from them."),
      .standard(
        "prepare", .either([.word(["auto", "none"]), .list(step, count: 0...64)]), "auto",
        "How columns become features: auto suits each model (filled, scaled, encoded), none takes numbers as they are, or a list of steps."),
      .standard(
        "balance", .either([setting, .list(setting, count: 1...16)]), "none",
        "What is done about rare classes, within training rows only: none, class-weights, or a way to resample; of a list each is tried."),
      .standard(
        "models", .list(.tagged(learners(for: task)), count: 1...64), .array([.string(standardModel(task))]),
        "The learners to compare; the best is registered, the others stand in the report."),
      .standard("select", .mapping(selection), [:], "How the best model is found."),
      .standard("calibrate", .word(CalibrationChoice.allCases.map(\.rawValue)), "none", "How probabilities are made honest."),
      .standard("threshold", .either([.word(["default"]), threshold]), "default", "From which probability a row counts as positive."),
      .standard("training", .mapping(tableTraining), [:], "Seed and threads."),
      .standard("evaluation", .mapping(tableEvaluation), [:], "How the model is judged."),
      gates,
      .standard("serve", .mapping(serve), [:], "Where martlet serve listens."),
      stream,
      .standard("output", .text(.path), "runs", "The folder for reports and logs of the runs."),
    ]
    if task != .classification {
      // They hold for classes only, and their defaults do nothing.
      fields = fields.map { field in
        switch field.name {
        case "balance": .standard(field.name, .word(["none"]), "none", field.note)
        case "calibrate": .standard(field.name, .word(["none"]), "none", field.note)
        case "threshold": .standard(field.name, .word(["default"]), "default", field.note)
        default: field
        }
      }
    }
    return .mapping(MappingShape(fields))
  }

  private static let tableTasks = ProjectTask.allCases.filter(\.isTable).map(\.rawValue)

  private static func standardModel(_ task: ProjectTask) -> String {
    switch task {
    case .clustering: "kmeans"
    case .anomalyDetection: "isolation_forest"
    default: "boosting"
    }
  }

  private static let setting = Shape.either([.text(.any), .table(.any)])
  private static let step = Shape.either([.word(steps), .table(.any)])
  private static let names = Shape.either([.text(.any), .list(.text(.any), count: 1...100_000)])
  private static let share = Shape.number(.init(from: 0, to: 1, isAbove: true, isBelow: true))

  private static let threshold = Shape.tagged([
    Variant(
      "metric", "Where this metric is best on rows that the model did not learn from.", main: "name",
      [.standard("name", .word(["f1", "balanced_accuracy", "youden", "matthews_correlation"]), "f1", "The metric.")]),
    Variant(
      "cost", "Where mistakes cost least.",
      [
        .standard("false-positive", .number(.init(from: 0)), 1, "What a false alarm costs."),
        .standard("false-negative", .number(.init(from: 0)), 1, "What a miss costs."),
      ]),
    Variant(
      "recall", "The highest that finds this share of the positive rows.", main: "at-least",
      [.standard("at-least", .number(.init(from: 0, to: 1)), 0.9, "The share.")]),
    Variant(
      "precision", "The lowest at which this share of the alarms is right.", main: "at-least",
      [.standard("at-least", .number(.init(from: 0, to: 1)), 0.9, "The share.")]),
    Variant("at", "This probability.", main: "value", [.required("value", .number(.init(from: 0, to: 1)), "The probability.")]),
  ])

  private static func tableData(_ task: ProjectTask, isFetched: Bool) -> MappingShape {
    let path = Shape.text(isFetched ? .path : .existing(.either))
    let own = Shape.text(isFetched ? .path : .existing(.file))
    var fields: [Field] = [
      .optional("dataset", .text(.name), "A data set that scripts/fetch-data brought, such as churn; files then lie in its folder."),
      .optional(
        "file", .either([path, .list(path, count: 1...10_000)]),
        "The table: CSV, Parquet, Arrow or JSON Lines, compressed or not; several files of one kind, or a folder of them."),
      .optional("sql", .mapping(sql), "A query of a database instead of a file."),
      .standard("csv", .mapping(csv), [:], "How CSV is to be read, where it does not tell itself."),
      .optional("limit", .whole(counting), "Use this many rows at most, drawn by chance: for a quick try."),
      .standard("join", .list(.mapping(join(own)), count: 0...100), [], "Other tables beside each row, in this order."),
      .standard("derive", .table(.text(.any)), [:], "New columns: {late: 'arr_delay > 15'}."),
      .optional("where", .text(.any), "The rows that stay: '!isMissing(delay)'."),
      .standard("drop", .list(.text(.any), count: 0...100_000), [], "Columns that are left out."),
      .optional("keep", .list(.text(.any), count: 1...100_000), "The columns that are used. Left out: all that are not dropped."),
      .standard(
        "types", .table(.word(["number", "whole", "categorical", "boolean", "text", "timestamp"])), [:],
        "What columns are, where the table does not say it: {zip: categorical}."),
      .optional("weight", .text(.any), "The column that says how much each row counts."),
      .optional(
        "test",
        .either([
          share,
          .mapping(
            MappingShape(
              [
                .optional("file", own, "A table of its own."),
                .optional("after", .text(.any), "Rows at or after this point in time: 2013-10-01."),
                .optional("column", .text(.any), "The column of the time."),
                .optional("groups", .text(.any), "The column whose values stay together on one side."),
                .optional("share", share, "The share of the rows in groups. Left out: 0.2."),
              ], exclusive: [["file", "after", "groups"]], needsOneOf: [["file", "after", "groups"]])),
        ]),
        "The rows to judge by: a share (drawn evenly from the classes), a table, a time from which on, or whole groups. "
          + (task.hasTarget ? "Left out: 0.2." : "Left out: none.")),
      .optional("schema", .text(.existing(.file)), "The schema that rows have to keep; a violation ends the run with exit code 3."),
      .optional("positive", .text(.any), "The class that counts as positive. Left out: the last one in alphabetical order."),
    ]
    let target = Shape.text(.any)
    fields.append(
      task.hasTarget
        ? .required("target", target, "The column to learn.")
        : .optional("target", target, "A column that tells the truth; it is not learnt from, but judges."))
    return MappingShape(fields, exclusive: [["dataset", "sql"], ["file", "sql"]], needsOneOf: [["dataset", "file", "sql"]])
  }

  private static let sql = MappingShape(
    [
      .optional("sqlite", .text(.existing(.file)), "The file of an SQLite database."),
      .optional("postgres", .text(.any), "The environment variable that holds the URL of a PostgreSQL database."),
      .required("query", .text(.any), "The SELECT that gives the rows."),
    ], exclusive: [["sqlite", "postgres"]], needsOneOf: [["sqlite", "postgres"]])

  private static let csv = MappingShape([
    .optional("separator", .text(.any), "Between fields. Left out: found by looking."),
    .standard("quote", .text(.any), "\"", "Around fields."),
    .optional("encoding", .text(.any), "Such as latin1. Left out: found by looking."),
    .standard("header", .flag, true, "The first line names the columns."),
    .optional("names", .list(.text(.any), count: 1...100_000), "The columns' names, instead of a first line's."),
    .standard("skip", .whole(0...1_000_000), 0, "Lines before the table."),
    .standard("decimal", .text(.any), ".", "Before the fraction of a number."),
    .optional("thousands", .text(.any), "Between groups of digits."),
    .optional("missing", .list(.text(.any), count: 0...1000), "Texts that mean missing. Left out: the usual ones, such as NA."),
  ])

  private static func join(_ file: Shape) -> MappingShape {
    MappingShape([
      .required("file", file, "The other table."),
      .required("on", names, "The columns that have to be equal in both."),
      .optional("with", names, "The other table's columns, where their names differ."),
      .standard(
        "kind", .word(TableJoin.Kind.allCases.map(\.rawValue)), "left", "Which rows stay: left keeps every row, inner those that match."),
      .standard("suffix", .text(.any), "_right", "What a column gets after its name where the name is taken."),
      .optional("keep", .list(.text(.any), count: 1...100_000), "The other table's columns that are used. Left out: all."),
    ])
  }

  private static let selection = MappingShape([
    .standard(
      "metric", .text(.any), "auto", "What decides: auto is the ROC area of two classes, macro F1 of many, the error of numbers."),
    .standard("folds", .whole(0...1000), 5, "Parts of the training rows that judge in turn; 0 takes the first model as it is."),
    .standard(
      "kind", .word(ModelSelection.Kind.allCases.map(\.rawValue)), "auto", "How rows are divided: auto keeps the classes' shares."),
    .optional("group", .text(.any), "The column whose values stay together, for grouped."),
    .optional("time", .text(.any), "The column that rows are ordered by, for time."),
    .standard("repeats", .whole(1...1000), 1, "How often all of it is done, divided anew."),
  ])

  private static let tableTraining = MappingShape([
    .standard("seed", .whole(0...Shape.unbounded), 1, "Everything random follows from it."),
    .standard(
      "threads", .either([.word(["auto"]), .whole(1...1024)]), "auto", "Threads that compute; the result does not depend on them."),
    .optional(
      "memory", .number(.init(from: 0, isAbove: true)),
      "Gigabytes that the rows may take; larger tables are learnt from part by part. Left out: half of what the process can take."),
  ])

  private static let tableEvaluation = MappingShape([
    .standard("intervals", .number(.init(from: 0.5, to: 1, isBelow: true)), 0.95, "The confidence level of the metrics' intervals."),
    .standard("slices", .list(.text(.any), count: 0...100), [], "Columns whose values are judged one by one."),
    .standard("fairness", .list(.text(.any), count: 0...20), [], "Columns whose groups have to be treated alike."),
    .standard("worst", .whole(0...500), 24, "How many of the worst rows the report shows."),
    .standard("importance", .whole(0...1000), 3, "How often each column is shuffled to see what it is worth; 0 leaves that out."),
    .standard(
      "require", .table(.number(.init())), [:],
      "What the test part has to show before a version is registered, by metric: auc: 0.8. For errors and losses it is the most."),
  ])
}
