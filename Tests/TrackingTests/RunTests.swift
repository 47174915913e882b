import DatabaseTesting
import Testing

@testable import Tracking

@Suite(.serialized) struct RunTests {
  @Test(arguments: TestDatabase.allCases)
  func `experiments are made, renamed, found, deleted and brought back`(database: TestDatabase) throws {
    try withStore(database) { store in
      let first = try store.createExperiment("first", tags: [TrackingTag("team", "red")])
      #expect(first == "1")
      #expect(try store.experiment(TrackingStore.defaultExperiment).name == "Default")
      #expect(try store.experiment(first).artifactLocation == "mlflow-artifacts:/1")
      #expect(kind { _ = try store.createExperiment("first") } == .exists)
      let second = try store.experiment(named: "second").id
      #expect(try store.experiment(named: "second").id == second)
      try store.renameExperiment(second, to: "Zweites")
      #expect(try store.searchExperiments(filter: "name ILIKE 'z%'").elements.map(\.id) == [second])
      #expect(try store.searchExperiments(filter: "name LIKE 'z%'").elements.isEmpty)
      #expect(try store.searchExperiments(filter: "tags.team = 'red'").elements.map(\.id) == [first])
      #expect(try store.searchExperiments(filter: "tags.team IS NULL AND experiment_id != '0'").elements.map(\.id) == [second])
      let run = try store.startRun(in: second)
      try store.deleteExperiment(second)
      #expect(try store.run(run.info.id).info.stage == .deleted)
      #expect(kind { _ = try store.startRun(in: second) } == .invalid)
      #expect(kind { try store.renameExperiment(second, to: "x") } == .state)
      #expect(kind { try store.deleteExperiment(second) } == .notFound)
      #expect(try store.searchExperiments(stage: .deleted).elements.map(\.name) == ["Zweites"])
      try store.restoreExperiment(second)
      #expect(try store.run(run.info.id).info.stage == .active)
      let page = try store.searchExperiments(orderBy: ["name DESC"], limit: 2)
      #expect(page.elements.map(\.name) == ["first", "Zweites"])
      #expect(try store.searchExperiments(orderBy: ["name DESC"], limit: 2, offset: page.next ?? 0).elements.map(\.name) == ["Default"])
      #expect(kind { _ = try store.createExperiment("elsewhere", artifactLocation: "file:///etc") } == .invalid)
      #expect(kind { _ = try store.createExperiment("out", artifactLocation: "mlflow-artifacts:/../../etc") } == .invalid)
    }
  }

  @Test(arguments: TestDatabase.allCases)
  func `a batch that is sent again changes nothing, and the latest value is that of the last step`(database: TestDatabase) throws {
    try withStore(database) { store in
      let run = try store.startRun(in: "0", name: "batch").info.id
      var points: [MetricPoint] = []
      for index in 0..<95 {
        let value: Double = 1 / Double(index + 1)
        points.append(MetricPoint("loss", value, time: Int64(1000 + index), step: Int64(index / 2)))
      }
      for _ in 0..<3 {
        try store.log(
          run, metrics: points, params: [TrackingTag("rate", "0.1"), TrackingTag("empty", "")], tags: [TrackingTag("a b", "c")])
      }
      #expect(try store.history(of: "loss", run: run).elements == points)
      let page = try store.history(of: "loss", run: run, limit: 10, offset: 90)
      #expect(page.elements == Array(points[90...]) && page.next == nil)
      try store.log(
        run,
        metrics: [MetricPoint("loss", 9, time: 5000, step: 3), MetricPoint("odd", .nan, time: 1), MetricPoint("high", .infinity, time: 1)])
      let found = try store.run(run)
      #expect(found.metrics.first { $0.key == "loss" }?.value == points[94].value)
      #expect(found.metrics.first { $0.key == "odd" }?.value.isNaN == true)
      #expect(found.metrics.first { $0.key == "high" }?.value == .greatestFiniteMagnitude)
      #expect(found.params == [TrackingTag("empty", ""), TrackingTag("rate", "0.1")])
      #expect(found.tags == [TrackingTag("a b", "c"), TrackingTag("mlflow.runName", "batch")])
      #expect(kind { try store.log(run, metrics: [MetricPoint("x", 1, time: 1)], params: [TrackingTag("rate", "0.2")]) } == .invalid)
      #expect(try store.history(of: "x", run: run).elements.isEmpty, "a batch that fails leaves nothing")
      let thin = try store.histories(of: "loss", runs: [run], limit: 5)
      #expect(Set(thin.map(\.step)).isSuperset(of: [0, 47]) && thin.count == 5)
      // Six values in three parts; the last value is always there.
      #expect(TrackingStore.sample(6, 3) == [0, 2, 5] && TrackingStore.sample(7, 3) == [0, 3, 6])
      #expect(TrackingStore.sample(3, 3) == [0, 1, 2] && TrackingStore.sample(9, 1) == [8] && TrackingStore.sample(0, 4).isEmpty)
      for bad in ["", "../x", "/x", "a//b", "a\u{0}b", "a#b", String(repeating: "x", count: 251)] {
        #expect(kind { try store.log(run, metrics: [MetricPoint(bad, 1, time: 1)]) } == .invalid)
      }
      #expect(kind { try store.log("nobody", tags: [TrackingTag("a", "b")]) } == .notFound)
    }
  }

