// Written by `make generate` from Models.Architecture.all. Do not edit.
import MartletCore

extension ProjectSchema {
  /// The networks that classify pictures.
  static let architectures: [Variant] = [
    variantMlp,
    variantLenet,
    variantCnn,
    variantResnet18,
    variantResnet34,
    variantResnet50,
    variantResnet101,
    variantResnet152,
    variantResnext5032x4d,
    variantResnext10132x8d,
    variantResnext10164x4d,
    variantWideResnet502,
    variantWideResnet1012,
    variantVgg11,
    variantVgg13,
    variantVgg16,
    variantVgg19,
    variantVgg11Bn,
    variantVgg13Bn,
    variantVgg16Bn,
    variantVgg19Bn,
    variantMobilenetV2,
    variantMobilenetV3Large,
    variantMobilenetV3Small,
    variantShufflenetV2X05,
    variantShufflenetV2X10,
    variantShufflenetV2X15,
    variantShufflenetV2X20,
    variantSqueezenet10,
    variantSqueezenet11,
    variantEfficientnetB0,
    variantEfficientnetB1,
    variantEfficientnetB2,
    variantEfficientnetB3,
    variantEfficientnetB4,
    variantEfficientnetLite0,
    variantDensenet121,
    variantDensenet161,
    variantDensenet169,
    variantDensenet201,
    variantConvnextTiny,
    variantConvnextSmall,
    variantConvnextBase,
    variantVitTiny,
    variantVitSmall,
    variantVitB16,
    variantVitB32,
    variantVitL16,
  ]

  private static let variantMlp = Variant(
    "mlp", "Linear layers with ReLU between them.",
    [
      .standard("hidden", .list(.whole(1...1000000), count: 0...64), [128], "Sizes of the hidden layers."),
      .standard("dropout", fraction, 0.0, "Probability of a zero behind each hidden layer."),
    ])

  private static let variantLenet = Variant(
    "lenet", "LeNet-5: two convolutions and three linear layers.",
    [])

  private static let variantCnn = Variant(
    "cnn", "Blocks of convolution, batch norm and max-pooling, then a hidden layer with dropout.",
    [
      .standard("widths", .list(.whole(1...1000000), count: 1...64), [32, 64], "Channels of each block; every block halves the image."),
      .standard("hidden", .whole(1...1000000), 128, "Size of the layer before the last."),
      .standard("dropout", fraction, 0.25, "Probability of a zero before the last layer."),
    ])

  private static let variantResnet18 = Variant(
    "resnet18", "A residual network of 8 basic blocks.",
    [
      .standard("stem", .word(["auto", "large", "small"]), "auto", "'large' makes photos smaller at once and is what weights of others are for, 'small' keeps the size, 'auto' is small up to 64 pixels."),
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What all channels are multiplied with; weights of others are for 1."),
      .standard("dropout", fraction, 0.0, "Probability of a zero before the head."),
    ])

  private static let variantResnet34 = Variant(
    "resnet34", "A residual network of 16 basic blocks.",
    [
      .standard("stem", .word(["auto", "large", "small"]), "auto", "'large' makes photos smaller at once and is what weights of others are for, 'small' keeps the size, 'auto' is small up to 64 pixels."),
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What all channels are multiplied with; weights of others are for 1."),
      .standard("dropout", fraction, 0.0, "Probability of a zero before the head."),
    ])

  private static let variantResnet50 = Variant(
    "resnet50", "A residual network of 16 bottlenecks.",
    [
      .standard("stem", .word(["auto", "large", "small"]), "auto", "'large' makes photos smaller at once and is what weights of others are for, 'small' keeps the size, 'auto' is small up to 64 pixels."),
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What all channels are multiplied with; weights of others are for 1."),
      .standard("dropout", fraction, 0.0, "Probability of a zero before the head."),
    ])

