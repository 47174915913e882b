/// How an allow-list entry wants its operator spelled: `static full(_:value:dtype:device:)`.
struct Spelling: Equatable {
  struct Label: Equatable {
    /// The label, `_` for none.
    let name: String
    /// Whether the default is taken away.
    let isRequired: Bool
  }

  let name: String
  let isPackage: Bool
  let isStatic: Bool
  let labels: [Label]

  /// Reads a spelling, for the operator that it belongs to.
  init(_ text: String, for operatorName: String) throws(GeneratorError) {
    var words = text.split(separator: " ")
    var isPackage = false
    var isStatic = false
    while let word = words.first, word == "package" || word == "static" {
      if word == "package" { isPackage = true } else { isStatic = true }
      words.removeFirst()
    }
    guard words.count == 1, let open = words[0].firstIndex(of: "("), words[0].hasSuffix(")"), open > words[0].startIndex else {
      throw GeneratorError(operatorName, "the spelling \"\(text)\" is not of the form `[package] [static] name(label:_:)`")
    }
    name = String(words[0][..<open])
    let inside = words[0][words[0].index(after: open)...].dropLast()
    guard inside.isEmpty || inside.hasSuffix(":") else {
      throw GeneratorError(operatorName, "each label in the spelling \"\(text)\" ends in a colon")
    }
    labels = inside.split(separator: ":").map { label in
      let isRequired = label.hasSuffix("!")
      return Label(name: String(isRequired ? label.dropLast() : label), isRequired: isRequired)
    }
    self.isPackage = isPackage
    self.isStatic = isStatic
  }
}
