public import MartletCore
import NN

/// The model has parameters that the optimizer does not change, as after a layer was put in the place of another.
public struct UntrainedParameters: MartletError {
  /// The model's parameters that no optimizer has, by name.
  public let names: [String]
  /// How many parameters the optimizer has that are no longer the model's.
  public let strays: Int

  public var problem: String {
    let list = names.prefix(4).map { "'\($0)'" }.joined(separator: ", ") + (names.count > 4 ? " and \(names.count - 4) more" : "")
    let those = strays == 0 ? "" : ", which instead has \(strays) that the model does not have"
    return "the optimizer does not train \(names.count == 1 ? "the parameter" : "the parameters") \(list)" + those
  }
  public var expected: String? { "an optimizer of all parameters that are not frozen" }
  public var remedy: String? {
    "make the Trainer (and the optimizer) after the model's last change, or freeze what shall stay as it is: model.body.freeze()"
  }
}

extension Trainer {
  /// Refuses to train a part of the model only, unless the rest is frozen.
  /// - Throws: `UntrainedParameters`.
  func checkParameters(epochs: Int) throws {
    let trained = Set(optimizer.parameters.map { ObjectIdentifier($0) })
    let all = model.namedParameters()
    let missing = all.filter { name, parameter in
      parameter.requiresGrad && !trained.contains(ObjectIdentifier(parameter))
        && options.freezing?.isFrozen(name, epoch: epochs - 1) != true
    }
    guard !missing.isEmpty else { return }
    let own = Set(all.map { ObjectIdentifier($0.parameter) })
    throw UntrainedParameters(names: missing.map(\.name), strays: trained.count { !own.contains($0) })
  }
}
