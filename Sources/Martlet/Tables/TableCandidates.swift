import Evaluation
import Learners
import MartletCore
import Project
import Recipes
import Selection
import Tables

/// A project's models, as pipelines, and the folds that compare them.
struct TableCandidates {
  let pipelines: [Pipeline]
  let metric: String

  init(_ project: TableProject, _ parts: TableParts) throws {
    let features = try parts.training.selecting(parts.features)
    let task: LearnerTask =
      switch project.task {
      case .regression: .regression
      case .clustering: .clustering
      case .anomalyDetection: .anomalyDetection
      default: .classification
      }
    let given: Recipe? =
      switch project.prepare {
      case .auto: nil
      case .none: Recipe([])
      case .steps(let steps): try JSON.decode(Recipe.self, from: JSON.encode(steps, pretty: false), source: "prepare")
      }
    let balances = try project.balance.values.map { try Balance($0.name, settings: $0.settings) }
    var pipelines: [Pipeline] = []
    for choice in project.models {
      let entry = try LearnerCatalogue.entry(choice.name)
      guard entry.tasks.contains(task) else {
        throw ArgumentError(
          "models: '\(choice.name)' cannot do \(task.rawValue)",
          expected: LearnerCatalogue.entries(for: task).map(\.kind).joined(separator: ", "))
      }
      let learner = try LearnerCatalogue.learner(choice.name, settings: .object(choice.settings))
      for balance in balances {
        var recipe = given ?? AutomaticRecipe.recipe(for: learner.kind, features: features, hasTarget: parts.target != nil)
        // New rows are made between rows; missing values and codes of categories have nothing between them.
        if given == nil, case .resample(let resampling) = balance, resampling.method.makesRows {
          let kind = resampling.method == .smoteNC ? "categorical_nb" : "logistic"
          recipe = AutomaticRecipe.recipe(for: kind, features: features, hasTarget: parts.target != nil)
        }
        pipelines.append(Pipeline(learner, recipe: recipe, balance: balance))
      }
    }
    self.pipelines = Self.named(pipelines, project.models)
    metric =
      project.select.metric == "auto"
      ? task == .clustering ? "silhouette" : task == .anomalyDetection ? "auc" : PipelineScores.standardMetric(labels: parts.target?.labels)
      : project.select.metric
    _ = try PipelineScores.higherIsBetter(metric)
  }

  /// Two of one kind are told apart by their settings, or by their number.
  private static func named(_ pipelines: [Pipeline], _ choices: [NamedChoice]) -> [Pipeline] {
    let perChoice = max(1, pipelines.count / max(1, choices.count))
    var pipelines = pipelines
    for place in pipelines.indices {
      let choice = choices[place / perChoice]
      guard choices.count(where: { $0.name == choice.name }) > 1 else { continue }
      let settings = choice.settings.sorted { $0.key < $1.key }.map { key, value in
        let text = (try? JSON.encode(value, pretty: false)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return "\(key) \(text)"
      }.joined(separator: ", ")
      let rest = pipelines[place].name.dropFirst(choice.name.count)
      pipelines[place].name = settings.isEmpty ? pipelines[place].name : "\(choice.name) (\(settings))\(rest)"
    }
    return pipelines
  }

  /// The folds that compare them, by rows of the training part; empty where nothing is cross-validated.
  static func splits(_ project: TableProject, _ parts: TableParts) throws -> [FoldSplit] {
    let select = project.select
    guard select.folds > 1 else { return [] }
    let rows = parts.training.rowCount
    var labels: [Int]?
    if case .classes(let classes, _)? = try parts.target?.target(of: parts.training) { labels = classes }
    let groups = try select.group.map { try parts.training.column($0).codes().codes.map(Int.init) }
    let times = try select.time.map { try parts.training.column($0).numbers() }
    var kind: FoldPlan.Kind =
      switch select.kind {
      case .plain: .kFold
      case .stratified: .stratified
      case .grouped: labels == nil ? .grouped : .stratifiedGrouped
      case .time: .timeOrdered
      case .auto:
        if times != nil {
          .timeOrdered
        } else if groups != nil {
          labels == nil ? .grouped : .stratifiedGrouped
        } else {
          labels == nil ? .kFold : .stratified
        }
      }
    // A class of fewer rows than folds would leave a fold without it.
    var folds = select.folds
    if kind == .stratified, let labels {
      var sizes: [Int: Int] = [:]
      for label in labels { sizes[label, default: 0] += 1 }
      let least = sizes.values.min() ?? folds
      // A class of one row is in one fold only, whatever is done.
      if least < 2 { kind = .kFold } else { folds = min(folds, least) }
    }
    return try FoldPlan(kind, folds: min(folds, max(2, rows)), repeats: select.repeats, seed: project.training.seed)
      .splits(rows: rows, labels: labels, groups: groups, times: times)
  }
}

extension Resampling.Method {
  /// It makes rows that nobody gave, or measures distances between rows.
  var makesRows: Bool { self != .randomOver && self != .randomUnder }
}
