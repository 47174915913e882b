import MartletCore
import NN

extension Architecture {
  static let residual: [Architecture] = [
    resNet("resnet18", [2, 2, 2, 2], .basic, 11_689_512), resNet("resnet34", [3, 4, 6, 3], .basic, 21_797_672),
    resNet("resnet50", [3, 4, 6, 3], .bottleneck(), 25_557_032), resNet("resnet101", [3, 4, 23, 3], .bottleneck(), 44_549_160),
    resNet("resnet152", [3, 8, 36, 3], .bottleneck(), 60_192_808),
    resNet("resnext50_32x4d", [3, 4, 6, 3], .bottleneck(groups: 32, groupWidth: 4), 25_028_904),
    resNet("resnext101_32x8d", [3, 4, 23, 3], .bottleneck(groups: 32, groupWidth: 8), 88_791_336),
    resNet("resnext101_64x4d", [3, 4, 23, 3], .bottleneck(groups: 64, groupWidth: 4), 83_455_272),
    resNet("wide_resnet50_2", [3, 4, 6, 3], .bottleneck(groupWidth: 128), 68_883_240),
    resNet("wide_resnet101_2", [3, 4, 23, 3], .bottleneck(groupWidth: 128), 126_886_696),
  ]

  private static func resNet(_ name: String, _ blocks: [Int], _ block: ResNet.Block, _ parameters: Int) -> Architecture {
    let kind = block == .basic ? "basic blocks" : "bottlenecks"
    return Architecture(
      name, "A residual network of \(blocks.reduce(0, +)) \(kind).", settings: [.stem, .width, .dropout(0)], size: 224,
      parameters: parameters,
      check: { configuration in
        guard try configuration.stem() == .large else { return }
        // The stem rounds up.
        var size = ImageSize(height: configuration.input[1] + 1, width: configuration.input[2] + 1)
        try size.pool("the stem", by: 4)
      },
      build: {
        try ResNet(
          blocks: blocks, block: block, channels: $0.input[0], classes: $0.classes, stem: $0.stem(), width: $0.number("width"),
          dropout: $0.number("dropout"))
      })
  }

  static let vgg: [Architecture] = [
    vgg(.eleven, false, 132_863_336), vgg(.thirteen, false, 133_047_848), vgg(.sixteen, false, 138_357_544),
    vgg(.nineteen, false, 143_667_240), vgg(.eleven, true, 132_868_840), vgg(.thirteen, true, 133_053_736),
    vgg(.sixteen, true, 138_365_992), vgg(.nineteen, true, 143_678_248),
  ]

  private static func vgg(_ depth: VGG.Depth, _ batchNorm: Bool, _ parameters: Int) -> Architecture {
    Architecture(
      "vgg\(depth.rawValue)\(batchNorm ? "_bn" : "")",
      "VGG-\(depth.rawValue)\(batchNorm ? " with batch norm" : ""): convolutions 3×3, then two large hidden layers.",
      settings: [.width, .dropout(0.5, "behind the two hidden layers")], size: 224, parameters: parameters,
      check: { configuration in
        var size = ImageSize(configuration)
        for block in 1...5 { try size.pool("block \(block)", by: 2) }
      },
      build: {
        try VGG(
          depth, batchNorm: batchNorm, channels: $0.input[0], classes: $0.classes, width: $0.number("width"),
          dropout: $0.number("dropout"))
      })
  }

  static let mobile: [Architecture] = [
    Architecture(
      "mobilenet_v2", "MobileNetV2: inverted residuals, for small machines.", settings: [.stem, .width, .dropout(0.2)], size: 224,
      parameters: 3_504_872
    ) {
      try MobileNetV2(
        channels: $0.input[0], classes: $0.classes, width: $0.number("width"), dropout: $0.number("dropout"), stem: $0.stem())
    },
    mobileNetV3(.large, 5_483_032), mobileNetV3(.small, 2_542_856),
    shuffleNet(.half, 1_366_792), shuffleNet(.one, 2_278_604), shuffleNet(.oneAndHalf, 3_503_624), shuffleNet(.double, 7_393_996),
    squeezeNet(.first, 1_248_424), squeezeNet(.second, 1_235_496),
  ]

  private static func mobileNetV3(_ size: MobileNetV3.Size, _ parameters: Int) -> Architecture {
    Architecture(
      "mobilenet_v3_\(size.rawValue)", "MobileNetV3, \(size.rawValue): inverted residuals that squeeze and excite.",
      settings: [.stem, .width, .dropout(0.2)], size: 224, parameters: parameters
    ) {
      try MobileNetV3(
        size, channels: $0.input[0], classes: $0.classes, width: $0.number("width"), dropout: $0.number("dropout"), stem: $0.stem())
    }
  }

