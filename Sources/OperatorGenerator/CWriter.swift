/// Writes the C header and the C++ files behind it.
enum CWriter {
  /// Names that are words of C or C++.
  private static let reserved: Set<String> = ["default", "operator", "register", "this", "new", "delete", "union", "template"]

  private static func name(_ argument: Argument) -> String { reserved.contains(argument.name) ? argument.name + "_" : argument.name }

  private static func prototype(_ operation: Operator) -> String {
    var parts = operation.parameters.map { parameter in
      let type = parameter.kind.cType
      return type + (type.hasSuffix("*") ? "" : " ") + name(parameter.argument)
    }
    parts += operation.result.outParameters.map { "CTTensor _Nullable *_Nonnull \($0)" }
    parts.append("CTError _Nullable *_Nonnull error")
    return "\(operation.result.cType) ct_\(operation.schema.symbol)(\(parts.joined(separator: ", ")))"
  }

  static func header(_ groups: [OperatorGroup]) -> String {
    var text = """
      // \(generatedNotice)
      #ifndef CTORCH_OPERATORS_H
      #define CTORCH_OPERATORS_H

      #include "../ctorch_base.h"

      #ifdef __cplusplus
      extern "C" {
      #endif
      #pragma clang assume_nonnull begin

      """
    for group in groups {
      text += "\n// \(group.name)\n"
      for operation in group.operators { text += "CT_API \(prototype(operation));\n" }
    }
    text += """

      #pragma clang assume_nonnull end
      #ifdef __cplusplus
      }
      #endif
      #endif

      """
    return text
  }

  static func source(_ group: OperatorGroup) -> String {
    var text = """
      // \(generatedNotice)
      #include "../include/generated/ctorch_operators.h"

      #include "../support.h"

      """
    for name in Set(group.operators.map(\.schema.rootName)).sorted() { text += "#include <ATen/ops/\(name)_ops.h>\n" }
    text += "\n#pragma clang assume_nonnull begin\n"
    for operation in group.operators { text += "\n" + definition(operation) }
    return text + "\n#pragma clang assume_nonnull end\n"
  }

  private static func definition(_ operation: Operator) -> String {
    let arguments = operation.parameters.map { $0.kind.cxxArgument(name($0.argument), $0.argument.type) }
    let call = "at::_ops::\(operation.schema.symbol)::call(\(arguments.joined(separator: ", ")))"
    let body: [String]
    switch operation.result {
    case .nothing: body = ["\(call);", "return 0;"]
    case .tensor: body = ["return ct::ownOrNull(\(call));"]
    case .tensors: body = ["return ct::own(\(call));"]
    case .bool, .double: body = ["return \(call);"]
    case .int: body = [operation.schema.returns[0].type.base == "SymInt" ? "return \(call).expect_int();" : "return \(call);"]
    case .tuple(let count):
      let stores = (0..<count).map { "*out\($0) = ct::ownOrNull(std::move(std::get<\($0)>(results)));" }
      body = ["auto results = \(call);"] + stores + ["return 0;"]
    }
    return """
      \(prototype(operation)) {
        CT_TRY(\(operation.result.failureValue),
      \(body.map { "    " + $0 }.joined(separator: "\n"))
        )
      }

      """
  }
}
