import Text

extension SchemaCompiler {
  /// An object's members.
  mutating func members(_ schema: TemplateValue, at place: String) throws(GrammarError) -> Expression {
    var properties: [TemplateValue.Member] = []
    if let value = schema["properties"] {
      guard case .object(let listed) = value else { throw error("'properties' is no object", at: place) }
      properties = listed
    }
    var required: Set<String> = []
    if let value = schema["required"] {
      guard case .array(let names) = value else { throw error("'required' is no list of names", at: place) }
      for name in names {
        guard case .string(let name) = name else { throw error("'required' is no list of names", at: place) }
        required.insert(name)
        if !properties.contains(where: { $0.name == name }) {
          // Whatever else an object holds, this must be there.
          let others = schema["additionalProperties"] ?? .bool(true)
          properties.append(TemplateValue.Member(name, others))
        }
      }
    }
    let space = try space()
    var pairs: [(pair: Expression, isRequired: Bool)] = []
    for property in properties {
      if property.value == .bool(false), !required.contains(property.name) { continue }
      let value = try expression(property.value, at: "\(place)/properties/\(property.name)")
      let pair = try builder.rule(.sequence([.text(text(.string(property.name)) + ":"), space, value]))
      pairs.append((pair, required.contains(property.name)))
    }
    var more: Expression?
    let others = schema["additionalProperties"] ?? .bool(schema["properties"] == nil)
    if others != .bool(false) {
      let key = try properties.isEmpty ? anyString() : otherKey(properties.map(\.name))
      more = try builder.rule(
        .sequence([key, .text(":"), space, try expression(others, at: place + "/additionalProperties")]))
    }
    let comma = Expression.sequence([.text(","), space])
    let inner =
      options.order == .any && !pairs.isEmpty
      ? try anyOrder(pairs, more, comma, at: place) : try schemaOrder(pairs, more, comma)
    return .sequence([.text("{"), space, inner, space, .text("}")])
  }

  private mutating func schemaOrder(
    _ pairs: [(pair: Expression, isRequired: Bool)], _ more: Expression?, _ comma: Expression
  ) throws(GrammarError) -> Expression {
    // What may follow where something stands already, and where nothing does.
    var after: Expression = .nothing
    var atStart: Expression = .nothing
    if let more {
      after = .times(.sequence([comma, more]), from: 0, to: nil)
      atStart = .choice([.sequence([more, after]), .nothing])
    }
    for (pair, isRequired) in pairs.reversed() {
      let behind = try builder.rule(after)
      let first = Expression.sequence([pair, behind])
      let next = Expression.sequence([comma, pair, behind])
      atStart = try builder.rule(isRequired ? first : .choice([first, atStart]))
      after = try builder.rule(isRequired ? next : .choice([next, behind]))
    }
    return atStart
  }

  private mutating func anyOrder(
    _ pairs: [(pair: Expression, isRequired: Bool)], _ more: Expression?, _ comma: Expression, at place: String
  ) throws(GrammarError) -> Expression {
    guard pairs.count <= 8 else {
      throw error("\(pairs.count) properties in any order", at: place, expected: "at most 8, or the schema's order")
    }
    // A rule for each set of properties that are still to come, by whether something stands already.
    let full = 1 << pairs.count
    let rules = (0..<2 * full).map { _ in builder.reserve() }
    for left in 0..<full {
      for hasSome in [false, true] {
        var choices: [Expression] = []
        let lead: [Expression] = hasSome ? [comma] : []
        for (index, pair) in pairs.enumerated() where left >> index & 1 == 1 {
          choices.append(.sequence(lead + [pair.pair, .rule(rules[full + left & ~(1 << index)])]))
        }
        if let more { choices.append(.sequence(lead + [more, .rule(rules[full + left])])) }
        if !pairs.indices.contains(where: { left >> $0 & 1 == 1 && pairs[$0].isRequired }) { choices.append(.nothing) }
        try builder.define(rules[(hasSome ? full : 0) + left], as: .choice(choices))
      }
    }
    return .rule(rules[full - 1])
  }

  /// A key that is none of the names: along their letters, and off them somewhere.
  private mutating func otherKey(_ names: [String]) throws(GrammarError) -> Expression {
    struct Node {
      var children: [UInt32: Int] = [:]
      var isName = false
    }
    var nodes = [Node()]
    for name in names {
      var node = 0
      for scalar in name.unicodeScalars {
        if nodes[node].children[scalar.value] == nil {
          nodes[node].children[scalar.value] = nodes.count
          nodes.append(Node())
        }
        node = nodes[node].children[scalar.value] ?? 0
      }
      nodes[node].isName = true
    }
    // A letter written as \u0061 could spell a name in disguise: such escapes are left out here.
    let rest = try builder.rule(.sequence([.times(SchemaStrings.encoded([0...0x10FFFF]), from: 0, to: nil), .text("\"")]))
    let rules = nodes.map { _ in builder.reserve() }
    for (index, node) in nodes.enumerated() {
      let away = GrammarCharacters.complement(node.children.keys.map { $0...$0 })
      var choices: [Expression] = [.sequence([SchemaStrings.encoded(away), rest])]
      for (value, child) in node.children.sorted(by: { $0.key < $1.key }) {
        choices.append(.sequence([SchemaStrings.encoded([value...value]), .rule(rules[child])]))
      }
      if !node.isName { choices.append(.text("\"")) }
      try builder.define(rules[index], as: .choice(choices))
    }
    return .sequence([.text("\""), .rule(rules[0])])
  }
}
