import Torch

extension TorchError {
  /// An error about a layer's or loss's own settings or input, found before libtorch was asked.
  static func layer(_ message: String, in place: String = "NN", expected: String? = nil, remedy: String? = nil) -> TorchError {
    TorchError(.value, place, message, expected: expected, remedy: remedy)
  }
}

extension Module {
  /// How errors call this module: `features.3 (Conv2d 32→64, kernel 3×3)`, without the path where it is not known.
  final var place: String {
    let type = String(describing: type(of: self))
    let path = path
    if path.isEmpty { return details.isEmpty ? "\(type) layer" : "\(type) (\(details))" }
    return "\(path) (\(details.isEmpty ? type : type + " " + details))"
  }

  /// The error with this module's name, path and expectation. An error that a layer below has named stays as it is.
  final func explained(_ error: TorchError, inputs: [Tensor]) -> TorchError {
    guard Self.isUnnamed(error) else { return error }
    let shapes = inputs.map(\.shape)
    let expectation = expectation(inputs: shapes)
    let message = expectation == nil ? error.message : "got \(shapes.map { "\($0)" }.joined(separator: ", "))"
    return TorchError(
      error.kind, place, message, operands: error.operands, expected: expectation ?? error.expected, remedy: error.remedy)
  }

  /// Names of operators (`aten::conv2d`, `Tensor.size`, `NN`) have no space, names of places do.
  private static func isUnnamed(_ error: TorchError) -> Bool { !error.operatorName.contains(" ") }
}
