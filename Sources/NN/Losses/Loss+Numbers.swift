import Torch

// Losses of numbers, distributions, embeddings and sequences. A loss of several inputs takes them from one output of the model.
extension Loss {
  /// ``NN/logCosh(_:_:reduction:)``.
  public static var logCosh: Loss {
    Loss("logCosh") { (output, target) throws(TorchError) in try NN.logCosh(output, target) }
  }

  /// ``NN/quantile(_:_:quantiles:reduction:)`` of an output `[…, quantiles]`.
  public static func quantile(_ quantiles: [Double]) -> Loss {
    Loss("quantile", ["quantiles": quantiles]) { (output, target) throws(TorchError) in
      try NN.quantile(output, target, quantiles: quantiles)
    }
  }

  /// ``NN/poissonNLL(_:_:logInput:full:eps:reduction:)`` with its usual settings.
  public static var poissonNLL: Loss { poissonNLL(logInput: true) }

  /// ``NN/poissonNLL(_:_:logInput:full:eps:reduction:)``.
  public static func poissonNLL(logInput: Bool, full: Bool = false) -> Loss {
    Loss("poissonNLL", ["logInput": logInput, "full": full]) { (output, target) throws(TorchError) in
      try NN.poissonNLL(output, target, logInput: logInput, full: full)
    }
  }

  /// ``NN/gaussianNLL(_:_:variance:full:eps:reduction:)`` of an output `[…, 2]` that holds each target's mean and the logarithm of its
  /// variance.
  public static var gaussianNLL: Loss { gaussianNLL(full: false) }

  /// ``NN/gaussianNLL(_:_:variance:full:eps:reduction:)`` of an output `[…, 2]`: mean and logarithm of the variance.
  public static func gaussianNLL(full: Bool) -> Loss {
    Loss("gaussianNLL", ["full": full]) { (output, target) throws(TorchError) in
      let parts = try split(output, 2, dim: output.ndim - 1, "gaussianNLL", expected: "[…, 2]: mean and log variance")
      return try NN.gaussianNLL(parts[0], target, variance: parts[1].exp(), full: full)
    }
  }

  /// ``NN/hingeEmbedding(_:_:margin:reduction:)``.
  public static func hingeEmbedding(margin: Double = 1) -> Loss {
    Loss("hingeEmbedding", ["margin": margin]) { (output, target) throws(TorchError) in
      try NN.hingeEmbedding(output, target, margin: margin)
    }
  }

  /// ``NN/marginRanking(_:_:_:margin:reduction:)`` of an output `[batch, 2]`: the two values that are compared.
  public static func marginRanking(margin: Double = 0) -> Loss {
    Loss("marginRanking", ["margin": margin]) { (output, target) throws(TorchError) in
      let pair = try split(output, 2, dim: 1, "marginRanking", expected: "[batch, 2]")
      return try NN.marginRanking(pair[0], pair[1], target, margin: margin)
    }
  }

  /// ``NN/cosineEmbedding(_:_:_:margin:reduction:)`` of an output `[batch, 2, dimension]`.
  public static func cosineEmbedding(margin: Double = 0) -> Loss {
    Loss("cosineEmbedding", ["margin": margin]) { (output, target) throws(TorchError) in
      let pair = try split(output, 2, dim: 1, "cosineEmbedding", expected: "[batch, 2, dimension]")
      return try NN.cosineEmbedding(pair[0], pair[1], target, margin: margin)
    }
  }

  /// ``NN/contrastive(_:_:_:margin:reduction:)`` of an output `[batch, 2, dimension]`.
  public static func contrastive(margin: Double = 1) -> Loss {
    Loss("contrastive", ["margin": margin]) { (output, target) throws(TorchError) in
      let pair = try split(output, 2, dim: 1, "contrastive", expected: "[batch, 2, dimension]")
      return try NN.contrastive(pair[0], pair[1], target, margin: margin)
    }
  }

