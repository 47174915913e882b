import Foundation
import MartletCore

/// Compares a document with a shape: collects every problem, fills in the defaults.
struct Checker {
  /// The folder that relative paths start from; `nil` leaves the disk alone.
  let folder: String?
  /// The whole project's shape, to find where a misplaced key belongs.
  let root: Shape
  private(set) var problems: [ProjectProblem] = []

  init(folder: String?, root: Shape) {
    self.folder = folder
    self.root = root
  }

  /// - Returns: the value with all defaults, or `nil` if it, or something in it, is wrong.
  mutating func check(_ node: DocumentNode, _ shape: Shape, path: String) -> JSONValue? {
    switch shape {
    case .mapping(let mapping): return check(node, mapping, path: path)
    case .tagged(let variants): return check(node, variants, shape, path: path)
    case .either(let shapes): return check(node, either: shapes, shape, path: path)
    case .list(let element, let count):
      guard case .list(let elements) = node.content, count.contains(elements.count) else { return refuse(node, shape, path) }
      let values = elements.enumerated().map { check($1, element, path: "\(path)[\($0)]") }
      return values.contains(nil) ? nil : .array(values.compactMap { $0 })
    case .table(let element):
      guard case .mapping(let members) = node.content else { return refuse(node, shape, path) }
      let values = members.filter { !DuplicateKeys.isMask($0.key) }.map { ($0.key, check($0.value, element, path: "\(path).\($0.key)")) }
      guard values.allSatisfy({ $0.1 != nil }) else { return nil }
      return .object(Dictionary(values.compactMap { name, value in value.map { (name, $0) } }, uniquingKeysWith: { _, last in last }))
    case .text(let form): return check(node, form, shape, path: path)
    case .any: return node.json
    default:
      guard let value = Self.scalar(node, shape) else { return refuse(node, shape, path) }
      return value
    }
  }

  /// The value if it is one of the simple shapes and fits.
  private static func scalar(_ node: DocumentNode, _ shape: Shape) -> JSONValue? {
    switch (shape, node.content) {
    case (.word(let words), .text(let word)): words.contains(word) ? .string(word) : nil
    case (.whole(let range), .whole(let value)): range.contains(value) ? .int(value) : nil
    case (.wholeChoice(let values), .whole(let value)): values.contains(value) ? .int(value) : nil
    case (.number(let range), .whole(let value)): range.contains(Double(value)) ? .int(value) : nil
    case (.number(let range), .number(let value)): range.contains(value) ? .double(value) : nil
    case (.flag, .flag(let value)): .bool(value)
    default: nil
    }
  }

  /// `training.epochs is 'five'; expected a whole number of 1 or more`
  private mutating func refuse(_ node: DocumentNode, _ shape: Shape, _ path: String) -> JSONValue? {
    var remedy: String?
    if case .text(let word) = node.content {
      if case .word(let words) = shape { remedy = Self.suggestion(word, words) }
      if case .flag = shape, ["yes", "on"].contains(word.lowercased()) { remedy = "write true" }
      if case .flag = shape, ["no", "off"].contains(word.lowercased()) { remedy = "write false" }
    }
    if case .text = shape, [.flag, .number].contains(Self.kind(node)) { remedy = "write '\(node.source)' in quotes" }
    let subject = path.isEmpty ? "the project" : path
    problems.append(ProjectProblem(node.place, key: path, "\(subject) is \(node.description)", expected: shape.expectation, remedy: remedy))
    return nil
  }

  private static func suggestion(_ word: String, _ words: [String]) -> String? {
    let longer = words.filter { $0.hasPrefix(word) }
    let meant = word.count > 2 ? longer.first ?? NearestName.of(word, among: words) : NearestName.of(word, among: words)
    return meant.map { "did you mean '\($0)'?" }
  }

  private mutating func check(_ node: DocumentNode, _ form: Shape.TextForm, _ shape: Shape, path: String) -> JSONValue? {
    guard case .text(let text) = node.content, !text.isEmpty else { return refuse(node, shape, path) }
    switch form {
    case .any, .path: return .string(text)
    case .name: return ProjectName.isValid(text) ? .string(text) : refuse(node, shape, path)
    case .existing(let kind):
      guard let folder else { return .string(text) }
      var isFolder: ObjCBool = false
      let full = (text as NSString).isAbsolutePath ? text : folder + "/" + text
      if !FileManager.default.fileExists(atPath: full, isDirectory: &isFolder) {
        problems.append(
          ProjectProblem(node.place, key: path, "\(path) names '\(text)', which is not there", remedy: "paths start from \(folder)"))
      } else if kind != .either, isFolder.boolValue != (kind == .folder) {
        problems.append(
          ProjectProblem(
            node.place, key: path, "\(path) names '\(text)', which is a \(isFolder.boolValue ? "folder" : "file")",
            expected: "a \(kind.rawValue)"))
      } else {
        return .string(text)
      }
      return nil
    }
  }
}

