import MartletCore
import Testing

@testable import Project

@Suite struct TableProjectTests {
  private let short = "name: churn\ntask: classification\ndata: {file: churn.csv, target: Churn}\n"

  private func table(_ text: String, _ overrides: String...) throws -> TableProject {
    try #require(try ProjectFile.parseAny(text, overrides: overrides).table)
  }

  private func problems(_ text: String) -> [String] {
    do {
      _ = try ProjectFile.parseAny(text)
      return []
    } catch {
      return error.problems.map { $0.text(file: "martlet.yml") }
    }
  }

  @Test func defaultsAreFilledIn() throws {
    let project = try table(short)
    #expect(project.data.file?.values == ["churn.csv"] && project.data.target == "Churn" && project.data.test == nil)
    #expect(project.prepare == .auto && project.balance.values == [NamedSetting("none")])
    #expect(project.models == [NamedChoice("boosting")])
    #expect(project.select == ModelSelection(metric: "auto", folds: 5, kind: .auto, group: nil, time: nil, repeats: 1))
    #expect(project.calibrate == .none && project.threshold == NamedSetting("default"))
    #expect(project.training == TableTraining(seed: 1, threads: .auto))
    #expect(project.evaluation.intervals == 0.95 && project.evaluation.require.isEmpty)
    #expect(project.serve == ProjectServing(host: "127.0.0.1", port: 8080) && project.output == "runs")
  }

  @Test func everythingIsRead() throws {
    let project = try table(
      """
      name: flights
      task: classification
      data:
        file: [a.csv, b.csv]
        csv: {separator: ";", header: false, missing: [NA, '?']}
        join:
          - {file: weather.csv, on: [origin, hour], keep: [temp]}
          - {file: planes.csv, on: tailnum, with: tail, kind: inner, suffix: _plane}
        derive: {late: "delay > 15"}
        where: "delay is not missing"
        drop: [delay]
        types: {zip: categorical}
        target: late
        positive: "true"
        weight: w
        test: {after: "2013-10-01", column: hour}
      prepare: [impute, {one-hot: {columns: [origin]}}]
      balance: [none, {smote: {neighbours: 3}}]
      models: [logistic: {c: 0.5}, random_forest: {trees: 300}]
      select: {metric: auc, folds: 3, group: customer, repeats: 2}
      calibrate: isotonic
      threshold: {cost: {false-positive: 1, false-negative: 5}}
      training: {seed: 7, threads: 2}
      evaluation: {slices: [origin], fairness: [sex], require: {auc: 0.8}}
      """)
    #expect(project.data.join.map(\.kind) == [.left, .inner] && project.data.join[1].with?.values == ["tail"])
    #expect(project.data.derive == ["late": "delay > 15"] && project.data.condition == "delay is not missing")
    #expect(project.data.test == .after("2013-10-01", column: "hour"))
    #expect(project.data.csv.separator == ";" && !project.data.csv.header && project.data.csv.missing == ["NA", "?"])
    #expect(project.balance.values == [NamedSetting("none"), NamedSetting("smote", ["neighbours": 3])])
    #expect(project.models.map(\.name) == ["logistic", "random_forest"] && project.models[0].number("c") == 0.5)
    #expect(project.threshold == NamedSetting("cost", ["false-positive": 1, "false-negative": 5]))
    guard case .steps(let steps) = project.prepare else {
      Issue.record("the steps are not kept")
      return
    }
    #expect(steps == ["impute", ["one-hot": ["columns": ["origin"]]]])
    // What was read comes back from JSON as it was: a run's folder keeps it so.
    let file = AnyProject.table(project)
    #expect(try JSON.decode(AnyProject.self, from: JSON.encode(file), source: "x") == file)
    #expect(try file.digest() == file.digest())
  }

  @Test func overridesChangeTables() throws {
    let project = try table(short, "data.test=0.3", "select.folds=2", "models=[tree]", "task=regression")
    #expect(project.data.test == .share(0.3) && project.select.folds == 2 && project.models == [NamedChoice("tree")])
    #expect(project.task == .regression)
  }