  private static let variantResnet101 = Variant(
    "resnet101", "A residual network of 33 bottlenecks.",
    [
      .standard("stem", .word(["auto", "large", "small"]), "auto", "'large' makes photos smaller at once and is what weights of others are for, 'small' keeps the size, 'auto' is small up to 64 pixels."),
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What all channels are multiplied with; weights of others are for 1."),
      .standard("dropout", fraction, 0.0, "Probability of a zero before the head."),
    ])

  private static let variantResnet152 = Variant(
    "resnet152", "A residual network of 50 bottlenecks.",
    [
      .standard("stem", .word(["auto", "large", "small"]), "auto", "'large' makes photos smaller at once and is what weights of others are for, 'small' keeps the size, 'auto' is small up to 64 pixels."),
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What all channels are multiplied with; weights of others are for 1."),
      .standard("dropout", fraction, 0.0, "Probability of a zero before the head."),
    ])

  private static let variantResnext5032x4d = Variant(
    "resnext50_32x4d", "A residual network of 16 bottlenecks.",
    [
      .standard("stem", .word(["auto", "large", "small"]), "auto", "'large' makes photos smaller at once and is what weights of others are for, 'small' keeps the size, 'auto' is small up to 64 pixels."),
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What all channels are multiplied with; weights of others are for 1."),
      .standard("dropout", fraction, 0.0, "Probability of a zero before the head."),
    ])

  private static let variantResnext10132x8d = Variant(
    "resnext101_32x8d", "A residual network of 33 bottlenecks.",
    [
      .standard("stem", .word(["auto", "large", "small"]), "auto", "'large' makes photos smaller at once and is what weights of others are for, 'small' keeps the size, 'auto' is small up to 64 pixels."),
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What all channels are multiplied with; weights of others are for 1."),
      .standard("dropout", fraction, 0.0, "Probability of a zero before the head."),
    ])

  private static let variantResnext10164x4d = Variant(
    "resnext101_64x4d", "A residual network of 33 bottlenecks.",
    [
      .standard("stem", .word(["auto", "large", "small"]), "auto", "'large' makes photos smaller at once and is what weights of others are for, 'small' keeps the size, 'auto' is small up to 64 pixels."),
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What all channels are multiplied with; weights of others are for 1."),
      .standard("dropout", fraction, 0.0, "Probability of a zero before the head."),
    ])

  private static let variantWideResnet502 = Variant(
    "wide_resnet50_2", "A residual network of 16 bottlenecks.",
    [
      .standard("stem", .word(["auto", "large", "small"]), "auto", "'large' makes photos smaller at once and is what weights of others are for, 'small' keeps the size, 'auto' is small up to 64 pixels."),
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What all channels are multiplied with; weights of others are for 1."),
      .standard("dropout", fraction, 0.0, "Probability of a zero before the head."),
    ])

  private static let variantWideResnet1012 = Variant(
    "wide_resnet101_2", "A residual network of 33 bottlenecks.",
    [
      .standard("stem", .word(["auto", "large", "small"]), "auto", "'large' makes photos smaller at once and is what weights of others are for, 'small' keeps the size, 'auto' is small up to 64 pixels."),
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What all channels are multiplied with; weights of others are for 1."),
      .standard("dropout", fraction, 0.0, "Probability of a zero before the head."),
    ])

  private static let variantVgg11 = Variant(
    "vgg11", "VGG-11: convolutions 3×3, then two large hidden layers.",
    [
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What all channels are multiplied with; weights of others are for 1."),
      .standard("dropout", fraction, 0.5, "Probability of a zero behind the two hidden layers."),
    ])

  private static let variantVgg13 = Variant(
    "vgg13", "VGG-13: convolutions 3×3, then two large hidden layers.",
    [
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What all channels are multiplied with; weights of others are for 1."),
      .standard("dropout", fraction, 0.5, "Probability of a zero behind the two hidden layers."),
    ])

  private static let variantVgg16 = Variant(
    "vgg16", "VGG-16: convolutions 3×3, then two large hidden layers.",
    [
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What all channels are multiplied with; weights of others are for 1."),
      .standard("dropout", fraction, 0.5, "Probability of a zero behind the two hidden layers."),
    ])

