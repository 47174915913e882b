import Testing

@testable import OperatorGenerator

@Suite struct SchemaParserTests {
  @Test func aDeclarationIsTakenApart() throws {
    let text = "add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor"
    let schema = try SchemaParser.parse(text)
    #expect(schema.name == "add")
    #expect(schema.overload == "Tensor")
    #expect(schema.fullName == "add.Tensor")
    #expect(schema.symbol == "add_Tensor")
    #expect(schema.arguments.map(\.name) == ["self", "other", "alpha"])
    #expect(schema.arguments.map(\.isKeywordOnly) == [false, false, true])
    #expect(schema.arguments.map(\.defaultText) == [nil, nil, "1"])
    #expect(schema.returns.map(\.type.spelling) == ["Tensor"])
    #expect(!schema.isInPlace)
    #expect(schema.text == text)
  }

  @Test func anInPlaceOperatorIsKnownByWhatItWrites() throws {
    let schema = try SchemaParser.parse("_foreach_add_.Scalar(Tensor(a!)[] self, Scalar scalar) -> ()")
    #expect(schema.isInPlace)
    #expect(schema.rootName == "_foreach_add")
    #expect(schema.returns.isEmpty)
    #expect(schema.arguments[0].type.isWritten)
    #expect(schema.arguments[0].type.spelling == "Tensor[]")
    #expect(try SchemaParser.parse("zero_(Tensor(a!) self) -> Tensor(a!)").isInPlace)
    #expect(try !SchemaParser.parse("chunk(Tensor(a -> *) self, int chunks, int dim=0) -> Tensor(a)[]").isInPlace)
  }

  @Test func resultsMayHaveNames() throws {
    let schema = try SchemaParser.parse("max.dim(Tensor self, int dim, bool keepdim=False) -> (Tensor values, Tensor indices)")
    #expect(schema.returns.map(\.name) == ["values", "indices"])
    #expect(ResultKind(schema) == .tuple(count: 2))
  }

  @Test(arguments: [
    ("Tensor?[]", "Tensor?[]", true, false), ("int[1]?", "int[]?", false, true), ("SymInt[2]", "SymInt[]", false, false),
    ("Tensor(a!)?", "Tensor?", false, true), ("str?", "str?", false, true),
  ])
  func typesAreTakenApart(text: String, spelling: String, hasOptionalItems: Bool, isOptional: Bool) throws {
    let type = try SchemaParser.parseType(text)
    #expect(type.spelling == spelling)
    #expect(type.hasOptionalItems == hasOptionalItems)
    #expect(type.isOptional == isOptional)
  }

  @Test func listsKeepTheirSize() throws {
    #expect(try SchemaParser.parseType("SymInt[2]").listSize == 2)
    #expect(try SchemaParser.parseType("int[]").listSize == nil)
  }

  @Test func defaultsEndWhereTheyShould() throws {
    let schema = try SchemaParser.parse("f(int[2] a=[0,1], str b=\"x, (y)\", str c='none', float d=1e-05, int[] e=[-2,-1]) -> ()")
    #expect(schema.arguments.map(\.defaultText) == ["[0,1]", "\"x, (y)\"", "'none'", "1e-05", "[-2,-1]"])
  }

  @Test(arguments: ["add(Tensor self", "add(Tensor self) Tensor", "(Tensor self) -> Tensor", "f(Tensor) -> Tensor", "f(int a=) -> Tensor"])
  func damagedDeclarationsAreErrorsThatQuoteThem(text: String) {
    let error = #expect(throws: GeneratorError.self) { try SchemaParser.parse(text) }
    #expect(error?.subject == text)
  }
}
