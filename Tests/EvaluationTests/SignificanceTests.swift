import MartletCore
import Testing

@testable import Evaluation

/// Every test against SciPy and statsmodels, from `Tools/fixtures_evaluation_tests.py`.
struct SignificanceTests {
  let document: JSONValue

  init() throws { document = try Fixture.read("tests") }

  @Test func corrections() throws {
    let cases = try #require(document["corrections"]?.arrayValue)
    #expect(cases.count == 30)
    for one in cases {
      let kind = try #require(Multiplicity(rawValue: one["name"]?.stringValue ?? ""))
      let values = kind.adjusted(one["p"]?.doubles ?? []), expected = one["adjusted"]?.doubles ?? []
      #expect(values.count == expected.count)
      for (value, reference) in zip(values, expected) { #expect(abs(value - reference) <= 1e-9 * max(reference, 1e-300), "\(kind)") }
    }
    #expect(Multiplicity.bonferroni.adjusted([0.01, .nan])[0] == 0.01)
    #expect(Multiplicity.bonferroni.adjusted([0.01], of: 5) == [0.05])
  }

  @Test func mcNemar() throws {
    let cases = try #require(document["mcnemar"]?.arrayValue)
    #expect(cases.count == 7)
    for one in cases {
      let first = try #require(one["first"]?.intValue), second = try #require(one["second"]?.intValue)
      for (kind, key) in [(PairedTest.McNemarKind.exact, "exact"), (.corrected, "corrected"), (.plain, "plain")] {
        let test = PairedTest.mcNemar(onlyFirstRight: first, onlySecondRight: second, kind: kind)
        #expect(Fixture.agree(test.pValue, Fixture.number(one[key]), 1e-9), "\(first) \(second) \(key)")
      }
    }
    let test = try PairedTest.mcNemar(truth: [0, 1, 1, 0], first: [0, 1, 0, 0], second: [0, 0, 0, 1])
    #expect(test.pValue == 0.5)
  }

  @Test func wilcoxon() throws {
    let cases = try #require(document["wilcoxon"]?.arrayValue)
    #expect(cases.count == 6)
    for one in cases {
      let test = try PairedTest.wilcoxon(differences: one["differences"]?.doubles ?? [])
      #expect(test.statistic == Fixture.number(one["statistic"]))
      #expect(Fixture.agree(test.pValue, Fixture.number(one["p"]), 1e-9), "\(test)")
    }
  }

  @Test func studentAndCorrectedT() throws {
    for one in try #require(document["students"]?.arrayValue) {
      let differences = one["differences"]?.doubles ?? []
      let plain = try PairedTest.student(differences: differences)
      #expect(Fixture.agree(plain.statistic, Fixture.number(one["t"]), 1e-11))
      #expect(Fixture.agree(plain.pValue, Fixture.number(one["p"]), 1e-10))
      #expect(Fixture.agree(plain.difference?.lower ?? .nan, Fixture.number(one["lower"]), 1e-10))
      #expect(Fixture.agree(plain.difference?.upper ?? .nan, Fixture.number(one["upper"]), 1e-10))
      let corrected = try PairedTest.correctedResampledT(differences: differences, testToTrain: Fixture.number(one["ratio"]))
      #expect(Fixture.agree(corrected.statistic, Fixture.number(one["correctedT"]), 1e-11))
      #expect(Fixture.agree(corrected.pValue, Fixture.number(one["correctedP"]), 1e-10))
    }
  }

  @Test func fiveByTwo() throws {
    for one in try #require(document["fives"]?.arrayValue) {
      let differences = one["differences"]?.list.map(\.doubles) ?? []
      let t = try PairedTest.fiveByTwoT(differences: differences), f = try PairedTest.fiveByTwoF(differences: differences)
      #expect(Fixture.agree(t.statistic, Fixture.number(one["t"]), 1e-10) && Fixture.agree(t.pValue, Fixture.number(one["tp"]), 1e-10))
      #expect(Fixture.agree(f.statistic, Fixture.number(one["f"]), 1e-10) && Fixture.agree(f.pValue, Fixture.number(one["fp"]), 1e-10))
    }
    #expect { try PairedTest.fiveByTwoT(differences: [[1, 2]]) } throws: { ($0 as? MetricError)?.kind == .lengthMismatch }
  }

  @Test func permutations() throws {
    for one in try #require(document["permutations"]?.arrayValue) {
      let test = try PairedTest.permutation(differences: one["differences"]?.doubles ?? [])
      #expect(Fixture.agree(test.pValue, Fixture.number(one["p"]), 1e-12))
    }
    // Drawn permutations come near the t test.
    var random = KeyedRandom(seed: 5, purpose: "test")
    let differences = (0..<80).map { _ in Simulated.normal(&random) + 0.2 }
    let drawn = try PairedTest.permutation(differences: differences, permutations: 4000)
    #expect(abs(drawn.pValue - (try PairedTest.student(differences: differences).pValue)) < 0.02)
  }

  @Test func deLong() throws {
    for one in try #require(document["deLong"]?.arrayValue) {
      let test = try PairedTest.deLong(one["y"]?.bools ?? [], first: one["a"]?.doubles ?? [], second: one["b"]?.doubles ?? [])
      #expect(Fixture.agree(test.difference?.value ?? .nan, Fixture.number(one["difference"]), 1e-12))
      #expect(Fixture.agree(test.statistic, Fixture.number(one["z"]), 1e-9))
      #expect(Fixture.agree(test.pValue, Fixture.number(one["p"]), 1e-9))
    }
  }

  @Test func pairedBootstrapAgreesWithDeLong() throws {
    let (isPositive, first) = Simulated.binary(150, shift: 0.5, seed: 8)
    var random = KeyedRandom(seed: 6, purpose: "test")
    let second = zip(first, isPositive).map { $0 + ($1 ? 0.5 : 0) + 0.5 * Simulated.normal(&random) }
    let delong = try PairedTest.deLong(isPositive, first: first, second: second)
    let bootstrap = try PairedTest.bootstrap(rows: 150, options: IntervalOptions(resamples: 200)) { rows in
      let kinds = rows.map { isPositive[$0] }
      func area(_ scores: [Double]) -> Double { (try? Metrics.auc(kinds, rows.map { scores[$0] })) ?? .nan }
      return (area(first), area(second))
    }
    let (a, b) = (try #require(delong.difference), try #require(bootstrap.difference))
    #expect(abs(a.value - b.value) < 1e-12)
    #expect(abs(a.margin / b.margin - 1) < 0.25)
  }

  @Test func distributions() throws {
    let all = try #require(document["distributions"])
    for row in all["t"]?.list.map(\.doubles) ?? [] {
      #expect(Fixture.agree(Probability.studentTwoSided(row[0], degrees: row[1]), row[2], 1e-12))
    }
    for row in all["tq"]?.list.map(\.doubles) ?? [] {
      #expect(Fixture.agree(Probability.studentQuantile(row[0], degrees: row[1]), row[2], 1e-10))
    }
    for row in all["f"]?.list.map(\.doubles) ?? [] {
      #expect(Fixture.agree(Probability.fisherUpper(row[0], row[1], row[2]), row[3], 1e-12))
    }
    for row in all["h"]?.list.map(\.doubles) ?? [] {
      let p = Probability.hypergeometricUpper(Int(row[0]), drawn: Int(row[1]), marked: Int(row[2]), total: Int(row[3]))
      #expect(Fixture.agree(p, row[4], 1e-10), "\(row) \(p)")
    }
    #expect(all["t"]?.list.count == 20)
  }
}
