import MartletCore

extension ProjectSchema {
  /// Random changes of training pictures. What is left out is as `Images` has it: keys and settings are its own, in kebab case.
  static let augmentation = Shape.tagged(
    [
      Variant(
        "crop", "Pads all sides with black, then cuts the old size out at a random place.", main: "padding",
        [.standard("padding", .whole(1...256), 4, "Pixels on each side.")]),
      Variant(
        "flip", "Mirrors the picture.", main: "direction",
        [
          .standard("direction", .word(["horizontal", "vertical"]), "horizontal", "horizontal swaps left and right."),
          .standard("probability", .number(.init(from: 0, to: 1)), 0.5, "How often."),
        ]),
      Variant(
        "rotate", "Turns the picture by a random angle.", main: "degrees",
        [.standard("degrees", .number(.init(from: 0, to: 180)), 10, "The largest angle to either side.")]),
      Variant(
        "shift", "Moves the picture by a random distance.", main: "share",
        [.standard("share", .number(.init(from: 0, to: 1)), 0.1, "The largest distance, as a share of the size.")]),
    ] + geometric + colours + noises + policies)

  private static let geometric = [
    Variant(
      "resized-crop", "A random part of the picture, brought to its size.",
      [
        pair("scale", 0, 1, "The part's area, as a share of the picture's: [0.08, 1]."),
        pair("ratio", 0.01, 100, "Its width over its height: [0.75, 1.3333]."), probability,
      ]),
    Variant(
      "affine", "Turns, moves, zooms and shears at once.",
      [
        range("degrees", -180, 180, "Degrees of the turn."), range("shift-x", -1, 1, "The move to the right, as a share of the width."),
        range("shift-y", -1, 1, "The move down, as a share of the height."), pair("scale", 0.01, 100, "The zoom: [0.8, 1.2]."),
        range("shear-x", -89, 89, "Degrees of the shear along x."), range("shear-y", -89, 89, "Degrees of the shear along y."), probability,
      ]),
    Variant(
      "perspective", "Moves the corners.", main: "distortion",
      [.optional("distortion", .number(.init(from: 0, to: 1)), "How far, as a share of half the size. Left out: 0.5."), probability]),
    Variant(
      "elastic", "Moves pixels as water does.",
      [
        .optional("alpha", .number(.init(from: 0, to: 10_000)), "How far. Left out: 50."),
        .optional("sigma", .number(.init(from: 0, to: 200)), "Pixels over which neighbours move together. Left out: 5."), probability,
      ]),
  ]

  private static let colours = [
    Variant(
      "colour-jitter", "Changes brightness, contrast, saturation and hue in a random order.",
      [
        range("brightness", 0, 10, "0.4 draws the factor from 0.6 to 1.4; or [from, to]."), range("contrast", 0, 10, "As brightness."),
        range("saturation", 0, 10, "As brightness."), range("hue", -0.5, 0.5, "The turn, as a part of the circle."), probability,
      ]),
    Variant("grey", "Takes the colour away.", main: "probability", [probability]),
    Variant("invert", "The negative.", main: "probability", [probability]),
    Variant(
      "solarise", "The negative of what is bright.", main: "threshold",
      [.optional("threshold", .whole(0...255), "The first sample that is turned round. Left out: 128."), probability]),
    Variant(
      "posterise", "Fewer shades.", main: "bits", [.optional("bits", .whole(1...8), "The bits that are kept. Left out: 4."), probability]),
    Variant("equalise", "Spreads the samples of each channel evenly.", main: "probability", [probability]),
    Variant("autocontrast", "Stretches each channel from black to white.", main: "probability", [probability]),
    Variant(
      "sharpness", "Blurs or sharpens a little.", main: "factor", [range("factor", 0, 20, "0 blurs, 1 changes nothing."), probability]),
    Variant("channel-shuffle", "Red, green and blue change places.", main: "probability", [probability]),
  ]

  private static let noises = [
    Variant("blur", "Blurs by a bell curve.", main: "sigma", [range("sigma", 0.01, 200, "Pixels; or [from, to]."), probability]),
    Variant(
      "noise", "Adds normal noise.", main: "sigma",
      [range("sigma", 0, 1, "Its size, 1 being the range of a sample; or [from, to]."), probability]),
    Variant(
      "salt-and-pepper", "White and black dots.", main: "amount",
      [range("amount", 0, 1, "The share of the pixels; or [from, to]."), probability]),
    Variant("jpeg", "Artefacts of a JPEG file.", main: "quality", [range("quality", 1, 100, "Its quality; or [from, to]."), probability]),
    Variant(
      "erase", "Paints a rectangle over.",
      [
        pair("scale", 0, 1, "Its area, as a share of the picture's: [0.02, 0.33]."), pair("ratio", 0.01, 100, "Its height over its width."),
        probability,
      ]),
    Variant(
      "cut-out", "Paints squares over.", main: "size",
      [
        .optional("size", .number(.init(from: 0, to: 1)), "A square's side, as a share of the shorter side."),
        .optional("count", .whole(1...1000), "How many. Left out: 1."), probability,
      ]),
    Variant("grid-mask", "Paints squares in a grid over.", [range("unit", 0.01, 1, "The grid's step."), probability]),
  ]

  private static let policies = [
    Variant(
      "auto-augment", "A learned policy (Cubuk et al., 2019).", main: "policy",
      [.optional("policy", .word(["imagenet", "cifar10", "svhn"]), "What it was learned on. Left out: imagenet.")]),
    Variant(
      "rand-augment", "Some of fourteen changes, all equally strong (Cubuk et al., 2020).", main: "magnitude",
      [
        .optional("magnitude", .whole(0...30), "How strong. Left out: 9."), .optional("count", .whole(1...20), "How many. Left out: 2."),
      ]),
    Variant("trivial-augment", "One change of a random strength (Müller and Hutter, 2021)."),
    Variant(
      "aug-mix", "Mixes chains of changes (Hendrycks et al., 2020).", main: "severity",
      [.optional("severity", .whole(1...10), "How strong. Left out: 3.")]),
  ]

  private static let probability = Field.optional("probability", .number(.init(from: 0, to: 1)), "How often.")

  private static func pair(_ name: String, _ from: Double, _ to: Double, _ note: String) -> Field {
    .optional(name, .list(.number(.init(from: from, to: to)), count: 2...2), note)
  }

  private static func range(_ name: String, _ from: Double, _ to: Double, _ note: String) -> Field {
    .optional(
      name, .either([.number(.init(from: max(0, from), to: to)), .list(.number(.init(from: from, to: to)), count: 2...2)]), note)
  }
}