  @Test func mistakesAreNamedWithTheirPlace() {
    #expect(
      problems("name: a\ntask: clasification\ndata: {file: x, target: y}\n") == [
        "martlet.yml:2:7: task is 'clasification'; expected image-classification, classification, regression, clustering, anomaly-detection, "
          + "language-model, text-classification, token-classification, embedding, translation or multi-task; did you mean 'classification'?"
      ])
    #expect(
      problems(short + "models: [boostin]\n").first?.hasPrefix("martlet.yml:4:10: models[0] is 'boostin'; expected one of") == true)
    #expect(problems(short + "models: [boostin]\n").first?.hasSuffix("did you mean 'boosting'?") == true)
    #expect(problems(short + "models: [kmeans]\n").first?.contains("models[0] is 'kmeans'") == true)
    #expect(
      problems(short + "models: [logistic: {cc: 1}]\n").first?.hasPrefix("martlet.yml:4:21: unknown key 'cc'") == true)
    #expect(problems(short + "model: cnn\n") == ["martlet.yml:4:1: unknown key 'model'; did you mean 'models'?"])
    #expect(
      problems("name: a\ntask: regression\ndata: {file: x}\n") == [
        "martlet.yml:3:7: 'data.target' is missing; expected text"
      ])
    #expect(
      problems("name: a\ntask: regression\ndata: {target: y}\n") == [
        "martlet.yml:3:7: data.dataset, data.file or data.sql is missing"
      ])
    #expect(problems("name: a\ntask: regression\ndata: {file: x, target: y}\nbalance: smote\n").count == 1)
    #expect(problems("name: a\ntask: clustering\ndata: {file: x}\n").isEmpty)
    #expect(problems(short + "select: {folds: five}\n").first?.hasPrefix("martlet.yml:4:17: select.folds is 'five'") == true)
    #expect(
      problems("name: a\ntask: regression\ndata: {file: x, target: y, test: {after: 3, file: t}}\n").isEmpty == false)
  }

  @Test func imagesStayWhatTheyWere() throws {
    let project = try ProjectFile.parseAny("name: a\ntask: image-classification\ndata: {dataset: x}\n")
    #expect(project.images?.training.epochs == 5 && project.table == nil && project.task == .imageClassification)
    #expect(throws: ProjectError.self) { try ProjectFile.parse(short) }
  }

  @Test(arguments: [
    "data: {file: x, target: y}", "data: {file: x}", "data: {file: [x, z], target: y, test: 0.2}", "data: {file: x, target: y, test: 2}",
    "data: {sql: {sqlite: a, query: b}, target: y}", "data: {sql: {query: b}, target: y}", "data: {file: x, sql: {sqlite: a, query: b}}",
    "data: {file: x, target: y}\nmodels: [boosting]", "data: {file: x, target: y}\nmodels: [nothing]",
    "data: {file: x, target: y}\nmodels: []", "data: {file: x, target: y}\nbalance: [none, smote: {neighbours: 3}]",
    "data: {file: x, target: y}\nthreshold: {metric: f1}", "data: {file: x, target: y}\nthreshold: {metric: f9}",
    "data: {file: x, target: y}\nthreshold: default", "data: {file: x, target: y}\nprepare: none", "data: {file: x, target: y}\nprepare: 3",
    "data: {file: x, target: y}\nselect: {kind: time, time: t}", "data: {file: x, target: y}\nselect: {kind: odd}",
    "data: {file: x, target: y, join: [{file: z, on: a}]}", "data: {file: x, target: y, join: [{on: a}]}",
    "data: {file: x, target: y, types: {a: categorical}}", "data: {file: x, target: y, types: {a: words}}",
    "data: {file: x, target: y}\nevaluation: {require: {auc: 0.8}}", "data: {file: x, target: y}\nepochs: 3",
  ]) func schemaAndParserAgree(_ body: String) throws {
    let text = "name: a\ntask: classification\n" + body + "\n"
    let document = try #require(try YAMLReader.read(text, file: "f").root).json
    #expect(SchemaCheck.accepts(document, ProjectSchema.jsonSchema) == ((try? ProjectFile.parseAny(text)) != nil))
  }
}
