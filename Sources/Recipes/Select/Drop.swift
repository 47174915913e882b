/// Leaves columns out: identifiers, leaks, what nobody wants.
public struct Drop: RecipeStep {
  public static let name = "drop"
  public static let accepted = Set(RecipeKind.allCases)
  public var columns: ColumnSelection

  public init() { self.init(columns: .named([])) }
  public init(columns: ColumnSelection) { self.columns = columns }

  public func fit(_ input: StepInput) throws -> StepFit { StepFit(FittedDrop(), outputs: input.columns.map { _ in [] }) }
}

struct FittedDrop: FittedStep {
  static let name = "dropped"
  var takesSingleRows: Bool { true }
  func transform(_ inputs: [RecipeValues], rows: Int, threads: Int) throws -> [RecipeValues] { [] }
  func transform(row: inout RowCells, inputs: [Int], outputs: [Int]) throws {}
}
