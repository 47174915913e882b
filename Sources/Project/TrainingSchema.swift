import MartletCore

extension ProjectSchema {
  /// How a network learns, with the defaults that suit what it learns from.
  static func training(
    _ items: String = "pictures", epochs: Int = 5, batch: Int = 128, optimizer usual: JSONValue = "adamw",
    schedule usualSchedule: JSONValue = "one-cycle"
  ) -> MappingShape {
    MappingShape(fields(items, epochs: epochs, batch: batch, usual, usualSchedule), exclusive: [["clip", "clip-value"]])
  }

  private static func fields(_ items: String, epochs: Int, batch: Int, _ usual: JSONValue, _ usualSchedule: JSONValue) -> [Field] {
    [
      .standard("epochs", .whole(1...100_000), .int(epochs), "How often all training \(items) are seen."),
      .standard("batch", .whole(1...65_536), .int(batch), "\(items.prefix(1).uppercased() + items.dropFirst()) per step."),
      .standard("optimizer", optimizer, usual, "How the weights follow the gradients."),
      .standard("schedule", schedule, usualSchedule, "How the learning rate changes over the steps."),
      .optional("clip", positive, "The largest norm that all gradients together may have. Left out: no limit."),
      .optional("clip-value", positive, "The largest size that each gradient may have by itself. Left out: no limit."),
      .standard("accumulate", .whole(1...65_536), 1, "Batches whose gradients are added up for one step, where memory is short."),
      .standard(
        "precision", .word(["float32", "bfloat16", "float16"]), "float32",
        "What the operators compute in where that is safe; the weights stay float32."),
      .standard("penalty", .mapping(penalty), [:], "What is added to the loss for large weights."),
      .standard("decay-weights-only", .flag, false, "Leaves biases and normalisation out of weight decay."),
      .optional(
        "layer-decay", .number(.init(from: 0, to: 1, isAbove: true)),
        "What the learning rate is multiplied by from each stage of the network to the one before it. Left out: 1."),
      .optional(
        "sharpness-aware", positive, "How far around the weights each step looks (SAM; Foret et al., 2021): 0.05. Left out: plain steps."),
      .optional("averaging", averaging, "The average of the weights that is judged and kept. Left out: the last weights."),
      .optional("mixing", mixing, "How training pictures and their classes are mixed. Left out: not at all."),
      .standard(
        "sampling", .word(["all", "balanced"]), "all", "all sees everything once an epoch, balanced draws every class equally often."),
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
        "workers", .either([.word(["auto"]), .whole(0...256)]), "auto", "Tasks that load \(items); the result does not depend on it."),
      .standard("tensorboard", .flag, false, "Writes event files for TensorBoard into the run's folder."),
      .standard("diagnostics", .flag, false, "Watches gradients and activations and names the layer where something is sick."),
    ]
  }

  private static let penalty = MappingShape([
    .standard("l1", .number(.init(from: 0)), 0, "Times the sum of the weights' sizes."),
    .standard("l2", .number(.init(from: 0)), 0, "Times the sum of the weights' squares."),
  ])

  private static let averaging = Shape.tagged([
    Variant(
      "ema", "An exponential moving average, moved after every step.", main: "decay",
      [.standard("decay", fraction, 0.999, "How slowly it forgets.")]),
    Variant(
      "swa", "The mean of the epochs from a point on (Izmailov et al., 2018).", main: "start",
      [.standard("start", fraction, 0.75, "The share of the epochs before the first that counts.")]),
  ])

  private static let mixing = Shape.tagged([
    Variant(
      "mix-up", "Weighted means of two pictures and their classes (Zhang et al., 2018).", main: "alpha",
      [.standard("alpha", positive, 0.2, "How even the weights are: small values leave most of one picture."), mixed]),
    Variant(
      "cut-mix", "A rectangle of one picture in another (Yun et al., 2019).", main: "alpha",
      [.standard("alpha", positive, 1, "How large the rectangles are."), mixed]),
    Variant(
      "either", "One of the two, drawn for each batch.",
      [
        .standard("mix-up", positive, 0.2, "The alpha of mix-up."), .standard("cut-mix", positive, 1, "The alpha of cut-mix."),
        .standard("share", .number(.init(from: 0, to: 1)), 0.5, "The share of cut-mix."), mixed,
      ]),
  ])

  private static let mixed = Field.standard("probability", .number(.init(from: 0, to: 1)), 1, "The share of the batches that are mixed.")
}
