/// `namespace(...)`: the only thing that a template may change.
///
/// `@unchecked Sendable`: it lives within one rendering, which runs on one thread.
final class TemplateNamespace: TemplateObject, @unchecked Sendable {
  let typeName = "Namespace"
  var values: PythonDictionary

  init(_ values: PythonDictionary) { self.values = values }
}

/// A function that the template itself defines, with the variables it sees.
///
/// `@unchecked Sendable`: see `TemplateNamespace`.
final class TemplateMacro: TemplateObject, @unchecked Sendable {
  let typeName = "Macro"
  let definition: TemplateNode.Macro
  let scope: TemplateScope

  init(_ definition: TemplateNode.Macro, scope: TemplateScope) {
    self.definition = definition
    self.scope = scope
  }
}

/// A function of the environment: `range`, `namespace` …
final class TemplateFunction: TemplateObject {
  let typeName = "function"
  let name: String

  init(_ name: String) { self.name = name }
}

/// A method of a value, not called yet: `message.items`.
final class TemplateMethod: TemplateObject {
  let typeName = "method"
  let owner: PythonValue
  let name: String

  init(_ owner: PythonValue, _ name: String) {
    self.owner = owner
    self.name = name
  }
}

/// The variable `loop`.
///
/// `@unchecked Sendable`: see `TemplateNamespace`.
final class TemplateLoop: TemplateObject, @unchecked Sendable {
  let typeName = "LoopContext"
  let values: [PythonValue]
  let depth: Int
  var index = 0
  var changedBefore: [PythonValue]?
  /// The loop's own body where it says `recursive`.
  let recursion: (loop: TemplateNode.Loop, scope: TemplateScope)?

  init(_ values: [PythonValue], depth: Int, recursion: (loop: TemplateNode.Loop, scope: TemplateScope)?) {
    self.values = values
    self.depth = depth
    self.recursion = recursion
  }

  func member(_ name: String) -> PythonValue? {
    switch name {
    case "index": .int(index + 1)
    case "index0": .int(index)
    case "revindex": .int(values.count - index)
    case "revindex0": .int(values.count - index - 1)
    case "first": .bool(index == 0)
    case "last": .bool(index == values.count - 1)
    case "length": .int(values.count)
    case "depth": .int(depth)
    case "depth0": .int(depth - 1)
    case "previtem": index > 0 ? values[index - 1] : .undefined("there is no previous item")
    case "nextitem": index + 1 < values.count ? values[index + 1] : .undefined("there is no next item")
    case "cycle", "changed": .object(TemplateMethod(.object(self), name))
    default: nil
    }
  }
}

/// Variables by name, with those around them.
///
/// `@unchecked Sendable`: see `TemplateNamespace`.
final class TemplateScope: @unchecked Sendable {
  private var values: [String: PythonValue]
  private let parent: TemplateScope?

  init(_ values: [String: PythonValue] = [:], parent: TemplateScope? = nil) {
    self.values = values
    self.parent = parent
  }

  subscript(name: String) -> PythonValue? {
    get {
      var scope: TemplateScope? = self
      while let here = scope {
        if let value = here.values[name] { return value }
        scope = here.parent
      }
      return nil
    }
    set { values[name] = newValue }
  }

  func empty() { values = [:] }
}