  /// ``NN/tripletMargin(_:_:_:margin:p:eps:swap:reduction:)`` of an output `[batch, 3, dimension]`: anchors, positive and negative items.
  /// The target is not used.
  public static func tripletMargin(margin: Double = 1, p: Double = 2, swap: Bool = false) -> Loss {
    Loss("tripletMargin", ["margin": margin, "p": p, "swap": swap]) { (output, _) throws(TorchError) in
      let parts = try split(output, 3, dim: 1, "tripletMargin", expected: "[batch, 3, dimension]")
      return try NN.tripletMargin(parts[0], parts[1], parts[2], margin: margin, p: p, swap: swap)
    }
  }

  /// ``NN/batchHardTriplet(_:_:margin:reduction:)`` of embeddings `[batch, dimension]` and their classes.
  public static func batchHardTriplet(margin: Double? = 0.2) -> Loss {
    Loss("batchHardTriplet", ["margin": margin]) { (output, target) throws(TorchError) in
      try NN.batchHardTriplet(output, target, margin: margin)
    }
  }

  /// ``NN/infoNCE(_:_:negatives:temperature:reduction:)`` of an output `[batch, 2, dimension]`: queries and keys. The target is not used.
  public static func infoNCE(temperature: Double = 0.1) -> Loss {
    Loss("infoNCE", ["temperature": temperature]) { (output, _) throws(TorchError) in
      let pair = try split(output, 2, dim: 1, "infoNCE", expected: "[batch, 2, dimension]")
      return try NN.infoNCE(pair[0], pair[1], temperature: temperature)
    }
  }

  /// ``NN/ntXent(_:_:temperature:reduction:)`` of an output `[batch, 2, dimension]`: both views of each item. The target is not used.
  public static func ntXent(temperature: Double = 0.5) -> Loss {
    Loss("ntXent", ["temperature": temperature]) { (output, _) throws(TorchError) in
      let pair = try split(output, 2, dim: 1, "ntXent", expected: "[batch, 2, dimension]")
      return try NN.ntXent(pair[0], pair[1], temperature: temperature)
    }
  }

  /// ``NN/supervisedContrastive(_:_:temperature:reduction:)`` of embeddings `[batch, dimension]` or `[batch, views, dimension]`.
  public static func supervisedContrastive(temperature: Double = 0.07) -> Loss {
    Loss("supervisedContrastive", ["temperature": temperature]) { (output, target) throws(TorchError) in
      try NN.supervisedContrastive(output, target, temperature: temperature)
    }
  }

  /// ``NN/ctc(_:_:inputLengths:targetLengths:blank:zeroInfinity:reduction:)`` of log probabilities `[time, batch, classes]`, all of full
  /// length, and targets `[batch, length]` that are filled up with a class that is none.
  public static func ctc(blank: Int = 0, padding: Int = -1, zeroInfinity: Bool = false) -> Loss {
    Loss("ctc", ["blank": blank, "padding": padding, "zeroInfinity": zeroInfinity]) { (output, target) throws(TorchError) in
      guard target.ndim == 2 else {
        throw TorchError(.value, "ctc", "targets of shape \(target.shape)", expected: "[batch, length], filled up with \(padding)")
      }
      let width = max(target.shape[1], 1)
      let rows = try target.array(of: Int.self)
      let lengths = (0..<target.shape[0]).map { item in
        target.shape[1] == 0 ? 0 : rows[item * width..<(item + 1) * width].prefix { $0 != padding }.count
      }
      return try NN.ctc(output, target, targetLengths: lengths, blank: blank, zeroInfinity: zeroInfinity)
    }
  }

  /// The parts of an output along a dimension, without it.
  private static func split(
    _ output: Tensor, _ count: Int, dim: Int, _ name: String, expected: String
  ) throws(TorchError) -> [Tensor] {
    guard dim >= 0, output.ndim > dim, output.shape[dim] == count else {
      throw TorchError(.value, name, "an output of shape \(output.shape)", expected: expected)
    }
    return try output.unbind(dim: dim)
  }
}
