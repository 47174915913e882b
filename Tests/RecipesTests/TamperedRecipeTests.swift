import Foundation
import MartletCore
import Tables
import Testing

@testable import Recipes

/// Saved recipes that somebody has changed: each is refused with a typed error, or works on rows without reaching outside of anything.
@Suite struct TamperedRecipeTests {
  /// Together they write every kind of step that a file can hold.
  static let recipes: [Recipe] = [
    LeakageTests.everything,
    Recipe([
      Drop(columns: .named("note", "at")), SimpleImputer(columns: .kinds(.numeric), strategy: .mean, indicator: true),
      MinMaxScale(columns: .named("age"), clip: true), Bins(columns: .named("income"), count: 3), OneHot(columns: .named("city")),
      Polynomial(columns: .named("age", "income")), Clip(columns: .named("age")), Log(columns: .named("age"), form: .signed),
      NormalizeRows(columns: .named("age", "income")), SelectBest(columns: .numeric, count: 4), PCA(columns: .numeric, components: 2),
    ]),
    Recipe([
      Drop(columns: .named("at")), AutoencoderImputer(columns: .named("age", "income"), epochs: 1, indicator: true),
      PowerScale(columns: .named("age", "income")), Ordinal(columns: .named("city")), HashText(columns: .named("note"), features: 8),
      SelectByVariance(columns: .automatic),
    ]),
    Recipe([
      Drop(columns: .named("age", "income", "at")), HashCategories(columns: .named("city"), features: 4), TFIDF(columns: .named("note")),
      TruncatedSVD(columns: .automatic, components: 2),
    ]),
    Recipe([
      Drop(columns: .named("age", "income", "at")), OneHot(columns: .named("city"), sparse: true),
      TFIDF(columns: .named("note"), ngrams: [1, 2]),
    ]),
  ]

  @Test func everyKindOfStepIsTried() throws {
    let names = try Self.recipes.flatMap { recipe in
      try recipe.fit(TrainingPart(all: LeakageTests.table(40, seed: 1)), target: "label").recipe.plan.map { type(of: $0.fitted).name }
    }
    // Tokens need a tokenizer's file, and have a test of their own.
    #expect(Set(StepRegistry.fitted.keys).subtracting(names) == [FittedTokens.name])
  }

  @Test(arguments: recipes.indices) func changedNumbersAndListsAreRefusedOrHarmless(_ place: Int) throws {
    let table = try LeakageTests.table(40, seed: 1), other = try LeakageTests.table(12, seed: 2, shift: 50)
    let fitted = try Self.recipes[place].fit(TrainingPart(all: table), target: "label").recipe
    let saved = try JSON.decode(JSONValue.self, from: JSON.encode(fitted), source: "recipe")
    #expect(try JSON.decode(FittedRecipe.self, from: JSON.encode(saved), source: "recipe") == fitted)
    var refused = 0, answered = 0
    for round in 0..<250 {
      var random = KeyedRandom(seed: UInt64(place), purpose: "tampering", index: UInt64(round))
      let places = Self.paths(saved)
      let path = places[Int(random.uniform() * Double(places.count))]
      let changed = Self.changing(saved, path[...], &random)
      do {
        let recipe = try JSON.decode(FittedRecipe.self, from: JSON.encode(changed), source: "recipe")
        let matrix = try recipe.matrix(of: other, threads: 1)
        #expect(matrix.rows == 12)
        _ = try recipe.transform(other, threads: 1)
        var encoder = recipe.rowEncoder()
        let row = Dictionary(uniqueKeysWithValues: other.columns.map { ($0.name, $0.value(0)) })
        _ = try encoder?.encode(row)
        answered += 1
      } catch {
        #expect(error is any MartletError, "\(path): \(error)")
        refused += 1
      }
    }
    // A test that refuses everything, or nothing, proves nothing.
    #expect(refused > 50 && answered > 5, "\(refused) refused, \(answered) answered")
  }

  /// Where something can be changed: keys and places from the root.
  private static func paths(_ value: JSONValue, _ prefix: [String] = []) -> [[String]] {
    switch value {
    case .object(let members): members.sorted { $0.key < $1.key }.flatMap { paths($0.value, prefix + [$0.key]) }
    case .array(let elements):
      (prefix.isEmpty ? [] : [prefix, prefix]) + elements.enumerated().flatMap { paths($0.element, prefix + [String($0.offset)]) }
    default: [prefix]
    }
  }

  private static func changing(_ value: JSONValue, _ path: ArraySlice<String>, _ random: inout KeyedRandom) -> JSONValue {
    guard let step = path.first else { return changed(value, &random) }
    switch value {
    case .object(var members):
      members[step] = members[step].map { changing($0, path.dropFirst(), &random) }
      return .object(members)
    case .array(var elements):
      if let place = Int(step), elements.indices.contains(place) {
        elements[place] = changing(elements[place], path.dropFirst(), &random)
      }
      return .array(elements)
    default: return value
    }
  }

  private static func changed(_ value: JSONValue, _ random: inout KeyedRandom) -> JSONValue {
    let choice = Int(random.uniform() * 6)
    switch value {
    case .array(var elements):
      switch choice {
      case 0, 1: elements = Array(elements.dropLast())
      case 2: elements = []
      case 3: elements = Array(elements.dropFirst())
      default: if let last = elements.last { elements.append(last) }
      }
      return .array(elements)
    case .bool(let flag): return .bool(!flag)
    case .int, .double: return [.int(-1), .int(0), .int(7), .int(Int(Int32.max) + 1), .int(.max), .double(-1e300)][choice]
    case .string(let text):
      guard let data = Data(base64Encoded: text), data.count >= 8, data.count % 8 == 0 else {
        return [.string(""), .string(text + "x"), .null, .int(1), .string("numeric"), .string("sparse")][choice]
      }
      // An array of numbers: shorter, longer, or with numbers of another kind.
      let odd: Double = [.nan, -Double.infinity, 1e308, -1, 0, 3][choice]
      let bytes = withUnsafeBytes(of: odd.bitPattern.littleEndian) { Data($0) }
      switch Int(random.uniform() * 4) {
      case 0: return .string(Data(data.dropLast(8)).base64EncodedString())
      case 1: return .string((data + bytes).base64EncodedString())
      case 2: return .string((bytes + data.dropFirst(8)).base64EncodedString())
      default: return .string((Data(data.dropLast(8)) + bytes).base64EncodedString())
      }
    default: return .int(1)
    }
  }
}
