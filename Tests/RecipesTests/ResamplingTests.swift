import Foundation
import MartletCore
import Recipes
import Tables
import Testing

struct ResamplingFixture: Decodable {
  struct Rows: Decodable {
    let rows: [[Double]]
    let classes: [Int]
    let labels: [String]

    func training(weights: [Double]? = nil) throws -> TrainingMatrix {
      let names = rows[0].indices.map { "x\($0)" }
      return try TrainingMatrix(
        trainingRowsOnly: FeatureMatrix(rows: rows.count, names: names, values: rows.flatMap { $0 }),
        target: .classes(classes, labels: labels), weights: weights)
    }
  }
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    let resampling: JSONValue
    let data: String
    let counts: [Int]
    let kept: [Int]?
    let danger: [String: [Int]]?
    var testDescription: String { "\(data): \((try? String(decoding: JSON.encode(resampling, pretty: false), as: UTF8.self)) ?? "")" }
  }
  let data: [String: Rows]
  let cases: [Case]
  let weights: [String: [Double]]

  static let shared: Result<ResamplingFixture, any Error> = Result {
    guard let url = Bundle.module.url(forResource: "Fixtures/resampling", withExtension: "json") else {
      throw PreparationFixture.FixtureMissing()
    }
    return try JSONDecoder().decode(ResamplingFixture.self, from: Data(contentsOf: url))
  }
  static var cases: [Case] { (try? shared.get().cases) ?? [] }
}

