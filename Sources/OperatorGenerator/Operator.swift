/// An operator ready to be written: what libtorch declares, and how C and Swift say it.
struct Operator {
  /// An argument and its place in the C and Swift functions.
  struct Parameter {
    let argument: Argument
    let kind: ArgumentKind
    /// Where Swift's caller gives it.
    let place: Place
    /// The Swift parameter's name inside the function.
    let name: String

    enum Place: Equatable {
      case receiver
      /// A parameter with this label (`_` for none) and this default.
      case shown(label: String, defaultValue: String?)
      /// Never shown: it takes this value.
      case fixed(value: String)
    }
  }

  let schema: FunctionSchema
  let result: ResultKind
  let swiftName: String
  let isPackage: Bool
  /// In libtorch's order.
  let parameters: [Parameter]

  var isStatic: Bool { !parameters.contains { $0.place == .receiver } }

  /// The Swift parameters in Swift's order: the generator comes last.
  var shownParameters: [Parameter] {
    let shown = parameters.filter { if case .shown = $0.place { true } else { false } }
    return shown.filter { $0.kind != .generator } + shown.filter { $0.kind == .generator }
  }

  /// Name, labels and types: what must not come twice.
  var signature: String {
    let parts = shownParameters.map { parameter in
      guard case .shown(let label, _) = parameter.place else { return "" }
      return "\(label): \(SwiftType.name(parameter.kind, parameter.argument))"
    }
    return "\(isStatic ? "static " : "")\(swiftName)(\(parts.joined(separator: ", ")))"
  }

  init(_ schema: FunctionSchema, spelling text: String?) throws(GeneratorError) {
    let spelling: Spelling? = if let text { try Spelling(text, for: schema.fullName) } else { nil }
    guard let result = ResultKind(schema) else {
      let types = schema.returns.map(\.type.spelling).joined(separator: ", ")
      throw GeneratorError(schema.fullName, "the C ABI cannot return \(types)")
    }
    self.schema = schema
    self.result = result
    swiftName = spelling?.name ?? Names.function(schema)
    isPackage = spelling?.isPackage ?? false || schema.name.hasSuffix("_") || (spelling == nil && schema.name.hasPrefix("_"))
    parameters = try Placement(schema, spelling).parameters()
  }
}