  private static let variantVgg19 = Variant(
    "vgg19", "VGG-19: convolutions 3×3, then two large hidden layers.",
    [
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What all channels are multiplied with; weights of others are for 1."),
      .standard("dropout", fraction, 0.5, "Probability of a zero behind the two hidden layers."),
    ])

  private static let variantVgg11Bn = Variant(
    "vgg11_bn", "VGG-11 with batch norm: convolutions 3×3, then two large hidden layers.",
    [
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What all channels are multiplied with; weights of others are for 1."),
      .standard("dropout", fraction, 0.5, "Probability of a zero behind the two hidden layers."),
    ])

  private static let variantVgg13Bn = Variant(
    "vgg13_bn", "VGG-13 with batch norm: convolutions 3×3, then two large hidden layers.",
    [
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What all channels are multiplied with; weights of others are for 1."),
      .standard("dropout", fraction, 0.5, "Probability of a zero behind the two hidden layers."),
    ])

  private static let variantVgg16Bn = Variant(
    "vgg16_bn", "VGG-16 with batch norm: convolutions 3×3, then two large hidden layers.",
    [
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What all channels are multiplied with; weights of others are for 1."),
      .standard("dropout", fraction, 0.5, "Probability of a zero behind the two hidden layers."),
    ])

  private static let variantVgg19Bn = Variant(
    "vgg19_bn", "VGG-19 with batch norm: convolutions 3×3, then two large hidden layers.",
    [
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What all channels are multiplied with; weights of others are for 1."),
      .standard("dropout", fraction, 0.5, "Probability of a zero behind the two hidden layers."),
    ])

  private static let variantMobilenetV2 = Variant(
    "mobilenet_v2", "MobileNetV2: inverted residuals, for small machines.",
    [
      .standard("stem", .word(["auto", "large", "small"]), "auto", "'large' makes photos smaller at once and is what weights of others are for, 'small' keeps the size, 'auto' is small up to 64 pixels."),
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What all channels are multiplied with; weights of others are for 1."),
      .standard("dropout", fraction, 0.2, "Probability of a zero before the head."),
    ])

  private static let variantMobilenetV3Large = Variant(
    "mobilenet_v3_large", "MobileNetV3, large: inverted residuals that squeeze and excite.",
    [
      .standard("stem", .word(["auto", "large", "small"]), "auto", "'large' makes photos smaller at once and is what weights of others are for, 'small' keeps the size, 'auto' is small up to 64 pixels."),
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What all channels are multiplied with; weights of others are for 1."),
      .standard("dropout", fraction, 0.2, "Probability of a zero before the head."),
    ])

  private static let variantMobilenetV3Small = Variant(
    "mobilenet_v3_small", "MobileNetV3, small: inverted residuals that squeeze and excite.",
    [
      .standard("stem", .word(["auto", "large", "small"]), "auto", "'large' makes photos smaller at once and is what weights of others are for, 'small' keeps the size, 'auto' is small up to 64 pixels."),
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What all channels are multiplied with; weights of others are for 1."),
      .standard("dropout", fraction, 0.2, "Probability of a zero before the head."),
    ])

  private static let variantShufflenetV2X05 = Variant(
    "shufflenet_v2_x0_5", "ShuffleNetV2: half of the channels pass, half are filtered, then they are shuffled.",
    [
      .standard("stem", .word(["auto", "large", "small"]), "auto", "'large' makes photos smaller at once and is what weights of others are for, 'small' keeps the size, 'auto' is small up to 64 pixels."),
    ])

  private static let variantShufflenetV2X10 = Variant(
    "shufflenet_v2_x1_0", "ShuffleNetV2: half of the channels pass, half are filtered, then they are shuffled.",
    [
      .standard("stem", .word(["auto", "large", "small"]), "auto", "'large' makes photos smaller at once and is what weights of others are for, 'small' keeps the size, 'auto' is small up to 64 pixels."),
    ])

