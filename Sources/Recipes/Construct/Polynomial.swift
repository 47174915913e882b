/// Products of columns up to a degree. As `PolynomialFeatures`: first the columns, then products of two, and so on.
public struct Polynomial: RecipeStep {
  public static let name = "polynomial"
  public var columns: ColumnSelection
  public var degree: Int
  /// Only products of different columns.
  public var interactionsOnly: Bool
  /// Whether a column of ones is added.
  public var bias: Bool

  public init() { self.init(columns: .automatic) }
  public init(columns: ColumnSelection, degree: Int = 2, interactionsOnly: Bool = false, bias: Bool = false) {
    self.columns = columns
    self.degree = degree
    self.interactionsOnly = interactionsOnly
    self.bias = bias
  }

  /// More columns than this are a mistake, not a model.
  static let limit = 100_000

  public func fit(_ input: StepInput) throws -> StepFit {
    guard degree >= 1 else { throw input.settingError("degree", degree, expected: "1 or more") }
    let count = input.columns.count
    var terms: [[Int]] = bias ? [[]] : []
    var level: [[Int]] = [[]]
    for _ in 1...degree {
      var next: [[Int]] = []
      for term in level {
        let first = term.last.map { interactionsOnly ? $0 + 1 : $0 } ?? 0
        guard first < count else { continue }
        for column in first..<count { next.append(term + [column]) }
        guard terms.count + next.count <= Self.limit else {
          throw RecipeError(
            "\(count) columns to degree \(degree) give more than \(Self.limit) products", remedy: "choose fewer columns or a lower degree")
        }
      }
      terms += next
      level = next
    }
    let names = input.columns.map(\.name)
    let outputs = terms.map { term -> RecipeColumn in
      var parts: [String] = [], place = 0
      while place < term.count {
        var power = 1
        while place + power < term.count, term[place + power] == term[place] { power += 1 }
        parts.append(power == 1 ? names[term[place]] : "\(names[term[place]])^\(power)")
        place += power
      }
      let origins = Array(Set(term.flatMap { input.columns[$0].origins })).sorted()
      return RecipeColumn(name: parts.isEmpty ? "1" : parts.joined(separator: " "), origins: origins)
    }
    return StepFit(FittedProducts(terms: terms), outputs: [outputs] + input.columns.dropFirst().map { _ in [] })
  }
}

struct FittedProducts: FittedStep {
  static let name = "products"
  let terms: [[Int]]
  var takesSingleRows: Bool { true }

  func transform(_ inputs: [RecipeValues], rows: Int, threads: Int) throws -> [RecipeValues] {
    let columns = try inputs.map { try $0.doubles() }
    return terms.map { term in
      guard let first = term.first else { return .numbers([Double](repeating: 1, count: rows)) }
      var product = columns[first]
      for column in term.dropFirst() {
        columns[column].withUnsafeBufferPointer { factor in
          product.withUnsafeMutableBufferPointer { for row in 0..<rows { $0[row] *= factor[row] } }
        }
      }
      return .numbers(product)
    }
  }

  func transform(row: inout RowCells, inputs: [Int], outputs: [Int]) throws {
    for (place, term) in terms.enumerated() {
      row.numbers[outputs[place]] = term.reduce(1) { $0 * row.numbers[inputs[$1]] }
    }
  }
}
