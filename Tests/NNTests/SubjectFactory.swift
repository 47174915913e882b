import MartletCore
import NN
import Torch

/// A module without members, for functions under the layers' contract.
final class Stateless: Module {}

extension LayerCase {
  /// Draws random numbers when it runs, so that another element type gives another result.
  var isRandom: Bool { layer.hasPrefix("Dropout") || config["random"] != nil }

  /// Makes the layer that the case describes, with the way it is called.
  func subject() throws -> Subject {
    let c = Config(values: config)
    return try attention(c) ?? convolution(c) ?? recurrent(c) ?? transformer(c) ?? simple(c) ?? pooling(c) ?? pairs(c)
      ?? Subject(make())
  }
}
