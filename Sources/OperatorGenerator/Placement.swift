/// Decides where each argument of an operator goes in Swift.
struct Placement {
  private let schema: FunctionSchema
  private let spelling: Spelling?
  private let receiver: Int?

  init(_ schema: FunctionSchema, _ spelling: Spelling?) {
    self.schema = schema
    self.spelling = spelling
    receiver = spelling?.isStatic == true ? nil : Self.receiver(schema)
  }

  /// `self` if it is a tensor, or else a first argument that is one.
  private static func receiver(_ schema: FunctionSchema) -> Int? {
    let place = schema.arguments.firstIndex { $0.name == "self" } ?? 0
    guard place < schema.arguments.count, schema.arguments[place].type.spelling == "Tensor" else { return nil }
    return place
  }

  /// The arguments in libtorch's order, each with its place.
  func parameters() throws(GeneratorError) -> [Operator.Parameter] {
    var placed: [(index: Int, parameter: Operator.Parameter)] = []
    var labels = spelling?.labels[...]
    var hasUnlabelledScalar = false
    for index in swiftOrder {
      let argument = schema.arguments[index]
      guard let kind = ArgumentKind(argument.type) else {
        throw GeneratorError(schema.fullName, "the C ABI cannot pass \(argument.name), which is \(argument.type.spelling)")
      }
      let name = Names.parameter(argument)
      let place: Operator.Parameter.Place
      if index == receiver {
        place = .receiver
      } else if kind == .optionalLayout || argument.name == "pin_memory" {
        place = .fixed(value: "nil")
      } else {
        let value = try SwiftType.defaultValue(kind, argument, of: schema)
        if labels != nil {
          place = try self.place(argument, value, &labels)
        } else {
          let isFirst = index == 0 && receiver == nil
          let label = ruleLabel(kind, argument, name, hasUnlabelledScalar: hasUnlabelledScalar, isFirst: isFirst)
          hasUnlabelledScalar = hasUnlabelledScalar || (kind == .scalar && label == "_")
          place = .shown(label: label, defaultValue: value)
        }
      }
      placed.append((index, Operator.Parameter(argument: argument, kind: kind, place: place, name: name)))
    }
    if let labels, !labels.isEmpty {
      throw GeneratorError(schema.fullName, "the spelling has \(labels.count) labels more than there are arguments")
    }
    return placed.sorted { $0.index < $1.index }.map(\.parameter)
  }

  /// A generator comes last, wherever libtorch has it.
  private var swiftOrder: [Int] {
    let isGenerator = { (index: Int) in schema.arguments[index].type.base == "Generator" }
    return schema.arguments.indices.filter { !isGenerator($0) } + schema.arguments.indices.filter(isGenerator)
  }

  private func place(
    _ argument: Argument, _ value: String?, _ labels: inout ArraySlice<Spelling.Label>?
  ) throws(GeneratorError) -> Operator.Parameter.Place {
    if let label = labels?.popFirst() { return .shown(label: label.name, defaultValue: label.isRequired ? nil : value) }
    guard let value else { throw GeneratorError(schema.fullName, "the spelling has no label for \(argument.name), which has no default") }
    return .fixed(value: value)
  }

  private func ruleLabel(
    _ kind: ArgumentKind, _ argument: Argument, _ name: String, hasUnlabelledScalar: Bool, isFirst: Bool
  ) -> String {
    switch kind {
    case .tensor, .optionalTensor, .tensors, .optionalTensors: argument.isKeywordOnly ? name : "_"
    case .scalar: argument.isKeywordOnly || argument.defaultText != nil || hasUnlabelledScalar ? name : "_"
    default: isFirst && name == "shape" ? "_" : name
    }
  }
}
