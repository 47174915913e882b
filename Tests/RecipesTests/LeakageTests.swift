import Foundation
import MartletCore
import Recipes
import Tables
import Testing

/// What held-out rows can and cannot do to a recipe.
@Suite struct LeakageTests {
  static func table(_ rows: Int, seed: UInt64, shift: Double = 0) throws -> Table {
    var random = KeyedRandom(seed: seed, purpose: "test")
    let cities = ["Köln", "北京", "Oslo", "Lagos"]
    let age = (0..<rows).map { _ in random.uniform() < 0.1 ? nil : random.uniform(in: 18...90) + shift }
    let income = (0..<rows).map { _ in random.uniform() < 0.1 ? nil : random.uniform(in: 1...9) * 1e4 + shift }
    let city = (0..<rows).map { _ in cities.randomElement(using: &random) }
    let words = (0..<rows).map { _ in
      (0..<4).map { _ in ["red", "fish", "tree", "sky", "stone"].randomElement(using: &random) ?? "" }.joined(separator: " ")
    }
    let time = (0..<rows).map { _ in Int64(random.uniform(in: 0...1e15)) as Int64? }
    let label = (0..<rows).map { _ in random.uniform() < 0.4 ? "yes" : "no" }
    return try Table([
      Column("age", age), Column("income", income), Column("city", city), Column("note", words.map(Optional.some)),
      Column("at", microseconds: time), Column("label", label.map(Optional.some)),
    ])
  }

  static let everything = Recipe([
    DateParts(columns: .timestamp, elapsed: true), GroupAggregates(columns: .named("income"), by: "city"),
    NeighbourImputer(columns: .named("age")), IterativeImputer(columns: .named("income", "income_mean_by_city"), rounds: 2),
    TargetEncoding(columns: .named("city")), QuantileScale(columns: .named("age"), quantiles: 20), StandardScale(columns: .named("income")),
    Derive("ratio", "age / (1 + income ^ 2)"), TFIDF(columns: .named("note")), SelectByVariance(columns: .numeric),
  ])

  @Test func heldOutRowsChangeNothing() throws {
    let (a, b) = (try Self.table(60, seed: 1), try Self.table(60, seed: 2, shift: 1e6))
    // The same training rows beside other held-out rows: the fitted recipe is the same, byte for byte.
    let test = Array(40..<60)
    var columns: [Column] = []
    for name in a.columnNames {
      let (own, other) = (try a.column(name), try b.column(name))
      let joined = try Table([own]).taking(Array(0..<40)), rest = try Table([other]).taking(test)
      columns.append(try Self.concatenated(joined.columns[0], rest.columns[0]))
    }
    let mixed = try Table(columns)
    let first = try Self.everything.fit(Split(a, test: test).training, target: "label")
    let second = try Self.everything.fit(Split(mixed, test: test).training, target: "label")
    #expect(try JSON.encode(first.recipe) == JSON.encode(second.recipe))
    #expect(try first.training.features.denseValues().map(\.bitPattern) == second.training.features.denseValues().map(\.bitPattern))
    // And other training rows do change it, or the proof proves nothing.
    let changed = try Self.everything.fit(Split(b, test: test).training, target: "label")
    #expect(first.recipe != changed.recipe)
  }

  static func concatenated(_ a: Column, _ b: Column) throws -> Column {
    switch a.type.kind {
    case .numeric: return Column(a.name, (try a.numbers() + b.numbers()).map { $0.isNaN ? nil : $0 } as [Double?])
    case .timestamp: return Column(a.name, microseconds: (try a.integers() + b.integers()).map { $0.map(Int64.init) })
    default: return Column(a.name, try a.texts() + b.texts())
    }
  }

  @Test func transformingLearnsNothing() throws {
    let table = try Self.table(50, seed: 3)
    let (fitted, _) = try Self.everything.fit(TrainingPart(all: table), target: "label")
    let before = try JSON.encode(fitted)
    let first = try fitted.matrix(of: table).denseValues().map(\.bitPattern)
    _ = try fitted.transform(Self.table(20, seed: 9, shift: 1e9))
    #expect(try JSON.encode(fitted) == before)
    #expect(try fitted.matrix(of: table).denseValues().map(\.bitPattern) == first)
  }

  @Test func inputsStayAsTheyAre() throws {
    let table = try Self.table(30, seed: 4)
    let before = try (0..<30).map { try table.row($0) }
    let (fitted, _) = try Self.everything.fit(TrainingPart(all: table), target: "label")
    _ = try fitted.matrix(of: table)
    #expect(try (0..<30).map { try table.row($0) } == before)
  }

  @Test func threadsChangeNothing() throws {
    let table = try Self.table(200, seed: 5)
    let one = try Self.everything.fit(TrainingPart(all: table), target: "label", context: RecipeContext(seed: 7, threads: 1))
    let two = try Self.everything.fit(TrainingPart(all: table), target: "label", context: RecipeContext(seed: 7, threads: 2))
    #expect(try JSON.encode(one.recipe) == JSON.encode(two.recipe))
    #expect(try one.training.features.denseValues().map(\.bitPattern) == two.training.features.denseValues().map(\.bitPattern))
    let other = try Self.everything.fit(TrainingPart(all: table), target: "label", context: RecipeContext(seed: 8, threads: 2))
    #expect(try one.training.features.denseValues() != other.training.features.denseValues())
  }

  /// A category that occurs once must not carry its own target into the training rows.
  @Test func targetEncodingsDoNotGiveTheTargetAway() throws {
    let ids = (0..<40).map { "row\($0)" as String? }, y = (0..<40).map { Double($0 % 2) }
    let table = try Table([Column("id", ids), Column("y", y)])
    let steps: [any RecipeStep] = [
      TargetEncoding(columns: .automatic), LeaveOneOutEncoding(columns: .automatic), OrderedEncoding(columns: .automatic),
    ]
    for step in steps {
      let (fitted, training) = try Recipe([step]).fit(TrainingPart(all: table), target: "y", task: .regression)
      let inFit = try training.features.denseValues(), later = try fitted.matrix(of: table).denseValues()
      #expect(zip(inFit, y).allSatisfy { $0 != $1 }, "\(step.name): the training rows hold their own target")
      #expect(Set(inFit).count <= 5, "\(step.name): nothing but means of other rows")
      #expect(later != inFit, "\(step.name): new rows get other values")
    }
  }
}
