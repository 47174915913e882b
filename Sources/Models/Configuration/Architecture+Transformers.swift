import MartletCore
import NN

extension Architecture {
  static let transformers: [Architecture] = [
    transformer("vit_tiny", .tiny, patch: 4), transformer("vit_small", .small, patch: 4),
    transformer("vit_b_16", .base, patch: 16, size: 224, 86_567_656), transformer("vit_b_32", .base, patch: 32, size: 224, 88_224_232),
    transformer("vit_l_16", .large, patch: 16, size: 224, 304_326_632),
  ]

  private static func transformer(
    _ name: String, _ kind: VisionTransformer.Size, patch: Int, size: Int? = nil, _ parameters: Int? = nil
  ) -> Architecture {
    let plan = kind.plan
    return Architecture(
      name, "A vision transformer of \(plan.depth) blocks, \(plan.width) wide.",
      settings: [
        Setting("patch", .whole(1...256), .int(patch), "side of the squares that become tokens; it divides the image's sides"),
        Setting("width", .number(0.05...8), 1.0, "what the width is multiplied with; weights of others are for 1"),
        .dropout(0, "behind attention and linear layers"),
        Setting("attention-dropout", .fraction, 0.0, "probability of a zero among the attention's weights"), .stochasticDepth(0),
      ], size: size, parameters: parameters,
      check: {
        try VisionTransformer.check(height: $0.input[1], width: $0.input[2], patch: $0.size("patch"))
      },
      build: {
        try VisionTransformer(
          kind, height: $0.input[1], width: $0.input[2], patch: $0.size("patch"), channels: $0.input[0], classes: $0.classes,
          scale: $0.number("width"), dropout: $0.number("dropout"), attentionDropout: $0.number("attention-dropout"),
          stochasticDepth: $0.number("stochastic-depth"))
      })
  }
}
