import Foundation
import MartletCore
import Tables

/// What a row of term weights is divided by.
public enum TextNorm: String, Hashable, Sendable, Codable, CaseIterable { case l1, l2, none }

/// Text columns as weights of their terms: how often here, against how common everywhere. As `TfidfVectorizer`; sparse.
public struct TFIDF: RecipeStep {
  public static let name = "tf-idf"
  public static let accepted: Set<RecipeKind> = [.text, .categorical]
  public var columns: ColumnSelection
  public var unit: TextUnit
  /// The shortest and the longest run of units that is a term.
  public var ngrams: [Int]
  public var lowercase: Bool
  public var stripAccents: Bool
  public var stopWords: [String]
  /// Terms in fewer texts are left out: a count from 1, or a share below 1.
  public var minDocuments: Double
  /// Terms in more texts are left out: a share up to 1, or a count above.
  public var maxDocuments: Double
  /// Only the most frequent terms.
  public var maxFeatures: Int?
  /// Whether a term counts once a text.
  public var binary: Bool
  /// 1 + log(count) in place of counts.
  public var sublinear: Bool
  /// Whether common terms count less. Without it these are plain counts, with the norm.
  public var useIdf: Bool
  public var smoothIdf: Bool
  public var norm: TextNorm

  public init() { self.init(columns: .text) }
  public init(
    columns: ColumnSelection, unit: TextUnit = .words, ngrams: [Int] = [1, 1], lowercase: Bool = true, stripAccents: Bool = false,
    stopWords: [String] = [], minDocuments: Double = 1, maxDocuments: Double = 1, maxFeatures: Int? = nil, binary: Bool = false,
    sublinear: Bool = false, useIdf: Bool = true, smoothIdf: Bool = true, norm: TextNorm = .l2
  ) {
    self.columns = columns
    self.unit = unit
    self.ngrams = ngrams
    self.lowercase = lowercase
    self.stripAccents = stripAccents
    self.stopWords = stopWords
    self.minDocuments = minDocuments
    self.maxDocuments = maxDocuments
    self.maxFeatures = maxFeatures
    self.binary = binary
    self.sublinear = sublinear
    self.useIdf = useIdf
    self.smoothIdf = smoothIdf
    self.norm = norm
  }

  public func fit(_ input: StepInput) throws -> StepFit {
    guard ngrams.count == 2, ngrams[0] >= 1, ngrams[0] <= ngrams[1] else {
      throw input.settingError("ngrams", ngrams, expected: "the shortest and the longest, as [1, 2]")
    }
    let tokens = Tokens(
      unit: unit, shortest: ngrams[0], longest: ngrams[1], lowercase: lowercase, stripAccents: stripAccents, stopWords: Set(stopWords))
    var fitted: [FittedText.Vocabulary] = [], outputs: [[RecipeColumn]] = []
    for (column, values) in zip(input.columns, input.values) {
      let texts = try values.texts()
      var documents: [Term: Int] = [:], totals: [Term: Int] = [:]
      let chunks = try TextChunks.map(texts, threads: input.context.threads) { text in
        var counts: [Term: Int] = [:]
        for term in tokens.terms(text) { counts[Term(text: term), default: 0] += 1 }
        return counts
      }
      for counts in chunks {
        for (term, count) in counts {
          documents[term, default: 0] += 1
          totals[term, default: 0] += binary ? 1 : count
        }
      }
      let rows = Double(texts.count)
      let least = minDocuments < 1 ? minDocuments * rows : minDocuments
      let most = maxDocuments <= 1 ? maxDocuments * rows : maxDocuments
      guard most >= least else { throw RecipeError("max-documents is less than min-documents", column: column.name) }
      var terms = documents.filter { Double($0.value) >= least && Double($0.value) <= most }.map(\.key.text).sorted(by: precedes)
      if let maxFeatures, terms.count > maxFeatures {
        let order = terms.indices.sorted {
          let (a, b) = (totals[Term(text: terms[$0])] ?? 0, totals[Term(text: terms[$1])] ?? 0)
          return a == b ? $0 < $1 : a > b
        }
        terms = order.prefix(maxFeatures).sorted().map { terms[$0] }
      }
      guard !terms.isEmpty else {
        throw RecipeError(
          "the texts of column '\(column.name)' have no terms", expected: "1 or more",
          remedy: "use unit: characters, fewer stop words, or a lower min-documents", column: column.name)
      }
      let extra = smoothIdf ? 1.0 : 0
      let weights = terms.map { term in
        useIdf ? log((rows + extra) / (Double(documents[Term(text: term)] ?? 0) + extra)) + 1 : 1
      }
      fitted.append(FittedText.Vocabulary(terms, weights: Doubles(weights)))
      outputs.append([
        RecipeColumn(name: column.name, kind: .sparse, origins: column.origins, features: terms.map { "\(column.name)_\($0)" })
      ])
    }
    return StepFit(
      FittedText(tokens: tokens, vocabularies: fitted, binary: binary, sublinear: sublinear, norm: norm), outputs: outputs)
  }
}