  private static func shuffleNet(_ size: ShuffleNetV2.Size, _ parameters: Int) -> Architecture {
    Architecture(
      "shufflenet_v2_\(size.rawValue)", "ShuffleNetV2: half of the channels pass, half are filtered, then they are shuffled.",
      settings: [.stem], size: 224, parameters: parameters
    ) { try ShuffleNetV2(size, channels: $0.input[0], classes: $0.classes, stem: $0.stem()) }
  }

  private static func squeezeNet(_ version: SqueezeNet.Version, _ parameters: Int) -> Architecture {
    Architecture(
      "squeezenet\(version.rawValue)", "SqueezeNet \(version == .first ? "1.0" : "1.1"): few parameters, no batch norm.",
      settings: [.width, .dropout(0.5, "before the last convolution")], size: 224, parameters: parameters,
      check: { configuration in
        var size = ImageSize(configuration)
        try size.shrink("the first convolution", by: version == .first ? 6 : 2)
        // A stride of 2 and three poolings 3×3 that round up.
        var (height, width) = ((size.height + 1) / 2, (size.width + 1) / 2)
        for pooling in 1...3 {
          guard height >= 2, width >= 2 else {
            throw ModelError(
              "images of \(configuration.input[1])×\(configuration.input[2]) are too small: pooling \(pooling) gets \(height)×\(width)",
              expected: "\(version == .first ? 21 : 17)×\(version == .first ? 21 : 17) or more", remedy: "larger images")
          }
          (height, width) = ((height - 2) / 2 + 1, (width - 2) / 2 + 1)
        }
      },
      build: {
        try SqueezeNet(
          version, channels: $0.input[0], classes: $0.classes, width: $0.number("width"), dropout: $0.number("dropout"))
      })
  }

  static let efficientNets: [Architecture] =
    zip(EfficientNet.Size.allCases, [(224, 5_288_548), (240, 7_794_184), (288, 9_109_994), (300, 12_233_232), (380, 19_341_616)]).map {
      kind, published in
      Architecture(
        "efficientnet_\(kind.rawValue)", "EfficientNet-\(kind.rawValue.uppercased()): depth and width scaled together.",
        settings: [.stem, .width, .dropout(kind.scaling.dropout), .stochasticDepth(0.2)], size: published.0, parameters: published.1
      ) {
        try EfficientNet(
          kind, channels: $0.input[0], classes: $0.classes, width: $0.number("width"), dropout: $0.number("dropout"),
          stochasticDepth: $0.number("stochastic-depth"), stem: $0.stem())
      }
    } + [
      Architecture(
        "efficientnet_lite0", "EfficientNet-Lite0: without squeeze-and-excitation, with ReLU6.", settings: [.width, .dropout(0.2)],
        size: 224, parameters: 4_652_008
      ) {
        try EfficientNetLite(
          channels: $0.input[0], classes: $0.classes, width: $0.number("width"), dropout: $0.number("dropout"))
      }
    ]

  static let dense: [Architecture] = zip(DenseNet.Depth.allCases, [7_978_856, 28_681_000, 14_149_480, 20_013_928]).map { depth, count in
    Architecture(
      "densenet\(depth.rawValue)", "DenseNet-\(depth.rawValue): each layer sees what all before it in its block gave.",
      settings: [.stem, .width, .dropout(0, "behind each layer")], size: 224, parameters: count,
      check: { configuration in
        let isLarge = try configuration.stem() == .large
        var size = ImageSize(height: configuration.input[1] + (isLarge ? 3 : 0), width: configuration.input[2] + (isLarge ? 3 : 0))
        if isLarge { try size.pool("the stem", by: 4) }
        for block in 1...3 { try size.pool("transition \(block)", by: 2) }
      },
      build: {
        try DenseNet(
          depth, channels: $0.input[0], classes: $0.classes, width: $0.number("width"), dropout: $0.number("dropout"), stem: $0.stem())
      })
  }

  static let convNeXts: [Architecture] = zip(ConvNeXt.Size.allCases, [28_589_128, 50_223_688, 88_591_464]).map { kind, count in
    Architecture(
      "convnext_\(kind.rawValue)", "ConvNeXt, \(kind.rawValue): large depthwise filters, layer norm and GELU.",
      settings: [
        Setting(
          "patch", .whole(1...32), 4, "side of the squares that the first convolution takes; 2 or 1 for images of about 32×32"), .width,
        .stochasticDepth(kind.plan.stochasticDepth),
        Setting("layer-scale", .number(0...1), 1e-6, "what each block's contribution starts being multiplied with"),
      ], size: 224, parameters: count,
      check: { configuration in
        var size = ImageSize(configuration)
        try size.pool("the stem", by: try configuration.size("patch"))
        for stage in 2...4 { try size.pool("the step before stage \(stage)", by: 2) }
      },
      build: {
        try ConvNeXt(
          kind, channels: $0.input[0], classes: $0.classes, width: $0.number("width"), patch: $0.size("patch"),
          stochasticDepth: $0.number("stochastic-depth"), layerScale: $0.number("layer-scale"))
      })
  }
}