  private static let variantShufflenetV2X15 = Variant(
    "shufflenet_v2_x1_5", "ShuffleNetV2: half of the channels pass, half are filtered, then they are shuffled.",
    [
      .standard("stem", .word(["auto", "large", "small"]), "auto", "'large' makes photos smaller at once and is what weights of others are for, 'small' keeps the size, 'auto' is small up to 64 pixels."),
    ])

  private static let variantShufflenetV2X20 = Variant(
    "shufflenet_v2_x2_0", "ShuffleNetV2: half of the channels pass, half are filtered, then they are shuffled.",
    [
      .standard("stem", .word(["auto", "large", "small"]), "auto", "'large' makes photos smaller at once and is what weights of others are for, 'small' keeps the size, 'auto' is small up to 64 pixels."),
    ])

  private static let variantSqueezenet10 = Variant(
    "squeezenet1_0", "SqueezeNet 1.0: few parameters, no batch norm.",
    [
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What all channels are multiplied with; weights of others are for 1."),
      .standard("dropout", fraction, 0.5, "Probability of a zero before the last convolution."),
    ])

  private static let variantSqueezenet11 = Variant(
    "squeezenet1_1", "SqueezeNet 1.1: few parameters, no batch norm.",
    [
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What all channels are multiplied with; weights of others are for 1."),
      .standard("dropout", fraction, 0.5, "Probability of a zero before the last convolution."),
    ])

  private static let variantEfficientnetB0 = Variant(
    "efficientnet_b0", "EfficientNet-B0: depth and width scaled together.",
    [
      .standard("stem", .word(["auto", "large", "small"]), "auto", "'large' makes photos smaller at once and is what weights of others are for, 'small' keeps the size, 'auto' is small up to 64 pixels."),
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What all channels are multiplied with; weights of others are for 1."),
      .standard("dropout", fraction, 0.2, "Probability of a zero before the head."),
      .standard("stochastic-depth", fraction, 0.2, "Probability that the last block is left out for an item; it grows from 0."),
    ])

  private static let variantEfficientnetB1 = Variant(
    "efficientnet_b1", "EfficientNet-B1: depth and width scaled together.",
    [
      .standard("stem", .word(["auto", "large", "small"]), "auto", "'large' makes photos smaller at once and is what weights of others are for, 'small' keeps the size, 'auto' is small up to 64 pixels."),
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What all channels are multiplied with; weights of others are for 1."),
      .standard("dropout", fraction, 0.2, "Probability of a zero before the head."),
      .standard("stochastic-depth", fraction, 0.2, "Probability that the last block is left out for an item; it grows from 0."),
    ])

  private static let variantEfficientnetB2 = Variant(
    "efficientnet_b2", "EfficientNet-B2: depth and width scaled together.",
    [
      .standard("stem", .word(["auto", "large", "small"]), "auto", "'large' makes photos smaller at once and is what weights of others are for, 'small' keeps the size, 'auto' is small up to 64 pixels."),
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What all channels are multiplied with; weights of others are for 1."),
      .standard("dropout", fraction, 0.3, "Probability of a zero before the head."),
      .standard("stochastic-depth", fraction, 0.2, "Probability that the last block is left out for an item; it grows from 0."),
    ])

  private static let variantEfficientnetB3 = Variant(
    "efficientnet_b3", "EfficientNet-B3: depth and width scaled together.",
    [
      .standard("stem", .word(["auto", "large", "small"]), "auto", "'large' makes photos smaller at once and is what weights of others are for, 'small' keeps the size, 'auto' is small up to 64 pixels."),
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What all channels are multiplied with; weights of others are for 1."),
      .standard("dropout", fraction, 0.3, "Probability of a zero before the head."),
      .standard("stochastic-depth", fraction, 0.2, "Probability that the last block is left out for an item; it grows from 0."),
    ])

