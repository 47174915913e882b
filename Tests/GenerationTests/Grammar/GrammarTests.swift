import Foundation
import MartletCore
import Testing
import Text

@testable import Generation

@Suite struct GrammarTests {
  /// Bytes, and some longer tokens as a real vocabulary has them; the last one ends a text.
  static let vocabulary: GrammarVocabulary = {
    var tokens = (0...255 as ClosedRange<UInt8>).map { [$0] }
    for text in [
      "{\"", "\":", ": ", ", ", "\"}", "\",", "[]", "{}", "true", "false", "null", "name", " \"", "10", "123", "é", "中", "😀", "abc", "\\n",
      "}}",
      "]}", "\"\"", "  ", "age", "\"name\"", "-1", "0.", "e", "abcabc",
    ] { tokens.append(Array(text.utf8)) }
    tokens.append([])
    return GrammarVocabulary(tokens, endTokens: [tokens.count - 1])
  }()

  func matches(_ grammar: Grammar, _ text: String) throws -> Bool {
    var matcher = try GrammarConstraint(grammar, vocabulary: Self.vocabulary).matcher()
    do throws(GrammarError) {
      try matcher.accept(bytes: text.utf8)
    } catch {
      return false
    }
    return matcher.isComplete
  }

  func schema(_ text: String) throws -> TemplateValue { try TemplateValue(json: Data(text.utf8), source: "schema") }