// MARK: Mappings

extension Checker {
  private mutating func check(_ node: DocumentNode, _ shape: MappingShape, path: String) -> JSONValue? {
    var members: [DocumentNode.Member] = []
    switch node.content {
    case .mapping(let found): members = found.filter { !DuplicateKeys.isMask($0.key) }
    case .null where shape.isOptional: break
    default: return refuse(node, .mapping(shape), path)
    }
    let before = problems.count
    var values: [String: JSONValue] = [:]
    for member in members {
      let inner = path.isEmpty ? member.key : "\(path).\(member.key)"
      guard let field = shape.fields.first(where: { $0.name == member.key }) else {
        problems.append(
          ProjectProblem(member.place, key: inner, "unknown key '\(member.key)'", remedy: meant(member.key, in: shape, path: path)))
        continue
      }
      values[field.name] = check(member.value, field.shape, path: inner)
    }
    checkTogether(members, shape, place: node.place, path: path)
    let unknown = members.filter { member in !shape.fields.contains { $0.name == member.key } }.map(\.key)
    for field in shape.fields where !members.contains(where: { $0.key == field.name }) {
      switch field.presence {
      case .optional: break
      case .byDefault(let value): values[field.name] = check(Self.node(value, place: node.place), field.shape, path: "")
      case .required:
        // A slip of the key is one problem, not two.
        guard !unknown.contains(where: { NearestName.of($0, among: [field.name]) != nil }) else { continue }
        let inner = path.isEmpty ? field.name : "\(path).\(field.name)"
        problems.append(ProjectProblem(node.place, key: inner, "'\(inner)' is missing", expected: field.shape.expectation))
      }
    }
    return problems.count == before ? .object(values) : nil
  }

  private mutating func checkTogether(_ members: [DocumentNode.Member], _ shape: MappingShape, place: Place, path: String) {
    for names in shape.exclusive {
      let used = members.filter { names.contains($0.key) }
      guard used.count > 1, let last = used.last else { continue }
      problems.append(
        ProjectProblem(
          last.place, key: "\(path).\(last.key)", "'\(used.map(\.key).joined(separator: "' and '"))' exclude each other",
          remedy: "keep one of them"))
    }
    for names in shape.needsOneOf where !members.contains(where: { names.contains($0.key) }) {
      let slips = members.map(\.key).filter { key in !shape.fields.contains { $0.name == key } }
      guard !slips.contains(where: { NearestName.of($0, among: names) != nil }) else { continue }
      let inner = names.map { "\(path).\($0)" }.joined(orWith: "or")
      problems.append(ProjectProblem(place, key: path, "\(inner) is missing"))
    }
  }

  /// What an unknown key probably should have been: a neighbour, or a key of another place.
  private func meant(_ key: String, in shape: MappingShape, path: String) -> String? {
    let names = shape.fields.map(\.name)
    let plain = Self.kebab(key)
    if names.contains(plain) { return "did you mean '\(plain)'?" }
    if let name = NearestName.of(key, among: names) { return "did you mean '\(name)'?" }
    let places = Self.places(of: plain, in: root, path: "")
    if places.count == 1, let place = places.first { return "did you mean '\(place)'?" }
    return names.isEmpty ? "it has no settings" : "known here: \(names.joined(separator: ", "))"
  }

  /// `learningRate` and `learning_rate` as `learning-rate`.
  private static func kebab(_ key: String) -> String {
    var text = ""
    for character in key {
      if character.isUppercase, !text.isEmpty { text += "-" }
      text += character == "_" ? "-" : character.lowercased()
    }
    return text
  }

  private static func places(of key: String, in shape: Shape, path: String) -> [String] {
    guard case .mapping(let mapping) = shape else { return [] }
    return mapping.fields.flatMap { field -> [String] in
      let inner = path.isEmpty ? field.name : "\(path).\(field.name)"
      return (field.name == key ? [inner] : []) + places(of: key, in: field.shape, path: inner)
    }
  }

