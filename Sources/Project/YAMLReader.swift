import MartletCore
import Yams

/// Reads YAML text into a `DocumentNode`, with limits that a hostile file cannot pass.
struct YAMLReader {
  /// Larger texts are refused: a project file is a page long.
  static let byteLimit = 1 << 20
  /// More uses of anchors are refused, because nested ones double the document each time.
  static let aliasLimit = 32
  /// More values after aliases are put in place are refused.
  static let valueLimit = 100_000

  /// - Returns: the root, and the duplicate keys that were found on the way.
  /// - Throws: `ProjectError` naming line and column of everything that is not YAML.
  static func read(_ text: String, file: String) throws(ProjectError) -> (root: DocumentNode?, duplicates: [ProjectProblem]) {
    let tabs = tabbedLines(text)
    guard tabs.isEmpty else {
      throw ProjectError(
        file: file,
        problems: tabs.map {
          ProjectProblem(.file(line: $0.line, column: $0.column), "a tab character in the indentation", remedy: "use spaces")
        })
    }
    guard aliasCount(text) <= aliasLimit else {
      throw ProjectError(
        file: file,
        problems: [ProjectProblem(.file(line: 1, column: 1), "more than \(aliasLimit) aliases (*name)", remedy: "write the values out")])
    }
    var masked = DuplicateKeys(text)
    while true {
      do {
        guard let node = try Parser(yaml: masked.text).singleRoot() else { return (nil, []) }
        var reader = YAMLReader()
        let root = try reader.convert(node)
        return (root, masked.problems(in: root))
      } catch YamlError.duplicatedKeysInMapping(let names, let context) {
        guard let name = names.first, masked.mask(name, line: context.mark.line, column: context.mark.column) else {
          let place = Place.file(line: context.mark.line, column: context.mark.column)
          throw ProjectError(file: file, problems: [ProjectProblem(place, "duplicate key '\(names.first ?? "")'")])
        }
      } catch {
        throw ProjectError(file: file, problems: [explain(error, text: text)])
      }
    }
  }

  /// Reads the value of an override: one YAML value on one line.
  static func value(_ text: String, place: Place) -> DocumentNode? {
    guard text.utf8.count <= 4096, aliasCount(text) == 0, !text.contains("\n") else { return nil }
    guard !text.isEmpty else { return DocumentNode(content: .null, place: place) }
    guard let node = try? Parser(yaml: text).singleRoot() else { return nil }
    var reader = YAMLReader(fixedPlace: place)
    return try? reader.convert(node)
  }

  private var fixedPlace: Place?
  private var count = 0

  private init(fixedPlace: Place? = nil) { self.fixedPlace = fixedPlace }

