import Foundation
import MartletCore
import Recipes
import Tables
import Testing

/// Rows that do not look like the training rows, and steps that have no reference in scikit-learn.
@Suite struct RowTests {
  static func train() throws -> Table {
    try Table([
      Column("age", [30, 40, nil, 50] as [Double?]), Column("visits", [1, 2, 3, 4] as [Int64]),
      Column("city", ["Bonn", "Köln", "Bonn", nil]), Column("member", [true, false, nil, true]),
    ])
  }

  static let recipe = Recipe([
    SimpleImputer(columns: .kinds(.numeric, .boolean), strategy: .median, indicator: true), StandardScale(),
    OneHot(columns: .text, unknown: .ignore),
  ])

  static func problem(_ body: () throws -> Void) -> RecipeError? {
    do {
      try body()
      return nil
    } catch { return error as? RecipeError }
  }

  func fitted(_ options: RecipeOptions = RecipeOptions(), _ recipe: Recipe = RowTests.recipe) throws -> FittedRecipe {
    try recipe.fit(TrainingPart(all: Self.train()), options: options).recipe
  }

  @Test func namesAndOrigins() throws {
    let fitted = try fitted()
    #expect(
      fitted.featureNames == ["age", "visits", "city_Bonn", "city_Köln", "city_missing", "member", "age_missing", "member_missing"])
    #expect(fitted.featureOrigins == [["age"], ["visits"], ["city"], ["city"], ["city"], ["member"], ["age"], ["member"]])
    #expect(fitted.inputs.map(\.name) == ["age", "visits", "city", "member"])
  }

  @Test func missingColumns() throws {
    let without = try Self.train().dropping(["age"])
    let error = Self.problem { _ = try fitted().matrix(of: without) }
    #expect(error?.column == "age" && error?.problem == "the column 'age' is missing")
    let filled = try fitted(RecipeOptions(missingColumns: .fill)).matrix(of: without)
    #expect(try filled.denseValues()[6] == filled.denseValues()[14], "every row counts as missing")
    var encoder = try #require(try fitted().rowEncoder())
    #expect(Self.problem { _ = try encoder.encode(["visits": .integer(1), "city": .missing, "member": .missing]) }?.column == "age")
  }

  @Test func extraColumns() throws {
    let more = try Self.train().setting(Column("new", [1.0, 2, 3, 4]))
    #expect(try fitted().matrix(of: more).denseValues() == fitted().matrix(of: Self.train()).denseValues())
    #expect(Self.problem { _ = try fitted(RecipeOptions(extraColumns: .refuse)).matrix(of: more) }?.column == "new")
  }

  @Test func changedTypes() throws {
    let texts = try Self.train().setting(Column("age", ["30", " 40 ", nil, "50"]))
    let error = Self.problem { _ = try fitted().matrix(of: texts) }
    #expect(error?.column == "age" && error?.expected == "float64, as in training")
    let convert = try fitted(RecipeOptions(changedTypes: .convert))
    #expect(try convert.matrix(of: texts).denseValues() == convert.matrix(of: Self.train()).denseValues())
    let wrong = try Self.train().setting(Column("age", ["30", "old", nil, "50"]))
    let row = Self.problem { _ = try convert.matrix(of: wrong) }
    #expect(row?.column == "age" && row?.row == 1 && row?.value == "old")
    // Whole and broken numbers, texts and categories stand for each other.
    let wide = try Self.train().setting(Column("visits", [1.0, 2, 3, 4])).setting(
      Column("city", codes: [0, 1, 0, -1], categories: ["Bonn", "Köln"]))
    #expect(try fitted().matrix(of: wide).denseValues() == fitted().matrix(of: Self.train()).denseValues())
    // Numbers where categories were.
    #expect(Self.problem { _ = try fitted().matrix(of: Self.train().setting(Column("city", [1.0, 2, 3, 4]))) }?.column == "city")
  }

  @Test func unknownCategories() throws {
    let other = try Self.train().setting(Column("city", ["Bonn", "Ulm", nil, "Köln"]))
    let matrix = try fitted().matrix(of: other)
    #expect(try matrix.denseValues()[matrix.columns + 2...matrix.columns + 4] == [0, 0, 0])
    let strict = Recipe([SimpleImputer(columns: .kinds(.numeric, .boolean)), OneHot(columns: .text, unknown: .refuse)])
    let error = Self.problem { _ = try fitted(RecipeOptions(), strict).matrix(of: other) }
    #expect(error?.column == "city" && error?.row == 1 && error?.value == "Ulm" && error?.step == "one-hot")
    let ordinal = Recipe([Drop(columns: .named("age", "visits", "member")), Ordinal(columns: .text, unknown: .refuse)])
    #expect(Self.problem { _ = try fitted(RecipeOptions(), ordinal).matrix(of: other) }?.value == "Ulm")
  }

  @Test func remainder() throws {
    let recipe = Recipe([SimpleImputer()])
    #expect(Self.problem { _ = try fitted(RecipeOptions(), recipe) }?.column == "city")
    #expect(try fitted(RecipeOptions(remainder: .drop), recipe).matrix(of: Self.train()).names == ["age", "visits", "member"])
  }

  @Test func tablesKeepWhatNobodyTouched() throws {
    let table = try fitted(RecipeOptions(remainder: .drop), Recipe([StandardScale(columns: .named("age"))])).transform(Self.train())
    #expect(table.columnNames == ["age", "visits", "city", "member"])
    #expect(try table.column("visits").type == .int64 && table.column("city").texts() == ["Bonn", "Köln", "Bonn", nil])
    #expect(try table.column("age").missingCount == 1)
  }

  @Test func recipesInFiles() throws {
    let text =
      #"[{"impute":{"strategy":"median","columns":"numeric"}},"standard-scale",{"one-hot":{"columns":["city"],"min-frequency":2}}]"#
    let recipe = try JSON.decode(Recipe.self, from: Data(text.utf8), source: "recipe")
    #expect(
      recipe
        == Recipe([
          SimpleImputer(columns: .numeric, strategy: .median), StandardScale(), OneHot(columns: .named("city"), minFrequency: 2),
        ]))
    #expect(try JSON.decode(Recipe.self, from: JSON.encode(recipe), source: "again") == recipe)
    for name in Recipe.stepNames {
      let one = try JSON.decode(Recipe.self, from: Data("[\"\(name)\"]".utf8), source: name)
      #expect(try JSON.decode(Recipe.self, from: JSON.encode(one), source: name) == one, "\(name)")
    }
    func problem(_ text: String) -> String {
      do {
        _ = try JSON.decode(Recipe.self, from: Data(text.utf8), source: "recipe")
        return ""
      } catch { return "\(error)" }
    }
    #expect(problem(#"["one-hott"]"#).contains("did you mean 'one-hot'?"))
    #expect(problem(#"[{"one-hot":{"min-frequncy":2}}]"#).contains("did you mean 'min-frequency'?"))
    #expect(problem(#"[{"impute":{"strategy":"medean"}}]"#).contains("strategy"))
    #expect(problem(#"{"impute":1}"#).contains("not a list of steps"))
  }

  @Test func targets() throws {
    let table = try Self.train().setting(Column("y", ["b", "a", "b", "a"]))
    let (recipe, training) = try Self.recipe.fit(TrainingPart(all: table), target: "y")
    #expect(training.target == .classes([1, 0, 1, 0], labels: ["a", "b"]))
    let other = try table.setting(Column("y", ["a", "c", "b", "a"]))
    let error = Self.problem { _ = try recipe.target(of: other) }
    #expect(error?.row == 1 && error?.value == "c" && error?.column == "y")
    let gap = try table.setting(Column("y", ["a", nil, "b", "a"]))
    #expect(Self.problem { _ = try Self.recipe.fit(TrainingPart(all: gap), target: "y") }?.row == 1)
    let numbers = try table.setting(Column("y", [1.0, 2, 1, 2]))
    #expect(try Self.recipe.fit(TrainingPart(all: numbers), target: "y").training.target == .values([1, 2, 1, 2]))
    #expect(
      try Self.recipe.fit(TrainingPart(all: numbers), target: "y", task: .classification).training.target
        == .classes([0, 1, 0, 1], labels: ["1", "2"]))
  }

  @Test func settingsThatCannotBe() throws {
    let part = TrainingPart(all: try Self.train())
    func problem(_ step: any RecipeStep) -> String { Self.problem { _ = try Recipe([step]).fit(part) }?.description ?? "" }
    #expect(problem(StandardScale(columns: .named("agee"))).contains("did you mean 'age'?"))
    #expect(problem(StandardScale(columns: .named("city"))).contains("column 'city' is text"))
    #expect(problem(MinMaxScale(columns: .automatic, lower: 2, upper: 1)).contains("lower less than upper"))
    #expect(problem(Bins(columns: .automatic, count: 1)).contains("count is 1"))
    #expect(problem(PowerScale(columns: .named("age"), method: .boxCox, powers: [1, 2])).contains("number of powers"))
    #expect(problem(TargetEncoding(columns: .named("city"))).contains("needs a target"))
    #expect(problem(PCA(columns: .named("age"), components: 1)).contains("missing in row 2"))
    #expect(problem(Derive("x", "age / (visits")).contains("closing parenthesis"))
    #expect(problem(Derive("x", "age / vists")).contains("did you mean 'visits'?"))
    #expect(problem(SelectFromModel(columns: .named("visits"), importance: "lasso")).contains("importance function 'lasso'"))
    #expect(problem(DateParts(columns: .named("age"))).contains("column 'age' is numeric"))
  }

  @Test func formulas() throws {
    let table = try Table([Column("a b", [1.0, 2, 0]), Column("c", [4.0, 0, 9])])
    func values(_ formula: String) throws -> [Double] {
      try Recipe([Derive("x", formula)]).fit(TrainingPart(all: table)).recipe.transform(table).column("x").numbers()
    }
    #expect(try values("`a b` + 2 * c - 1") == [8, 1, 17])
    #expect(try values("-(c - `a b`) ^ 2 / 3") == [-3, -4.0 / 3, -27])
    #expect(try values("max(sqrt(c), `a b`)") == [2, 2, 3])
    #expect(difference(try values("`a b` / c"), [0.25, .nan, 0]) == 0)
  }

  @Test func aggregates() throws {
    let table = try Table([Column("g", ["a", "b", "a", nil]), Column("v", [1.0, 5, 3, 100])])
    let (recipe, _) = try Recipe([GroupAggregates(columns: .numeric, by: "g", statistics: [.mean, .count, .max])]).fit(
      TrainingPart(all: table), options: RecipeOptions(remainder: .drop))
    let made = try recipe.transform(Table([Column("g", ["b", "z", nil, "a"]), Column("v", [0.0, 0, 0, 0])]))
    #expect(try made.column("v_mean_by_g").numbers() == [5, 27.25, 27.25, 2])
    #expect(try made.column("v_count_by_g").numbers() == [1, 4, 4, 2])
    #expect(try made.column("v_max_by_g").numbers() == [5, 100, 100, 3])
  }

  /// Values of Python's datetime.
  @Test func dates() throws {
    let times: [Int64?] = [0, 1_709_210_096_000_000, -86_400_000_001, 1_609_459_200_000_000, nil]
    let table = try Table([Column("t", microseconds: times)])
    let (recipe, training) = try Recipe([DateParts(columns: .timestamp, parts: DateParts.Part.allCases)]).fit(TrainingPart(all: table))
    let wanted: [Double] = [
      1970, 1, 1, 1, 1, 1, 3, 0, 0, 0, 0,
      2024, 1, 2, 9, 29, 60, 3, 12, 34, 56, 0,
      1969, 4, 12, 1, 30, 364, 1, 23, 59, 59, 0,
      2021, 1, 1, 53, 1, 1, 4, 0, 0, 0, 0,
    ]
    #expect(difference(try training.features.denseValues(), wanted + [Double](repeating: .nan, count: 11)) == 0)
    #expect(recipe.featureNames.prefix(3) == ["t_year", "t_quarter", "t_month"])
    let cyclic = try Recipe([DateParts(columns: .timestamp, parts: [.month], cyclic: true, elapsed: true, timeZone: "Asia/Tokyo")]).fit(
      TrainingPart(all: table)
    ).training.features
    #expect(cyclic.names == ["t_month_sin", "t_month_cos", "t_elapsed"])
    #expect(difference(Array(try cyclic.denseValues().prefix(2)), [0, 1]) < 1e-15)
  }

  @Test func correlatedFeaturesGo() throws {
    let a = (0..<20).map { Double(($0 * 7) % 20) }
    let table = try Table([Column("a", a), Column("b", a.map { -2 * $0 + 1 }), Column("c", (0..<20).map { Double($0 % 3) })])
    #expect(try Recipe([SelectByCorrelation()]).fit(TrainingPart(all: table)).recipe.featureNames == ["a", "c"])
  }

  @Test func autoencoderRestoresWhatItHasLearnt() throws {
    var random = KeyedRandom(seed: 1, purpose: "test")
    let x = (0..<200).map { _ in random.uniform(in: -1...1) }
    let y = x.map { $0 * $0 }, z = x.map { -3 * $0 + 1 }
    let holed = y.indices.map { $0 % 5 == 0 ? nil : y[$0] }
    let table = try Table([Column("x", x), Column("y", holed), Column("z", z)])
    let recipe = Recipe([AutoencoderImputer(columns: .automatic, hidden: 16, epochs: 150, batch: 20, learningRate: 0.02, corruption: 0.1)])
    let (fitted, training) = try recipe.fit(TrainingPart(all: table), context: RecipeContext(seed: 3, threads: 2))
    let values = try training.features.denseValues()
    let gaps = y.indices.filter { $0 % 5 == 0 }
    let error = gaps.reduce(0.0) { $0 + abs(values[$1 * 3 + 1] - y[$1]) } / Double(gaps.count)
    let mean = holed.compactMap { $0 }.reduce(0, +) / 160
    let plain = gaps.reduce(0.0) { $0 + abs(mean - y[$1]) } / Double(gaps.count)
    #expect(error < plain / 2, "the bend is learnt: \(error) against \(plain) for the mean")
    #expect(try recipe.fit(TrainingPart(all: table), context: RecipeContext(seed: 3, threads: 1)).recipe == fitted)
    #expect(try JSON.decode(FittedRecipe.self, from: JSON.encode(fitted), source: "x") == fitted)
  }

  @Test func standardRecipeTakesAnyTable() throws {
    let table = try LeakageTests.table(40, seed: 1)
    let (fitted, training) = try Recipe.standard.fit(TrainingPart(all: table), target: "label")
    #expect(training.rows == 40 && training.features.columns == fitted.featureNames.count)
    #expect(try training.features.denseValues().allSatisfy { $0.isFinite })
  }

  /// The nearest rows equal a plain search, ties and all.
  @Test func nearestRowsAreExact() throws {
    var random = KeyedRandom(seed: 2, purpose: "test")
    let rows = (0..<300).map { row in (0..<6).map { _ in row % 10 == 0 ? 1e3 : (random.uniform() * 8).rounded() } }
    let classes = rows.indices.map { $0 % 3 == 0 ? 1 : 0 }
    let features = try FeatureMatrix(rows: 300, names: (0..<6).map { "x\($0)" }, values: rows.flatMap { $0 })
    let training = try TrainingMatrix(trainingRowsOnly: features, target: .classes(classes, labels: ["a", "b"]))
    let kept = try Resampling(.editedNeighbours, strategy: .all, judges: 4).resample(training, seed: 1, threads: 2).sources.compactMap {
      $0
    }
    let wanted = rows.indices.filter { row in
      let near = rows.indices.filter { $0 != row }
        .map { other in (zip(rows[row], rows[other]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }, other) }
        .sorted { $0 < $1 }.prefix(4)
      return near.allSatisfy { classes[$0.1] == classes[row] }
    }
    #expect(kept == wanted)
  }
}
