import Foundation
import MartletCore
import Testing

@testable import Tables

extension ArrowTests {
  @Suite struct ColumnExpressionTests {
    let table: Table

    init() throws {
      table = try Table([
        Column("n", [1, 2, nil, 4]), Column("x", [0.5, -1.5, 2.5, nil]), Column("t", ["Apple", nil, "pear", "apple pie"]),
        Column("b", [true, false, nil, true]), try Column("c", codes: [0, 1, -1, 0], categories: ["red", "blue"]),
        Column("when", microseconds: [0, 1_706_696_430_000_000, nil, -1]), Column("my column", [1.0, 2, 3, 4]),
        Column("zoned", microseconds: [0, 1_706_696_430_000_000, nil, -1], timeZone: "UTC"),
      ])
    }

    private func compute(_ text: String) throws -> [TableValue] {
      let expression = try ColumnExpression(text)
      // What is saved is read back the same.
      #expect(try ColumnExpression(expression.description) == expression, "\(expression)")
      let column = try table.column("result", computing: expression)
      return (0..<column.count).map { column.value($0) }
    }

    @Test(
      arguments: [
        ("n + 1", [.integer(2), .integer(3), .missing, .integer(5)]), ("n / 2", [.number(0.5), .number(1), .missing, .number(2)]),
        ("-n * 2 + 10 % 4", [.integer(0), .integer(-2), .missing, .integer(-6)]),
        ("n > 1 && x < 3", [.boolean(false), .boolean(true), .missing, .missing]),
        ("n > 1 || b", [.boolean(true), .boolean(true), .missing, .boolean(true)]),
        ("not b", [.boolean(false), .boolean(true), .missing, .boolean(false)]),
        ("!(n >= 2)", [.boolean(true), .boolean(false), .missing, .boolean(false)]),
        ("n in (1, 4)", [.boolean(true), .boolean(false), .boolean(false), .boolean(true)]),
        ("c in ('red')", [.boolean(true), .boolean(false), .boolean(false), .boolean(true)]),
        ("c == 'blue'", [.boolean(false), .boolean(true), .missing, .boolean(false)]),
        ("isMissing(t)", [.boolean(false), .boolean(true), .boolean(false), .boolean(false)]),
        ("fill(n, 0)", [.integer(1), .integer(2), .integer(0), .integer(4)]),
        ("if(n > 1, 'many', 'one')", [.text("one"), .text("many"), .text("one"), .text("many")]),
        ("if(isMissing(x), missing, x)", [.number(0.5), .number(-1.5), .number(2.5), .missing]),
        ("abs(x)", [.number(0.5), .number(1.5), .number(2.5), .missing]),
        ("round(x)", [.number(0), .number(-2), .number(2), .missing]),
        ("max(x, 0.0)", [.number(0.5), .number(0), .number(2.5), .number(0)]),
        ("lower(t)", [.text("apple"), .missing, .text("pear"), .text("apple pie")]),
        ("startsWith(lower(t), 'apple')", [.boolean(true), .missing, .boolean(false), .boolean(true)]),
        ("matches(t, '^[a-z ]+$')", [.boolean(false), .missing, .boolean(true), .boolean(true)]),
        ("length(t)", [.integer(5), .missing, .integer(4), .integer(9)]),
        ("slice(t, 0, 2)", [.text("Ap"), .missing, .text("pe"), .text("ap")]),
        ("concat(c, '-', n)", [.text("red-1"), .text("blue-2"), .missing, .text("red-4")]),
        ("year(when)", [.integer(1970), .integer(2024), .missing, .integer(1969)]),
        ("dayOfWeek(when)", [.integer(4), .integer(3), .missing, .integer(3)]),
        ("hour(when)", [.integer(0), .integer(10), .missing, .integer(23)]),
        ("when >= '1970-01-01'", [.boolean(true), .boolean(true), .missing, .boolean(false)]),
        ("zoned < time('2000-01-01')", [.boolean(true), .boolean(false), .missing, .boolean(true)]),
        ("when - time('1970-01-01')", [.number(0), .number(1_706_696_430), .missing, .number(-1e-6)]),
        ("`my column` * 1.5e1", [.number(15), .number(30), .number(45), .number(60)]),
        ("integer(x)", [.integer(0), .integer(-1), .integer(2), .missing]),
        ("n not in (1)", [.boolean(false), .boolean(true), .boolean(true), .boolean(true)]),
      ] as [(String, [TableValue])])
    func computes(_ text: String, _ expected: [TableValue]) throws { #expect(try compute(text) == expected) }

    @Test func filtersAndDerives() throws {
      #expect(try table.filtered(.column("n") > 1).rowCount == 2)
      #expect(try table.filtered(!(.column("c").isIn([.text("red")]))).rowCount == 2)
      #expect(try table.filtered(ColumnExpression.column("t") .== "pear").column("x").numbers() == [2.5])
      let derived = try table.deriving(["twice": ColumnExpression("x * 2"), "one": 1])
      #expect(try derived.column("twice").numbers()[0...2] == [1, -3, 5] && derived.column("one").integers() == [1, 1, 1, 1])
      #expect(try ColumnExpression("year(a) + b").columnNames == ["a", "b"])
      let saved = [try ColumnExpression("a > 1")]
      let data = try JSONEncoder().encode(saved)
      let read = try JSONDecoder().decode([ColumnExpression].self, from: data)
      #expect(read == saved)
    }

    @Test(arguments: ["", "n +", "(n", "nope(n)", "n in 1", "'open", "n ? 2", "round()", "1..2", "n !"])
    func refuses(_ text: String) { #expect(throws: TableError.self) { try ColumnExpression(text) } }

    @Test func namesWhatCannotBeComputed() throws {
      let unknown = #expect(throws: TableError.self) { try table.filtered(ColumnExpression("nn > 1")) }
      #expect(unknown?.description.contains("'nn'") == true)
      let mixed = #expect(throws: TableError.self) { try table.column("r", computing: ColumnExpression("t * 2")) }
      #expect(mixed?.description.contains("(t * 2)") == true)
      #expect(throws: TableError.self) { try table.filtered(ColumnExpression("n + 1")) }
      let overflow = try Table([Column("n", [Int64.max])])
      #expect(throws: TableError.self) { try overflow.column("r", computing: ColumnExpression("n + 1")) }
    }
  }
}
