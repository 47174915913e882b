import Foundation
import MartletCore
import Tables
import Testing

@testable import Recipes

/// Preparation against scikit-learn: 1e-12 where it only computes, the fixture's own tolerance where it searches.
@Suite struct PreparationTests {
  @Test func everyCaseIsThere() { #expect(PreparationFixture.cases.count >= 250) }

  @Test(arguments: PreparationFixture.cases)
  func equalsReference(_ given: PreparationFixture.Case) throws {
    let fixture = try PreparationFixture.shared.get()
    let recipe = try JSON.decode(Recipe.self, from: JSON.encode(given.recipe), source: given.name)
    let train = try fixture.table(given.train), test = try fixture.table(given.test)
    let context = RecipeContext(seed: 1, threads: 2, importances: ["least-squares": leastSquares])
    let (fitted, training) = try recipe.fit(
      TrainingPart(all: train), target: given.target, weights: given.weights, context: context)
    if let wanted = given.expectedTrain {
      #expect([training.features.rows, training.features.columns] == wanted.shape)
      let worst = difference(try training.features.denseValues(), wanted.values)
      #expect(worst <= given.tolerance, "training rows")
    }
    let matrix = try fitted.matrix(of: test)
    if let wanted = given.expectedTest {
      #expect([matrix.rows, matrix.columns] == wanted.shape)
      let worst = difference(try matrix.denseValues(), wanted.values)
      #expect(worst <= given.tolerance, "other rows")
    }
    if let names = given.names { #expect(fitted.featureNames == names) }
    if let scores = given.scores {
      let own = fitted.plan.compactMap { ($0.fitted as? FittedPick)?.scores.values }.last ?? []
      let worst = difference(own.map { $0 == .greatestFiniteMagnitude ? .nan : $0 }, scores.map { $0 ?? .nan })
      // A feature without variance: scikit-learn scores it as not a number, here it scores nothing.
      let constants = scores.indices.filter { scores[$0] == nil }
      #expect(
        worst <= 1e-9
          || (!constants.isEmpty
            && difference(
              own.indices.filter { !constants.contains($0) }.map { own[$0] },
              scores.indices.filter { !constants.contains($0) }.map { scores[$0] ?? .nan }) <= 1e-9),
        "scores")
    }

    // Saved and read again it does the same, bit for bit, and one row at a time as a table does.
    let saved = try JSON.encode(fitted)
    let back = try JSON.decode(FittedRecipe.self, from: saved, source: given.name)
    #expect(back == fitted)
    let again = try back.matrix(of: test).denseValues().map(\.bitPattern)
    #expect(try matrix.denseValues().map(\.bitPattern) == again)
    #expect(try JSON.encode(back) == saved)
    if var encoder = fitted.rowEncoder() {
      let values = try matrix.denseValues()
      for row in 0..<test.rowCount {
        let one = try encoder.encode(test.row(row))
        #expect(difference(one, Array(values[row * matrix.columns..<(row + 1) * matrix.columns])) == 0, "row \(row)")
      }
    }
    // The transform of some rows is some rows of the transform.
    let some = Array(stride(from: 0, to: test.rowCount, by: 2).reversed())
    let part = try fitted.matrix(of: test.taking(some))
    let difference = difference(try part.denseValues(), try matrix.taking(some).denseValues())
    #expect(difference <= 1e-15, "some rows")
    // Fitting again, with other numbers of threads, gives the same recipe.
    var single = context
    single.threads = 1
    #expect(try recipe.fit(TrainingPart(all: train), target: given.target, weights: given.weights, context: single).recipe == fitted)
  }
}