/// Texts in pieces, so that several threads share them; results in the order of the rows.
enum TextChunks {
  static func map<Result: Sendable>(_ texts: [String?], threads: Int, _ body: @Sendable (String) -> Result) throws -> [Result] {
    let size = 256
    return try Parallel.map((texts.count + size - 1) / size, threads: threads) { chunk in
      texts[chunk * size..<min((chunk + 1) * size, texts.count)].map { body($0 ?? "") }
    }.flatMap { $0 }
  }
}

struct FittedText: FittedStep {
  static let name = "term-weights"

  struct Vocabulary: Hashable, Sendable, Codable {
    let terms: [String]
    let weights: Doubles
    let places: [Term: Int32]

    init(_ terms: [String], weights: Doubles) {
      self.terms = terms
      self.weights = weights
      places = Dictionary(terms.enumerated().map { (Term(text: $1), Int32($0)) }, uniquingKeysWith: { first, _ in first })
    }

    private enum Keys: String, CodingKey { case terms, weights }
    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Keys.self)
      let terms = try container.decode([String].self, forKey: .terms)
      let weights = try container.decode(Doubles.self, forKey: .weights)
      guard terms.count == weights.count else {
        throw RecipeError("a vocabulary of \(terms.count) terms has \(weights.count) weights", step: TFIDF.name)
      }
      self.init(terms, weights: weights)
    }
    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Keys.self)
      try container.encode(terms, forKey: .terms)
      try container.encode(weights, forKey: .weights)
    }
  }

  let tokens: Tokens
  let vocabularies: [Vocabulary]
  let binary: Bool
  let sublinear: Bool
  let norm: TextNorm

  func transform(_ inputs: [RecipeValues], rows: Int, threads: Int) throws -> [RecipeValues] {
    try zip(inputs, vocabularies).map { input, vocabulary in
      let made = try TextChunks.map(try input.texts(), threads: threads) { text in row(text, vocabulary) }
      return .sparse(try SparseRows.joining(made, columns: vocabulary.terms.count))
    }
  }

  private func row(_ text: String, _ vocabulary: Vocabulary) -> [(Int32, Double)] {
    var counts: [Int32: Double] = [:]
    for term in tokens.terms(text) {
      if let place = vocabulary.places[Term(text: term)] { counts[place, default: 0] += 1 }
    }
    var entries = counts.sorted { $0.key < $1.key }.map { place, count in
      let frequency = binary ? 1 : sublinear ? log(count) + 1 : count
      return (place, frequency * vocabulary.weights[Int(place)])
    }
    SparseRows.normalize(&entries, norm)
    return entries
  }
}

extension SparseRows {
  static func joining(_ rows: [[(Int32, Double)]], columns: Int) throws -> SparseRows {
    var starts = [0], indices: [Int32] = [], values: [Double] = []
    starts.reserveCapacity(rows.count + 1)
    for row in rows {
      for (place, value) in row {
        indices.append(place)
        values.append(value)
      }
      starts.append(indices.count)
    }
    return try SparseRows(columns: columns, starts: starts, indices: indices, values: values)
  }

  static func normalize(_ entries: inout [(Int32, Double)], _ norm: TextNorm) {
    let length: Double
    switch norm {
    case .none: return
    case .l1: length = entries.reduce(0) { $0 + abs($1.1) }
    case .l2: length = entries.reduce(0) { $0 + $1.1 * $1.1 }.squareRoot()
    }
    if length > 0 { for place in entries.indices { entries[place].1 /= length } }
  }
}
