public import Torch

/// Makes a layer's parameter from others, each time it is used: what weight norm and spectral norm are. It stands in the state under
/// `parametrizations.<name>`, as in `torch.nn.utils.parametrize`.
package class Parametrization: Module {
  /// The parameter's value now.
  package func value() throws(TorchError) -> Tensor {
    throw TorchError.layer("a parametrization without a value", expected: "a subclass that computes one")
  }

  /// The shape of the value.
  package var shape: [Int] { [] }
}

extension Module {
  /// The layer's own parameter of that name in the state.
  /// - Throws: `TorchError` that lists the names there are.
  final func ownParameter(_ name: String, for purpose: String) throws(TorchError) -> Parameter {
    let own = stateMembers().compactMap { entry in (entry.member as? Parameter).map { (entry.name, $0) } }
    guard let found = own.first(where: { $0.0 == name }) else {
      let names = own.map(\.0)
      throw TorchError.layer(
        "there is no parameter '\(name)'", in: "\(purpose) of \(place)",
        expected: names.isEmpty ? "a layer with parameters" : names.joined(separator: " or "))
    }
    return found.1
  }
}

/// Puts a plain parameter, with the value of the moment, in place of one with weight norm or spectral norm.
/// - Parameters:
///   - module: the layer.
///   - name: the parameter's name in the state.
/// - Throws: `TorchError` where the parameter has no such norm.
public func removeNorm(of module: Module, _ name: String = "weight") throws(TorchError) {
  let parameter = try module.ownParameter(name, for: "removeNorm")
  guard let parametrization = parameter.parametrization else {
    throw TorchError.layer("'\(name)' has neither weight norm nor spectral norm", in: "removeNorm of \(module.place)")
  }
  let value = try withoutGrad { () throws(TorchError) in try parametrization.value().detach().clone() }
  parameter.parametrization = nil
  parameter.replace(value)
  module.structureChanged()
}
