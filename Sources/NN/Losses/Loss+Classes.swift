public import Torch

// Losses of one output against classes, signs or shares.
extension Loss {
  /// ``NN/focal(_:_:gamma:weight:ignoreIndex:reduction:)`` with its usual settings.
  public static var focal: Loss { focal(gamma: 2) }

  /// ``NN/focal(_:_:gamma:weight:ignoreIndex:reduction:)``.
  public static func focal(gamma: Double, weight: Tensor? = nil, ignoreIndex: Int = -100) -> Loss {
    Loss("focal", ["gamma": gamma, "weight": weight, "ignoreIndex": ignoreIndex]) { (output, target) throws(TorchError) in
      try NN.focal(output, target, gamma: gamma, weight: weight, ignoreIndex: ignoreIndex)
    }
  }

  /// ``NN/sigmoidFocal(_:_:gamma:alpha:reduction:)`` with its usual settings.
  public static var sigmoidFocal: Loss { sigmoidFocal(gamma: 2) }

  /// ``NN/sigmoidFocal(_:_:gamma:alpha:reduction:)``.
  public static func sigmoidFocal(gamma: Double, alpha: Double? = 0.25) -> Loss {
    Loss("sigmoidFocal", ["gamma": gamma, "alpha": alpha]) { (output, target) throws(TorchError) in
      try NN.sigmoidFocal(output, target, gamma: gamma, alpha: alpha)
    }
  }

  /// ``NN/hinge(_:_:reduction:)``.
  public static var hinge: Loss {
    Loss("hinge") { (output, target) throws(TorchError) in try NN.hinge(output, target) }
  }

  /// ``NN/squaredHinge(_:_:reduction:)``.
  public static var squaredHinge: Loss {
    Loss("squaredHinge") { (output, target) throws(TorchError) in try NN.squaredHinge(output, target) }
  }

  /// ``NN/softMargin(_:_:reduction:)``.
  public static var softMargin: Loss {
    Loss("softMargin") { (output, target) throws(TorchError) in try NN.softMargin(output, target) }
  }

  /// ``NN/multiMargin(_:_:p:margin:weight:reduction:)`` with its usual settings.
  public static var multiMargin: Loss { multiMargin(p: 1) }

  /// ``NN/multiMargin(_:_:p:margin:weight:reduction:)``.
  public static func multiMargin(p: Int = 1, margin: Double = 1, weight: Tensor? = nil) -> Loss {
    Loss("multiMargin", ["p": p, "margin": margin, "weight": weight]) { (output, target) throws(TorchError) in
      try NN.multiMargin(output, target, p: p, margin: margin, weight: weight)
    }
  }

  /// ``NN/multilabelMargin(_:_:reduction:)``.
  public static var multilabelMargin: Loss {
    Loss("multilabelMargin") { (output, target) throws(TorchError) in try NN.multilabelMargin(output, target) }
  }

  /// ``NN/multilabelSoftMargin(_:_:weight:reduction:)`` with its usual settings.
  public static var multilabelSoftMargin: Loss { multilabelSoftMargin(weight: nil) }

  /// ``NN/multilabelSoftMargin(_:_:weight:reduction:)``.
  public static func multilabelSoftMargin(weight: Tensor?) -> Loss {
    Loss("multilabelSoftMargin", ["weight": weight]) { (output, target) throws(TorchError) in
      try NN.multilabelSoftMargin(output, target, weight: weight)
    }
  }

  /// ``NN/dice(_:_:activation:smoothing:squared:includesBackground:ignoreIndex:reduction:)`` with its usual settings.
  public static var dice: Loss { dice(activation: .softmax) }

  /// ``NN/dice(_:_:activation:smoothing:squared:includesBackground:ignoreIndex:reduction:)``.
  public static func dice(
    activation: OverlapActivation = .softmax, smoothing: Double = 1, squared: Bool = false, includesBackground: Bool = true,
    ignoreIndex: Int? = nil
  ) -> Loss {
    Loss(
      "dice",
      [
        "activation": activation, "smoothing": smoothing, "squared": squared, "includesBackground": includesBackground,
        "ignoreIndex": ignoreIndex,
      ]
    ) { (output, target) throws(TorchError) in
      try NN.dice(
        output, target, activation: activation, smoothing: smoothing, squared: squared, includesBackground: includesBackground,
        ignoreIndex: ignoreIndex)
    }
  }

  /// ``NN/generalizedDice(_:_:activation:smoothing:includesBackground:ignoreIndex:reduction:)`` with its usual settings.
  public static var generalizedDice: Loss { generalizedDice(activation: .softmax) }

  /// ``NN/generalizedDice(_:_:activation:smoothing:includesBackground:ignoreIndex:reduction:)``.
  public static func generalizedDice(
    activation: OverlapActivation = .softmax, includesBackground: Bool = true, ignoreIndex: Int? = nil
  ) -> Loss {
    Loss(
      "generalizedDice",
      ["activation": activation, "includesBackground": includesBackground, "ignoreIndex": ignoreIndex]
    ) { (output, target) throws(TorchError) in
      try NN.generalizedDice(
        output, target, activation: activation, includesBackground: includesBackground, ignoreIndex: ignoreIndex)
    }
  }

  /// ``NN/tversky(_:_:alpha:beta:gamma:activation:smoothing:includesBackground:ignoreIndex:reduction:)`` with its usual settings.
  public static var tversky: Loss { tversky(alpha: 0.3, beta: 0.7) }

  /// ``NN/tversky(_:_:alpha:beta:gamma:activation:smoothing:includesBackground:ignoreIndex:reduction:)``.
  public static func tversky(
    alpha: Double, beta: Double, gamma: Double = 1, activation: OverlapActivation = .softmax, includesBackground: Bool = true,
    ignoreIndex: Int? = nil
  ) -> Loss {
    Loss(
      "tversky",
      [
        "alpha": alpha, "beta": beta, "gamma": gamma, "activation": activation, "includesBackground": includesBackground,
        "ignoreIndex": ignoreIndex,
      ]
    ) { (output, target) throws(TorchError) in
      try NN.tversky(
        output, target, alpha: alpha, beta: beta, gamma: gamma, activation: activation, includesBackground: includesBackground,
        ignoreIndex: ignoreIndex)
    }
  }
}