  @Test(arguments: TestDatabase.allCases)
  func `runs are found by metrics, parameters, tags, attributes and datasets`(database: TestDatabase) throws {
    try withStore(database) { store in
      let experiment = try store.createExperiment("search")
      var ids: [String] = []
      for index in 1...4 {
        let run = try store.startRun(
          in: experiment, name: "run\(index)", user: "u\(index)", started: Int64(index) * 100, tags: [TrackingTag("Team", "x_%\(index)")])
        ids.append(run.info.id)
        try store.log(
          run.info.id, metrics: [MetricPoint("score", index == 4 ? .nan : Double(index) / 4, time: 1)],
          params: index < 4 ? [TrackingTag("depth", "\(index)")] : [])
      }
      try store.logInputs(
        ids[0],
        datasets: [
          DatasetInput(name: "iris", digest: "d1", sourceType: "http", source: "{}", tags: [TrackingTag("mlflow.data.context", "training")])
        ])
      try store.finishRun(ids[1], .failed)
      func search(_ filter: String, _ order: [String] = ["start_time"]) throws -> [String] {
        try store.searchRuns(in: [experiment], filter: filter, orderBy: order).elements.map { String($0.info.name.dropFirst(3)) }
      }
      #expect(try search("metrics.score > 0.3") == ["2", "3"])
      #expect(try search("metrics.score != 0.5") == ["1", "3", "4"])
      #expect(try search("metrics.score <= 0.5 AND params.depth = '2'") == ["2"])
      #expect(try search("params.depth != '1'") == ["2", "3"])
      #expect(try search("params.depth IS NULL") == ["4"])
      #expect(try search("tags.Team LIKE 'x_%3'") == ["3"])
      #expect(try search("tags.Team LIKE 'X%'") == [])
      #expect(try search("tags.Team ILIKE 'X%'") == ["1", "2", "3", "4"])
      #expect(try search("tags.Team = 'x'' OR 1=1 --'") == [])
      #expect(try search("status = 'FAILED'") == ["2"])
      #expect(try search("start_time >= 300") == ["3", "4"])
      #expect(try search("run_id IN ('\(ids[0])', '\(ids[2])')") == ["1", "3"])
      #expect(try search("run_id NOT IN ('\(ids[0])')") == ["2", "3", "4"])
      #expect(try search("dataset.name = 'iris' AND datasets.context = 'training'") == ["1"])
      #expect(try search("dataset.digest IN ('none')") == [])
      #expect(try search("", ["metrics.score DESC"]) == ["3", "2", "1", "4"])
      #expect(try search("", ["params.depth DESC"]) == ["3", "2", "1", "4"])
      #expect(try search("", []) == ["4", "3", "2", "1"])
      #expect(try search("", ["user_id DESC"]) == ["4", "3", "2", "1"])
      let page = try store.searchRuns(in: [experiment], orderBy: ["start_time"], limit: 3)
      #expect(page.elements.count == 3 && page.next == 3)
      try store.deleteRun(ids[3])
      #expect(try search("").count == 3)
      #expect(try store.searchRuns(in: [experiment], stage: .all).elements.count == 4)
      #expect(kind { try store.setTag(ids[3], TrackingTag("a", "b")) } == .invalid)
      try store.restoreRun(ids[3])
      #expect(try store.searchRuns(in: []).elements.isEmpty)
      #expect(try store.run(ids[0]).datasets.map(\.name) == ["iris"])
    }
  }
}
