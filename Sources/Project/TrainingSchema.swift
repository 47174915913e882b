import MartletCore

extension ProjectSchema {
  static let training = MappingShape([
    .standard("epochs", .whole(1...100_000), 5, "How often all training pictures are seen."),
    .standard("batch", .whole(1...65_536), 128, "Pictures per step."),
    .standard("optimizer", optimizer, "adamw", "How the weights follow the gradients."),
    .standard("schedule", schedule, "one-cycle", "How the learning rate changes over the steps."),
    .optional("clip", positive, "The largest norm that all gradients together may have. Left out: no limit."),
    .standard("label-smoothing", fraction, 0, "The share of the target that is spread over all classes."),
    .standard("class-weights", .word(["none", "balanced"]), "none", "balanced gives rare classes the weight of common ones."),
    .optional(
      "early-stopping",
      .mapping(
        MappingShape([
          .standard(
            "metric", .word(["validation/loss", "validation/accuracy"]), "validation/loss", "What is watched after every epoch."),
          .standard("patience", .whole(1...100_000), 3, "Epochs without improvement until training stops."),
          .standard("minimum-change", .number(.init(from: 0)), 0, "Smaller improvements do not count."),
        ])), "Stops when validation no longer improves and takes the best weights back. Left out: never."),
    .optional("checkpoint-every", .whole(counting), "Also save every so many steps; the end of an epoch is always saved."),
    .standard("seed", .whole(0...Shape.unbounded), 1, "Everything random follows from it."),
    .standard("threads", .either([.word(["auto"]), .whole(1...1024)]), "auto", "Threads that compute; auto is the number of cores."),
    .standard(
      "workers", .either([.word(["auto"]), .whole(0...256)]), "auto", "Tasks that load pictures; the result does not depend on it."),
  ])

  private static let weightDecay = Field.standard(
    "weight-decay", .number(.init(from: 0)), 0.01, "How much the weights shrink in every step, in learning rates.")

  private static let optimizer = Shape.tagged([
    Variant(
      "adamw", "Adam with decoupled weight decay (Loshchilov and Hutter, 2019).",
      [
        .standard("learning-rate", positive, 0.001, "The step size, where the schedule does not say another."),
        weightDecay,
        .standard("betas", .list(fraction, count: 2...2), [0.9, 0.999], "How slowly the averages of gradient and square forget."),
        .standard("epsilon", positive, 1e-8, "Keeps the division from overflowing."),
      ]),
    Variant(
      "sgd", "Stochastic gradient descent.",
      [
        .standard("learning-rate", positive, 0.1, "The step size, where the schedule does not say another."),
        .standard("weight-decay", .number(.init(from: 0)), 0, "The share of the weights that is added to the gradients."),
        .standard("momentum", fraction, 0.9, "How slowly the velocity forgets."),
        .standard("nesterov", .flag, false, "Look ahead along the velocity."),
      ]),
  ])

  private static let warmUp = Shape.number(.init(from: 0, to: 1, isBelow: true))

  private static let schedule = Shape.tagged([
    Variant(
      "one-cycle", "Up to the maximum, then down to almost nothing (Smith and Topin, 2018).", main: "max",
      [
        .optional("max", positive, "The highest learning rate. Left out: ten times the optimizer's."),
        .standard(
          "warm-up", .number(.init(from: 0, to: 1, isAbove: true, isBelow: true)), 0.3, "The share of the steps that goes up."),
      ]),
    Variant(
      "cosine", "Down along half a cosine.",
      [
        .standard("warm-up", warmUp, 0.05, "The share of the steps that goes up from nothing first."),
        .standard("final", .number(.init(from: 0, to: 1)), 0, "The share of the learning rate that is left at the end."),
      ]),
    Variant(
      "step", "Smaller by a factor every few epochs.",
      [
        .standard("every", .whole(1...100_000), 10, "Epochs between two drops."),
        .standard("factor", .number(.init(from: 0, to: 1, isAbove: true, isBelow: true)), 0.1, "What the rate is multiplied by."),
      ]),
    Variant("constant", "The optimizer's learning rate, always."),
  ])
}