  private static let variantEfficientnetB4 = Variant(
    "efficientnet_b4", "EfficientNet-B4: depth and width scaled together.",
    [
      .standard("stem", .word(["auto", "large", "small"]), "auto", "'large' makes photos smaller at once and is what weights of others are for, 'small' keeps the size, 'auto' is small up to 64 pixels."),
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What all channels are multiplied with; weights of others are for 1."),
      .standard("dropout", fraction, 0.4, "Probability of a zero before the head."),
      .standard("stochastic-depth", fraction, 0.2, "Probability that the last block is left out for an item; it grows from 0."),
    ])

  private static let variantEfficientnetLite0 = Variant(
    "efficientnet_lite0", "EfficientNet-Lite0: without squeeze-and-excitation, with ReLU6.",
    [
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What all channels are multiplied with; weights of others are for 1."),
      .standard("dropout", fraction, 0.2, "Probability of a zero before the head."),
    ])

  private static let variantDensenet121 = Variant(
    "densenet121", "DenseNet-121: each layer sees what all before it in its block gave.",
    [
      .standard("stem", .word(["auto", "large", "small"]), "auto", "'large' makes photos smaller at once and is what weights of others are for, 'small' keeps the size, 'auto' is small up to 64 pixels."),
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What all channels are multiplied with; weights of others are for 1."),
      .standard("dropout", fraction, 0.0, "Probability of a zero behind each layer."),
    ])

  private static let variantDensenet161 = Variant(
    "densenet161", "DenseNet-161: each layer sees what all before it in its block gave.",
    [
      .standard("stem", .word(["auto", "large", "small"]), "auto", "'large' makes photos smaller at once and is what weights of others are for, 'small' keeps the size, 'auto' is small up to 64 pixels."),
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What all channels are multiplied with; weights of others are for 1."),
      .standard("dropout", fraction, 0.0, "Probability of a zero behind each layer."),
    ])

  private static let variantDensenet169 = Variant(
    "densenet169", "DenseNet-169: each layer sees what all before it in its block gave.",
    [
      .standard("stem", .word(["auto", "large", "small"]), "auto", "'large' makes photos smaller at once and is what weights of others are for, 'small' keeps the size, 'auto' is small up to 64 pixels."),
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What all channels are multiplied with; weights of others are for 1."),
      .standard("dropout", fraction, 0.0, "Probability of a zero behind each layer."),
    ])

  private static let variantDensenet201 = Variant(
    "densenet201", "DenseNet-201: each layer sees what all before it in its block gave.",
    [
      .standard("stem", .word(["auto", "large", "small"]), "auto", "'large' makes photos smaller at once and is what weights of others are for, 'small' keeps the size, 'auto' is small up to 64 pixels."),
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What all channels are multiplied with; weights of others are for 1."),
      .standard("dropout", fraction, 0.0, "Probability of a zero behind each layer."),
    ])

  private static let variantConvnextTiny = Variant(
    "convnext_tiny", "ConvNeXt, tiny: large depthwise filters, layer norm and GELU.",
    [
      .standard("patch", .whole(1...32), 4, "Side of the squares that the first convolution takes; 2 or 1 for images of about 32×32."),
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What all channels are multiplied with; weights of others are for 1."),
      .standard("stochastic-depth", fraction, 0.1, "Probability that the last block is left out for an item; it grows from 0."),
      .standard("layer-scale", .number(.init(from: 0.0, to: 1.0)), 1e-06, "What each block's contribution starts being multiplied with."),
    ])

  private static let variantConvnextSmall = Variant(
    "convnext_small", "ConvNeXt, small: large depthwise filters, layer norm and GELU.",
    [
      .standard("patch", .whole(1...32), 4, "Side of the squares that the first convolution takes; 2 or 1 for images of about 32×32."),
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What all channels are multiplied with; weights of others are for 1."),
      .standard("stochastic-depth", fraction, 0.4, "Probability that the last block is left out for an item; it grows from 0."),
      .standard("layer-scale", .number(.init(from: 0.0, to: 1.0)), 1e-06, "What each block's contribution starts being multiplied with."),
    ])