  /// A default as if it had been written at `place`.
  static func node(_ value: JSONValue, place: Place) -> DocumentNode {
    switch value {
    case .null: DocumentNode(content: .null, place: place)
    case .bool(let flag): DocumentNode(content: .flag(flag), place: place)
    case .int(let number): DocumentNode(content: .whole(number), place: place)
    case .double(let number): DocumentNode(content: .number(number), place: place)
    case .string(let text): DocumentNode(content: .text(text), place: place)
    case .array(let elements): DocumentNode(content: .list(elements.map { node($0, place: place) }), place: place)
    case .object(let members):
      DocumentNode(
        content: .mapping(
          members.sorted { $0.key < $1.key }.map { DocumentNode.Member(key: $0.key, place: place, value: node($0.value, place: place)) }),
        place: place)
    }
  }
}

// MARK: Choices

extension Checker {
  private enum Kind { case nothing, flag, number, text, list, mapping }

  private static func kind(_ node: DocumentNode) -> Kind {
    switch node.content {
    case .null: .nothing
    case .flag: .flag
    case .whole, .number: .number
    case .text: .text
    case .list: .list
    case .mapping: .mapping
    }
  }

  private mutating func check(_ node: DocumentNode, _ variants: [Variant], _ shape: Shape, path: String) -> JSONValue? {
    let names = variants.map(\.name)
    switch node.content {
    case .text(let word):
      guard let variant = variants.first(where: { $0.name == word }) else {
        problems.append(
          ProjectProblem(
            node.place, key: path, "\(path) is '\(word)'", expected: shape.expectation, remedy: Self.suggestion(word, names)))
        return nil
      }
      let empty = DocumentNode(content: .mapping([]), place: node.place)
      return check(empty, variant.settings, path: "\(path).\(word)").map { .object([word: $0]) }
    case .mapping(let all):
      let members = all.filter { !DuplicateKeys.isMask($0.key) }
      let unknown = members.filter { !names.contains($0.key) }
      for member in unknown {
        let remedy = Self.suggestion(member.key, names) ?? "known here: \(names.shortList)"
        problems.append(ProjectProblem(member.place, key: "\(path).\(member.key)", "unknown key '\(member.key)'", remedy: remedy))
      }
      guard unknown.isEmpty else { return nil }
      guard let first = members.first, members.count == 1, let variant = variants.first(where: { $0.name == first.key }) else {
        guard let last = members.last else { return refuse(node, shape, path) }
        let found = members.map(\.key).joined(orWith: "and")
        problems.append(ProjectProblem(last.place, key: path, "\(path) has \(found)", expected: "only one of them"))
        return nil
      }
      return settings(first.value, variant, path: "\(path).\(first.key)").map { .object([first.key: $0]) }
    default: return refuse(node, shape, path)
    }
  }

  /// The settings of a variant, which may be a bare value for the main one.
  private mutating func settings(_ node: DocumentNode, _ variant: Variant, path: String) -> JSONValue? {
    guard let main = variant.main, let shape = variant.mainShape, ![.mapping, .nothing].contains(Self.kind(node)) else {
      return check(node, variant.settings, path: path)
    }
    guard check(node, shape, path: path) != nil else { return nil }
    let member = DocumentNode.Member(key: main, place: node.place, value: node)
    return check(DocumentNode(content: .mapping([member]), place: node.place), variant.settings, path: path)
  }

  /// The first shape that fits; where none does, the inside of the one that was meant, else all that would have been right.
  private mutating func check(_ node: DocumentNode, either shapes: [Shape], _ shape: Shape, path: String) -> JSONValue? {
    for candidate in shapes {
      var attempt = self
      if let value = attempt.check(node, candidate, path: path) {
        self = attempt
        return value
      }
    }
    let inside = shapes.filter { candidate in
      switch (candidate, node.content) {
      case (.mapping, .mapping), (.table, .mapping), (.tagged, .mapping), (.list, .list): true
      default: false
      }
    }
    guard inside.count == 1, let meant = inside.first else { return refuse(node, shape, path) }
    return check(node, meant, path: path)
  }
}

/// What a project, a model and a tag may be called.
enum ProjectName {
  static let pattern = "^[a-z0-9][a-z0-9._-]{0,99}$"

  static func isValid(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard let first = bytes.first, bytes.count <= 100 else { return false }
    func isAlphanumeric(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) }
    return isAlphanumeric(first) && bytes.allSatisfy { isAlphanumeric($0) || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F }
  }
}
