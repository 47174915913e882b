import Foundation
import MartletCore
import Testing

@testable import Images

/// What `Tools/fixtures_images_augment.py` wrote.
enum AugmentFixture {
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    let input, operation, word: String
    let numbers: [Double]
    let offset, tolerance, width, height, channels: Int
    var testDescription: String { "\(operation) \(word) \(numbers) of \(input)" }
    var samples: ArraySlice<UInt8> { AugmentFixture.expected[offset..<offset + width * height * channels] }
    var interpolation: Interpolation { Interpolation(rawValue: word) ?? .bilinear }
  }

  struct Step: Decodable, Equatable {
    let operation: String
    let probability: Double
    let magnitude: Int

    init(from decoder: any Decoder) throws {
      var container = try decoder.unkeyedContainer()
      operation = try container.decode(String.self)
      probability = try container.decode(Double.self)
      magnitude = try container.decode(Int.self)
    }
  }

  struct File: Decodable {
    let cases: [Case]
    let tables: [String: [[Step]]]
  }

  static let expected: [UInt8] = (try? IDXFile(path: Fixture.path("augment.idx.gz"), dimensions: 1...1).values) ?? []
  static let cases: [Case] = (try? file())?.cases ?? []

  static func file() throws -> File {
    try JSONDecoder().decode(File.self, from: Data(contentsOf: URL(fileURLWithPath: Fixture.path("augment.json"))))
  }
}

/// Every kernel that has no chance in it, against torchvision 0.28 on uint8 tensors (JPEG and grey: Pillow 13).
///
/// Tolerances, in levels: 0 where the arithmetic is of whole numbers, 1 where it is of floats, 2 for JPEG. Warps by the nearest pixel may
/// choose the other neighbour where a place falls between two of them: in no more than two pixels of a hundred.
@Suite struct AugmentParityTests {
  @Test func fixturesAreThere() {
    #expect(AugmentFixture.cases.count >= 300)
    #expect(AugmentFixture.cases.last.map { $0.offset + $0.samples.count } == AugmentFixture.expected.count)
  }

  @Test(arguments: AugmentFixture.cases) func equalsTheReference(_ expected: AugmentFixture.Case) throws {
    let result = try Self.result(expected, of: try Image.read(Fixture.path(expected.input)))
    #expect(result.width == expected.width && result.height == expected.height && result.channels == expected.channels)
    let differences = zip(result.bytes, expected.samples).map { abs(Int($0) - Int($1)) }
    #expect(differences.count == expected.samples.count)
    let isNearest = expected.word == "nearest" || expected.operation == "policy"
    let allowed = isNearest ? expected.width * expected.height / 50 * expected.channels : 0
    #expect(differences.count { $0 > expected.tolerance } <= allowed, "largest \(differences.max() ?? 0)")
  }

  private static func result(_ expected: AugmentFixture.Case, of image: Image) throws -> Image {
    let n = expected.numbers
    func whole(_ position: Int) -> Int { Int(n[position]) }
    switch expected.operation {
    case "brightness": return image.brightened(by: n[0])
    case "contrast": return image.contrasted(by: n[0])
    case "saturation": return image.saturated(by: n[0])
    case "sharpness": return image.sharpened(by: n[0])
    case "hue": return image.hueTurned(by: n[0])
    case "invert": return image.inverted()
    case "equalise": return image.equalised()
    case "autocontrast": return image.autocontrasted()
    case "grey": return image.withoutColour()
    case "solarise": return image.solarised(threshold: whole(0))
    case "posterise": return image.posterised(bits: whole(0))
    case "blur": return try image.blurred(sigma: n[1], taps: whole(0))
    case "jpeg": return try image.afterJPEG(quality: whole(0))
    case "reorder": return try image.reordered(n.map { Int($0) })
    case "affine":
      let projection = Projection.affine(
        degrees: n[0], scale: n[3], shear: (n[4], n[5]), shift: (n[1], n[2]),
        centre: ImagePoint(Double(image.width) / 2, Double(image.height) / 2))
      return try image.warped(by: projection, interpolation: expected.interpolation, fill: UInt8(n[6]))
    case "perspective":
      let (right, bottom) = (Double(image.width - 1), Double(image.height - 1))
      let start = [ImagePoint(0, 0), ImagePoint(right, 0), ImagePoint(right, bottom), ImagePoint(0, bottom)]
      let end = (0..<4).map { ImagePoint(n[2 * $0], n[2 * $0 + 1]) }
      let projection = try #require(Projection.perspective(from: start, to: end))
      return try image.warped(by: projection, interpolation: expected.interpolation, fill: UInt8(n[8]))
    case "displace":
      var (dx, dy): ([Float], [Float]) = ([], [])
      for y in 0..<image.height {
        for x in 0..<image.width {
          dx.append(2.3 * sin(Float(x) / 4 + Float(y) / 7))
          dy.append(1.7 * cos(Float(x) / 5 - Float(y) / 3))
        }
      }
      let field = try Displacement(width: image.width, height: image.height, dx: dx, dy: dy)
      return try image.displaced(by: field, interpolation: expected.interpolation, fill: UInt8(n[0]))
    case "resizedCrop":
      let part = PixelArea(x: whole(0), y: whole(1), width: whole(2), height: whole(3))
      return try ResolvedTransform.resizedPart(part, width: whole(4), height: whole(5), filter: .bilinear).apply(to: image)
    case "tenCrop": return try image.tenCrops(width: whole(0), height: whole(1))[whole(2)]
    case "erase":
      return image.erased([PixelArea(x: whole(0), y: whole(1), width: whole(2), height: whole(3))], with: .value(UInt8(n[4])))
    case "mix":
      let chains = [
        PixelChange.Chain(weight: n[1], steps: [.pixels(.invert)]), PixelChange.Chain(weight: n[2], steps: [.pixels(.posterise(bits: 2))]),
      ]
      return try image.mixed(n[0], chains)
    case "policy":
      let words = expected.word.split(separator: " ").map(String.init)
      let spaces: [String: PolicyOperation.Space] = ["autoAugment": .autoAugment, "wide": .wide, "augMix": .augMix]
      let operation = try #require(PolicyOperation(rawValue: words[1]))
      return try operation.resolved(
        try #require(spaces[words[0]]), part: n[0], sign: n.count > 1 ? n[1] : 1, width: image.width, height: image.height,
        interpolation: .nearest, fill: 0
      ).apply(to: image)
    default:
      Issue.record("no operation '\(expected.operation)'")
      return image
    }
  }

  @Test(arguments: AutoAugment.Policy.allCases) func thePoliciesAreThePublishedOnes(_ policy: AutoAugment.Policy) throws {
    let published = try #require(try AugmentFixture.file().tables[policy.rawValue])
    #expect(policy.pairs.count == published.count)
    for (pair, row) in zip(policy.pairs, published) {
      for (step, other) in zip([pair.0, pair.1], row) {
        #expect(step.operation.rawValue == other.operation)
        #expect(step.probability == other.probability && step.magnitude == other.magnitude)
      }
    }
  }
}
