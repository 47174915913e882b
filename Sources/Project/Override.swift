import MartletCore

/// Puts `--set training.epochs=3` into a document, as if the file had said so.
enum Override {
  /// - Returns: the document with the value in place, or the problem with the argument itself.
  static func apply(_ argument: String, to root: DocumentNode, shape: Shape) -> Result<DocumentNode, ProjectProblem> {
    let place = Place.override(argument)
    guard let equals = argument.firstIndex(of: "=") else {
      return .failure(ProjectProblem(place, "there is no '='", expected: "KEY=VALUE, such as training.epochs=3"))
    }
    let path = argument[..<equals].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard !path.contains(where: \.isEmpty), !path.contains(where: DuplicateKeys.isMask) else {
      return .failure(ProjectProblem(place, "'\(argument[..<equals])' is not the path of a key", expected: "words with dots between them"))
    }
    guard let value = YAMLReader.value(String(argument[argument.index(after: equals)...]), place: place) else {
      return .failure(ProjectProblem(place, "the value is not YAML on one line", expected: "such as 3, true, text or [1, 2]"))
    }
    return .success(put(value, at: path[...], in: root, shape: shape, place: place))
  }

  private static func put(
    _ value: DocumentNode, at path: ArraySlice<String>, in node: DocumentNode, shape: Shape?, place: Place
  ) -> DocumentNode {
    guard let key = path.first else { return value }
    var members: [DocumentNode.Member] = []
    var home = place
    if case .mapping(let found) = node.content { (members, home) = (found, node.place) }
    var inner: Shape?
    switch shape.map(mappingSide) {
    case .mapping(let mapping): inner = mapping.fields.first { $0.name == key }?.shape
    case .table(let element): inner = element
    case .tagged(let variants):
      // Another choice takes the old one's place; settings of the same choice stay.
      members = members.filter { $0.key == key }
      if let variant = variants.first(where: { $0.name == key }) {
        inner = .mapping(variant.settings)
        if let index = members.indices.first, let main = variant.main, path.count > 1 {
          members[index].value = spelledOut(members[index].value, main: main)
        }
      }
    default: break
    }
    let empty = DocumentNode(content: .null, place: place)
    let old = members.first { $0.key == key }
    let new = DocumentNode.Member(
      key: key, place: place, value: put(value, at: path.dropFirst(), in: old?.value ?? empty, shape: inner, place: place))
    if let index = members.firstIndex(where: { $0.key == key }) {
      members[index].value = new.value
      if path.count == 1 { members[index].place = place }
    } else {
      members.append(new)
    }
    return DocumentNode(content: .mapping(members), place: home)
  }

  /// Of several shapes the one that has keys.
  private static func mappingSide(_ shape: Shape) -> Shape {
    guard case .either(let shapes) = shape else { return shape }
    return shapes.first { side in
      switch side {
      case .mapping, .tagged, .table: true
      default: false
      }
    } ?? shape
  }

  /// `flip: horizontal` as `flip: {direction: horizontal}`.
  private static func spelledOut(_ node: DocumentNode, main: String) -> DocumentNode {
    switch node.content {
    case .mapping, .null: node
    default: DocumentNode(content: .mapping([DocumentNode.Member(key: main, place: node.place, value: node)]), place: node.place)
    }
  }
}

extension ProjectProblem: Error {}
