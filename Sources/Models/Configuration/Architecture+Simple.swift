import MartletCore
import NN

extension Architecture {
  static let simple: [Architecture] = [
    Architecture(
      "mlp", "Linear layers with ReLU between them.",
      settings: [
        Setting("hidden", .wholes(1...1_000_000, count: 0...64), [128], "sizes of the hidden layers"),
        .dropout(0, "behind each hidden layer"),
      ], input: .values
    ) {
      MLP($0.input.reduce(1, *), hidden: try $0.sizes("hidden"), outputs: $0.classes, dropout: try $0.number("dropout"))
    },
    Architecture(
      "lenet", "LeNet-5: two convolutions and three linear layers.",
      check: { configuration in
        var size = ImageSize(configuration)
        try LeNet.shrink(&size)
      }, build: { try LeNet(channels: $0.input[0], height: $0.input[1], width: $0.input[2], classes: $0.classes) }),
    Architecture(
      "cnn", "Blocks of convolution, batch norm and max-pooling, then a hidden layer with dropout.",
      settings: [
        Setting(
          "widths", .wholes(1...1_000_000, count: 1...64), [32, 64], "channels of each block; every block halves the image"),
        Setting("hidden", .whole(1...1_000_000), 128, "size of the layer before the last"),
        .dropout(0.25, "before the last layer"),
      ],
      check: { configuration in
        var size = ImageSize(configuration)
        for block in try configuration.sizes("widths").indices { try size.pool("block \(block + 1)", by: 2) }
      },
      build: {
        try ConvNet(
          channels: $0.input[0], height: $0.input[1], width: $0.input[2], classes: $0.classes, widths: $0.sizes("widths"),
          hidden: $0.size("hidden"), dropout: $0.number("dropout"))
      }),
    Architecture(
      "unet", "U-Net: a class for every pixel.",
      settings: [
        Setting("widths", .wholes(1...65_536, count: 2...8), [64, 128, 256, 512], "channels of each level, the finest first")
      ], output: .maps,
      check: { configuration in
        var size = ImageSize(configuration)
        for level in 1..<(try configuration.sizes("widths").count) { try size.pool("level \(level)", by: 2) }
      }, build: { try UNet(channels: $0.input[0], classes: $0.classes, widths: $0.sizes("widths")) }),
  ]

  static let sequences: [Architecture] = [
    Architecture(
      "lstm", "Long short-term memory over steps in time, and a head on what it holds at the end.",
      settings: [
        Setting("hidden", .whole(1...65_536), 128, "size of the cells"),
        Setting("layers", .whole(1...64), 1, "layers, one on top of the other"), .dropout(0, "between layers and before the head"),
        Setting("bidirectional", .flag, false, "whether a second set of layers reads the sequence backwards"),
      ], input: .sequences
    ) {
      try SequenceLSTM(
        features: $0.input[1], outputs: $0.classes, hidden: $0.size("hidden"), layers: $0.size("layers"), dropout: $0.number("dropout"),
        bidirectional: $0.flag("bidirectional"))
    },
    Architecture(
      "tcn", "A temporal convolutional network: dilated causal convolutions over steps in time.",
      settings: [
        Setting(
          "channels", .wholes(1...65_536, count: 1...20), [64, 64, 64, 64], "channels of each level; every level sees twice as far back"),
        Setting("kernel", .whole(2...64), 3, "steps that each filter sees"), .dropout(0.1, "behind each convolution"),
      ], input: .sequences
    ) {
      try TemporalConvNet(
        features: $0.input[1], outputs: $0.classes, channels: $0.sizes("channels"), kernel: $0.size("kernel"),
        dropout: $0.number("dropout"))
    },
  ]

  static let autoencoders: [Architecture] = [
    Architecture(
      "autoencoder", "Linear layers to a short code and back.",
      settings: [
        Setting("hidden", .wholes(1...1_000_000, count: 0...64), [128], "sizes of the layers between input and code"),
        Setting("code", .whole(1...1_000_000), 16, "values per item in the middle"),
      ], input: .values, output: .reconstruction
    ) { DenseAutoencoder($0.input.reduce(1, *), hidden: try $0.sizes("hidden"), code: try $0.size("code")) },
    convolutional("conv_autoencoder", "Strided convolutions to a short code and back.") {
      try ConvAutoencoder(
        channels: $0.input[0], height: $0.input[1], width: $0.input[2], widths: $0.sizes("widths"), code: $0.size("code"))
    },
    convolutional("vae", "A variational autoencoder of images: codes that are drawn make new images.") {
      try VariationalAutoencoder(
        channels: $0.input[0], height: $0.input[1], width: $0.input[2], widths: $0.sizes("widths"), code: $0.size("code"))
    },
  ]

  private static func convolutional(
    _ name: String, _ summary: String, build: @escaping @Sendable (ModelConfiguration) throws -> any Layer
  ) -> Architecture {
    Architecture(
      name, summary,
      settings: [
        Setting("widths", .wholes(1...65_536, count: 1...16), [32, 64], "channels behind each halving of the image"),
        Setting("code", .whole(1...1_000_000), 32, "values per item in the middle"),
      ], output: .reconstruction,
      check: {
        try ConvAutoencoder.check(height: $0.input[1], width: $0.input[2], halvings: $0.sizes("widths").count)
      }, build: build)
  }
}
