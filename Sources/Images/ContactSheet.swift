import Foundation
import MartletCore

/// One picture of many: what a data set looks like, and what augmentation makes of it. Written by `martlet data preview`.
public enum ContactSheet {
  /// Pixels of a picture's cell, without its label.
  static let cell = 96
  private static let gap = 6
  private static let caption = BitmapFont.height + 5

  /// Draws pictures with their classes beneath them.
  ///
  /// The pictures are chosen by the seed, the classes in turn, so that a rare class is seen too. With a transform, every row holds one
  /// picture: first as it is, then as successive epochs would see it.
  /// - Parameters:
  ///   - columns: pictures in a row, 1 to 64.
  ///   - rows: rows, 1 to 64. Fewer are drawn if the data set has fewer pictures.
  ///   - transform: applied with the sheet's seed.
  ///   - preparation: shows pictures in the model's size and channels; `nil` shows the files' own.
  /// - Returns: an RGB picture with 8 bits.
  /// - Throws: `ImageError` for a grid out of range, an empty data set, or a picture that cannot be decoded.
  public static func render(
    _ dataset: any ImageDataset, columns: Int = 8, rows: Int = 6, seed: UInt64 = 0, transform: (any Transform)? = nil,
    preparation: ImagePreparation? = nil
  ) throws(ImageError) -> Image {
    guard (1...64).contains(columns), (1...64).contains(rows) else {
      throw .argument("a contact sheet of \(columns)×\(rows) pictures", expected: "1 to 64 each way")
    }
    guard dataset.count > 0 else { throw .argument("a contact sheet of no pictures", expected: "a data set that is not empty") }
    let chosen = choose(dataset, count: transform == nil ? columns * rows : rows, seed: seed)
    let lines = transform == nil ? (chosen.count + columns - 1) / columns : chosen.count
    let (stepX, stepY) = (cell + gap, cell + caption + gap)
    var canvas = Canvas(width: gap + columns * stepX, height: gap + lines * stepY)
    for (position, item) in chosen.enumerated() {
      let original = try dataset.image(item, covering: preparation.map { ($0.width, $0.height) } ?? (cell, cell))
      let image = try preparation.map { (preparation) throws(ImageError) in try preparation.fitted(original) } ?? original
      let name = dataset.classes[dataset.labels[item]]
      guard let transform else {
        let (x, y) = (gap + position % columns * stepX, gap + position / columns * stepY)
        canvas.draw(try thumbnail(image), x: x, y: y)
        canvas.write(name, x: x, y: y + cell + 3, width: cell)
        continue
      }
      for column in 0..<columns {
        let seen = column == 0 ? image : try transform.apply(to: image, seed: seed, epoch: column - 1, item: item)
        let (x, y) = (gap + column * stepX, gap + position * stepY)
        canvas.draw(try thumbnail(seen), x: x, y: y)
        canvas.write(column == 0 ? name : "epoch \(column)", x: x, y: y + cell + 3, width: cell)
      }
    }
    return canvas.image
  }

  /// Draws one picture as each of some transforms makes it, the picture itself first, with their names beneath.
  /// - Parameters:
  ///   - columns: pictures in a row, 1 to 64.
  ///   - seed: the chance of the transforms.
  /// - Returns: an RGB picture with 8 bits.
  /// - Throws: `ImageError` for a number of columns out of range, or a picture that a transform does not fit.
  public static func render(
    _ image: Image, transforms: [(name: String, transform: any Transform)], columns: Int = 6, seed: UInt64 = 0
  ) throws(ImageError) -> Image {
    guard (1...64).contains(columns) else { throw .argument("a contact sheet of \(columns) columns", expected: "1 to 64") }
    let (stepX, stepY) = (cell + gap, cell + caption + gap)
    let lines = (transforms.count + columns) / columns
    var canvas = Canvas(width: gap + columns * stepX, height: gap + lines * stepY)
    for position in 0...transforms.count {
      let (x, y) = (gap + position % columns * stepX, gap + position / columns * stepY)
      let seen = position == 0 ? image : try transforms[position - 1].transform.apply(to: image, seed: seed, epoch: 0, item: position)
      canvas.draw(try thumbnail(seen), x: x, y: y)
      canvas.write(position == 0 ? "original" : transforms[position - 1].name, x: x, y: y + cell + 3, width: cell)
    }
    return canvas.image
  }