  private mutating func convert(_ node: Node) throws -> DocumentNode {
    count += 1
    let place = fixedPlace ?? .file(line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
    guard count <= Self.valueLimit else {
      throw ReadingFailure(place: place, problem: "the aliases make more than \(Self.valueLimit) values")
    }
    switch node {
    case .scalar(let scalar):
      let isPlain = scalar.style == .plain && scalar.tag.rawValue.isEmpty
      return DocumentNode(
        content: isPlain ? PlainScalar.content(of: scalar.string) : .text(scalar.string), place: place, source: scalar.string)
    case .sequence(let sequence):
      var elements: [DocumentNode] = []
      for element in sequence { elements.append(try convert(element)) }
      return DocumentNode(content: .list(elements), place: place)
    case .mapping(let mapping):
      return DocumentNode(content: .mapping(try members(of: mapping)), place: place)
    case .alias:
      throw ReadingFailure(place: place, problem: "an alias without its anchor")
    }
  }

  private mutating func members(of mapping: Node.Mapping) throws -> [DocumentNode.Member] {
    var own: [DocumentNode.Member] = []
    var merged: [DocumentNode.Member] = []
    for (key, value) in mapping {
      let place = fixedPlace ?? .file(line: key.mark?.line ?? 1, column: key.mark?.column ?? 1)
      guard let name = key.scalar?.string else { throw ReadingFailure(place: place, problem: "a key that is not a word") }
      if name == "<<", key.scalar?.style == .plain {
        merged += try mergedMembers(convert(value), place: place)
      } else {
        own.append(DocumentNode.Member(key: name, place: place, value: try convert(value)))
      }
    }
    var names = Set(own.map(\.key))
    return own + merged.filter { names.insert($0.key).inserted }
  }

  private func mergedMembers(_ value: DocumentNode, place: Place) throws -> [DocumentNode.Member] {
    switch value.content {
    case .mapping(let members):
      return members.map { DocumentNode.Member(key: $0.key, place: $0.place, value: $0.value, isMerged: true) }
    case .list(let elements): return try elements.flatMap { try mergedMembers($0, place: place) }
    default: throw ReadingFailure(place: place, problem: "'<<' merges \(value.description); expected an alias of a mapping")
    }
  }
}

/// A document that YAML allows and this program does not.
struct ReadingFailure: Error {
  let place: Place
  let problem: String
}

extension YAMLReader {
  /// Lines whose indentation has a tab. YAML forbids them and says so in words that nobody understands.
  static func tabbedLines(_ text: String) -> [(line: Int, column: Int)] {
    var found: [(line: Int, column: Int)] = []
    for (index, line) in text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      let indentation = line.prefix { $0 == 0x20 || $0 == 0x09 }
      guard let tab = indentation.firstIndex(of: 0x09) else { continue }
      if let next = line.dropFirst(indentation.count).first, next != 0x23, next != 0x0D {
        found.append((index + 1, line.distance(from: line.startIndex, to: tab) + 1))
      }
    }
    return found
  }

  /// Counts what may be an alias; a star in a quoted text counts too.
  static func aliasCount(_ text: String) -> Int {
    var count = 0
    var previous: UInt8 = 0x20
    var isStarred = false
    for byte in text.utf8 {
      if isStarred, !Self.separators.contains(byte), byte > 0x20 { count += 1 }
      isStarred = byte == 0x2A && (previous <= 0x20 || Self.separators.contains(previous))
      previous = byte
    }
    return count
  }

  private static let separators: [UInt8] = Array("[]{},:?-".utf8)

  /// A parser's error as a problem with its place.
  private static func explain(_ error: any Error, text: String) -> ProjectProblem {
    switch error {
    case let failure as ReadingFailure: return ProjectProblem(failure.place, failure.problem)
    case YamlError.scanner(let context, let problem, let mark, _), YamlError.parser(let context, let problem, let mark, _),
      YamlError.composer(let context, let problem, let mark, _):
      let place = Place.file(line: mark.line, column: mark.column)
      if problem == "but found another document" {
        return ProjectProblem(place, "a second document begins here", remedy: "keep one project in one file")
      }
      let detail = context.map { $0.text.isEmpty ? problem : "\($0.text), \(problem)" } ?? problem
      return ProjectProblem(place, "not valid YAML: \(detail)", remedy: hint(problem))
    case YamlError.reader(let problem, let offset, _, _):
      let before = text.utf8.prefix(offset ?? 0)
      let line = before.count { $0 == 0x0A } + 1
      let column = before.reversed().prefix { $0 != 0x0A }.count + 1
      return ProjectProblem(.file(line: line, column: column), "not valid YAML: \(problem)")
    default: return ProjectProblem(.file(line: 1, column: 1), "not valid YAML: \(error)")
    }
  }

  private static func hint(_ problem: String) -> String? {
    if problem.contains("mapping values are not allowed") { return "put a text with ': ' in quotes, or check the indentation" }
    if problem.contains("did not find expected key") || problem.contains("could not find expected ':'") {
      return "check the indentation and the ':' of the lines above"
    }
    if problem.contains("undefined alias") { return "put a text that begins with '*' in quotes" }
    return nil
  }
}
