import MartletCore
public import Recipes
public import Tables

/// The preparation that suits a learner, by looking at the kinds of the columns.
public enum AutomaticRecipe {
  /// Learners that split on codes of categories and send missing values to a side.
  private static let trees: Set<String> = ["tree", "random_forest", "extra_trees", "boosting"]
  /// Learners of networks that embed codes of categories themselves.
  private static let embedding: Set<String> = ["tabular_transformer"]
  /// Learners of counts, which have to stay positive.
  private static let counting: Set<String> = ["multinomial_nb", "complement_nb", "nb_logistic"]
  /// More categories than these are not given a code or a column each.
  private static let manyCategories = 255

  /// - Parameters:
  ///   - kind: the learner's kind.
  ///   - features: the columns to prepare, without target and weights.
  ///   - hasTarget: encodings may look at the target.
  /// - Returns: only steps that have a column to work on. Columns with very many categories are encoded by the target (out of fold), or by
  ///   their counts where there is none.
  public static func recipe(for kind: String, features: Table, hasTarget: Bool) -> Recipe {
    func columns(_ kind: ColumnType.Kind) -> [Column] { features.columns.filter { $0.type.kind == kind } }
    let categorical = columns(.categorical)
    let many = categorical.filter { $0.categories.count > manyCategories }.map(\.name)
    let few = categorical.map(\.name).filter { !many.contains($0) }
    let hasNumbers = features.columns.contains { [.numeric, .boolean, .timestamp].contains($0.type.kind) } || !many.isEmpty
    var steps: [any RecipeStep] = []
    let lists = columns(.list).map(\.name)
    if !lists.isEmpty { steps.append(Drop(columns: .named(lists))) }
    if !columns(.timestamp).isEmpty { steps.append(DateParts(columns: .timestamp, elapsed: true)) }
    if !many.isEmpty {
      steps.append(hasTarget ? TargetEncoding(columns: .named(many)) : CountEncoding(columns: .named(many)))
    }
    let isTree = trees.contains(kind)
    if isTree || embedding.contains(kind) {
      if !few.isEmpty { steps.append(Ordinal(columns: .named(few))) }
      if !columns(.text).isEmpty { steps.append(TFIDF(columns: .text, minDocuments: 5, maxFeatures: 100)) }
      return Recipe(steps)
    }
    if kind == "categorical_nb" {
      if hasNumbers { steps.append(SimpleImputer(columns: .kinds(.numeric, .boolean), strategy: .median)) }
      if !few.isEmpty { steps.append(Ordinal(columns: .named(few))) }
      return Recipe(steps)
    }
    if hasNumbers {
      steps.append(SimpleImputer(columns: .kinds(.numeric, .boolean), strategy: .median, indicator: true))
      steps.append(counting.contains(kind) ? MinMaxScale(columns: .automatic, clip: true) : StandardScale())
    }
    if !few.isEmpty { steps.append(OneHot(columns: .named(few), maxCategories: 100)) }
    if !columns(.text).isEmpty { steps.append(TFIDF(columns: .text, minDocuments: 2, maxFeatures: 20_000)) }
    return Recipe(steps)
  }
}