  /// Every kind of transform, strong enough to be seen, for `render(_:transforms:columns:seed:)`.
  public static let everyTransform: [(name: String, transform: any Transform)] = {
    let all: [ImageTransform] = [
      .flipHorizontal(probability: 1), .flipVertical(probability: 1), .rotate(degrees: 30), .shift(x: 0.3, y: 0.3),
      .randomCrop(padding: 40),
      .resizedCrop(ResizedCrop(scale: 0.1...0.4)), .affine(RandomAffine(degrees: -20...20, scale: 0.7...0.9, shearX: -20...20)),
      .perspective(RandomPerspective(probability: 1)), .elastic(ElasticDeformation(alpha: 400, sigma: 8)),
      .colourJitter(ColourJitter(brightness: 0.5...1.5, contrast: 0.5...1.5, saturation: 0.3...2, hue: -0.2...0.2)),
      .grey(probability: 1), .invert(probability: 1), .solarise(Solarise(probability: 1)), .posterise(Posterise(bits: 2, probability: 1)),
      .equalise(probability: 1), .autocontrast(probability: 1), .sharpness(RandomSharpness(factor: 6...6, probability: 1)),
      .channelShuffle(probability: 1), .channelDrop(ChannelDrop(probability: 1)), .blur(RandomBlur(sigma: 4...4, probability: 1)),
      .noise(GaussianNoise(sigma: 0.2...0.2, probability: 1)), .saltAndPepper(SaltAndPepper(amount: 0.1...0.1, probability: 1)),
      .poissonNoise(PoissonNoise(photons: 8...8, probability: 1)), .jpeg(JPEGArtefacts(quality: 4...4, probability: 1)),
      .erase(RandomErasing(scale: 0.1...0.3, with: .random, probability: 1)), .cutOut(CutOut(size: 0.3, count: 2)),
      .gridMask(GridMask(probability: 1)), .autoAugment(), .randAugment(RandAugment(magnitude: 18)), .trivialAugment(), .augMix(),
    ]
    return all.map { ($0.name, $0) }
  }()

  /// Items in an order of chance within their class, the classes in turn.
  static func choose(_ dataset: any ImageDataset, count: Int, seed: UInt64) -> [Int] {
    let labels = dataset.labels
    var queues = dataset.classes.indices.map { _ in [Int]() }
    for (item, label) in labels.enumerated() { queues[label].append(item) }
    for label in queues.indices {
      var random = KeyedRandom(seed: seed, purpose: "contact sheet", index: UInt64(label))
      random.shuffle(&queues[label])
    }
    var chosen: [Int] = []
    let wanted = min(count, labels.count)
    var round = 0
    while chosen.count < wanted {
      for queue in queues where round < queue.count && chosen.count < wanted { chosen.append(queue[round]) }
      round += 1
    }
    return chosen
  }

  /// The picture within a cell: small ones grow by a whole factor and stay sharp, large ones shrink by area.
  private static func thumbnail(_ image: Image) throws(ImageError) -> Image {
    let plain = image.with8Bits().converted(to: .rgb)
    let factor = cell / max(plain.width, plain.height)
    if factor >= 1 { return try plain.resized(width: plain.width * factor, height: plain.height * factor, filter: .nearest) }
    let size = plain.fitting(width: cell, height: cell)
    return try plain.resized(width: size.width, height: size.height, filter: .area)
  }
}

/// A white RGB sheet that pictures and words are put on.
private struct Canvas {
  let width, height: Int
  var samples: [UInt8]

  init(width: Int, height: Int) {
    self.width = width
    self.height = height
    samples = Array(repeating: 255, count: width * height * 3)
  }

  var image: Image { Image(unchecked: .uint8(samples), width: width, height: height, mode: .rgb) }

  /// Centred in the cell at (x, y).
  mutating func draw(_ picture: Image, x: Int, y: Int) {
    let (left, top) = (x + (ContactSheet.cell - picture.width) / 2, y + (ContactSheet.cell - picture.height) / 2)
    let source = picture.bytes
    let length = picture.width * 3
    for row in 0..<picture.height {
      let target = ((top + row) * width + left) * 3
      samples.replaceSubrange(target..<target + length, with: source[row * length..<(row + 1) * length])
    }
  }

  /// Centred under the cell, cut with two dots if it is too long. Accents are dropped; characters that the typeface lacks are boxes.
  mutating func write(_ text: String, x: Int, y: Int, width available: Int) {
    var characters = Array(text.folding(options: .diacriticInsensitive, locale: nil))
    let capacity = BitmapFont.capacity(available)
    if characters.count > capacity { characters = Array(characters.prefix(max(0, capacity - 2))) + Array("..") }
    let start = x + (available - characters.count * BitmapFont.advance + 1) / 2
    for (position, character) in characters.enumerated() {
      for (row, bits) in BitmapFont.rows(character).enumerated() {
        for column in 0..<BitmapFont.width where bits >> (BitmapFont.width - 1 - column) & 1 == 1 {
          let pixel = ((y + row) * width + start + position * BitmapFont.advance + column) * 3
          samples.replaceSubrange(pixel..<pixel + 3, with: repeatElement(24, count: 3))
        }
      }
    }
  }
}
