import Learners
import MartletCore
import Tables
import Testing

@Suite struct ClusterTests {
  @Test func kMeansEqualsScikitLearnFromTheSameCentres() throws {
    let cases = try ReferenceData.read("learners_clusters.json")["kmeans"]?.arrayValue ?? []
    #expect(cases.count == 6)
    for entry in cases {
      let name = entry["set"]?.stringValue ?? "", count = entry["count"]?.intValue ?? 0
      let (x, _) = try ReferenceData.table(name)
      let centres = try entry.numbers("centres")
      let learner = KMeans(
        clusters: count, iterations: 500, tolerance: 0,
        centres: (0..<count).map { Array(centres[$0 * x.columns..<($0 + 1) * x.columns]) })
      let weights = entry["weighted"]?.boolValue == true ? try ReferenceData.weights(name) : nil
      let model = try #require(
        learner.fit(x, .values(try ReferenceData.table(name).y), weights: weights, context: FitContext()) as? KMeansModel)
      let inertia = try #require(entry["inertia"]?.doubleValue)
      #expect(abs(model.inertia / inertia - 1) < 1e-9, "\(name): \(model.inertia) and \(inertia)")
      #expect(try model.assign(x).map(Double.init) == entry.numbers("labels"))
    }
  }

  @Test func mixturesEqualScikitLearnFromTheSameStart() throws {
    let cases = try ReferenceData.read("learners_clusters.json")["mixtures"]?.arrayValue ?? []
    #expect(cases.count == 8)
    for entry in cases {
      let (x, y) = try ReferenceData.table(entry["set"]?.stringValue ?? "")
      let covariance = try #require(GaussianMixture.Covariance(rawValue: entry["covariance"]?.stringValue ?? ""))
      let learner = GaussianMixture(
        components: entry["count"]?.intValue, covariance: covariance, iterations: 2000, tolerance: 1e-9,
        assignments: try entry.numbers("assignments").map { Int($0) })
      let model = try #require(learner.fit(x, .values(y), weights: nil, context: FitContext()) as? GaussianMixtureModel)
      #expect(distance(model.means, try entry.numbers("means")) < 1e-4, "\(covariance)")
      #expect(distance(model.shares, try entry.numbers("shares")) < 1e-4)
      #expect(distance(try model.logDensities(x.taking(Array(0..<10))), try entry.numbers("densities")) < 1e-4)
      for (value, name) in [(model.bic, "bic"), (model.aic, "aic"), (model.logLikelihood, "likelihood")] {
        let expected = try #require(entry[name]?.doubleValue)
        #expect(abs(value / expected - 1) < 1e-6, "\(covariance) \(name): \(value) and \(expected)")
      }
    }
  }

  @Test func theContractHolds() throws {
    let data = try ContractData.unlabelled()
    try LearnerContract.hold(KMeans(clusters: 3, starts: 3), on: data)
    try LearnerContract.hold(GaussianMixture(components: 2, covariance: .diag), on: data)
    try LearnerContract.hold(GaussianMixture(components: 2), on: data, tolerance: 1e-6)
    try LearnerContract.hold(DBSCAN(radius: 1.2), on: data)
    for linkage in Agglomerative.Linkage.allCases {
      try LearnerContract.hold(Agglomerative(clusters: 3, linkage: linkage), on: .unlabelled(rows: 40))
    }
  }

  @Test func regionsAndTreesEqualScikitLearn() throws {
    let (x, y) = try ReferenceData.table("wine_scaled")
    let cases = try ReferenceData.read("learners_clusters.json")["regions"]?.arrayValue ?? []
    #expect(cases.count == 6)
    for entry in cases {
      let kind = entry["kind"]?.stringValue ?? ""
      let learner = try LearnerCatalogue.learner(kind, settings: entry["settings"] ?? .null)
      let model = try learner.fit(x, .values(y), weights: nil, context: FitContext())
      if let tree = model as? AgglomerativeModel {
        #expect(distance(tree.centres, try entry.numbers("centres")) < 1e-9, "\(String(describing: entry["settings"]))")
        continue
      }
      let regions = try #require(model as? DBSCANModel)
      let own = try regions.assign(x), theirs = try entry.numbers("labels").map { Int($0) }
      let cores = try entry.numbers("cores").map { Int($0) }
      // The numbers of regions may differ, and rows between two regions may go to either; which cores are together may not.
      #expect(Set(cores.map { [own[$0], theirs[$0]] }).count == Set(cores.map { theirs[$0] }).count)
      #expect(own.map { $0 < 0 } == theirs.map { $0 < 0 })
      #expect(regions.clusterCount == Set(cores.map { theirs[$0] }).count)
    }
  }

  @Test func theNumberOfComponentsIsChosenByBIC() throws {
    let (x, y) = try ReferenceData.table("iris")
    let model = try #require(
      GaussianMixture(components: nil, largest: 4).fit(x, .values(y), weights: nil, context: FitContext(seed: 2))
        as? GaussianMixtureModel)
    #expect(model.clusterCount == 2)
    let scores = try model.anomalyScores(x)
    let share = Double(scores.filter { $0 > model.threshold }.count) / Double(x.rows)
    #expect(share > 0.02 && share <= 0.05)
  }

  @Test func badInputIsNamed() throws {
    let x = try FeatureMatrix(rows: 3, names: ["a"], values: [1, 1, 1])
    let target = Target.values([0, 0, 0])
    #expect(throws: LearnerError.self) { _ = try KMeans(clusters: 4).fit(x, target, weights: nil, context: FitContext()) }
    let same = try #require(try KMeans(clusters: 2).fit(x, target, weights: nil, context: FitContext()) as? KMeansModel)
    #expect(same.warnings.first?.contains("distinct") == true)
    #expect(throws: LearnerError.self) {
      _ = try GaussianMixture(components: 2, assignments: [0, 1, 2]).fit(x, target, weights: nil, context: FitContext())
    }
  }
}