  @Test(arguments: [
    ("root ::= \"a\" | \"b\" \"c\"", ["a", "bc"], ["", "b", "ab", "c"]),
    ("root ::= [a-c]+ \".\"?  # comment\n", ["a", "abc", "cc."], ["", ".", "d", "a.."]),
    ("root ::= x{2,3} y\nx ::= \"x\"\ny ::= (\"1\" | \"2\")*", ["xx", "xxx121"], ["x", "xxxx", "xx3"]),
    ("root ::= \"(\" root \")\" | \"\"", ["", "()", "((()))"], ["(", "())"]),
    ("root ::= [^a-z\\n] \"\\u00e9\" .", ["Aé中", "1é😀"], ["aéx", "\néx", "Aé"]),
    ("root ::= num (\",\" num)*\nnum ::= \"-\"? [0-9]{1,3}", ["1", "-12,345"], ["1234", ",", "1,"]),
    ("root ::= (\n \"a\" |\n \"b\"\n)\n", ["a", "b"], ["ab"]),
  ])
  func notation(text: String, accepted: [String], refused: [String]) throws {
    let grammar = try Grammar(text)
    for sample in accepted { #expect(try matches(grammar, sample), "\(sample)") }
    for sample in refused { #expect(try !matches(grammar, sample), "\(sample)") }
  }

  @Test(arguments: [
    "", "root", "root ::=: a", "root ::= a", "root ::= \"a", "root ::= [a", "root ::= [z-a]", "root ::= (\"a\"", "root ::= root \"a\"",
    "a ::= \"x\"", "root ::= \"a\"\nroot ::= \"b\"", "root ::= \"a\"{3,2}", "root ::= \"a\"{9999999}", "root ::= (\"a\"*)*",
    "root ::= \"\\q\"",
    "root ::= " + String(repeating: "(", count: 500),
  ])
  func notationThatIsWrong(text: String) {
    #expect(throws: GrammarError.self) { try Grammar(text) }
  }

  static let schemas: [(schema: String, valid: [String], invalid: [String])] = [
    (
      "{}", ["1", "-0.5e+3", "\"a\\u00e9\\n\"", "[1, [], {\"a\": null}]", "{}", "true"],
      ["01", "[1,]", "{a:1}", "\"\\x\"", "\"\\ud800\"", "", "nul"]
    ),
    ("true", ["[]"], ["]"]),
    (#"{"type":"string"}"#, [#""""#, #""a b é 😀 \" \\ \ud83d\ude00""#], ["a", "1", "\"\u{1}\"", "\"a"]),
    (#"{"type":"string","minLength":2,"maxLength":3}"#, [#""ab""#, #""é中😀""#, #""\n\t""#, #""\ud83d\ude00x""#], [#""a""#, #""abcd""#]),
    (#"{"type":"string","pattern":"^[a-z]{2}-\\d+(x|yz)?$"}"#, [#""ab-1""#, #""zz-123yz""#], [#""ab-""#, #""AB-1""#, #""ab-1y""#]),
    (#"{"pattern":"b+"}"#, [#""abc""#, #""b""#], [#""ac""#, #""""#]),
    (#"{"pattern":"^[\"\\\\]$"}"#, [#""\"""#, #""\\""#], [#""a""#]),
    (
      #"{"type":"string","format":"date"}"#, [#""2024-02-29""#, #""2023-12-31""#],
      [#""2023-02-29""#, #""2023-13-01""#, #""2023-04-31""#, #""x""#]
    ),
    (#"{"type":"integer"}"#, ["0", "-12", "123"], ["1.5", "01", "--1", "1e3"]),
    (
      #"{"type":"integer","minimum":-5,"maximum":120}"#, ["-5", "0", "9", "42", "99", "100", "119", "120"],
      ["-6", "121", "1000", "00", "-"]
    ),
    (
      #"{"type":"integer","exclusiveMinimum":8,"exclusiveMaximum":1203}"#, ["9", "10", "999", "1000", "1202"], ["8", "1203", "-9", "2000"]
    ),
    (#"{"type":"number","minimum":0,"maximum":2}"#, ["0", "0.5", "1.999", "2", "2.0", "2.00"], ["-1", "2.1", "3", "2.01"]),
    (#"{"type":["integer","null"]}"#, ["3", "null"], ["true", "\"3\""]),
    (#"{"enum":["a",1,null,[1,2],{"b":"\n"}]}"#, ["\"a\"", "1", "null", "[1,2]", #"{"b":"\n"}"#], ["\"b\"", "2", "[1]"]),
    (#"{"const":"x\"y"}"#, [#""x\"y""#], [#""xy""#]),
    (
      #"{"type":"array","items":{"type":"boolean"},"minItems":1,"maxItems":3}"#, ["[true]", "[true, false,true]"],
      ["[]", "[1]", "[true,true,true,true]"]
    ),
    (#"{"type":"array","items":{"type":"integer"},"minItems":2}"#, ["[1,2]", "[1,2,3,4]"], ["[1]", "[]"]),
    (#"{"type":"array","maxItems":0}"#, ["[]", "[ ]"], ["[1]"]),
    (
      #"{"type":"array","prefixItems":[{"type":"string"},{"type":"integer"}],"items":false}"#, ["[]", "[\"a\"]", "[\"a\",1]"],
      ["[1]", "[\"a\",1,2]"]
    ),
    (
      #"{"type":"array","prefixItems":[{"type":"string"}],"items":{"type":"null"},"minItems":2}"#, ["[\"a\",null]"],
      ["[\"a\"]", "[null,null]"]
    ),
    (
      #"{"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer"},"x":{"type":"null"}},"required":["age"]}"#,
      [#"{"age":1}"#, #"{"name": "a", "age": 2}"#, #"{"age":3,"x":null}"#, "{\n  \"age\": 1\n}"],
      ["{}", #"{"name":"a"}"#, #"{"age":"1"}"#, #"{"age":1,"y":2}"#, #"{"age":1,}"#, #"{,"age":1}"#]
    ),
    (
      #"{"type":"object","properties":{"a":{"type":"integer"},"ab":{"type":"integer"}},"additionalProperties":{"type":"string"}}"#,
      ["{}", #"{"a":1}"#, #"{"b":"x"}"#, #"{"a":1,"abc":"x","é":"y"}"#, #"{"ab":2,"":"z"}"#],
      [#"{"a":"x"}"#, #"{"b":1}"#, #"{"\u0061":"x"}"#]
    ),
    (#"{"type":"object","additionalProperties":{"type":"integer"}}"#, ["{}", #"{"x":1, "y":2}"#], [#"{"x":"1"}"#]),
    (#"{"type":"object","required":["k"]}"#, [#"{"k":1}"#, #"{"k":[], "z":2}"#], ["{}"]),
    (
      #"{"anyOf":[{"type":"integer"},{"type":"object","properties":{"a":{"const":1}},"required":["a"]}]}"#, ["5", #"{"a":1}"#],
      ["{}", "\"5\""]
    ),
    (
      #"{"allOf":[{"properties":{"a":{"type":"integer"}},"required":["a"]},{"properties":{"b":{"type":"null"}}}]}"#,
      [#"{"a":1}"#, #"{"a":1,"b":null}"#], ["{}"]
    ),
    (
      ##"{"$defs":{"node":{"type":"object","properties":{"v":{"type":"integer"},"next":{"anyOf":[{"$ref":"#/$defs/node"},{"type":"null"}]}},"required":["v","next"]}},"$ref":"#/$defs/node"}"##,
      [#"{"v":1,"next":null}"#, #"{"v":1,"next":{"v":2,"next":null}}"#], [#"{"v":1}"#, #"{"v":1,"next":{}}"#]
    ),
  ]

  @Test(arguments: schemas.indices)
  func schemasAcceptAndRefuse(index: Int) throws {
    let item = Self.schemas[index]
    let grammar = try Grammar(schema: schema(item.schema))
    for text in item.valid { #expect(try matches(grammar, text), "\(item.schema) \(text)") }
    for text in item.invalid { #expect(try !matches(grammar, text), "\(item.schema) \(text)") }
  }

  @Test func anyOrderOfProperties() throws {
    var options = SchemaOptions()
    options.order = .any
    options.space = .compact
    let grammar = try Grammar(
      schema: schema(#"{"properties":{"a":{"const":1},"b":{"const":2},"c":{"const":3}},"required":["a","c"]}"#), options: options)
    for text in [#"{"a":1,"c":3}"#, #"{"c":3,"a":1}"#, #"{"b":2,"c":3,"a":1}"#] { #expect(try matches(grammar, text)) }
    for text in [#"{"a":1}"#, #"{"a":1,"a":1,"c":3}"#, #"{"c":3,"b":2}"#, #"{"a": 1,"c":3}"#] { #expect(try !matches(grammar, text)) }
  }

  @Test(arguments: [
    "1", "false", #"{"type":"thing"}"#, #"{"not":{}}"#, #"{"type":"string","pattern":"(?=a)"}"#, #"{"type":"string","pattern":"[z-a]"}"#,
    #"{"type":"string","minLength":3,"maxLength":2}"#, #"{"type":"string","minLength":-1}"#, #"{"type":"integer","minimum":5,"maximum":4}"#,
    #"{"type":"number","minimum":0.5}"#, ##"{"$ref":"#/nowhere"}"##, #"{"$ref":"http://x"}"#, #"{"enum":[]}"#, #"{"uniqueItems":true}"#,
    #"{"type":"array","minItems":3,"maxItems":2}"#, #"{"patternProperties":{}}"#, ##"{"anyOf":[{"$ref":"#"}]}"##,
    #"{"type":"string","pattern":"^a|b$"}"#, #"{"type":"string","maxLength":100000,"minLength":100000,"pattern":"a"}"#,
  ])
  func schemasThatCannotBe(text: String) throws {
    let schema = try schema(text)
    #expect(throws: GrammarError.self) { try Grammar(schema: schema) }
  }

  /// Takes allowed tokens at random until the text ends.
  func walk(_ constraint: GrammarConstraint, seed: UInt64, ending: Double) throws -> [UInt8]? {
    var random = KeyedRandom(seed: seed, purpose: "walk")
    var matcher = constraint.matcher()
    var bytes: [UInt8] = []
    for step in 0..<400 {
      let allowed = try matcher.mask().tokens
      guard !allowed.isEmpty else { return nil }
      let end = constraint.vocabulary.endTokens[0]
      if allowed.contains(end), random.uniform() < ending || step > 250 { return bytes }
      // Closing signs come more often the longer the text gets, or walks would rarely end.
      let closing = allowed.filter { "\"]}".utf8.contains(constraint.vocabulary.bytes(of: $0).first ?? 0) }
      let pool = step > 40 && !closing.isEmpty && random.uniform() < 0.7 ? closing : allowed.filter { $0 != end }
      guard !pool.isEmpty else { return bytes }
      let token = pool[Int(random.next() % UInt64(pool.count))]
      try matcher.accept(token)
      bytes += constraint.vocabulary.bytes(of: token)
    }
    return nil
  }

  @Test func randomWalksFulfilTheSchema() throws {
    var walks = 0, finished = 0
    for (index, item) in Self.schemas.enumerated() {
      let schema = try schema(item.schema)
      var options = SchemaOptions()
      options.space = .compact
      let constraint = try GrammarConstraint(Grammar(schema: schema, options: options), vocabulary: Self.vocabulary)
      for seed in 0..<8 as Range<UInt64> {
        walks += 1
        guard let bytes = try walk(constraint, seed: seed &+ UInt64(index) &* 100, ending: 0.3) else { continue }
        finished += 1
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(Array(text.utf8) == bytes, "not UTF-8")
        let value = try TemplateValue(json: Data(bytes), source: text)
        #expect(SchemaCheck(root: schema).holds(value, schema), "\(item.schema) \(text)")
      }
    }
    #expect(finished > 150, "\(finished) of \(walks)")
  }

  @Test func masksAreWhatTokensDo() throws {
    let constraint = try GrammarConstraint(
      Grammar(schema: schema(#"{"type":"object","properties":{"name":{"type":"string","maxLength":4}},"required":["name"]}"#)),
      vocabulary: Self.vocabulary)
    var matcher = constraint.matcher()
    for token in Array("{\"name\": \"ab".utf8).map(Int.init) {
      let mask = try matcher.mask()
      for candidate in 0..<Self.vocabulary.count {
        var copy = matcher
        let isAllowed = (try? copy.accept(candidate)) != nil
        #expect(mask[candidate] == isAllowed, "token \(candidate)")
      }
      try matcher.accept(token)
    }
    #expect(throws: GrammarError.self) { try matcher.accept(Self.vocabulary.endTokens[0]) }
    try matcher.accept(bytes: "cd\"}".utf8)
    #expect(matcher.isExhausted)
    #expect(try matcher.mask().tokens == Self.vocabulary.endTokens)
    try matcher.accept(Self.vocabulary.endTokens[0])
    #expect(matcher.isFinished)
    #expect(try matcher.mask().isEmpty)
  }

  @Test func hostileNesting() throws {
    let grammar = try Grammar.json()
    var matcher = try GrammarConstraint(grammar, vocabulary: Self.vocabulary).matcher()
    #expect(throws: GrammarError.self) { try matcher.accept(bytes: String(repeating: "[", count: 100_000).utf8) }
    try matcher.accept(bytes: String(repeating: "[", count: 300).utf8)
    try matcher.accept(bytes: String(repeating: "]", count: 300).utf8)
    #expect(matcher.isComplete)
  }
}

/// A plain checker of the keywords that the tests use, independent of the grammar.
struct SchemaCheck {
  let root: TemplateValue

  func holds(_ value: TemplateValue, _ schema: TemplateValue) -> Bool {
    guard case .object(let members) = schema else { return schema == .bool(true) }
    return members.allSatisfy { holds(value, schema, $0.name, $0.value) }
  }

  private func holds(_ value: TemplateValue, _ schema: TemplateValue, _ keyword: String, _ asked: TemplateValue) -> Bool {
    switch (keyword, asked, value) {
    case ("type", .string(let name), _): return hasType(value, name)
    case ("type", .array(let names), _): return names.contains { if case .string(let name) = $0 { hasType(value, name) } else { false } }
    case ("enum", .array(let values), _): return values.contains(value)
    case ("const", _, _): return value == asked
    case ("anyOf", .array(let parts), _): return parts.contains { holds(value, $0) }
    case ("allOf", .array(let parts), _): return parts.allSatisfy { holds(value, $0) }
    case ("$ref", .string(let path), _):
      var target = root
      for part in path.dropFirst(2).split(separator: "/") { target = target[String(part)] ?? .null }
      return holds(value, target)
    case ("minLength", .int(let count), .string(let text)): return text.unicodeScalars.count >= count
    case ("maxLength", .int(let count), .string(let text)): return text.unicodeScalars.count <= count
    case ("pattern", .string(let pattern), .string(let text)):
      return text.range(of: pattern, options: .regularExpression) != nil
    case ("minimum", .int(let bound), _): return number(value).map { $0 >= Double(bound) } ?? true
    case ("maximum", .int(let bound), _): return number(value).map { $0 <= Double(bound) } ?? true
    case ("exclusiveMinimum", .int(let bound), _): return number(value).map { $0 > Double(bound) } ?? true
    case ("exclusiveMaximum", .int(let bound), _): return number(value).map { $0 < Double(bound) } ?? true
    case ("minItems", .int(let count), .array(let items)): return items.count >= count
    case ("maxItems", .int(let count), .array(let items)): return items.count <= count
    case ("prefixItems", .array(let parts), .array(let items)): return zip(items, parts).allSatisfy { holds($0, $1) }
    case ("items", _, .array(let items)):
      var first = 0
      if case .array(let parts)? = schema["prefixItems"] { first = parts.count }
      return items.dropFirst(first).allSatisfy { holds($0, asked) }
    case ("required", .array(let names), .object):
      return names.allSatisfy { if case .string(let name) = $0 { value[name] != nil } else { false } }
    case ("properties", .object(let properties), .object(let members)):
      return members.allSatisfy { member in properties.first { $0.name == member.name }.map { holds(member.value, $0.value) } ?? true }
    case ("additionalProperties", _, .object(let members)):
      return members.allSatisfy { schema["properties"]?[$0.name] != nil || holds($0.value, asked) }
    default: return true
    }
  }

  private func number(_ value: TemplateValue) -> Double? {
    switch value {
    case .int(let value): Double(value)
    case .double(let value): value
    default: nil
    }
  }

  private func hasType(_ value: TemplateValue, _ name: String) -> Bool {
    switch value {
    case .null: name == "null"
    case .bool: name == "boolean"
    case .int: name == "integer" || name == "number"
    case .double: name == "number"
    case .string: name == "string"
    case .array: name == "array"
    case .object: name == "object"
    }
  }
}