  private static let variantConvnextBase = Variant(
    "convnext_base", "ConvNeXt, base: large depthwise filters, layer norm and GELU.",
    [
      .standard("patch", .whole(1...32), 4, "Side of the squares that the first convolution takes; 2 or 1 for images of about 32×32."),
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What all channels are multiplied with; weights of others are for 1."),
      .standard("stochastic-depth", fraction, 0.5, "Probability that the last block is left out for an item; it grows from 0."),
      .standard("layer-scale", .number(.init(from: 0.0, to: 1.0)), 1e-06, "What each block's contribution starts being multiplied with."),
    ])

  private static let variantVitTiny = Variant(
    "vit_tiny", "A vision transformer of 12 blocks, 192 wide.",
    [
      .standard("patch", .whole(1...256), 4, "Side of the squares that become tokens; it divides the image's sides."),
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What the width is multiplied with; weights of others are for 1."),
      .standard("dropout", fraction, 0.0, "Probability of a zero behind attention and linear layers."),
      .standard("attention-dropout", fraction, 0.0, "Probability of a zero among the attention's weights."),
      .standard("stochastic-depth", fraction, 0.0, "Probability that the last block is left out for an item; it grows from 0."),
    ])

  private static let variantVitSmall = Variant(
    "vit_small", "A vision transformer of 12 blocks, 384 wide.",
    [
      .standard("patch", .whole(1...256), 4, "Side of the squares that become tokens; it divides the image's sides."),
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What the width is multiplied with; weights of others are for 1."),
      .standard("dropout", fraction, 0.0, "Probability of a zero behind attention and linear layers."),
      .standard("attention-dropout", fraction, 0.0, "Probability of a zero among the attention's weights."),
      .standard("stochastic-depth", fraction, 0.0, "Probability that the last block is left out for an item; it grows from 0."),
    ])

  private static let variantVitB16 = Variant(
    "vit_b_16", "A vision transformer of 12 blocks, 768 wide.",
    [
      .standard("patch", .whole(1...256), 16, "Side of the squares that become tokens; it divides the image's sides."),
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What the width is multiplied with; weights of others are for 1."),
      .standard("dropout", fraction, 0.0, "Probability of a zero behind attention and linear layers."),
      .standard("attention-dropout", fraction, 0.0, "Probability of a zero among the attention's weights."),
      .standard("stochastic-depth", fraction, 0.0, "Probability that the last block is left out for an item; it grows from 0."),
    ])

  private static let variantVitB32 = Variant(
    "vit_b_32", "A vision transformer of 12 blocks, 768 wide.",
    [
      .standard("patch", .whole(1...256), 32, "Side of the squares that become tokens; it divides the image's sides."),
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What the width is multiplied with; weights of others are for 1."),
      .standard("dropout", fraction, 0.0, "Probability of a zero behind attention and linear layers."),
      .standard("attention-dropout", fraction, 0.0, "Probability of a zero among the attention's weights."),
      .standard("stochastic-depth", fraction, 0.0, "Probability that the last block is left out for an item; it grows from 0."),
    ])

  private static let variantVitL16 = Variant(
    "vit_l_16", "A vision transformer of 24 blocks, 1024 wide.",
    [
      .standard("patch", .whole(1...256), 16, "Side of the squares that become tokens; it divides the image's sides."),
      .standard("width", .number(.init(from: 0.05, to: 8.0)), 1.0, "What the width is multiplied with; weights of others are for 1."),
      .standard("dropout", fraction, 0.0, "Probability of a zero behind attention and linear layers."),
      .standard("attention-dropout", fraction, 0.0, "Probability of a zero among the attention's weights."),
      .standard("stochastic-depth", fraction, 0.0, "Probability that the last block is left out for an item; it grows from 0."),
    ])
}
