import MartletCore

extension ProjectSchema {
  static let schedule = Shape.tagged([
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
        .standard(
          "warm-up", .number(.init(from: 0, to: 1, isBelow: true)), 0.05, "The share of the steps that goes up from nothing first."),
        .standard("final", .number(.init(from: 0, to: 1)), 0, "The share of the learning rate that is left at the end."),
      ]),
    Variant(
      "restarts", "Half cosines, one after the other (Loshchilov and Hutter, 2017).", main: "first",
      [
        .standard("first", .whole(1...100_000), 10, "The epochs of the first."),
        .standard("growth", .whole(1...100), 2, "What the length is multiplied by each time."),
        .standard("final", .number(.init(from: 0, to: 1)), 0, "The share of the learning rate at the end of each."),
      ]),
    Variant(
      "step", "Smaller by a factor every few epochs.", [.standard("every", .whole(1...100_000), 10, "Epochs between two drops."), drop]),
    Variant(
      "steps", "Smaller by a factor at given epochs.", main: "at",
      [.required("at", .list(.whole(1...100_000), count: 1...1000), "The epochs, counted from 1, behind which it drops."), drop]),
    Variant(
      "exponential", "Smaller by a factor after each epoch.", main: "factor",
      [.standard("factor", .number(.init(from: 0, to: 1, isAbove: true)), 0.9, "What the rate is multiplied by.")]),
    Variant(
      "polynomial", "Down to nothing along a power of what is left.", main: "power",
      [.standard("power", positive, 1, "1 is a straight line.")]),
    Variant(
      "plateau", "Smaller by a factor when the watched value no longer improves.",
      [
        .standard("metric", .word(["validation/loss", "validation/accuracy"]), "validation/loss", "What is watched after every epoch."),
        .standard("patience", .whole(0...100_000), 5, "Epochs without improvement that are still fine."), drop,
      ]),
    Variant("constant", "The optimizer's learning rate, always."),
  ])

  private static let drop = Field.standard(
    "factor", .number(.init(from: 0, to: 1, isAbove: true, isBelow: true)), 0.1, "What the rate is multiplied by.")
}