@Suite struct ResamplingTests {
  @Test func everyCaseIsThere() { #expect(ResamplingFixture.cases.count >= 170) }

  static func counts(_ matrix: TrainingMatrix) -> [Int] {
    guard case .classes(let classes, let labels) = matrix.target else { return [] }
    return labels.indices.map { label in classes.count { $0 == label } }
  }

  @Test(arguments: ResamplingFixture.cases)
  func equalsReference(_ given: ResamplingFixture.Case) throws {
    let fixture = try ResamplingFixture.shared.get()
    let rows = try #require(fixture.data[given.data])
    let training = try rows.training()
    let resampling = try JSON.decode(Resampling.self, from: JSON.encode(given.resampling), source: "case")
    #expect(try JSON.decode(Resampling.self, from: JSON.encode(resampling), source: "again") == resampling)
    let made = try resampling.resample(training, seed: 3, threads: 2)
    #expect(Self.counts(made) == given.counts)
    if let kept = given.kept { #expect(made.sources.compactMap { $0 }.sorted() == kept) }
    let values = try made.features.denseValues(), width = made.features.columns
    guard case .classes(let classes, _) = made.target else { return }
    for row in 0..<made.rows {
      // Rows that were there are as they were; with their targets.
      let own = Array(values[row * width..<(row + 1) * width])
      if let source = made.sources[row] {
        #expect(own == rows.rows[source] && classes[row] == rows.classes[source])
        continue
      }
      let starts = given.danger?[rows.labels[classes[row]]] ?? rows.classes.indices.filter { rows.classes[$0] == classes[row] }
      let reach =
        resampling.method == .borderline2 ? Array(rows.rows.indices) : rows.classes.indices.filter { rows.classes[$0] == classes[row] }
      let isOnSegment = starts.contains { base in
        Self.nearest(rows, base, among: reach, resampling.neighbours).contains { other in
          Self.isBetween(own, rows.rows[base], rows.rows[other], most: rows.classes[other] == classes[row] ? 1 : 0.5)
        }
      }
      #expect(isOnSegment, "row \(row) lies between a row of its class and one of its neighbours")
    }
    // The number of threads changes nothing, the seed what is drawn.
    let one = try resampling.resample(training, seed: 3, threads: 1)
    #expect(try one.features.denseValues() == values && one.sources == made.sources)
    if made.sources.contains(nil) {
      let other = try resampling.resample(training, seed: 4, threads: 1)
      #expect(try other.features.denseValues() != values)
    }
  }

  static func nearest(_ rows: ResamplingFixture.Rows, _ base: Int, among: [Int], _ k: Int) -> [Int] {
    func distance(_ row: Int) -> Double { zip(rows.rows[row], rows.rows[base]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } }
    let measured = among.filter { $0 != base }.map { ($0, distance($0)) }
    return measured.sorted { $0.1 == $1.1 ? $0.0 < $1.0 : $0.1 < $1.1 }.prefix(k).map(\.0)
  }

  static func isBetween(_ point: [Double], _ from: [Double], _ to: [Double], most: Double) -> Bool {
    let direction = zip(to, from).map { $0 - $1 }, way = zip(point, from).map { $0 - $1 }
    let length = direction.reduce(0) { $0 + $1 * $1 }
    guard length > 0 else { return way.allSatisfy { abs($0) < 1e-12 } }
    let step = zip(way, direction).reduce(0) { $0 + $1.0 * $1.1 } / length
    return step >= -1e-12 && step <= most + 1e-12 && zip(way, direction).allSatisfy { abs($0 - step * $1) < 1e-10 }
  }

  @Test func smoteNCKeepsCategories() throws {
    var random = KeyedRandom(seed: 1, purpose: "test")
    let count = 60
    let values = (0..<count).flatMap { row -> [Double] in
      [random.uniform(), Double(Int.random(in: 0..<3, using: &random)), random.uniform() * 10, row % 7 == 0 ? .nan : Double(row % 2)]
    }
    let classes = (0..<count).map { $0 < 45 ? 0 : 1 }
    let features = try FeatureMatrix(rows: count, names: ["a", "b", "c", "d"], values: values, levels: [1: 3, 3: 2])
    let training = try TrainingMatrix(trainingRowsOnly: features, target: .classes(classes, labels: ["no", "yes"]))
    let made = try Resampling(.smoteNC, neighbours: 3).resample(training, seed: 5)
    #expect(Self.counts(made) == [45, 45])
    let all = try made.features.denseValues()
    for row in count..<made.rows {
      // Numbers between those of the class, categories as they occur in it.
      #expect(all[row * 4] >= 0 && all[row * 4] <= 1 && all[row * 4 + 2] >= 0 && all[row * 4 + 2] <= 10)
      #expect([0, 1, 2].contains(all[row * 4 + 1]) && (all[row * 4 + 3].isNaN || [0, 1].contains(all[row * 4 + 3])))
    }
    #expect(made.features.levels == [1: 3, 3: 2])
    #expect(throws: RecipeError.self) { try Resampling(.smote).resample(training, seed: 1) }
  }

  @Test func combinationsAreTheirParts() throws {
    let rows = try #require(try ResamplingFixture.shared.get().data["close"])
    let training = try rows.training()
    let more = try Resampling(.smote).resample(training, seed: 2)
    for (combined, cleaning) in [
      (Resampling.Method.smoteTomek, Resampling(.tomekLinks, strategy: .all)),
      (.smoteEditedNeighbours, Resampling(.editedNeighbours, strategy: .all)),
    ] {
      // The same step's name keys the numbers: draw with the combination's own.
      let whole = try Resampling(combined).resample(training, seed: 2)
      #expect(whole.rows < more.rows && whole.rows > 0)
      // Cleaned rows stay clean by the same rule once more only for links; both leave rows of both classes.
      #expect(Self.counts(whole).allSatisfy { $0 > 0 })
      _ = try cleaning.resample(whole, seed: 1)
    }
  }

  @Test func weightsAndSources() throws {
    let rows = try #require(try ResamplingFixture.shared.get().data["two"])
    let weights = rows.classes.indices.map { Double($0 % 3 + 1) }
    let made = try Resampling(.smote).resample(rows.training(weights: weights), seed: 1)
    #expect(made.weights?.count == made.rows && made.weights?.allSatisfy { $0 >= 1 && $0 <= 3 } == true)
    #expect(made.sources.prefix(90).allSatisfy { $0 != nil } && made.sources.dropFirst(90).allSatisfy { $0 == nil })
  }

  @Test func classWeights() throws {
    let fixture = try ResamplingFixture.shared.get()
    for (name, rows) in fixture.data {
      let wanted = try #require(fixture.weights[name])
      let weights = try ClassWeights.balanced.weights(rows.training())
      #expect(difference(weights, rows.classes.map { wanted[$0] }) < 1e-15)
      let given = try ClassWeights.factors(["b": 3]).weights(rows.training(weights: rows.classes.map { _ in 2 }))
      #expect(given == rows.classes.map { $0 == 1 ? 6 : 2 })
    }
    #expect(try JSON.decode(ClassWeights.self, from: Data(#""balanced""#.utf8), source: "") == .balanced)
    #expect(try JSON.decode(ClassWeights.self, from: Data(#"{"b":3}"#.utf8), source: "") == .factors(["b": 3]))
  }

  @Test func refusals() throws {
    let rows = try #require(try ResamplingFixture.shared.get().data["two"])
    let training = try rows.training()
    func problem(_ body: () throws -> Void) -> String { do { try body(); return "" } catch { return "\(error)" } }
    #expect(problem { _ = try Resampling(.smote, neighbours: 20).resample(training, seed: 1) }.contains("class 'b' has 20 rows"))
    #expect(
      problem { _ = try Resampling(.smote, strategy: .counts(["c": 9])).resample(training, seed: 1) }.contains("there is no class 'c'"))
    #expect(problem { _ = try Resampling(.smote, strategy: .ratio(0.1)).resample(training, seed: 1) }.contains("the ratio 0.1"))
    #expect(
      problem { _ = try Resampling(.randomUnder, strategy: .counts(["a": 900])).resample(training, seed: 1) }.contains("900 are wanted"))
    #expect(problem { _ = try JSON.decode(Resampling.self, from: Data(#""smoot""#.utf8), source: "x") }.contains("did you mean 'smote'?"))
    let numbers = try TrainingMatrix(trainingRowsOnly: training.features, target: .values([Double](repeating: 1, count: training.rows)))
    #expect(problem { _ = try Resampling(.smote).resample(numbers, seed: 1) }.contains("no classes"))
  }
}
