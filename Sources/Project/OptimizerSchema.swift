import MartletCore

extension ProjectSchema {
  static let optimizer = Shape.tagged([
    Variant(
      "adamw", "Adam with decoupled weight decay (Loshchilov and Hutter, 2019).",
      [rate(0.001), decoupledDecay(0.01), betas(0.9, 0.999), epsilon(1e-8), amsgrad]),
    Variant("adam", "Adam (Kingma and Ba, 2015).", [rate(0.001), decay, betas(0.9, 0.999), epsilon(1e-8), amsgrad]),
    Variant(
      "sgd", "Stochastic gradient descent.",
      [
        rate(0.1), decay, momentum(0.9), .standard("nesterov", .flag, false, "Look ahead along the velocity."),
        .standard("dampening", fraction, 0, "The share of the gradient that the velocity leaves out."),
      ]),
    Variant(
      "rmsprop", "RMSprop (Tieleman and Hinton, 2012).",
      [
        rate(0.01), decay, momentum(0), epsilon(1e-8), .standard("alpha", fraction, 0.99, "How slowly the average of squares forgets."),
        .standard("centered", .flag, false, "Divides by the variance, not the mean square."),
      ]),
    Variant(
      "adagrad", "Adagrad (Duchi et al., 2011).",
      [
        rate(0.01), decay, epsilon(1e-10),
        .standard("rate-decay", .number(.init(from: 0)), 0, "How fast the rate shrinks with the steps."),
      ]),
    Variant(
      "adadelta", "Adadelta (Zeiler, 2012).",
      [rate(1), decay, epsilon(1e-6), .standard("rho", fraction, 0.9, "How slowly the averages forget.")]),
    Variant("adamax", "Adam by the largest gradient (Kingma and Ba, 2015).", [rate(0.002), decay, betas(0.9, 0.999), epsilon(1e-8)]),
    Variant(
      "nadam", "Adam with Nesterov's momentum (Dozat, 2016).",
      [
        rate(0.002), decay, betas(0.9, 0.999), epsilon(1e-8),
        .standard("momentum-decay", .number(.init(from: 0)), 0.004, "How the momentum rises with the steps."),
      ]),
    Variant("radam", "Rectified Adam (Liu et al., 2020).", [rate(0.001), decay, betas(0.9, 0.999), epsilon(1e-8)]),
    Variant("lion", "Signs of momentum (Chen et al., 2023).", [rate(0.0001), decoupledDecay(0), betas(0.9, 0.99)]),
    Variant(
      "lamb", "Adam with a rate for each layer, for large batches (You et al., 2020).",
      [rate(0.001), decoupledDecay(0.01), betas(0.9, 0.999), epsilon(1e-6)]),
    Variant("adafactor", "Adam with factored squares, for little memory (Shazeer and Stern, 2018).", [rate(0.01), decoupledDecay(0)]),
    Variant(
      "muon", "Orthogonalised momentum for matrices, AdamW for the rest (Jordan, 2024).",
      [
        rate(0.02), decoupledDecay(0.1), momentum(0.95),
        .standard("rest", positive, 0.001, "The learning rate of what is no matrix, and of the head."),
      ]),
  ])

  private static func rate(_ standard: JSONValue) -> Field {
    .standard("learning-rate", positive, standard, "The step size, where the schedule does not say another.")
  }

  private static func decoupledDecay(_ standard: JSONValue) -> Field {
    .standard("weight-decay", .number(.init(from: 0)), standard, "How much the weights shrink in every step, in learning rates.")
  }

  private static let decay = Field.standard(
    "weight-decay", .number(.init(from: 0)), 0, "The share of the weights that is added to the gradients.")

  private static func betas(_ first: Double, _ second: Double) -> Field {
    .standard(
      "betas", .list(fraction, count: 2...2), [.double(first), .double(second)],
      "How slowly the averages of gradient and square forget.")
  }

  private static func momentum(_ standard: JSONValue) -> Field {
    .standard("momentum", fraction, standard, "How slowly the velocity forgets.")
  }

  private static func epsilon(_ standard: JSONValue) -> Field {
    .standard("epsilon", positive, standard, "Keeps the division from overflowing.")
  }

  private static let amsgrad = Field.standard("amsgrad", .flag, false, "Divides by the largest average of squares so far.")
}
